/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "fmt/reason.h"
#include "store/claimp.h"

/* What refuses a claim, within its transaction: the verdict saw a past that may
 * have gone on since. countersign-formats(5), section 9. */

static const char where[] = "store/claim";

#define REFUSE(e, reason, ...) \
	cs_fail_detail((e), CS_EREFUSED, (reason), where, __VA_ARGS__)

static const char *
stamp(int64_t t, char out[24])
{
	return cs_rfc3339_put(t, out) ? out : "an unknown time";
}

static int
check_windows(cs_txn *t, const cs_claim_in *in, cs_err *e)
{
	const cs_claim_approval *a;
	char at[24], now[24];
	int64_t late = 0;
	size_t i;
	int rc;

	if ((rc = cs_clock_check(t, in->now, &late, e)) != CS_OK)
		return rc;

	for (i = 0; i < in->n; i++) {
		a = &in->at[i];
		if (in->now < a->not_before)
			return REFUSE(e, CS_R_NOT_YET_VALID,
			    "an approval is valid from %s, now is %s",
			    stamp(a->not_before, at), stamp(in->now, now));
		if (late > a->not_after)
			return REFUSE(e, CS_R_EXPIRED,
			    "an approval was valid until %s, now is %s",
			    stamp(a->not_after, at), stamp(late, now));
	}
	return CS_OK;
}

static int
check_floor(cs_txn *t, const cs_claim_in *in, cs_err *e)
{
	char at[24], floor_at[24];
	int64_t floor = 0;
	size_t i;
	int rc;

	rc = in->dry ? cs_floor_to_be(t, &floor, e) :
	    cs_meta_get(t, "floor", &floor, NULL, e);
	if (rc != CS_OK)
		return rc;
	for (i = 0; i < in->n; i++)
		if (in->at[i].not_before < floor)
			return REFUSE(e, CS_R_REPLAYED, "the store was "
			    "restored: expected an approval that is valid "
			    "from %s or later, found %s",
			    stamp(floor, floor_at),
			    stamp(in->at[i].not_before, at));
	return CS_OK;
}

static int
ask_revoked(cs_txn *t, const cs_revoked_ask *ask, cs_err *e)
{
	char text[sizeof(e->text)];
	bool found = false;
	int rc;

	if ((rc = cs_txn_revoked(t, ask, &found, text, sizeof(text), e)) !=
	    CS_OK)
		return rc;
	return found ? REFUSE(e, CS_R_REVOKED, "%s", text) : CS_OK;
}

static int
check_path(cs_txn *t, const cs_claim_approval *a, cs_err *e)
{
	cs_revoked_ask ask = {0};
	int rc = CS_OK;
	size_t i;

	for (i = 0; i < a->n_path && rc == CS_OK; i++) {
		ask.key_hash = a->path[i];
		rc = ask_revoked(t, &ask, e);
	}
	return rc;
}

static int
check_revoked(cs_txn *t, const cs_claim_in *in, cs_err *e)
{
	cs_revoked_ask ask = {0};
	size_t i;
	int rc;

	ask.agent_id = in->agent_id;
	for (i = 0; i < in->n; i++) {
		ask.owner = in->at[i].audit->owner;
		ask.key_hash = in->at[i].key_hash;
		ask.tbs_hash = in->at[i].tbs_hash;
		ask.approval_id = in->at[i].approval_id;
		if ((rc = ask_revoked(t, &ask, e)) != CS_OK ||
		    (rc = check_path(t, &in->at[i], e)) != CS_OK)
			return rc;
	}
	return CS_OK;
}

int
cs_claim_check_denied(cs_txn *t, cs_span request_digest, int64_t when,
    cs_err *e)
{
	char owner[CS_OWNER_MAX + 1], at[24];
	int64_t not_after = 0;
	int rc;

	if ((rc = cs_txn_denied(t, request_digest, when, &not_after, owner,
	    sizeof(owner), e)) != CS_OK)
		return rc;
	return not_after == 0 ? CS_OK : REFUSE(e, CS_R_NONE,
	    "denied by %s until %s", owner, stamp(not_after, at));
}

struct seen {
	const cs_claim_approval *a;
	bool recorded, other;
};

