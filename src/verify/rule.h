/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_RULE_H
#define CS_VERIFY_RULE_H

#include "base/buf.h"

/* The authority's policy, countersign-policy(5): per trust domain and agent
 * path what an approval has to be. A rule is for a path and its descendants by
 * whole segment; the longest path rules alone, nothing is inherited. An agent
 * without a rule is refused, and so is one whose rule names no group. */

#define CS_RULES_MAX 4096
#define CS_RULE_GROUPS_MAX 32

typedef struct cs_rule { /* borrows from who made it */
	cs_span trust_domain;
	cs_span path;        /* "/agent/ci"; "/": the whole trust domain */
	size_t n_groups;     /* 0: nobody may approve */
	cs_span groups[CS_RULE_GROUPS_MAX];
	bool any_group;      /* "*": every owner, in a group or not */
	size_t quorum;       /* owners of these groups; 0, 1: one */
	bool hardware;       /* proven */
	bool presence, verification; /* of each approval but a use */
	int64_t max_lifetime, max_window; /* seconds */
	bool grants, batches; /* may be */
	bool evidence;        /* must be, and be affirmed */
	bool move_owner, move_key; /* a live identifier may */
	const char *file;
	unsigned line;
} cs_rule;

typedef struct cs_policy cs_policy; /* immutable; threads share it */

/* Copies. CS_EFORMAT with FILE:LINE: two rules for one path, a path that no agent
 * can have, a group twice, empty, or beside "*", a quorum above
 * CS_APPROVALS_MAX, a lifetime or a window of less than a second. */
CS_USE int cs_policy_new(const cs_rule *rules, size_t n, cs_policy **out,
    cs_err *e);
void cs_policy_free(cs_policy **p);
size_t cs_policy_count(const cs_policy *p);
/* Is there a rule for anybody of this trust domain? */
bool cs_policy_serves(const cs_policy *p, cs_span trust_domain);
/* The rule for an agent, NULL when there is none; lends. */
const cs_rule *cs_policy_find(const cs_policy *p, cs_span trust_domain,
    cs_span agent_id);
/* May an owner of this group, absent: of none, approve? */
bool cs_rule_has(const cs_rule *r, cs_span group);

#endif
