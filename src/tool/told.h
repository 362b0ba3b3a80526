/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_TOLD_H
#define CS_TOOL_TOLD_H

#include "tool/out.h"
#include "verify/verify.h"

/* A verdict as countersign verify prints it, whoever reached it: the command
 * itself, or the verifier plugin. */

typedef struct cs_told_approval { /* borrows */
	enum cs_role role;
	const char *type;
	cs_span owner, key_hash, approval_id, tbs_hash;
	int64_t not_before, not_after, max_lifetime, max_issuances;
	cs_assurance assurance;
	cs_span attested;       /* absent: nothing was */
	cs_counter counter;
	const char *anchor_file;
	unsigned anchor_line;
	bool shared_key, other_eku;
} cs_told_approval;

typedef struct cs_told { /* borrows */
	enum cs_state state;
	int cls;              /* of a refusal; 0: CS_EREFUSED */
	int reason;           /* enum cs_reason, of a refusal */
	const char *text;     /* unless approved */
	cs_span agent, agent_key_hash, request_digest; /* absent: unread */
	cs_span owner;        /* approved, denied; absent: unknown */
	int64_t not_after;
	int64_t max_lifetime, max_issuances;
	cs_assurance assurance;
	size_t n;             /* 1.. when approved */
	cs_told_approval at[CS_APPROVALS_MAX];
} cs_told;

/* Puts it, and returns what the verb ends with: CS_OK for approved alone. */
CS_USE int cs_told_put(const cs_told *t, cs_out *out, cs_err *e);
/* "hardware unproven", "touch and PIN": words for what is known of a key, and
 * of the person. */
const char *cs_told_protection(const cs_assurance *a);
const char *cs_told_presence(const cs_assurance *a);

#endif
