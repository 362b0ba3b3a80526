/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "store/handle.h"
#include "storebed.h"
#include "tap.h"

/* Writers that meet: threads on one store and on two, of one database. */

#define THREADS 8
#define TURNS 40

static struct storebed bed;

/* One more in meta, under a name; what it was before comes back. */
struct add {
	const char *name;
	int64_t was;
	int rc; /* what the work returns */
};

static int
add_one(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;
	int rc;

	if ((rc = cs_meta_get(t, a->name, &a->was, NULL, e)) != CS_OK ||
	    (rc = cs_meta_put(t, a->name, a->was + 1, cs_span_of(NULL, 0),
	    e)) != CS_OK)
		return rc;
	return a->rc == CS_OK ? CS_OK :
	    cs_fail_detail(e, a->rc, CS_R_REPLAYED, "test", "refused");
}

static int
get(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;

	return cs_meta_get(t, a->name, &a->was, NULL, e);
}

static int64_t
count(cs_store *s, const char *name)
{
	struct add a = {.name = name};
	cs_err e = {0};

	if (cs_store_read(s, get, &a, storebed_ms(5000), &e) == CS_OK)
		return a.was;
	printf("# %s\n", e.text);
	return -1;
}

static void
test_alone(cs_err *e)
{
	struct add a = {.name = "n"}, no = {.name = "n", .rc = CS_EREFUSED},
	    bad = {.name = "n", .rc = CS_EIO};

	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(5000), e) ==
	    CS_OK && a.was == 0, "written");
	ok(count(bed.s, "n") == 1, "and read");
	ok(cs_store_write(bed.s, add_one, &a, true, storebed_ms(5000), e) ==
	    CS_OK && a.was == 1 && count(bed.s, "n") == 1,
	    "dry: done and taken back");
	ok(cs_store_write(bed.s, add_one, &no, false, storebed_ms(5000), e) ==
	    CS_EREFUSED && e->detail == CS_R_REPLAYED &&
	    count(bed.s, "n") == 1, "refused: taken back, its reason kept");
	ok(cs_store_write(bed.s, add_one, &bad, false, storebed_ms(5000), e) ==
	    CS_EIO && count(bed.s, "n") == 1, "failed: taken back");
	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(5000), e) ==
	    CS_OK && count(bed.s, "n") == 2, "and the next is served");
	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(-1), e) ==
	    CS_EIO && e->detail == CS_R_STORE_UNAVAILABLE &&
	    count(bed.s, "n") == 2, "late: nothing was done");
}

static const char *counted;
static atomic_int served, refused, other, twice;
static atomic_char seen[THREADS * TURNS + 1];

/* Each number is given out once, whoever shares a commit with whom. */
static void *
thread(void *arg)
{
	struct add a = {.name = counted};
	cs_store *s = arg;
	cs_err e = {0};
	int i, rc;

	for (i = 0; i < TURNS; i++) {
		a.rc = i % 4 == 3 ? CS_EREFUSED : i % 16 == 14 ? CS_EIO :
		    CS_OK;
		rc = cs_store_write(s, add_one, &a, i % 8 == 5,
		    storebed_ms(60000), &e);
		if (rc == CS_OK && i % 8 != 5) {
			served++;
			if (atomic_fetch_add(&seen[a.was], 1) != 0)
				twice++;
		} else if (rc == CS_EREFUSED && rc == a.rc)
			refused++;
		else if (rc != a.rc)
			other++;
		if (i % 8 == 0 && count(s, counted) < 0)
			other++;
	}
	return NULL;
}

static void
test_threads(const char *name, cs_err *e)
{
	struct storebed second = bed;
	pthread_t id[THREADS];
	int i;

	counted = name;
	served = refused = 0;
	memset((void *)seen, 0, sizeof(seen));
	second.s = NULL;
	if (!ok(storebed_open(&second, CS_DB_WRITE, e) == CS_OK,
	    "a second handle"))
		return;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&id[i], NULL, thread,
		    i % 2 == 0 ? bed.s : second.s) != 0)
			return;
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(id[i], NULL);
	printf("# served %d, refused %d\n", served, refused);
	ok(other == 0, "each has what its own work returned");
	ok(twice == 0, "no number twice");
	ok(served > 0 && refused > 0 && count(bed.s, name) == served,
	    "and none of %s is lost", name);
	cs_store_close(&second.s);
}

/* What stands in meta, with its octets, after it was put: within the
 * transaction, and for who comes later. */
static int
get_blob(cs_txn *t, void *arg, cs_err *e)
{
	cs_buf *b = cs_buf_new(64);
	int64_t *i = arg;
	int rc = b == NULL ? CS_EBUG : cs_meta_get(t, "floor", i, b, e);

	if (rc == CS_OK && !cs_span_is(cs_buf_span(b), "four"))
		*i = -1;
	cs_buf_free(&b);
	return rc;
}

