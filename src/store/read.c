/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "fmt/reason.h"
#include "store/handle.h"

/* Readers: a connection for each that reads at a time, some of them kept. */

static cs_db *
take_idle(cs_store *s)
{
	cs_db *db = NULL;

	(void)pthread_mutex_lock(&s->lock);
	if (s->n_readers != 0)
		db = s->readers[--s->n_readers];
	(void)pthread_mutex_unlock(&s->lock);
	return db;
}

void
cs_readers_drop(cs_store *s)
{
	cs_db *db;

	while ((db = take_idle(s)) != NULL)
		s->ops->close(db);
}

static void
give_back(cs_store *s, cs_db *db)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->n_readers < CS_STORE_READERS) {
		s->readers[s->n_readers++] = db;
		db = NULL; /* transferred */
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (db != NULL)
		s->ops->close(db);
}

/* Those that were kept may all have broken with their server; a new one says
 * what is wrong. For who comes late one is enough: the others may be good. */
static int
begin(cs_store *s, int64_t deadline_ms, cs_db **out, cs_err *e)
{
	cs_db *db;
	int rc;

	*out = NULL;
	while ((db = take_idle(s)) != NULL) {
		s->ops->deadline(db, deadline_ms);
		if ((rc = s->ops->begin_read(db, e)) == CS_OK)
			goto out;
		s->ops->close(db);
		if (cs_time_mono_ms() >= deadline_ms)
			return rc;
	}
	if ((rc = cs_conn_open(s, CS_DB_READ, deadline_ms, &db, e)) != CS_OK)
		return rc;
	if ((rc = s->ops->begin_read(db, e)) != CS_OK) {
		s->ops->close(db);
		return rc;
	}
out:
	*out = db;
	return CS_OK;
}

int
cs_store_read(cs_store *s, cs_txn_fn *work, void *arg, int64_t deadline_ms,
    cs_err *e)
{
	cs_txn t = {.ops = s->ops, .store = s, .seen = cs_store_seen(s)};
	int rc;

	if ((rc = begin(s, deadline_ms, &t.db, e)) == CS_OK) {
		rc = work(&t, arg, e);
		s->ops->rollback(t.db);
		if (rc == CS_OK || rc == CS_EREFUSED)
			give_back(s, t.db);
		else
			s->ops->close(t.db);
	}
	if (rc == CS_EIO && e != NULL && e->detail == CS_R_NONE)
		e->detail = CS_R_STORE_UNAVAILABLE;
	return rc;
}

struct asking {
	enum cs_sql which;
	const cs_db_value *in;
	size_t n;
	cs_db_row_fn *row;
	void *arg;
};

static int
ask(cs_txn *t, void *arg, cs_err *e)
{
	const struct asking *a = arg;

	return cs_txn_run(t, a->which, a->in, a->n, a->row, a->arg, NULL, e);
}

int
cs_store_ask(cs_store *s, enum cs_sql which, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t deadline_ms, cs_err *e)
{
	struct asking a = {which, in, n, row, arg};

	return cs_store_read(s, ask, &a, deadline_ms, e);
}
