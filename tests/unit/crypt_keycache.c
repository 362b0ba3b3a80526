/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "crypt/keycache.h"
#include "crypt/privkey.h"
#include "tests/unit/tap.h"

/* What the cache lends is the key that was asked for, whatever was asked
 * before, and it never holds more than it may. */

#define KEYS 5

static cs_privkey *priv[KEYS];
static cs_buf *der[KEYS];
static cs_spki spki[KEYS];
static uint8_t hash[KEYS][CS_SHA256_LEN];
static const cs_alg *alg;

static bool
make_keys(void)
{
	cs_err e = {0};
	int i;

	for (i = 0; i < KEYS; i++)
		if ((der[i] = cs_buf_new(256)) == NULL ||
		    cs_privkey_generate("p256", &priv[i], &e) != CS_OK ||
		    cs_privkey_spki(priv[i], der[i], &e) != CS_OK ||
		    cs_spki_parse(cs_buf_span(der[i]), &spki[i], &e) !=
			CS_OK ||
		    cs_key_hash(&spki[i], hash[i], &e) != CS_OK)
			return false;
	return true;
}

/* Does the key that is lent for `want` verify what `signer` signed? */
static bool
verifies(cs_keycache *c, int want, const uint8_t *where, int signer)
{
	cs_span bytes = cs_span_str("bytes");
	cs_buf *sig = cs_buf_new(128);
	cs_pubkey *k = NULL;
	cs_err e = {0};
	bool good;

	good = sig != NULL &&
	    cs_privkey_sign(priv[signer], alg, bytes, sig, &e) == CS_OK &&
	    cs_keycache_get(c, &spki[want], where, &k, &e) == CS_OK &&
	    cs_pubkey_verify(k, alg, bytes, cs_buf_span(sig), &e) == CS_OK;
	cs_buf_free(&sig);
	return good;
}

static void
test_bounds(void)
{
	cs_keycache *c = NULL;
	cs_err e = {0};

	ok(cs_keycache_new(0, &c, &e) == CS_EUSAGE && c == NULL, "no room");
	ok(cs_keycache_new(CS_KEYCACHE_MAX + 1, &c, &e) == CS_EUSAGE &&
	    c == NULL, "too much room");
	cs_keycache_free(&c);
	cs_keycache_free(NULL);
	ok(true, "nothing to free");
}

static void
test_size(size_t max)
{
	cs_keycache *c = NULL;
	cs_err e = {0};
	int round, i;

	if (!ok(cs_keycache_new(max, &c, &e) == CS_OK, "room for %zu", max))
		return;
	for (round = 0; round < 3; round++)
		for (i = 0; i < KEYS; i++) {
			ok(verifies(c, i, hash[i], i), "key %d, round %d", i,
			    round);
			ok(!verifies(c, i, hash[i], (i + 1) % KEYS),
			    "and no other");
			ok(cs_keycache_count(c) <= max, "within its room");
		}
	cs_keycache_free(&c);
	ok(c == NULL, "freed");
}

/* Who is used again stays; who was not leaves first. */
static void
test_order(void)
{
	cs_pubkey *first = NULL, *again = NULL, *other = NULL;
	cs_keycache *c = NULL;
	cs_err e = {0};

	if (!ok(cs_keycache_new(2, &c, &e) == CS_OK, "room for two"))
		return;
	ok(cs_keycache_get(c, &spki[0], hash[0], &first, &e) == CS_OK &&
	    cs_keycache_get(c, &spki[1], hash[1], &other, &e) == CS_OK &&
	    cs_keycache_get(c, &spki[0], hash[0], &again, &e) == CS_OK &&
	    first == again && first != other, "found again");
	ok(cs_keycache_get(c, &spki[2], hash[2], &other, &e) == CS_OK &&
	    cs_keycache_get(c, &spki[0], hash[0], &again, &e) == CS_OK &&
	    first == again, "the one used last stays");
	ok(cs_keycache_count(c) == 2, "two are kept");
	cs_keycache_free(&c);
}

/* The hash is only where to look. */
static void
test_wrong_hash(void)
{
	cs_keycache *c = NULL;
	cs_err e = {0};

	if (!ok(cs_keycache_new(4, &c, &e) == CS_OK, "room for four"))
		return;
	ok(verifies(c, 0, hash[0], 0), "a key");
	ok(verifies(c, 1, hash[0], 1) && !verifies(c, 1, hash[0], 0),
	    "another in its place is itself");
	ok(verifies(c, 0, hash[0], 0), "the first still is");
	cs_keycache_free(&c);
}

/* A key that cannot be made is not kept, and costs nobody his place. */
static void
test_bad_key(void)
{
	cs_keycache *c = NULL;
	cs_pubkey *k = NULL, *before = NULL, *after = NULL;
	cs_buf *bad = cs_buf_dup(spki[1].der);
	cs_spki off = {0};
	cs_err e = {0};

	if (!ok(bad != NULL && cs_keycache_new(1, &c, &e) == CS_OK,
	    "room for one"))
		return;
	cs_buf_truncate(bad, cs_buf_len(bad) - 1);
	ok(cs_buf_put_byte(bad, (uint8_t)(spki[1].der.p[spki[1].der.n - 1] ^
	    1)) == CS_OK && cs_spki_parse(cs_buf_span(bad), &off, &e) ==
	    CS_OK, "a point beside the curve");
	ok(cs_keycache_get(c, &spki[0], hash[0], &before, &e) == CS_OK,
	    "a key");
	ok(cs_keycache_get(c, &off, hash[1], &k, &e) == CS_EFORMAT &&
	    k == NULL, "a bad key is refused");
	ok(cs_keycache_get(c, &off, hash[1], &k, &e) == CS_EFORMAT &&
	    k == NULL, "and again");
	ok(cs_keycache_get(c, &spki[0], hash[0], &after, &e) == CS_OK &&
	    before == after && cs_keycache_count(c) == 1,
	    "the good one is still there");
	cs_keycache_free(&c);
	cs_buf_free(&bad);
}

int
main(void)
{
	int i;

	alg = cs_alg_for_key(CS_KEY_P256, CS_USE_CMS);
	if (!ok(alg != NULL && make_keys(), "keys"))
		return done_testing();
	test_bounds();
	test_size(1);
	test_size(2);
	test_size(3);
	test_size(KEYS + 1);
	test_order();
	test_wrong_hash();
	test_bad_key();
	for (i = 0; i < KEYS; i++) {
		cs_privkey_free(&priv[i]);
		cs_buf_free(&der[i]);
	}
	return done_testing();
}
