/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "crypt/hash.h"
#include "tests/unit/tap.h"

/* FIPS 180-4 examples: "abc". */
static const uint8_t abc256[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf,
    0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61,
    0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15,
    0xad};
static const uint8_t abc384_head[] = {0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3};
static const uint8_t abc512_head[] = {0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61};
static const uint8_t empty256_head[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc};

static void
test_hashes(void)
{
	uint8_t out[CS_HASH_MAX] = {0};
	const cs_span none = {NULL, 0};
	cs_err e = {0};

	ok(cs_sha256(cs_span_str("abc"), out, &e) == CS_OK &&
	    memcmp(out, abc256, 32) == 0, "SHA-256 of abc");
	ok(cs_hash(CS_SHA384, cs_span_str("abc"), out, &e) == CS_OK &&
	    memcmp(out, abc384_head, 6) == 0, "SHA-384 of abc");
	ok(cs_hash(CS_SHA512, cs_span_str("abc"), out, &e) == CS_OK &&
	    memcmp(out, abc512_head, 6) == 0, "SHA-512 of abc");
	ok(cs_sha256(none, out, &e) == CS_OK &&
	    memcmp(out, empty256_head, 6) == 0, "SHA-256 of nothing");
	ok(cs_hash(CS_HASH_NONE, none, out, &e) == CS_EBUG, "no hash, no hash");
	ok(cs_hash_len(CS_SHA384) == 48 && cs_hash_len(CS_HASH_NONE) == 0,
	    "lengths");
	ok(strcmp(cs_hash_name(CS_SHA512), "SHA512") == 0, "names");
}

/* RFC 4231, cases 2 and 6; the head is told apart well enough. */
static const uint8_t jefe_head[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60};
static const uint8_t long_head[] = {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0};
/* of no key and no octets */
static const uint8_t none_head[] = {0xb6, 0x13, 0x67, 0x9a, 0x08, 0x14};

static void
test_hmac(void)
{
	uint8_t out[CS_SHA256_LEN] = {0}, key[131];
	const cs_span none = {NULL, 0};
	cs_err e = {0};

	memset(key, 0xaa, sizeof(key));
	ok(cs_hmac_sha256(cs_span_str("Jefe"),
	    cs_span_str("what do ya want for nothing?"), out, &e) == CS_OK &&
	    memcmp(out, jefe_head, 6) == 0, "HMAC");
	ok(cs_hmac_sha256(cs_span_of(key, sizeof(key)),
	    cs_span_str("Test Using Larger Than Block-Size Key - "
	    "Hash Key First"), out, &e) == CS_OK &&
	    memcmp(out, long_head, 6) == 0, "with a long key");
	ok(cs_hmac_sha256(none, none, out, &e) == CS_OK &&
	    memcmp(out, none_head, 6) == 0, "with none, of nothing");
}

static void
test_random(void)
{
	uint8_t a[64] = {0}, b[64] = {0};
	static uint8_t big[100000];
	cs_err e = {0};

	ok(cs_random(a, sizeof(a), &e) == CS_OK &&
	    cs_random(b, sizeof(b), &e) == CS_OK && memcmp(a, b, 64) != 0,
	    "two draws differ");
	ok(cs_random(big, sizeof(big), &e) == CS_OK, "a long draw");
	ok(cs_random(a, 0, &e) == CS_OK, "no bytes");
}

static void
test_fingerprint(void)
{
	char text[52];

	memset(text, 'x', sizeof(text));
	cs_fingerprint(abc256, text);
	ok(strcmp(text, "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0") ==
	    0, "fingerprint %s", text);
}

int
main(void)
{
	test_hashes();
	test_hmac();
	test_random();
	test_fingerprint();
	return done_testing();
}
