/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/chain.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypt/chainp.h"
#include "crypt/osslp.h"
#include "fmt/der.h"
#include "fmt/reason.h"

/* OpenSSL's scale: 112 bits, so RSA from 2048 bits and no SHA-1. Said here, so
 * that no build and no configuration of OpenSSL says otherwise. */
#define AUTH_LEVEL 2

#define SPKI_MAX 1024

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_PATH_INVALID, where, __VA_ARGS__)

static const char where[] = "chain";

static int
leaf_set(cs_chain *c, X509 *x, cs_span der, cs_err *e)
{
	if (c->leaf != NULL && X509_cmp(c->leaf, x) == 0)
		return CS_OK;
	if (c->leaf != NULL)
		return REFUSE(e, "expected one certificate of the approving "
		    "key, found two that differ");
	c->leaf = x;
	if ((c->leaf_der = cs_buf_dup(der)) == NULL)
		return cs_nomem(e, where);
	return CS_OK;
}

/* Takes one certificate off *in and keeps it. */
static int
cert_add(cs_chain *c, cs_span *in, cs_span key_hash, cs_err *e)
{
	cs_span der = *in;
	uint8_t hash[CS_SHA256_LEN];
	X509 *x = NULL;
	int r;

	if (sk_X509_num(c->certs) == CS_CHAIN_CERTS_MAX)
		return REFUSE(e, "expected at most %d certificates, found more",
		    CS_CHAIN_CERTS_MAX);
	if ((r = cs_x509_next(in, &x, e)) != CS_OK)
		return r;
	der.n -= in->n;
	if (sk_X509_push(c->certs, x) == 0) {
		X509_free(x);
		return cs_nomem(e, where);
	}
	if ((r = cs_x509_key(x, NULL, hash, e)) != CS_OK)
		return r;
	if (cs_span_eq(cs_span_of(hash, sizeof(hash)), key_hash))
		return leaf_set(c, x, der, e);
	return CS_OK;
}

static int
key_get(cs_chain *c, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if (c->leaf == NULL)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_UNKNOWN_OWNER_KEY,
		    where, "expected the certificate of the approving key, "
		    "found %d of other keys", sk_X509_num(c->certs));
	if ((c->spki = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_x509_key(c->leaf, c->spki, hash, e)) != CS_OK)
		return r;
	return cs_spki_parse(cs_buf_span(c->spki), &c->key, e);
}

/* What a certificate cannot say right is the path's fault. */
static int
as_refusal(int r, cs_err *e)
{
	if (r != CS_EFORMAT || e == NULL)
		return r == CS_EFORMAT ? CS_EREFUSED : r;
	e->cls = CS_EREFUSED;
	e->detail = CS_R_PATH_INVALID;
	return CS_EREFUSED;
}

int
cs_chain_read(cs_span certs, cs_span key_hash, cs_chain **out, cs_err *e)
{
	cs_chain *c;
	int r = CS_OK;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return cs_nomem(e, where);
	if ((c->certs = sk_X509_new_null()) == NULL)
		r = cs_nomem(e, where);
	while (r == CS_OK && certs.n != 0)
		r = cert_add(c, &certs, key_hash, e);
	if (r == CS_OK)
		r = key_get(c, e);
	if (r == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	}
	cs_chain_free(&c);
	ERR_clear_error();
	return as_refusal(r, e);
}

void
cs_chain_free(cs_chain **c)
{
	if (c == NULL || *c == NULL)
		return;
	sk_X509_pop_free((*c)->certs, X509_free);
	cs_buf_free(&(*c)->leaf_der);
	cs_buf_free(&(*c)->spki);
	free(*c);
	*c = NULL;
}

const cs_spki *
cs_chain_key(const cs_chain *c)
{
	return &c->key;
}

const uint8_t *
cs_chain_key_hash(const cs_chain *c, size_t i)
{
	return i < c->n_path ? c->path[i] : NULL;
}

/* All but the CA's are of `certs`, which has them as long as this lives. */
int
cs_chain_put_path(const cs_chain *c, cs_buf *out, cs_err *e)
{
	unsigned char *der = NULL;
	size_t i;
	int n, r = CS_OK;

	for (i = 0; r == CS_OK && i + 1 < c->n_path; i++) {
		if ((n = i2d_X509(c->via[i], &der)) <= 0)
			return cs_ossl_fail(e, where, "cannot write it");
		if (cs_buf_put(out, cs_span_of(der, (size_t)n)) != CS_OK)
			r = cs_nomem(e, where);
		OPENSSL_free(der);
		der = NULL;
	}
	return r;
}

cs_span
cs_chain_leaf(const cs_chain *c)
{
	return cs_buf_span(c->leaf_der);
}

