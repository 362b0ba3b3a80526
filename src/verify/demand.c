/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include <stdio.h>

#include "base/time.h"

/* What the agent's rule demands, countersign-policy(5). A denial counts
 * whatever it says: nobody is kept from saying no. */

#define GROUPS_MAX 256
#define RULE_AT(r) (r)->file, (r)->line

static bool
is_denial(const cs_approved *a)
{
	return a->approval->tbs.decision != CS_APPROVE;
}

/* "a", "b" for the texts; what does not fit is left out. */
static void
put_groups(const cs_rule *r, char out[GROUPS_MAX])
{
	size_t i, at = 0;
	int n;

	out[0] = '\0';
	for (i = 0; i < r->n_groups; i++) {
		n = snprintf(out + at, GROUPS_MAX - at, "%s\"%.*s\"",
		    i == 0 ? "" : ", ", CS_SHOW(r->groups[i]));
		if (n < 0 || at + (size_t)n >= GROUPS_MAX)
			break;
		at += (size_t)n;
	}
	out[at] = '\0';
}

int
cs_step_ruled(const struct cs_step *s, bool denial, cs_err *e)
{
	const cs_rule *r = s->rule;

	if (s->in->policy == NULL)
		return CS_OK;
	if (!cs_policy_serves(s->in->policy, s->csr->trust_domain))
		return CS_REFUSE(e, CS_R_WRONG_TRUST_DOMAIN,
		    "expected a trust domain of the policy, found %.*s",
		    CS_SHOW(s->csr->trust_domain));
	if (denial)
		return CS_OK;
	if (r == NULL)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED,
		    "expected a rule of the policy for %.*s, found none",
		    CS_SHOW(s->csr->agent_id));
	if (!r->any_group && r->n_groups == 0)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED, "expected groups "
		    "that may approve, found a rule without any, %s:%u",
		    RULE_AT(r));
	return CS_OK;
}

static int
check_group(const cs_rule *r, const cs_approved *a, cs_err *e)
{
	cs_span found = a->anchor.group;
	char want[GROUPS_MAX];

	if (cs_rule_has(r, found))
		return CS_OK;
	put_groups(r, want);
	if (found.p == NULL)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED, "expected an owner "
		    "of %s, found %.*s of none, %s:%u; %s:%u", want,
		    CS_SHOW(a->anchor.owner), CS_ANCHOR_AT(&a->anchor),
		    RULE_AT(r));
	return CS_REFUSE(e, CS_R_POLICY_REFUSED, "expected an owner of %s, "
	    "found %.*s of \"%.*s\", %s:%u; %s:%u", want,
	    CS_SHOW(a->anchor.owner), CS_SHOW(found), CS_ANCHOR_AT(&a->anchor),
	    RULE_AT(r));
}

static int
check_kind(const cs_rule *r, const cs_approved *a, cs_err *e)
{
	if (!r->grants && a->role != CS_ROLE_OWN)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED,
		    "expected no grant, found %s, %s:%u",
		    a->role == CS_ROLE_GRANT ? "one" : "the use of one",
		    RULE_AT(r));
	if (!r->batches && a->approval->tbs.n_subjects > 1)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED,
		    "expected an approval of one subject, found a batch of "
		    "%zu, %s:%u", a->approval->tbs.n_subjects, RULE_AT(r));
	return CS_OK;
}

static int
check_limit(const cs_rule *r, int64_t most, int64_t found, int reason,
    const char *what, cs_err *e)
{
	char want[24], text[24];

	if (found <= most)
		return CS_OK;
	cs_duration_put(most, want);
	cs_duration_put(found, text);
	return CS_REFUSE(e, reason,
	    "expected a %s of at most %s, found %s, %s:%u", what, want, text,
	    RULE_AT(r));
}

static int
check_limits(const cs_rule *r, const cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	int rc;

	if ((rc = check_limit(r, r->max_window, t->not_after - t->not_before,
	    CS_R_WINDOW_TOO_LONG, "window", e)) != CS_OK)
		return rc;
	return check_limit(r, r->max_lifetime, t->max_lifetime,
	    CS_R_LIFETIME_EXCEEDED, "lifetime", e);
}

/* A use proves nothing of a person or a device; its grant does. */
static int
check_assurance(const cs_rule *r, const cs_approved *a, cs_err *e)
{
	const cs_assurance *s = &a->assurance;

	if (a->role == CS_ROLE_USE)
		return CS_OK;
	if (r->presence && !s->present)
		return CS_REFUSE(e, CS_R_TOUCH_MISSING, "expected a proven "
		    "touch, found none, %s:%u; %s:%u",
		    CS_ANCHOR_AT(&a->anchor), RULE_AT(r));
	if (r->verification && !s->verified)
		return CS_REFUSE(e, CS_R_VERIFICATION_MISSING, "expected a "
		    "verified owner, found no proof, %s:%u; %s:%u",
		    CS_ANCHOR_AT(&a->anchor), RULE_AT(r));
	if (r->hardware && !s->hardware)
		return CS_REFUSE(e, CS_R_NOT_HARDWARE, "expected proven "
		    "hardware, found %s, %s:%u; %s:%u",
		    s->asserted ? "only the operator's word" : "no proof",
		    CS_ANCHOR_AT(&a->anchor), RULE_AT(r));
	return CS_OK;
}

int
cs_step_rule(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_rule *r = s->rule;
	int rc;

	if (s->in->policy == NULL || is_denial(a))
		return CS_OK;
	if (r == NULL)
		return CS_REFUSE(e, CS_R_INTERNAL, "a policy without a rule");
	if ((rc = check_group(r, a, e)) != CS_OK ||
	    (rc = check_kind(r, a, e)) != CS_OK ||
	    (rc = check_limits(r, a, e)) != CS_OK)
		return rc;
	return check_assurance(r, a, e);
}

int
cs_step_evidence(const struct cs_step *s, cs_err *e)
{
	const cs_rule *r = s->rule;

	if (r == NULL || !r->evidence)
		return CS_OK;
	if (!s->in->evidence_given)
		return CS_REFUSE(e, CS_R_EVIDENCE_MISSING, "expected evidence "
		    "of the agent's machine, found none, %s:%u", RULE_AT(r));
	if (!s->in->evidence_affirmed)
		return CS_REFUSE(e, CS_R_EVIDENCE_REFUSED, "expected evidence "
		    "that is affirmed, found some that is not, %s:%u",
		    RULE_AT(r));
	return CS_OK;
}
