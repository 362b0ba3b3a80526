/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/time.h"
#include "store/pgconn.h"

#define CALL_MS 10000 /* for what has no deadline */

static const char where[] = "store/postgresql";

/* One line without the line ends that libpq and servers put in. */
static void
flat(const char *in, char *out, size_t len)
{
	size_t n = 0;

	for (; in != NULL && *in != '\0' && n + 1 < len; in++)
		out[n++] = *in == '\n' || *in == '\t' ? ' ' : *in;
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

int
cs_pg_lost(cs_db *db, cs_err *e)
{
	char text[1024];

	db->broken = true;
	flat(PQerrorMessage(db->conn), text, sizeof(text));
	return cs_fail(e, CS_EIO, where, "PostgreSQL: %s",
	    text[0] == '\0' ? "the connection is lost" : text);
}

int
cs_pg_refused(cs_db *db, const PGresult *res, cs_err *e)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	char text[1024];

	flat(PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY), text,
	    sizeof(text));
	flat(state, db->state, sizeof(db->state));
	if (state == NULL)
		return cs_pg_lost(db, e);
	return cs_fail(e, CS_EIO, where, "PostgreSQL: %s (%s)", text,
	    db->state);
}

void
cs_pg_heard(void *arg, const PGresult *res)
{
	cs_db *db = arg;
	const char *severity = PQresultErrorField(res,
	    PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		flat(PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY),
		    db->warned, sizeof(db->warned));
}

/* Milliseconds that are left; 0 when there are none. */
static int
left(int64_t until)
{
	int64_t ms = until - cs_time_mono_ms();

	return ms <= 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

int
cs_pg_left(const cs_db *db)
{
	int ms = db->deadline_ms == 0 ? CALL_MS : left(db->deadline_ms);

	return ms == 0 ? 1 : ms;
}

int
cs_pg_await(cs_db *db, short events, cs_err *e)
{
	struct pollfd p = {.fd = PQsocket(db->conn), .events = events};
	int ms = left(db->until), n;

	if (p.fd < 0)
		return cs_pg_lost(db, e);
	n = ms == 0 ? 0 : poll(&p, 1, ms);
	if (n <= 0 && left(db->until) == 0) {
		db->broken = true;
		return cs_fail(e, CS_EIO, where,
		    "PostgreSQL gave no answer in time");
	}
	return CS_OK; /* interrupted: whoever waits asks again */
}

int
cs_pg_flush(cs_db *db, cs_err *e)
{
	int n, r;

	while ((n = PQflush(db->conn)) > 0) {
		if ((r = cs_pg_await(db, POLLIN | POLLOUT, e)) != CS_OK)
			return r;
		if (PQconsumeInput(db->conn) == 0)
			return cs_pg_lost(db, e);
	}
	return n == 0 ? CS_OK : cs_pg_lost(db, e);
}

int
cs_pg_next(cs_db *db, PGresult **out, cs_err *e)
{
	int r;

	*out = NULL;
	while (PQisBusy(db->conn) != 0) {
		if ((r = cs_pg_await(db, POLLIN, e)) != CS_OK)
			return r;
		if (PQconsumeInput(db->conn) == 0)
			return cs_pg_lost(db, e);
	}
	*out = PQgetResult(db->conn);
	return CS_OK;
}

bool
cs_pg_failed(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
	    status != PGRES_SINGLE_TUPLE;
}

int
cs_pg_usable(cs_db *db, cs_err *e)
{
	if (db->in_row)
		return cs_fail(e, CS_EBUG, where,
		    "a statement within another's rows");
	if (db->broken || PQstatus(db->conn) != CONNECTION_OK) {
		db->broken = true;
		return cs_fail(e, CS_EIO, where,
		    "the connection to PostgreSQL is lost");
	}
	db->state[0] = db->warned[0] = '\0';
	db->until = db->deadline_ms != 0 ? db->deadline_ms :
	    cs_time_mono_ms() + CALL_MS;
	if (left(db->until) == 0)
		return cs_fail(e, CS_EIO, where, "no time is left");
	return CS_OK;
}

int
cs_pg_finish(cs_db *db, PGresult **out, cs_err *e)
{
	PGresult *res = NULL, *last = NULL;
	int rc, r = CS_OK;

	if ((rc = cs_pg_flush(db, e)) != CS_OK)
		return rc;
	while ((rc = cs_pg_next(db, &res, e)) == CS_OK && res != NULL) {
		if (cs_pg_failed(res) && r == CS_OK)
			r = cs_pg_refused(db, res, e);
		PQclear(last);
		last = res; /* transferred */
	}
	if (rc == CS_OK && r == CS_OK && out != NULL) {
		*out = last; /* transferred */
		last = NULL;
	}
	PQclear(last);
	return rc != CS_OK ? rc : r;
}

int
cs_pg_ask(cs_db *db, const char *sql, PGresult **out, cs_err *e)
{
	int r;

	if (out != NULL)
		*out = NULL;
	if ((r = cs_pg_usable(db, e)) != CS_OK)
		return r;
	if (PQsendQuery(db->conn, sql) == 0)
		return cs_pg_lost(db, e);
	return cs_pg_finish(db, out, e);
}

/* The length of a parameter such as "$12", and which it is; 0 when it is none. */
static size_t
parameter(const char *s, size_t *which)
{
	size_t n = 1;

	if (s[0] != '$')
		return 0;
	for (*which = 0; s[n] >= '0' && s[n] <= '9' && n < 4; n++)
		*which = *which * 10 + (size_t)(s[n] - '0');
	return n > 1 && *which > 0 ? n : 0;
}

/* The words of db.h that are called otherwise here. */
static const struct {
	const char *word, *name;
} names[] = {
	{"BLOB", "BYTEA"},
	{"STRICT", ""}, /* every table is */
};

/* One word or one octet; returns what was read of it. */
static size_t
put_word(const char *s, const cs_pg_prepared *p, cs_buf *out)
{
	size_t which = 0, n = parameter(s, &which), len;
	int r;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i].word);
		if (strncmp(s, names[i].word, len) == 0)
			return cs_buf_put_str(out, names[i].name) == CS_OK ?
			    len : strlen(s);
	}
	if (n > 0 && p != NULL && which <= CS_DB_VALUES_MAX &&
	    p->type[which - 1] == CS_DB_NULL) {
		r = cs_buf_put_str(out, "NULL");
	} else {
		r = cs_buf_put_byte(out, (uint8_t)s[0]);
		n = 1;
	}
	return r == CS_OK ? n : strlen(s);
}

int
cs_pg_translate(const char *sql, const cs_pg_prepared *p, cs_buf **out,
    cs_err *e)
{
	cs_buf *b = cs_buf_new(strlen(sql) * 2 + 1);

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, where);
	while (*sql != '\0')
		sql += put_word(sql, p, b);
	if (cs_buf_failed(b)) {
		cs_buf_free(&b);
		return cs_fail(e, CS_EBUG, where, "a statement too long");
	}
	*out = b; /* transferred */
	return CS_OK;
}
