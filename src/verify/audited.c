/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/bound.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "crypt/pubkey.h"
#include "verify/carrier.h"

/* A record of the audit log, years later: countersign-formats(5), section 12.
 * The steps are those of a verdict, with the record in the place of the
 * request, of the owners file and of the clock. */

struct audited {
	const cs_audit_record *r;
	cs_anchors *nobody; /* no line is asked */
	cs_csr agent;
	cs_verify_in in;
	struct cs_step step;
	cs_approval *approvals[CS_AUDIT_APPROVALS_MAX];
	cs_approved each[CS_AUDIT_APPROVALS_MAX];
	struct cs_path paths[CS_AUDIT_APPROVALS_MAX]; /* stay empty */
};

static int
read_each(struct audited *d, cs_err *e)
{
	cs_approved *a;
	size_t i, j;
	int r;

	for (i = 0; i < d->r->n; i++) {
		a = &d->each[i];
		if ((r = cs_approval_parse(d->r->at[i].approval,
		    CS_AUDIT_DEPTH, &d->approvals[i], e)) != CS_OK ||
		    (r = cs_sha256(d->approvals[i]->tbs.der, a->tbs_hash,
		    e)) != CS_OK)
			return cs_wrap(e, "approval %zu", i + 1);
		a->approval = d->approvals[i];
		a->path = &d->paths[i];
		for (j = 0; j < i; j++)
			if (cs_span_eq(cs_span_of(a->tbs_hash, CS_SHA256_LEN),
			    cs_span_of(d->each[j].tbs_hash, CS_SHA256_LEN)))
				return CS_REFUSE(e, CS_R_DUPLICATE,
				    "approvals %zu and %zu are the same",
				    j + 1, i + 1);
	}
	return CS_OK;
}

/* The record says of each what it is; a use stands behind its grant. */
static int
check_roles(const struct audited *d, cs_err *e)
{
	static const unsigned roles[] = {
		[CS_ROLE_OWN] = CS_AUDIT_OWN,
		[CS_ROLE_GRANT] = CS_AUDIT_GRANT,
		[CS_ROLE_USE] = CS_AUDIT_USE,
	};
	const cs_approved *a;
	size_t i;

	for (i = 0; i < d->r->n; i++) {
		a = &d->each[i];
		if (roles[a->role] != d->r->at[i].role)
			return CS_REFUSE(e, CS_R_GRANT_INVALID,
			    "approval %zu: expected role %u, found %u", i + 1,
			    roles[a->role], d->r->at[i].role);
		if (a->role == CS_ROLE_USE && a->link + 1 != i)
			return CS_REFUSE(e, CS_R_GRANT_INVALID,
			    "approval %zu: its grant is not the one before it",
			    i + 1);
	}
	return CS_OK;
}

/* Whose key verifies: the one that stands there, which for a use has to be the
 * one that the grant names. */
static int
find_key(struct audited *d, size_t i, cs_err *e)
{
	const cs_audit_approval *of = &d->r->at[i];
	cs_approved *a = &d->each[i];
	int r;

	if (a->role == CS_ROLE_USE) {
		if ((r = cs_step_holder(&d->step, a, e)) != CS_OK)
			return r;
		if (!cs_span_eq(a->key.der, of->key.der))
			return CS_REFUSE(e, CS_R_GRANT_INVALID,
			    "expected the key of the grant's holder");
		return cs_step_type(&d->step, a, e);
	}
	a->anchor = (cs_anchor){.file = "record", .line = (unsigned)i + 1,
	    .owner = of->owner, .key = of->key, .type = CS_ANCHOR_SPKI,
	    .grants = true};
	a->key = of->key;
	if (a->approval->carrier == CS_CARRIER_WEBAUTHN)
		return CS_OK; /* check_signature */
	if ((r = cs_step_bare(a, e)) != CS_OK)
		return r;
	return cs_step_type(&d->step, a, e);
}

static int
check_signature(struct audited *d, cs_approved *a, cs_err *e)
{
	if (a->approval->carrier == CS_CARRIER_WEBAUTHN)
		return cs_carrier_webauthn_recorded(&d->step, a, e);
	return cs_step_signature(&d->step, a, e);
}

static int
check_same(const struct audited *d, size_t i, cs_err *e)
{
	const cs_audit_approval *of = &d->r->at[i];
	const cs_tbs *t = &d->each[i].approval->tbs;
	enum cs_decision want = d->r->event == CS_AUDIT_DENIED ? CS_DENY :
	    CS_APPROVE;
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if (t->decision != want)
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH, want == CS_DENY ?
		    "expected a denial, found an approval" :
		    "expected an approval, found a denial");
	if (!cs_span_eq(t->owner, of->owner))
		return CS_REFUSE(e, CS_R_WRONG_OWNER,
		    "expected one of %.*s, found one of %.*s",
		    CS_SHOW(of->owner), CS_SHOW(t->owner));
	if ((r = cs_key_hash(&of->key, hash, e)) != CS_OK)
		return r;
	if (!cs_span_eq(t->owner_key_hash, cs_span_of(hash, sizeof(hash))))
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected one by the key that stands beside it");
	return CS_OK;
}

