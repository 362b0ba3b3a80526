/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/reason.h"
#include "store/auditp.h"

/* The log against itself, and against the rows that were written with it. */

#define WRONG(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_NONE, "store/audit", __VA_ARGS__)

struct check {
	cs_audit_check *c;
	cs_span authority;
	int (*each)(void *arg, const cs_audit_record *r, cs_err *e);
	void *arg;
	cs_txn *t;
	int64_t from, to; /* of the log: what comes next, its end at first */
	bool more;
	int64_t clock;
	int64_t rows_to; /* those up to this number have been looked at */
	int64_t issued;    /* records of that kind */
	cs_audit_sums sums;
	size_t n;
	cs_audit_record *part[CS_AUDIT_PART];
	size_t at;         /* within part, of a row's record */
	int64_t row;
	const cs_audit_record *one; /* issued, of the row that is wanted */
	bool found;
};

static void
free_part(struct check *k)
{
	while (k->n > 0)
		cs_audit_free(&k->part[--k->n]);
}

static cs_span
hash_of(const uint8_t h[CS_SHA256_LEN])
{
	return cs_span_of(h, CS_SHA256_LEN);
}

/* What was noted elsewhere, of this record. */
static int
check_noted(const cs_audit_check *c, cs_err *e)
{
	char want[52], found[52];

	if (c->from_sequence != c->head.sequence ||
	    cs_span_eq(hash_of(c->from_hash), hash_of(c->head.hash)))
		return CS_OK;
	cs_fingerprint(c->from_hash, want);
	cs_fingerprint(c->head.hash, found);
	return WRONG(e, "record %lld: expected the hash that was noted, %s, "
	    "found %s", (long long)c->head.sequence, want, found);
}

int
cs_audit_link(cs_audit_check *c, cs_span authority, const cs_audit_record *r,
    cs_err *e)
{
	int64_t next = c->head.sequence + 1;
	int rc;

	if (r->sequence != next)
		return WRONG(e, "record %lld: calls itself record %lld",
		    (long long)next, (long long)r->sequence);
	if (!cs_span_eq(r->previous, hash_of(c->head.hash)))
		return WRONG(e, "record %lld: expected the hash of the record "
		    "before it, found another", (long long)next);
	if (authority.p != NULL && !cs_span_eq(r->authority, authority))
		return WRONG(e, "record %lld: expected the authority %.*s, "
		    "found %.*s", (long long)next, (int)authority.n,
		    (const char *)authority.p, (int)r->authority.n,
		    (const char *)r->authority.p);
	if ((rc = cs_sha256(r->der, c->head.hash, e)) != CS_OK)
		return rc;
	c->head.sequence = next;
	c->records++;
	return check_noted(c, e);
}

int
cs_audit_link_end(const cs_audit_check *c, cs_err *e)
{
	if (c->from_sequence <= c->head.sequence)
		return CS_OK;
	return WRONG(e, "the log ends with record %lld, expected record %lld, "
	    "which was noted", (long long)c->head.sequence,
	    (long long)c->from_sequence);
}

static int
take_record(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct check *k = arg;
	int64_t next = k->c->head.sequence + 1;
	int r;

	if (sequence != next)
		return WRONG(e, "expected record %lld, found record %lld",
		    (long long)next, (long long)sequence);
	if ((r = cs_audit_parse(der, &k->part[k->n], e)) != CS_OK) {
		if (r == CS_EFORMAT && e != NULL)
			e->cls = r = CS_EREFUSED;
		if (e != NULL)
			(void)cs_wrap(e, "record %lld", (long long)next);
		return r;
	}
	k->n++;
	return cs_audit_link(k->c, k->authority, k->part[k->n - 1], e);
}

/* The record with a row's number, if it is of this part. */
static const cs_audit_record *
find(struct check *k, int64_t number)
{
	while (k->at < k->n && k->part[k->at]->sequence < number)
		k->at++;
	return k->at < k->n && k->part[k->at]->sequence == number ?
	    k->part[k->at] : NULL;
}

/* Between the row before and this one no record wants one. */
static int
check_skipped(const struct check *k, int64_t number, bool is_claim, cs_err *e)
{
	const cs_audit_record *r;
	bool swept = false;
	size_t i;
	int rc;

	for (i = 0; i < k->n; i++) {
		r = k->part[i];
		if (r->sequence <= k->row || r->sequence >= number ||
		    !(is_claim ? r->event == CS_AUDIT_CLAIMED :
		    r->event == CS_AUDIT_DENIED ||
		    r->event == CS_AUDIT_REVOKED))
			continue;
		if ((rc = cs_audit_swept(r, k->clock, &swept, e)) != CS_OK)
			return cs_wrap(e, "record %lld",
			    (long long)r->sequence);
		if (!swept)
			return WRONG(e, "record %lld: the store does not have "
			    "what it says was %s", (long long)r->sequence,
			    cs_audit_event_name(r->event));
	}
	return CS_OK;
}

struct claim_row {
	int64_t number, kind, not_before, not_after;
	cs_span agent_id, request_digest, serial;
};

