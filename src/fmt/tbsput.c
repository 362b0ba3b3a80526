/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tbs.h"

#include <stdlib.h>

#include "fmt/der.h"
#include "fmt/reason.h"

static void
put_subject(cs_buf *out, const cs_subject *s)
{
	static const unsigned tags[] = {
		[CS_SUBJECT_REQUEST] = CS_DER_CTXC(0),
		[CS_SUBJECT_KEY] = CS_DER_CTXC(1),
		[CS_SUBJECT_GRANT] = CS_DER_CTXC(2),
	};
	size_t m = cs_der_begin(out, tags[s->kind]);

	cs_der_put(out, CS_DER_IA5, s->agent_id);
	if (s->kind == CS_SUBJECT_GRANT)
		cs_der_put_raw(out, s->holder_key);
	else
		cs_der_put(out, CS_DER_OCTETS, s->agent_key_hash);
	if (s->kind == CS_SUBJECT_REQUEST)
		cs_der_put(out, CS_DER_OCTETS, s->request_digest);
	cs_der_close(out, m);
}

static void
put_subjects(cs_buf *out, const cs_tbs *t)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ), i;

	for (i = 0; i < t->n_subjects; i++)
		put_subject(out, &t->subjects[i]);
	cs_der_close(out, m);
}

static void
put_option(cs_buf *out, unsigned tag, cs_span value)
{
	if (value.p != NULL)
		cs_der_put(out, tag, value);
}

static void
put_fields(cs_buf *out, const cs_tbs *t)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_INTEGER, 1);
	cs_der_put(out, CS_DER_OCTETS, t->approval_id);
	cs_der_put_uint(out, CS_DER_ENUM, (uint64_t)t->decision);
	cs_der_put(out, CS_DER_IA5, t->owner);
	cs_der_put(out, CS_DER_OCTETS, t->owner_key_hash);
	cs_der_put(out, CS_DER_IA5, t->authority);
	cs_der_put_gentime(out, t->not_before);
	cs_der_put_gentime(out, t->not_after);
	put_subjects(out, t);
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)t->max_lifetime);
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)t->max_issuances);
	put_option(out, CS_DER_CTX(0), t->nonce);
	put_option(out, CS_DER_CTX(1), t->purpose);
	put_option(out, CS_DER_CTXC(2), t->extensions);
	put_option(out, CS_DER_CTX(3), t->under_grant);
	cs_der_close(out, m);
}

/* The reader is the judge of what may be written: one set of rules. */
static int
check_written(cs_span der, cs_err *e)
{
	cs_tbs *back = calloc(1, sizeof(*back));
	int r;

	if (back == NULL)
		return cs_nomem(e, "approval");
	r = cs_tbs_parse(der, 0, back, e);
	free(back);
	return r;
}

int
cs_tbs_put(const cs_tbs *t, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out);
	cs_span all;
	int r;

	if (t->n_subjects == 0 || t->n_subjects > CS_SUBJECTS_MAX ||
	    t->max_lifetime < 0 || t->max_issuances < 0)
		return CS_BAD(e, CS_R_MALFORMED, "approval",
		    "subjects or limits out of bounds");
	put_fields(out, t);
	if ((r = cs_der_done(out, e)) != CS_OK)
		return r;
	all = cs_buf_span(out);
	return check_written(cs_span_cut(all, at, all.n - at), e);
}
