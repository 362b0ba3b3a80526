/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/alg.h"

#include <string.h>

#include "fmt/reason.h"

#define BYTES(...)                                             \
	{                                                      \
		(const uint8_t[]){__VA_ARGS__},                \
		    sizeof((const uint8_t[]){__VA_ARGS__})     \
	}

/* RFC 5758 3.2: ECDSA without parameters. RFC 4055 5 and RFC 3279 2.3.1: RSA
 * with NULL. RFC 5754 2: SHA-2, which we write without parameters. */
#define ECDSA(last) \
	BYTES(0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last)
#define RSA(last)                                                       \
	BYTES(0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, \
	    last, 5, 0)
#define SHA2(last) \
	BYTES(0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last)
#define SHA2_NULL(last)                                               \
	BYTES(0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, 5, 0)
/* DigestInfo up to the digest, RFC 8017 9.2 note 1. */
#define DIGEST_INFO(last, len)                                             \
	BYTES(0x30, 17 + (len), 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, \
	    4, 2, last, 5, 0, 4, len)

#define BOTH (CS_USE_PKCS10 | CS_USE_CMS)

static const cs_alg rows[] = {
	{"ecdsa-with-SHA256", CS_KEY_P256, CS_SHA256, BOTH, ECDSA(2), SHA2(1),
	    true},
	{"ecdsa-with-SHA384", CS_KEY_P256, CS_SHA384, BOTH, ECDSA(3), SHA2(2),
	    false},
	{"ecdsa-with-SHA512", CS_KEY_P256, CS_SHA512, BOTH, ECDSA(4), SHA2(3),
	    false},
	{"ecdsa-with-SHA256", CS_KEY_P384, CS_SHA256, BOTH, ECDSA(2), SHA2(1),
	    false},
	{"ecdsa-with-SHA384", CS_KEY_P384, CS_SHA384, BOTH, ECDSA(3), SHA2(2),
	    true},
	{"ecdsa-with-SHA512", CS_KEY_P384, CS_SHA512, BOTH, ECDSA(4), SHA2(3),
	    false},
	{"sha256WithRSAEncryption", CS_KEY_RSA, CS_SHA256, BOTH, RSA(11),
	    SHA2(1), true},
	{"sha384WithRSAEncryption", CS_KEY_RSA, CS_SHA384, BOTH, RSA(12),
	    SHA2(2), false},
	{"sha512WithRSAEncryption", CS_KEY_RSA, CS_SHA512, BOTH, RSA(13),
	    SHA2(3), false},
	/* RFC 3370 3.2: the digest stands beside it. */
	{"rsaEncryption with SHA256", CS_KEY_RSA, CS_SHA256, CS_USE_CMS,
	    RSA(1), SHA2(1), false},
	{"rsaEncryption with SHA384", CS_KEY_RSA, CS_SHA384, CS_USE_CMS,
	    RSA(1), SHA2(2), false},
	{"rsaEncryption with SHA512", CS_KEY_RSA, CS_SHA512, CS_USE_CMS,
	    RSA(1), SHA2(3), false},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* RFC 5754 2: receivers take SHA-2 with and without NULL. */
static const cs_span with_null[] = {
	[CS_HASH_NONE] = {NULL, 0},
	[CS_SHA256] = SHA2_NULL(1),
	[CS_SHA384] = SHA2_NULL(2),
	[CS_SHA512] = SHA2_NULL(3),
};

static const cs_span digest_infos[] = {
	[CS_HASH_NONE] = {NULL, 0},
	[CS_SHA256] = DIGEST_INFO(1, 32),
	[CS_SHA384] = DIGEST_INFO(2, 48),
	[CS_SHA512] = DIGEST_INFO(3, 64),
};

static bool
digest_fits(const cs_alg *a, enum cs_alg_use use, cs_span digest_alg)
{
	if (use == CS_USE_PKCS10)
		return digest_alg.p == NULL;
	return cs_span_eq(digest_alg, a->digest_alg) ||
	    cs_span_eq(digest_alg, with_null[a->hash]);
}

int
cs_alg_match(enum cs_key_kind key, enum cs_alg_use use, cs_span sig_alg,
    cs_span digest_alg, cs_alg *out, cs_err *e)
{
	const cs_alg *a;

	memset(out, 0, sizeof(*out));
	for (a = rows; a < rows + N_ROWS; a++)
		if (a->key == key && (a->uses & use) != 0 &&
		    cs_span_eq(a->sig_alg, sig_alg) &&
		    digest_fits(a, use, digest_alg)) {
			*out = *a;
			return CS_OK;
		}
	return CS_BAD(e, CS_R_UNSUPPORTED, "crypt/alg",
	    "the signature's algorithm, or its digest's, is not one of the "
	    "table for this kind of key");
}

const cs_alg *
cs_alg_for_key(enum cs_key_kind key, enum cs_alg_use use)
{
	const cs_alg *a;

	for (a = rows; a < rows + N_ROWS; a++)
		if (a->key == key && (a->uses & use) != 0 && a->preferred)
			return a;
	return NULL;
}

cs_span
cs_alg_digest_info(enum cs_hash h)
{
	return digest_infos[h];
}
