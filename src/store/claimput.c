/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/reason.h"
#include "store/audit.h"
#include "store/claimp.h"

/* The claim of before, or a new one. */

static const char where[] = "store/claim";

/* Times are of the years 2000 to 9999: nothing here can overflow. */
static enum cs_claim_state
state_of(const cs_stored_claim *s, int64_t now)
{
	int64_t life = s->not_after - s->not_before;

	if (s->recorded)
		return (now - s->not_before) * 3 < life * 2 ?
		    CS_CLAIM_STORED : CS_CLAIM_NONE;
	return now <= s->not_after ? CS_CLAIM_AGAIN : CS_CLAIM_NONE;
}

static int
answer(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	cs_claiming *c = arg;
	enum cs_claim_state state;
	cs_claim_row row;
	int rc;

	if ((rc = cs_claim_row_get(col, n, &row, e)) != CS_OK)
		return rc;
	if (!cs_span_eq(row.claim.agent_id, c->in->agent_id) ||
	    !cs_span_eq(row.claim.agent_key_hash, c->in->agent_key_hash))
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: claim %lld is of this request, and of "
		    "another agent", (long long)row.claim.number);
	state = state_of(&row.claim, c->in->now);
	if (state == CS_CLAIM_NONE)
		return CS_OK;
	memcpy(c->owner, row.claim.owner.p, row.claim.owner.n);
	c->owner[row.claim.owner.n] = '\0';
	return cs_claim_new(state, &row, &c->out, e);
}

int
cs_claim_find(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_claim_in *in = c->in;
	const cs_db_value v[] = {cs_db_blob(in->request_digest),
	    cs_db_blob(cs_span_of(c->set, sizeof(c->set))),
	    cs_db_int(in->kind)};

	memcpy(c->owner, in->owner.p, in->owner.n);
	c->owner[in->owner.n] = '\0';
	return cs_txn_run(t, CS_SQL_CLAIM_SAME, v, 3, answer, c, NULL, e);
}

static int
take_uses(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	return cs_col_int(col, n, 0, 1, CS_ISSUANCES_MAX, arg, e);
}

static int
check_uses(cs_txn *t, const cs_claim_in *in, const cs_claim_approval *a,
    int64_t *uses, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(a->tbs_hash),
	    cs_db_int((int64_t)a->subject), cs_db_int(in->kind)};
	int rc;

	*uses = 0;
	if ((rc = cs_txn_run(t, CS_SQL_USES_GET, v, 3, take_uses, uses, NULL,
	    e)) != CS_OK)
		return rc;
	if (*uses >= a->max_issuances)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_EXHAUSTED, where,
		    "an approval of %.*s is used up: %lld of %lld issuances",
		    (int)a->audit->owner.n, (const char *)a->audit->owner.p,
		    (long long)*uses, (long long)a->max_issuances);
	return CS_OK;
}

static int
count(cs_txn *t, const cs_claim_in *in, const cs_claim_approval *a, cs_err *e)
{
	cs_db_value v[4] = {cs_db_blob(a->tbs_hash),
	    cs_db_int((int64_t)a->subject), cs_db_int(in->kind)};
	int64_t uses = 0;
	int rc;

	if ((rc = check_uses(t, in, a, &uses, e)) != CS_OK)
		return rc;
	v[3] = cs_db_int(uses + 1);
	return cs_txn_run(t, CS_SQL_USES_PUT, v, 4, NULL, NULL, NULL, e);
}

static int
put_approval(cs_txn *t, const cs_claim_in *in, const cs_claim_approval *a,
    cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(a->tbs_hash),
	    cs_db_blob(a->key_hash), cs_db_blob(a->approval_id),
	    cs_db_text(a->audit->owner), cs_db_int(in->now),
	    cs_db_int(a->not_before), cs_db_int(a->not_after),
	    cs_db_int(a->max_issuances)};

	return cs_txn_run(t, CS_SQL_APPROVAL_PUT, v, 8, NULL, NULL, NULL, e);
}

static int
put_counter(cs_txn *t, const cs_claim_approval *a, int64_t last, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(a->key_hash),
	    cs_db_int((int64_t)a->counter)};

	if (!a->counter_given || (int64_t)a->counter <= last)
		return CS_OK;
	return cs_txn_run(t, CS_SQL_COUNTER_PUT, v, 2, NULL, NULL, NULL, e);
}

static int
put_audit(cs_txn *t, const cs_claim_in *in, int64_t *number, cs_err *e)
{
	cs_audit_record r = {.event = CS_AUDIT_CLAIMED, .time = in->now,
	    .kind = in->kind, .agent_id = in->agent_id,
	    .agent_key = in->agent_key, .request_digest = in->request_digest,
	    .serial = in->serial, .not_before = in->not_before,
	    .not_after = in->not_after, .body_digest = in->body_digest,
	    .n = in->n};
	size_t i;

	for (i = 0; i < in->n; i++)
		r.at[i] = *in->at[i].audit;
	return cs_audit_append(t, &r, number, e);
}

