/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/ca.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "crypt/chainp.h"
#include "crypt/osslp.h"
#include "fmt/der.h"
#include "fmt/pem.h"
#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "ca", __VA_ARGS__)

static const char where[] = "ca";

int
cs_x509_next(cs_span *in, X509 **out, cs_err *e)
{
	const unsigned char *p;
	OSSL_LIB_CTX *ctx = NULL;
	cs_span one = {0};
	X509 *x = NULL;
	int r;

	*out = NULL;
	if ((r = cs_der_whole(in, CS_DER_SEQ, &one, e)) != CS_OK ||
	    (r = cs_der_walk(one, 0, e)) != CS_OK)
		return cs_wrap(e, "certificate");
	if ((r = cs_ossl_context(&ctx, e)) != CS_OK)
		return r;
	p = one.p;
	ERR_clear_error();
	if ((x = X509_new_ex(ctx, NULL)) == NULL || one.n > LONG_MAX ||
	    d2i_X509(&x, &p, (long)one.n) == NULL) {
		X509_free(x);
		return cs_ossl_blame(e, CS_EFORMAT, CS_R_MALFORMED, where,
		    "not a certificate");
	}
	*out = x;
	return CS_OK;
}

int
cs_x509_key(X509 *x, cs_buf *out, uint8_t hash[CS_SHA256_LEN], cs_err *e)
{
	unsigned char *der = NULL;
	int n, r;

	ERR_clear_error();
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	if (n < 0)
		return cs_ossl_fail(e, where, "no public key");
	if (out != NULL && cs_buf_put(out, cs_span_of(der, (size_t)n)) != CS_OK)
		r = CS_BAD(e, CS_R_TOO_LARGE, where,
		    "a public key of %d octets", n);
	else
		r = cs_sha256(cs_span_of(der, (size_t)n), hash, e);
	OPENSSL_free(der);
	return r;
}

/* Without keyUsage basicConstraints decide; 1 is a CA of version 3, the other
 * values of X509_check_ca() are guesses about old certificates. */
static int
ca_start(cs_ca *ca, cs_span der, cs_err *e)
{
	int r;

	if ((r = cs_x509_next(&der, &ca->cert, e)) != CS_OK ||
	    (r = cs_der_end(der, "a certificate", e)) != CS_OK)
		return r;
	if (X509_check_ca(ca->cert) != 1)
		return BAD(e, "expected the certificate of a CA "
		    "(basicConstraints CA=true, and keyCertSign), found "
		    "another");
	if ((r = cs_x509_key(ca->cert, NULL, ca->key_hash, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if ((ca->store = X509_STORE_new()) == NULL ||
	    X509_STORE_add_cert(ca->store, ca->cert) != 1)
		return cs_ossl_fail(e, where, "cannot keep a certificate");
	return CS_OK;
}

int
cs_ca_new(cs_span cert, cs_ca **out, cs_err *e)
{
	cs_ca *ca;
	int r;

	*out = NULL;
	if ((ca = calloc(1, sizeof(*ca))) == NULL)
		return cs_nomem(e, where);
	if ((r = ca_start(ca, cert, e)) == CS_OK) {
		*out = ca;
		ca = NULL; /* transferred */
	}
	cs_ca_free(&ca);
	ERR_clear_error();
	return r;
}

void
cs_ca_free(cs_ca **ca)
{
	if (ca == NULL || *ca == NULL)
		return;
	X509_STORE_free((*ca)->store);
	X509_free((*ca)->cert);
	free(*ca);
	*ca = NULL;
}

bool
cs_ca_has_crls(const cs_ca *ca)
{
	return ca->has_crls;
}

const uint8_t *
cs_ca_key_hash(const cs_ca *ca)
{
	return ca->key_hash;
}

static bool
is_current(const X509_CRL *crl, int64_t now)
{
	const ASN1_TIME *from = X509_CRL_get0_lastUpdate(crl);
	const ASN1_TIME *until = X509_CRL_get0_nextUpdate(crl);

	return ASN1_TIME_cmp_time_t(from, (time_t)now) <= 0 &&
	    ASN1_TIME_cmp_time_t(until, (time_t)now) > 0;
}

/* Is there a list of the issuer among the first `n`, one that counts for
 * `now` >= 0? */
static bool
has_list(STACK_OF(X509_OBJECT) *all, int n, const X509_NAME *issuer,
    int64_t now)
{
	const X509_CRL *crl;
	int i;

	for (i = 0; i < n; i++) {
		crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
		if (crl != NULL &&
		    X509_NAME_cmp(X509_CRL_get_issuer(crl), issuer) == 0 &&
		    (now < 0 || is_current(crl, now)))
			return true;
	}
	return false;
}

void
cs_ca_current(const cs_ca *ca, int64_t now, bool *own, size_t *stale)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(ca->store);
	int i, n = sk_X509_OBJECT_num(all);
	const X509_CRL *crl;
	const X509_NAME *by;

	*own = has_list(all, n, X509_get_subject_name(ca->cert), now);
	*stale = 0;
	for (i = 0; i < n; i++) {
		crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
		if (crl == NULL)
			continue;
		by = X509_CRL_get_issuer(crl);
		if (!has_list(all, i, by, -1) && !has_list(all, n, by, now))
			++*stale;
	}
	ERR_clear_error();
}

/* The hash within RSASSA-PSS-params, RFC 4055 3.1; absent it is SHA-1. */
static int
pss_hash(const X509_ALGOR *alg)
{
	RSA_PSS_PARAMS *p;
	int nid = NID_sha1;

	p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS),
	    alg->parameter);
	if (p != NULL && p->hashAlgorithm != NULL)
		nid = OBJ_obj2nid(p->hashAlgorithm->algorithm);
	RSA_PSS_PARAMS_free(p);
	return nid;
}

