/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/audit.h"

#include <string.h>

#include "crypt/hash.h"
#include "fmt/reason.h"
#include "store/auditp.h"

static const char where[] = "store/audit";

/* Of a record without its approvals, and of one approval beside its bytes. */
#define RECORD_ROOM (8 * 1024)
#define APPROVAL_ROOM (8 * 1024)

int
cs_audit_head(cs_txn *t, cs_store_head *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(sizeof(out->hash));
	int r;

	memset(out, 0, sizeof(*out));
	if (b == NULL)
		return cs_nomem(e, where);
	if ((r = cs_meta_get(t, "head", &out->sequence, b, e)) != CS_OK)
		goto out;
	if (out->sequence == 0 && cs_buf_len(b) == 0)
		goto out;
	if (out->sequence < 1 || cs_buf_len(b) != sizeof(out->hash)) {
		r = cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged: the audit log's head is record %lld with a hash "
		    "of %zu octets", (long long)out->sequence, cs_buf_len(b));
		goto out;
	}
	memcpy(out->hash, cs_buf_span(b).p, sizeof(out->hash));
out:
	cs_buf_free(&b);
	return r;
}

bool
cs_audit_tells_time(const cs_audit_record *r)
{
	return r->event == CS_AUDIT_CLAIMED || r->event == CS_AUDIT_DENIED;
}

static cs_buf *
buf_for(const cs_audit_record *r)
{
	size_t cap = RECORD_ROOM, i;

	for (i = 0; i < r->n && i < CS_AUDIT_APPROVALS_MAX; i++)
		cap += r->at[i].approval.n + APPROVAL_ROOM;
	return cs_buf_new(cap);
}

static int
put_row(cs_txn *t, const cs_store_head *head, cs_span der, cs_err *e)
{
	const cs_db_value in[] = {cs_db_int(head->sequence), cs_db_blob(der)};
	int r;

	if ((r = cs_txn_run(t, CS_SQL_AUDIT_PUT, in, 2, NULL, NULL, NULL,
	    e)) != CS_OK)
		return r;
	return cs_meta_put(t, "head", head->sequence,
	    cs_span_of(head->hash, sizeof(head->hash)), e);
}

int
cs_audit_append(cs_txn *t, cs_audit_record *r, int64_t *sequence, cs_err *e)
{
	cs_store_head head;
	cs_buf *b = NULL;
	int rc;

	if ((rc = cs_audit_head(t, &head, e)) != CS_OK)
		return rc;
	if (head.sequence == INT64_MAX)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "the audit log is full");
	if ((b = buf_for(r)) == NULL)
		return cs_nomem(e, where);
	r->sequence = head.sequence + 1;
	r->previous = cs_span_of(head.hash, sizeof(head.hash));
	r->authority = cs_store_authority(t->store);
	rc = cs_audit_put(r, b, e);
	r->previous = (cs_span){0}; /* head ends here */
	if (rc != CS_OK ||
	    (rc = cs_sha256(cs_buf_span(b), head.hash, e)) != CS_OK)
		goto out;
	head.sequence = r->sequence;
	if ((rc = put_row(t, &head, cs_buf_span(b), e)) != CS_OK ||
	    (cs_audit_tells_time(r) &&
	    (rc = cs_clock_saw(t, r->time, e)) != CS_OK))
		goto out;
	if (sequence != NULL)
		*sequence = head.sequence;
out:
	cs_buf_free(&b);
	return rc == CS_OK ? rc : cs_wrap(e, "audit log");
}

struct walk {
	cs_audit_row_fn *each;
	void *arg;
	int64_t from, to;
	int64_t last;
	size_t n; /* rows of this part */
};

static int
take_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct walk *w = arg;
	cs_span der = {0};
	int r;

	if ((r = cs_col_int(col, n, 0, INT64_MIN, INT64_MAX, &w->last, e)) !=
	    CS_OK)
		return r;
	w->n++;
	if ((r = cs_col_blob(col, n, 1, 0, SIZE_MAX, &der, e)) != CS_OK)
		return cs_wrap(e, "record %lld", (long long)w->last);
	return w->each(w->arg, w->last, der, e);
}

/* Some rows at a time: an engine may hold all that it was asked for. */
int
cs_audit_part(cs_txn *t, int64_t from, int64_t to, int64_t *last,
    cs_audit_row_fn *each, void *arg, bool *more, cs_err *e)
{
	struct walk w = {.each = each, .arg = arg, .last = from};
	const cs_db_value in[] = {cs_db_int(from), cs_db_int(to)};
	int r;

	*more = false;
	if ((r = cs_txn_run(t, CS_SQL_AUDIT_ROWS, in, 2, take_row, &w, NULL,
	    e)) != CS_OK)
		return r;
	if (w.n != 0)
		*last = w.last;
	*more = w.n == CS_AUDIT_PART && w.last < to;
	return CS_OK;
}

static int
walk(cs_txn *t, void *arg, cs_err *e)
{
	struct walk *w = arg;
	int64_t from = w->from, last = 0;
	bool more = true;
	int r;

	while (more) {
		if ((r = cs_audit_part(t, from, w->to, &last, w->each, w->arg,
		    &more, e)) != CS_OK)
			return r;
		if (more)
			from = last + 1;
	}
	return CS_OK;
}

int
cs_audit_walk(cs_store *s, int64_t from, int64_t to, int64_t deadline_ms,
    cs_audit_row_fn *each, void *arg, cs_err *e)
{
	struct walk w = {.each = each, .arg = arg, .from = from,
	    .to = to == 0 ? INT64_MAX : to};

	return cs_store_read(s, walk, &w, deadline_ms, e);
}
