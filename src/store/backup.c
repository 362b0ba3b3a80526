/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/handle.h"

/*
 * A copy forgets what is used after it was made, so it is no store before
 * somebody says so, and then has a floor: what was valid before that moment may
 * have been used.
 */

static const char where[] = "store/backup";

int
cs_store_backup(cs_store *s, const char *path, int64_t now,
    int64_t deadline_ms, cs_err *e)
{
	char mark[160];
	cs_db *db;
	int rc;

	if (now <= 0)
		return cs_fail(e, CS_EBUG, where, "no time");
	(void)snprintf(mark, sizeof(mark),
	    "INSERT INTO meta (name, value_int) VALUES ('backup', %" PRId64 ")"
	    " ON CONFLICT (name) DO UPDATE SET value_int = %" PRId64,
	    now, now);
	if ((rc = cs_conn_open(s, CS_DB_READ, deadline_ms, &db, e)) != CS_OK)
		return rc;
	rc = s->ops->backup(db, path, mark, e);
	s->ops->close(db);
	return rc;
}

/* A clock that lags behind the copy, what was last claimed in it, or a floor that
 * is there, would let in what was used. */
static int
find_floor(cs_txn *t, int64_t *floor, cs_err *e)
{
	const char *const names[] = {"backup", "floor", "clock"};
	int64_t at = 0;
	size_t i;
	int rc;

	*floor = t->store->now;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((rc = cs_meta_get(t, names[i], &at, NULL, e)) != CS_OK)
			return rc;
		if (at > *floor)
			*floor = at;
	}
	return CS_OK;
}

static int
take_mark_off(cs_txn *t, cs_err *e)
{
	int64_t schema = 0, floor = 0;
	int rc;

	if ((rc = cs_meta_get(t, "schema", &schema, NULL, e)) != CS_OK ||
	    (rc = cs_schema_bring_up(t, schema, CS_STORE_SCHEMA, cs_sql_step,
	    e)) != CS_OK ||
	    (rc = find_floor(t, &floor, e)) != CS_OK ||
	    (rc = cs_meta_put(t, "backup", 0, cs_span_of(NULL, 0), e)) !=
	    CS_OK ||
	    (rc = cs_floor_set(t, floor, "restored", e)) != CS_OK)
		return rc;
	return cs_place_put(t, e);
}

int
cs_store_restore(const char *uri, const cs_store_env *env, cs_err *e)
{
	cs_txn t = {0};
	cs_store *s;
	int rc;

	if ((rc = cs_store_open_copy(uri, env, &s, e)) != CS_OK)
		return rc;
	t.ops = s->ops;
	t.db = s->writer;
	t.store = s;
	if ((rc = cs_txn_begin(&t, e)) == CS_OK) {
		if ((rc = take_mark_off(&t, e)) == CS_OK)
			rc = cs_txn_commit(&t, e);
		else
			t.ops->rollback(t.db);
	}
	cs_store_close(&s);
	return rc;
}
