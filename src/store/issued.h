/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_ISSUED_H
#define CS_STORE_ISSUED_H

#include "store/memory.h"

/* What an identity server asks of what it issued. */

/* The last credential of this kind that was recorded for a request, lives at
 * `now` and was not ended: calls `each` with it, or not at all. */
CS_USE int cs_issued_find(cs_store *s, cs_span request_digest, int kind,
    int64_t now, int64_t deadline_ms, cs_claim_fn *each, void *arg,
    cs_err *e);
/* The last claims of a kind for this agent and key that live at `now`, ended or
 * not, the newest first: at most CS_ISSUED_OF_KEY. */
#define CS_ISSUED_OF_KEY 16
typedef struct cs_issued_ask { /* borrows */
	cs_span agent_id, key_hash;
	int kind;
	int64_t now, deadline_ms;
} cs_issued_ask;
typedef int cs_issued_fn(void *arg, const cs_stored_claim *c, cs_span digest,
    cs_span fields, cs_err *e);
CS_USE int cs_issued_of_key(cs_store *s, const cs_issued_ask *ask,
    cs_issued_fn *each, void *arg, cs_err *e);
/* Every claim that was ended and whose notAfter is later than `after`. */
CS_USE int cs_issued_ended(cs_store *s, int64_t after, int64_t deadline_ms,
    cs_claim_fn *each, void *arg, cs_err *e);
/* The audit log's number of the last revocation, 0 when there is none: while it
 * is the same, nothing more was ended. */
CS_USE int cs_issued_revoked(cs_store *s, int64_t deadline_ms,
    int64_t *number, cs_err *e);
/* The number of what is published under this name (of meta, in store/schema.c):
 * the one before while its hash is the same, and else a greater one, not below
 * `now`; whatever a clock says it never goes back. */
CS_USE int cs_issued_number(cs_store *s, const char *name, cs_span hash,
    int64_t now, int64_t deadline_ms, int64_t *number, cs_err *e);

#endif
