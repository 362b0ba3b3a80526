/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_RATE_H
#define CS_NET_RATE_H

#include "base/buf.h"

/* Token buckets by key, in a table of fixed size; when it is full the bucket
 * that has been full longest makes room, and if none is, the key is refused.
 * Keys are hashed with a secret of the table's own. */
typedef struct cs_rate cs_rate;

typedef struct cs_rate_env {
	double per_second; /* 0: everything is allowed */
	double burst;      /* at least 1 */
	size_t entries;    /* 0: 16384 */
	uint8_t secret[16]; /* random */
} cs_rate_env;

CS_USE int cs_rate_new(const cs_rate_env *env, cs_rate **out, cs_err *e);
void cs_rate_free(cs_rate **r);
/* Takes one token at `now_ms` (CLOCK_MONOTONIC). False: too fast; *wait_ms is
 * when there will be one. */
bool cs_rate_take(cs_rate *r, cs_span key, int64_t now_ms, int64_t *wait_ms);

#endif
