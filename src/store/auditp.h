/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_AUDITP_H
#define CS_STORE_AUDITP_H

#include "store/audit.h"

/* Between who appends and who checks. */

#define CS_AUDIT_PART 64 /* rows that CS_SQL_AUDIT_ROWS gives at most */

/* As the store has it; sequence 0 before the first record. */
CS_USE int cs_audit_head(cs_txn *t, cs_store_head *out, cs_err *e);
/* At most CS_AUDIT_PART rows of from..to. *last: the last one's sequence, as it
 * was when there is none; *more: there may be others behind it. */
CS_USE int cs_audit_part(cs_txn *t, int64_t from, int64_t to, int64_t *last,
    cs_audit_row_fn *each, void *arg, bool *more, cs_err *e);

/* Of those whose time cs_clock_get() has, at the latest. */
bool cs_audit_tells_time(const cs_audit_record *r);

/* What the log says of rows that stand beside it. */
typedef struct cs_audit_sums {
	int64_t approvals; /* of all claims */
	int64_t lifted, floor, latest;
} cs_audit_sums;
void cs_audit_sums_add(cs_audit_sums *s, const cs_audit_record *r);
/* Behind the last record. CS_EREFUSED. */
CS_USE int cs_audit_sums_check(cs_txn *t, const cs_audit_sums *s, cs_err *e);
/* Is this a denial that ended so long before `clock`, which is the log's, that
 * its row may be gone? */
CS_USE int cs_audit_swept(const cs_audit_record *r, int64_t clock,
    bool *swept, cs_err *e);
/* The row of a denial or a revocation is as its record says; another event has
 * none. CS_EREFUSED. */
CS_USE int cs_audit_row_check(cs_txn *t, const cs_audit_record *r,
    int64_t clock, cs_err *e);

#endif
