/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_PGCONN_H
#define CS_STORE_PGCONN_H

#include "store/db.h"

/*
 * A connection to PostgreSQL that waits no longer than it may. All of a store
 * lies in a schema of its own, whose one row of `turn` is locked by whoever
 * writes, on whatever host. That row is never changed: its xmin is of the
 * transaction that put it there, which tells this schema from one that a dump
 * brought back.
 */

/* Types of PostgreSQL as they go over the wire, of its pg_type.dat */
enum cs_pg_type {
	CS_PG_BOOL = 16,
	CS_PG_BYTEA = 17,
	CS_PG_NAME = 19,
	CS_PG_INT8 = 20,
	CS_PG_INT2 = 21,
	CS_PG_INT4 = 23,
	CS_PG_TEXT = 25,
	CS_PG_VARCHAR = 1043
};

struct pg_conn;   /* PGconn */
struct pg_result; /* PGresult */

typedef struct cs_pg_prepared {
	unsigned version; /* 0: not yet */
	enum cs_db_type type[CS_DB_VALUES_MAX];
} cs_pg_prepared;

struct cs_db {
	struct pg_conn *conn;
	enum cs_db_mode mode;
	int64_t deadline_ms; /* 0: each call has ten seconds */
	int64_t until;       /* of the call that runs */
	bool broken;         /* what the server does now is unknown */
	bool making;         /* the schema, in this transaction */
	bool made;
	bool in_row;
	char state[6];       /* SQLSTATE of the last error */
	char warned[256];    /* by the server, since the last statement */
	cs_pg_prepared stmt[CS_DB_STMTS_MAX];
};

/* pgopen.c: connects, and sets what the session stands on. */
CS_USE int cs_pg_open(const char *at, enum cs_db_mode mode, int64_t mono_ms,
    cs_db **out, cs_err *e);
void cs_pg_close(cs_db *db);

/* pgrows.c: as in db.h. */
CS_USE int cs_pg_run(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in,
    size_t n, cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e);

/* Begins a call: may anything be sent, is there time? Forgets the last error
 * and warning. */
CS_USE int cs_pg_usable(cs_db *db, cs_err *e);
/* Statements without parameters. Gives the last one's result, as text, for
 * PQclear(); out may be NULL. */
CS_USE int cs_pg_ask(cs_db *db, const char *sql, struct pg_result **out,
    cs_err *e);
/* Until the server takes or sends something; at `until` the connection is given
 * up. */
CS_USE int cs_pg_await(cs_db *db, short events, cs_err *e);
/* Sends what waits to be sent. */
CS_USE int cs_pg_flush(cs_db *db, cs_err *e);
/* Gives the next result of what was sent, NULL behind the last. */
CS_USE int cs_pg_next(cs_db *db, struct pg_result **out, cs_err *e);
/* All of them; gives the last. */
CS_USE int cs_pg_finish(cs_db *db, struct pg_result **out, cs_err *e);

/* A result that is an error, and what it says. */
bool cs_pg_failed(const struct pg_result *res);
int cs_pg_refused(cs_db *db, const struct pg_result *res, cs_err *e);
int cs_pg_lost(cs_db *db, cs_err *e);
/* libpq's notice receiver, of a cs_db. */
void cs_pg_heard(void *arg, const struct pg_result *res);

/* Milliseconds for a server, where 0 would mean for ever. */
int cs_pg_left(const cs_db *db);
/* Gives a statement in the vendor's words, and with NULL for each parameter
 * that was never anything else (p may be NULL): the server would have to know a
 * type. */
CS_USE int cs_pg_translate(const char *sql, const cs_pg_prepared *p,
    cs_buf **out, cs_err *e);

#endif
