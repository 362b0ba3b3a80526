/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/sqlitep.h"

static const char where[] = "store/sqlite";

static int
prepare(cs_db *db, const cs_db_stmt *stmt, struct prepared **out, cs_err *e)
{
	struct prepared *p;
	char name[16];
	int code, i;

	*out = NULL;
	if (stmt->id >= CS_DB_STMTS_MAX || db->stmts[stmt->id].runs)
		return cs_fail(e, CS_EBUG, where, "statement %u: %s",
		    stmt->id, stmt->id >= CS_DB_STMTS_MAX ?
		    "not in the table" : "runs already");
	p = &db->stmts[stmt->id];
	*out = p;
	if (p->s != NULL)
		return CS_OK;
	code = sqlite3_prepare_v3(db->h, stmt->sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &p->s, NULL);
	if (code != SQLITE_OK)
		return cs_sqlite_down(db, e, "prepare", code);
	for (i = 0; i < CS_DB_VALUES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "$%d", i + 1);
		p->at[i] = sqlite3_bind_parameter_index(p->s, name);
	}
	return CS_OK;
}

static int
bind_value(sqlite3_stmt *s, int at, const cs_db_value *v)
{
	switch (v->type) {
	case CS_DB_INT:
		return sqlite3_bind_int64(s, at, v->i);
	case CS_DB_BLOB:
		return sqlite3_bind_blob64(s, at, v->s.p, v->s.n,
		    SQLITE_STATIC);
	case CS_DB_TEXT:
		return sqlite3_bind_text64(s, at, (const char *)v->s.p,
		    v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case CS_DB_NULL:
		break;
	}
	return sqlite3_bind_null(s, at);
}

/* As many values as parameters: one that is missing would be NULL. */
static int
bind_all(cs_db *db, const struct prepared *p, const cs_db_value *in, size_t n,
    cs_err *e)
{
	const int want = sqlite3_bind_parameter_count(p->s);
	size_t i;
	int code;

	if (n > CS_DB_VALUES_MAX || (int)n != want)
		return cs_fail(e, CS_EBUG, where,
		    "%s: expected %d parameters, found %zu",
		    sqlite3_sql(p->s), want, n);
	for (i = 0; i < n; i++)
		if ((code = bind_value(p->s, p->at[i], &in[i])) != SQLITE_OK)
			return cs_sqlite_down(db, e, "bind", code);
	return CS_OK;
}

/* An empty value has no address in SQLite; NULL is of another type. */
static bool
column(sqlite3_stmt *s, int i, cs_db_value *v)
{
	const void *p;

	memset(v, 0, sizeof(*v));
	switch (sqlite3_column_type(s, i)) {
	case SQLITE_NULL:
		return true;
	case SQLITE_INTEGER:
		v->type = CS_DB_INT;
		v->i = sqlite3_column_int64(s, i);
		return true;
	case SQLITE_BLOB:
		v->type = CS_DB_BLOB;
		p = sqlite3_column_blob(s, i);
		break;
	case SQLITE_TEXT:
		v->type = CS_DB_TEXT;
		p = sqlite3_column_text(s, i);
		break;
	default:
		return false;
	}
	v->s = cs_span_of(p == NULL ? "" : p,
	    (size_t)sqlite3_column_bytes(s, i));
	return p != NULL || v->s.n == 0;
}

static int
one_row(cs_db *db, sqlite3_stmt *s, cs_db_row_fn *row, void *arg, cs_err *e)
{
	cs_db_value v[CS_DB_VALUES_MAX];
	const int n = sqlite3_column_count(s);
	int i;

	if (row == NULL)
		return CS_OK;
	if (n > CS_DB_VALUES_MAX)
		return cs_fail(e, CS_EBUG, where, "%s: %d columns",
		    sqlite3_sql(s), n);
	for (i = 0; i < n; i++)
		if (!column(s, i, &v[i]))
			return cs_sqlite_broken(db, e, "damaged row, or no memory");
	return row(arg, v, (size_t)n, e);
}

static int
step_all(cs_db *db, sqlite3_stmt *s, cs_db_row_fn *row, void *arg, cs_err *e)
{
	int code, rc;

	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		if ((rc = one_row(db, s, row, arg, e)) != CS_OK)
			return rc;
	return code == SQLITE_DONE ? CS_OK : cs_sqlite_down(db, e, "run", code);
}

int
cs_sqlite_run(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e)
{
	struct prepared *p;
	int rc;

	if (changed != NULL)
		*changed = 0;
	if ((rc = cs_sqlite_begun(db, e)) != CS_OK ||
	    (rc = prepare(db, stmt, &p, e)) != CS_OK)
		return rc;
	p->runs = true;
	if ((rc = bind_all(db, p, in, n, e)) == CS_OK)
		rc = step_all(db, p->s, row, arg, e);
	if (rc == CS_OK && changed != NULL && !sqlite3_stmt_readonly(p->s))
		*changed = sqlite3_changes64(db->h);
	(void)sqlite3_reset(p->s);
	(void)sqlite3_clear_bindings(p->s);
	p->runs = false;
	return rc;
}
