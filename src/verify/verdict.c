/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* Has this owner approved, himself or by a grant? Where nobody has, it is about
 * a denial, which needs no principal. */
static bool
find_principal(struct cs_verdict *v, cs_span owner)
{
	bool approve = false;
	size_t i;

	for (i = 0; i < v->message->n; i++) {
		if (v->each[i].approval->tbs.decision != CS_APPROVE)
			continue;
		approve = true;
		if (v->each[i].role != CS_ROLE_USE &&
		    cs_span_eq(v->each[i].approval->tbs.owner, owner)) {
			v->principal = i;
			return true;
		}
	}
	return !approve;
}

static int
check_denier(const struct cs_step *s, const cs_approved *a, cs_span want,
    cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;

	if (t->decision != CS_DENY || cs_span_eq(t->owner, want) ||
	    (cs_quorum_is_wanted(s) && cs_quorum_has(s, a)))
		return CS_OK;
	return CS_REFUSE(e, CS_R_WRONG_OWNER,
	    "expected a denial by %.*s, whom the request names, found one by "
	    "%.*s", CS_SHOW(want), CS_SHOW(t->owner));
}

int
cs_verdict_principal(struct cs_verdict *v, const struct cs_step *s, cs_err *e)
{
	cs_span want = v->message->csr->intended_owner;
	size_t i;
	int r;

	if (want.p == NULL)
		return CS_OK;
	for (i = 0; i < v->message->n; i++)
		if ((r = check_denier(s, &v->each[i], want, e)) != CS_OK)
			return r;
	if (find_principal(v, want))
		return CS_OK;
	return CS_REFUSE(e, CS_R_WRONG_OWNER,
	    "expected an approval of %.*s, whom the request names, found one "
	    "of %.*s", CS_SHOW(want), CS_SHOW(v->each[0].approval->tbs.owner));
}

/* What this message does not tell, and the authority remembers. */
static int
deny_before(struct cs_verdict *v, const struct cs_step *s, cs_err *e)
{
	int r = cs_step_denied(s, &v->denied_until, v->denier,
	    sizeof(v->denier), e);

	v->denied = v->denied_until != 0;
	return r;
}

int
cs_verdict_deny(struct cs_verdict *v, const struct cs_step *s, cs_err *e)
{
	const cs_tbs *t, *last = NULL;
	char until[24] = "?";
	size_t i;

	for (i = 0; i < v->message->n; i++) {
		t = &v->each[i].approval->tbs;
		if (t->decision == CS_APPROVE ||
		    (last != NULL && t->not_after <= last->not_after))
			continue;
		v->denial = &v->each[i];
		last = t;
	}
	if (last == NULL)
		return deny_before(v, s, e);
	v->denied = true;
	v->denied_until = last->not_after;
	if (!cs_rfc3339_put(last->not_after, until))
		until[0] = '?'; /* an unprintable time keeps its mark */
	return cs_fail(e, CS_EREFUSED, "verify", "%.*s by %.*s until %s, "
	    "%s:%u", CS_SHOW(v->message->csr->agent_id), CS_SHOW(last->owner),
	    until, CS_ANCHOR_AT(&v->denial->anchor));
}

/* Moves approval `i` of `from` behind the `n` that are there; a grant takes its
 * use along. */
static size_t
move(struct cs_verdict *v, const cs_approved from[], size_t i, size_t n)
{
	v->each[n] = from[i];
	v->each[n].link = n;
	if (from[i].role != CS_ROLE_GRANT)
		return n + 1;
	v->each[n].link = n + 1;
	v->each[n + 1] = from[from[i].link];
	v->each[n + 1].link = n;
	return n + 2;
}