static int
read_claim(const cs_db_value *col, size_t n, struct claim_row *c, cs_err *e)
{
	int r;

	if ((r = cs_col_int(col, n, 0, INT64_MIN, INT64_MAX, &c->number,
	    e)) != CS_OK ||
	    (r = cs_col_int(col, n, 1, INT64_MIN, INT64_MAX, &c->kind, e)) !=
	    CS_OK ||
	    (r = cs_col_text(col, n, 2, 0, SIZE_MAX, &c->agent_id, e)) !=
	    CS_OK ||
	    (r = cs_col_blob(col, n, 3, 0, SIZE_MAX, &c->request_digest,
	    e)) != CS_OK ||
	    (r = cs_col_blob(col, n, 4, 0, SIZE_MAX, &c->serial, e)) !=
	    CS_OK ||
	    (r = cs_col_int(col, n, 5, INT64_MIN, INT64_MAX, &c->not_before,
	    e)) != CS_OK)
		return r;
	return cs_col_int(col, n, 6, INT64_MIN, INT64_MAX, &c->not_after, e);
}

static int
take_claim(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct check *k = arg;
	struct claim_row c = {0};
	const cs_audit_record *r;
	int rc;

	if ((rc = read_claim(col, n, &c, e)) != CS_OK ||
	    (rc = check_skipped(k, c.number, true, e)) != CS_OK)
		return rc;
	k->row = c.number;
	if ((r = find(k, c.number)) == NULL || r->event != CS_AUDIT_CLAIMED)
		return WRONG(e, "claim %lld: the log does not have its record",
		    (long long)c.number);
	if (c.kind != r->kind || !cs_span_eq(c.agent_id, r->agent_id) ||
	    !cs_span_eq(c.request_digest, r->request_digest) ||
	    !cs_span_eq(c.serial, r->serial) ||
	    c.not_before != r->not_before || c.not_after != r->not_after)
		return WRONG(e, "record %lld: the claim in the store is "
		    "another", (long long)c.number);
	return CS_OK;
}

/* Denials and revocations: $1 number, $2 as cs_audit_event. */
static int
take_other(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct check *k = arg;
	const cs_audit_record *r;
	int64_t number = 0, event = 0;
	int rc;

	if ((rc = cs_col_int(col, n, 0, INT64_MIN, INT64_MAX, &number, e)) !=
	    CS_OK ||
	    (rc = cs_col_int(col, n, 1, CS_AUDIT_DENIED, CS_AUDIT_REVOKED,
	    &event, e)) != CS_OK ||
	    (rc = check_skipped(k, number, false, e)) != CS_OK)
		return rc;
	k->row = number;
	if ((r = find(k, number)) == NULL || (int64_t)r->event != event)
		return WRONG(e, "the log does not have record %lld of what was "
		    "%s", (long long)number,
		    cs_audit_event_name((enum cs_audit_event)event));
	return CS_OK;
}

/* Rows behind the last part, up to `to`, against the records of this one. */
static int
check_rows(struct check *k, int64_t to, bool is_claim, cs_err *e)
{
	const cs_db_value in[] = {cs_db_int(k->rows_to), cs_db_int(to)};
	int r;

	k->at = 0;
	k->row = INT64_MIN;
	if ((r = cs_txn_run(k->t, is_claim ? CS_SQL_AUDIT_CLAIMS :
	    CS_SQL_AUDIT_OTHERS, in, 2, is_claim ? take_claim : take_other, k,
	    NULL, e)) != CS_OK)
		return r;
	return check_skipped(k, INT64_MAX, is_claim, e);
}

static int
take_issue(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct check *k = arg;
	uint8_t hash[CS_SHA256_LEN];
	cs_span serial = {0}, credential = {0};
	int r;

	if (cs_col_is_null(col, n, 1))
		return CS_OK;
	if ((r = cs_col_blob(col, n, 0, 0, SIZE_MAX, &serial, e)) != CS_OK ||
	    (r = cs_col_blob(col, n, 1, 0, SIZE_MAX, &credential, e)) !=
	    CS_OK ||
	    (r = cs_sha256(credential, hash, e)) != CS_OK)
		return r;
	k->found = cs_span_eq(serial, k->one->serial) &&
	    cs_span_eq(k->one->credential, cs_span_of(hash, sizeof(hash)));
	return CS_OK;
}

/* What was handed out is still there. */
static int
check_issue(struct check *k, const cs_audit_record *r, cs_err *e)
{
	const cs_db_value in = cs_db_int(r->claim);
	int rc;

	k->one = r;
	k->found = false;
	k->issued++;
	if ((rc = cs_txn_run(k->t, CS_SQL_AUDIT_ISSUE, &in, 1, take_issue, k,
	    NULL, e)) != CS_OK)
		return rc;
	return k->found ? CS_OK : WRONG(e, "record %lld: the store does not "
	    "have the credential of claim %lld", (long long)r->sequence,
	    (long long)r->claim);
}

