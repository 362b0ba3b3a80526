/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/pubkey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypt/osslp.h"
#include "crypt/pubkeyp.h"
#include "crypt/sigparams.h"
#include "fmt/der.h"
#include "fmt/reason.h"

#define MODULUS_MAX 512 /* 4096 bits */
#define ED25519_SIG 64

static const char where[] = "crypt/pubkey";

struct cs_pubkey {
	enum cs_key_kind kind;
	size_t modulus_len; /* RSA: what a signature must be long */
	OSSL_LIB_CTX *libctx;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx; /* EC: ready to verify hashes */
};

static int
from_params(cs_pubkey *k, const char *type, OSSL_PARAM *params, cs_err *e)
{
	EVP_PKEY_CTX *ctx = NULL;
	int rc;

	ERR_clear_error();
	if ((ctx = EVP_PKEY_CTX_new_from_name(k->libctx, type, NULL)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1)
		rc = cs_ossl_fail(e, where, "cannot make a public key");
	else if (EVP_PKEY_fromdata(ctx, &k->pkey, EVP_PKEY_PUBLIC_KEY,
	    params) != 1 || k->pkey == NULL)
		rc = cs_ossl_blame(e, CS_EFORMAT, CS_R_UNSUPPORTED, where,
		    "not a usable public key");
	else
		rc = CS_OK;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

/* OpenSSL takes an off-curve point apart by itself, but the one-byte point at
 * infinity passes; the check says both aloud. To begin again is what makes a
 * context forget the point before. */
static int
check_point(cs_pubkey *k, cs_err *e)
{
	if (k->ctx == NULL)
		k->ctx = EVP_PKEY_CTX_new_from_pkey(k->libctx, k->pkey, NULL);
	if (k->ctx == NULL)
		return cs_ossl_fail(e, where, "cannot check a public key");
	if (EVP_PKEY_public_check_quick(k->ctx) != 1)
		return cs_ossl_blame(e, CS_EFORMAT, CS_R_UNSUPPORTED, where,
		    "the public key's point is not on its curve");
	if (EVP_PKEY_verify_init(k->ctx) != 1)
		return cs_ossl_fail(e, where, "cannot verify");
	return CS_OK;
}

/* Keys of each curve without a point, made once and constant from then on: to
 * make a curve from its name takes longer than all else about a key. */
static CRYPTO_ONCE once_p256 = CRYPTO_ONCE_STATIC_INIT;
static CRYPTO_ONCE once_p384 = CRYPTO_ONCE_STATIC_INIT;
static EVP_PKEY *blank_p256, *blank_p384;

static EVP_PKEY *
make_blank(const char *group)
{
	char name[sizeof("P-256")];
	OSSL_LIB_CTX *libctx = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	OSSL_PARAM params[2];
	EVP_PKEY *k = NULL;

	memcpy(name, group, sizeof(name));
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (cs_ossl_context(&libctx, NULL) == CS_OK)
		ctx = EVP_PKEY_CTX_new_from_name(libctx, "EC", NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_KEY_PARAMETERS, params) != 1)
		k = NULL;
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static void
make_p256(void)
{
	blank_p256 = make_blank("P-256");
}

static void
make_p384(void)
{
	blank_p384 = make_blank("P-384");
}

/* NULL when out of memory. */
static EVP_PKEY *
get_blank(bool p256)
{
	if (CRYPTO_THREAD_run_once(p256 ? &once_p256 : &once_p384,
	    p256 ? make_p256 : make_p384) != 1)
		return NULL;
	return p256 ? blank_p256 : blank_p384;
}

/* Into a key that has another point, or none. */
static int
set_point(const cs_spki *s, cs_pubkey *k, cs_err *e)
{
	if (EVP_PKEY_set1_encoded_public_key(k->pkey, s->point.p,
	    s->point.n) != 1)
		return cs_ossl_blame(e, CS_EFORMAT, CS_R_UNSUPPORTED, where,
		    "not a usable public key");
	return check_point(k, e);
}

static int
make_ec(const cs_spki *s, cs_pubkey *k, cs_err *e)
{
	const bool p256 = s->kind == CS_KEY_P256;
	const size_t expect = p256 ? 65 : 97;
	EVP_PKEY *blank;

	if (s->point.p == NULL || s->point.n != expect || s->point.p[0] != 4)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected an uncompressed point of %zu bytes, found %zu",
		    expect, s->point.n);
	ERR_clear_error();
	if (k->pkey != NULL)
		return set_point(s, k, e);
	blank = get_blank(p256);
	k->pkey = blank != NULL ? EVP_PKEY_dup(blank) :
	    make_blank(p256 ? "P-256" : "P-384");
	if (k->pkey == NULL)
		return cs_ossl_fail(e, where, "cannot make a public key");
	return set_point(s, k, e);
}

static int
make_rsa(const cs_spki *s, cs_pubkey *k, cs_err *e)
{
	unsigned char native[MODULUS_MAX]; /* OSSL_PARAM: in host order */
	unsigned exponent = 65537;
	OSSL_PARAM params[3];
	BIGNUM *n;
	int bits, len;

	if (s->modulus.p == NULL || s->modulus.n > MODULUS_MAX ||
	    s->modulus.n == 0)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected a modulus of 2048 to 4096 bits, found %zu bytes",
		    s->modulus.n);
	if ((n = BN_bin2bn(s->modulus.p, (int)s->modulus.n, NULL)) == NULL)
		return cs_ossl_fail(e, where, "cannot read a modulus");
	bits = BN_num_bits(n);
	len = BN_bn2nativepad(n, native, (int)s->modulus.n);
	BN_free(n);
	if (bits < 2048 || bits > 4096 ||
	    (s->modulus.p[s->modulus.n - 1] & 1) == 0)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected an odd modulus of 2048 to 4096 bits, found %d",
		    bits);
	if (len != (int)s->modulus.n)
		return cs_ossl_fail(e, where, "cannot convert a modulus");
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native,
	    s->modulus.n);
	params[1] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E,
	    &exponent);
	params[2] = OSSL_PARAM_construct_end();
	k->modulus_len = (size_t)(bits + 7) / 8;
	return from_params(k, "RSA", params, e);
}

