/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/module.h"
#include "base/scheme.h"
#include "base/time.h"
#include "store/storep.h"
#include "../unit/tap.h"

/*
 * The same steps on whatever engine: engine MODULES URI, where nothing is yet.
 * store/db.h is what it has to do.
 */

enum { PUT = 0, GET, ALL, ADD, COUNT_GET, COUNT_SET, BY_NULL, MANY, STMTS };
static const cs_db_stmt stmt[STMTS] = {
	{PUT, "INSERT INTO t (id, i, b, x) VALUES ($1, $2, $3, $4)"},
	{GET, "SELECT i, b, x FROM t WHERE id = $1"},
	{ALL, "SELECT id, b FROM t ORDER BY id"},
	{ADD, "INSERT INTO t (id, i) VALUES ($1, $2) ON CONFLICT DO NOTHING"},
	{COUNT_GET, "SELECT n FROM c WHERE id = 1"},
	{COUNT_SET, "UPDATE c SET n = $1 WHERE id = 1"},
	{BY_NULL, "SELECT id FROM t WHERE ($1 IS NULL OR i = $1) AND "
	    "($2 IS NULL OR b = $2) ORDER BY id"},
	{MANY, "SELECT a.id, b.id FROM many a, many b"},
};
static const char schema[] =
    "CREATE TABLE t (id BIGINT PRIMARY KEY, i BIGINT, b BLOB, x TEXT)"
    " STRICT;"
    "CREATE TABLE c (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);"
    "CREATE TABLE many (id BIGINT PRIMARY KEY);"
    "INSERT INTO c VALUES (1, 0);";

struct at {
	const cs_db_ops *ops;
	const char *where;
};

static cs_db *
opened(const struct at *a, enum cs_db_mode mode)
{
	cs_db *db = NULL;
	cs_err e = {0};
	int r = a->ops->open(a->where, mode, cs_time_mono_ms() + 20000, &db,
	    &e);

	if (!ok(r == CS_OK && db != NULL, "opens as %d", (int)mode)) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return db;
}

static bool
does(int r, const cs_err *e)
{
	if (r != CS_OK)
		printf("# %d: %s\n", r, e->text);
	return r == CS_OK;
}

static int
run(const struct at *a, cs_db *db, int which, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed)
{
	cs_err e = {0};
	int r = a->ops->run(db, &stmt[which], in, n, row, arg, changed, &e);

	if (r != CS_OK)
		printf("# %d: %s\n", r, e.text);
	return r;
}

/* Opens what is not there, makes it, and does not make it twice. */
static void
test_create(const struct at *a)
{
	cs_db *db = NULL;
	cs_err e = {0};

	db = opened(a, CS_DB_CREATE);
	ok(does(a->ops->begin(db, &e), &e) &&
	    does(a->ops->script(db, schema, &e), &e), "makes a schema");
	a->ops->rollback(db);
	a->ops->close(db);
	db = NULL;
	ok(a->ops->open(a->where, CS_DB_READ, 0, &db, &e) == CS_EIO &&
	    db == NULL, "nothing to be read: %s", e.text);
	ok(a->ops->open(a->where, CS_DB_WRITE, 0, &db, &e) == CS_EIO &&
	    db == NULL, "nothing to be written: %s", e.text);
	db = opened(a, CS_DB_CREATE);
	ok(does(a->ops->begin(db, &e), &e) &&
	    does(a->ops->script(db, schema, &e), &e) &&
	    does(a->ops->commit(db, &e), &e), "makes a schema");
	a->ops->close(db);
	db = NULL;
	ok(a->ops->open(a->where, CS_DB_CREATE, 0, &db, &e) == CS_EREFUSED &&
	    db == NULL, "does not make it twice: %s", e.text);
}

struct row {
	size_t rows;
	cs_db_value want[3];
	bool good;
};

static bool
same(const cs_db_value *a, const cs_db_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == CS_DB_NULL)
		return true;
	if (a->type == CS_DB_INT)
		return a->i == b->i;
	return a->s.n == b->s.n &&
	    (a->s.n == 0 || memcmp(a->s.p, b->s.p, a->s.n) == 0);
}

static int
compare(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct row *r = arg;

	(void)e;
	r->rows++;
	r->good = n == 3;
	for (size_t i = 0; r->good && i < n; i++)
		r->good = same(&col[i], &r->want[i]);
	return CS_OK;
}

