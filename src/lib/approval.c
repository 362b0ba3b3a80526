/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>

#include "fmt/message.h"

_Static_assert(COUNTERSIGN_APPROVALS_MAX == CS_APPROVALS_MAX &&
    COUNTERSIGN_SUBJECTS_MAX == CS_SUBJECTS_MAX, "the limits of the formats");
_Static_assert((int)COUNTERSIGN_SUBJECT_REQUEST == CS_SUBJECT_REQUEST &&
    (int)COUNTERSIGN_SUBJECT_KEY == CS_SUBJECT_KEY &&
    (int)COUNTERSIGN_SUBJECT_GRANT == CS_SUBJECT_GRANT &&
    (int)COUNTERSIGN_APPROVE == CS_APPROVE, "the numbers of the rooms");

int
cs_lib_approval(cs_approval **a, countersign_approval **out, cs_err *e)
{
	countersign_approval *one = calloc(1, sizeof(*one));

	if (one == NULL) {
		cs_approval_free(a);
		return cs_nomem(e, "lib");
	}
	one->a = *a;
	*a = NULL; /* transferred */
	*out = one;
	return CS_OK;
}

static int
read_one(cs_span der, countersign_approval **out, cs_err *e)
{
	cs_approval *a = NULL;
	int r;

	if ((r = cs_approval_parse(der, 0, &a, e)) != CS_OK)
		return r;
	return cs_lib_approval(&a, out, e);
}

int
countersign_approvals_read(const void *octets, size_t len,
    countersign_approval **out, size_t *n, countersign_error *error)
{
	cs_buf *own[CS_APPROVALS_MAX] = {NULL};
	size_t found = 0, i;
	cs_err e = {0};
	int r;

	*n = 0;
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		out[i] = NULL;
	r = cs_approvals_read(cs_span_of(octets, len), own, &found, &e);
	for (i = 0; r == CS_OK && i < found; i++)
		r = read_one(cs_buf_span(own[i]), &out[i], &e);
	for (i = 0; i < CS_APPROVALS_MAX; i++) {
		if (r != CS_OK)
			countersign_approval_free(&out[i]);
		cs_buf_free(&own[i]);
	}
	if (r != CS_OK)
		return cs_lib_report(error, &e);
	*n = found;
	return CS_OK;
}

void
countersign_approval_free(countersign_approval **approval)
{
	if (approval == NULL || *approval == NULL)
		return;
	cs_approval_free(&(*approval)->a);
	free(*approval);
	*approval = NULL;
}

countersign_bytes
countersign_approval_der(const countersign_approval *approval)
{
	return cs_lib_bytes(approval->a->der);
}

countersign_bytes
countersign_approval_tbs(const countersign_approval *approval)
{
	return cs_lib_bytes(approval->a->tbs.der);
}

int
countersign_approval_terms(const countersign_approval *approval,
    countersign_terms *out)
{
	const cs_tbs *t = &approval->a->tbs;
	size_t size = out->size;

	if (size < sizeof(*out))
		return CS_EUSAGE;
	*out = (countersign_terms){
		.size = size,
		.approval_id = cs_lib_bytes(t->approval_id),
		.decision = (int)t->decision,
		.owner = cs_lib_bytes(t->owner),
		.owner_key_hash = cs_lib_bytes(t->owner_key_hash),
		.authority = cs_lib_bytes(t->authority),
		.not_before = t->not_before,
		.not_after = t->not_after,
		.max_lifetime = t->max_lifetime,
		.max_issuances = t->max_issuances,
		.nonce = cs_lib_bytes(t->nonce),
		.purpose = cs_lib_bytes(t->purpose),
		.under_grant = cs_lib_bytes(t->under_grant),
	};
	return CS_OK;
}

size_t
countersign_approval_subjects(const countersign_approval *approval)
{
	return approval->a->tbs.n_subjects;
}

int
countersign_approval_subject(const countersign_approval *approval, size_t i,
    countersign_subject *out)
{
	const cs_subject *s;
	size_t size = out->size;

	if (size < sizeof(*out) || i >= approval->a->tbs.n_subjects)
		return CS_EUSAGE;
	s = &approval->a->tbs.subjects[i];
	*out = (countersign_subject){
		.size = size,
		.kind = (int)s->kind,
		.agent = cs_lib_bytes(s->agent_id),
		.agent_key_hash = cs_lib_bytes(s->agent_key_hash),
		.request_digest = cs_lib_bytes(s->request_digest),
		.holder_key = cs_lib_bytes(s->holder_key),
	};
	return CS_OK;
}
