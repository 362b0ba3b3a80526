/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/approve.h"

#include <stdlib.h>

#include "fmt/approval.h"
#include "fmt/reason.h"

/* Signature, signed attributes, the certificate's issuer. */
#define AROUND_MAX 2048

int
cs_approve_add(cs_approve *a, const cs_reqfile *r, enum cs_subject_kind kind,
    cs_err *e)
{
	if (a->want.n_subjects == CS_SUBJECTS_MAX)
		return cs_fail(e, CS_EBUG, "approve", "more than %d subjects",
		    CS_SUBJECTS_MAX);
	a->req[a->want.n_subjects] = r;
	a->want.subjects[a->want.n_subjects++] = cs_reqfile_subject(r, kind);
	return CS_OK;
}

int
cs_approve_grant(cs_approve *a, cs_span prefix, cs_span holder, cs_err *e)
{
	a->req[0] = NULL;
	a->want.n_subjects = 1;
	a->want.subjects[0] = (cs_subject){.kind = CS_SUBJECT_GRANT,
	    .agent_id = prefix, .holder_key = holder};
	return cs_sha256(holder, a->holder, e);
}

static int
check_key(const cs_approve *a, cs_span owner_hash, cs_err *e)
{
	size_t i;

	if (a->want.subjects[0].kind == CS_SUBJECT_GRANT &&
	    cs_span_eq(cs_span_of(a->holder, sizeof(a->holder)), owner_hash))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_KEY_REUSE,
		    "approve", "the holder's key is your own");
	for (i = 0; i < a->want.n_subjects; i++)
		if (cs_span_eq(a->want.subjects[i].agent_key_hash, owner_hash))
			return cs_fail_detail(e, CS_EREFUSED, CS_R_KEY_REUSE,
			    "approve", "%s: the agent's key is your own",
			    a->req[i]->path);
	return CS_OK;
}

/* What it comes to is known only when it is signed: rather too much. */
static int
check_size(const cs_approve *a, cs_err *e)
{
	size_t n = cs_buf_len(a->tbs_der) + a->certs.n + AROUND_MAX;

	if (n <= CS_APPROVAL_MAX)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, "approve",
	    "an approval of at most %d octets cannot carry %zu octets of "
	    "certificates beside its own %zu", CS_APPROVAL_MAX, a->certs.n,
	    cs_buf_len(a->tbs_der));
}

int
cs_approve_build(cs_approve *a, const uint8_t owner_hash[CS_SHA256_LEN],
    cs_err *e)
{
	int r;

	cs_buf_free(&a->tbs_der);
	a->want.owner_key_hash = cs_span_of(owner_hash, CS_SHA256_LEN);
	a->want.approval_id = cs_span_of(a->id, sizeof(a->id));
	if ((r = check_key(a, a->want.owner_key_hash, e)) != CS_OK ||
	    (r = cs_random(a->id, sizeof(a->id), e)) != CS_OK)
		return r;
	if ((a->tbs_der = cs_buf_new(CS_TBS_MAX)) == NULL)
		return cs_nomem(e, "approve");
	if ((r = cs_tbs_put(&a->want, a->tbs_der, e)) != CS_OK ||
	    (r = check_size(a, e)) != CS_OK)
		return r;
	return cs_tbs_parse(cs_buf_span(a->tbs_der), 0, &a->tbs, e);
}

int
cs_approve_sign(cs_approve *a, cs_signer *s, int64_t now, cs_err *e)
{
	const cs_to_sign what = {.tbs = a->tbs.der, .now = now,
	    .certs = a->certs};
	cs_approval *back = NULL;
	int r;

	if ((a->approval = cs_buf_new(CS_APPROVAL_MAX)) == NULL)
		return cs_nomem(e, "approve");
	if ((r = cs_signer_sign(s, &what, a->approval, e)) != CS_OK)
		return r;
	r = cs_approval_parse(cs_buf_span(a->approval), 0, &back, e);
	if (r == CS_OK && !cs_span_eq(back->tbs.der, a->tbs.der))
		r = cs_fail(e, CS_EBUG, "approve",
		    "the signer signed something else");
	cs_approval_free(&back);
	return r;
}

void
cs_approve_free(cs_approve **ap)
{
	cs_approve *a;

	if (ap == NULL || (a = *ap) == NULL)
		return;
	cs_buf_free(&a->tbs_der);
	cs_buf_free(&a->approval);
	free(a);
	*ap = NULL;
}
