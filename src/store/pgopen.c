/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/time.h"
#include "store/pgconn.h"

#define CONNECT_MS 10000 /* where nobody says connect_timeout */

static const char where[] = "store/postgresql";

static int
check_option(const PQconninfoOption *o, cs_err *e)
{
	if (o->val != NULL && (strcmp(o->keyword, "password") == 0 ||
	    strcmp(o->keyword, "sslpassword") == 0))
		return cs_fail(e, CS_EUSAGE, where, "a %s in the store's name "
		    "is seen by all: use .pgpass, a service file, or peer "
		    "authentication", o->keyword);
	return CS_OK;
}

/* libpq's words on what it cannot read quote it, so they are not repeated. */
static int
check_info(const char *info, cs_err *e)
{
	PQconninfoOption *all = PQconninfoParse(info, NULL);
	int r = CS_OK;

	if (all == NULL)
		return cs_fail(e, CS_EUSAGE, where, "what follows "
		    "\"postgresql:\" is no connection string of libpq");
	for (PQconninfoOption *o = all; r == CS_OK && o->keyword != NULL; o++)
		r = check_option(o, e);
	PQconninfoFree(all);
	return r;
}

/* connect_timeout of whatever says one, which libpq leaves to us. */
static int64_t
connect_until(const cs_db *db)
{
	PQconninfoOption *all = PQconninfo(db->conn);
	int64_t at = db->deadline_ms, said;
	long seconds = 0;

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && strcmp(o->keyword, "connect_timeout") == 0)
			seconds = strtol(o->val, NULL, 10);
	PQconninfoFree(all);
	said = cs_time_mono_ms() + (seconds > 0 && seconds < 3600 ?
	    seconds * 1000 : CONNECT_MS);
	return at == 0 || (seconds > 0 && said < at) ? said : at;
}

static int
connected(cs_db *db, cs_err *e)
{
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;
	int r;

	if (PQstatus(db->conn) == CONNECTION_BAD)
		return cs_pg_lost(db, e);
	db->until = connect_until(db);
	while (s != PGRES_POLLING_OK) {
		if (s == PGRES_POLLING_FAILED)
			return cs_pg_lost(db, e);
		if ((r = cs_pg_await(db, s == PGRES_POLLING_READING ? POLLIN :
		    POLLOUT, e)) != CS_OK)
			return r;
		s = PQconnectPoll(db->conn);
	}
	return PQsetnonblocking(db->conn, 1) == 0 ? CS_OK : cs_pg_lost(db, e);
}

static int
connect_to(cs_db *db, const char *info, cs_err *e)
{
	const char *const key[] = {"dbname", "application_name",
	    "client_encoding", NULL};
	const char *const value[] = {info, "countersign", "UTF8", NULL};

	if ((db->conn = PQconnectStartParams(key, value, 1)) == NULL)
		return cs_nomem(e, where);
	(void)PQsetNoticeReceiver(db->conn, cs_pg_heard, db);
	return connected(db, e);
}

/* pg_catalog, which is not named, comes first; what is temporary comes last,
 * where it hides no table of ours. A stronger synchronous_commit
 * than "on" stays. */
static const char session_sql[] =
    "SET search_path = countersign, pg_temp;"
    "SET standard_conforming_strings = on;"
    "SET client_min_messages = warning;"
    "SET default_transaction_deferrable = off;"
    "SELECT current_setting('fsync'), current_setting('server_encoding'),"
    " pg_is_in_recovery(),"
    " to_regnamespace('countersign') IS NOT NULL,"
    " to_regclass('countersign.turn') IS NOT NULL,"
    " coalesce((SELECT has_schema_privilege('public', oid, 'CREATE')"
    " FROM pg_namespace WHERE nspname = 'countersign'), false),"
    " CASE WHEN current_setting('synchronous_commit') IN ('on',"
    " 'remote_apply') THEN 'kept'"
    " ELSE set_config('synchronous_commit', 'on', false) END";

static bool
is(const PGresult *res, int column, const char *value)
{
	return strcmp(PQgetvalue(res, 0, column), value) == 0;
}

static int
check_writable(const PGresult *res, cs_err *e)
{
	if (is(res, 0, "off"))
		return cs_fail(e, CS_EIO, where, "PostgreSQL runs with fsync "
		    "= off: what it says is stored may be lost");
	if (is(res, 2, "t"))
		return cs_fail(e, CS_EIO, where,
		    "PostgreSQL is a standby: nothing can be written there");
	return CS_OK;
}

static int
check_new(const PGresult *res, cs_err *e)
{
	if (is(res, 3, "t"))
		return cs_fail(e, CS_EREFUSED, where,
		    "there is a schema countersign in this database already");
	if (!is(res, 1, "UTF8") && !is(res, 1, "SQL_ASCII"))
		return cs_fail(e, CS_EIO, where, "the database's encoding is "
		    "%s, expected UTF8", PQgetvalue(res, 0, 1));
	return CS_OK;
}

static int
check_there(const PGresult *res, cs_err *e)
{
	if (!is(res, 4, "t"))
		return cs_fail(e, CS_EIO, where,
		    "there is no store in this database");
	if (is(res, 5, "t"))
		return cs_fail(e, CS_EIO, where, "everybody may make tables "
		    "in the schema countersign");
	return CS_OK;
}

static int
session(cs_db *db, cs_err *e)
{
	PGresult *res = NULL;
	int r;

	if ((r = cs_pg_ask(db, session_sql, &res, e)) != CS_OK)
		return r;
	if (PQntuples(res) != 1 || PQnfields(res) != 7)
		r = cs_fail(e, CS_EIO, where, "PostgreSQL gave another answer "
		    "than was asked for");
	if (r == CS_OK && db->mode != CS_DB_READ)
		r = check_writable(res, e);
	if (r == CS_OK)
		r = db->mode == CS_DB_CREATE ? check_new(res, e) :
		    check_there(res, e);
	PQclear(res);
	return r;
}

void
cs_pg_close(cs_db *db)
{
	if (db == NULL)
		return;
	PQfinish(db->conn);
	free(db);
}

static int
open_as(const char *info, enum cs_db_mode mode, int64_t mono_ms, cs_db **out,
    cs_err *e)
{
	cs_db *db = NULL;
	int r;

	if ((r = check_info(info, e)) != CS_OK)
		return r;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		return cs_nomem(e, where);
	db->mode = mode;
	db->deadline_ms = mono_ms;
	db->made = mode != CS_DB_CREATE;
	if ((r = connect_to(db, info, e)) != CS_OK ||
	    (r = session(db, e)) != CS_OK) {
		cs_pg_close(db);
		return r;
	}
	*out = db; /* transferred */
	return CS_OK;
}

int
cs_pg_open(const char *at, enum cs_db_mode mode, int64_t mono_ms, cs_db **out,
    cs_err *e)
{
	static const char scheme[] = "postgresql:";
	cs_buf *info = cs_buf_new(strlen(at) + sizeof(scheme));
	int r;

	*out = NULL;
	if (info == NULL)
		return cs_nomem(e, where);
	if ((strncmp(at, "//", 2) == 0 &&
	    cs_buf_put_str(info, scheme) != CS_OK) ||
	    cs_buf_put_str(info, at) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "a store's name too long");
	else
		r = open_as(cs_buf_cstr(info), mode, mono_ms, out, e);
	cs_buf_free(&info);
	return r;
}

