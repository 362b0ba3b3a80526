/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/db.h"

#include <inttypes.h>
#include <sqlite3.h>
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
#define PAGES 256              /* of a backup, likewise */
#define OPEN_FLAGS \
	(SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | \
	 SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE)

static const char where[] = "store/sqlite";

struct prepared {
	sqlite3_stmt *s;
	bool runs;
	int at[CS_DB_VALUES_MAX]; /* SQLite's index of $1, $2 ... */
};

struct cs_db {
	sqlite3 *h;
	char *path;
	int64_t deadline;
	bool writes, fresh, begun;
	uint64_t wal;
	struct prepared stmts[CS_DB_STMTS_MAX];
};

static int
down(const cs_db *db, cs_err *e, const char *what, int code)
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

static int
broken(const cs_db *db, cs_err *e, const char *why)
{
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "%s: %s", db->path, why);
}

static int
exec(cs_db *db, const char *sql, const char *what, cs_err *e)
{
	int code = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? CS_OK : down(db, e, what, code);
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

static int
is_late(void *arg)
{
	const cs_db *db = arg;

	return cs_time_mono_ms() >= db->deadline;
}

static void
db_close(cs_db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < CS_DB_STMTS_MAX; i++)
		(void)sqlite3_finalize(db->stmts[i].s);
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
static int
harden(cs_db *db, cs_err *e)
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
			return down(db, e, "configure", code);
	}
	(void)sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	(void)sqlite3_limit(db->h, SQLITE_LIMIT_ATTACHED, 0);
	return exec(db, "PRAGMA cell_size_check = ON;"
	    "PRAGMA mmap_size = 0;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA synchronous = FULL", "configure", e);
}

/* The one value of a pragma: a number, or 1 where it is the text `is`. */
static int
pragma(cs_db *db, const char *sql, const char *is, int64_t *out, cs_err *e)
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
	return code == SQLITE_OK ? CS_OK : down(db, e, "open", code);
}

static int
check_kind(cs_db *db, cs_err *e)
{
	int64_t id;
	int rc;

	if ((rc = pragma(db, "PRAGMA application_id", NULL, &id, e)) != CS_OK)
		return rc;
	return id == APPLICATION ? CS_OK :
	    broken(db, e, "not a store of countersign's");
}

static int
set_kind(cs_db *db, cs_err *e)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
	    APPLICATION);
	return exec(db, sql, "create", e);
}

/* Whatever another mode would keep of the guarantees, none was tested. */
static int
set_wal(cs_db *db, cs_err *e)
{
	int64_t is_wal;
	int rc;

	if (sqlite3_db_readonly(db->h, "main") != 0)
		return broken(db, e, "cannot be written to");
	if ((rc = pragma(db, "PRAGMA journal_mode = WAL", "wal", &is_wal,
	    e)) != CS_OK)
		return rc;
	return is_wal == 1 ? CS_OK :
	    broken(db, e, "a write-ahead log cannot be had here");
}

static int
set_up(cs_db *db, enum cs_db_mode mode, cs_err *e)
{
	int rc;

	(void)sqlite3_busy_handler(db->h, wait_busy, db);
	sqlite3_progress_handler(db->h, STEPS, is_late, db);
	if ((rc = harden(db, e)) != CS_OK)
		return rc;
	if (mode == CS_DB_READ) {
		if ((rc = check_kind(db, e)) != CS_OK)
			return rc;
		return exec(db, "PRAGMA query_only = ON", "configure", e);
	}
	rc = mode == CS_DB_CREATE ? set_kind(db, e) : check_kind(db, e);
	return rc == CS_OK ? set_wal(db, e) : rc;
}

static int
connect_file(cs_db *db, cs_err *e)
{
	int code;

	if (sqlite3_threadsafe() == 0)
		return broken(db, e, "this SQLite knows no threads");
	code = sqlite3_open_v2(db->path, &db->h, OPEN_FLAGS, "unix");
	return code == SQLITE_OK ? CS_OK : down(db, e, "open", code);
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
	if ((rc = connect_file(db, e)) == CS_OK &&
	    (rc = set_up(db, mode, e)) == CS_OK) {
		*out = db;
		db = NULL; /* transferred */
	}
out:
	db_close(db);
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
		return down(db, e, "begin", code);
	if (moved != 0)
		return broken(db, e, "was moved, removed or replaced");
	if (!db->writes)
		return CS_OK;
	wal = cs_sqlite_wal(db->path);
	if (db->wal != 0 && wal != db->wal)
		return broken(db, e, "its write-ahead log was removed");
	db->wal = wal;
	return CS_OK;
}

static int
begin_with(cs_db *db, const char *sql, cs_err *e)
{
	int rc;

	if (db->begun)
		return broken(db, e, "a transaction has begun already");
	if ((rc = check_place(db, e)) != CS_OK ||
	    (rc = exec(db, sql, "begin", e)) != CS_OK)
		return rc;
	db->begun = true;
	return CS_OK;
}

static int
db_begin(cs_db *db, cs_err *e)
{
	return begin_with(db, "BEGIN IMMEDIATE", e);
}

static int
db_begin_read(cs_db *db, cs_err *e)
{
	return begin_with(db, "BEGIN", e);
}

/* SQLite takes a transaction back by itself after some failures; what follows
 * would then be committed statement by statement. */