/* OpenSSL holds certificates to its security level, but not the lists. */
static bool
is_strong(const X509_CRL *crl)
{
	const X509_ALGOR *alg = NULL;
	int nid, md = NID_undef;

	X509_CRL_get0_signature(crl, NULL, &alg);
	nid = OBJ_obj2nid(alg->algorithm);
	if (nid == NID_ED25519 || nid == NID_ED448)
		return true;
	if (nid == NID_rsassaPss)
		md = pss_hash(alg);
	else if (OBJ_find_sigid_algs(nid, &md, NULL) != 1)
		return false;
	return md == NID_sha256 || md == NID_sha384 || md == NID_sha512;
}

/* What is no whole list of one CA. OpenSSL would take a delta for a complete
 * list, and pass the others over. */
static bool
is_partial(const X509_CRL *crl)
{
	ISSUING_DIST_POINT *p;
	int crit = -1;
	bool part;

	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return true;
	p = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &crit,
	    NULL);
	part = p == NULL ? crit != -1 : p->indirectCRL > 0 ||
	    p->onlyattr > 0 || p->onlysomereasons != NULL;
	ISSUING_DIST_POINT_free(p);
	return part;
}

static int
crl_add(cs_ca *ca, X509_CRL *crl, cs_err *e)
{
	if (is_partial(crl))
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected a complete "
		    "list of one CA, found a delta, an indirect list or one "
		    "of some reasons");
	if (!is_strong(crl))
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected a list "
		    "signed with SHA-256, SHA-384, SHA-512 or Ed25519, found "
		    "another algorithm");
	if (X509_CRL_get0_nextUpdate(crl) == NULL)
		return BAD(e, "expected a list that says when the next is due "
		    "(nextUpdate, RFC 5280 5.1.2.5), found one without");
	ERR_clear_error();
	if (X509_STORE_add_crl(ca->store, crl) != 1)
		return cs_ossl_fail(e, where, "cannot keep a revocation list");
	ca->has_crls = true;
	return CS_OK;
}

static int
crl_read(cs_ca *ca, cs_span der, cs_err *e)
{
	const unsigned char *p = der.p;
	OSSL_LIB_CTX *ctx = NULL;
	X509_CRL *crl = NULL;
	int r;

	if ((r = cs_ossl_context(&ctx, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if ((crl = X509_CRL_new_ex(ctx, NULL)) == NULL || der.n > LONG_MAX ||
	    d2i_X509_CRL(&crl, &p, (long)der.n) == NULL)
		r = cs_ossl_blame(e, CS_EFORMAT, CS_R_MALFORMED, where,
		    "not a revocation list");
	else if (p != der.p + der.n)
		r = BAD(e, "bytes behind a revocation list");
	else
		r = crl_add(ca, crl, e);
	X509_CRL_free(crl);
	ERR_clear_error();
	return r;
}

struct crls {
	cs_ca *ca;
	size_t n;
};

static int
crl_of_many(void *arg, cs_span der, cs_err *e)
{
	struct crls *all = arg;
	int r = crl_read(all->ca, der, e);

	all->n++;
	return r == CS_OK ? r : cs_wrap(e, "list %zu", all->n);
}

int
cs_ca_add_crls(cs_ca *ca, cs_span in, cs_err *e)
{
	struct crls all = {ca, 0};

	if (cs_der_peek(in, CS_DER_SEQ))
		return crl_read(ca, in, e);
	return cs_pem_each(in, CS_PEM_CRL, crl_of_many, &all, e);
}