/* The anchor is trusted as it stands: its own revocation is not looked for,
 * which OpenSSL would do of the last certificate of a path, too. */
static int
forgive_anchor(int good, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	int at = X509_STORE_CTX_get_error_depth(ctx);

	if (good != 0)
		return good;
	if (X509_STORE_CTX_get0_parent_ctx(ctx) != NULL || at < 1 ||
	    at != sk_X509_num(path) - 1)
		return 0;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CERT_REVOKED:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
		return 1;
	default:
		return 0;
	}
}

/* user-initial-policy-set = any-policy, RFC 5280 6.1.1 (c); without it OpenSSL
 * has an empty set. */
static int
accept_any_policy(X509_VERIFY_PARAM *p)
{
	ASN1_OBJECT *any = OBJ_nid2obj(NID_any_policy);

	if (any != NULL && X509_VERIFY_PARAM_add0_policy(p, any) == 1)
		return 1;
	ASN1_OBJECT_free(any);
	return 0;
}

static int
ctx_set(X509_STORE_CTX *ctx, const cs_ca *ca, int depth, int64_t now,
    cs_err *e)
{
	unsigned long flags = X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST |
	    X509_V_FLAG_POLICY_CHECK;
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

	if (ca->has_crls)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	/* What a host may have put into OpenSSL's table of defaults. */
	(void)X509_VERIFY_PARAM_clear_flags(p, ~0UL);
	if (X509_VERIFY_PARAM_set_flags(p, flags) != 1 ||
	    accept_any_policy(p) != 1)
		return cs_ossl_fail(e, where, "cannot set up a path");
	X509_VERIFY_PARAM_set_time(p, (time_t)now);
	X509_VERIFY_PARAM_set_depth(p, depth);
	X509_VERIFY_PARAM_set_auth_level(p, AUTH_LEVEL);
	X509_STORE_CTX_set_verify_cb(ctx, forgive_anchor);
	return CS_OK;
}

/* Why there is no path: OpenSSL's words, and where in the path. */
static int
no_path(X509_STORE_CTX *ctx, const char *whose, cs_err *e)
{
	int why = X509_STORE_CTX_get_error(ctx);
	int at = X509_STORE_CTX_get_error_depth(ctx);

	ERR_clear_error();
	if (why == X509_V_OK || why == X509_V_ERR_OUT_OF_MEM ||
	    why == X509_V_ERR_UNSPECIFIED || why == X509_V_ERR_INVALID_CALL)
		return cs_fail(e, CS_EBUG, where, "cannot check a path: %s",
		    X509_verify_cert_error_string(why));
	if (at < 1)
		return REFUSE(e, "the %s certificate: %s", whose,
		    X509_verify_cert_error_string(why));
	return REFUSE(e, "certificate %d above the %s: %s", at, whose,
	    X509_verify_cert_error_string(why));
}

static int
check_purposes(STACK_OF(X509) *path, cs_span eku, cs_err *e)
{
	bool present = false, listed = false;
	int i, r;

	for (i = 1; i < sk_X509_num(path) - 1; i++) {
		r = cs_x509_purpose(sk_X509_value(path, i), eku, true,
		    &present, &listed, e);
		if (r != CS_OK)
			return r;
		if (present && !listed)
			return REFUSE(e, "certificate %d above the owner's: "
			    "expected a CA for owner approvals, found one for "
			    "other purposes", i);
	}
	return CS_OK;
}

/* RFC 5280 7.5 has the local part of a mailbox in its case, and the owner's is
 * in lower case: constraints on a mailbox would miss whom they mean. */
static int
check_capitals(STACK_OF(X509) *path, cs_err *e)
{
	bool capitals = false;
	int i, r;

	if ((r = cs_x509_capitals(sk_X509_value(path, 0), &capitals, e)) !=
	    CS_OK || !capitals)
		return r;
	for (i = 1; i < sk_X509_num(path); i++)
		if (X509_get_ext_by_NID(sk_X509_value(path, i),
		    NID_name_constraints, -1) >= 0)
			return REFUSE(e, "expected a mailbox in lower case "
			    "where certificate %d above the owner's "
			    "constrains names, found capitals", i);
	return CS_OK;
}

static int
keep_keys(cs_chain *c, STACK_OF(X509) *path, cs_err *e)
{
	int i, n = sk_X509_num(path), r;

	if (n > CS_CHAIN_DEPTH_MAX + 2)
		return cs_fail(e, CS_EBUG, where, "a path of %d", n);
	for (i = 0; i < n; i++) {
		if ((r = cs_x509_key(sk_X509_value(path, i), NULL, c->path[i],
		    e)) != CS_OK)
			return r;
		if (i < n - 1)
			c->via[i] = sk_X509_value(path, i);
	}
	c->n_path = (size_t)n;
	return CS_OK;
}

