/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/attestpath.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypt/chainp.h"
#include "crypt/osslp.h"
#include "fmt/reason.h"

/* OpenSSL's scale: 112 bits, so RSA from 2048 bits and no SHA-1. */
#define AUTH_LEVEL 2

#define SPKI_MAX 1024

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, where, __VA_ARGS__)
#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_EVIDENCE_REFUSED, where, \
	    __VA_ARGS__)

static const char where[] = "attestation";

struct cs_attcert {
	X509 *x;
	cs_buf *spki;
};

struct cs_attroots {
	X509_STORE *store;
};

/* OpenSSL's reading, so that what is looked at is what a path is built of. */
static int
x509_read(cs_span der, X509 **out, cs_err *e)
{
	const unsigned char *p = der.p;
	OSSL_LIB_CTX *ctx = NULL;
	X509 *x = NULL;
	int r;

	*out = NULL;
	if ((r = cs_ossl_context(&ctx, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if (der.n > CS_ATTCERT_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, where, "expected a "
		    "certificate of at most %d octets, found %zu",
		    CS_ATTCERT_MAX, der.n);
	if ((x = X509_new_ex(ctx, NULL)) == NULL)
		return cs_nomem(e, where);
	if (d2i_X509(&x, &p, (long)der.n) == NULL) {
		X509_free(x);
		return cs_ossl_blame(e, CS_EFORMAT, CS_R_MALFORMED, where,
		    "not a certificate");
	}
	if (p != der.p + der.n)
		r = BAD(e, "bytes behind a certificate");
	else if ((X509_get_extension_flags(x) & EXFLAG_INVALID) != 0)
		r = BAD(e, "expected a certificate whose extensions can be "
		    "read, found another");
	ERR_clear_error();
	if (r != CS_OK) {
		X509_free(x);
		return r;
	}
	*out = x;
	return CS_OK;
}

int
cs_attcert_new(cs_span der, cs_attcert **out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_attcert *c;
	int r;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->spki = cs_buf_new(SPKI_MAX)) == NULL)
		r = cs_nomem(e, where);
	else if ((r = x509_read(der, &c->x, e)) == CS_OK &&
	    (r = cs_x509_key(c->x, c->spki, hash, e)) == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	}
	cs_attcert_free(&c);
	return r;
}

void
cs_attcert_free(cs_attcert **c)
{
	if (c == NULL || *c == NULL)
		return;
	X509_free((*c)->x);
	cs_buf_free(&(*c)->spki);
	free(*c);
	*c = NULL;
}

int
cs_attcert_key(const cs_attcert *c, cs_spki *out, cs_err *e)
{
	return cs_spki_parse(cs_buf_span(c->spki), out, e);
}

bool
cs_attcert_is_v3(const cs_attcert *c)
{
	return X509_get_version(c->x) == X509_VERSION_3;
}

bool
cs_attcert_is_ca(const cs_attcert *c)
{
	uint32_t flags = X509_get_extension_flags(c->x);

	if ((flags & EXFLAG_INVALID) != 0)
		return true; /* nobody can tell: the worse of both */
	if ((flags & EXFLAG_BCONS) != 0)
		return (flags & EXFLAG_CA) != 0;
	return (flags & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(c->x) & KU_KEY_CERT_SIGN) != 0;
}

cs_span
cs_attcert_subject(const cs_attcert *c)
{
	const unsigned char *der = NULL;
	size_t n = 0;

	if (X509_NAME_get0_der(X509_get_subject_name(c->x), &der, &n) != 1)
		return (cs_span){0};
	return cs_span_of(der, n);
}

/* Where the next extension of this identifier is behind `from`; -1: nowhere. */
static int
find_extension(const X509 *x, enum cs_oid id, int from)
{
	const ASN1_OBJECT *o;
	int i;

	for (i = from + 1; i < X509_get_ext_count(x); i++) {
		o = X509_EXTENSION_get_object(X509_get_ext(x, i));
		if (cs_oid_is(cs_span_of(OBJ_get0_data(o), OBJ_length(o)), id))
			return i;
	}
	return -1;
}

int
cs_attcert_extension(const cs_attcert *c, enum cs_oid id, cs_span *value,
    bool *critical, cs_err *e)
{
	int at = find_extension(c->x, id, -1);
	const ASN1_OCTET_STRING *v;
	X509_EXTENSION *ext;

	*value = (cs_span){0};
	if (critical != NULL)
		*critical = false;
	if (at < 0)
		return CS_OK;
	if (find_extension(c->x, id, at) >= 0)
		return BAD(e, "expected one extension of a kind (%s), found "
		    "more", cs_oid_name(cs_oid(id)));
	ext = X509_get_ext(c->x, at);
	v = X509_EXTENSION_get_data(ext);
	*value = cs_span_of(ASN1_STRING_get0_data(v),
	    (size_t)ASN1_STRING_length(v));
	if (critical != NULL)
		*critical = X509_EXTENSION_get_critical(ext) != 0;
	return CS_OK;
}

int
cs_attroots_new(cs_attroots **out, cs_err *e)
{
	cs_attroots *r;

	*out = NULL;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return cs_nomem(e, where);
	if ((r->store = X509_STORE_new()) == NULL) {
		free(r);
		return cs_ossl_fail(e, where, "cannot keep certificates");
	}
	*out = r;
	return CS_OK;
}

void
cs_attroots_free(cs_attroots **r)
{
	if (r == NULL || *r == NULL)
		return;
	X509_STORE_free((*r)->store);
	free(*r);
	*r = NULL;
}

int
cs_attroots_add(cs_attroots *r, cs_span der, cs_err *e)
{
	X509 *x = NULL;
	int rc;

	if ((rc = x509_read(der, &x, e)) != CS_OK)
		return rc;
	if (X509_STORE_add_cert(r->store, x) != 1)
		rc = cs_ossl_fail(e, where, "cannot keep a certificate");
	X509_free(x);
	return rc;
}

/* OpenSSL asks whether to go on in spite of one error. The certificate above it
 * is a self-signed root; without that a slot's own certificate, which as well
 * says nothing about being a CA, could sign for any key. */
static int
forgive_bare(int good, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	int at = X509_STORE_CTX_get_error_depth(ctx);
	const cs_attpath *p = X509_STORE_CTX_get_app_data(ctx);
	const X509 *x, *root;

	if (good != 0)
		return good;
	if (X509_STORE_CTX_get_error(ctx) != X509_V_ERR_INVALID_CA ||
	    p->bare_unless == CS_OID_END || at < 1 ||
	    at != sk_X509_num(path) - 2)
		return 0;
	x = sk_X509_value(path, at);
	root = sk_X509_value(path, at + 1);
	return X509_get_version(x) == X509_VERSION_3 &&
	    (X509_get_extension_flags((X509 *)x) & (EXFLAG_INVALID |
	    EXFLAG_BCONS | EXFLAG_KUSAGE | EXFLAG_XKUSAGE)) == 0 &&
	    find_extension(x, p->bare_unless, -1) < 0 &&
	    (X509_get_extension_flags((X509 *)root) & EXFLAG_SS) != 0;
}

static int
ctx_set(X509_STORE_CTX *ctx, const cs_attpath *p, cs_err *e)
{
	X509_VERIFY_PARAM *v = X509_STORE_CTX_get0_param(ctx);

	(void)X509_VERIFY_PARAM_clear_flags(v, ~0UL);
	if (X509_VERIFY_PARAM_set_flags(v, X509_V_FLAG_PARTIAL_CHAIN |
	    X509_V_FLAG_TRUSTED_FIRST) != 1 ||
	    X509_STORE_CTX_set_app_data(ctx, (void *)p) != 1)
		return cs_ossl_fail(e, where, "cannot set up a path");
	X509_VERIFY_PARAM_set_time(v, (time_t)p->now);
	X509_VERIFY_PARAM_set_depth(v, CS_ATTPATH_MAX);
	X509_VERIFY_PARAM_set_auth_level(v, AUTH_LEVEL);
	X509_STORE_CTX_set_verify_cb(ctx, forgive_bare);
	return CS_OK;
}

static int
no_path(X509_STORE_CTX *ctx, cs_err *e)
{
	int why = X509_STORE_CTX_get_error(ctx);
	int at = X509_STORE_CTX_get_error_depth(ctx);

	ERR_clear_error();
	if (why == X509_V_OK || why == X509_V_ERR_OUT_OF_MEM ||
	    why == X509_V_ERR_UNSPECIFIED || why == X509_V_ERR_INVALID_CALL)
		return cs_fail(e, CS_EBUG, where, "cannot check a path: %s",
		    X509_verify_cert_error_string(why));
	if (at < 1)
		return REFUSE(e, "no path to one of the roots: the certificate "
		    "itself: %s", X509_verify_cert_error_string(why));
	return REFUSE(e, "no path to one of the roots: certificate %d above "
	    "it: %s", at, X509_verify_cert_error_string(why));
}

static int
find_path(X509_STORE_CTX *ctx, const cs_attpath *p,
    uint8_t root[CS_SHA256_LEN], cs_err *e)
{
	STACK_OF(X509) *path;
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = ctx_set(ctx, p, e)) != CS_OK)
		return r;
	if (X509_verify_cert(ctx) != 1)
		return no_path(ctx, e);
	path = X509_STORE_CTX_get0_chain(ctx);
	return cs_x509_key(sk_X509_value(path, sk_X509_num(path) - 1), NULL,
	    root == NULL ? hash : root, e);
}

