/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/sem.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "store/handle.h"

/*
 * Group commit. Whoever comes when nobody commits leads: begins, takes all who
 * wait by then, does their work one by one, and that of those who came
 * meanwhile, and commits once. Those who come then wait for the next leader, who
 * is the first of them, and is called by the one before. Who is called needs
 * nothing that others hold.
 *
 * Hardly ever does one have to be taken back alone, so there are no marks for
 * that; and if it has, all are taken back, and begin anew with marks.
 */

#define BATCH_MAX 64

static const char where[] = "store/group";

enum call { CALL_DONE = 0, CALL_LEAD };

struct cs_job { /* on its caller's stack */
	cs_txn_fn *work;
	void *arg;
	bool dry;
	int64_t deadline_ms;
	cs_err *e;
	int rc;
	bool waits; /* in the queue; of the store's lock */
	struct cs_job *next;
	/* Whoever takes it off the queue does both, in this order; only then
	 * may its stack frame end. */
	_Atomic enum call call;
	sem_t called;
};

struct batch {
	cs_txn t;
	struct cs_job *job[BATCH_MAX];
	size_t n, kept;
	bool broke; /* the connection is not to be used again */
};

static void
queue_put(cs_store *s, struct cs_job *j)
{
	*s->last = j;
	s->last = &j->next;
	j->waits = true;
}

static void
queue_remove(cs_store *s, struct cs_job *j)
{
	struct cs_job **at = &s->first;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	if (j->next == NULL)
		s->last = at;
	j->next = NULL;
	j->waits = false;
}

/* Of one who is in no queue any more, and without a lock: it goes on at once. */
static void
call(struct cs_job *j, enum call what)
{
	atomic_store(&j->call, what);
	(void)sem_post(&j->called);
}

/* The last of a process: an engine whose file or log was taken away may still
 * save what they hold. */
static void
drop_writer(cs_store *s)
{
	cs_readers_drop(s);
	if (s->writer != NULL)
		s->ops->close(s->writer);
	s->writer = NULL;
}

/* An older copy may be written into the place of a database that is open; who
 * opens it anew gives it its floor. */
static int
look_back(cs_txn *t, cs_err *e)
{
	const int64_t seen = t->store->seen;
	int64_t head;
	int rc;

	if ((rc = cs_meta_get(t, "head", &head, NULL, e)) != CS_OK)
		return rc;
	return head >= seen ? CS_OK : cs_fail_detail(e, CS_EIO,
	    CS_R_STORE_UNAVAILABLE, where, "the log ended with record %" PRId64
	    ", and now with %" PRId64, seen, head);
}

static int
begin_once(cs_store *s, int64_t deadline_ms, cs_txn *t, cs_err *e)
{
	int rc;

	if (s->writer == NULL &&
	    (rc = cs_conn_open(s, CS_DB_WRITE, deadline_ms, &s->writer, e)) !=
	    CS_OK)
		return rc;
	*t = (cs_txn){.ops = s->ops, .db = s->writer, .store = s};
	t->ops->deadline(t->db, deadline_ms);
	if ((rc = cs_txn_begin(t, e)) == CS_OK &&
	    (rc = look_back(t, e)) != CS_OK)
		t->ops->rollback(t->db);
	if (rc != CS_OK)
		drop_writer(s);
	return rc;
}

/* A connection may have broken since it was last used, which its server's
 * restart is enough for; nothing was asked of it yet. What is for want of memory
 * is no reason, and of a first time nothing stays said. */
static int
begin(cs_store *s, int64_t deadline_ms, cs_txn *t, cs_err *e)
{
	const bool is_old = s->writer != NULL;
	int rc = begin_once(s, deadline_ms, t, e);

	if (rc == CS_OK || rc == CS_EBUG || !is_old ||
	    cs_time_mono_ms() >= deadline_ms)
		return rc;
	if (e != NULL)
		cs_err_clear(e);
	return begin_once(s, deadline_ms, t, e);
}