static int
see(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct seen *s = arg;
	cs_span tbs = {0}, key = {0}, id = {0};
	bool same;
	int rc;

	if ((rc = cs_col_blob(col, n, 0, CS_HASH_LEN, CS_HASH_LEN, &tbs, e)) !=
	    CS_OK ||
	    (rc = cs_col_blob(col, n, 1, CS_HASH_LEN, CS_HASH_LEN, &key, e)) !=
	    CS_OK ||
	    (rc = cs_col_blob(col, n, 2, CS_APPROVAL_ID_LEN,
	    CS_APPROVAL_ID_LEN, &id, e)) != CS_OK)
		return rc;
	same = cs_span_eq(key, s->a->key_hash) &&
	    cs_span_eq(id, s->a->approval_id);
	if (!cs_span_eq(tbs, s->a->tbs_hash))
		s->other = true;
	else if (!same)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: an approval with another key or id");
	else
		s->recorded = true;
	return CS_OK;
}

static int
replayed(cs_err *e)
{
	return REFUSE(e, CS_R_REPLAYED, "another approval of the same key had "
	    "the same id");
}

/* (key hash, approval id) belongs to the first TBS that was seen with it. */
static int
check_ids(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_claim_in *in = c->in;
	size_t i, j;
	int rc;

	for (i = 0; i < in->n; i++) {
		const cs_claim_approval *a = &in->at[i];
		const cs_db_value v[] = {cs_db_blob(a->tbs_hash),
		    cs_db_blob(a->key_hash), cs_db_blob(a->approval_id)};
		struct seen s = {a, false, false};

		for (j = 0; j < i; j++)
			if (cs_span_eq(a->key_hash, in->at[j].key_hash) &&
			    cs_span_eq(a->approval_id, in->at[j].approval_id))
				return replayed(e);
		if ((rc = cs_txn_run(t, CS_SQL_APPROVAL_SEEN, v, 3, see, &s,
		    NULL, e)) != CS_OK)
			return rc;
		if (s.other)
			return replayed(e);
		c->recorded[i] = s.recorded;
	}
	return CS_OK;
}

/* Of approvals of one key in one claim the order is not known, but no counter
 * comes twice. */
static int
check_apart(const cs_claiming *c, size_t i, cs_err *e)
{
	const cs_claim_approval *a = &c->in->at[i], *b;
	size_t j;

	for (j = 0; j < i && a->counter != 0; j++) {
		b = &c->in->at[j];
		if (b->counter_given && b->counter == a->counter &&
		    cs_span_eq(b->key_hash, a->key_hash))
			return REFUSE(e, CS_R_COUNTER_REGRESSED,
			    "expected two signatures with counters of their "
			    "own, found %lu twice", (unsigned long)a->counter);
	}
	return CS_OK;
}

/* A counter that stays zero is none; a TBS that was recorded is no regress. */
static int
check_counters(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_claim_approval *a;
	size_t i;
	int rc;

	for (i = 0; i < c->in->n; i++) {
		a = &c->in->at[i];
		c->counter[i] = -1;
		if (!a->counter_given)
			continue;
		if ((rc = cs_txn_counter(t, a->key_hash, &c->counter[i], e)) !=
		    CS_OK)
			return rc;
		if (!a->counter_strict || c->recorded[i])
			continue;
		if ((rc = check_apart(c, i, e)) != CS_OK)
			return rc;
		if ((int64_t)a->counter <= c->counter[i] &&
		    (a->counter != 0 || c->counter[i] != 0))
			return REFUSE(e, CS_R_COUNTER_REGRESSED,
			    "expected a counter above %lld, found %lu",
			    (long long)c->counter[i],
			    (unsigned long)a->counter);
	}
	return CS_OK;
}

int
cs_claim_check(cs_txn *t, cs_claiming *c, cs_err *e)
{
	int rc;

	if ((rc = check_windows(t, c->in, e)) != CS_OK ||
	    (rc = check_floor(t, c->in, e)) != CS_OK ||
	    (rc = check_revoked(t, c->in, e)) != CS_OK ||
	    (rc = cs_claim_check_denied(t, c->in->request_digest, c->in->now,
	    e)) != CS_OK ||
	    (rc = check_ids(t, c, e)) != CS_OK)
		return rc;
	return check_counters(t, c, e);
}