static int
put_blob(cs_txn *t, void *arg, cs_err *e)
{
	int64_t was = 0;
	int rc;

	if ((rc = get_blob(t, &was, e)) != CS_OK ||
	    (rc = cs_meta_put(t, "floor", was + 5, cs_span_str("four"),
	    e)) != CS_OK)
		return rc;
	return get_blob(t, arg, e);
}

static int
put_long(cs_txn *t, void *arg, cs_err *e)
{
	static const uint8_t many[64];

	(void)arg;
	return cs_meta_put(t, "floor", 1, cs_span_of(many, sizeof(many)), e);
}

static void
test_blob(cs_err *e)
{
	int64_t n = 0;

	ok(cs_store_write(bed.s, put_blob, &n, false, storebed_ms(5000), e) ==
	    CS_OK && n == 4, "octets of a row that is kept");
	n = 0;
	ok(cs_store_read(bed.s, get_blob, &n, storebed_ms(5000), e) == CS_OK &&
	    n == 4, "and of who reads it");
	ok(cs_store_write(bed.s, put_long, NULL, false, storebed_ms(5000),
	    e) == CS_EBUG, "too many are refused");
	ok(cs_store_read(bed.s, get_blob, &n, storebed_ms(5000), e) == CS_OK &&
	    n == 4, "and change nothing");
}

/* A writer in a thread of its own, whose work ends when it may. */
struct slow {
	pthread_t id;
	int64_t deadline_ms;
	int64_t committed; /* what others saw when it began */
	atomic_bool begun, may_end, ended;
	int rc;
	const struct slow *other;
	bool before; /* was through when the other had not ended */
};

static int
work_slowly(cs_txn *t, void *arg, cs_err *e)
{
	struct add a = {.name = "slow"};
	struct slow *w = arg;
	int rc = add_one(t, &a, e);

	w->committed = count(bed.s, a.name);
	w->begun = true;
	while (!w->may_end && cs_time_mono_ms() < w->deadline_ms)
		(void)sched_yield();
	w->ended = true;
	return rc;
}

static void *
write_slowly(void *arg)
{
	struct slow *w = arg;
	cs_err e = {0};

	w->rc = cs_store_write(bed.s, work_slowly, w, false, w->deadline_ms,
	    &e);
	w->before = w->other != NULL && !w->other->ended;
	return NULL;
}

static struct cs_job **
queue_end(void)
{
	struct cs_job **end;

	(void)pthread_mutex_lock(&bed.s->lock);
	end = bed.s->last;
	(void)pthread_mutex_unlock(&bed.s->lock);
	return end;
}

/* Until it is being done, or waits, or is too late for either. */
static bool
start(struct slow *w)
{
	struct cs_job **end = queue_end();

	if (pthread_create(&w->id, NULL, write_slowly, w) != 0)
		return false;
	while (!w->begun && queue_end() == end &&
	    cs_time_mono_ms() < w->deadline_ms)
		(void)sched_yield();
	return true;
}

static void
test_leaves(struct slow *first)
{
	struct slow brief = {.deadline_ms = storebed_ms(50), .other = first};

	if (!ok(pthread_create(&brief.id, NULL, write_slowly, &brief) == 0,
	    "one who waits for it"))
		return;
	(void)pthread_join(brief.id, NULL);
	ok(brief.rc == CS_EIO && brief.before && !brief.begun,
	    "goes when it is late");
}

/* On its stack lies what others work with. */
static void
test_taken(struct slow *first, struct slow *next)
{
	struct slow taken = {.deadline_ms = storebed_ms(500), .other = next};
	bool in_time;

	if (!ok(start(next) && start(&taken), "two more"))
		return;
	first->may_end = true;
	while (!next->begun)
		(void)sched_yield();
	in_time = cs_time_mono_ms() < taken.deadline_ms;
	while (cs_time_mono_ms() < taken.deadline_ms + 50)
		(void)sched_yield();
	next->may_end = true;
	(void)pthread_join(taken.id, NULL);
	(void)pthread_join(next->id, NULL);
	ok(next->rc == CS_OK && next->committed == 0,
	    "the first of them is served by the same commit");
	ok(taken.rc == CS_EIO && !taken.begun,
	    "and the other late, while that one worked");
	ok(!in_time || !taken.before, "but stayed until it had ended");
}

static void
test_deadlines(void)
{
	struct slow first = {.deadline_ms = storebed_ms(20000)},
	    next = {.deadline_ms = storebed_ms(20000)};

	if (!ok(start(&first), "a slow writer"))
		return;
	test_leaves(&first);
	test_taken(&first, &next);
	first.may_end = true;
	(void)pthread_join(first.id, NULL);
	ok(first.rc == CS_OK && count(bed.s, "slow") == 2,
	    "and nobody else was served");
}

