/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/approval.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "store/claimp.h"

/* Rows of claims, revocations and denials: one that is not as we wrote it is
 * damage, and not a row less. */

static const char where[] = "store/row";

static int
get_time(const cs_db_value *col, size_t n, size_t i, int64_t *out, cs_err *e)
{
	return cs_col_int(col, n, i, CS_TIME_FIRST, CS_TIME_LAST, out, e);
}

static int
get_time_or_null(const cs_db_value *col, size_t n, size_t i, int64_t *out,
    cs_err *e)
{
	*out = 0;
	return cs_col_is_null(col, n, i) ? CS_OK :
	    get_time(col, n, i, out, e);
}

static int
get_hash(const cs_db_value *col, size_t n, size_t i, cs_span *out, cs_err *e)
{
	return cs_col_blob(col, n, i, CS_HASH_LEN, CS_HASH_LEN, out, e);
}

static int
damaged(cs_err *e, const char *what)
{
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "damaged row: %s", what);
}

static int
get_names(const cs_db_value *col, size_t n, cs_stored_claim *out, cs_err *e)
{
	int64_t kind = 0;
	int rc;

	if ((rc = cs_col_int(col, n, 0, 1, INT64_MAX, &out->number, e)) !=
	    CS_OK ||
	    (rc = cs_col_int(col, n, 1, 1, 2, &kind, e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 2, 1, CS_AGENT_ID_MAX, &out->agent_id,
	    e)) != CS_OK ||
	    (rc = get_hash(col, n, 3, &out->agent_key_hash, e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 4, 1, CS_OWNER_MAX, &out->owner, e)) !=
	    CS_OK ||
	    (rc = cs_col_blob(col, n, 5, 1, CS_SERIAL_MAX, &out->serial, e)) !=
	    CS_OK ||
	    (rc = get_hash(col, n, 6, &out->request_digest, e)) != CS_OK)
		return rc;
	out->kind = (int)kind;
	return CS_OK;
}

static int
get_times(const cs_db_value *col, size_t n, cs_stored_claim *out, cs_err *e)
{
	int64_t recorded = 0;
	int rc;

	if ((rc = get_time(col, n, 7, &out->time, e)) != CS_OK ||
	    (rc = get_time(col, n, 8, &out->not_before, e)) != CS_OK ||
	    (rc = get_time(col, n, 9, &out->not_after, e)) != CS_OK ||
	    (rc = get_time_or_null(col, n, 10, &recorded, e)) != CS_OK ||
	    (rc = get_time_or_null(col, n, 11, &out->ended, e)) != CS_OK)
		return rc;
	if (out->not_before >= out->not_after)
		return damaged(e, "a claim that ends before it begins");
	out->recorded = recorded != 0;
	if (cs_col_is_null(col, n, 12) != (out->ended == 0))
		return damaged(e, "an end without a reason, or the reverse");
	return out->ended == 0 ? CS_OK :
	    cs_col_text(col, n, 12, 1, CS_END_MAX, &out->end_reason, e);
}

static int
get_credential(const cs_db_value *col, size_t n, cs_stored_claim *out,
    cs_err *e)
{
	if (cs_col_is_null(col, n, 13))
		return CS_OK;
	if (!out->recorded)
		return damaged(e, "a credential that was not recorded");
	return cs_col_blob(col, n, 13, 1, CS_CREDENTIAL_MAX, &out->credential,
	    e);
}

/* As `claims` in sql.c: 14 columns; 16 as `answer` there. */
int
cs_claim_row_get(const cs_db_value *col, size_t n, cs_claim_row *out,
    cs_err *e)
{
	cs_stored_claim *c = &out->claim;
	int rc;

	*out = (cs_claim_row){0};
	if ((rc = get_names(col, n, c, e)) != CS_OK ||
	    (rc = get_times(col, n, c, e)) != CS_OK ||
	    (rc = get_credential(col, n, c, e)) != CS_OK)
		return rc;
	if (n == 14)
		return CS_OK;
	if ((rc = get_hash(col, n, 14, &out->digest, e)) != CS_OK ||
	    (rc = cs_col_blob(col, n, 15, 0, CS_FIELDS_MAX, &out->fields,
	    e)) != CS_OK)
		return rc;
	if (c->recorded && c->credential.p == NULL)
		return damaged(e, "a recorded credential that is not there");
	return CS_OK;
}

