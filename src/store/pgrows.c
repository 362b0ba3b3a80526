/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "store/pgconn.h"

#define DROP_MAX 1000 /* rows nobody wants that are still read */

static const char where[] = "store/postgresql";

static Oid
type_oid(enum cs_db_type type)
{
	switch (type) {
	case CS_DB_INT:
		return CS_PG_INT8;
	case CS_DB_BLOB:
		return CS_PG_BYTEA;
	case CS_DB_TEXT:
	case CS_DB_NULL:
		break; /* it does not stand in the statement */
	}
	return CS_PG_TEXT;
}

static void
name_of(const cs_db_stmt *stmt, const cs_pg_prepared *p, char out[32])
{
	(void)snprintf(out, 32, "s%u_%u", stmt->id, p->version);
}

/* A parameter that was NULL until now does not stand in the statement. */
static bool
is_prepared(const cs_pg_prepared *p, const cs_db_value *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (in[i].type != CS_DB_NULL && in[i].type != p->type[i])
			return false;
	return p->version != 0;
}

static int
prepare_as(cs_db *db, const cs_db_stmt *stmt, const cs_pg_prepared *p,
    size_t n, cs_err *e)
{
	Oid types[CS_DB_VALUES_MAX] = {0};
	cs_buf *sql = NULL;
	char name[32];
	int r;

	name_of(stmt, p, name);
	for (size_t i = 0; i < n; i++)
		types[i] = type_oid(p->type[i]);
	if ((r = cs_pg_translate(stmt->sql, p, &sql, e)) != CS_OK)
		return r;
	if (PQsendPrepare(db->conn, name, cs_buf_cstr(sql), (int)n, types) == 0)
		r = cs_pg_lost(db, e);
	else
		r = cs_pg_finish(db, NULL, e);
	cs_buf_free(&sql);
	return r;
}

static int
prepare(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_err *e)
{
	cs_pg_prepared p;
	int r;

	if (stmt->id >= CS_DB_STMTS_MAX || n > CS_DB_VALUES_MAX)
		return cs_fail(e, CS_EBUG, where, "statement %u with %zu "
		    "values", stmt->id, n);
	if (is_prepared(&db->stmt[stmt->id], in, n))
		return CS_OK;
	p = db->stmt[stmt->id];
	p.version++;
	for (size_t i = 0; i < n; i++)
		if (in[i].type != CS_DB_NULL)
			p.type[i] = in[i].type;
	if ((r = prepare_as(db, stmt, &p, n, e)) == CS_OK)
		db->stmt[stmt->id] = p;
	return r;
}

static void
put_int(int64_t i, char out[8])
{
	uint64_t v = (uint64_t)i;

	for (int k = 7; k >= 0; k--, v >>= 8)
		out[k] = (char)(v & 0xff);
}

static int64_t
get_int(const char *p, size_t n)
{
	uint64_t v = n > 0 && ((uint8_t)p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)p[i];
	return (int64_t)v;
}

static int
send_values(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_err *e)
{
	const char *value[CS_DB_VALUES_MAX] = {NULL};
	int length[CS_DB_VALUES_MAX] = {0}, format[CS_DB_VALUES_MAX] = {0};
	char ints[CS_DB_VALUES_MAX][8], name[32];

	name_of(stmt, &db->stmt[stmt->id], name);
	for (size_t i = 0; i < n; i++) {
		format[i] = 1;
		if (in[i].type == CS_DB_INT) {
			put_int(in[i].i, ints[i]);
			value[i] = ints[i];
			length[i] = 8;
		} else if (in[i].type != CS_DB_NULL) {
			if (in[i].s.n > INT_MAX)
				return cs_fail(e, CS_EBUG, where, "too large");
			value[i] = in[i].s.p == NULL ? "" :
			    (const char *)in[i].s.p;
			length[i] = (int)in[i].s.n;
		}
	}
	if (PQsendQueryPrepared(db->conn, name, (int)n, value, length, format,
	    1) == 0 || PQsetSingleRowMode(db->conn) == 0)
		return cs_pg_lost(db, e);
	return cs_pg_flush(db, e);
}