/* An engine that counts, and whose connection breaks when it is told to. */
static const cs_db_ops *real;
static int begins, broken, class = CS_EIO;

static int
begin(cs_db *db, cs_err *e)
{
	begins++;
	return broken-- > 0 ? cs_fail(e, class, "test", "broken") :
	    real->begin(db, e);
}

/* The first time it breaks the connection, as PostgreSQL does when it has no
 * time left. */
static int
add_badly(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;
	int rc = add_one(t, a, e);

	broken = a->rc != CS_OK;
	a->rc = CS_OK;
	return rc;
}

static void *
write_badly(void *arg)
{
	struct slow *w = arg;
	struct add a = {.name = "b", .rc = CS_EIO};
	cs_err e = {0};

	w->rc = cs_store_write(bed.s, add_badly, &a, false, w->deadline_ms,
	    &e);
	ok(e.text[0] == '\0', "nothing is said of the time before");
	return NULL;
}

/* Behind another, who is done again with it. */
static void
test_again(void)
{
	struct slow first = {.deadline_ms = storebed_ms(20000)},
	    bad = {.deadline_ms = storebed_ms(20000)};
	int64_t n = count(bed.s, "slow");
	struct cs_job **end;

	if (!ok(start(&first), "a slow writer"))
		return;
	end = queue_end();
	if (!ok(pthread_create(&bad.id, NULL, write_badly, &bad) == 0,
	    "and another"))
		return;
	while (queue_end() == end)
		(void)sched_yield();
	first.may_end = true;
	(void)pthread_join(first.id, NULL);
	(void)pthread_join(bad.id, NULL);
	ok(first.rc == CS_OK && bad.rc == CS_OK && count(bed.s, "b") == 1 &&
	    count(bed.s, "slow") == n + 1,
	    "what is done again has another connection");
}

/* One that broke while nobody used it; and one that has no memory. */
static void
test_anew(cs_err *e)
{
	struct add a = {.name = "d"};
	int64_t ms = storebed_ms(5000);

	*e = (cs_err){0};
	ok(cs_store_write(bed.s, add_one, &a, false, ms, e) == CS_OK,
	    "a connection that is kept");
	begins = 0;
	broken = 1;
	ok(cs_store_write(bed.s, add_one, &a, false, ms, e) == CS_OK &&
	    begins == 2 && e->text[0] == '\0', "breaks, and is another");
	broken = 1;
	ok(cs_store_write(bed.s, add_one, &a, false, ms, NULL) == CS_OK &&
	    begins == 4, "for who asks for no reason, too");
	broken = 1;
	class = CS_EBUG;
	ok(cs_store_write(bed.s, add_one, &a, false, ms, e) == CS_EBUG &&
	    begins == 5, "no memory is no reason to connect anew");
	class = CS_EIO;
}

static void
test_broken(cs_err *e)
{
	struct add a = {.name = "c", .rc = CS_EIO};
	cs_db_ops counting = *bed.s->ops;

	real = bed.s->ops;
	counting.begin = begin;
	bed.s->ops = &counting;
	test_again();
	begins = 0;
	ok(cs_store_write(bed.s, add_badly, &a, false, storebed_ms(5000), e) ==
	    CS_EIO && begins == 1 && count(bed.s, "c") == 0,
	    "who is alone is not done again");
	broken = 0;
	begins = 0;
	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(-1), e) ==
	    CS_EIO && begins == 0, "for who is late there is none");
	test_anew(e);
	bed.s->ops = real;
}

/* Two read at a time, so that two connections are kept. */
static int
read_within(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;
	int rc = get(t, a, e);

	return rc == CS_OK ? cs_store_read(bed.s, get, a, storebed_ms(5000),
	    e) : rc;
}

static int
no_begin(cs_db *db, cs_err *e)
{
	(void)db;
	return cs_fail(e, CS_EIO, "test", "no time");
}

static void
test_late_reader(cs_err *e)
{
	struct add a = {.name = "n"};
	cs_db_ops failing = *bed.s->ops;

	real = bed.s->ops;
	failing.begin_read = no_begin;
	ok(cs_store_read(bed.s, read_within, &a, storebed_ms(5000), e) ==
	    CS_OK && bed.s->n_readers == 2, "two readers");
	bed.s->ops = &failing;
	ok(cs_store_read(bed.s, get, &a, storebed_ms(-1), e) == CS_EIO &&
	    bed.s->n_readers == 1, "who is late ends one of them");
	bed.s->ops = real;
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(storebed_make(&bed, &e), "a store"))
		return done_testing();
	test_alone(&e);
	test_threads("t", &e);
	test_threads("clock", &e);
	test_blob(&e);
	test_deadlines();
	test_broken(&e);
	test_late_reader(&e);
	storebed_remove(&bed);
	return done_testing();
}
