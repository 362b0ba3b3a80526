/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_BUF_H
#define CS_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A span borrows bytes; {NULL, 0} is absent, {non-NULL, 0} is empty. */
typedef struct cs_span {
	const uint8_t *p;
	size_t n;
} cs_span;

/*
 * A buf owns bytes. Its capacity is fixed when it is made, it never moves and
 * is wiped when freed. A put beyond the capacity, or after one that failed,
 * fails and leaves the bytes alone: the failure sticks.
 */
typedef struct cs_buf cs_buf;

cs_span cs_span_of(const void *p, size_t n);
cs_span cs_span_str(const char *s); /* without the NUL; NULL gives absent */
/* Equal length and bytes; for public data only. An absent span equals none. */
bool cs_span_eq(cs_span a, cs_span b);
/* The same for secrets: how long it takes tells of the lengths alone. */
bool cs_secret_eq(cs_span a, cs_span b);
/* Below, at or above zero, as qsort() wants it: the shorter first, then by
 * their bytes, as positive numbers go; for public data. */
int cs_span_order(cs_span a, cs_span b);
bool cs_span_is(cs_span a, const char *s); /* equals the string's bytes */
/* From offset `at`, `n` bytes; absent when out of bounds. */
cs_span cs_span_cut(cs_span a, size_t at, size_t n);

/* Gives a buf with room for `cap` bytes, NULL when out of memory. */
cs_buf *cs_buf_new(size_t cap);
/* The same for secrets: locked in memory (best effort), wiped on free. */
cs_buf *cs_secret_new(size_t cap);
/* Gives a copy of a span as a buf, NULL when out of memory. */
cs_buf *cs_buf_dup(cs_span s);
void cs_buf_free(cs_buf **b); /* takes; NULL and *b == NULL are fine */

CS_USE int cs_buf_put(cs_buf *b, cs_span s); /* CS_OK or CS_EBUG */
CS_USE int cs_buf_put_str(cs_buf *b, const char *s);
CS_USE int cs_buf_put_byte(cs_buf *b, uint8_t c);
CS_USE int cs_buf_printf(cs_buf *b, const char *fmt, ...) CS_PRINTF(2, 3);
/* Inserts before offset `at`, which must be within the bytes held. */
CS_USE int cs_buf_insert(cs_buf *b, size_t at, cs_span s);

cs_span cs_buf_span(const cs_buf *b);  /* lends; absent for NULL */
size_t cs_buf_len(const cs_buf *b);
size_t cs_buf_room(const cs_buf *b);   /* bytes that still fit */
bool cs_buf_failed(const cs_buf *b);
void cs_buf_fail(cs_buf *b);           /* from now on every put fails */
/* For a reader that fills the buf itself: lends the first free byte, to write
 * at most cs_buf_room() bytes; cs_buf_grew tells how many were written. */
uint8_t *cs_buf_tail(cs_buf *b);
CS_USE int cs_buf_grew(cs_buf *b, size_t n);
void cs_buf_reset(cs_buf *b);          /* wipes; length 0, failure forgotten */
void cs_buf_truncate(cs_buf *b, size_t n); /* wipes what is cut off */
/* Lends the bytes as a C string: a NUL is kept behind them, inside the
 * capacity's reserve. The caller has checked for NUL bytes within. */
const char *cs_buf_cstr(const cs_buf *b);

#endif