static void
there_and_back(const struct at *a, cs_db *db, int64_t id, cs_db_value i,
    cs_db_value b, cs_db_value x)
{
	cs_db_value in[] = {cs_db_int(id), i, b, x};
	struct row row = {.want = {i, b, x}};
	int64_t changed = -1;

	ok(run(a, db, PUT, in, 4, NULL, NULL, &changed) == CS_OK &&
	    changed == 1 &&
	    run(a, db, GET, in, 1, compare, &row, &changed) == CS_OK &&
	    changed == 0 && row.rows == 1 && row.good,
	    "values %d there and back", (int)id);
}

static void
test_values(const struct at *a)
{
	static uint8_t large[70000];
	cs_span octets = cs_span_of("\0\1\xff\0", 4);
	cs_span empty = cs_span_of("", 0), none = {NULL, 0};
	cs_db *db = opened(a, CS_DB_WRITE);
	cs_err e = {0};

	large[69999] = 1;
	ok(does(a->ops->begin(db, &e), &e), "begins");
	there_and_back(a, db, 1, cs_db_blob(none), cs_db_blob(none),
	    cs_db_text(none));
	there_and_back(a, db, 2, cs_db_int(INT64_MIN), cs_db_blob(octets),
	    cs_db_text(cs_span_str("\xc3\xbc \xe2\x82\xac")));
	there_and_back(a, db, 3, cs_db_int(INT64_MAX), cs_db_blob(empty),
	    cs_db_text(empty));
	there_and_back(a, db, 4, cs_db_int(-1),
	    cs_db_blob(cs_span_of(large, sizeof(large))),
	    cs_db_text(cs_span_str("'; DROP TABLE t; --")));
	there_and_back(a, db, 5, cs_db_int(0), cs_db_blob(none),
	    cs_db_text(none));
	ok(does(a->ops->commit(db, &e), &e), "commits");
	a->ops->close(db);
}

static int
count_rows(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	int64_t *rows = arg;

	(void)col;
	(void)n;
	(void)e;
	++*rows;
	return CS_OK;
}

/* A statement whose parameter was NULL first, and the other way round. */
static void
test_nulls(const struct at *a)
{
	cs_span none = {NULL, 0}, octets = cs_span_of("\0\1\xff\0", 4);
	cs_db_value both[2] = {cs_db_int(0), cs_db_blob(none)};
	cs_db *db = opened(a, CS_DB_READ);
	int64_t rows = 0;
	cs_err e = {0};

	ok(does(a->ops->begin_read(db, &e), &e), "reads");
	ok(run(a, db, BY_NULL, both, 2, count_rows, &rows, NULL) == CS_OK &&
	    rows == 1, "by one of two");
	both[0] = cs_db_blob(none);
	both[1] = cs_db_blob(octets);
	rows = 0;
	ok(run(a, db, BY_NULL, both, 2, count_rows, &rows, NULL) == CS_OK &&
	    rows == 1, "by the other");
	both[1] = cs_db_blob(none);
	rows = 0;
	ok(run(a, db, BY_NULL, both, 2, count_rows, &rows, NULL) == CS_OK &&
	    rows == 5, "by none");
	a->ops->rollback(db);
	a->ops->close(db);
}

static int64_t
rows_of_t(const struct at *a, cs_db *db)
{
	int64_t rows = 0;

	return run(a, db, ALL, NULL, 0, count_rows, &rows, NULL) == CS_OK ?
	    rows : -1;
}

static int
add(const struct at *a, cs_db *db, int64_t id, int64_t *changed)
{
	cs_db_value in[] = {cs_db_int(id), cs_db_int(id)};

	return run(a, db, ADD, in, 2, NULL, NULL, changed);
}

