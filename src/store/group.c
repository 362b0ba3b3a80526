/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "store/handle.h"

/*
 * Group commit. Whoever comes when nobody commits leads: begins, takes all who
 * wait by then, does their work one by one, each so that it can be taken back
 * alone, and commits once. Those who come meanwhile wait for the next leader,
 * who is the first of them.
 */

#define BATCH_MAX 64

static const char where[] = "store/group";

enum job_state { JOB_WAITS = 0, JOB_TAKEN, JOB_DONE };

struct cs_job { /* on its caller's stack */
	cs_txn_fn *work;
	void *arg;
	bool dry;
	int64_t deadline_ms;
	cs_err *e;
	int rc;
	enum job_state state;
	pthread_cond_t wake;
	struct cs_job *next;
};

struct batch {
	struct cs_job *job[BATCH_MAX];
	size_t n, kept;
	bool broke; /* the connection is not to be used again */
};

static void
queue_put(cs_store *s, struct cs_job *j)
{
	*s->last = j;
	s->last = &j->next;
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
}

static void
done(struct cs_job *j, int rc)
{
	j->rc = rc;
	j->state = JOB_DONE;
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
look_back(cs_store *s, cs_err *e)
{
	cs_txn t = {s->ops, s->writer, s, 0};
	int64_t head;
	int rc;

	if ((rc = cs_meta_get(&t, "head", &head, NULL, e)) != CS_OK)
		return rc;
	return head >= s->seen ? CS_OK : cs_fail_detail(e, CS_EIO,
	    CS_R_STORE_UNAVAILABLE, where, "the log ended with record %" PRId64
	    ", and now with %" PRId64, s->seen, head);
}

static int
begin_once(cs_store *s, int64_t deadline_ms, cs_err *e)
{
	int rc;

	if (s->writer == NULL &&
	    (rc = cs_conn_open(s, CS_DB_WRITE, deadline_ms, &s->writer, e)) !=
	    CS_OK)
		return rc;
	s->ops->deadline(s->writer, deadline_ms);
	if ((rc = s->ops->begin(s->writer, e)) == CS_OK &&
	    (rc = look_back(s, e)) != CS_OK)
		s->ops->rollback(s->writer);
	if (rc != CS_OK)
		drop_writer(s);
	return rc;
}

/* A connection may have broken since it was last used, which its server's
 * restart is enough for; nothing was asked of it yet. */
static int
begin(cs_store *s, int64_t deadline_ms, cs_err *e)
{
	const bool is_old = s->writer != NULL;
	int rc = begin_once(s, deadline_ms, e);

	if (rc == CS_OK || !is_old || cs_time_mono_ms() >= deadline_ms)
		return rc;
	return begin_once(s, deadline_ms, e);
}

static void
take(cs_store *s, struct cs_job *me, struct batch *b)
{
	struct cs_job *j = me;

	do {
		queue_remove(s, j);
		j->state = JOB_TAKEN;
		b->job[b->n++] = j;
		j = s->first;
	} while (j != NULL && b->n < BATCH_MAX);
}

/* *died: the engine can do no more in this transaction. */
static void
do_one(cs_txn *t, struct cs_job *j, struct batch *b, int *died, cs_err *e)
{
	if (cs_time_mono_ms() >= j->deadline_ms) {
		j->rc = cs_fail_detail(j->e, CS_EIO, CS_R_STORE_UNAVAILABLE,
		    where, "waited for other writers until the deadline");
		return;
	}
	t->ops->deadline(t->db, j->deadline_ms);
	if ((*died = t->ops->mark(t->db, e)) != CS_OK)
		return;
	j->rc = j->work(t, j->arg, j->e);
	if (j->rc == CS_OK && !j->dry) {
		if ((*died = t->ops->keep(t->db, e)) == CS_OK)
			b->kept++;
		return;
	}
	b->broke |= j->rc != CS_OK && j->rc != CS_EREFUSED;
	*died = t->ops->undo(t->db, e);
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

static int
commit(cs_store *s, cs_txn *t, const struct batch *b, cs_err *e)
{
	int64_t head = 0;
	int rc;

	t->ops->deadline(t->db, latest(b));
	if ((rc = cs_meta_get(t, "head", &head, NULL, e)) != CS_OK ||
	    (rc = t->ops->commit(t->db, e)) != CS_OK)
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
	cs_txn t = {s->ops, s->writer, s, 0};
	cs_err e = {0};
	int died = CS_OK;
	size_t i;

	for (i = 0; i < b->n && died == CS_OK; i++)
		do_one(&t, b->job[i], b, &died, &e);
	if (died == CS_OK && b->kept != 0)
		died = commit(s, &t, b, &e);
	else
		s->ops->rollback(s->writer);
	if (died != CS_OK)
		nobody_served(b, died, &e);
	if (died != CS_OK || b->broke)
		drop_writer(s);
}

/* Called and returns with the lock; nobody else leads meanwhile. */
static void
lead(cs_store *s, struct cs_job *me)
{
	struct batch b = {.n = 0};
	size_t i;
	int rc;

	s->leads = true;
	(void)pthread_mutex_unlock(&s->lock);
	rc = begin(s, me->deadline_ms, me->e);
	(void)pthread_mutex_lock(&s->lock);
	if (rc != CS_OK) {
		queue_remove(s, me);
		done(me, rc);
	} else {
		take(s, me, &b);
		(void)pthread_mutex_unlock(&s->lock);
		do_batch(s, &b);
		(void)pthread_mutex_lock(&s->lock);
	}
	for (i = 0; i < b.n; i++) {
		b.job[i]->state = JOB_DONE;
		(void)pthread_cond_signal(&b.job[i]->wake);
	}
	s->leads = false;
}

/* One whose work was taken stays: it is being done, on its stack. */
static void
wait_turn(cs_store *s, struct cs_job *j)
{
	const struct timespec t = {
		.tv_sec = (time_t)(j->deadline_ms / 1000),
		.tv_nsec = (long)(j->deadline_ms % 1000) * 1000000
	};

	if (j->state == JOB_TAKEN) {
		(void)pthread_cond_wait(&j->wake, &s->lock);
		return;
	}
	if (pthread_cond_timedwait(&j->wake, &s->lock, &t) == 0 ||
	    j->state != JOB_WAITS)
		return;
	queue_remove(s, j);
	done(j, cs_fail_detail(j->e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "waited for other writers until the deadline"));
}

static void
queue_up(cs_store *s, struct cs_job *j)
{
	(void)pthread_mutex_lock(&s->lock);
	queue_put(s, j);
	while (j->state != JOB_DONE)
		if (j->state == JOB_WAITS && !s->leads)
			lead(s, j);
		else
			wait_turn(s, j);
	if (!s->leads && s->first != NULL)
		(void)pthread_cond_signal(&s->first->wake);
	(void)pthread_mutex_unlock(&s->lock);
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
	if (pthread_cond_init(&j.wake, &s->monotonic) != 0)
		return cs_nomem(e, where);
	queue_up(s, &j);
	(void)pthread_cond_destroy(&j.wake);
	return with_reason(j.rc, e);
}
