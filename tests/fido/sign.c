/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "tests/fido/softkey.h"

void
sha256(const void *p, size_t n, uint8_t *out)
{
	if (SHA256(p, n, out) == NULL)
		die("SHA-256");
}

void
hmac(const uint8_t *key, const void *p, size_t n, uint8_t *out)
{
	unsigned len = HASH_LEN;

	if (HMAC(EVP_sha256(), key, HASH_LEN, p, n, out, &len) == NULL)
		die("HMAC");
}

/* 0x04, x, y of P-256; or the 32 bytes of Ed25519. */
size_t
point_of(EVP_PKEY *key, uint8_t *out, size_t n)
{
	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out,
	    n, &n) != 1)
		die("no public key");
	return n;
}

static void
put_okp(struct out *o, const uint8_t *point)
{
	put_head(o, CBOR_MAP, 4);
	put_int(o, 1); /* kty */
	put_int(o, 1);
	put_int(o, 3); /* alg */
	put_int(o, EDDSA);
	put_int(o, -1); /* crv */
	put_int(o, 6);
	put_int(o, -2); /* x */
	put_bytes(o, point, 32);
}

void
put_cose(struct out *o, EVP_PKEY *key, int alg)
{
	uint8_t point[80];

	(void)point_of(key, point, sizeof(point));
	if (alg == EDDSA) {
		put_okp(o, point);
		return;
	}
	put_head(o, CBOR_MAP, 5);
	put_int(o, 1); /* kty */
	put_int(o, 2);
	put_int(o, 3); /* alg */
	put_int(o, alg);
	put_int(o, -1); /* crv */
	put_int(o, 1);
	put_int(o, -2); /* x */
	put_bytes(o, point + 1, 32);
	put_int(o, -3); /* y */
	put_bytes(o, point + 33, 32);
}

void
sign(struct out *o, EVP_PKEY *key, int alg, struct span a, struct span b)
{
	struct out all = {.n = 0};
	uint8_t sig[80];
	size_t n = sizeof(sig);
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	put_raw(&all, a.p, a.n);
	put_raw(&all, b.p, b.n);
	if (c == NULL || all.overflow ||
	    EVP_DigestSignInit(c, NULL, alg == EDDSA ? NULL : EVP_sha256(),
	    NULL, key) != 1 || EVP_DigestSign(c, sig, &n, all.b, all.n) != 1)
		die("no signature");
	EVP_MD_CTX_free(c);
	put_raw(o, sig, n);
}
