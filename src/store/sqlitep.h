/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_SQLITEP_H
#define CS_STORE_SQLITEP_H

#include <sqlite3.h>

#include "store/db.h"

/* What the files of the engine share. */

struct prepared {
	sqlite3_stmt *s;
	bool runs;
	int at[CS_DB_VALUES_MAX]; /* SQLite's index of $1, $2 ... */
};

/* What begins and ends a transaction. */
enum control { BEGIN_READ = 0, BEGIN_WRITE, COMMIT, ROLLBACK, CONTROLS };

struct cs_db {
	sqlite3 *h;
	char *path;
	int64_t deadline;
	bool writes, fresh, begun;
	uint64_t wal;
	sqlite3_stmt *controls[CONTROLS];
	struct prepared stmts[CS_DB_STMTS_MAX];
};

/* CS_EIO, with what SQLite says of it, or with words of ours. */
int cs_sqlite_down(const cs_db *db, cs_err *e, const char *what, int code);
int cs_sqlite_broken(const cs_db *db, cs_err *e, const char *why);
CS_USE int cs_sqlite_exec(cs_db *db, const char *sql, const char *what,
    cs_err *e);
/* The one value of a pragma: a number, or 1 where it is the text `is`. */
CS_USE int cs_sqlite_pragma(cs_db *db, const char *sql, const char *is,
    int64_t *out, cs_err *e);
/* Opens db->path, which has been checked. */
CS_USE int cs_sqlite_connect(cs_db *db, cs_err *e);
/* Of a connection: what a file could do to its reader. */
CS_USE int cs_sqlite_harden(cs_db *db, cs_err *e);
void cs_sqlite_close(cs_db *db);
CS_USE int cs_sqlite_begin_read(cs_db *db, cs_err *e);
void cs_sqlite_rollback(cs_db *db);
/* SQLite takes a transaction back by itself after some failures; what follows
 * would then be committed statement by statement. */
CS_USE int cs_sqlite_begun(const cs_db *db, cs_err *e);
int cs_sqlite_is_late(void *db);
/* Of store/db.h. */
CS_USE int cs_sqlite_run(cs_db *db, const cs_db_stmt *stmt,
    const cs_db_value *in, size_t n, cs_db_row_fn *row, void *arg,
    int64_t *changed, cs_err *e);
CS_USE int cs_sqlite_backup(cs_db *db, const char *path, const char *script,
    cs_err *e);

#endif
