/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <string.h>

#include "tests/fido/softkey.h"

/*
 * id = algorithm, credProtect, 30 random bytes, and an HMAC of these and the
 * RP ID hash: a key that stores nothing knows its own again.
 */

#define PREFIX 32

static void
seal(const struct softkey *k, const uint8_t *rp, const uint8_t *prefix,
    uint8_t *mac)
{
	uint8_t m[PREFIX + HASH_LEN];

	memcpy(m, prefix, PREFIX);
	memcpy(m + PREFIX, rp, HASH_LEN);
	hmac(k->store.master, m, sizeof(m), mac);
}

void
credential_new(const struct softkey *k, const uint8_t *rp, int alg,
    int protect, struct credential *out)
{
	if (RAND_bytes(out->id, PREFIX) != 1)
		die("no random bytes");
	out->alg = alg;
	out->protect = protect;
	out->id[0] = (uint8_t)-alg;
	out->id[1] = (uint8_t)protect;
	seal(k, rp, out->id, out->id + PREFIX);
}

bool
credential_known(const struct softkey *k, const uint8_t *rp, struct span id,
    struct credential *out)
{
	uint8_t mac[HASH_LEN];

	if (id.n != ID_LEN)
		return false;
	seal(k, rp, id.p, mac);
	if (memcmp(mac, id.p + PREFIX, HASH_LEN) != 0)
		return false;
	memcpy(out->id, id.p, ID_LEN);
	out->alg = -(int)id.p[0];
	out->protect = id.p[1];
	return true;
}

static size_t
public_of(const BIGNUM *secret, uint8_t *out, size_t n)
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *q = g == NULL ? NULL : EC_POINT_new(g);

	if (q == NULL || EC_POINT_mul(g, q, secret, NULL, NULL, NULL) != 1)
		die("no point");
	n = EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, out, n,
	    NULL);
	EC_POINT_free(q);
	EC_GROUP_free(g);
	return n;
}

static EVP_PKEY *
p256(const uint8_t *secret)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *d = BN_bin2bn(secret, HASH_LEN, NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *p = NULL;
	uint8_t point[65];
	size_t n = d == NULL ? 0 : public_of(d, point, sizeof(point));

	if (n == 0 || b == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	    "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
	    n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1 ||
	    (p = OSSL_PARAM_BLD_to_param(b)) == NULL ||
	    EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, p) != 1)
		die("no P-256 key");
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	BN_clear_free(d);
	EVP_PKEY_CTX_free(c);
	return key;
}

EVP_PKEY *
credential_key(const struct softkey *k, const struct credential *c)
{
	uint8_t secret[HASH_LEN];
	EVP_PKEY *key;

	hmac(k->store.master, c->id, ID_LEN, secret);
	if (c->alg != EDDSA) {
		secret[0] &= 0x7f; /* below the order of P-256 */
		return p256(secret);
	}
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret,
	    sizeof(secret));
	if (key == NULL)
		die("no Ed25519 key");
	return key;
}