/* y, from its low octet on, of the points whose order is 4, 1 and twice 8;
 * that of order 2 is p - 1. */
static const uint8_t small_order[][32] = {{0}, {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89,
	0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
	0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76,
	0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
	0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};

/* Under a key of small order one signature fits any bytes; a y that is not
 * below p (RFC 8032 5.1.3) is a second encoding. */
static bool
is_weak(const uint8_t point[32])
{
	uint8_t y[32];
	size_t i;

	memcpy(y, point, sizeof(y));
	y[31] &= 0x7f; /* the sign of x */
	for (i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
		if (cs_span_eq(cs_span_of(y, sizeof(y)),
		    cs_span_of(small_order[i], sizeof(y))))
			return true;
	for (i = 1; i < 31; i++)
		if (y[i] != 0xff)
			return false;
	return y[31] == 0x7f && y[0] >= 0xec;
}

static int
make_ed25519(const cs_spki *s, cs_pubkey *k, cs_err *e)
{
	OSSL_PARAM params[2];

	if (s->point.p == NULL || s->point.n != 32 || is_weak(s->point.p))
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected an Ed25519 point of 32 bytes below p and not of "
		    "small order");
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
	    (void *)s->point.p, s->point.n);
	params[1] = OSSL_PARAM_construct_end();
	return from_params(k, "ED25519", params, e);
}

static int
make(const cs_spki *s, cs_pubkey *k, cs_err *e)
{
	switch (s->kind) {
	case CS_KEY_P256:
	case CS_KEY_P384:
		return make_ec(s, k, e);
	case CS_KEY_RSA:
		return make_rsa(s, k, e);
	case CS_KEY_ED25519:
		return make_ed25519(s, k, e);
	case CS_KEY_NONE:
		break;
	}
	return CS_BAD(e, CS_R_UNSUPPORTED, where,
	    "expected a P-256, P-384, RSA or Ed25519 key");
}

int
cs_pubkey_new(const cs_spki *k, cs_pubkey **out, cs_err *e)
{
	cs_pubkey *p;
	int rc;

	*out = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cs_nomem(e, where);
	p->kind = k->kind;
	if ((rc = cs_ossl_context(&p->libctx, e)) == CS_OK &&
	    (rc = make(k, p, e)) == CS_OK) {
		*out = p;
		p = NULL; /* transferred */
	}
	cs_pubkey_free(&p);
	return rc;
}

void
cs_pubkey_free(cs_pubkey **k)
{
	if (k == NULL || *k == NULL)
		return;
	EVP_PKEY_CTX_free((*k)->ctx);
	EVP_PKEY_free((*k)->pkey);
	free(*k);
	*k = NULL;
}

EVP_PKEY *
cs_pubkey_pkey(cs_pubkey *k)
{
	return k->pkey;
}

static bool
is_positive(cs_span integer)
{
	return integer.n > 0 && (integer.p[0] & 0x80) == 0;
}

/* RFC 3279 2.2.3, in DER alone: OpenSSL calls a malformed one a failure of its
 * own, and takes some that are not DER. */
static int
check_ecdsa(cs_span sig, cs_err *e)
{
	cs_span body, r, s;

	if (cs_der_walk(sig, 0, NULL) != CS_OK ||
	    cs_der_get(&sig, CS_DER_SEQ, &body, NULL) != CS_OK ||
	    cs_der_get(&body, CS_DER_INTEGER, &r, NULL) != CS_OK ||
	    cs_der_get(&body, CS_DER_INTEGER, &s, NULL) != CS_OK ||
	    body.n != 0 || !is_positive(r) || !is_positive(s))
		return cs_fail(e, CS_EREFUSED, where,
		    "the signature is not an Ecdsa-Sig-Value");
	return CS_OK;
}

