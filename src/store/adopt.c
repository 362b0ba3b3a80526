/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "fmt/reason.h"
#include "store/audit.h"
#include "store/handle.h"

/* What is asked of a store before it is believed: its schema, whose it is, and
 * whether it is where it was last. */

#define AUTHORITY_MAX 512
#define PLACE_MAX 256
#define TIME_MAX 253402300799

static const char where[] = "store/adopt";

struct state {
	int64_t schema, backup, head;
	cs_buf *authority, *place, *found;
};

static void
state_free(struct state *st)
{
	cs_buf_free(&st->authority);
	cs_buf_free(&st->place);
	cs_buf_free(&st->found);
}

static int
state_new(struct state *st, cs_err *e)
{
	st->authority = cs_buf_new(AUTHORITY_MAX);
	st->place = cs_buf_new(PLACE_MAX);
	st->found = cs_buf_new(PLACE_MAX);
	return st->authority != NULL && st->place != NULL &&
	    st->found != NULL ? CS_OK : cs_nomem(e, where);
}

static int
read_state(cs_txn *t, struct state *st, cs_err *e)
{
	int rc;

	cs_buf_reset(st->found);
	if ((rc = cs_meta_get(t, "schema", &st->schema, NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "authority", NULL, st->authority, e)) !=
	    CS_OK ||
	    (rc = cs_meta_get(t, "backup", &st->backup, NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "head", &st->head, NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "place", NULL, st->place, e)) != CS_OK)
		return rc;
	return t->ops->place(t->db, st->found, e);
}

static int
check_schema(const struct state *st, enum cs_db_mode mode, cs_err *e)
{
	if (st->schema > CS_STORE_SCHEMA)
		return cs_fail(e, CS_EREFUSED, where, "the store has schema %"
		    PRId64 ", of a later release; this one knows %d",
		    st->schema, CS_STORE_SCHEMA);
	if (st->schema < 1)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged: schema %" PRId64, st->schema);
	if (mode == CS_DB_READ && st->schema < CS_STORE_SCHEMA)
		return cs_fail(e, CS_EREFUSED, where, "the store has schema %"
		    PRId64 ", which this release brings up to %d when it is "
		    "first opened to be written to", st->schema,
		    CS_STORE_SCHEMA);
	return CS_OK;
}

/* The first one that is seen stays: no later connection may be another's. */
static int
check_authority(cs_store *s, const struct state *st, cs_err *e)
{
	const cs_span found = cs_buf_span(st->authority);
	const cs_span want = cs_buf_span(s->authority);

	if (found.n == 0)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged: no authority");
	if (want.p == NULL)
		return (s->authority = cs_buf_dup(found)) == NULL ?
		    cs_nomem(e, where) : CS_OK;
	if (cs_span_eq(found, want))
		return CS_OK;
	return cs_fail(e, CS_EREFUSED, where,
	    "the store is that of %.*s, expected %.*s", (int)found.n,
	    (const char *)found.p, (int)want.n, (const char *)want.p);
}

static int
check(cs_store *s, const struct state *st, enum cs_db_mode mode, cs_err *e)
{
	int rc;

	if ((rc = check_schema(st, mode, e)) != CS_OK ||
	    (rc = check_authority(s, st, e)) != CS_OK)
		return rc;
	if (st->backup != 0 && mode != CS_DB_READ && !s->is_restore)
		return cs_fail(e, CS_EREFUSED, where, "this is a backup; "
		    "countersign store restore makes it a store again");
	return CS_OK;
}

/* A log that is shorter than it was is an older copy, whatever its place. */
static const char *
moved(int64_t seen, const struct state *st)
{
	if (st->head < seen)
		return "an older copy is in the store's place";
	if (!cs_span_eq(cs_buf_span(st->place), cs_buf_span(st->found)))
		return "the store is not where it was last";
	return NULL;
}

int
cs_place_put(cs_txn *t, cs_err *e)
{
	cs_buf *b = cs_buf_new(PLACE_MAX);
	int rc;

	if (b == NULL)
		return cs_nomem(e, where);
	if ((rc = t->ops->place(t->db, b, e)) == CS_OK)
		rc = cs_meta_put(t, "place", 0, cs_buf_span(b), e);
	cs_buf_free(&b);
	return rc;
}

int
cs_floor_set(cs_txn *t, int64_t now, const char *why, cs_err *e)
{
	cs_audit_record r = {.event = CS_AUDIT_FLOOR, .time = now,
	    .not_before = now, .reason = cs_span_str(why)};
	int rc;

	if ((rc = cs_meta_put(t, "floor", now, cs_span_of(NULL, 0), e)) !=
	    CS_OK)
		return rc;
	return cs_audit_append(t, &r, NULL, e);
}

