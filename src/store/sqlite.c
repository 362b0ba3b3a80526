/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/sqlitep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "store/sqlitefile.h"

/* The file is as hostile as any other: a schema that it brings is not trusted,
 * and none of SQLite's own ways to run something from it is open. */

#define APPLICATION 0x43734f53 /* "CsOS" */
#define VALUE_MAX (1 << 20)    /* octets of one value or row */
#define STEPS 4096             /* between two looks at the clock */
#define OPEN_FLAGS \
	(SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | \
	 SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE)
#define FROZEN_FLAGS \
	((OPEN_FLAGS & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY | \
	 SQLITE_OPEN_URI)

static const char where[] = "store/sqlite";

int
cs_sqlite_down(const cs_db *db, cs_err *e, const char *what, int code)
{
	const char *why;

	if ((code & 0xff) == SQLITE_BUSY)
		why = "others kept it locked until the deadline";
	else if ((code & 0xff) == SQLITE_INTERRUPT)
		why = "not done by the deadline";
	else if (db->h != NULL && (sqlite3_errcode(db->h) & 0xff) ==
	    (code & 0xff))
		why = sqlite3_errmsg(db->h);
	else
		why = sqlite3_errstr(code);
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "%s: %s: %s (SQLite %d)", db->path, what, why, code);
}

int
cs_sqlite_broken(const cs_db *db, cs_err *e, const char *why)
{
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "%s: %s", db->path, why);
}

int
cs_sqlite_exec(cs_db *db, const char *sql, const char *what, cs_err *e)
{
	int code = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? CS_OK : cs_sqlite_down(db, e, what, code);
}

static int
wait_busy(void *arg, int tries)
{
	const cs_db *db = arg;
	const int64_t left = db->deadline - cs_time_mono_ms();
	struct timespec t = {0};

	if (left <= 0)
		return 0;
	t.tv_nsec = (tries < 4 ? 500000L : tries < 20 ? 2000000L : 10000000L);
	if (t.tv_nsec / 1000000 > left)
		t.tv_nsec = (long)left * 1000000;
	(void)nanosleep(&t, NULL);
	return 1;
}

int
cs_sqlite_is_late(void *arg)
{
	const cs_db *db = arg;

	return cs_time_mono_ms() >= db->deadline;
}

void
cs_sqlite_close(cs_db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < CS_DB_STMTS_MAX; i++)
		(void)sqlite3_finalize(db->stmts[i].s);
	for (i = 0; i < CONTROLS; i++)
		(void)sqlite3_finalize(db->controls[i]);
	(void)sqlite3_close(db->h);
	if (db->fresh)
		cs_sqlite_remove(db->path);
	free(db->path);
	free(db);
}

static void
db_deadline(cs_db *db, int64_t mono_ms)
{
	db->deadline = mono_ms;
}

/* Of a connection: what a file could do to its reader. */
int
cs_sqlite_harden(cs_db *db, cs_err *e)
{
	static const struct {
		int option, value;
	} options[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0},
	};
	size_t i;
	int code, set;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		set = -1;
		code = sqlite3_db_config(db->h, options[i].option,
		    options[i].value, &set);
		if (code != SQLITE_OK || set != options[i].value)
			return cs_sqlite_down(db, e, "configure", code);
	}
	(void)sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	(void)sqlite3_limit(db->h, SQLITE_LIMIT_ATTACHED, 0);
	return cs_sqlite_exec(db, "PRAGMA cell_size_check = ON;"
	    "PRAGMA mmap_size = 0;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA synchronous = FULL", "configure", e);
}

/* The one value of a pragma: a number, or 1 where it is the text `is`. */
int
cs_sqlite_pragma(cs_db *db, const char *sql, const char *is, int64_t *out, cs_err *e)
{
	sqlite3_stmt *s = NULL;
	const unsigned char *text;
	int code;

	*out = 0;
	code = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL);
	if (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		text = is == NULL ? NULL : sqlite3_column_text(s, 0);
		if (is == NULL)
			*out = sqlite3_column_int64(s, 0);
		else
			*out = text != NULL &&
			    strcmp((const char *)text, is) == 0;
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(s);
	return code == SQLITE_OK ? CS_OK : cs_sqlite_down(db, e, "open", code);
}

static int
check_kind(cs_db *db, cs_err *e)
{
	int64_t id;
	int rc;

	if ((rc = cs_sqlite_pragma(db, "PRAGMA application_id", NULL, &id, e)) != CS_OK)
		return rc;
	return id == APPLICATION ? CS_OK :
	    cs_sqlite_broken(db, e, "not a store of countersign's");
}