struct rows {
	cs_db_row_fn *row;
	void *arg;
	size_t dropped;
	int64_t changed;
};

static int
get_value(const PGresult *res, int row, int i, cs_db_value *out, cs_err *e)
{
	Oid type = PQftype(res, i);
	const char *p = PQgetvalue(res, row, i);
	size_t n = (size_t)PQgetlength(res, row, i);
	cs_db_value v = {.type = CS_DB_NULL};

	if (PQgetisnull(res, row, i) != 0) {
		*out = v;
		return CS_OK;
	}
	v.s = cs_span_of(p, n);
	if ((type == CS_PG_INT8 && n == 8) || (type == CS_PG_INT4 && n == 4) ||
	    (type == CS_PG_INT2 && n == 2) || (type == CS_PG_BOOL && n == 1)) {
		v.type = CS_DB_INT;
		v.i = get_int(p, n);
	} else if (type == CS_PG_BYTEA) {
		v.type = CS_DB_BLOB;
	} else if (type == CS_PG_TEXT || type == CS_PG_VARCHAR ||
	    type == CS_PG_NAME) {
		v.type = CS_DB_TEXT;
	} else {
		return cs_fail(e, CS_EIO, where, "column %d is of PostgreSQL's "
		    "type %u, which is none of a store", i + 1, type);
	}
	*out = v;
	return CS_OK;
}

static int
give_row(cs_db *db, const PGresult *res, int at, struct rows *w, cs_err *e)
{
	cs_db_value col[CS_DB_VALUES_MAX];
	int n = PQnfields(res), r = CS_OK;

	if (n > CS_DB_VALUES_MAX)
		return cs_fail(e, CS_EIO, where, "%d columns", n);
	for (int i = 0; r == CS_OK && i < n; i++)
		r = get_value(res, at, i, &col[i], e);
	if (r != CS_OK || w->row == NULL)
		return r;
	db->in_row = true;
	r = w->row(w->arg, col, (size_t)n, e);
	db->in_row = false;
	return r;
}

static int
give_rows(cs_db *db, PGresult *res, struct rows *w, cs_err *e)
{
	int r = CS_OK;

	if (cs_pg_failed(res))
		return cs_pg_refused(db, res, e);
	for (int i = 0; r == CS_OK && i < PQntuples(res); i++)
		r = give_row(db, res, i, w, e);
	if (PQresultStatus(res) != PGRES_SINGLE_TUPLE &&
	    strncmp(PQcmdStatus(res), "SELECT", 6) != 0)
		w->changed = strtoll(PQcmdTuples(res), NULL, 10);
	return r;
}

/* Who stops early does not wait for all that the server would send: then the
 * connection is given up. */
static int
take_rows(cs_db *db, struct rows *w, cs_err *e)
{
	PGresult *res = NULL;
	int rc, r = CS_OK;

	while ((rc = cs_pg_next(db, &res, r == CS_OK ? e : NULL)) ==
	    CS_OK && res != NULL) {
		if (r == CS_OK)
			r = give_rows(db, res, w, e);
		else
			w->dropped++;
		PQclear(res);
		if (w->dropped > DROP_MAX) {
			db->broken = true;
			break;
		}
	}
	return r != CS_OK ? r : rc;
}

int
cs_pg_run(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e)
{
	struct rows w = {.row = row, .arg = arg};
	int r;

	if (changed != NULL)
		*changed = 0;
	if ((r = cs_pg_usable(db, e)) != CS_OK ||
	    (r = prepare(db, stmt, in, n, e)) != CS_OK ||
	    (r = send_values(db, stmt, in, n, e)) != CS_OK)
		return r;
	r = take_rows(db, &w, e);
	if (r == CS_OK && changed != NULL)
		*changed = w.changed;
	return r;
}