/* No time of the formats is later than year 9999. */
static int
floor_get(cs_txn *t, int64_t *floor, cs_err *e)
{
	int rc = cs_meta_get(t, "floor", floor, NULL, e);

	if (rc != CS_OK || (*floor >= 0 && *floor <= TIME_MAX))
		return rc;
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "damaged: a floor at %" PRId64, *floor);
}

/* The floor of a store that is not where it was. */
static int
higher_floor(cs_txn *t, int64_t *at, cs_err *e)
{
	int64_t floor = 0, clock = 0;
	int rc;

	*at = cs_store_now(t->store);
	if ((rc = floor_get(t, &floor, e)) != CS_OK ||
	    (rc = cs_clock_get(t, &clock, e)) != CS_OK)
		return rc;
	*at = floor > *at ? floor : *at;
	*at = clock > *at ? clock : *at;
	return CS_OK;
}

static int
raise_floor(cs_txn *t, const char *why, cs_err *e)
{
	int64_t at = 0;
	int rc;

	if ((rc = higher_floor(t, &at, e)) != CS_OK ||
	    (rc = cs_floor_set(t, at, why, e)) != CS_OK)
		return rc;
	return cs_place_put(t, e);
}

int
cs_floor_to_be(cs_txn *t, int64_t *floor, cs_err *e)
{
	struct state st = {0};
	int rc;

	if ((rc = state_new(&st, e)) == CS_OK &&
	    (rc = read_state(t, &st, e)) == CS_OK)
		rc = moved(t->seen, &st) != NULL ? higher_floor(t, floor, e) :
		    floor_get(t, floor, e);
	state_free(&st);
	return rc;
}

int
cs_schema_bring_up(cs_txn *t, int64_t from, int64_t to,
    cs_schema_step_fn *step, cs_err *e)
{
	const char *sql;
	int64_t i;
	int rc;

	for (i = from + 1; i <= to; i++) {
		if ((sql = step((int)i)) == NULL)
			return cs_fail(e, CS_EBUG, where,
			    "no step to schema %" PRId64, i);
		if ((rc = cs_txn_script(t, sql, e)) != CS_OK)
			return cs_wrap(e, "step to schema %" PRId64, i);
	}
	return cs_meta_put(t, "schema", to, cs_span_of(NULL, 0), e);
}

/* Everything is looked at again: another writer may have come before. */
static int
put_right(cs_txn *t, struct state *st, enum cs_db_mode mode, cs_err *e)
{
	const char *why;
	int rc;

	if ((rc = read_state(t, st, e)) != CS_OK ||
	    (rc = check(t->store, st, mode, e)) != CS_OK)
		return rc;
	if (st->schema < CS_STORE_SCHEMA &&
	    (rc = cs_schema_bring_up(t, st->schema, CS_STORE_SCHEMA,
	    cs_sql_step, e)) != CS_OK)
		return rc;
	why = moved(t->store->seen, st);
	return why == NULL ? CS_OK : raise_floor(t, why, e);
}

static int
adopt_writing(cs_txn *t, struct state *st, enum cs_db_mode mode, cs_err *e)
{
	int rc;

	if ((rc = cs_txn_begin(t, e)) != CS_OK)
		return rc;
	if ((rc = put_right(t, st, mode, e)) == CS_OK)
		return cs_txn_commit(t, e);
	t->ops->rollback(t->db);
	return rc;
}

static int
look(cs_txn *t, struct state *st, enum cs_db_mode mode, cs_err *e)
{
	int rc;

	if ((rc = cs_txn_begin_read(t, e)) != CS_OK)
		return rc;
	if ((rc = read_state(t, st, e)) == CS_OK)
		rc = check(t->store, st, mode, e);
	t->ops->rollback(t->db);
	return rc;
}

int
cs_conn_adopt(cs_store *s, cs_db *db, enum cs_db_mode mode, cs_err *e)
{
	cs_txn t = {.ops = s->ops, .db = db, .store = s};
	struct state st = {0};
	int rc;

	if ((rc = state_new(&st, e)) == CS_OK &&
	    (rc = look(&t, &st, mode, e)) == CS_OK && mode != CS_DB_READ &&
	    !s->is_restore && (st.schema < CS_STORE_SCHEMA ||
	    moved(s->seen, &st) != NULL))
		rc = adopt_writing(&t, &st, mode, e);
	if (rc == CS_OK && mode != CS_DB_READ)
		cs_store_saw(s, st.head);
	state_free(&st);
	return rc;
}