static void
take(cs_store *s, struct batch *b)
{
	struct cs_job *j;

	(void)pthread_mutex_lock(&s->lock);
	while ((j = s->first) != NULL && b->n < BATCH_MAX) {
		queue_remove(s, j);
		b->job[b->n++] = j;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static int
too_late(cs_err *e)
{
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "waited for other writers until the deadline");
}

static int64_t
latest(const struct batch *b)
{
	int64_t ms = b->job[0]->deadline_ms;
	size_t i;

	for (i = 1; i < b->n; i++)
		if (b->job[i]->deadline_ms > ms)
			ms = b->job[i]->deadline_ms;
	return ms;
}

static bool
is_late(const struct cs_job *j)
{
	return cs_time_mono_ms() >= j->deadline_ms;
}

/* false: some are to be taken back, and none is told yet. Of who is alone the
 * whole transaction is. */
static bool
do_all(cs_store *s, struct batch *b)
{
	struct cs_job *j;
	size_t i;

	for (i = 0; i < b->n; i++) {
		j = b->job[i];
		if (j->dry || is_late(j))
			return false;
		s->ops->deadline(s->writer, j->deadline_ms);
		if ((j->rc = j->work(&b->t, j->arg, j->e)) != CS_OK) {
			b->broke = b->n == 1 && j->rc != CS_EREFUSED;
			return b->n == 1;
		}
		if (i + 1 == b->n)
			take(s, b);
	}
	b->kept = b->n;
	return true;
}

/* *died: the engine can do no more in this transaction. */
static void
do_one(struct cs_job *j, struct batch *b, int *died, cs_err *e)
{
	cs_txn *t = &b->t;
	const cs_txn before = *t;

	if (is_late(j)) {
		j->rc = too_late(j->e);
		return;
	}
	t->ops->deadline(t->db, j->deadline_ms);
	if ((*died = t->ops->mark(t->db, e)) != CS_OK)
		return;
	if (j->e != NULL) /* of the time before */
		*j->e = (cs_err){0};
	j->rc = j->work(t, j->arg, j->e);
	if (j->rc == CS_OK && !j->dry) {
		if ((*died = t->ops->keep(t->db, e)) == CS_OK)
			b->kept++;
		return;
	}
	b->broke |= j->rc != CS_OK && j->rc != CS_EREFUSED;
	*died = t->ops->undo(t->db, e);
	*t = before;
}

/* Others may have written in between. Who had the server end the connection has
 * spoilt nothing for the rest: there is another one. */
static int
do_each(cs_store *s, struct batch *b, cs_err *e)
{
	int died;
	size_t i;

	s->ops->rollback(s->writer);
	died = begin(s, latest(b), &b->t, e);
	for (i = 0; i < b->n && died == CS_OK; i++)
		do_one(b->job[i], b, &died, e);
	return died;
}

static int
commit(cs_store *s, struct batch *b, cs_err *e)
{
	int64_t head = 0;
	int rc;

	s->ops->deadline(s->writer, latest(b));
	if ((rc = cs_meta_get(&b->t, "head", &head, NULL, e)) != CS_OK ||
	    (rc = cs_txn_commit(&b->t, e)) != CS_OK)
		return rc;
	cs_store_saw(s, head);
	return CS_OK;
}

/* What a work saw of those before it is not true either, so that even a refusal
 * is none. */
static void
nobody_served(struct batch *b, int rc, const cs_err *e)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		b->job[i]->rc = rc == CS_EBUG ? CS_EBUG : CS_EIO;
		if (b->job[i]->e == NULL)
			continue;
		*b->job[i]->e = *e;
		b->job[i]->e->cls = b->job[i]->rc;
	}
}

static void
do_batch(cs_store *s, struct batch *b)
{
	cs_err e = {0};
	int died = CS_OK;

	if (!do_all(s, b))
		died = do_each(s, b, &e);
	if (died == CS_OK && b->kept != 0)
		died = commit(s, b, &e);
	else if (s->writer != NULL)
		s->ops->rollback(s->writer);
	if (died != CS_OK)
		nobody_served(b, died, &e);
	if (died != CS_OK || b->broke)
		drop_writer(s);
}

/* The first of those who wait leads next, and is no longer one of them. */
static void
hand_on(cs_store *s)
{
	struct cs_job *next;

	(void)pthread_mutex_lock(&s->lock);
	if ((next = s->first) != NULL)
		queue_remove(s, next);
	else
		s->leads = false;
	(void)pthread_mutex_unlock(&s->lock);
	if (next != NULL)
		call(next, CALL_LEAD);
}

/* Nobody else leads meanwhile. Who is about to come may come first: a commit
 * costs more than to wait for one's turn, and nothing is locked yet. */
static void
lead(cs_store *s, struct cs_job *me)
{
	struct batch b = {.job = {me}, .n = 1};
	size_t i;

	(void)sched_yield();
	if (is_late(me)) /* a connection that cannot begin now is given up */
		me->rc = too_late(me->e);
	else if ((me->rc = begin(s, me->deadline_ms, &b.t, me->e)) ==
	    CS_OK) {
		take(s, &b);
		do_batch(s, &b);
	}
	hand_on(s);
	for (i = 1; i < b.n; i++)
		call(b.job[i], CALL_DONE);
}

/* Not one who was taken. */
static bool
leave(cs_store *s, struct cs_job *j)
{
	bool waited;

	(void)pthread_mutex_lock(&s->lock);
	if ((waited = j->waits))
		queue_remove(s, j);
	(void)pthread_mutex_unlock(&s->lock);
	return waited;
}

/* One whose work was taken stays: it is being done, on its stack. */
static enum call
wait_turn(cs_store *s, struct cs_job *j)
{
	if (!cs_sem_wait(&j->called, j->deadline_ms)) {
		if (leave(s, j)) {
			j->rc = too_late(j->e);
			return CALL_DONE;
		}
		while (sem_wait(&j->called) != 0)
			continue;
	}
	return atomic_load(&j->call);
}

static void
queue_up(cs_store *s, struct cs_job *j)
{
	bool leads;

	(void)pthread_mutex_lock(&s->lock);
	if ((leads = !s->leads))
		s->leads = true;
	else
		queue_put(s, j);
	(void)pthread_mutex_unlock(&s->lock);
	if (leads || wait_turn(s, j) == CALL_LEAD)
		lead(s, j);
}

/* Whoever fails in the engine's room need not know of reasons. */
static int
with_reason(int rc, cs_err *e)
{
	if (rc == CS_EIO && e != NULL && e->detail == CS_R_NONE)
		e->detail = CS_R_STORE_UNAVAILABLE;
	return rc;
}

int
cs_store_write(cs_store *s, cs_txn_fn *work, void *arg, bool dry,
    int64_t deadline_ms, cs_err *e)
{
	struct cs_job j = {.work = work, .arg = arg, .dry = dry,
	    .deadline_ms = deadline_ms < 0 ? 0 : deadline_ms, .e = e};

	if (s->mode == CS_DB_READ)
		return cs_fail(e, CS_EBUG, where,
		    "the store was opened for reading");
	(void)sem_init(&j.called, 0, 0);
	queue_up(s, &j);
	(void)sem_destroy(&j.called);
	return with_reason(j.rc, e);
}
