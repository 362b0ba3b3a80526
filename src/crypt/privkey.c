/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/privkey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypt/hash.h"
#include "crypt/ossl.h"
#include "crypt/privkeyp.h"
#include "crypt/sigparams.h"
#include "fmt/reason.h"

#define SIG_MAX 512

static const char where[] = "crypt/privkey";

static const struct {
	const char *name, *type, *group;
	size_t bits;
} kinds[] = {
	{"p256", "EC", "P-256", 0},
	{"p384", "EC", "P-384", 0},
	{"ed25519", "ED25519", NULL, 0},
	{"rsa2048", "RSA", NULL, 2048},
	{"rsa3072", "RSA", NULL, 3072},
	{"rsa4096", "RSA", NULL, 4096},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A curve given by its numbers is another encoding of the key. */
static int
classify_ec(const EVP_PKEY *pkey, enum cs_key_kind *out, cs_err *e)
{
	char group[64] = "";
	int explicit_numbers = 0;

	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return cs_ossl_blame(e, CS_EFORMAT, CS_R_UNSUPPORTED, where,
		    "cannot tell the key's curve");
	if (EVP_PKEY_get_int_param(pkey,
	    OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
	    &explicit_numbers) != 1)
		return cs_ossl_fail(e, where, "cannot tell the key's curve");
	if (explicit_numbers != 0)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "the key does not name its curve");
	if (strcmp(group, "prime256v1") == 0)
		*out = CS_KEY_P256;
	else if (strcmp(group, "secp384r1") == 0)
		*out = CS_KEY_P384;
	else
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected a key on P-256 or P-384, found %s", group);
	return CS_OK;
}

static int
classify_rsa(const EVP_PKEY *pkey, enum cs_key_kind *out, cs_err *e)
{
	const int bits = EVP_PKEY_get_bits(pkey);
	BIGNUM *exponent = NULL;
	bool good;

	if (bits < 2048 || bits > 4096)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected an RSA key of 2048 to 4096 bits, found %d", bits);
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
		return cs_ossl_fail(e, where, "cannot tell the key's exponent");
	good = BN_is_word(exponent, 65537) == 1;
	BN_free(exponent);
	if (!good)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected an RSA key with the exponent 65537");
	*out = CS_KEY_RSA;
	return CS_OK;
}

int
cs_privkey_wrap(EVP_PKEY **pkey, cs_privkey **out, cs_err *e)
{
	enum cs_key_kind kind = CS_KEY_NONE;
	int rc = CS_OK;

	*out = NULL;
	if (EVP_PKEY_is_a(*pkey, "EC") == 1)
		rc = classify_ec(*pkey, &kind, e);
	else if (EVP_PKEY_is_a(*pkey, "RSA") == 1)
		rc = classify_rsa(*pkey, &kind, e);
	else if (EVP_PKEY_is_a(*pkey, "ED25519") == 1)
		kind = CS_KEY_ED25519;
	else
		rc = CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "expected a P-256, P-384, RSA or Ed25519 key, found %s",
		    EVP_PKEY_get0_type_name(*pkey));
	if (rc != CS_OK)
		return rc;
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return cs_nomem(e, where);
	(*out)->kind = kind;
	(*out)->pkey = *pkey;
	*pkey = NULL; /* transferred */
	return CS_OK;
}

static EVP_PKEY *
generate(size_t i)
{
	if (kinds[i].group != NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type,
		    kinds[i].group);
	if (kinds[i].bits != 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type,
		    kinds[i].bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);
}

int
cs_privkey_generate(const char *kind, cs_privkey **out, cs_err *e)
{
	EVP_PKEY *pkey;
	size_t i;
	int rc;

	*out = NULL;
	for (i = 0; i < N_KINDS && strcmp(kinds[i].name, kind) != 0; i++)
		;
	if (i == N_KINDS)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a kind of key such as p256, found %s", kind);
	ERR_clear_error();
	if ((pkey = generate(i)) == NULL)
		return cs_ossl_fail(e, where, "cannot generate a key");
	rc = cs_privkey_wrap(&pkey, out, e);
	EVP_PKEY_free(pkey);
	return rc;
}

void
cs_privkey_free(cs_privkey **k)
{
	if (k == NULL || *k == NULL)
		return;
	EVP_PKEY_CTX_free((*k)->ctx);
	EVP_PKEY_free((*k)->pkey);
	free(*k);
	*k = NULL;
}

/* By coordinates: the point as a whole comes in the form that the file had,
 * which may be the compressed one. */
