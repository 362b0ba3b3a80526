/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_CLAIM_H
#define CS_STORE_CLAIM_H

#include "fmt/audit.h"
#include "store/store.h"

/* One-time use: countersign-formats(5), section 9, "Claim". */

#define CS_FIELDS_MAX (64 * 1024)
#define CS_CREDENTIAL_MAX (64 * 1024)
#define CS_CLAIM_PATH_MAX 8

typedef struct cs_claim_approval { /* borrows */
	const cs_audit_approval *audit; /* role, owner, key, approval */
	cs_span tbs_hash, key_hash, approval_id; /* 32, 32, 16 octets */
	cs_span path[CS_CLAIM_PATH_MAX]; /* 32 octets each: of the keys above */
	size_t n_path;                   /* the owner's, up to a CA's */
	size_t subject;        /* that is this request's; a grant: 0 */
	int64_t not_before, not_after;
	int64_t max_issuances; /* of this approval */
	bool counter_given, counter_strict;
	uint32_t counter;
} cs_claim_approval;

typedef struct cs_claim_in { /* borrows all */
	int kind;              /* 1 X.509, 2 WIT */
	int64_t now;
	cs_span agent_id, agent_key_hash, request_digest;
	cs_spki agent_key;
	cs_span owner;         /* the principal */
	cs_span serial;
	int64_t not_before, not_after;
	cs_span body_digest, fields;
	size_t n;              /* 1..16; principal first, use behind grant */
	cs_claim_approval at[CS_AUDIT_APPROVALS_MAX];
	bool may_move_owner, may_move_key; /* of a live agent identifier */
	bool dry;              /* what would become of it: a reader's, without
				* a number */
	int64_t deadline_ms;
} cs_claim_in;

enum cs_claim_state {
	CS_CLAIM_NONE = 0,
	CS_CLAIM_NEW,
	CS_CLAIM_AGAIN,
	CS_CLAIM_STORED
};

typedef struct cs_claim { /* gives: own holds what the spans show */
	enum cs_claim_state state;
	int64_t number;
	cs_span serial;
	int64_t not_before, not_after;
	cs_span digest, fields, credential;
	cs_buf *own;
} cs_claim;

/* In one transaction, and in this order: the clock, CS_EIO when it is far behind
 * the log, the approvals' windows and the floor,
 * revocations, denials, (key hash, approval id), strict counters, live
 * identifiers that would move, the idempotent answer (before two thirds of a
 * stored credential's life, or until notAfter where none was recorded), counts
 * of every TBS by subject and kind, then the claim with its audit record. So a
 * stored answer is given to nobody who would be refused today; whether an
 * identifier moves is asked of the claim that is answered. Refusals are
 * CS_EREFUSED with a detail of not-yet-valid, expired, revoked, replayed,
 * exhausted, policy-refused, counter-regressed (and CS_R_NONE for a denial);
 * words that are off CS_EUSAGE; the store's troubles CS_EIO. */
CS_USE int cs_claim_make(cs_store *s, const cs_claim_in *in, cs_claim **out,
    cs_err *e);
/* Compare and set: whatever was recorded first comes back, CS_CLAIM_STORED.
 * CS_EREFUSED "revoked" when the claim was ended meanwhile, without a detail
 * when its request was denied since, and "replayed" when
 * no claim has this number and serial: a store that was restored may give a
 * number twice. */
CS_USE int cs_claim_record(cs_store *s, int64_t number, cs_span serial,
    cs_span credential, int64_t now, int64_t deadline_ms, cs_claim **out,
    cs_err *e);
void cs_claim_free(cs_claim **c);

#endif
