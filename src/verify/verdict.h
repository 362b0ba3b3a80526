/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_VERDICT_H
#define CS_VERIFY_VERDICT_H

#include "fmt/names.h"
#include "verify/step.h"

/* The verdict from inside: state is CS_REFUSED until verify.c's one statement
 * says otherwise. */
struct cs_verdict {
	enum cs_state state;
	cs_err error;
	cs_message *message;
	cs_approval *approvals[CS_APPROVALS_MAX];
	cs_approved each[CS_APPROVALS_MAX];
	struct cs_path paths[CS_APPROVALS_MAX]; /* in the message's order */
	size_t principal;
	bool denied;               /* by an owner who may */
	const cs_approved *denial; /* the last word, where it is here */
	char denier[CS_OWNER_MAX + 1]; /* who said so before */
	int64_t denied_until;
	const cs_rule *rule;
	int64_t not_before, not_after, max_lifetime, max_issuances;
	cs_assurance assurance;
};

/* Who the principal owner is: with intendedOwner one approval is that owner's,
 * else CS_R_WRONG_OWNER; without, the first approval's. And with it only that
 * owner and a quorum's members may deny. */
CS_USE int cs_verdict_principal(struct cs_verdict *v, const struct cs_step *s,
    cs_err *e);
/* Any deny wins over any approve, one that is remembered too: CS_EREFUSED
 * without a reason, and the denial is set. All of them have verified. */
CS_USE int cs_verdict_deny(struct cs_verdict *v, const struct cs_step *s,
    cs_err *e);
/* Once every approval has verified: the principal's first, the strictest
 * limits, the assurance that all of them have. */
void cs_verdict_settle(struct cs_verdict *v);

#endif