static int
check_shape(const cs_pubkey *k, const cs_alg *alg, cs_span sig, cs_err *e)
{
	size_t expect;

	if (alg->key != k->kind)
		return cs_fail(e, CS_EBUG, where,
		    "%s does not belong to the key", alg->name);
	if (sig.p == NULL || sig.n == 0)
		return cs_fail(e, CS_EREFUSED, where, "the signature is empty");
	expect = k->kind == CS_KEY_RSA ? k->modulus_len : ED25519_SIG;
	if (k->kind == CS_KEY_P256 || k->kind == CS_KEY_P384)
		return check_ecdsa(sig, e);
	if (sig.n != expect)
		return cs_fail(e, CS_EREFUSED, where,
		    "expected a signature of %zu bytes, found %zu", expect,
		    sig.n);
	return CS_OK;
}

/* What OpenSSL says of a signature. */
static int
judge(int rc, cs_err *e)
{
	if (rc == 1)
		return CS_OK;
	/* Numbers that lead to the point at infinity are an error to OpenSSL,
	 * and yet the signature's own fault. */
	if (rc != 0)
		return cs_ossl_blame(e, CS_EREFUSED, 0, where,
		    "the signature is not valid");
	return cs_ossl_refuse(e, CS_EREFUSED, 0, where,
	    "the signature is not valid");
}

/* ECDSA takes the hash alone; the context stays with the key. */
static int
verify_hash(cs_pubkey *k, const cs_alg *alg, cs_span bytes, cs_span sig,
    cs_err *e)
{
	uint8_t hash[CS_HASH_MAX];
	int rc;

	if ((rc = cs_hash(alg->hash, bytes, hash, e)) != CS_OK)
		return rc;
	return judge(EVP_PKEY_verify(k->ctx, sig.p, sig.n, hash,
	    cs_hash_len(alg->hash)), e);
}

static int
verify(EVP_MD_CTX *ctx, cs_pubkey *k, const cs_alg *alg, cs_span bytes,
    cs_span sig, cs_err *e)
{
	cs_sigparams p = {0};

	cs_sigparams_set(&p, alg);
	if (EVP_DigestVerifyInit_ex(ctx, NULL, p.md, k->libctx, NULL, k->pkey,
	    p.list) != 1)
		return cs_ossl_fail(e, where, "cannot verify");
	return judge(EVP_DigestVerify(ctx, sig.p, sig.n, bytes.p, bytes.n), e);
}

int
cs_pubkey_verify(cs_pubkey *k, const cs_alg *alg, cs_span bytes, cs_span sig,
    cs_err *e)
{
	EVP_MD_CTX *ctx;
	int rc;

	if ((rc = check_shape(k, alg, sig, e)) != CS_OK)
		return rc;
	ERR_clear_error();
	if (k->ctx != NULL)
		return verify_hash(k, alg, bytes, sig, e);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return cs_nomem(e, where);
	rc = verify(ctx, k, alg, bytes, sig, e);
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
cs_key_hash(const cs_spki *k, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	return cs_sha256(k->der, out, e);
}

/* To take another point is half of the work of a key that is new. What fails
 * leaves no key: it could be the one before. */
static int
become(cs_pubkey **place, const cs_spki *s, cs_err *e)
{
	cs_pubkey *k = *place;
	int rc;

	if (k == NULL || k->ctx == NULL || k->kind != s->kind) {
		cs_pubkey_free(place);
		return cs_pubkey_new(s, place, e);
	}
	if ((rc = make_ec(s, k, e)) != CS_OK)
		cs_pubkey_free(place);
	return rc;
}

int
cs_csr_verify_at(const cs_csr *c, cs_pubkey **place, cs_err *e)
{
	const cs_span none = {NULL, 0};
	cs_alg alg;
	cs_err why = {0};
	int rc;

	if ((rc = cs_alg_match(c->key.kind, CS_USE_PKCS10, c->sigalg, none,
	    &alg, e)) != CS_OK)
		return cs_wrap(e, "the request");
	if ((rc = become(place, &c->key, e)) != CS_OK)
		return rc;
	rc = cs_pubkey_verify(*place, &alg, c->info, c->sig, &why);
	if (rc == CS_EREFUSED)
		return CS_BAD(e, CS_R_POP_INVALID, where,
		    "the request is not signed by its own key (%s): %s",
		    alg.name, why.text);
	if (rc != CS_OK && e != NULL)
		*e = why;
	return rc;
}

int
cs_csr_verify(const cs_csr *c, cs_err *e)
{
	cs_pubkey *k = NULL;
	int rc = cs_csr_verify_at(c, &k, e);

	cs_pubkey_free(&k);
	return rc;
}
