/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/audit.h"

#include <stdlib.h>

#include "fmt/auditp.h"
#include "fmt/bindings.h"
#include "fmt/der.h"
#include "fmt/reason.h"

/* An absent span is written as an empty element. */
static void
put(cs_buf *out, unsigned tag, cs_span s)
{
	cs_der_put(out, tag, s.p == NULL ? cs_span_of("", 0) : s);
}

static void
put_approval(cs_buf *out, const cs_audit_approval *a)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_ENUM, a->role);
	put(out, CS_DER_IA5, a->owner);
	cs_der_put_raw(out, a->key.der);
	cs_bound_put(out, a->assurance);
	put(out, CS_DER_UTF8, a->line);
	cs_der_put_raw(out, a->approval);
	cs_der_close(out, m);
}

static void
put_claim(cs_buf *out, const cs_audit_record *r)
{
	size_t m, i;

	cs_der_put_uint(out, CS_DER_ENUM, (uint64_t)r->kind);
	put(out, CS_DER_IA5, r->agent_id);
	cs_der_put_raw(out, r->agent_key.der);
	put(out, CS_DER_OCTETS, r->request_digest);
	put(out, CS_DER_OCTETS, r->serial);
	cs_der_put_gentime(out, r->not_before);
	cs_der_put_gentime(out, r->not_after);
	put(out, CS_DER_OCTETS, r->body_digest);
	m = cs_der_begin(out, CS_DER_SEQ);
	for (i = 0; i < r->n; i++)
		put_approval(out, &r->at[i]);
	cs_der_close(out, m);
}

static void
put_issue(cs_buf *out, const cs_audit_record *r)
{
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)r->claim);
	put(out, CS_DER_OCTETS, r->serial);
	put(out, CS_DER_OCTETS, r->credential);
}

static void
put_denial(cs_buf *out, const cs_audit_record *r)
{
	put(out, CS_DER_IA5, r->agent_id);
	put(out, CS_DER_OCTETS, r->request_digest);
	put_approval(out, &r->at[0]);
}

static void
put_revocation(cs_buf *out, const cs_audit_record *r)
{
	cs_der_put_uint(out, CS_DER_ENUM, (uint64_t)r->what);
	put(out, CS_DER_UTF8, r->name);
	put(out, CS_DER_UTF8, r->reason);
	put(out, CS_DER_UTF8, r->actor);
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)r->live);
}

static void
put_floor(cs_buf *out, const cs_audit_record *r)
{
	cs_der_put_gentime(out, r->not_before);
	put(out, CS_DER_UTF8, r->reason);
}

static void
put_event(cs_buf *out, const cs_audit_record *r)
{
	static void (*const each[])(cs_buf *, const cs_audit_record *) = {
		[CS_AUDIT_CLAIMED] = put_claim,
		[CS_AUDIT_ISSUED] = put_issue,
		[CS_AUDIT_DENIED] = put_denial,
		[CS_AUDIT_REVOKED] = put_revocation,
		[CS_AUDIT_LIFTED] = put_revocation,
		[CS_AUDIT_FLOOR] = put_floor,
	};
	size_t m = cs_der_begin(out, CS_DER_CTXC((unsigned)r->event));

	each[r->event](out, r);
	cs_der_close(out, m);
}

static void
put_fields(cs_buf *out, const cs_audit_record *r)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_INTEGER, 1);
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)r->sequence);
	put(out, CS_DER_OCTETS, r->previous);
	cs_der_put_gentime(out, r->time);
	put(out, CS_DER_IA5, r->authority);
	put_event(out, r);
	cs_der_close(out, m);
}

/* The reader is the judge of what may be written, here as for the TBS. */
static int
check_written(cs_span der, cs_err *e)
{
	cs_audit_record *back = calloc(1, sizeof(*back));
	int r;

	if (back == NULL)
		return cs_nomem(e, "audit");
	r = cs_audit_read(der, back, e);
	free(back);
	return r;
}

/* What has no place in the encoding, so that the reader would not see it. */
static bool
is_countable(const cs_audit_record *r)
{
	return (unsigned)r->event <= CS_AUDIT_FLOOR &&
	    r->n <= CS_AUDIT_APPROVALS_MAX && r->sequence >= 0 &&
	    r->kind >= 0 && r->what >= 0 && r->claim >= 0 && r->live >= 0;
}

int
cs_audit_put(const cs_audit_record *r, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out);
	cs_span all;
	int rc;

	if (!is_countable(r))
		return CS_BAD(e, CS_R_MALFORMED, "audit",
		    "audit record: a number out of bounds");
	put_fields(out, r);
	if ((rc = cs_der_done(out, e)) != CS_OK)
		return cs_wrap(e, "audit record");
	all = cs_buf_span(out);
	return check_written(cs_span_cut(all, at, all.n - at), e);
}