/* The credential that was claimed lies within what the owner gave. */
static int
check_life(const cs_audit_record *rec, const cs_tbs *t, cs_err *e)
{
	int64_t life = rec->not_after - rec->not_before;
	char want[24], found[24];

	if (rec->event != CS_AUDIT_CLAIMED)
		return CS_OK;
	if (rec->not_before < t->not_before)
		return CS_REFUSE(e, CS_R_NOT_YET_VALID,
		    "the credential starts before the approval's window");
	if (rec->not_before > t->not_after)
		return CS_REFUSE(e, CS_R_EXPIRED,
		    "the credential starts behind the approval's window");
	if (life <= t->max_lifetime)
		return CS_OK;
	cs_duration_put(t->max_lifetime, want);
	cs_duration_put(life, found);
	return CS_REFUSE(e, CS_R_LIFETIME_EXCEEDED,
	    "expected a lifetime of at most %s, found %s", want, found);
}

static int
check_one(struct audited *d, size_t i, cs_err *e)
{
	const struct cs_step *s = &d->step;
	cs_approved *a = &d->each[i];
	const cs_tbs *t = &a->approval->tbs;
	int r;

	/* The request that the nonce was for is not here. */
	d->in.nonce = t->nonce;
	if ((r = check_signature(d, a, e)) != CS_OK ||
	    (r = check_same(d, i, e)) != CS_OK ||
	    (r = cs_step_binding(s, a, e)) != CS_OK ||
	    (r = cs_step_place(s, a, e)) != CS_OK ||
	    (r = cs_step_supported(t, e)) != CS_OK ||
	    (r = check_life(d->r, t, e)) != CS_OK)
		return r;
	return cs_step_grant(s, a, e);
}

static int
check_all(struct audited *d, cs_err *e)
{
	size_t i;
	int r;

	if ((r = read_each(d, e)) != CS_OK)
		return r;
	cs_grant_roles(d->each, d->r->n);
	if ((r = check_roles(d, e)) != CS_OK)
		return r;
	/* A denial's record has no key of the agent: whichever was denied. */
	if (d->r->event == CS_AUDIT_DENIED &&
	    d->each[0].approval->tbs.subjects[0].agent_key_hash.p != NULL)
		memcpy(d->step.agent_key_hash,
		    d->each[0].approval->tbs.subjects[0].agent_key_hash.p,
		    CS_SHA256_LEN);
	for (i = 0; i < d->r->n; i++)
		if ((r = find_key(d, i, e)) != CS_OK)
			return cs_wrap(e, "approval %zu", i + 1);
	for (i = 0; i < d->r->n; i++)
		if ((r = check_one(d, i, e)) != CS_OK)
			return cs_wrap(e, "approval %zu", i + 1);
	return CS_OK;
}

static int
prepare(struct audited *d, const cs_audit_record *r, cs_err *e)
{
	int rc;

	d->r = r;
	if ((rc = cs_anchors_parse("nobody", cs_span_of("", 0), &d->nobody,
	    e)) != CS_OK)
		return rc;
	d->in.anchors = d->nobody;
	d->in.authority = r->authority;
	d->in.now = r->time;
	d->agent.agent_id = r->agent_id;
	d->agent.key = r->agent_key;
	d->step.in = &d->in;
	d->step.csr = &d->agent;
	d->step.each = d->each;
	d->step.n = r->n;
	memcpy(d->step.request_digest, r->request_digest.p, CS_SHA256_LEN);
	return r->event == CS_AUDIT_CLAIMED ?
	    cs_key_hash(&r->agent_key, d->step.agent_key_hash, e) : CS_OK;
}

int
cs_audit_approvals_check(const cs_audit_record *r, cs_err *e)
{
	struct audited *d = NULL;
	size_t i;
	int rc;

	if (r->event != CS_AUDIT_CLAIMED && r->event != CS_AUDIT_DENIED)
		return CS_OK;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return cs_nomem(e, "audit");
	if ((rc = prepare(d, r, e)) == CS_OK)
		rc = check_all(d, e);
	for (i = 0; i < r->n; i++)
		cs_approval_free(&d->approvals[i]);
	cs_anchors_free(&d->nobody);
	free(d);
	return rc;
}