static int
set_kind(cs_db *db, cs_err *e)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
	    APPLICATION);
	return cs_sqlite_exec(db, sql, "create", e);
}

/* Whatever another mode would keep of the guarantees, none was tested. */
static int
set_wal(cs_db *db, cs_err *e)
{
	int64_t is_wal;
	int rc;

	if (sqlite3_db_readonly(db->h, "main") != 0)
		return cs_sqlite_broken(db, e, "cannot be written to");
	if ((rc = cs_sqlite_pragma(db, "PRAGMA journal_mode = WAL", "wal", &is_wal,
	    e)) != CS_OK)
		return rc;
	return is_wal == 1 ? CS_OK :
	    cs_sqlite_broken(db, e, "a write-ahead log cannot be had here");
}

static int
set_up(cs_db *db, enum cs_db_mode mode, cs_err *e)
{
	int rc;

	(void)sqlite3_busy_handler(db->h, wait_busy, db);
	sqlite3_progress_handler(db->h, STEPS, cs_sqlite_is_late, db);
	if ((rc = cs_sqlite_harden(db, e)) != CS_OK)
		return rc;
	if (mode == CS_DB_READ) {
		if ((rc = check_kind(db, e)) != CS_OK)
			return rc;
		return cs_sqlite_exec(db, "PRAGMA query_only = ON", "configure", e);
	}
	rc = mode == CS_DB_CREATE ? set_kind(db, e) : check_kind(db, e);
	return rc == CS_OK ? set_wal(db, e) : rc;
}

/* On a medium that nobody can write to there is no place for a log's index, and
 * no need of one. */
static char *
frozen_uri(const char *path)
{
	char *uri = NULL;

	if (!cs_sqlite_is_frozen(path) || strpbrk(path, "%?#") != NULL ||
	    asprintf(&uri, "file:%s?immutable=1", path) < 0)
		return NULL;
	return uri;
}

int
cs_sqlite_connect(cs_db *db, cs_err *e)
{
	char *uri = db->writes ? NULL : frozen_uri(db->path);
	int code;

	if (sqlite3_threadsafe() == 0) {
		free(uri);
		return cs_sqlite_broken(db, e, "this SQLite knows no threads");
	}
	if (uri == NULL)
		code = sqlite3_open_v2(db->path, &db->h, OPEN_FLAGS, "unix");
	else
		code = sqlite3_open_v2(uri, &db->h, FROZEN_FLAGS, "unix");
	free(uri);
	return code == SQLITE_OK ? CS_OK :
	    cs_sqlite_down(db, e, "open", code);
}

static int
db_open(const char *path, enum cs_db_mode mode, int64_t mono_ms, cs_db **out,
    cs_err *e)
{
	cs_db *db;
	int rc;

	*out = NULL;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		return cs_nomem(e, where);
	db->deadline = mono_ms;
	db->writes = mode != CS_DB_READ;
	if ((rc = cs_sqlite_path(path, &db->path, e)) != CS_OK)
		goto out;
	if (mode == CS_DB_CREATE)
		rc = cs_sqlite_make(db->path, e);
	else
		rc = cs_sqlite_check(db->path, e);
	if (rc != CS_OK)
		goto out;
	db->fresh = mode == CS_DB_CREATE;
	if ((rc = cs_sqlite_connect(db, e)) == CS_OK &&
	    (rc = set_up(db, mode, e)) == CS_OK) {
		*out = db;
		db = NULL; /* transferred */
	}
out:
	cs_sqlite_close(db);
	return rc;
}

/* A file that was put in the place of this one, or a log that was taken away
 * from it: what is written would be gone with the last descriptor. */
static int
check_place(cs_db *db, cs_err *e)
{
	int code, moved = 0;
	uint64_t wal;

	code = sqlite3_file_control(db->h, "main", SQLITE_FCNTL_HAS_MOVED,
	    &moved);
	if (code != SQLITE_OK)
		return cs_sqlite_down(db, e, "begin", code);
	if (moved != 0)
		return cs_sqlite_broken(db, e, "was moved, removed or replaced");
	if (!db->writes)
		return CS_OK;
	wal = cs_sqlite_wal(db->path);
	if (db->wal != 0 && wal != db->wal)
		return cs_sqlite_broken(db, e, "its write-ahead log was removed");
	db->wal = wal;
	return CS_OK;
}

