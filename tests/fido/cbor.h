/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIDO_CBOR_H
#define CS_TESTS_FIDO_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * CBOR as CTAP2 has it, for the security key of the tests: a reader that looks
 * values up in what a platform sent, a writer for what the key answers. It
 * shares nothing with src/fmt, so that both cannot have one misreading.
 */

struct span {
	const uint8_t *p;
	size_t n;
};

struct out {
	uint8_t b[4096];
	size_t n;
	bool overflow;
};

enum { CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP,
	CBOR_TAG, CBOR_SIMPLE };

/* One item and nothing behind it, no deeper than CTAP2's four levels allow. */
bool cbor_whole(struct span s);
/* The value beside a key of a map, as the rest of the map that begins with it;
 * false: no map, no such key. */
bool cbor_find(struct span map, int64_t key, struct span *value);
bool cbor_find_text(struct span map, const char *key, struct span *value);
/* What an item holds; false: it is of another type. */
bool cbor_get_string(struct span item, int type, struct span *out);
bool cbor_get_int(struct span item, int64_t *out);
bool cbor_get_bool(struct span item, bool *out);
/* The item's own bytes, without what stands behind it. */
bool cbor_get_item(struct span item, struct span *out);
/* Steps through an array: *rest is the array first; gives one item, which may
 * have others behind it. */
struct walk {
	struct span rest;
	uint64_t left;
};
bool cbor_enter(struct span array, struct walk *w);
bool cbor_next(struct walk *w, struct span *item);

void put_raw(struct out *o, const void *p, size_t n);
void put_head(struct out *o, int type, uint64_t n);
void put_int(struct out *o, int64_t v);
void put_bytes(struct out *o, const void *p, size_t n);
void put_text(struct out *o, const char *s);
void put_bool(struct out *o, bool v);

#endif
