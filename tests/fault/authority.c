/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/authority.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "crypt/ca.h"
#include "tests/fault/fixture.h"

#define DAY 86400
#define LEAF_SERIAL 7
#define GONE_SERIAL 9
#define DIRECT_SERIAL 11

#define USAGE_CA "critical,keyCertSign,cRLSign"
#define OURS CS_OID_ARC ".6.1"

struct maker {
	EVP_PKEY *root_key, *mid_key, *key;
	X509 *root, *mid;
	bool good; /* nothing has failed */
};

static void
extend(struct maker *m, X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *v = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	m->good = m->good &&
	    (v = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) != NULL &&
	    X509_add_ext(x, v, -1) == 1;
	X509_EXTENSION_free(v);
}

static bool
set_name(X509_NAME *n, const char *cn)
{
	return X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0) == 1;
}

/* Gives it without its own extensions and its signature. */
static X509 *
begin(struct maker *m, const char *cn, EVP_PKEY *key, int serial, X509 *issuer)
{
	X509 *x = X509_new();

	m->good = m->good && x != NULL && X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
	    set_name(X509_get_subject_name(x), cn) &&
	    X509_set_issuer_name(x, X509_get_subject_name(issuer == NULL ? x :
	    issuer)) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(x), FIXTURE_NOW - DAY) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(x), FIXTURE_NOW + DAY) != NULL &&
	    X509_set_pubkey(x, key) == 1;
	extend(m, x, issuer, NID_subject_key_identifier, "hash");
	extend(m, x, issuer == NULL ? x : issuer,
	    NID_authority_key_identifier, "keyid:always");
	return x;
}

static void
end(struct maker *m, X509 *x, EVP_PKEY *by, cs_buf *out)
{
	unsigned char *der = NULL;
	int n;

	m->good = m->good && X509_sign(x, by, EVP_sha256()) > 0 &&
	    (n = i2d_X509(x, &der)) > 0 &&
	    cs_buf_put(out, cs_span_of(der, (size_t)n)) == CS_OK;
	OPENSSL_free(der);
}

static void
make_leaf(struct maker *m, int serial, cs_buf *out)
{
	X509 *x = begin(m, "Alice", m->key, serial, m->mid);

	extend(m, x, m->mid, NID_key_usage, "critical,digitalSignature");
	extend(m, x, m->mid, NID_ext_key_usage, OURS);
	extend(m, x, m->mid, NID_subject_alt_name, "email:Alice@Corp.Example");
	end(m, x, m->mid_key, out);
	X509_free(x);
}

/* For TLS, by the root's own name. */
static void
make_direct(struct maker *m, EVP_PKEY *by, const char *uses, cs_buf *out)
{
	X509 *x = begin(m, "Agent", m->key, DIRECT_SERIAL, m->root);

	extend(m, x, m->root, NID_key_usage, "critical,digitalSignature");
	extend(m, x, m->root, NID_ext_key_usage, uses);
	end(m, x, by, out);
	X509_free(x);
}

/* As X509_CRL_sign() does, with PSS where it is asked for. */
static bool
sign_list(X509_CRL *crl, EVP_PKEY *by, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pc = NULL;
	bool good;

	good = ctx != NULL &&
	    EVP_DigestSignInit(ctx, &pc, EVP_sha256(), NULL, by) == 1 &&
	    (!pss || EVP_PKEY_CTX_set_rsa_padding(pc,
	    RSA_PKCS1_PSS_PADDING) == 1) &&
	    X509_CRL_sign_ctx(crl, ctx) > 0;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool
revoke(X509_CRL *crl, int serial, ASN1_TIME *t)
{
	X509_REVOKED *one = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	bool good;

	good = one != NULL && n != NULL && ASN1_INTEGER_set(n, serial) == 1 &&
	    X509_REVOKED_set_serialNumber(one, n) == 1 &&
	    X509_REVOKED_set_revocationDate(one, t) == 1 &&
	    X509_CRL_add0_revoked(crl, one) == 1;
	if (!good)
		X509_REVOKED_free(one);
	ASN1_INTEGER_free(n);
	return good;
}

static bool
put_list(X509 *ca, EVP_PKEY *by, int serial, bool pss, BIO *pem)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	bool good;

	good = crl != NULL && t != NULL && X509_CRL_set_version(crl, 1) == 1 &&
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) == 1 &&
	    ASN1_TIME_set(t, FIXTURE_NOW - DAY) != NULL &&
	    X509_CRL_set1_lastUpdate(crl, t) == 1 && revoke(crl, serial, t) &&
	    ASN1_TIME_set(t, FIXTURE_NOW + DAY) != NULL &&
	    X509_CRL_set1_nextUpdate(crl, t) == 1 && sign_list(crl, by, pss) &&
	    PEM_write_bio_X509_CRL(pem, crl) == 1;
	X509_CRL_free(crl);
	ASN1_TIME_free(t);
	return good;
}