/* Kept prepared: to parse it takes longer than to do it. */
static int
control(cs_db *db, enum control which, const char *what, cs_err *e)
{
	static const char *const sql[CONTROLS] = {
		[BEGIN_READ] = "BEGIN",
		[BEGIN_WRITE] = "BEGIN IMMEDIATE",
		[COMMIT] = "COMMIT",
		[ROLLBACK] = "ROLLBACK",
	};
	sqlite3_stmt **s = &db->controls[which];
	int code = SQLITE_OK;

	if (*s == NULL)
		code = sqlite3_prepare_v3(db->h, sql[which], -1,
		    SQLITE_PREPARE_PERSISTENT, s, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(*s);
		(void)sqlite3_reset(*s);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	}
	return code == SQLITE_OK ? CS_OK : cs_sqlite_down(db, e, what, code);
}

static int
begin_with(cs_db *db, enum control how, cs_err *e)
{
	int rc;

	if (db->begun)
		return cs_sqlite_broken(db, e, "a transaction has begun already");
	if ((rc = check_place(db, e)) != CS_OK ||
	    (rc = control(db, how, "begin", e)) != CS_OK)
		return rc;
	db->begun = true;
	return CS_OK;
}

static int
db_begin(cs_db *db, cs_err *e)
{
	return begin_with(db, BEGIN_WRITE, e);
}

int
cs_sqlite_begin_read(cs_db *db, cs_err *e)
{
	return begin_with(db, BEGIN_READ, e);
}

/* SQLite takes a transaction back by itself after some failures; what follows
 * would then be committed statement by statement. */
int
cs_sqlite_begun(const cs_db *db, cs_err *e)
{
	if (db->begun && sqlite3_get_autocommit(db->h) == 0)
		return CS_OK;
	return cs_sqlite_broken(db, e, "the transaction was taken back");
}

static int
db_commit(cs_db *db, cs_err *e)
{
	int rc;

	if ((rc = cs_sqlite_begun(db, e)) != CS_OK ||
	    (rc = control(db, COMMIT, "commit", e)) != CS_OK)
		return rc;
	db->begun = false;
	db->fresh = false;
	return CS_OK;
}

void
cs_sqlite_rollback(cs_db *db)
{
	if (sqlite3_get_autocommit(db->h) == 0)
		(void)control(db, ROLLBACK, "rollback", NULL);
	db->begun = false;
}

static int
in_transaction(cs_db *db, const char *sql, const char *what, cs_err *e)
{
	int rc = cs_sqlite_begun(db, e);

	return rc == CS_OK ? cs_sqlite_exec(db, sql, what, e) : rc;
}

static int
db_mark(cs_db *db, cs_err *e)
{
	return in_transaction(db, "SAVEPOINT work", "mark", e);
}

static int
db_keep(cs_db *db, cs_err *e)
{
	return in_transaction(db, "RELEASE work", "keep", e);
}

static int
db_undo(cs_db *db, cs_err *e)
{
	return in_transaction(db, "ROLLBACK TO work; RELEASE work", "undo",
	    e);
}

/* The words of store/db.h; of these one differs. */
static int
spell(const char *sql, cs_buf *out)
{
	const char *at;

	for (; (at = strstr(sql, "BIGINT")) != NULL;
	    sql = at + strlen("BIGINT"))
		if (cs_buf_put(out, cs_span_of(sql, (size_t)(at - sql))) !=
		    CS_OK || cs_buf_put_str(out, "INTEGER") != CS_OK)
			return CS_EBUG;
	return cs_buf_put_str(out, sql);
}

static int
db_script(cs_db *db, const char *sql, cs_err *e)
{
	cs_buf *b = cs_buf_new(2 * strlen(sql));
	int rc;

	if (b == NULL || spell(sql, b) != CS_OK)
		rc = cs_nomem(e, where);
	else if ((rc = cs_sqlite_begun(db, e)) == CS_OK)
		rc = cs_sqlite_exec(db, cs_buf_cstr(b), "script", e);
	cs_buf_free(&b);
	return rc;
}

static int
db_place(cs_db *db, cs_buf *out, cs_err *e)
{
	int rc = check_place(db, e);

	return rc == CS_OK ? cs_sqlite_place(db->path, out, e) : rc;
}

static const cs_db_ops ops = {
	.abi = CS_DB_ABI,
	.name = "sqlite",
	.open = db_open,
	.close = cs_sqlite_close,
	.deadline = db_deadline,
	.begin = db_begin,
	.begin_read = cs_sqlite_begin_read,
	.commit = db_commit,
	.rollback = cs_sqlite_rollback,
	.mark = db_mark,
	.keep = db_keep,
	.undo = db_undo,
	.run = cs_sqlite_run,
	.script = db_script,
	.place = db_place,
	.backup = cs_sqlite_backup,
};

cs_db_entry_fn countersign_store;

const cs_db_ops *
countersign_store(unsigned abi)
{
	return abi == CS_DB_ABI ? &ops : NULL;
}