static int
check_path(cs_chain *c, X509_STORE_CTX *ctx, const cs_ca *ca, cs_span eku,
    int64_t now, cs_err *e)
{
	STACK_OF(X509) *path;
	int r;

	if ((r = ctx_set(ctx, ca, CS_CHAIN_DEPTH_MAX, now, e)) != CS_OK)
		return r;
	if (X509_verify_cert(ctx) != 1)
		return no_path(ctx, "owner's", e);
	path = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(path) < 2)
		return REFUSE(e, "the owner's certificate is the CA's");
	if (eku.p != NULL && ((r = check_purposes(path, eku, e)) != CS_OK ||
	    (r = check_capitals(path, e)) != CS_OK))
		return r;
	return keep_keys(c, path, e);
}

int
cs_chain_path(cs_chain *c, const cs_ca *ca, cs_span eku, int64_t now,
    cs_err *e)
{
	OSSL_LIB_CTX *libctx = NULL;
	X509_STORE_CTX *ctx;
	int r;

	c->n_path = 0;
	if ((r = cs_ossl_context(&libctx, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if ((ctx = X509_STORE_CTX_new_ex(libctx, NULL)) == NULL ||
	    X509_STORE_CTX_init(ctx, ca->store, c->leaf, c->certs) != 1)
		r = cs_ossl_fail(e, where, "cannot set up a path");
	else
		r = check_path(c, ctx, ca, eku, now, e);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return as_refusal(r, e);
}

/* As forgive_anchor(), for what is not signed yet. */
static int
forgive_signature(int good, X509_STORE_CTX *ctx)
{
	if (good == 0 && X509_STORE_CTX_get0_parent_ctx(ctx) == NULL &&
	    X509_STORE_CTX_get_error_depth(ctx) == 0 &&
	    X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CERT_SIGNATURE_FAILURE)
		return 1;
	return forgive_anchor(good, ctx);
}

struct issued {
	int purpose;
	bool unsigned_yet;
};

/* No certificate stands between: the agent's, and the CA's above it. */
static int
check_issued(X509_STORE_CTX *ctx, const cs_ca *ca, X509 *x,
    const struct issued *as, int64_t now, cs_err *e)
{
	STACK_OF(X509) *path;
	int r;

	if ((r = ctx_set(ctx, ca, 0, now, e)) != CS_OK)
		return r;
	if (X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(ctx),
	    as->purpose) != 1)
		return cs_ossl_fail(e, where, "cannot set up a path");
	if (as->unsigned_yet)
		X509_STORE_CTX_set_verify_cb(ctx, forgive_signature);
	if (X509_verify_cert(ctx) != 1)
		return no_path(ctx, "agent's", e);
	path = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(path) != 2 ||
	    X509_cmp(sk_X509_value(path, 0), x) != 0 ||
	    X509_cmp(sk_X509_value(path, 1), ca->cert) != 0)
		return REFUSE(e, "the agent's certificate is the CA's");
	return CS_OK;
}

static int
find_issued(const cs_ca *ca, cs_span cert, const struct issued *as,
    int64_t now, cs_err *e)
{
	OSSL_LIB_CTX *libctx = NULL;
	X509_STORE_CTX *ctx = NULL;
	X509 *x = NULL;
	int r;

	if ((r = cs_ossl_context(&libctx, e)) != CS_OK ||
	    (r = cs_x509_next(&cert, &x, e)) != CS_OK ||
	    (r = cs_der_end(cert, "a certificate", e)) != CS_OK)
		goto out;
	ERR_clear_error();
	if ((ctx = X509_STORE_CTX_new_ex(libctx, NULL)) == NULL ||
	    X509_STORE_CTX_init(ctx, ca->store, x, NULL) != 1)
		r = cs_ossl_fail(e, where, "cannot set up a path");
	else
		r = check_issued(ctx, ca, x, as, now, e);
out:
	X509_STORE_CTX_free(ctx);
	X509_free(x);
	ERR_clear_error();
	return as_refusal(r, e);
}

int
cs_ca_issued(const cs_ca *ca, cs_span cert, int64_t now, cs_err *e)
{
	const struct issued as = {.purpose = X509_PURPOSE_SSL_CLIENT};

	return find_issued(ca, cert, &as, now, e);
}

int
cs_ca_would_issue(const cs_ca *ca, cs_span cert, int64_t now, cs_err *e)
{
	struct issued as = {.purpose = X509_PURPOSE_SSL_CLIENT,
	    .unsigned_yet = true};
	int r = find_issued(ca, cert, &as, now, e);

	as.purpose = X509_PURPOSE_SSL_SERVER;
	return r != CS_OK ? r : find_issued(ca, cert, &as, now, e);
}
