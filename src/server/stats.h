/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_STATS_H
#define CS_SERVER_STATS_H

#include "base/buf.h"
#include "fmt/reason.h"
#include "server/msg.h"

/* What the issuer counts, from many threads, and shows to Prometheus. */

typedef struct cs_stats cs_stats;

CS_USE int cs_stats_new(cs_stats **out, cs_err *e);
void cs_stats_free(cs_stats **s);

/* What others know. */
typedef struct cs_stats_now {
	int64_t queued, workers;
	int64_t pending;      /* -1: not known */
	int64_t live;         /* likewise */
	int64_t crl_made;     /* seconds since 1970; 0: none */
	int64_t crl_number;
	int64_t crl_entries;  /* of the longest list */
	int64_t crl_failing;  /* lists that cannot be made anew */
	int64_t now;
} cs_stats_now;

/* What was answered. */
void cs_stats_told(cs_stats *s, const cs_told_issue *t);
void cs_stats_signed(cs_stats *s, bool gave);
/* From the queue to the answer. */
void cs_stats_took(cs_stats *s, int64_t micros);
const char *cs_outcome_name(enum cs_outcome o); /* "issued" */
/* Appends the text format, version 0.0.4. */
CS_USE int cs_stats_put(cs_stats *s, const cs_stats_now *now, cs_buf *out,
    cs_err *e);

#endif