/* The principal's first, each use right behind its grant. */
static void
sort(struct cs_verdict *v)
{
	cs_approved from[CS_APPROVALS_MAX];
	size_t i, first = v->principal, n = 0;

	memcpy(from, v->each, sizeof(from));
	if (from[first].role == CS_ROLE_USE)
		first = from[first].link;
	n = move(v, from, first, n);
	for (i = 0; i < v->message->n; i++)
		if (i != first && from[i].role != CS_ROLE_USE)
			n = move(v, from, i, n);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
add_limits(struct cs_verdict *v, const cs_tbs *t)
{
	if (v->not_before < t->not_before)
		v->not_before = t->not_before;
	v->not_after = least(v->not_after, t->not_after);
	v->max_lifetime = least(v->max_lifetime, t->max_lifetime);
	v->max_issuances = least(v->max_issuances, t->max_issuances);
}

/* What holds for both; beside the operator's word, proof counts as that. */
static void
add_assurance(cs_assurance *all, const cs_assurance *one)
{
	bool said = (all->asserted || all->hardware) &&
	    (one->asserted || one->hardware);
	bool mixed = all->hardware != one->hardware;

	all->asserted = mixed ? said : all->asserted && one->asserted;
	all->hardware = all->hardware && one->hardware;
	all->present = all->present && one->present;
	all->verified = all->verified && one->verified;
	all->by_policy = all->present && (all->by_policy || one->by_policy);
}

void
cs_verdict_settle(struct cs_verdict *v)
{
	size_t i;

	sort(v);
	v->not_before = INT64_MIN;
	v->not_after = v->max_lifetime = v->max_issuances = INT64_MAX;
	v->assurance = v->each[0].assurance;
	for (i = 0; i < v->message->n; i++)
		add_limits(v, &v->each[i].approval->tbs);
	for (i = 1; i < v->message->n; i++)
		add_assurance(&v->assurance, &v->each[i].assurance);
}

void
cs_verdict_free(cs_verdict **v)
{
	size_t i;

	if (v == NULL || *v == NULL)
		return;
	for (i = 0; i < CS_APPROVALS_MAX; i++) {
		cs_approval_free(&(*v)->approvals[i]);
		cs_path_clear(&(*v)->paths[i]);
	}
	cs_message_free(&(*v)->message);
	free(*v);
	*v = NULL;
}

enum cs_state
cs_verdict_state(const cs_verdict *v)
{
	return v->state;
}

const cs_err *
cs_verdict_error(const cs_verdict *v)
{
	return &v->error;
}

const cs_csr *
cs_verdict_request(const cs_verdict *v)
{
	return v->message == NULL ? NULL : v->message->csr;
}

size_t
cs_verdict_count(const cs_verdict *v)
{
	return v->state == CS_APPROVED ? v->message->n : 0;
}

const cs_approved *
cs_verdict_denial(const cs_verdict *v)
{
	return v->state == CS_DENIED ? v->denial : NULL;
}

const cs_approved *
cs_verdict_next_denial(const cs_verdict *v, size_t *at)
{
	const cs_approved *a;

	while (cs_verdict_denial(v) != NULL && *at < v->message->n) {
		a = &v->each[(*at)++];
		if (a->approval->tbs.decision == CS_DENY)
			return a;
	}
	return NULL;
}

cs_span
cs_verdict_denier(const cs_verdict *v)
{
	if (v->state != CS_DENIED)
		return (cs_span){0};
	return v->denial != NULL ? v->denial->approval->tbs.owner :
				   cs_span_str(v->denier);
}

int64_t
cs_verdict_denied_until(const cs_verdict *v)
{
	return v->state == CS_DENIED ? v->denied_until : 0;
}

const cs_rule *
cs_verdict_rule(const cs_verdict *v)
{
	return v->rule;
}

const cs_approved *
cs_verdict_at(const cs_verdict *v, size_t i)
{
	return i < cs_verdict_count(v) ? &v->each[i] : NULL;
}

int64_t
cs_verdict_not_before(const cs_verdict *v)
{
	return v->not_before;
}

int64_t
cs_verdict_not_after(const cs_verdict *v)
{
	return v->not_after;
}

int64_t
cs_verdict_max_lifetime(const cs_verdict *v)
{
	return v->max_lifetime;
}

int64_t
cs_verdict_max_issuances(const cs_verdict *v)
{
	return v->max_issuances;
}

cs_assurance
cs_verdict_assurance(const cs_verdict *v)
{
	return v->assurance;
}
