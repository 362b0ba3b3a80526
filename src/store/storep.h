/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_STOREP_H
#define CS_STORE_STOREP_H

#include "store/sql.h"
#include "store/store.h"

/* What the files of the store share: transactions, and statements in them. */

/* Rows of the table meta that every claim asks for or changes: read once a
 * transaction, and put at its end. */
enum cs_meta_kept { CS_META_HEAD, CS_META_FLOOR, CS_META_CLOCK, CS_META_KEPT };

typedef struct cs_meta_row {
	bool known, changed;
	int64_t i;
	bool has_blob;
	size_t n;
	uint8_t blob[32];
} cs_meta_row;

typedef struct cs_txn { /* lent to who works in a transaction */
	const cs_db_ops *ops;
	cs_db *db;
	cs_store *store;
	int64_t seen; /* of a reader: the head of the log was here before */
	cs_meta_row kept[CS_META_KEPT];
} cs_txn;

/* Nothing is known of what stands in the store yet, and all that was put does
 * when it is committed. */
CS_USE int cs_txn_begin(cs_txn *t, cs_err *e);
CS_USE int cs_txn_begin_read(cs_txn *t, cs_err *e);
CS_USE int cs_txn_commit(cs_txn *t, cs_err *e);
/* It may change what was known. */
CS_USE int cs_txn_script(cs_txn *t, const char *sql, cs_err *e);

/* One piece of work. What it did is taken back when it does not return CS_OK,
 * and the caller of cs_store_write() gets what it returned; the rest of its
 * group goes on where the engine still can, and else is CS_EIO. It is called
 * again when it was taken back for another's sake: what it leaves in `arg` it
 * sets anew. */
typedef int cs_txn_fn(cs_txn *t, void *arg, cs_err *e);

/* Durable when it returns CS_OK. Whoever comes first commits for all that wait
 * (group commit); `work` may run in another caller's thread, never after this
 * returned. `dry`: is taken back although it returned CS_OK. */
CS_USE int cs_store_write(cs_store *s, cs_txn_fn *work, void *arg, bool dry,
    int64_t deadline_ms, cs_err *e);
/* On a connection of its own, beside writers. */
CS_USE int cs_store_read(cs_store *s, cs_txn_fn *work, void *arg,
    int64_t deadline_ms, cs_err *e);
/* The same of one statement and nothing else. */
CS_USE int cs_store_ask(cs_store *s, enum cs_sql which, const cs_db_value *in,
    size_t n, cs_db_row_fn *row, void *arg, int64_t deadline_ms, cs_err *e);
/* The authority that it has recorded; lends. */
cs_span cs_store_authority(const cs_store *s);

/* One statement of store/sql.h. */
CS_USE int cs_txn_run(cs_txn *t, enum cs_sql which, const cs_db_value *in,
    size_t n, cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e);
/* The first column of the first row, which is INTEGER; *out is as it was when
 * there is none. */
CS_USE int cs_txn_int(cs_txn *t, enum cs_sql which, const cs_db_value *in,
    size_t n, int64_t *out, cs_err *e);

/* Column i of n as what it has to be: anything else, and what is out of
 * bounds, is CS_EIO, a damaged row. NULL is none of these. */
CS_USE int cs_col_int(const cs_db_value *col, size_t n, size_t i, int64_t min,
    int64_t max, int64_t *out, cs_err *e);
CS_USE int cs_col_blob(const cs_db_value *col, size_t n, size_t i, size_t min,
    size_t max, cs_span *out, cs_err *e);
CS_USE int cs_col_text(const cs_db_value *col, size_t n, size_t i, size_t min,
    size_t max, cs_span *out, cs_err *e);
bool cs_col_is_null(const cs_db_value *col, size_t n, size_t i);

/* What stands in the table meta by its name; *i is 0 and *b empty (its
 * capacity kept) when there is nothing. Either may be NULL. What is put stands
 * there for all of this transaction. */
CS_USE int cs_meta_get(cs_txn *t, const char *name, int64_t *i, cs_buf *b,
    cs_err *e);
CS_USE int cs_meta_put(cs_txn *t, const char *name, int64_t i, cs_span b,
    cs_err *e);

/* For a reader: the floor that there is, or that a writer who came now would
 * set first. */
CS_USE int cs_floor_to_be(cs_txn *t, int64_t *floor, cs_err *e);
/* The latest time of a claim or a denial in the log; 0: there is none. */
CS_USE int cs_clock_get(cs_txn *t, int64_t *at, cs_err *e);
/* Such a one was made. */
CS_USE int cs_clock_saw(cs_txn *t, int64_t now, cs_err *e);
/* A clock that is behind it is as good as one of any other host, up to here;
 * seconds. */
#define CS_CLOCK_BEHIND_MAX 300
/* *late: how late it is, which a clock that was set back does not say. Further
 * behind: CS_EIO. */
CS_USE int cs_clock_check(cs_txn *t, int64_t now, int64_t *late, cs_err *e);

cs_db_value cs_db_int(int64_t i);
cs_db_value cs_db_blob(cs_span s); /* absent: NULL */
cs_db_value cs_db_text(cs_span s); /* absent: NULL */

#endif
