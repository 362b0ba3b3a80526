/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

/* Several owners: countersign-formats(5), sections 4 and 9. */

bool
cs_quorum_is_wanted(const cs_verify_in *in)
{
	return in->quorum > 1 || in->quorum_group.p != NULL;
}

bool
cs_quorum_has(const cs_verify_in *in, const cs_approved *a)
{
	return in->quorum_group.p == NULL ||
	    cs_span_eq(a->anchor.group, in->quorum_group);
}

/* One person, as far as can be told: the same owner, or the same key. */
static bool
is_same(const cs_approved *a, const cs_approved *b)
{
	const cs_tbs *s = &a->approval->tbs, *t = &b->approval->tbs;

	return cs_span_eq(s->owner, t->owner) ||
	    cs_span_eq(s->owner_key_hash, t->owner_key_hash);
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

/* Distinct owners with distinct keys, holders' keys included: whoever shares a
 * key with another counts once with him. */
static size_t
count(const struct cs_step *s)
{
	size_t number[CS_APPROVALS_MAX] = {0}, i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (number[i] != 0 || !cs_quorum_has(s->in, &s->each[i]))
			continue;
		spread(s, number, i);
		n++;
	}
	return n;
}

int
cs_step_quorum(const struct cs_step *s, cs_err *e)
{
	size_t want = s->in->quorum > 1 ? s->in->quorum : 1, n;
	cs_span group = s->in->quorum_group;

	if (!cs_quorum_is_wanted(s->in) || (n = count(s)) >= want)
		return CS_OK;
	if (group.p == NULL)
		return CS_REFUSE(e, CS_R_QUORUM_MISSING,
		    "expected %zu owners with keys of their own, found %zu",
		    want, n);
	return CS_REFUSE(e, CS_R_QUORUM_MISSING,
	    "expected %zu owners of group=\"%.*s\" with keys of their own, "
	    "found %zu", want, CS_SHOW(group), n);
}
