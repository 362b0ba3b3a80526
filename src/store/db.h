/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_DB_H
#define CS_STORE_DB_H

#include "base/buf.h"

/*
 * An engine under the store: SQLite and PostgreSQL, each a module and the only
 * file that includes its vendor's header. One statement serves both: parameters
 * are $1, $2 ..., types are BIGINT, BLOB (the engine puts its own name for
 * that), TEXT. Whatever goes wrong in an engine is CS_EIO, for it is one to the
 * store: full, locked, down, late, damaged.
 *
 * In script() some words stand for what the engine calls so: BIGINT, 64 bits
 * with a sign; BLOB; STRICT behind a table, a table that keeps to its types
 * (nothing where every table does).
 */

#define CS_DB_ABI 1
#define CS_DB_SYMBOL "countersign_store"
#define CS_DB_VALUES_MAX 24

enum cs_db_type { CS_DB_NULL = 0, CS_DB_INT, CS_DB_BLOB, CS_DB_TEXT };

typedef struct cs_db_value { /* borrows */
	enum cs_db_type type;
	int64_t i;
	cs_span s;
} cs_db_value;

typedef struct cs_db_stmt { /* static; the engine keeps it prepared */
	unsigned id;       /* small, of one table of the caller's */
	const char *sql;
} cs_db_stmt;
#define CS_DB_STMTS_MAX 96

/* One row: its columns live until it returns, and until then the connection
 * takes no other statement. Stops at what is not CS_OK. */
typedef int cs_db_row_fn(void *arg, const cs_db_value *col, size_t n,
    cs_err *e);

typedef struct cs_db cs_db; /* one connection, for one thread at a time */

enum cs_db_mode {
	CS_DB_READ = 0, /* of what is there */
	CS_DB_WRITE,    /* of what is there: never makes one */
	CS_DB_CREATE    /* CS_EREFUSED where something is */
};

typedef struct cs_db_ops {
	unsigned abi;
	const char *name; /* "sqlite" */
	/* `where`: what follows the scheme and its colon. `mono_ms`: as of
	 * deadline(), and the first one. What CREATE made is gone again when
	 * nothing was committed. */
	int (*open)(const char *where, enum cs_db_mode mode, int64_t mono_ms,
	    cs_db **out, cs_err *e);
	void (*close)(cs_db *db);
	/* For all that follows: cs_time_mono_ms() at which a call gives up. */
	void (*deadline)(cs_db *db, int64_t mono_ms);
	/* Begins as the only writer of all, on whatever machine. */
	int (*begin)(cs_db *db, cs_err *e);
	/* Of several reads at one moment. */
	int (*begin_read)(cs_db *db, cs_err *e);
	/* Durable when it returns CS_OK. Else nobody knows, and the connection
	 * is good for nothing but close. */
	int (*commit)(cs_db *db, cs_err *e);
	void (*rollback)(cs_db *db);
	/* A part of the transaction that may be taken back alone. */
	int (*mark)(cs_db *db, cs_err *e);
	int (*keep)(cs_db *db, cs_err *e);
	int (*undo)(cs_db *db, cs_err *e);
	/* *changed (may be NULL): rows written. `row` NULL: none wanted. */
	int (*run)(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in,
	    size_t n, cs_db_row_fn *row, void *arg, int64_t *changed,
	    cs_err *e);
	/* Statements that are run once, such as a schema's. */
	int (*script)(cs_db *db, const char *sql, cs_err *e);
	/* Appends what tells this place from a copy of it elsewhere or of
	 * another day; nothing when that cannot be told. */
	int (*place)(cs_db *db, cs_buf *out, cs_err *e);
	/* A consistent copy into a new file, durable, while others write, in
	 * which `script` has been run before it appears; CS_EREFUSED where
	 * something is, CS_EUSAGE where the vendor's tools are to be used. */
	int (*backup)(cs_db *db, const char *path, const char *script,
	    cs_err *e);
} cs_db_ops;

/* What a module exports under CS_DB_SYMBOL. */
typedef const cs_db_ops *cs_db_entry_fn(unsigned abi);

#endif
