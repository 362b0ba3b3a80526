/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "fmt/reason.h"
#include "store/claimp.h"

/*
 * Does an agent's identifier move, while a credential of it lives, to another
 * owner or to another key? There may be very many that live. Each claim says,
 * however, what held of all those that lived beside it, and whatever lives now
 * lived then, or came later. So the last one answers for all, when it is of the
 * same owner and key; they are looked at one by one only when it does not say,
 * and when the clock is behind it.
 */

static const char where[] = "store/claim";

#define BOTH ((int)CS_ALONE_OWNER | (int)CS_ALONE_KEY)

struct last {
	const cs_claiming *c;
	int alone;
};

static int
answers(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct last *l = arg;
	cs_span owner = {0}, key = {0};
	int64_t time = 0, alone = 0;
	int rc;

	l->alone = 0;
	if ((rc = cs_col_text(col, n, 0, 1, CS_OWNER_MAX, &owner, e)) !=
	    CS_OK ||
	    (rc = cs_col_blob(col, n, 1, CS_HASH_LEN, CS_HASH_LEN, &key, e)) !=
	    CS_OK ||
	    (rc = cs_col_int(col, n, 2, CS_TIME_FIRST, CS_TIME_LAST, &time,
	    e)) != CS_OK ||
	    (!cs_col_is_null(col, n, 3) &&
	    (rc = cs_col_int(col, n, 3, 0, BOTH, &alone, e)) != CS_OK))
		return rc;
	if (l->c->in->now < time)
		return CS_OK;
	if (cs_span_eq(owner, cs_span_str(l->c->owner)))
		l->alone |= (int)alone & CS_ALONE_OWNER;
	if (cs_span_eq(key, l->c->in->agent_key_hash))
		l->alone |= (int)alone & CS_ALONE_KEY;
	return CS_OK;
}

/* Nothing lives where there is no last one. */
static int
ask_last(cs_txn *t, cs_claiming *c, cs_err *e)
{
	const cs_db_value agent = cs_db_text(c->in->agent_id);
	struct last l = {c, BOTH};
	int rc;

	rc = cs_txn_run(t, CS_SQL_CLAIM_LAST, &agent, 1, answers, &l, NULL, e);
	c->alone = rc == CS_OK ? l.alone : 0;
	return rc;
}

static int
moves(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const char *owner = arg;
	cs_claim_row row;
	char at[24];
	int rc;

	if ((rc = cs_claim_row_get(col, n, &row, e)) != CS_OK)
		return rc;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_POLICY_REFUSED, where,
	    "the agent identifier has a live credential of %s%.*s until %s, "
	    "and may not move", cs_span_is(row.claim.owner, owner) ?
	    "another key, owner " : "", (int)row.claim.owner.n,
	    (const char *)row.claim.owner.p,
	    cs_rfc3339_put(row.claim.not_after, at) ? at : "an unknown time");
}

/* One by one; as many as live. */
static int
walk(cs_txn *t, cs_claiming *c, int ask, cs_err *e)
{
	const cs_span any = {NULL, 0};
	const cs_db_value v[] = {cs_db_text(c->in->agent_id),
	    cs_db_int(c->in->now),
	    cs_db_text((ask & CS_ALONE_OWNER) != 0 ? cs_span_str(c->owner) :
	    any),
	    cs_db_blob((ask & CS_ALONE_KEY) != 0 ? c->in->agent_key_hash :
	    any)};

	return cs_txn_run(t, CS_SQL_CLAIM_MOVED, v, 4, moves,
	    c->owner, NULL, e);
}

int
cs_claim_check_move(cs_txn *t, cs_claiming *c, cs_err *e)
{
	int ask = (c->in->may_move_owner ? 0 : CS_ALONE_OWNER) |
	    (c->in->may_move_key ? 0 : CS_ALONE_KEY);
	int rc;

	if ((rc = ask_last(t, c, e)) != CS_OK)
		return rc;
	if ((ask &= ~c->alone) == 0)
		return CS_OK;
	if ((rc = walk(t, c, ask, e)) == CS_OK)
		c->alone |= ask;
	return rc;
}
