/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_HANDLE_H
#define CS_STORE_HANDLE_H

#include <pthread.h>

#include "store/storep.h"

#define CS_STORE_READERS 8 /* that are kept */

struct cs_job;

/* The lock is held for moments: never while a connection works. */
struct cs_store {
	const cs_db_ops *ops;
	char *where;          /* what the engine opens */
	enum cs_db_mode mode;
	cs_buf *authority;
	bool is_restore;      /* a backup may be written to */
	int64_t now, mono_ms; /* the clock as the store was opened */
	pthread_mutex_t lock;
	struct cs_job *first, **last; /* who waits for a commit, in order */
	bool leads;           /* someone commits */
	cs_db *writer;        /* the leader's; NULL: to be opened */
	cs_db *readers[CS_STORE_READERS];
	size_t n_readers;
	int64_t seen;         /* the head of the log was here */
};

/* Seconds since 1970, from the time that the store was opened with. */
int64_t cs_store_now(const cs_store *s);
/* Of s->seen, which only the leader moves, and readers ask for. */
int64_t cs_store_seen(cs_store *s);
void cs_store_saw(cs_store *s, int64_t head);
/* As the mode allows; adopted: of this schema, authority and place. */
CS_USE int cs_conn_open(cs_store *s, enum cs_db_mode mode, int64_t mono_ms,
    cs_db **out, cs_err *e);
/* Closes those that nobody reads with. */
void cs_readers_drop(cs_store *s);
/* A connection just opened: whose it is, whether it may be used, and what a
 * writer has to do first. `s` gets the authority where it has none yet. */
CS_USE int cs_conn_adopt(cs_store *s, cs_db *db, enum cs_db_mode mode,
    cs_err *e);
/* Within a transaction: the steps behind `from`, up to `to`. */
typedef const char *cs_schema_step_fn(int n);
CS_USE int cs_schema_bring_up(cs_txn *t, int64_t from, int64_t to,
    cs_schema_step_fn *step, cs_err *e);
/* Within a transaction: what is older than `now` is as if it had been used. */
CS_USE int cs_floor_set(cs_txn *t, int64_t now, const char *why, cs_err *e);
/* As cs_store_open() for writing, of a backup too, and nothing is put right. */
CS_USE int cs_store_open_copy(const char *uri, const cs_store_env *env,
    cs_store **out, cs_err *e);
/* Writes down where the store is. */
CS_USE int cs_place_put(cs_txn *t, cs_err *e);

#endif
