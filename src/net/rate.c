/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/rate.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 16384
#define ENTRIES_MAX (1 << 24)
#define NONE UINT32_MAX
#define MS INT64_C(1000000)
#define STEP_MAX 1e15  /* ns, eleven days: times stay far from overflow */
#define REACH_MAX 1e18

static const char where[] = "net/rate";

/* A bucket is one time: when it will be full. It may lie `reach` ahead of now
 * at most, and each token moves it by one `step`. */
typedef struct bucket {
	uint64_t hash;
	int64_t full; /* ns */
	uint32_t next; /* of the same slot */
	uint32_t rank; /* where it stands in the heap */
} bucket;

struct cs_rate {
	int64_t step, reach;
	uint64_t k0, k1;
	uint32_t used, max;
	bucket *entry;
	uint32_t *slot; /* hash to entry; as many as entries, rounded up */
	uint32_t slots; /* a power of two */
	uint32_t *heap; /* entries; on top the one that is full first */
};

static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
turn(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static void
sip_rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turn(v[1], 13) ^ v[0];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] = turn(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turn(v[1], 17) ^ v[2];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] = turn(v[2], 32);
	}
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012): whoever chooses keys cannot
 * choose where they meet. */
static uint64_t
hash_of(const cs_rate *r, cs_span key)
{
	uint64_t v[4] = {r->k0 ^ 0x736f6d6570736575U,
	    r->k1 ^ 0x646f72616e646f6dU, r->k0 ^ 0x6c7967656e657261U,
	    r->k1 ^ 0x7465646279746573U};
	uint64_t m;
	size_t at = 0;

	for (; key.n - at >= 8; at += 8) {
		m = load(key.p + at, 8);
		v[3] ^= m;
		sip_rounds(v, 2);
		v[0] ^= m;
	}
	m = load(key.p + at, key.n - at) | (uint64_t)key.n << 56;
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void
put_at(cs_rate *r, uint32_t rank, uint32_t i)
{
	r->heap[rank] = i;
	r->entry[i].rank = rank;
}

static int64_t
full_at(const cs_rate *r, uint32_t rank)
{
	return r->entry[r->heap[rank]].full;
}

/* To its place among those that are full later. */
static void
sink(cs_rate *r, uint32_t i)
{
	uint32_t rank = r->entry[i].rank, child;

	for (;;) {
		child = 2 * rank + 1;
		if (child >= r->used)
			break;
		if (child + 1 < r->used &&
		    full_at(r, child + 1) < full_at(r, child))
			child++;
		if (full_at(r, child) >= r->entry[i].full)
			break;
		put_at(r, rank, r->heap[child]);
		rank = child;
	}
	put_at(r, rank, i);
}

static void
rise(cs_rate *r, uint32_t i)
{
	uint32_t rank = r->entry[i].rank, parent;

	while (rank > 0) {
		parent = (rank - 1) / 2;
		if (full_at(r, parent) <= r->entry[i].full)
			break;
		put_at(r, rank, r->heap[parent]);
		rank = parent;
	}
	put_at(r, rank, i);
}

static uint32_t *
slot_of(cs_rate *r, uint64_t hash)
{
	return &r->slot[hash & (r->slots - 1)];
}

static void
leave_slot(cs_rate *r, uint32_t i)
{
	uint32_t *p = slot_of(r, r->entry[i].hash);

	while (*p != i)
		p = &r->entry[*p].next;
	*p = r->entry[i].next;
}

static uint32_t
find(cs_rate *r, uint64_t hash)
{
	uint32_t i = *slot_of(r, hash);

	while (i != NONE && r->entry[i].hash != hash)
		i = r->entry[i].next;
	return i;
}

/* A full bucket for a new key; NONE: there is no room. */
static uint32_t
add(cs_rate *r, uint64_t hash, int64_t now)
{
	uint32_t i, *slot = slot_of(r, hash);

	if (r->used < r->max) {
		i = r->used++;
		r->entry[i].rank = i;
	} else {
		i = r->heap[0];
		if (r->entry[i].full > now)
			return NONE;
		leave_slot(r, i);
	}
	r->entry[i].hash = hash;
	r->entry[i].full = now;
	r->entry[i].next = *slot;
	*slot = i;
	rise(r, i);
	sink(r, i);
	return i;
}

bool
cs_rate_take(cs_rate *r, cs_span key, int64_t now_ms, int64_t *wait_ms)
{
	uint64_t hash;
	int64_t now = now_ms * MS, from, wait;
	uint32_t i;

	*wait_ms = 0;
	if (r->step == 0)
		return true;
	hash = hash_of(r, key);
	if ((i = find(r, hash)) == NONE)
		i = add(r, hash, now);
	from = i == NONE ? full_at(r, 0) : r->entry[i].full;
	from = from < now ? now : from;
	wait = i == NONE ? from - now : from - now - r->reach;
	if (wait > 0) {
		*wait_ms = (wait + MS - 1) / MS;
		return false;
	}
	r->entry[i].full = from + r->step;
	sink(r, i);
	return true;
}

static int
check_env(const cs_rate_env *env, cs_err *e)
{
	/* Written so that what is not a number is refused. */
	if (!(env->per_second >= 0) || (env->per_second > 0 &&
	    !(env->burst >= 1)))
		return cs_fail(e, CS_EUSAGE, where,
		    "a rate of %g a second, bursts of %g: expected at least 0, "
		    "and 1", env->per_second, env->burst);
	if (env->entries > ENTRIES_MAX)
		return cs_fail(e, CS_EUSAGE, where,
		    "%zu entries, at most %d", env->entries, ENTRIES_MAX);
	return CS_OK;
}

static bool
make_table(cs_rate *r, size_t entries)
{
	r->max = entries == 0 ? ENTRIES : (uint32_t)entries;
	r->slots = 1;
	while (r->slots < r->max)
		r->slots *= 2;
	r->entry = calloc(r->max, sizeof(*r->entry));
	r->heap = calloc(r->max, sizeof(*r->heap));
	r->slot = malloc(r->slots * sizeof(*r->slot));
	if (r->entry == NULL || r->heap == NULL || r->slot == NULL)
		return false;
	memset(r->slot, 0xff, r->slots * sizeof(*r->slot)); /* NONE */
	return true;
}

int
cs_rate_new(const cs_rate_env *env, cs_rate **out, cs_err *e)
{
	cs_rate *r;
	double step, reach;
	int rc;

	*out = NULL;
	if ((rc = check_env(env, e)) != CS_OK)
		return rc;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return cs_nomem(e, where);
	if (env->per_second > 0) {
		step = 1e9 / env->per_second;
		step = step > STEP_MAX ? STEP_MAX : step < 1 ? 1 : step;
		reach = (env->burst - 1) * step;
		r->step = (int64_t)step;
		r->reach = (int64_t)(reach > REACH_MAX ? REACH_MAX : reach);
		if (!make_table(r, env->entries)) {
			cs_rate_free(&r);
			return cs_nomem(e, where);
		}
	}
	r->k0 = load(env->secret, 8);
	r->k1 = load(env->secret + 8, 8);
	*out = r;
	return CS_OK;
}

void
cs_rate_free(cs_rate **rp)
{
	cs_rate *r;

	if (rp == NULL || (r = *rp) == NULL)
		return;
	free(r->entry);
	free(r->heap);
	free(r->slot);
	free(r);
	*rp = NULL;
}
