/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/handed.h"

#include "fmt/pem.h"
#include "fmt/reason.h"

static const char where[] = "server/approve";

static int
no_room(cs_err *e)
{
	return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, where,
	    "more than %d approvals", CS_APPROVALS_MAX);
}

int
cs_handed_add(cs_handed *h, cs_span der, cs_err *e)
{
	size_t n;
	int rc;

	for (n = 0; n < h->n; n++)
		if (cs_span_eq(h->at[n]->der, der))
			return CS_OK;
	if (h->n == CS_APPROVALS_MAX)
		return no_room(e);
	if ((rc = cs_approval_parse(der, 0, &h->at[h->n], e)) == CS_OK)
		h->n++;
	return rc;
}

void
cs_handed_clear(cs_handed *h)
{
	size_t n;

	for (n = 0; n < CS_APPROVALS_MAX; n++)
		cs_approval_free(&h->at[n]);
	h->n = 0;
}

int
cs_pick(cs_picked *p, const cs_approval *a, cs_err *e)
{
	size_t n;

	for (n = 0; n < p->n; n++)
		if (cs_span_eq(p->at[n]->der, a->der))
			return CS_OK;
	if (p->n == CS_APPROVALS_MAX)
		return no_room(e);
	p->at[p->n++] = a;
	return CS_OK;
}

int
cs_pick_owner(cs_picked *p, const cs_picked *from, cs_span owner, cs_err *e)
{
	size_t n;
	int rc = CS_OK;

	for (n = 0; n < from->n && rc == CS_OK; n++)
		if (cs_span_eq(from->at[n]->tbs.owner, owner))
			rc = cs_pick(p, from->at[n], e);
	return rc;
}

/* What has no request among its subjects may be of any. */
static bool
is_of(const cs_approval *a, cs_span digest)
{
	size_t n;

	for (n = 0; n < a->tbs.n_subjects; n++)
		if (a->tbs.subjects[n].kind != CS_SUBJECT_REQUEST ||
		    cs_span_eq(a->tbs.subjects[n].request_digest, digest))
			return true;
	return false;
}

int
cs_pick_request(cs_picked *p, const cs_handed *from, cs_span digest,
    cs_err *e)
{
	size_t n;
	int rc = CS_OK;

	for (n = 0; n < from->n && rc == CS_OK; n++)
		if (is_of(from->at[n], digest))
			rc = cs_pick(p, from->at[n], e);
	return rc;
}

int
cs_picked_few(const cs_picked *p, cs_err *e)
{
	size_t n, i, his;

	for (n = 0; n < p->n; n++) {
		for (his = i = 0; i < p->n; i++)
			his += cs_span_eq(p->at[i]->tbs.owner,
			    p->at[n]->tbs.owner);
		if (his > 2)
			return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE,
			    where, "expected at most two approvals of an "
			    "owner, found %zu of %.*s", his,
			    (int)p->at[n]->tbs.owner.n,
			    (const char *)p->at[n]->tbs.owner.p);
	}
	return CS_OK;
}

bool
cs_picked_denies(const cs_picked *p)
{
	size_t n;

	for (n = 0; n < p->n; n++)
		if (p->at[n]->tbs.decision == CS_DENY)
			return true;
	return false;
}

bool
cs_picked_has(const cs_picked *p, cs_span tbs)
{
	size_t n;

	for (n = 0; n < p->n; n++)
		if (cs_span_eq(p->at[n]->tbs.der, tbs))
			return true;
	return false;
}

int64_t
cs_picked_until(const cs_picked *p, cs_span owner)
{
	int64_t until = 0;
	const cs_tbs *t;
	size_t n;

	for (n = 0; n < p->n; n++) {
		t = &p->at[n]->tbs;
		if (cs_span_eq(t->owner, owner) &&
		    (until == 0 || t->not_after < until))
			until = t->not_after;
	}
	return until;
}

int
cs_picked_put(const cs_picked *p, cs_span request, cs_buf **out, cs_err *e)
{
	size_t n, room = cs_pem_max(request.n);
	cs_buf *b;
	int rc;

	*out = NULL;
	for (n = 0; n < p->n; n++)
		room += cs_pem_max(p->at[n]->der.n);
	if ((b = cs_buf_new(room)) == NULL)
		return cs_nomem(e, where);
	rc = cs_pem_put(b, CS_PEM_REQUEST, request, e);
	for (n = 0; n < p->n && rc == CS_OK; n++)
		rc = cs_pem_put(b, CS_PEM_APPROVAL, p->at[n]->der, e);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}
