/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_AUDIT_H
#define CS_STORE_AUDIT_H

#include "fmt/audit.h"
#include "store/storep.h"

/* The log: rows of sequence and record, never changed; the head stands beside,
 * and each claim names its record, so that a log that was cut is seen. */

/* Within a transaction: fills sequence and authority of *r, puts it behind the
 * last one and moves the head. *sequence (may be NULL) is its number. */
CS_USE int cs_audit_append(cs_txn *t, cs_audit_record *r, int64_t *sequence,
    cs_err *e);

/* One row as it stands: `der` is not parsed and may be anything. */
typedef int cs_audit_row_fn(void *arg, int64_t sequence, cs_span der,
    cs_err *e);
/* Rows from..to in their order; to 0: to the end. */
CS_USE int cs_audit_walk(cs_store *s, int64_t from, int64_t to,
    int64_t deadline_ms, cs_audit_row_fn *each, void *arg, cs_err *e);

typedef struct cs_audit_check {
	int64_t from_sequence;   /* what is known from before: this record had */
	uint8_t from_hash[32];   /* this hash; 0: nothing */
	int64_t records;         /* how many were read */
	cs_store_head head;      /* as recomputed */
} cs_audit_check;
/* The chain ends at c->head so far: does this record come next? Moves on. An
 * absent authority is any. CS_EREFUSED. */
CS_USE int cs_audit_link(cs_audit_check *c, cs_span authority,
    const cs_audit_record *r, cs_err *e);
/* Behind the last: what is known from before was there. CS_EREFUSED. */
CS_USE int cs_audit_link_end(const cs_audit_check *c, cs_err *e);
/* Chain, sequence, head, that every claim has its record and every record of a
 * claim its claim; likewise denials, revocations, lifts, the floor, and the
 * counts of uses. `each` (may be NULL) sees every record once it has been
 * linked to the one before. What is wrong is CS_EREFUSED and says where. */
CS_USE int cs_audit_verify(cs_store *s, cs_audit_check *c,
    int64_t deadline_ms,
    int (*each)(void *arg, const cs_audit_record *r, cs_err *e), void *arg,
    cs_err *e);

#endif
