/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/index.h"

#include <string.h>

#include "fmt/reason.h"
#include "fmt/scan.h"

#define WORD 4 /* records begin at multiples of it */

static uint32_t
u32_get(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void
u32_set(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static uint32_t
slot_check(size_t i, uint32_t place)
{
	uint32_t h = ((uint32_t)i ^ UINT32_C(0x5bd1e995)) *
	    UINT32_C(0x9e3779b1);

	h = (h ^ h >> 15 ^ place) * UINT32_C(0x85ebca6b);
	return h ^ h >> 13;
}

static void
slot_set(uint8_t *slots, size_t i, uint32_t place)
{
	u32_set(slots + i * CS_INDEX_SLOT_LEN, place);
	u32_set(slots + i * CS_INDEX_SLOT_LEN + 4, slot_check(i, place));
}

static size_t
slot_first(const cs_index *x, const uint8_t *hash)
{
	uint64_t v = u32_get(hash) | (uint64_t)u32_get(hash + 4) << 32;

	return (size_t)(v & (x->slots.n / CS_INDEX_SLOT_LEN - 1));
}

static size_t
slot_next(const cs_index *x, size_t i)
{
	return (i + 1) & (x->slots.n / CS_INDEX_SLOT_LEN - 1);
}

size_t
cs_index_room(size_t n)
{
	size_t want = 2;

	if (n >= UINT32_MAX / 2)
		return 0;
	while (want < n * 2)
		want *= 2;
	return want * CS_INDEX_SLOT_LEN;
}

static int
damaged(cs_err *e, const char *what)
{
	return cs_fail(e, CS_EIO, "anchors", "damaged: %s", what);
}

/* The place that a slot holds and, unless it is free, the record there. */
static int
slot_get(const cs_index *x, size_t i, uint32_t *place, cs_span *record,
    cs_span *hash, cs_err *e)
{
	const uint8_t *slot = x->slots.p + i * CS_INDEX_SLOT_LEN;
	cs_err why = {0};
	size_t at;

	*place = u32_get(slot);
	if (u32_get(slot + 4) != slot_check(i, *place))
		return damaged(e, "a slot whose check does not hold");
	if (*place == 0)
		return CS_OK;
	at = (size_t)(*place - 1);
	if (at >= x->records.n / WORD)
		return damaged(e, "a slot that points nowhere");
	if (cs_anchor_record(cs_scan_from(x->records, at * WORD), record, hash,
	    &why) != CS_OK)
		return damaged(e, why.text);
	return CS_OK;
}

/* Goes to the slot that holds this key, or to the free one where it belongs
 * (*place 0). */
static int
slot_find(const cs_index *x, cs_span wanted, size_t *slot, uint32_t *place,
    cs_span *record, cs_err *e)
{
	size_t tries = x->slots.n / CS_INDEX_SLOT_LEN, i;
	cs_span hash = {0};
	int r;

	if (tries == 0 || (tries & (tries - 1)) != 0 ||
	    wanted.n != CS_SHA256_LEN)
		return damaged(e, "a table of an impossible size");
	for (i = slot_first(x, wanted.p); tries-- > 0; i = slot_next(x, i)) {
		if ((r = slot_get(x, i, place, record, &hash, e)) != CS_OK)
			return r;
		if (*place == 0 || cs_span_eq(hash, wanted)) {
			*slot = i;
			return CS_OK;
		}
	}
	return damaged(e, "a table without a free slot");
}

int
cs_index_build(const cs_index *x, uint8_t *slots, cs_span twice[2], cs_err *e)
{
	cs_span in = x->records, record = {0}, other = {0}, hash = {0};
	size_t i, n = x->slots.n / CS_INDEX_SLOT_LEN;
	uint32_t place = 0;
	int r;

	for (i = 0; i < n; i++)
		slot_set(slots, i, 0);
	for (; in.n > 0; in = cs_scan_from(in, record.n)) {
		if ((r = cs_anchor_record(in, &record, &hash, e)) != CS_OK ||
		    (r = slot_find(x, hash, &i, &place, &other, e)) != CS_OK)
			return r;
		if (place != 0) {
			twice[0] = other;
			twice[1] = record;
			return CS_BAD(e, CS_R_DUPLICATE, "anchors",
			    "key: expected each key once, found one twice");
		}
		slot_set(slots, i,
		    (uint32_t)((size_t)(in.p - x->records.p) / WORD) + 1);
	}
	return CS_OK;
}

int
cs_index_find(const cs_index *x, const uint8_t hash[CS_SHA256_LEN],
    cs_anchor *a, cs_anchor_place *at, bool *found, cs_err *e)
{
	cs_span wanted = cs_span_of(hash, CS_SHA256_LEN), record = {0};
	uint32_t place = 0;
	cs_err why = {0};
	size_t slot = 0;
	int r;

	*found = false;
	*a = (cs_anchor){0};
	r = slot_find(x, wanted, &slot, &place, &record, e);
	if (r != CS_OK || place == 0)
		return r;
	if (cs_anchor_get(record, a, at, &why) != CS_OK) {
		*a = (cs_anchor){0};
		return damaged(e, why.text);
	}
	*found = true;
	return CS_OK;
}
