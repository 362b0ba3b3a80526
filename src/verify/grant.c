/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"

/* Grants and their use: countersign-formats(5), section 4. */

#define BAD_GRANT(e, ...) CS_REFUSE(e, CS_R_GRANT_INVALID, __VA_ARGS__)

static enum cs_role
role_of(const cs_tbs *t)
{
	if (t->under_grant.p != NULL)
		return CS_ROLE_USE;
	return t->subjects[0].kind == CS_SUBJECT_GRANT ? CS_ROLE_GRANT :
	    CS_ROLE_OWN;
}

void
cs_grant_roles(cs_approved *each, size_t n)
{
	cs_span want, found;
	size_t i, j;

	for (i = 0; i < n; i++) {
		each[i].role = role_of(&each[i].approval->tbs);
		each[i].link = i;
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			want = each[i].approval->tbs.under_grant;
			found = cs_span_of(each[j].tbs_hash, CS_SHA256_LEN);
			if (each[j].role != CS_ROLE_GRANT ||
			    !cs_span_eq(want, found))
				continue;
			each[i].link = j;
			each[j].link = i;
		}
}

int
cs_step_holder(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_approved *grant = &s->each[a->link];

	if (a->role != CS_ROLE_USE)
		return CS_OK;
	if (grant->role != CS_ROLE_GRANT)
		return BAD_GRANT(e, "expected the grant that underGrant names "
		    "beside its use, found none");
	a->anchor = grant->anchor;
	return cs_spki_parse(grant->approval->tbs.subjects[0].holder_key,
	    &a->key, e);
}

/* The owner gives his word to another key, not to one of his own. */
static int
check_holder(const struct cs_step *s, const cs_approved *grant,
    const uint8_t holder[CS_SHA256_LEN], cs_err *e)
{
	const cs_tbs *g = &grant->approval->tbs;
	cs_anchor own = {0};
	bool known = false;
	int r;

	if (cs_span_eq(g->owner_key_hash, cs_span_of(holder, CS_SHA256_LEN)))
		return BAD_GRANT(e, "the holder's key is the one that signed "
		    "the grant, %s:%u", CS_ANCHOR_AT(&grant->anchor));
	if ((r = cs_anchors_find(s->in->anchors, holder, &own, &known, e)) !=
	    CS_OK)
		return r;
	if (known && cs_span_eq(own.owner, g->owner))
		return BAD_GRANT(e, "the holder's key is the owner's own, "
		    "%s:%u", CS_ANCHOR_AT(&own));
	return CS_OK;
}

static int
check_same(const cs_tbs *g, const cs_tbs *u,
    const uint8_t holder[CS_SHA256_LEN], cs_err *e)
{
	char want[52], found[52];

	if (!cs_span_eq(u->owner, g->owner))
		return BAD_GRANT(e, "expected the grant's owner %.*s, "
		    "found %.*s", CS_SHOW(g->owner), CS_SHOW(u->owner));
	if (!cs_span_eq(u->authority, g->authority))
		return BAD_GRANT(e, "expected the grant's authority %.*s, "
		    "found %.*s", CS_SHOW(g->authority),
		    CS_SHOW(u->authority));
	if (!cs_span_eq(u->owner_key_hash,
		cs_span_of(holder, CS_SHA256_LEN))) {
		cs_fingerprint(holder, want);
		cs_fingerprint(u->owner_key_hash.p, found);
		return BAD_GRANT(e, "expected the holder's key %s, found %s",
		    want, found);
	}
	return CS_OK;
}

static int
check_window(const cs_tbs *g, const cs_tbs *u, cs_err *e)
{
	bool early = u->not_before < g->not_before;
	char want[24] = "?", found[24] = "?";

	if (!early && u->not_after <= g->not_after)
		return CS_OK;
	/* an unprintable time keeps its question mark */
	if (!cs_rfc3339_put(early ? g->not_before : g->not_after, want) ||
	    !cs_rfc3339_put(early ? u->not_before : u->not_after, found))
		return BAD_GRANT(e, "the use's window exceeds the grant's");
	return BAD_GRANT(e, early ?
	    "expected a use from %s on, found one from %s" :
	    "expected a use until %s, found one until %s", want, found);
}

/* Window and limits within the grant's. */
static int
check_limits(const cs_tbs *g, const cs_tbs *u, cs_err *e)
{
	char want[24], found[24];

	if (u->max_lifetime > g->max_lifetime) {
		cs_duration_put(g->max_lifetime, want);
		cs_duration_put(u->max_lifetime, found);
		return BAD_GRANT(e, "expected a lifetime of at most %s, as "
		    "the grant has, found %s", want, found);
	}
	if (u->max_issuances > g->max_issuances)
		return BAD_GRANT(e, "expected at most %lld issuances, as the "
		    "grant has, found %lld", (long long)g->max_issuances,
		    (long long)u->max_issuances);
	return check_window(g, u, e);
}

/* Below the prefix, by one segment at least. */
static int
check_prefix(const struct cs_step *s, const cs_tbs *g, cs_err *e)
{
	cs_span id = s->csr->agent_id, prefix = g->subjects[0].agent_id;

	if (cs_agent_id_under(id, prefix) && !cs_span_eq(id, prefix))
		return CS_OK;
	return BAD_GRANT(e, "expected an agent below %.*s, found %.*s",
	    CS_SHOW(prefix), CS_SHOW(id));
}

static int
check_use(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_approved *grant = &s->each[a->link];
	const cs_tbs *g = &grant->approval->tbs, *u = &a->approval->tbs;
	uint8_t holder[CS_SHA256_LEN];
	int r;

	if ((r = cs_key_hash(&a->key, holder, e)) != CS_OK ||
	    (r = check_holder(s, grant, holder, e)) != CS_OK ||
	    (r = check_same(g, u, holder, e)) != CS_OK ||
	    (r = check_prefix(s, g, e)) != CS_OK)
		return r;
	return check_limits(g, u, e);
}

/* Formats section 4: a grant and its one use travel together. */
static int
check_grant(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	cs_span hash = cs_span_of(a->tbs_hash, CS_SHA256_LEN);
	size_t i, uses = 0;

	if (!a->anchor.grants)
		return BAD_GRANT(e, "expected grants in the owner's line, "
		    "found none, %s:%u", CS_ANCHOR_AT(&a->anchor));
	for (i = 0; i < s->n; i++)
		if (cs_span_eq(s->each[i].approval->tbs.under_grant, hash))
			uses++;
	if (uses != 1)
		return BAD_GRANT(e, "expected one use of the grant, found %zu",
		    uses);
	return CS_OK;
}

int
cs_step_grant(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	switch (a->role) {
	case CS_ROLE_OWN:
		return CS_OK;
	case CS_ROLE_GRANT:
		return check_grant(s, a, e);
	case CS_ROLE_USE:
		return check_use(s, a, e);
	}
	return CS_REFUSE(e, CS_R_INTERNAL, "an approval without a role");
}