static void
test_parts(const struct at *a)
{
	cs_db *db = opened(a, CS_DB_WRITE);
	cs_db_value in[] = {cs_db_int(10), cs_db_int(0),
	    cs_db_blob(cs_span_of("b", 1)), cs_db_text(cs_span_of("x", 1))};
	int64_t n = -1;
	cs_err e = {0};

	ok(does(a->ops->begin(db, &e), &e) && add(a, db, 10, &n) == CS_OK &&
	    n == 1 && add(a, db, 10, &n) == CS_OK && n == 0,
	    "tells whether it wrote");
	ok(does(a->ops->mark(db, &e), &e) && add(a, db, 11, NULL) == CS_OK &&
	    does(a->ops->keep(db, &e), &e) && rows_of_t(a, db) == 7,
	    "a part that is kept");
	ok(does(a->ops->mark(db, &e), &e) && add(a, db, 12, NULL) == CS_OK &&
	    does(a->ops->undo(db, &e), &e) && rows_of_t(a, db) == 7,
	    "a part that is taken back");
	ok(does(a->ops->mark(db, &e), &e) &&
	    run(a, db, PUT, in, 4, NULL, NULL, NULL) == CS_EIO &&
	    does(a->ops->undo(db, &e), &e) && add(a, db, 12, NULL) == CS_OK,
	    "a part that failed is taken back alone");
	ok(does(a->ops->commit(db, &e), &e) &&
	    does(a->ops->begin_read(db, &e), &e) && rows_of_t(a, db) == 8,
	    "and the rest stands");
	a->ops->rollback(db);
	ok(does(a->ops->begin(db, &e), &e) && add(a, db, 13, NULL) == CS_OK,
	    "another transaction");
	a->ops->rollback(db);
	ok(does(a->ops->begin_read(db, &e), &e) && rows_of_t(a, db) == 8,
	    "is taken back");
	a->ops->close(db);
}

static int
stop_at_once(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	(void)col;
	(void)n;
	++*(int64_t *)arg;
	return cs_fail(e, CS_EREFUSED, "test", "enough");
}

static void
test_stop(const struct at *a)
{
	cs_db *db = opened(a, CS_DB_WRITE);
	cs_err e = {0};
	int64_t n = 0, from = cs_time_mono_ms();

	ok(does(a->ops->begin(db, &e), &e) && a->ops->run(db, &stmt[ALL], NULL,
	    0, stop_at_once, &n, NULL, &e) == CS_EREFUSED && n == 1 &&
	    strcmp(e.text, "enough") == 0, "stops at the first row");
	ok(rows_of_t(a, db) == 8, "and goes on with another statement");
	for (int64_t i = 0; i < 2000; i++) {
		char sql[64];

		(void)snprintf(sql, sizeof(sql),
		    "INSERT INTO many VALUES (%d)", (int)i);
		if (a->ops->script(db, sql, &e) != CS_OK)
			break;
	}
	ok(does(a->ops->commit(db, &e), &e), "commits");
	n = 0;
	ok(does(a->ops->begin_read(db, &e), &e) && a->ops->run(db, &stmt[MANY],
	    NULL, 0, stop_at_once, &n, NULL, &e) == CS_EREFUSED && n == 1,
	    "stops at the first of many");
	ok(cs_time_mono_ms() - from < 10000, "and does not read them all");
	a->ops->rollback(db);
	a->ops->close(db);
}

static void
test_moment(const struct at *a)
{
	cs_db *r = opened(a, CS_DB_READ), *w = opened(a, CS_DB_WRITE);
	cs_err e = {0};

	ok(does(a->ops->begin_read(r, &e), &e) && rows_of_t(a, r) == 8 &&
	    does(a->ops->begin(w, &e), &e) && add(a, w, 20, NULL) == CS_OK &&
	    does(a->ops->commit(w, &e), &e) && rows_of_t(a, r) == 8,
	    "a reader sees one moment");
	a->ops->rollback(r);
	ok(does(a->ops->begin_read(r, &e), &e) && rows_of_t(a, r) == 9,
	    "and the next one later");
	ok(add(a, r, 21, NULL) == CS_EIO, "but writes nothing");
	a->ops->rollback(r);
	a->ops->close(r);
	a->ops->close(w);
}

static void
test_deadline(const struct at *a)
{
	cs_db *one = opened(a, CS_DB_WRITE), *two = opened(a, CS_DB_WRITE);
	int64_t from = cs_time_mono_ms();
	cs_err e = {0};

	ok(does(a->ops->begin(one, &e), &e), "one writes");
	a->ops->deadline(two, from + 300);
	ok(a->ops->begin(two, &e) == CS_EIO, "another waits in vain: %s",
	    e.text);
	ok(cs_time_mono_ms() - from < 3000, "and not for ever");
	a->ops->rollback(two);
	a->ops->close(two);
	ok(add(a, one, 30, NULL) == CS_OK &&
	    does(a->ops->commit(one, &e), &e), "the one goes on");
	a->ops->deadline(one, cs_time_mono_ms() - 1);
	from = cs_time_mono_ms();
	ok(a->ops->begin(one, &e) != CS_OK || a->ops->commit(one, &e) == CS_OK,
	    "late from the beginning");
	a->ops->rollback(one);
	ok(cs_time_mono_ms() - from < 3000, "ends at once");
	a->ops->close(one);
}