struct claims {
	cs_claim_fn *each;
	void *arg;
};

static int
claim_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct claims *l = arg;
	cs_claim_row row;
	int rc = cs_claim_row_get(col, n, &row, e);

	return rc != CS_OK ? rc : l->each(l->arg, &row.claim, e);
}

int
cs_claims_ask(cs_store *s, enum cs_sql which, const cs_db_value *in, size_t n,
    int64_t deadline_ms, cs_claim_fn *each, void *arg, cs_err *e)
{
	struct claims l = {each, arg};

	return cs_store_ask(s, which, in, n, claim_row, &l, deadline_ms, e);
}

static int
get_name(const cs_db_value *col, size_t n, cs_revocation *out, cs_err *e)
{
	int64_t what = 0;
	int rc;

	if ((rc = cs_col_int(col, n, 0, CS_REVOKE_OWNER, CS_REVOKE_APPROVAL,
	    &what, e)) != CS_OK ||
	    (rc = cs_col_blob(col, n, 1, 1, CS_AGENT_ID_MAX, &out->name, e)) !=
	    CS_OK)
		return rc;
	out->what = (enum cs_revoke_what)what;
	return CS_OK;
}

static int
get_lift(const cs_db_value *col, size_t n, cs_revocation *out, cs_err *e)
{
	int rc;

	if ((rc = get_time_or_null(col, n, 6, &out->lifted, e)) != CS_OK)
		return rc;
	if (cs_col_is_null(col, n, 7) != (out->lifted == 0) ||
	    cs_col_is_null(col, n, 8) != (out->lifted == 0))
		return damaged(e, "a lift without a reason, or the reverse");
	if (out->lifted == 0)
		return CS_OK;
	if ((rc = cs_col_text(col, n, 7, 0, CS_REASON_MAX,
	    &out->lifted_reason, e)) != CS_OK)
		return rc;
	return cs_col_text(col, n, 8, 1, CS_ACTOR_MAX, &out->lifted_actor, e);
}

int
cs_revocation_row_get(const cs_db_value *col, size_t n, cs_revocation *out,
    cs_err *e)
{
	int rc;

	*out = (cs_revocation){0};
	if ((rc = get_name(col, n, out, e)) != CS_OK ||
	    (rc = get_time(col, n, 2, &out->time, e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 3, 0, CS_REASON_MAX, &out->reason, e)) !=
	    CS_OK ||
	    (rc = cs_col_text(col, n, 4, 1, CS_ACTOR_MAX, &out->actor, e)) !=
	    CS_OK ||
	    (rc = cs_col_int(col, n, 5, 0, INT64_MAX, &out->live, e)) != CS_OK)
		return rc;
	return get_lift(col, n, out, e);
}

int
cs_denial_row_get(const cs_db_value *col, size_t n, cs_stored_denial *out,
    cs_err *e)
{
	int rc;

	*out = (cs_stored_denial){0};
	if ((rc = cs_col_text(col, n, 0, 1, CS_AGENT_ID_MAX, &out->agent_id,
	    e)) != CS_OK ||
	    (rc = get_hash(col, n, 1, &out->request_digest, e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 2, 1, CS_OWNER_MAX, &out->owner, e)) !=
	    CS_OK ||
	    (rc = get_hash(col, n, 3, &out->key_hash, e)) != CS_OK ||
	    (rc = get_hash(col, n, 4, &out->tbs_hash, e)) != CS_OK ||
	    (rc = get_time(col, n, 5, &out->time, e)) != CS_OK ||
	    (rc = get_time(col, n, 6, &out->not_before, e)) != CS_OK ||
	    (rc = get_time(col, n, 7, &out->not_after, e)) != CS_OK)
		return rc;
	return cs_col_blob(col, n, 8, 1, CS_APPROVAL_MAX, &out->der, e);
}
