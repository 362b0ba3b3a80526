/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/owners.h"

#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "owners", __VA_ARGS__)

static int
check_same(const cs_binding *b, const cs_tbs *t, cs_err *e)
{
	if (t->decision != CS_APPROVE)
		return BAD(e, CS_R_BINDING_MISMATCH,
		    "expected an approval, found a denial");
	if (!cs_span_eq(b->owner, t->owner))
		return BAD(e, CS_R_WRONG_OWNER,
		    "expected an approval of %.*s, found one of %.*s",
		    (int)b->owner.n, (const char *)b->owner.p,
		    (int)t->owner.n, (const char *)t->owner.p);
	if (!cs_span_eq(b->approval_id, t->approval_id))
		return BAD(e, CS_R_BINDING_MISMATCH,
		    "the binding has another number than its approval");
	if (t->under_grant.p != NULL && b->assurance != 0)
		return BAD(e, CS_R_GRANT_INVALID,
		    "a use under a grant has assurance of its own");
	return CS_OK;
}

int
cs_bindings_check(const cs_bindings *b, unsigned depth, cs_err *e)
{
	cs_approval *a = NULL;
	size_t i;
	int r = CS_OK;

	for (i = 0; i < b->n && r == CS_OK; i++) {
		r = cs_binding_approval(&b->at[i], depth, &a, e);
		if (r == CS_OK && a != NULL)
			r = check_same(&b->at[i], &a->tbs, e);
		if (r != CS_OK)
			cs_wrap(e, "owner binding %zu", i + 1);
		cs_approval_free(&a);
	}
	return r;
}