struct counter {
	const struct at *at;
	cs_db *db;
	int turns, failed;
	int64_t last;
};

static int
take_count(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	(void)e;
	if (n == 1 && col[0].type == CS_DB_INT)
		*(int64_t *)arg = col[0].i;
	return CS_OK;
}

static int
one_more(struct counter *c, cs_err *e)
{
	const cs_db_ops *o = c->at->ops;
	cs_db_value v = cs_db_int(0);
	int r;

	o->deadline(c->db, cs_time_mono_ms() + 20000);
	if ((r = o->begin(c->db, e)) != CS_OK ||
	    (r = o->run(c->db, &stmt[COUNT_GET], NULL, 0, take_count, &v.i,
	    NULL, e)) != CS_OK)
		return r;
	v.i++;
	if ((r = o->run(c->db, &stmt[COUNT_SET], &v, 1, NULL, NULL, NULL,
	    e)) != CS_OK)
		return r;
	return o->commit(c->db, e);
}

static void *
count_up(void *arg)
{
	struct counter *c = arg;
	cs_err e = {0};

	for (int i = 0; i < c->turns; i++)
		if (one_more(c, &e) != CS_OK) {
			c->failed++;
			printf("# %s\n", e.text);
			c->at->ops->rollback(c->db);
		}
	return NULL;
}

/* What one writer read no other has changed. */
static void
test_writers(const struct at *a)
{
	struct counter c[4];
	pthread_t thread[4];
	int failed = 0;
	int64_t n = -1;
	cs_err e = {0};
	bool good;

	for (size_t i = 0; i < 4; i++) {
		c[i] = (struct counter){.at = a, .turns = 50};
		c[i].db = opened(a, CS_DB_WRITE);
		if (pthread_create(&thread[i], NULL, count_up, &c[i]) != 0)
			exit(1);
	}
	for (size_t i = 0; i < 4; i++) {
		(void)pthread_join(thread[i], NULL);
		failed += c[i].failed;
	}
	good = failed == 0 && does(a->ops->begin_read(c[0].db, &e), &e) &&
	    run(a, c[0].db, COUNT_GET, NULL, 0, take_count, &n, NULL) == CS_OK;
	ok(good && n == 200, "writers are one sequence: %d of 200", (int)n);
	for (size_t i = 0; i < 4; i++)
		a->ops->close(c[i].db);
}

static void
test_place(const struct at *a)
{
	cs_db *one = opened(a, CS_DB_WRITE), *two = opened(a, CS_DB_READ);
	cs_buf *p = cs_buf_new(512), *q = cs_buf_new(512);
	cs_err e = {0};

	ok(does(a->ops->place(one, p, &e), &e) &&
	    does(a->ops->place(two, q, &e), &e) && cs_buf_len(p) > 0 &&
	    cs_span_eq(cs_buf_span(p), cs_buf_span(q)), "a place: %s",
	    cs_buf_cstr(p));
	cs_buf_reset(q);
	ok(does(a->ops->begin(one, &e), &e) && add(a, one, 40, NULL) == CS_OK &&
	    does(a->ops->place(one, q, &e), &e) &&
	    does(a->ops->commit(one, &e), &e) &&
	    cs_span_eq(cs_buf_span(p), cs_buf_span(q)),
	    "which is the same while it writes");
	cs_buf_free(&p);
	cs_buf_free(&q);
	a->ops->close(one);
	a->ops->close(two);
}

int
main(int argc, char **argv)
{
	cs_db_entry_fn *entry = NULL;
	cs_scheme s = {0};
	struct at a = {0};
	void *symbol = NULL;
	cs_err e = {0};

	if (argc != 3 || cs_scheme_split(argv[2], &s, &e) != CS_OK ||
	    cs_module_load(argv[1], "store", s.name, CS_DB_SYMBOL, "", &symbol,
	    &e) != CS_OK) {
		fprintf(stderr, "engine MODULES URI: %s\n", e.text);
		return 2;
	}
	memcpy(&entry, &symbol, sizeof(entry));
	ok(entry(CS_DB_ABI + 1) == NULL, "no other version of the table");
	a.ops = entry(CS_DB_ABI);
	a.where = s.rest;
	ok(a.ops != NULL && strcmp(a.ops->name, s.name) == 0, "%s", s.name);
	test_create(&a);
	test_values(&a);
	test_nulls(&a);
	test_parts(&a);
	test_stop(&a);
	test_moment(&a);
	test_deadline(&a);
	test_writers(&a);
	test_place(&a);
	return done_testing();
}