static int
check_part(struct check *k, cs_err *e)
{
	int64_t to = k->c->head.sequence;
	size_t i;
	int r;

	if ((r = check_rows(k, to, true, e)) != CS_OK ||
	    (r = check_rows(k, to, false, e)) != CS_OK)
		return r;
	k->rows_to = to;
	for (i = 0; i < k->n; i++) {
		cs_audit_sums_add(&k->sums, k->part[i]);
		if ((r = cs_audit_row_check(k->t, k->part[i], k->clock,
		    e)) != CS_OK)
			return r;
		if (k->part[i]->event == CS_AUDIT_ISSUED &&
		    (r = check_issue(k, k->part[i], e)) != CS_OK)
			return r;
	}
	return CS_OK;
}

static int
show_part(const struct check *k, cs_err *e)
{
	int r = CS_OK;
	size_t i;

	for (i = 0; i < k->n && k->each != NULL && r == CS_OK; i++)
		r = k->each(k->arg, k->part[i], e);
	return r;
}

/* Nothing stands behind the end: no row, no head, nothing that was noted. */
static int
check_end(struct check *k, cs_err *e)
{
	const cs_audit_check *c = k->c;
	cs_store_head head;
	int64_t recorded = 0;
	int r;

	if ((r = cs_audit_head(k->t, &head, e)) != CS_OK)
		return r;
	if (head.sequence != c->head.sequence)
		return WRONG(e, "the log ends with record %lld, expected "
		    "record %lld", (long long)c->head.sequence,
		    (long long)head.sequence);
	if (!cs_span_eq(hash_of(head.hash), hash_of(c->head.hash)))
		return WRONG(e, "record %lld: the store noted another hash of "
		    "this, its last one", (long long)head.sequence);
	if ((r = cs_audit_link_end(c, e)) != CS_OK ||
	    (r = check_rows(k, INT64_MAX, true, e)) != CS_OK ||
	    (r = check_rows(k, INT64_MAX, false, e)) != CS_OK ||
	    (r = cs_txn_int(k->t, CS_SQL_AUDIT_RECORDED, NULL, 0, &recorded,
	    e)) != CS_OK)
		return r;
	if (recorded != k->issued)
		return WRONG(e, "expected as many records of what was issued "
		    "as credentials, %lld, found %lld", (long long)recorded,
		    (long long)k->issued);
	return cs_audit_sums_check(k->t, &k->sums, e);
}

/* One part, up to `to`. */
static int
next_part(cs_txn *t, struct check *k, int64_t to, cs_err *e)
{
	int64_t last = 0;
	int r;

	k->t = t;
	free_part(k);
	if ((r = cs_clock_get(t, &k->clock, e)) != CS_OK ||
	    (r = cs_audit_part(t, k->from, to, &last, take_record, k,
	    &k->more, e)) != CS_OK)
		return r;
	if (k->n == 0)
		return CS_OK;
	k->from = last + 1;
	return check_part(k, e);
}

static int
find_end(cs_txn *t, void *arg, cs_err *e)
{
	struct check *k = arg;

	return cs_meta_get(t, "head", &k->to, NULL, e);
}

static int
check_some(cs_txn *t, void *arg, cs_err *e)
{
	struct check *k = arg;

	return next_part(t, k, k->to, e);
}

/* What came meanwhile, and what is asked of all at one moment. */
static int
check_rest(cs_txn *t, void *arg, cs_err *e)
{
	struct check *k = arg;
	int r;

	do {
		if ((r = next_part(t, k, INT64_MAX, e)) != CS_OK ||
		    (r = show_part(k, e)) != CS_OK)
			return r;
	} while (k->more);
	free_part(k);
	return check_end(k, e);
}

/* Whoever looks at each record takes his time, in which no engine has to keep
 * for us what others have written over: up to where the log ended at first it is
 * read part by part. */
static int
check(cs_store *s, struct check *k, int64_t deadline_ms, cs_err *e)
{
	int r;

	k->from = k->rows_to = INT64_MIN;
	if ((r = cs_store_read(s, find_end, k, deadline_ms, e)) != CS_OK)
		return r;
	do {
		if ((r = cs_store_read(s, check_some, k, deadline_ms, e)) !=
		    CS_OK || (r = show_part(k, e)) != CS_OK)
			return r;
	} while (k->more);
	return cs_store_read(s, check_rest, k, deadline_ms, e);
}

int
cs_audit_verify(cs_store *s, cs_audit_check *c, int64_t deadline_ms,
    int (*each)(void *arg, const cs_audit_record *r, cs_err *e), void *arg,
    cs_err *e)
{
	struct check *k = calloc(1, sizeof(*k));
	int r;

	if (k == NULL)
		return cs_nomem(e, "store/audit");
	c->records = 0;
	memset(&c->head, 0, sizeof(c->head));
	k->c = c;
	k->each = each;
	k->arg = arg;
	k->authority = cs_store_authority(s);
	r = check(s, k, deadline_ms, e);
	free_part(k);
	free(k);
	return r;
}
