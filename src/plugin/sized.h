/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_SIZED_H
#define CS_PLUGIN_SIZED_H

#include "base/buf.h"
#include "include/countersign/verifier.h"

/* What a host hands in: structs that begin with their size, spans, numbers.
 * Every complaint is CS_EUSAGE, with the field's name. */

#define CS_SIZED_MAX 4096 /* nobody's struct will ever be as large */

/* Up to and with a member. */
#define CS_SIZED_TO(type, member) \
	(offsetof(type, member) + sizeof(((type *)NULL)->member))

/* Copies what `in` has to `out`, which has room for `n` octets: what a shorter
 * one lacks is zero, what a longer one has behind is left. It has to have
 * `least`. */
CS_USE int cs_sized_get(const void *in, const char *name, size_t least,
    void *out, size_t n, cs_err *e);
/* A span of `least` to `most` octets; `*out` is absent when there are none,
 * which counts as zero octets. */
CS_USE int cs_sized_bytes(countersign_bytes b, const char *name, size_t least,
    size_t most, cs_span *out, cs_err *e);
/* An enumeration's number, a flag. */
CS_USE int cs_sized_number(uint32_t v, const char *name, uint32_t least,
    uint32_t most, cs_err *e);
/* A time of years 2000 to 9999. */
CS_USE int cs_sized_time(int64_t t, const char *name, cs_err *e);
/* Milliseconds of CLOCK_MONOTONIC: *out is that, or ten seconds from now for
 * 0. One that has passed is CS_EIO. */
CS_USE int cs_sized_deadline(int64_t ms, int64_t *out, cs_err *e);
countersign_bytes cs_sized_out(cs_span s);

#endif
