/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"
#include "tests/fido/cbor.h"

#include <string.h>

#define MAX_DEPTH 8

/* Takes an item's head off: its type and its number; -1: there is none. */
static int
head(struct span *s, uint64_t *n)
{
	size_t i, len;
	uint8_t first;

	if (s->n == 0)
		return -1;
	first = *s->p;
	*n = first & 31;
	len = *n < 24 ? 0 : *n < 28 ? (size_t)1 << (*n - 24) : SIZE_MAX;
	if (len >= s->n)
		return -1;
	for (*n = len > 0 ? 0 : *n, i = 0; i < len; i++)
		*n = *n << 8 | s->p[1 + i];
	s->p += 1 + len;
	s->n -= 1 + len;
	return first >> 5;
}

static bool
skip(struct span *s, int depth)
{
	uint64_t n;
	int type = head(s, &n);

	switch (type) {
	case CBOR_UINT:
	case CBOR_NEGATIVE:
	case CBOR_SIMPLE:
		return true;
	case CBOR_BYTES:
	case CBOR_TEXT:
		if (n > s->n)
			return false;
		s->p += n;
		s->n -= n;
		return true;
	case CBOR_ARRAY:
	case CBOR_MAP:
		if (depth == MAX_DEPTH || n > s->n)
			return false;
		for (n *= type == CBOR_MAP ? 2 : 1; n > 0; n--) {
			if (!skip(s, depth + 1))
				return false;
		}
		return true;
	default:
		return false;
	}
}

bool
cbor_whole(struct span s)
{
	return skip(&s, 0) && s.n == 0;
}

bool
cbor_get_string(struct span item, int type, struct span *out)
{
	uint64_t n;

	if (head(&item, &n) != type || n > item.n)
		return false;
	out->p = item.p;
	out->n = n;
	return true;
}

bool
cbor_get_int(struct span item, int64_t *out)
{
	uint64_t n;
	int type = head(&item, &n);

	if (type > CBOR_NEGATIVE || type < 0 || n > INT64_MAX)
		return false;
	*out = type == CBOR_UINT ? (int64_t)n : -1 - (int64_t)n;
	return true;
}

bool
cbor_get_bool(struct span item, bool *out)
{
	uint64_t n;

	if (head(&item, &n) != CBOR_SIMPLE || (n != 20 && n != 21))
		return false;
	*out = n == 21;
	return true;
}

bool
cbor_get_item(struct span item, struct span *out)
{
	struct span rest = item;

	if (!skip(&rest, 0))
		return false;
	out->p = item.p;
	out->n = item.n - rest.n;
	return true;
}

static bool
is_int(struct span item, int64_t want)
{
	int64_t v;

	return cbor_get_int(item, &v) && v == want;
}

static bool
is_text(struct span item, const char *want)
{
	struct span s;

	return cbor_get_string(item, CBOR_TEXT, &s) && s.n == strlen(want) &&
	    memcmp(s.p, want, s.n) == 0;
}

bool
cbor_find(struct span map, int64_t key, struct span *value)
{
	uint64_t n;

	if (head(&map, &n) != CBOR_MAP)
		return false;
	for (; n > 0; n--) {
		bool found = is_int(map, key);

		if (!skip(&map, 0))
			return false;
		*value = map;
		if (found)
			return true;
		if (!skip(&map, 0))
			return false;
	}
	return false;
}

bool
cbor_find_text(struct span map, const char *key, struct span *value)
{
	uint64_t n;

	if (head(&map, &n) != CBOR_MAP)
		return false;
	for (; n > 0; n--) {
		bool found = is_text(map, key);

		if (!skip(&map, 0))
			return false;
		*value = map;
		if (found)
			return true;
		if (!skip(&map, 0))
			return false;
	}
	return false;
}

bool
cbor_enter(struct span array, struct walk *w)
{
	w->rest = array;
	return head(&w->rest, &w->left) == CBOR_ARRAY;
}

bool
cbor_next(struct walk *w, struct span *item)
{
	if (w->left == 0)
		return false;
	w->left--;
	*item = w->rest;
	return skip(&w->rest, 0);
}

void
put_raw(struct out *o, const void *p, size_t n)
{
	if (n > sizeof(o->b) - o->n) {
		o->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(o->b + o->n, p, n);
	o->n += n;
}

void
put_head(struct out *o, int type, uint64_t n)
{
	uint8_t h[3] = {(uint8_t)(type << 5), (uint8_t)n, 0};

	if (n < 24) {
		h[0] |= (uint8_t)n;
		put_raw(o, h, 1);
	} else if (n < 256) {
		h[0] |= 24;
		put_raw(o, h, 2);
	} else {
		h[0] |= 25;
		h[1] = (uint8_t)(n >> 8);
		h[2] = (uint8_t)n;
		put_raw(o, h, 3);
	}
}

void
put_int(struct out *o, int64_t v)
{
	if (v < 0)
		put_head(o, CBOR_NEGATIVE, (uint64_t)(-1 - v));
	else
		put_head(o, CBOR_UINT, (uint64_t)v);
}

void
put_bytes(struct out *o, const void *p, size_t n)
{
	put_head(o, CBOR_BYTES, n);
	put_raw(o, p, n);
}

void
put_text(struct out *o, const char *s)
{
	put_head(o, CBOR_TEXT, strlen(s));
	put_raw(o, s, strlen(s));
}

void
put_bool(struct out *o, bool v)
{
	put_head(o, CBOR_SIMPLE, v ? 21 : 20);
}