static int
put_links(cs_txn *t, const cs_claim_in *in, int64_t number, cs_err *e)
{
	size_t i;
	int rc = CS_OK;

	for (i = 0; i < in->n && rc == CS_OK; i++) {
		const cs_claim_approval *a = &in->at[i];
		const cs_db_value v[] = {cs_db_int(number),
		    cs_db_int((int64_t)i), cs_db_blob(a->tbs_hash),
		    cs_db_int((int64_t)a->subject),
		    cs_db_int((int64_t)a->audit->role),
		    cs_db_text(a->audit->owner), cs_db_blob(a->key_hash),
		    cs_db_int(in->not_after)};

		rc = cs_txn_run(t, CS_SQL_CLAIM_APPROVAL_PUT, v, 8, NULL, NULL,
		    NULL, e);
	}
	return rc;
}

static int
put_paths(cs_txn *t, const cs_claim_in *in, int64_t number, cs_err *e)
{
	cs_db_value v[] = {cs_db_int(number), {0}, cs_db_int(in->not_after)};
	size_t i, k;
	int rc = CS_OK;

	for (i = 0; i < in->n; i++)
		for (k = 0; k < in->at[i].n_path && rc == CS_OK; k++) {
			v[1] = cs_db_blob(in->at[i].path[k]);
			rc = cs_txn_run(t, CS_SQL_CLAIM_PATH_PUT, v, 3, NULL,
			    NULL, NULL, e);
		}
	return rc;
}

static int
put_claim(cs_txn *t, const cs_claiming *c, const cs_claim_row *row, cs_err *e)
{
	const cs_stored_claim *s = &row->claim;
	const cs_db_value v[] = {cs_db_int(s->number),
	    cs_db_blob(cs_span_of(c->set, sizeof(c->set))),
	    cs_db_blob(s->request_digest), cs_db_int(s->kind),
	    cs_db_text(s->agent_id), cs_db_blob(s->agent_key_hash),
	    cs_db_text(s->owner), cs_db_blob(s->serial), cs_db_int(s->time),
	    cs_db_int(s->not_before), cs_db_int(s->not_after),
	    cs_db_blob(row->digest), cs_db_blob(row->fields),
	    cs_db_int(c->alone)};

	return cs_txn_run(t, CS_SQL_CLAIM_PUT, v, 14, NULL, NULL, NULL, e);
}

static void
row_of(const cs_claim_in *in, int64_t number, cs_claim_row *out)
{
	*out = (cs_claim_row){
		.claim = {.number = number, .kind = in->kind,
		    .agent_id = in->agent_id,
		    .agent_key_hash = in->agent_key_hash, .owner = in->owner,
		    .serial = in->serial,
		    .request_digest = in->request_digest, .time = in->now,
		    .not_before = in->not_before, .not_after = in->not_after},
		.digest = in->body_digest,
		.fields = in->fields.p != NULL ? in->fields :
		    cs_span_of("", 0),
	};
}

int
cs_claim_try(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_claim_in *in = c->in;
	cs_claim_row row;
	int64_t uses;
	size_t i;
	int rc;

	for (i = 0; i < in->n; i++)
		if ((rc = check_uses(t, in, &in->at[i], &uses, e)) != CS_OK)
			return rc;
	row_of(in, 0, &row);
	return cs_claim_new(CS_CLAIM_NEW, &row, &c->out, e);
}

int
cs_claim_put(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_claim_in *in = c->in;
	cs_claim_row row;
	int64_t number = 0;
	size_t i;
	int rc;

	for (i = 0; i < in->n; i++)
		if ((rc = count(t, in, &in->at[i], e)) != CS_OK)
			return rc;
	for (i = 0; i < in->n; i++)
		if ((rc = put_counter(t, &in->at[i], c->counter[i], e)) !=
		    CS_OK ||
		    (!c->recorded[i] &&
		    (rc = put_approval(t, in, &in->at[i], e)) != CS_OK))
			return rc;
	if ((rc = put_audit(t, in, &number, e)) != CS_OK)
		return rc;
	row_of(in, number, &row);
	if ((rc = put_claim(t, c, &row, e)) != CS_OK ||
	    (rc = put_links(t, in, number, e)) != CS_OK ||
	    (rc = put_paths(t, in, number, e)) != CS_OK)
		return rc;
	return cs_claim_new(CS_CLAIM_NEW, &row, &c->out, e);
}