static int
read_between(const cs_attpath *p, STACK_OF(X509) **out, cs_err *e)
{
	X509 *x = NULL;
	size_t i;
	int r;

	if (p->n > CS_ATTPATH_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, where, "expected at most %d "
		    "certificates between an attestation and its root, found "
		    "%zu", CS_ATTPATH_MAX, p->n);
	if ((*out = sk_X509_new_null()) == NULL)
		return cs_nomem(e, where);
	for (i = 0; i < p->n; i++) {
		if ((r = x509_read(p->between[i], &x, e)) != CS_OK)
			return r;
		if (sk_X509_push(*out, x) == 0) {
			X509_free(x);
			return cs_nomem(e, where);
		}
	}
	return CS_OK;
}

int
cs_attroots_path(const cs_attroots *r, const cs_attpath *p,
    uint8_t root[CS_SHA256_LEN], cs_err *e)
{
	STACK_OF(X509) *between = NULL;
	OSSL_LIB_CTX *libctx = NULL;
	X509_STORE_CTX *ctx = NULL;
	X509 *leaf = NULL;
	int rc;

	if ((rc = x509_read(p->leaf, &leaf, e)) != CS_OK ||
	    (rc = read_between(p, &between, e)) != CS_OK ||
	    (rc = cs_ossl_context(&libctx, e)) != CS_OK)
		goto out;
	ERR_clear_error();
	if ((ctx = X509_STORE_CTX_new_ex(libctx, NULL)) == NULL ||
	    X509_STORE_CTX_init(ctx, r->store, leaf, between) != 1)
		rc = cs_ossl_fail(e, where, "cannot set up a path");
	else
		rc = find_path(ctx, p, root, e);
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(between, X509_free);
	X509_free(leaf);
	ERR_clear_error();
	return rc;
}
