/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_MEMORY_H
#define CS_STORE_MEMORY_H

#include "fmt/audit.h"
#include "store/store.h"

/* What a verdict asks of the past, and denials, which are such a past. */

/* The last counter of a key, and whether this very TBS was recorded. */
typedef struct cs_stored_counter {
	bool known, recorded;
	uint32_t value;
} cs_stored_counter;
CS_USE int cs_store_counter(cs_store *s, cs_span key_hash, cs_span tbs_hash,
    int64_t deadline_ms, cs_stored_counter *out, cs_err *e);

typedef struct cs_stored_denial { /* borrows, in a callback and as input */
	cs_span agent_id, request_digest; /* digest: 32 octets */
	const cs_audit_approval *approval; /* as input: for the audit log */
	cs_span owner, key_hash, tbs_hash;
	int64_t time, not_before, not_after;
	bool counter_given; /* as input */
	uint32_t counter;
	cs_span der; /* OwnerApproval */
} cs_stored_denial;
#define CS_DENIALS_MAX 1000
#define CS_DENIAL_SWEEP (7 * 86400)
/* Keeps a denial that verified, and its counter; the same one again is CS_OK
 * and nothing. CS_EREFUSED "exhausted" where CS_DENIALS_MAX of this key are in
 * force; of a request that it has denied already, where twice as many are. Its
 * own that ended CS_DENIAL_SWEEP seconds ago are dropped. */
CS_USE int cs_denial_keep(cs_store *s, const cs_stored_denial *d,
    int64_t deadline_ms, cs_err *e);
/* The one in force for a request at `now` that lasts longest: *not_after, 0
 * when there is none, and its owner into text (its size). */
CS_USE int cs_denial_find(cs_store *s, cs_span request_digest, int64_t now,
    int64_t deadline_ms, int64_t *not_after, char *owner, size_t owner_len,
    cs_err *e);
typedef int cs_denial_fn(void *arg, const cs_stored_denial *d, cs_err *e);
/* All, oldest first. */
CS_USE int cs_denials(cs_store *s, int64_t deadline_ms, cs_denial_fn *each,
    void *arg, cs_err *e);

typedef struct cs_stored_claim { /* borrows, in a callback */
	int64_t number;
	int kind;
	cs_span agent_id, agent_key_hash, owner, serial, request_digest;
	int64_t time, not_before, not_after;
	bool recorded;
	int64_t ended;      /* 0: it was not */
	cs_span end_reason;
	cs_span credential; /* absent unless asked for */
} cs_stored_claim;
typedef struct cs_claim_ask { /* absent: any */
	cs_span agent_id, owner, key_hash, serial;
	cs_span tbs_hash;   /* or an approval's id of 16 octets */
	bool live_only;     /* not ended, notAfter after `now` */
	int64_t now;
	bool with_credential;
} cs_claim_ask;
typedef int cs_claim_fn(void *arg, const cs_stored_claim *c, cs_err *e);
CS_USE int cs_claims(cs_store *s, const cs_claim_ask *ask,
    int64_t deadline_ms, cs_claim_fn *each, void *arg, cs_err *e);

#endif