static void
make_lists(struct maker *m, bool pss, cs_buf *out)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	m->good = m->good && pem != NULL &&
	    put_list(m->root, m->root_key, GONE_SERIAL, pss, pem) &&
	    put_list(m->mid, m->mid_key, GONE_SERIAL, pss, pem) &&
	    (n = BIO_get_mem_data(pem, &p)) > 0 &&
	    cs_buf_put(out, cs_span_of(p, (size_t)n)) == CS_OK;
	BIO_free(pem);
}

static void
make_all(struct maker *m, struct authority *a, bool pss)
{
	cs_buf *mid = cs_buf_new(4096);

	m->root = begin(m, "Root", m->root_key, 1, NULL);
	extend(m, m->root, NULL, NID_basic_constraints, "critical,CA:TRUE");
	extend(m, m->root, NULL, NID_key_usage, USAGE_CA);
	end(m, m->root, m->root_key, a->root);
	m->mid = begin(m, "Middle", m->mid_key, 2, m->root);
	extend(m, m->mid, m->root, NID_basic_constraints, "critical,CA:TRUE");
	extend(m, m->mid, m->root, NID_key_usage, USAGE_CA);
	extend(m, m->mid, m->root, NID_ext_key_usage, OURS);
	end(m, m->mid, m->root_key, mid);
	make_leaf(m, LEAF_SERIAL, a->certs);
	make_leaf(m, GONE_SERIAL, a->gone);
	m->good = m->good && cs_buf_put(a->certs, cs_buf_span(mid)) ==
	    CS_OK && cs_buf_put(a->gone, cs_buf_span(mid)) == CS_OK;
	make_direct(m, m->root_key, "clientAuth", a->direct);
	make_direct(m, m->mid_key, "clientAuth,serverAuth", a->forged);
	make_lists(m, pss, a->lists);
	cs_buf_free(&mid);
}

static EVP_PKEY *
ca_key(bool rsa)
{
	return rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

bool
authority_make(struct authority *a, cs_span spki, bool pss)
{
	struct maker m = {.root_key = ca_key(pss), .mid_key = ca_key(pss)};
	const unsigned char *p = spki.p;

	m.key = d2i_PUBKEY(NULL, &p, (long)spki.n);
	m.good = m.root_key != NULL && m.mid_key != NULL && m.key != NULL;
	a->root = cs_buf_new(4096);
	a->certs = cs_buf_new(8192);
	a->gone = cs_buf_new(8192);
	a->lists = cs_buf_new(8192);
	a->direct = cs_buf_new(4096);
	a->forged = cs_buf_new(4096);
	if (m.good)
		make_all(&m, a, pss);
	X509_free(m.root);
	X509_free(m.mid);
	EVP_PKEY_free(m.root_key);
	EVP_PKEY_free(m.mid_key);
	EVP_PKEY_free(m.key);
	return m.good;
}

int
authority_issued(const struct authority *a, const cs_buf *cert, cs_err *e)
{
	cs_ca *ca = NULL;
	int rc;

	if ((rc = cs_ca_new(cs_buf_span(a->root), &ca, e)) == CS_OK)
		rc = cs_ca_issued(ca, cs_buf_span(cert), FIXTURE_NOW, e);
	cs_ca_free(&ca);
	return rc;
}

int
authority_would(const struct authority *a, const cs_buf *cert, cs_err *e)
{
	cs_ca *ca = NULL;
	int rc;

	if ((rc = cs_ca_new(cs_buf_span(a->root), &ca, e)) == CS_OK)
		rc = cs_ca_would_issue(ca, cs_buf_span(cert), FIXTURE_NOW, e);
	cs_ca_free(&ca);
	return rc;
}

void
authority_free(struct authority *a)
{
	cs_buf_free(&a->root);
	cs_buf_free(&a->certs);
	cs_buf_free(&a->gone);
	cs_buf_free(&a->lists);
	cs_buf_free(&a->direct);
	cs_buf_free(&a->forged);
}
