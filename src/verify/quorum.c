/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ownersan.h"
#include "verify/step.h"

/* Several owners: countersign-formats(5), sections 4 and 9. */

/* The stricter of what the caller asks and what the rule asks. */
static size_t
wanted(const struct cs_step *s)
{
	size_t n = s->in->quorum > 1 ? s->in->quorum : 1;

	return s->rule != NULL && s->rule->quorum > n ? s->rule->quorum : n;
}

bool
cs_quorum_is_wanted(const struct cs_step *s)
{
	return wanted(s) > 1 || s->in->quorum_group.p != NULL;
}

bool
cs_quorum_has(const struct cs_step *s, const cs_approved *a)
{
	cs_span group = a->anchor.group, only = s->in->quorum_group;

	if (s->in->policy != NULL &&
	    (s->rule == NULL || !cs_rule_has(s->rule, group)))
		return false;
	return only.p == NULL || cs_span_eq(group, only);
}

static bool
is_one(cs_span a, cs_span b)
{
	return a.p != NULL && b.p != NULL && cs_span_eq(a, b);
}

/* One person, as far as can be told: the same owner, or the same key, or one
 * owner's approval and the use of another's grant by a key in his line. */
static bool
is_same(const cs_approved *a, const cs_approved *b)
{
	const cs_tbs *s = &a->approval->tbs, *t = &b->approval->tbs;

	return cs_span_eq(s->owner, t->owner) ||
	    cs_span_eq(s->owner_key_hash, t->owner_key_hash) ||
	    is_one(a->holder, t->owner) || is_one(s->owner, b->holder) ||
	    is_one(a->holder, b->holder);
}

/* Gives everyone that is the same as `i` its number, and so on. A pair of
 * grant and use has one owner, so its two keys fall together. */
static void
spread(const struct cs_step *s, size_t number[], size_t i)
{
	bool more = true;
	size_t a, b;

	number[i] = i + 1;
	while (more) {
		more = false;
		for (a = 0; a < s->n; a++)
			for (b = 0; b < s->n; b++)
				if (number[a] == i + 1 && number[b] == 0 &&
				    is_same(&s->each[a], &s->each[b])) {
					number[b] = i + 1;
					more = true;
				}
	}
}

/* The use of a grant by a key that no line has. */
static bool
is_stranger(const cs_approved *a)
{
	return a->role == CS_ROLE_USE && a->holder.p == NULL;
}

/* A CA of a line may have named an owner for the stranger's key, with a
 * certificate that nobody shows: this one, or one for both. */
static bool
may_be(const struct cs_step *s, const cs_approved *stranger,
    const cs_approved *other)
{
	const cs_authorities *l = cs_anchors_authorities(s->in->anchors);
	size_t i;

	if (!is_stranger(stranger))
		return false;
	if (is_stranger(other))
		return l->n != 0;
	for (i = 0; i < l->n; i++)
		if (cs_owner_san_match(l->v[i].line.owner_san,
		    other->approval->tbs.owner))
			return true;
	return false;
}

/* May whoever has this number be one with another who counts? */
static bool
is_doubtful(const struct cs_step *s, const size_t number[], size_t is)
{
	size_t a, b;

	for (a = 0; a < s->n; a++)
		for (b = 0; b < s->n; b++)
			if (number[a] == is && number[b] != is &&
			    number[b] != 0 &&
			    may_be(s, &s->each[a], &s->each[b]))
				return true;
	return false;
}

/* Distinct owners with distinct keys, holders' keys included: whoever shares a
 * key with another, or has given his word to another's, counts once with him. */
static size_t
count(const struct cs_step *s)
{
	size_t number[CS_APPROVALS_MAX] = {0}, i, n = 0, sure = 0;

	for (i = 0; i < s->n; i++) {
		if (number[i] != 0 || !cs_quorum_has(s, &s->each[i]))
			continue;
		spread(s, number, i);
		n++;
	}
	for (i = 0; i < s->n; i++)
		if (number[i] == i + 1 && !is_doubtful(s, number, i + 1))
			sure++;
	return sure != 0 || n == 0 ? sure : 1;
}

int
cs_step_quorum(const struct cs_step *s, cs_err *e)
{
	size_t want = wanted(s), n;
	cs_span group = s->in->quorum_group;

	if (!cs_quorum_is_wanted(s) || (n = count(s)) >= want)
		return CS_OK;
	if (group.p == NULL && s->rule != NULL)
		return CS_REFUSE(e, CS_R_QUORUM_MISSING,
		    "expected %zu owners of the rule's groups with keys of "
		    "their own, found %zu, %s:%u", want, n, s->rule->file,
		    s->rule->line);
	if (group.p == NULL)
		return CS_REFUSE(e, CS_R_QUORUM_MISSING,
		    "expected %zu owners with keys of their own, found %zu",
		    want, n);
	return CS_REFUSE(e, CS_R_QUORUM_MISSING,
	    "expected %zu owners of group=\"%.*s\" with keys of their own, "
	    "found %zu", want, CS_SHOW(group), n);
}
