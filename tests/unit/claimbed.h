/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_CLAIMBED_H
#define CS_TESTS_CLAIMBED_H

#include "store/audit.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "store/storep.h"

/* A store for a test, and claims to make in it. Whatever has a name here is
 * another for another name, so that all tests of a program share one store. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define HOUR 3600

/* A new store below the directory where the test runs; with
 * $COUNTERSIGN_TEST_STORE in the database of that URI, which has none yet.
 * Prints a plan that skips all, and gives NULL, where no engine was built. */
cs_store *bed_open(void);
/* Closes it, and opens it again. */
void bed_again(cs_store **s);
/* The same once more, as another process would. */
cs_store *bed_second(void);
/* One that only reads. */
cs_store *bed_reader(void);
void bed_close(cs_store **s);
int64_t bed_deadline(void);

/* SHA-256 of a name, n octets of it. */
void bed_hash(uint8_t *out, size_t n, const char *fmt, ...) CS_PRINTF(3, 4);

struct bed_approval {
	uint8_t tbs[32], key[32], id[16];
	char owner[64];
	cs_audit_approval audit;
};

/* What borrows and what it borrows from; not to be moved. */
struct bed_claim {
	cs_claim_in in;
	struct bed_approval at[CS_AUDIT_APPROVALS_MAX];
	char agent[128];
	uint8_t agent_key[32], digest[32], body[32], serial[16];
};

/* One approval for one issuance of an X.509 certificate, valid from five
 * minutes before NOON for a day, of an hour from NOON - 60. */
void bed_claim(struct bed_claim *c, const char *name);
/* One more owner's approval. */
void bed_more(struct bed_claim *c, const char *name);
/* Another approval in the place of one. */
void bed_other(struct bed_claim *c, size_t i, const char *name);
/* The same owner and key have signed another one. */
void bed_approval_id(struct bed_claim *c, size_t i, const char *name);
/* The next certificate: serial and digest of its own. */
void bed_next(struct bed_claim *c, const char *name);
/* Another request of the same agent and key. */
void bed_request(struct bed_claim *c, const char *name);

/* The state that came of it; CS_CLAIM_NONE when it was refused, e says why. */
enum cs_claim_state bed_make(cs_store *s, const struct bed_claim *c,
    cs_err *e);
/* The same, and the answer. */
cs_claim *bed_get(cs_store *s, const struct bed_claim *c);
/* The reason that it was refused for; -1 when it was not. */
int bed_refused(cs_store *s, const struct bed_claim *c);
/* Revokes at NOON, by nobody in particular; how many it ended, -1: failed. */
int64_t bed_revoke(cs_store *s, enum cs_revoke_what what, cs_span name);
bool bed_lift(cs_store *s, enum cs_revoke_what what, cs_span name);
/* For what begins at NOON again. */
void bed_forget_clock(cs_store *s);
/* Runs SQL of the test's own, such as damage. */
bool bed_sql(cs_store *s, const char *sql);

#endif