static int
put_ec(const cs_privkey *k, cs_buf *out, cs_err *e)
{
	const int len = k->kind == CS_KEY_P256 ? 32 : 48;
	uint8_t point[97] = {4};
	BIGNUM *x = NULL, *y = NULL;
	int rc;

	if (EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
	    EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1 ||
	    BN_bn2binpad(x, point + 1, len) != len ||
	    BN_bn2binpad(y, point + 1 + len, len) != len)
		rc = cs_ossl_fail(e, where, "cannot tell the public key");
	else
		rc = cs_spki_put_ec(out, k->kind,
		    cs_span_of(point, 1 + 2 * (size_t)len), e);
	BN_free(x);
	BN_free(y);
	return rc;
}

static int
put_rsa(const cs_privkey *k, cs_buf *out, cs_err *e)
{
	uint8_t modulus[512];
	BIGNUM *n = NULL;
	int rc, len;

	if (EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    BN_num_bytes(n) > (int)sizeof(modulus) ||
	    (len = BN_bn2bin(n, modulus)) <= 0)
		rc = cs_ossl_fail(e, where, "cannot tell the public key");
	else
		rc = cs_spki_put_rsa(out, cs_span_of(modulus, (size_t)len), e);
	BN_free(n);
	return rc;
}

static int
put_ed25519(const cs_privkey *k, cs_buf *out, cs_err *e)
{
	uint8_t point[32];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY,
	    point, sizeof(point), &n) != 1)
		return cs_ossl_fail(e, where, "cannot tell the public key");
	return cs_spki_put_ed25519(out, cs_span_of(point, n), e);
}

int
cs_privkey_spki(const cs_privkey *k, cs_buf *out, cs_err *e)
{
	ERR_clear_error();
	switch (k->kind) {
	case CS_KEY_RSA:
		return put_rsa(k, out, e);
	case CS_KEY_ED25519:
		return put_ed25519(k, out, e);
	default:
		return put_ec(k, out, e);
	}
}

int
cs_privkey_ready(cs_privkey *k, cs_err *e)
{
	if (k->ctx != NULL || (k->kind != CS_KEY_P256 &&
	    k->kind != CS_KEY_P384))
		return CS_OK;
	ERR_clear_error();
	if ((k->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL)) !=
	    NULL && EVP_PKEY_sign_init(k->ctx) == 1)
		return CS_OK;
	EVP_PKEY_CTX_free(k->ctx);
	k->ctx = NULL;
	return cs_ossl_fail(e, where, "cannot sign");
}

static int
put(cs_buf *out, cs_span sig, cs_err *e)
{
	return cs_buf_put(out, sig) == CS_OK ? CS_OK :
	    cs_fail(e, CS_EBUG, where, "no room for a signature");
}

/* A context that failed signs no more: the next signature has its own. */
static int
sign_hash(cs_privkey *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	uint8_t hash[CS_HASH_MAX], sig[SIG_MAX];
	size_t n = sizeof(sig);
	int rc;

	if ((rc = cs_hash(alg->hash, bytes, hash, e)) != CS_OK)
		return rc;
	if (EVP_PKEY_sign(k->ctx, sig, &n, hash, cs_hash_len(alg->hash)) == 1)
		return put(out, cs_span_of(sig, n), e);
	rc = cs_ossl_fail(e, where, "cannot sign");
	EVP_PKEY_CTX_free(k->ctx);
	k->ctx = NULL;
	return rc;
}

static int
sign(EVP_MD_CTX *ctx, cs_privkey *k, const cs_alg *alg, cs_span bytes,
    cs_buf *out, cs_err *e)
{
	uint8_t sig[SIG_MAX];
	size_t n = sizeof(sig);
	cs_sigparams p = {0};

	cs_sigparams_set(&p, alg);
	if (EVP_PKEY_get_size(k->pkey) > (int)sizeof(sig) ||
	    EVP_DigestSignInit_ex(ctx, NULL, p.md, NULL, NULL, k->pkey,
	    p.list) != 1 ||
	    EVP_DigestSign(ctx, sig, &n, bytes.p, bytes.n) != 1)
		return cs_ossl_fail(e, where, "cannot sign");
	return put(out, cs_span_of(sig, n), e);
}

int
cs_privkey_sign(cs_privkey *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	EVP_MD_CTX *ctx;
	int rc;

	if (alg->key != k->kind)
		return cs_fail(e, CS_EBUG, where,
		    "%s does not belong to the key", alg->name);
	ERR_clear_error();
	if (k->ctx != NULL)
		return sign_hash(k, alg, bytes, out, e);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return cs_nomem(e, where);
	rc = sign(ctx, k, alg, bytes, out, e);
	EVP_MD_CTX_free(ctx);
	return rc;
}
