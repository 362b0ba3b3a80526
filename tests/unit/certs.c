/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/certs.h"

#include <string.h>

#include <openssl/x509v3.h>

const struct plan plan_root = {"Root", "Root", "critical,CA:TRUE",
    "critical,keyCertSign,cRLSign", NULL, NULL, NULL};
const struct plan plan_middle = {"Middle", "Root", "critical,CA:TRUE",
    "critical,keyCertSign,cRLSign", NULL, NULL, NULL};
const struct plan plan_alice = {"Alice", "Middle", NULL,
    "critical,digitalSignature", OURS, "email:Alice@Corp.Example", NULL};

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *v;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	if ((v = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) != NULL)
		(void)X509_add_ext(x, v, -1);
	X509_EXTENSION_free(v);
}

static void
extend_bindings(X509 *x)
{
	cs_span body = cs_oid(CS_OID_PE_OWNER_BINDINGS);
	ASN1_OBJECT *o = NULL;
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	uint8_t der[32] = {6, (uint8_t)body.n};
	const unsigned char *p = der;

	memcpy(der + 2, body.p, body.n);
	o = d2i_ASN1_OBJECT(NULL, &p, (long)body.n + 2);
	(void)ASN1_OCTET_STRING_set(v, (const unsigned char *)"0", 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v);
	(void)X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

void
cert_name(X509_NAME *n, const char *cn)
{
	(void)X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0);
}

X509 *
cert_make(const struct plan *p, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by,
    const EVP_MD *md, cs_buf *out)
{
	static int serial;
	X509 *x = X509_new();
	unsigned char *der = NULL;
	int n;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	cert_name(X509_get_subject_name(x), p->subject);
	cert_name(X509_get_issuer_name(x), p->issuer);
	(void)ASN1_TIME_set(X509_getm_notBefore(x), NOW - DAY);
	(void)ASN1_TIME_set(X509_getm_notAfter(x), NOW + DAY);
	(void)X509_set_pubkey(x, key);
	extend(x, issuer, NID_subject_key_identifier, "hash");
	extend(x, issuer == NULL ? x : issuer, NID_authority_key_identifier,
	    "keyid:always");
	extend(x, issuer, NID_basic_constraints, p->bc);
	extend(x, issuer, NID_key_usage, p->usage);
	extend(x, issuer, NID_ext_key_usage, p->eku);
	extend(x, issuer, NID_subject_alt_name, p->san);
	if (p->more != NULL && strcmp(p->more, BINDINGS) == 0)
		extend_bindings(x);
	else
		extend(x, issuer, NID_name_constraints, p->more);
	(void)X509_sign(x, by, md);
	n = i2d_X509(x, &der);
	(void)!cs_buf_put(out, cs_span_of(der, n < 0 ? 0 : (size_t)n));
	OPENSSL_free(der);
	return x;
}

bool
world_start(struct world *w)
{
	cs_err e = {0};
	unsigned char *der = NULL;
	bool good;
	int n;

	w->root_key = EVP_EC_gen("P-256");
	w->middle_key = EVP_EC_gen("P-256");
	w->key = EVP_EC_gen("P-256");
	w->root_der = cs_buf_new(4096);
	w->middle_der = cs_buf_new(4096);
	w->root = cert_make(&plan_root, w->root_key, NULL, w->root_key,
	    EVP_sha256(), w->root_der);
	w->middle = cert_make(&plan_middle, w->middle_key, w->root,
	    w->root_key, EVP_sha256(), w->middle_der);
	n = i2d_PUBKEY(w->key, &der);
	good = cs_ca_new(cs_buf_span(w->root_der), &w->ca, &e) == CS_OK &&
	    n > 0 && cs_sha256(cs_span_of(der, (size_t)n), w->hash, &e) ==
	    CS_OK;
	OPENSSL_free(der);
	return good;
}

void
world_finish(struct world *w)
{
	EVP_PKEY_free(w->root_key);
	EVP_PKEY_free(w->middle_key);
	EVP_PKEY_free(w->key);
	X509_free(w->root);
	X509_free(w->middle);
	cs_buf_free(&w->root_der);
	cs_buf_free(&w->middle_der);
	cs_ca_free(&w->ca);
}

int
cert_ask(const struct world *w, cs_span certs, const cs_ca *ca,
    const char *san, int64_t now, cs_buf *owner, cs_err *e)
{
	cs_span eku = cs_oid(CS_OID_KP_OWNER_APPROVAL);
	cs_chain *c = NULL;
	int r;

	cs_err_clear(e);
	if ((r = cs_chain_read(certs, cs_span_of(w->hash, sizeof(w->hash)), &c,
	    e)) == CS_OK &&
	    (r = cs_chain_path(c, ca, eku, now, e)) == CS_OK &&
	    (r = cs_chain_profile(c, eku, e)) == CS_OK)
		r = cs_chain_owner(c, cs_span_str(san), owner, e);
	cs_chain_free(&c);
	return r;
}

cs_buf *
cert_bundle(const struct world *w, const struct plan *leaf,
    const struct plan *mid)
{
	cs_buf *b = cs_buf_new(16384), *m = cs_buf_new(4096);
	X509 *x, *above = w->middle;

	if (mid != NULL)
		above = cert_make(mid, w->middle_key, w->root, w->root_key,
		    EVP_sha256(), m);
	x = cert_make(leaf, w->key, above, w->middle_key, EVP_sha256(), b);
	(void)!cs_buf_put(b, cs_buf_span(mid == NULL ? w->middle_der : m));
	X509_free(x);
	if (mid != NULL)
		X509_free(above);
	cs_buf_free(&m);
	return b;
}
