/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/time.h"
#include "store/pgconn.h"

/* The module of "postgresql:" stores: its transactions, and where it is. */

#define GRACE_MS 1000 /* for taking back when the deadline has passed */

#define STATE_DUPLICATE_SCHEMA "42P06"
#define STATE_UNIQUE_VIOLATION "23505"

static const char where[] = "store/postgresql";

static void
set_deadline(cs_db *db, int64_t mono_ms)
{
	db->deadline_ms = mono_ms;
}

static const char make_sql[] =
    "CREATE SCHEMA countersign;"
    "CREATE TABLE turn (id BIGINT PRIMARY KEY CHECK (id = 1));"
    "INSERT INTO turn VALUES (1);";

/* The server, too, gives up when this side has: whoever hangs, or is gone
 * without a word, holds nobody up for longer than his deadline. */
static int
begin_with(cs_db *db, const char *how, const char *then, PGresult **out,
    cs_err *e)
{
	char sql[768];
	int ms = cs_pg_left(db);
	int n = snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s;"
	    "SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d;"
	    "SET LOCAL idle_in_transaction_session_timeout = %d;%s%s", how,
	    ms, ms, ms, db->made ? "" : make_sql, then);

	if (n < 0 || (size_t)n >= sizeof(sql))
		return cs_fail(e, CS_EBUG, where, "a statement too long");
	return cs_pg_ask(db, sql, out, e);
}

static int
begin(cs_db *db, cs_err *e)
{
	PGresult *res = NULL;
	int r;

	if (db->mode == CS_DB_READ)
		return cs_fail(e, CS_EBUG, where, "opened for reading");
	db->making = !db->made;
	r = begin_with(db, "READ COMMITTED READ WRITE",
	    "SELECT id FROM turn FOR UPDATE", &res, e);
	if (r == CS_OK && PQntuples(res) != 1)
		r = cs_fail(e, CS_EIO, where, "the store's table turn has %d "
		    "rows, expected 1", PQntuples(res));
	PQclear(res);
	if (r != CS_OK && db->making &&
	    (strcmp(db->state, STATE_DUPLICATE_SCHEMA) == 0 ||
	    strcmp(db->state, STATE_UNIQUE_VIOLATION) == 0))
		r = cs_fail(e, CS_EREFUSED, where,
		    "there is a schema countersign in this database already");
	return r;
}

static int
begin_read(cs_db *db, cs_err *e)
{
	if (!db->made)
		return cs_fail(e, CS_EBUG, where, "nothing there to be read");
	return begin_with(db, "REPEATABLE READ READ ONLY", "", NULL, e);
}

/* A warning here is of a replica that was not waited for. */
static int
commit(cs_db *db, cs_err *e)
{
	PGresult *res = NULL;
	int r = cs_pg_ask(db, "COMMIT", &res, e);

	if (r == CS_OK && strcmp(PQcmdStatus(res), "COMMIT") != 0)
		r = cs_fail(e, CS_EIO, where, "PostgreSQL took back what was "
		    "to be stored");
	if (r == CS_OK && db->warned[0] != '\0')
		r = cs_fail(e, CS_EIO, where, "PostgreSQL: %s", db->warned);
	PQclear(res);
	if (r != CS_OK)
		db->broken = true;
	else if (db->making)
		db->made = true;
	db->making = false;
	return r;
}

/* What takes back has a moment even when the deadline has passed. */
static int
take_back(cs_db *db, const char *sql, cs_err *e)
{
	int64_t deadline_ms = db->deadline_ms;
	int64_t at = cs_time_mono_ms() + GRACE_MS;
	int r;

	if (deadline_ms != 0 && deadline_ms < at)
		db->deadline_ms = at;
	r = cs_pg_ask(db, sql, NULL, e);
	db->deadline_ms = deadline_ms;
	return r;
}

static void
rollback(cs_db *db)
{
	db->making = false;
	if (!db->broken && PQtransactionStatus(db->conn) != PQTRANS_IDLE &&
	    take_back(db, "ROLLBACK", NULL) != CS_OK)
		db->broken = true;
}

static int
mark(cs_db *db, cs_err *e)
{
	return cs_pg_ask(db, "SAVEPOINT part", NULL, e);
}

static int
keep(cs_db *db, cs_err *e)
{
	return cs_pg_ask(db, "RELEASE SAVEPOINT part", NULL, e);
}

static int
undo(cs_db *db, cs_err *e)
{
	return take_back(db,
	    "ROLLBACK TO SAVEPOINT part;RELEASE SAVEPOINT part", e);
}

static int
script(cs_db *db, const char *sql, cs_err *e)
{
	cs_buf *ours = NULL;
	int r;

	if ((r = cs_pg_translate(sql, NULL, &ours, e)) != CS_OK)
		return r;
	r = cs_pg_ask(db, cs_buf_cstr(ours), NULL, e);
	cs_buf_free(&ours);
	return r;
}

/* Where it is. The timeline of the control file is of the last checkpoint,
 * which comes after a promotion; that of the log is of now. */
static const char may_control_sql[] =
    "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"
    " AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')";
static const char place_sql[] =
    "SELECT (SELECT system_identifier FROM pg_control_system()),"
    " CASE WHEN pg_is_in_recovery()"
    " THEN (SELECT upper(lpad(to_hex(timeline_id), 8, '0'))"
    " FROM pg_control_checkpoint())"
    " ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,"
    " (SELECT oid FROM pg_database WHERE datname = current_database()),"
    " (SELECT xmin FROM turn)";
static const char place_alone_sql[] =
    "SELECT '-', '-',"
    " (SELECT oid FROM pg_database WHERE datname = current_database()),"
    " (SELECT xmin FROM turn)";

static int
place(cs_db *db, cs_buf *out, cs_err *e)
{
	PGresult *res = NULL;
	bool may;
	int r;

	if ((r = cs_pg_ask(db, may_control_sql, &res, e)) != CS_OK)
		return r;
	may = PQntuples(res) == 1 &&
	    strcmp(PQgetvalue(res, 0, 0), "t") == 0;
	PQclear(res);
	res = NULL;
	if ((r = cs_pg_ask(db, may ? place_sql : place_alone_sql, &res, e)) != CS_OK)
		return r;
	if (PQntuples(res) != 1 || PQnfields(res) != 4)
		r = cs_fail(e, CS_EIO, where, "PostgreSQL gave another answer "
		    "than was asked for");
	else if (cs_buf_printf(out, "postgresql %s %s %s %s",
	    PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1),
	    PQgetvalue(res, 0, 2), PQgetvalue(res, 0, 3)) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "a place too long");
	PQclear(res);
	return r;
}

static int
backup(cs_db *db, const char *path, const char *script, cs_err *e)
{
	(void)db;
	(void)path;
	(void)script;
	return cs_fail(e, CS_EUSAGE, where, "a store in PostgreSQL is copied "
	    "by its own tools: pg_dump --schema=countersign");
}

static const cs_db_ops ops = {
	.abi = CS_DB_ABI,
	.name = "postgresql",
	.open = cs_pg_open,
	.close = cs_pg_close,
	.deadline = set_deadline,
	.begin = begin,
	.begin_read = begin_read,
	.commit = commit,
	.rollback = rollback,
	.mark = mark,
	.keep = keep,
	.undo = undo,
	.run = cs_pg_run,
	.script = script,
	.place = place,
	.backup = backup,
};

cs_db_entry_fn countersign_store;

const cs_db_ops *
countersign_store(unsigned abi)
{
	return abi == CS_DB_ABI ? &ops : NULL;
}