static int
check_begun(const cs_db *db, cs_err *e)
{
	if (db->begun && sqlite3_get_autocommit(db->h) == 0)
		return CS_OK;
	return broken(db, e, "the transaction was taken back");
}

static int
db_commit(cs_db *db, cs_err *e)
{
	int rc;

	if ((rc = check_begun(db, e)) != CS_OK ||
	    (rc = exec(db, "COMMIT", "commit", e)) != CS_OK)
		return rc;
	db->begun = false;
	db->fresh = false;
	return CS_OK;
}

static void
db_rollback(cs_db *db)
{
	if (sqlite3_get_autocommit(db->h) == 0)
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	db->begun = false;
}

static int
in_transaction(cs_db *db, const char *sql, const char *what, cs_err *e)
{
	int rc = check_begun(db, e);

	return rc == CS_OK ? exec(db, sql, what, e) : rc;
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
		return down(db, e, "prepare", code);
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
			return down(db, e, "bind", code);
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
			return broken(db, e, "damaged row, or no memory");
	return row(arg, v, (size_t)n, e);
}

static int
step_all(cs_db *db, sqlite3_stmt *s, cs_db_row_fn *row, void *arg, cs_err *e)
{
	int code, rc;

	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		if ((rc = one_row(db, s, row, arg, e)) != CS_OK)
			return rc;
	return code == SQLITE_DONE ? CS_OK : down(db, e, "run", code);
}

static int
db_run(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e)
{
	struct prepared *p;
	int rc;

	if (changed != NULL)
		*changed = 0;
	if ((rc = check_begun(db, e)) != CS_OK ||
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
	else if ((rc = check_begun(db, e)) == CS_OK)
		rc = exec(db, cs_buf_cstr(b), "script", e);
	cs_buf_free(&b);
	return rc;
}

static int
db_place(cs_db *db, cs_buf *out, cs_err *e)
{
	int rc = check_place(db, e);

	return rc == CS_OK ? cs_sqlite_place(db->path, out, e) : rc;
}

/* All steps within one read transaction of the source: a copy is of one moment,
 * and does not begin anew whenever somebody writes. */
static int
copy_pages(cs_db *from, cs_db *to, cs_err *e)
{
	sqlite3_backup *b;
	int code;

	b = sqlite3_backup_init(to->h, "main", from->h, "main");
	if (b == NULL)
		return down(to, e, "backup", sqlite3_extended_errcode(to->h));
	do {
		code = sqlite3_backup_step(b, PAGES);
		if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
			(void)sqlite3_sleep(1);
		if (is_late(from))
			break;
	} while (code == SQLITE_OK || code == SQLITE_BUSY ||
	    code == SQLITE_LOCKED);
	(void)sqlite3_backup_finish(b);
	if (code == SQLITE_DONE)
		return CS_OK;
	return down(to, e, "backup", code == SQLITE_OK ? SQLITE_INTERRUPT :
	    code);
}

static int
hold_moment(cs_db *db, cs_err *e)
{
	int64_t version;
	int rc;

	if ((rc = db_begin_read(db, e)) != CS_OK)
		return rc;
	return pragma(db, "PRAGMA schema_version", NULL, &version, e);
}

/* One file, without a log beside it. */
static int
finish_copy(cs_db *to, const char *script, cs_err *e)
{
	int64_t is_delete;
	int rc;

	if ((rc = pragma(to, "PRAGMA journal_mode = DELETE", "delete",
	    &is_delete, e)) != CS_OK)
		return rc;
	if (is_delete != 1)
		return broken(to, e, "its write-ahead log cannot be left");
	return exec(to, script, "mark", e);
}

static int
copy(cs_db *from, cs_db *to, const char *script, cs_err *e)
{
	int rc;

	if ((rc = connect_file(to, e)) != CS_OK ||
	    (rc = harden(to, e)) != CS_OK)
		return rc;
	if ((rc = hold_moment(from, e)) == CS_OK)
		rc = copy_pages(from, to, e);
	db_rollback(from);
	return rc == CS_OK ? finish_copy(to, script, e) : rc;
}

static int
db_backup(cs_db *db, const char *path, const char *script, cs_err *e)
{
	char *final = NULL;
	cs_db *to;
	int rc;

	if ((to = calloc(1, sizeof(*to))) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_sqlite_path(path, &final, e)) != CS_OK ||
	    (rc = cs_sqlite_make_beside(final, &to->path, e)) != CS_OK)
		goto out;
	to->fresh = true;
	if ((rc = copy(db, to, script, e)) != CS_OK)
		goto out;
	if (sqlite3_close(to->h) != SQLITE_OK)
		rc = broken(db, e, "the copy cannot be closed");
	to->h = NULL;
	if (rc == CS_OK)
		rc = cs_sqlite_appear(to->path, final, e);
out:
	db_close(to);
	free(final);
	return rc;
}

static const cs_db_ops ops = {
	.abi = CS_DB_ABI,
	.name = "sqlite",
	.open = db_open,
	.close = db_close,
	.deadline = db_deadline,
	.begin = db_begin,
	.begin_read = db_begin_read,
	.commit = db_commit,
	.rollback = db_rollback,
	.mark = db_mark,
	.keep = db_keep,
	.undo = db_undo,
	.run = db_run,
	.script = db_script,
	.place = db_place,
	.backup = db_backup,
};

cs_db_entry_fn countersign_store;

const cs_db_ops *
countersign_store(unsigned abi)
{
	return abi == CS_DB_ABI ? &ops : NULL;
}
