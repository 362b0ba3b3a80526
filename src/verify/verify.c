/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/verify.h"

#include <stdlib.h>

#include "crypt/pubkey.h"
#include "verify/step.h"
#include "verify/verdict.h"

/* Levels above an approval inside a composite request: request, info, [0],
 * Attribute, SET, SEQUENCE OF. */
#define APPROVAL_DEPTH 6

/* An approval that does not parse keeps its error until its turn. */
static int
read_approval(struct cs_verdict *v, size_t i, cs_err *late, cs_err *e)
{
	unsigned depth = v->message->composite ? APPROVAL_DEPTH : 0;
	int r = cs_approval_parse(v->message->approvals[i], depth,
	    &v->approvals[i], late);

	if (r == CS_OK)
		return CS_OK;
	if (r == CS_EFORMAT && late->detail != CS_R_NOT_DER &&
	    late->detail != CS_R_TOO_LARGE)
		return CS_OK;
	*e = *late;
	return r;
}

/* Size and DER, of everything embedded too. */
static int
check_bytes(struct cs_verdict *v, const cs_verify_in *in, cs_err late[],
    cs_err *e)
{
	size_t i;
	int r;

	if ((r = cs_message_parse(in->message, &v->message, e)) != CS_OK)
		return r;
	for (i = 0; i < v->message->n; i++)
		if ((r = read_approval(v, i, &late[i], e)) != CS_OK)
			return r;
	return CS_OK;
}

/* Equal TBS: the same approval twice, in whatever carrier. */
static int
check_twice(struct cs_verdict *v, size_t i, cs_err *e)
{
	size_t j;
	int r;

	if ((r = cs_sha256(v->approvals[i]->tbs.der, v->each[i].tbs_hash,
	    e)) != CS_OK)
		return r;
	for (j = 0; j < i; j++)
		if (cs_span_eq(v->approvals[i]->tbs.der,
		    v->approvals[j]->tbs.der))
			return CS_REFUSE(e, CS_R_DUPLICATE,
			    "approvals %zu and %zu are the same", j + 1,
			    i + 1);
	return CS_OK;
}

/* Formats section 5: without the agent's word for the owner, anybody's
 * approval could be laid beside its request. A denial binds nobody, and the
 * agent would not carry it. */
static int
check_composite(const struct cs_verdict *v, const cs_verify_in *in, cs_err *e)
{
	size_t i;

	if (!in->composite || v->message->composite ||
	    v->message->csr->intended_owner.p != NULL)
		return CS_OK;
	for (i = 0; i < v->message->n; i++)
		if (v->approvals[i]->tbs.decision == CS_APPROVE)
			return CS_REFUSE(e, CS_R_NOT_COMPOSITE, "expected a "
			    "composite request, or one that names its owner, "
			    "found approvals beside a request");
	return CS_OK;
}

/* Carriers and their count. */
static int
check_carriers(struct cs_verdict *v, const struct cs_step *s,
    const cs_err late[], cs_err *e)
{
	size_t i;
	int r;

	if (v->message->n == 0)
		return cs_step_asked(s, e);
	for (i = 0; i < v->message->n; i++) {
		if (v->approvals[i] == NULL) {
			*e = late[i];
			if (v->message->n > 1)
				cs_wrap(e, "approval %zu", i + 1);
			return CS_EFORMAT;
		}
		v->each[i].approval = v->approvals[i];
		v->each[i].path = &v->paths[i];
		if ((r = check_twice(v, i, e)) != CS_OK ||
		    (r = cs_step_supported(&v->approvals[i]->tbs, e)) != CS_OK)
			return r;
	}
	cs_grant_roles(v->each, v->message->n);
	return check_composite(v, s->in, e);
}

typedef int step_fn(const struct cs_step *, cs_approved *, cs_err *);

/* One check for every approval before the next check. */
static int
check_each(struct cs_verdict *v, const struct cs_step *s, step_fn *step,
    cs_err *e)
{
	size_t i;
	int r;

	for (i = 0; i < v->message->n; i++)
		if ((r = step(s, &v->each[i], e)) != CS_OK) {
			if (v->message->n > 1)
				cs_wrap(e, "approval %zu", i + 1);
			return r;
		}
	return CS_OK;
}

static int
check_possession(const struct cs_step *s, cs_err *e)
{
	return s->in->keys == NULL ? cs_csr_verify(s->csr, e) :
	    cs_csr_verify_at(s->csr, cs_keycache_place(s->in->keys), e);
}

/* Formats section 9, in its order. */
static int
check_all(struct cs_verdict *v, const cs_verify_in *in, cs_err *e)
{
	cs_err late[CS_APPROVALS_MAX] = {{0}};
	struct cs_step s = {.in = in};
	int r;

	if ((r = check_bytes(v, in, late, e)) != CS_OK)
		return r;
	s.csr = v->message->csr;
	if (in->policy != NULL)
		s.rule = v->rule = cs_policy_find(in->policy,
		    s.csr->trust_domain, s.csr->agent_id);
	s.each = v->each;
	s.n = v->message->n;
	if ((r = check_possession(&s, e)) != CS_OK ||
	    (r = check_carriers(v, &s, late, e)) != CS_OK ||
	    (r = cs_request_digest(s.csr, s.request_digest, e)) != CS_OK ||
	    (r = cs_key_hash(&s.csr->key, s.agent_key_hash, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_anchor, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_holder, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_type, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_signature, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_binding, e)) != CS_OK ||
	    (r = cs_verdict_principal(v, &s, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_place, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_policy, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_rule, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_counter, e)) != CS_OK ||
	    (r = check_each(v, &s, cs_step_grant, e)) != CS_OK ||
	    (r = cs_verdict_deny(v, &s, e)) != CS_OK ||
	    (r = cs_step_quorum(&s, e)) != CS_OK ||
	    (r = cs_step_evidence(&s, e)) != CS_OK)
		return r;
	cs_verdict_settle(v);
	return CS_OK;
}

/* A refusal is a verdict; a failure of ours is none. */
static bool
is_refusal(int r)
{
	return r == CS_EREFUSED || r == CS_EFORMAT;
}

int
cs_verify(const cs_verify_in *in, cs_verdict **out, cs_err *e)
{
	cs_verdict *v = NULL;
	cs_err why = {0};
	int r;

	*out = NULL;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return cs_nomem(e, "verify");
	r = check_all(v, in, &why);
	if (r == CS_OK) {
		v->state = CS_APPROVED;
	} else if (is_refusal(r)) {
		v->error = why;
		if (v->denied)
			v->state = CS_DENIED;
		else if (why.detail == CS_R_NONE)
			v->error.detail = CS_R_INTERNAL;
		r = CS_OK;
	}
	if (r == CS_OK) {
		*out = v;
		v = NULL; /* transferred */
	} else if (e != NULL) {
		*e = why;
	}
	cs_verdict_free(&v);
	return r;
}
