/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/storep.h"

int
cs_txn_run(cs_txn *t, enum cs_sql which, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e)
{
	return t->ops->run(t->db, cs_sql_stmt(which), in, n, row, arg, changed,
	    e);
}

/* A second row would put its own value in the place of the first. */
struct first {
	bool had;
	int64_t i;
};

static int
take_first(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct first *f = arg;

	if (f->had)
		return CS_OK;
	f->had = true;
	return cs_col_int(col, n, 0, INT64_MIN, INT64_MAX, &f->i, e);
}

int
cs_txn_int(cs_txn *t, enum cs_sql which, const cs_db_value *in, size_t n,
    int64_t *out, cs_err *e)
{
	struct first f = {0};
	int rc;

	rc = cs_txn_run(t, which, in, n, take_first, &f, NULL, e);
	if (rc == CS_OK && f.had)
		*out = f.i;
	return rc;
}

struct meta {
	int64_t *i;
	cs_buf *b;
};

static int
take_meta(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct meta *m = arg;
	cs_span s;
	int rc;

	if (m->i != NULL && !cs_col_is_null(col, n, 0) &&
	    (rc = cs_col_int(col, n, 0, INT64_MIN, INT64_MAX, m->i, e)) !=
	    CS_OK)
		return rc;
	if (m->b == NULL || cs_col_is_null(col, n, 1))
		return CS_OK;
	if ((rc = cs_col_blob(col, n, 1, 0, cs_buf_room(m->b), &s, e)) !=
	    CS_OK)
		return rc;
	return cs_buf_put(m->b, s) == CS_OK ? CS_OK :
	    cs_nomem(e, "store/meta");
}

int
cs_meta_get(cs_txn *t, const char *name, int64_t *i, cs_buf *b, cs_err *e)
{
	const cs_db_value in = cs_db_text(cs_span_str(name));
	struct meta m = {i, b};
	int rc;

	if (i != NULL)
		*i = 0;
	if (b != NULL)
		cs_buf_reset(b);
	rc = cs_txn_run(t, CS_SQL_META_GET, &in, 1, take_meta, &m, NULL, e);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "meta, %s", name);
}

int
cs_meta_put(cs_txn *t, const char *name, int64_t i, cs_span b, cs_err *e)
{
	const cs_db_value in[] = {cs_db_text(cs_span_str(name)), cs_db_int(i),
	    cs_db_blob(b)};

	return cs_txn_run(t, CS_SQL_META_PUT, in, 3, NULL, NULL, NULL, e);
}
