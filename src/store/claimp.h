/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_CLAIMP_H
#define CS_STORE_CLAIMP_H

#include "fmt/names.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "store/storep.h"

/* What the files of claims, revocations and denials share: their rows, and what
 * each asks of the other's within a transaction. */

#define CS_HASH_LEN 32
#define CS_APPROVAL_ID_LEN 16
#define CS_SERIAL_MAX 20
#define CS_ISSUANCES_MAX 1000000
#define CS_REASON_MAX 1024
#define CS_ACTOR_MAX 256
#define CS_END_MAX (CS_AGENT_ID_MAX + CS_REASON_MAX + 64)
#define CS_TIME_FIRST INT64_C(946684800)    /* of the year 2000 */
#define CS_TIME_LAST INT64_C(253402300799)  /* of the year 9999 */

/* Rows, as sql.c selects them. What is not as we wrote it is CS_EIO. */
typedef struct cs_claim_row { /* borrows */
	cs_stored_claim claim;
	cs_span digest, fields; /* only where the answer is asked for */
} cs_claim_row;
CS_USE int cs_claim_row_get(const cs_db_value *col, size_t n,
    cs_claim_row *out, cs_err *e);
/* cs_store_ask for a statement whose rows are claims. */
CS_USE int cs_claims_ask(cs_store *s, enum cs_sql which,
    const cs_db_value *in, size_t n, int64_t deadline_ms, cs_claim_fn *each,
    void *arg, cs_err *e);
CS_USE int cs_revocation_row_get(const cs_db_value *col, size_t n,
    cs_revocation *out, cs_err *e);
CS_USE int cs_denial_row_get(const cs_db_value *col, size_t n,
    cs_stored_denial *out, cs_err *e);

/* A word of a call: CS_EUSAGE unless it has from `min` to `max` octets. */
typedef struct cs_word {
	const char *name;
	cs_span s;
	size_t min, max;
} cs_word;
CS_USE int cs_words_check(const cs_word *w, size_t n, const char *where,
    cs_err *e);
CS_USE int cs_time_check(const char *name, int64_t t, const char *where,
    cs_err *e);

/* As cs_revoked() and cs_denial_find(). */
CS_USE int cs_txn_revoked(cs_txn *t, const cs_revoked_ask *ask, bool *found,
    char *text, size_t text_len, cs_err *e);
CS_USE int cs_txn_denied(cs_txn *t, cs_span request_digest, int64_t now,
    int64_t *not_after, char *owner, size_t owner_len, cs_err *e);
/* The counter's row; *value is -1 when there is none. */
CS_USE int cs_txn_counter(cs_txn *t, cs_span key_hash, int64_t *value,
    cs_err *e);

/* Of a claim, as bits: whatever else of its agent was live as it was made had
 * the same. */
enum cs_claim_alone {
	CS_ALONE_OWNER = 1 << 0,
	CS_ALONE_KEY = 1 << 1
};

/* A claim while it is made. */
typedef struct cs_claiming {
	const cs_claim_in *in;
	uint8_t set[CS_HASH_LEN];
	/* From here on of one transaction, which may be tried again. */
	bool recorded[CS_AUDIT_APPROVALS_MAX]; /* this TBS was claimed before */
	int64_t counter[CS_AUDIT_APPROVALS_MAX]; /* the key's last; -1: none */
	char owner[CS_OWNER_MAX + 1]; /* principal of the claim to answer */
	int alone;            /* enum cs_claim_alone */
	cs_claim *out;
} cs_claiming;

CS_USE int cs_claim_in_check(const cs_claim_in *in, cs_err *e);
/* SHA-256 over the sorted hashes of the TBS. */
CS_USE int cs_claim_set(const cs_claim_in *in, uint8_t out[CS_HASH_LEN],
    cs_err *e);
/* Clock, windows, floor, revocations, denials, ids, counters. */
CS_USE int cs_claim_check(cs_txn *t, cs_claiming *c, cs_err *e);
/* Was this request denied, which is in force at `when`? */
CS_USE int cs_claim_check_denied(cs_txn *t, cs_span request_digest,
    int64_t when, cs_err *e);
/* Would the agent's identifier move to the answered claim's owner, or to this
 * key? Fills c->alone. */
CS_USE int cs_claim_check_move(cs_txn *t, cs_claiming *c, cs_err *e);
/* The claim that was made before of the same, when it still answers. */
CS_USE int cs_claim_find(cs_txn *t, cs_claiming *c, cs_err *e);
/* Would it count? Puts nothing; the claim has no number. */
CS_USE int cs_claim_try(cs_txn *t, cs_claiming *c, cs_err *e);
/* Counts, and puts the rows. */
CS_USE int cs_claim_put(cs_txn *t, cs_claiming *c, cs_err *e);

/* Gives a copy of what is answered. */
CS_USE int cs_claim_new(enum cs_claim_state state, const cs_claim_row *row,
    cs_claim **out, cs_err *e);

#endif
