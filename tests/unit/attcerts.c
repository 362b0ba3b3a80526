/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/attcerts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static void
name_add(X509_NAME *n, const char *what, const char *value)
{
	if (value != NULL)
		(void)X509_NAME_add_entry_by_txt(n, what, MBSTRING_UTF8,
		    (const unsigned char *)value, -1, -1, 0);
}

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
extend_raw(X509 *x, const struct att_ext *ext)
{
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *o = OBJ_txt2obj(ext->oid, 1);
	X509_EXTENSION *e;
	unsigned char *bin;
	long n = 0;

	bin = OPENSSL_hexstr2buf(ext->value, &n);
	(void)ASN1_OCTET_STRING_set(v, bin, (int)n);
	e = X509_EXTENSION_create_by_OBJ(NULL, o, ext->critical, v);
	(void)X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	OPENSSL_free(bin);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static EVP_PKEY *
key_make(const char *kind)
{
	if (strcmp(kind, "RSA") == 0)
		return EVP_RSA_gen(2048);
	if (strcmp(kind, "ED25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_EC_gen(kind);
}

static void
fill(X509 *x, const struct att_plan *p)
{
	static int serial;
	X509_NAME *n = X509_get_subject_name(x);

	(void)X509_set_version(x, p->version == 0 ? 2 : p->version - 1);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	name_add(n, "C", p->c);
	name_add(n, "O", p->o);
	name_add(n, "OU", p->ou);
	name_add(n, "CN", p->cn);
	(void)ASN1_TIME_set(X509_getm_notBefore(x),
	    p->from == 0 ? NOW - DAY : p->from);
	(void)ASN1_TIME_set(X509_getm_notAfter(x),
	    p->until == 0 ? NOW + DAY : p->until);
}

void
att_make(struct att_cert *out, const char *kind, const struct att_plan *p,
    const struct att_cert *issuer)
{
	const struct att_ext *ext;
	unsigned char *der = NULL;
	X509 *by;
	int n;

	if (out->key == NULL)
		out->key = key_make(kind);
	X509_free(out->x);
	cs_buf_free(&out->der);
	out->x = X509_new();
	by = issuer == NULL ? out->x : issuer->x;
	fill(out->x, p);
	(void)X509_set_issuer_name(out->x, X509_get_subject_name(by));
	(void)X509_set_pubkey(out->x, out->key);
	extend(out->x, by, NID_basic_constraints, p->bc);
	extend(out->x, by, NID_key_usage, p->usage);
	for (ext = p->ext; ext->oid != NULL; ext++)
		extend_raw(out->x, ext);
	(void)X509_sign(out->x, issuer == NULL ? out->key : issuer->key,
	    p->sha1 ? EVP_sha1() : EVP_sha256());
	n = i2d_X509(out->x, &der);
	out->der = cs_buf_dup(cs_span_of(der, n < 0 ? 0 : (size_t)n));
	OPENSSL_free(der);
}

void
att_free(struct att_cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x);
	cs_buf_free(&c->der);
	memset(c, 0, sizeof(*c));
}

cs_span
att_der(const struct att_cert *c)
{
	return cs_buf_span(c->der);
}

cs_buf *
att_spki(const struct att_cert *c)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(c->key, &der);
	cs_buf *b = cs_buf_dup(cs_span_of(der, n < 0 ? 0 : (size_t)n));

	OPENSSL_free(der);
	return b;
}

bool
att_write(const struct att_cert *c, const char *dir, const char *name)
{
	char path[512];
	FILE *f;
	bool good;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "a")) == NULL)
		return false;
	good = PEM_write_X509(f, c->x) == 1;
	return fclose(f) == 0 && good;
}

cs_roots *
att_roots(const char *dir, const struct att_cert *a, const struct att_cert *b)
{
	cs_roots *roots = NULL;
	cs_err e = {0};
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/roots.pem", dir);
	(void)unlink(path);
	if (!att_write(a, dir, "roots.pem") ||
	    (b != NULL && !att_write(b, dir, "roots.pem")) ||
	    cs_roots_load(dir, &roots, &e) != CS_OK)
		printf("# no roots: %s\n", e.text);
	(void)unlink(path);
	return roots;
}
