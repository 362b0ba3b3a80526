/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_OWNER_H
#define CS_PLUGIN_OWNER_H

#include "include/countersign/verifier.h"
#include "plugin/keypool.h"
#include "plugin/sources.h"
#include "store/claim.h"
#include "verify/verify.h"

/* What the files of the owner verifier share. Every call of verifier.h ends in
 * one of them; owner.c has the table. */

struct countersign_instance {
	cs_set_holder *sets;
	cs_store *store; /* NULL: none */
	char *authority;
	bool watches;
	bool check_only;
	void (*log)(void *arg, int level, const char *text); /* may be NULL */
	void *log_arg;
	cs_keypool keys;
};

/* An input that holds up, and what claim asks again of it. */
struct question {
	uint32_t operation;
	bool composite;
	bool other_authority; /* than the instance's is asked for */
	cs_span message, nonce;
	bool evidence_given, evidence_affirmed, evidence_refused;
	int64_t time, deadline_ms;
};

/* What a host gets is `pub`, behind this, which says what it is. */
enum given_kind { GIVEN_ANSWER = 1, GIVEN_CLAIM };
struct given {
	enum given_kind kind;
	countersign_instance *by;
};

struct answer {
	struct given given;
	countersign_verifier_answer pub;
	const countersign_verifier_approval *list[CS_APPROVALS_MAX];
	countersign_verifier_approval each[CS_APPROVALS_MAX];
	uint8_t agent_key_hash[CS_SHA256_LEN], request_digest[CS_SHA256_LEN];
	cs_buf *bindings, *bindings_digest;
	cs_err why;

	struct question asked; /* its spans are of `own` */
	cs_buf *own;
	const cs_set *set; /* held: the verdict borrows from it */
	cs_verdict *verdict;
};

struct claim {
	struct given given;
	countersign_verifier_claim pub;
	cs_claim *stored;
	cs_err why;
};

/* The calls behind verify, claim and record, which give what release() frees. */
CS_USE int cs_owner_verify(countersign_instance *i,
    const countersign_verifier_input *in, struct answer **out, cs_err *e);
CS_USE int cs_owner_claim(countersign_instance *i, const struct answer *a,
    const countersign_verifier_terms *terms, struct claim **out, cs_err *e);
CS_USE int cs_owner_record(countersign_instance *i, const struct claim *c,
    const countersign_verifier_record *record, struct claim **out, cs_err *e);
void cs_answer_free(struct answer **a);
void cs_claimed_free(struct claim **c);

/* Takes owners and policy anew when they have changed, unless the host does. */
void cs_owner_watch(countersign_instance *i);
/* A verdict on a question by a set that is held. `memory` is the store's. */
CS_USE int cs_owner_judge(countersign_instance *i, const struct question *q,
    const cs_set *set, cs_verdict **out, cs_err *e);
/* Fills what a host sees of a verdict, all but its state. */
CS_USE int cs_answer_fill(struct answer *a, cs_err *e);
/* Takes everything back that only an approval has; `why` is copied. */
void cs_answer_refuse(struct answer *a, const cs_err *why);
/* What of a failure is a refusal, with its reason: the store's troubles, too.
 * CS_OK then. */
int cs_refusal(int r, cs_err *why);

/* What becomes of an approved question in the store: `how` has kind, times,
 * serial, digest, fields, dry and deadline; the rest is filled in. */
CS_USE int cs_owner_keep(countersign_instance *i, const struct question *q,
    const cs_set *set, const cs_verdict *v, cs_claim_in *how, cs_claim **out,
    cs_err *e);
/* The denials of a message that verified, each durably; none where the store
 * remembered it. */
CS_USE int cs_owner_keep_denials(countersign_instance *i,
    const struct question *q, const cs_verdict *v, cs_err *e);

/* `e` may be NULL. */
void cs_owner_log(const countersign_instance *i, int level, const char *what,
    const cs_err *e);

#endif
