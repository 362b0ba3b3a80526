/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/engine.h"
#include "store/handle.h"

#define OPEN_MS 10000
#define AUTHORITY_MAX 512

static const char where[] = "store";

int64_t
cs_store_now(const cs_store *s)
{
	return s->now + (cs_time_mono_ms() - s->mono_ms) / 1000;
}

int64_t
cs_store_seen(cs_store *s)
{
	int64_t head;

	(void)pthread_mutex_lock(&s->lock);
	head = s->seen;
	(void)pthread_mutex_unlock(&s->lock);
	return head;
}

void
cs_store_saw(cs_store *s, int64_t head)
{
	(void)pthread_mutex_lock(&s->lock);
	s->seen = head;
	(void)pthread_mutex_unlock(&s->lock);
}

cs_span
cs_store_authority(const cs_store *s)
{
	return cs_buf_span(s->authority);
}

int
cs_conn_open(cs_store *s, enum cs_db_mode mode, int64_t mono_ms, cs_db **out,
    cs_err *e)
{
	cs_db *db;
	int rc;

	*out = NULL;
	if ((rc = s->ops->open(s->where, mode, mono_ms, &db, e)) != CS_OK)
		return rc;
	if ((rc = cs_conn_adopt(s, db, mode, e)) == CS_OK) {
		*out = db;
		return CS_OK;
	}
	s->ops->close(db);
	return rc;
}

static int
handle_fill(cs_store *s, const char *uri, const cs_store_env *env, cs_err *e)
{
	const char *rest;
	int rc;

	if ((rc = cs_engine_find(uri, env->module_dir, &s->ops, &rest, e)) !=
	    CS_OK)
		return rc;
	if (env->authority.n > AUTHORITY_MAX)
		return cs_fail(e, CS_EUSAGE, where, "an authority: expected "
		    "at most %d octets, found %zu", AUTHORITY_MAX,
		    env->authority.n);
	if ((s->where = strdup(rest)) == NULL ||
	    (env->authority.p != NULL &&
	    (s->authority = cs_buf_dup(env->authority)) == NULL))
		return cs_nomem(e, where);
	return CS_OK;
}

static int
handle_new(const char *uri, const cs_store_env *env, bool is_restore,
    cs_store **out, cs_err *e)
{
	cs_store *s;
	int rc;

	*out = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return cs_nomem(e, where);
	s->mode = env->mode == CS_DB_CREATE ? CS_DB_WRITE : env->mode;
	s->is_restore = is_restore;
	s->now = env->now;
	s->mono_ms = cs_time_mono_ms();
	s->last = &s->first;
	if (pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		return cs_nomem(e, where);
	}
	if ((rc = handle_fill(s, uri, env, e)) == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	cs_store_close(&s);
	return rc;
}

void
cs_store_close(cs_store **store)
{
	cs_store *s;

	if (store == NULL || (s = *store) == NULL)
		return;
	cs_readers_drop(s);
	if (s->writer != NULL)
		s->ops->close(s->writer);
	(void)pthread_mutex_destroy(&s->lock);
	cs_buf_free(&s->authority);
	free(s->where);
	free(s);
	*store = NULL;
}

static int
fill_new(cs_txn *t, cs_err *e)
{
	int rc;

	if ((rc = cs_schema_bring_up(t, 0, CS_STORE_SCHEMA, cs_sql_step, e)) !=
	    CS_OK ||
	    (rc = cs_meta_put(t, "authority", 0,
	    cs_buf_span(t->store->authority), e)) != CS_OK)
		return rc;
	return cs_place_put(t, e);
}

/* What is open is gone again when this fails. */
static int
create(cs_store *s, int64_t mono_ms, cs_err *e)
{
	cs_txn t = {.ops = s->ops, .store = s};
	int rc;

	if (cs_buf_len(s->authority) == 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "a new store: expected its authority, found none");
	if ((rc = s->ops->open(s->where, CS_DB_CREATE, mono_ms, &t.db, e)) !=
	    CS_OK)
		return rc;
	if ((rc = cs_txn_begin(&t, e)) == CS_OK &&
	    (rc = fill_new(&t, e)) == CS_OK)
		rc = cs_txn_commit(&t, e);
	if (rc == CS_OK) {
		s->writer = t.db;
		return CS_OK;
	}
	s->ops->rollback(t.db);
	s->ops->close(t.db);
	return rc;
}

static int
first_connection(cs_store *s, const cs_store_env *env, cs_err *e)
{
	const int64_t mono_ms = env->deadline_ms != 0 ? env->deadline_ms :
	    s->mono_ms + OPEN_MS;
	int rc;

	if (env->mode == CS_DB_CREATE)
		return create(s, mono_ms, e);
	if (env->mode == CS_DB_WRITE)
		return cs_conn_open(s, CS_DB_WRITE, mono_ms, &s->writer, e);
	rc = cs_conn_open(s, CS_DB_READ, mono_ms, &s->readers[0], e);
	s->n_readers = rc == CS_OK ? 1 : 0;
	return rc;
}

static int
open_as(const char *uri, const cs_store_env *env, bool is_restore,
    cs_store **out, cs_err *e)
{
	cs_store *s = NULL;
	int rc;

	*out = NULL;
	if ((rc = handle_new(uri, env, is_restore, &s, e)) == CS_OK &&
	    (rc = first_connection(s, env, e)) == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	cs_store_close(&s);
	return rc;
}

int
cs_store_open(const char *uri, const cs_store_env *env, cs_store **out,
    cs_err *e)
{
	return open_as(uri, env, false, out, e);
}

int
cs_store_open_copy(const char *uri, const cs_store_env *env, cs_store **out,
    cs_err *e)
{
	cs_store_env writing = *env;

	writing.mode = CS_DB_WRITE;
	return open_as(uri, &writing, true, out, e);
}
