/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/auditp.h"

#include "base/enc.h"
#include "fmt/approval.h"
#include "fmt/reason.h"
#include "store/claimp.h"

/* Rows that decide, and of which the log says how they came about. */

#define WRONG(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_NONE, "store/audit", __VA_ARGS__)

void
cs_audit_sums_add(cs_audit_sums *s, const cs_audit_record *r)
{
	if (cs_audit_tells_time(r) && r->time > s->latest)
		s->latest = r->time;
	switch (r->event) {
	case CS_AUDIT_CLAIMED:
		s->approvals += (int64_t)r->n;
		break;
	case CS_AUDIT_LIFTED:
		s->lifted++;
		break;
	case CS_AUDIT_FLOOR:
		s->floor = r->not_before;
		break;
	case CS_AUDIT_ISSUED:
	case CS_AUDIT_DENIED:
	case CS_AUDIT_REVOKED:
		break;
	}
}

struct found {
	int64_t lifted, ended, ends, approvals, uses, unused;
};

static int
take_sums(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct found *f = arg;
	int64_t *const to[] = {&f->lifted, &f->ended, &f->ends, &f->approvals,
	    &f->uses, &f->unused};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		if ((rc = cs_col_int(col, n, i, 0, INT64_MAX, to[i], e)) !=
		    CS_OK)
			return rc;
	return CS_OK;
}

static int
same(int64_t want, int64_t found, const char *what, cs_err *e)
{
	return want == found ? CS_OK : WRONG(e, "expected %s as the log has "
	    "it, %lld, found %lld", what, (long long)want, (long long)found);
}

int
cs_audit_sums_check(cs_txn *t, const cs_audit_sums *s, cs_err *e)
{
	struct found f = {0};
	int64_t floor = 0, latest = 0;
	int rc;

	if ((rc = cs_txn_run(t, CS_SQL_AUDIT_SUMS, NULL, 0, take_sums, &f,
	    NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "floor", &floor, NULL, e)) != CS_OK ||
	    (rc = cs_clock_get(t, &latest, e)) != CS_OK ||
	    (rc = same(s->floor, floor, "the floor", e)) != CS_OK ||
	    (rc = same(s->latest, latest, "the latest time", e)) != CS_OK ||
	    (rc = same(s->lifted, f.lifted, "revocations that were lifted",
	    e)) != CS_OK ||
	    (rc = same(f.ends, f.ended, "credentials that were ended", e)) !=
	    CS_OK ||
	    (rc = same(s->approvals, f.approvals, "approvals of claims", e)) !=
	    CS_OK)
		return rc;
	return f.uses == 0 && f.unused == 0 ? CS_OK : WRONG(e, "%lld counts "
	    "of an approval's uses are not those of the claims",
	    (long long)(f.uses + f.unused));
}

static int
denial_is(const cs_db_value *col, size_t n, const cs_audit_record *r,
    bool *is, cs_err *e)
{
	cs_approval *a = NULL;
	cs_stored_denial d;
	int rc;

	if ((rc = cs_denial_row_get(col, n, &d, e)) != CS_OK ||
	    !cs_span_eq(d.der, r->at[0].approval) ||
	    (rc = cs_approval_parse(d.der, CS_AUDIT_DEPTH, &a, e)) != CS_OK)
		return rc;
	*is = cs_span_eq(d.agent_id, r->agent_id) &&
	    cs_span_eq(d.request_digest, r->request_digest) &&
	    cs_span_eq(d.owner, r->at[0].owner) &&
	    d.time == r->time &&
	    cs_span_eq(d.key_hash, a->tbs.owner_key_hash) &&
	    d.not_before == a->tbs.not_before &&
	    d.not_after == a->tbs.not_after;
	cs_approval_free(&a);
	return CS_OK;
}

/* The log has names of octets in hexadecimal. */
static int
revocation_is(const cs_db_value *col, size_t n, const cs_audit_record *r,
    bool *is, cs_err *e)
{
	cs_buf *name = NULL;
	cs_revocation v;
	bool text;
	int rc;

	if ((rc = cs_revocation_row_get(col, n, &v, e)) != CS_OK)
		return rc;
	text = v.what == CS_REVOKE_OWNER || v.what == CS_REVOKE_AGENT;
	if ((name = cs_buf_new(2 * v.name.n + 1)) == NULL || (text ?
	    cs_buf_put(name, v.name) : cs_hex_put(name, v.name)) != CS_OK) {
		cs_buf_free(&name);
		return cs_nomem(e, "store/audit");
	}
	*is = (int)v.what == r->what && v.time == r->time &&
	    cs_span_eq(cs_buf_span(name), r->name) &&
	    cs_span_eq(v.reason, r->reason) && cs_span_eq(v.actor, r->actor) &&
	    v.live == r->live;
	cs_buf_free(&name);
	return CS_OK;
}

int
cs_audit_swept(const cs_audit_record *r, int64_t clock, bool *swept,
    cs_err *e)
{
	cs_approval *a = NULL;
	int rc;

	*swept = false;
	if (r->event != CS_AUDIT_DENIED)
		return CS_OK;
	if ((rc = cs_approval_parse(r->at[0].approval, CS_AUDIT_DEPTH, &a,
	    e)) != CS_OK)
		return rc;
	*swept = a->tbs.not_after < clock - CS_DENIAL_SWEEP;
	cs_approval_free(&a);
	return CS_OK;
}

struct row {
	const cs_audit_record *r;
	bool found, is;
};

static int
take_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct row *w = arg;

	w->found = true;
	return w->r->event == CS_AUDIT_DENIED ?
	    denial_is(col, n, w->r, &w->is, e) :
	    revocation_is(col, n, w->r, &w->is, e);
}

int
cs_audit_row_check(cs_txn *t, const cs_audit_record *r, int64_t clock,
    cs_err *e)
{
	const cs_db_value number = cs_db_int(r->sequence);
	struct row w = {.r = r};
	int rc;

	if (r->event != CS_AUDIT_DENIED && r->event != CS_AUDIT_REVOKED)
		return CS_OK;
	if ((rc = cs_txn_run(t, r->event == CS_AUDIT_DENIED ?
	    CS_SQL_AUDIT_DENIAL : CS_SQL_AUDIT_REVOCATION, &number, 1,
	    take_row, &w, NULL, e)) != CS_OK)
		return cs_wrap(e, "record %lld", (long long)r->sequence);
	if (!w.found && (rc = cs_audit_swept(r, clock, &w.is, e)) != CS_OK)
		return cs_wrap(e, "record %lld", (long long)r->sequence);
	return w.is ? CS_OK : WRONG(e, "record %lld: what the store has of "
	    "what was %s is another", (long long)r->sequence,
	    cs_audit_event_name(r->event));
}
