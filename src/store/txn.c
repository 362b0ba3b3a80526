/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "store/storep.h"

static const char where[] = "store/meta";

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
	    cs_nomem(e, where);
}

static int
row_get(cs_txn *t, const char *name, int64_t *i, cs_buf *b, cs_err *e)
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

static int
row_put(cs_txn *t, const char *name, int64_t i, cs_span b, cs_err *e)
{
	const cs_db_value in[] = {cs_db_text(cs_span_str(name)), cs_db_int(i),
	    cs_db_blob(b)};

	return cs_txn_run(t, CS_SQL_META_PUT, in, 3, NULL, NULL, NULL, e);
}

static const char *const kept_names[CS_META_KEPT] = {
	[CS_META_HEAD] = "head",
	[CS_META_FLOOR] = "floor",
	[CS_META_CLOCK] = "clock",
};

/* NULL: it is none of these. */
static cs_meta_row *
kept_row(cs_txn *t, const char *name)
{
	size_t i;

	for (i = 0; i < CS_META_KEPT; i++)
		if (strcmp(kept_names[i], name) == 0)
			return &t->kept[i];
	return NULL;
}

static cs_span
blob_of(const cs_meta_row *row)
{
	return row->has_blob ? cs_span_of(row->blob, row->n) : (cs_span){0};
}

/* False: too long to be kept. */
static bool
keep(cs_meta_row *row, int64_t i, cs_span b)
{
	if (b.n > sizeof(row->blob))
		return false;
	row->known = true;
	row->i = i;
	row->has_blob = b.p != NULL;
	row->n = b.n;
	if (b.n != 0)
		memcpy(row->blob, b.p, b.n);
	return true;
}

static int
learn(cs_txn *t, const char *name, cs_meta_row *row, cs_err *e)
{
	cs_buf *b = cs_buf_new(sizeof(row->blob));
	int64_t i = 0;
	int rc;

	if (b == NULL)
		return cs_nomem(e, where);
	if ((rc = row_get(t, name, &i, b, e)) == CS_OK)
		(void)keep(row, i, cs_buf_span(b));
	cs_buf_free(&b);
	return rc;
}

int
cs_meta_get(cs_txn *t, const char *name, int64_t *i, cs_buf *b, cs_err *e)
{
	cs_meta_row *row = kept_row(t, name);
	int rc;

	if (row == NULL)
		return row_get(t, name, i, b, e);
	if (i != NULL)
		*i = 0;
	if (b != NULL)
		cs_buf_reset(b);
	if (!row->known && (rc = learn(t, name, row, e)) != CS_OK)
		return rc;
	if (i != NULL)
		*i = row->i;
	return b == NULL || cs_buf_put(b, blob_of(row)) == CS_OK ? CS_OK :
	    cs_nomem(e, where);
}

int
cs_meta_put(cs_txn *t, const char *name, int64_t i, cs_span b, cs_err *e)
{
	cs_meta_row *row = kept_row(t, name);

	if (row == NULL)
		return row_put(t, name, i, b, e);
	if (!keep(row, i, b))
		return cs_fail(e, CS_EBUG, where, "meta, %s: %zu octets", name,
		    b.n);
	row->changed = true;
	return CS_OK;
}

static void
forget(cs_txn *t)
{
	size_t i;

	for (i = 0; i < CS_META_KEPT; i++)
		t->kept[i] = (cs_meta_row){.known = false};
}

int
cs_txn_begin(cs_txn *t, cs_err *e)
{
	forget(t);
	return t->ops->begin(t->db, e);
}

int
cs_txn_begin_read(cs_txn *t, cs_err *e)
{
	forget(t);
	return t->ops->begin_read(t->db, e);
}

int
cs_txn_script(cs_txn *t, const char *sql, cs_err *e)
{
	size_t i;

	for (i = 0; i < CS_META_KEPT; i++)
		if (!t->kept[i].changed)
			t->kept[i].known = false;
	return t->ops->script(t->db, sql, e);
}

int
cs_txn_commit(cs_txn *t, cs_err *e)
{
	cs_meta_row *row;
	size_t i;
	int rc;

	for (i = 0; i < CS_META_KEPT; i++) {
		row = &t->kept[i];
		if (row->changed && (rc = row_put(t, kept_names[i], row->i,
		    blob_of(row), e)) != CS_OK)
			return rc;
		row->changed = false;
	}
	return t->ops->commit(t->db, e);
}
