/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/issued.h"

#include "store/claimp.h"

struct asking {
	enum cs_sql which;
	const cs_db_value *in;
	size_t n;
	cs_claim_fn *each;
	void *arg;
};

static int
take_claim(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct asking *a = arg;
	cs_claim_row row;
	int rc = cs_claim_row_get(col, n, &row, e);

	return rc != CS_OK ? rc : a->each(a->arg, &row.claim, e);
}

static int
ask(cs_txn *t, void *arg, cs_err *e)
{
	const struct asking *a = arg;

	return cs_txn_run(t, a->which, a->in, a->n, take_claim, arg, NULL, e);
}

int
cs_issued_find(cs_store *s, cs_span request_digest, int kind, int64_t now,
    int64_t deadline_ms, cs_claim_fn *each, void *arg, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(request_digest), cs_db_int(kind),
	    cs_db_int(now)};
	struct asking a = {CS_SQL_ISSUED, v, 3, each, arg};

	return cs_store_read(s, ask, &a, deadline_ms, e);
}

int
cs_issued_ended(cs_store *s, int64_t after, int64_t deadline_ms,
    cs_claim_fn *each, void *arg, cs_err *e)
{
	const cs_db_value v = cs_db_int(after);
	struct asking a = {CS_SQL_ISSUED_ENDED, &v, 1, each, arg};

	return cs_store_read(s, ask, &a, deadline_ms, e);
}

static int
last(cs_txn *t, void *arg, cs_err *e)
{
	return cs_txn_int(t, CS_SQL_REVOKED_LAST, NULL, 0, arg, e);
}

int
cs_issued_revoked(cs_store *s, int64_t deadline_ms, int64_t *number,
    cs_err *e)
{
	*number = 0;
	return cs_store_read(s, last, number, deadline_ms, e);
}
