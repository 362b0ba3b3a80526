/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/time.h"
#include "fuzz.h"
#include "store/audit.h"
#include "store/handle.h"
#include "storeask.h"

/*
 * Rows as a damaged store may give them, of any type and length, to whoever
 * reads rows: an engine whose answers are the input. The first octet says what
 * is asked. For every statement: how many rows, or that it fails; for a row how
 * many columns; for a column its type, and 8 octets or a length and that many,
 * which begin again when the input ends.
 */

struct cs_db {
	const uint8_t *p;
	size_t n;
	bool begun;
};

#define SPACE 4096

static uint8_t
octet(cs_db *db)
{
	if (db->n == 0)
		return 0;
	db->n--;
	return *db->p++;
}

static int64_t
number(cs_db *db)
{
	uint64_t u = 0;
	int i, n = octet(db) % 9;

	for (i = 0; i < n; i++)
		u = u << 8 | octet(db);
	return (int64_t)u;
}

static cs_span
octets(cs_db *db, uint8_t *space)
{
	static const size_t lengths[] = {0, 1, 8, 16, 20, 31, 32, 33, 64, 255,
	    512, 1024, SPACE};
	size_t n = octet(db), have, i;

	n = n < 128 ? n : lengths[n % (sizeof(lengths) / sizeof(lengths[0]))];
	have = n < db->n ? n : db->n;
	for (i = 0; i < n; i++)
		space[i] = i < have ? db->p[i] : (uint8_t)i;
	db->p += have;
	db->n -= have;
	return cs_span_of(space, n);
}

static cs_db_value
column(cs_db *db, uint8_t *space)
{
	switch (octet(db) % 4) {
	case CS_DB_INT:
		return cs_db_int(number(db));
	case CS_DB_BLOB:
		return cs_db_blob(octets(db, space));
	case CS_DB_TEXT:
		return cs_db_text(octets(db, space));
	default:
		return cs_db_blob(cs_span_of(NULL, 0));
	}
}

/* Each row's columns are gone after it, as an engine's are. */
static int
give_row(cs_db *db, cs_db_row_fn *row, void *arg, cs_err *e)
{
	size_t n = octet(db) % (CS_DB_VALUES_MAX + 1), i;
	cs_db_value *v = calloc(n + 1, sizeof(*v));
	uint8_t *space = malloc((n + 1) * SPACE);
	int rc = CS_OK;

	if (v != NULL && space != NULL) {
		for (i = 0; i < n; i++)
			v[i] = column(db, space + i * SPACE);
		rc = row(arg, v, n, e);
	}
	free(space);
	free(v);
	return rc;
}

static int
run(cs_db *db, const cs_db_stmt *stmt, const cs_db_value *in, size_t n,
    cs_db_row_fn *row, void *arg, int64_t *changed, cs_err *e)
{
	uint8_t how = octet(db);
	int rc = CS_OK;

	(void)stmt;
	CHECK(db->begun && n <= CS_DB_VALUES_MAX && (n == 0 || in != NULL));
	if (changed != NULL)
		*changed = how >> 4;
	if (how == 0xff)
		return cs_fail(e, CS_EIO, "fuzz", "the engine fails");
	for (how &= 3; how != 0 && row != NULL && rc == CS_OK; how--)
		rc = give_row(db, row, arg, e);
	return rc;
}

static int
db_open(const char *where, enum cs_db_mode mode, int64_t mono_ms, cs_db **out,
    cs_err *e)
{
	(void)where;
	(void)mode;
	(void)mono_ms;
	*out = NULL;
	return cs_fail(e, CS_EIO, "fuzz", "the engine is down");
}

static void
db_close(cs_db *db)
{
	db->begun = false;
}

static void
deadline(cs_db *db, int64_t mono_ms)
{
	(void)db;
	(void)mono_ms;
}

static int
begin(cs_db *db, cs_err *e)
{
	(void)e;
	db->begun = true;
	return CS_OK;
}

static int
commit(cs_db *db, cs_err *e)
{
	(void)e;
	CHECK(db->begun);
	db->begun = false;
	return CS_OK;
}

static void
rollback(cs_db *db)
{
	db->begun = false;
}

static int
mark(cs_db *db, cs_err *e)
{
	(void)e;
	CHECK(db->begun);
	return CS_OK;
}

static int
script(cs_db *db, const char *sql, cs_err *e)
{
	(void)sql;
	return mark(db, e);
}

static int
place(cs_db *db, cs_buf *out, cs_err *e)
{
	(void)db;
	return cs_buf_put_str(out, "here") == CS_OK ? CS_OK :
	    cs_nomem(e, "fuzz");
}

static const cs_db_ops ops = {
	.abi = CS_DB_ABI,
	.name = "fuzz",
	.open = db_open,
	.close = db_close,
	.deadline = deadline,
	.begin = begin,
	.begin_read = begin,
	.commit = commit,
	.rollback = rollback,
	.mark = mark,
	.keep = mark,
	.undo = mark,
	.run = run,
	.script = script,
	.place = place,
};

static int
each_row(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	(void)arg;
	(void)sequence;
	(void)e;
	CHECK(der.p != NULL);
	return CS_OK;
}

static int
ask(cs_store *s, cs_db *db, uint8_t what, cs_err *e)
{
	const int64_t ms = cs_time_mono_ms() + 100000;
	cs_audit_check check = {0};
	cs_store_info info;

	switch (what % 32) {
	case 0:
		return cs_conn_adopt(s, db, CS_DB_READ, e);
	case 1:
		return cs_conn_adopt(s, db, CS_DB_WRITE, e);
	case 2:
		return cs_store_look(s, 1800000000, ms, &info, e);
	case 3:
		return cs_audit_walk(s, 1, 0, ms, each_row, NULL, e);
	case 4:
		return cs_audit_verify(s, &check, ms, NULL, NULL, e);
	default:
		return store_ask(s, what % 32 - 5, e);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char authority[] = "https://ca.corp.example";
	cs_db reads = {data, n, false}, writes = {data, n, false};
	cs_store s = {.ops = &ops, .mode = CS_DB_WRITE, .now = 1800000000};
	cs_err e = {0};
	int rc;

	(void)octet(&reads);
	(void)octet(&writes);
	s.last = &s.first;
	s.authority = cs_buf_dup(cs_span_str(authority));
	s.writer = &writes;
	s.readers[s.n_readers++] = &reads;
	CHECK(s.authority != NULL && pthread_mutex_init(&s.lock, NULL) == 0);
	rc = ask(&s, &writes, n == 0 ? 0 : data[0], &e);
	CHECK(rc == CS_OK || rc == CS_EREFUSED || rc == CS_EIO);
	CHECK(s.first == NULL && !s.leads);
	(void)pthread_mutex_destroy(&s.lock);
	cs_buf_free(&s.authority);
	return 0;
}
