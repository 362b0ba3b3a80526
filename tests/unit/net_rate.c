/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/rate.h"

#include <math.h>
#include <string.h>

#include "tap.h"

#define KEYS 500

static int64_t waited;

static bool
take(cs_rate *r, const char *key, int64_t now)
{
	return cs_rate_take(r, cs_span_str(key), now, &waited);
}

/* How many of `n` are taken at once. */
static int
burst(cs_rate *r, const char *key, int n, int64_t now)
{
	int got = 0;

	while (n-- > 0)
		got += take(r, key, now);
	return got;
}

static void
test_one(cs_err *e)
{
	cs_rate_env env = {.per_second = 3, .burst = 5, .entries = 4};
	cs_rate *r = NULL;

	if (!ok(cs_rate_new(&env, &r, e) == CS_OK, "3 a second, bursts of 5"))
		return;
	ok(burst(r, "a", 9, 1000) == 5, "five at once");
	ok(!take(r, "a", 1000) && waited == 334, "then in a third of a second");
	ok(!take(r, "a", 1333) && waited == 1 && take(r, "a", 1334),
	    "and then is then");
	ok(burst(r, "b", 9, 1334) == 5, "another key has its own");
	ok(burst(r, "a", 99, 1000000) == 5, "no more than five after hours");
	ok(take(r, "", 1000000) && cs_rate_take(r, cs_span_of("\0", 1),
	    1000000, &waited), "any octets are a key");
	cs_rate_free(&r);
	ok(r == NULL, "freed");
}

static void
test_full(cs_err *e)
{
	cs_rate_env env = {.per_second = 1, .burst = 2, .entries = 3};
	cs_rate *r = NULL;

	if (!ok(cs_rate_new(&env, &r, e) == CS_OK, "room for three keys"))
		return;
	ok(take(r, "a", 0) && take(r, "a", 0) && take(r, "b", 0) &&
	    take(r, "c", 500), "three keys");
	ok(!take(r, "d", 900) && waited == 100, "no room for a fourth, yet");
	ok(take(r, "d", 1000), "until one has nothing to be remembered");
	ok(!take(r, "b", 1000) && waited == 500,
	    "that one, which has no room now");
	ok(burst(r, "a", 2, 1000) == 1, "the others are remembered");
	cs_rate_free(&r);
}

/* Held against one number a key, which is what a table is to be like. */
static void
test_many(cs_err *e)
{
	cs_rate_env env = {.per_second = 50, .burst = 3, .entries = KEYS};
	static int64_t full[KEYS];
	uint32_t x = 1;
	cs_rate *r = NULL;
	int64_t now = 0;
	int i, wrong = 0, yes = 0;
	size_t k;

	if (!ok(cs_rate_new(&env, &r, e) == CS_OK, "many keys"))
		return;
	for (i = 0; i < 200000; i++) {
		x = x * 1664525 + 1013904223;
		k = (x >> 16) % KEYS;
		now += x >> 31;
		if (full[k] < now)
			full[k] = now;
		if (cs_rate_take(r, cs_span_of(&k, sizeof(k)), now,
		    &waited)) {
			yes++;
			wrong += full[k] - now > 40;
			full[k] += 20;
		} else
			wrong += waited != full[k] - now - 40;
	}
	ok(wrong == 0 && yes > 1000 && yes < 200000, "as many numbers: %d of "
	    "200000 taken", yes);
	cs_rate_free(&r);
	env.entries = 100;
	ok(cs_rate_new(&env, &r, e) == CS_OK, "fewer entries than keys");
	for (yes = i = 0, k = 0; i < 100000; i++, k++)
		yes += cs_rate_take(r, cs_span_of(&k, sizeof(k)), i / 100,
		    &waited);
	ok(yes == 100 * 50, "fresh keys alone: as fast as entries are free, %d",
	    yes);
	cs_rate_free(&r);
}

static void
test_env(cs_err *e)
{
	cs_rate_env env = {.per_second = 0};
	cs_rate *r = NULL;

	ok(cs_rate_new(&env, &r, e) == CS_OK && burst(r, "a", 1000, 0) == 1000,
	    "0 a second: no limit");
	cs_rate_free(&r);
	env = (cs_rate_env){.per_second = 1, .burst = 0.5};
	ok(cs_rate_new(&env, &r, e) == CS_EUSAGE && r == NULL,
	    "a burst of less than one");
	env.per_second = -1;
	env.burst = 1;
	ok(cs_rate_new(&env, &r, e) == CS_EUSAGE, "a negative rate");
	env.per_second = (double)NAN;
	ok(cs_rate_new(&env, &r, e) == CS_EUSAGE, "a rate that is no number");
	env = (cs_rate_env){.per_second = 1e-9, .burst = 1e9, .entries = 1};
	ok(cs_rate_new(&env, &r, e) == CS_OK && burst(r, "a", 10, 0) == 10,
	    "a long wait, a long burst");
	cs_rate_free(&r);
	env = (cs_rate_env){.per_second = 1e12, .burst = 1};
	ok(cs_rate_new(&env, &r, e) == CS_OK && take(r, "a", 1),
	    "faster than a clock");
	cs_rate_free(&r);
	cs_rate_free(NULL);
}

int
main(void)
{
	cs_err e = {0};

	test_one(&e);
	test_full(&e);
	test_many(&e);
	test_env(&e);
	return done_testing();
}
