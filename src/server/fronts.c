/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/fronts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/time.h"
#include "server/frontask.h"

/*
 * Channels to fronts, a thread for each that reads. What a front asks is a job
 * of the pool, which serves fronts in turn, so that none waits for what another
 * asks; what is asked when the queue is full is answered at once. A front
 * may be in the hands of others: no worker waits for one that does not read, and
 * it is asked for nothing more until it does.
 */

static const char where[] = "server/issuer";

#define STUCK_MS 2000 /* a front that does not read is as good as gone */
#define WAITING_MAX (16 * 1024 * 1024) /* octets of answers to a front */

struct cs_fronts {
	cs_fronts_env env;
	struct front *first;
	atomic_size_t n, queued; /* fronts, without the admin's; questions */
	atomic_bool spent;
};

struct front { /* a channel, for its reader and for jobs on their way */
	const cs_fronts_env *env;
	struct front *next;
	cs_fronts *all;
	cs_channel *channel;
	cs_outbox *out;
	bool is_admin;
	cs_lane lane; /* of its questions in the pool */
	atomic_uint refs;
	atomic_size_t queued; /* of its questions */
	atomic_bool ended;
	pthread_t thread;
};

struct job {
	cs_front_ask q;
	struct front *front;
	cs_frame *ask;
	int64_t began_us;
};

static void
front_drop(struct front *f)
{
	if (atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	cs_outbox_free(&f->out);
	cs_channel_free(&f->channel);
	free(f);
}

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
job_free(struct job *j)
{
	front_drop(j->front);
	cs_frame_free(&j->ask);
	free(j);
}

static void
leave_room(struct front *f)
{
	(void)atomic_fetch_sub(&f->queued, 1);
	(void)atomic_fetch_sub(&f->all->queued, 1);
}

/* A front whose channel we had to end would wait for another one in vain. */
static void
look_at(cs_fronts *r, int rc)
{
	if (rc == CS_EBUG)
		atomic_store(&r->spent, true);
}

/* A front whose frames are none is not our front any more. */
static void
do_job(void *arg, bool late)
{
	struct job *j = arg;
	cs_err e = {0};
	int rc = CS_OK;

	leave_room(j->front);
	if (late)
		cs_front_ask_busy(&j->q, "the deadline came before its turn");
	else
		rc = cs_front_ask_do(&j->q, &e);
	if (rc != CS_OK) {
		look_at(j->front->all, rc);
		cs_fronts_say(j->q.env, COUNTERSIGN_LOG_ERROR,
		    "a front's channel ends", &e);
		(void)shutdown(cs_channel_fd(j->front->channel), SHUT_RDWR);
	}
	cs_issuer_took(j->q.env->issuer, now_us() - j->began_us);
	job_free(j);
}

static int64_t
deadline_of(const cs_frame *f)
{
	cs_ask_issue a;
	cs_ask_lookup l;

	if (cs_ask_issue_get(f, &a, NULL) == CS_OK ||
	    cs_ask_approve_get(f, &a, NULL) == CS_OK)
		return cs_issuer_deadline(a.deadline_ms);
	if (cs_ask_lookup_get(f, &l, NULL) == CS_OK)
		return cs_issuer_deadline(l.deadline_ms);
	return cs_issuer_deadline(0);
}

/* The last quarter of the queue is for fronts that have little in it: none keeps
 * others out, whatever it asks. */
static bool
has_room(struct front *f)
{
	size_t queue = f->env->queue, fronts = atomic_load(&f->all->n);
	size_t its = atomic_fetch_add(&f->queued, 1);
	size_t all = atomic_fetch_add(&f->all->queued, 1);

	return fronts < 2 || f->is_admin || all < queue - queue / 4 ||
	    its < 1 + queue / 4 / fronts;
}

static int
put_job(struct job *j, cs_err *e)
{
	int rc = has_room(j->front) ? cs_pool_put(j->q.env->pool,
	    &j->front->lane, do_job, j, j->q.deadline_ms, e) :
	    cs_fail(e, CS_EREFUSED, where, "other fronts want to ask, too");

	if (rc != CS_OK)
		leave_room(j->front);
	return rc;
}

static void
enqueue(struct front *f, cs_frame **ask)
{
	struct job *j = calloc(1, sizeof(*j));
	cs_err e = {0};

	if (j == NULL) {
		look_at(f->all, CS_EBUG);
		cs_frame_free(ask);
		return;
	}
	(void)atomic_fetch_add(&f->refs, 1);
	*j = (struct job){.q = {.env = f->env, .out = f->out,
	    .is_admin = f->is_admin, .ask = *ask,
	    .deadline_ms = deadline_of(*ask), .waiting_max = WAITING_MAX},
	    .front = f, .ask = *ask, .began_us = now_us()};
	*ask = NULL; /* transferred */
	if (put_job(j, &e) == CS_OK)
		return;
	cs_front_ask_busy(&j->q, e.text);
	job_free(j);
}

static void
say_end(const struct front *f, bool ended, cs_err *e)
{
	if (cs_outbox_left(f->out))
		(void)cs_fail(e, CS_EIO, where, "it takes no answers");
	else if (ended)
		return;
	cs_fronts_say(f->env, COUNTERSIGN_LOG_WARNING, "a front's channel ends",
	    e);
}

static void *
read_front(void *arg)
{
	struct front *f = arg;
	cs_frame *ask = NULL;
	cs_err e = {0};
	bool end = false;
	int rc;

	while ((rc = cs_channel_receive(f->channel, 0, &ask, &end, &e)) ==
	    CS_OK && !end) {
		if (ask != NULL)
			enqueue(f, &ask);
		cs_outbox_settle(f->out);
	}
	cs_frame_free(&ask);
	look_at(f->all, rc);
	say_end(f, end, &e);
	if (!f->is_admin)
		(void)atomic_fetch_sub(&f->all->n, 1);
	atomic_store(&f->ended, true);
	return NULL;
}

int
cs_fronts_new(const cs_fronts_env *env, cs_fronts **out, cs_err *e)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return cs_nomem(e, where);
	(*out)->env = *env;
	return CS_OK;
}

/* Whose channels have ended. */
static void
join_ended(cs_fronts *r)
{
	struct front **at = &r->first, *f;

	while ((f = *at) != NULL) {
		if (!atomic_load(&f->ended)) {
			at = &f->next;
			continue;
		}
		(void)pthread_join(f->thread, NULL);
		*at = f->next;
		front_drop(f);
	}
}

/* Takes the descriptor. */
static int
new_front(cs_fronts *r, int fd, bool is_admin, struct front **out, cs_err *e)
{
	struct front *f;
	cs_channel *c = NULL;
	int rc;

	*out = NULL;
	if ((rc = cs_channel_new(fd, &c, e)) != CS_OK)
		return rc;
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		cs_channel_free(&c);
		return cs_nomem(e, where);
	}
	cs_channel_long(c, CS_LONG_OUT);
	f->all = r;
	f->env = &r->env;
	f->channel = c;
	f->is_admin = is_admin;
	atomic_init(&f->refs, 1);
	if ((rc = cs_outbox_new(c, STUCK_MS, &f->out, e)) == CS_OK)
		*out = f;
	else
		front_drop(f);
	return rc;
}

int
cs_fronts_add(cs_fronts *r, int fd, bool is_admin, cs_err *e)
{
	struct front *f;
	int rc;

	join_ended(r);
	if ((rc = new_front(r, fd, is_admin, &f, e)) != CS_OK)
		return rc;
	if (!is_admin)
		(void)atomic_fetch_add(&r->n, 1);
	if (pthread_create(&f->thread, NULL, read_front, f) != 0) {
		if (!is_admin)
			(void)atomic_fetch_sub(&r->n, 1);
		front_drop(f);
		return cs_fail(e, CS_EBUG, where, "no thread for a front");
	}
	f->next = r->first;
	r->first = f;
	return CS_OK;
}

bool
cs_fronts_spent(const cs_fronts *r)
{
	return atomic_load(&r->spent);
}

void
cs_fronts_stop(cs_fronts *r)
{
	struct front *f;

	for (f = r == NULL ? NULL : r->first; f != NULL; f = f->next)
		(void)shutdown(cs_channel_fd(f->channel), SHUT_RD);
	for (f = r == NULL ? NULL : r->first; f != NULL; f = f->next)
		(void)pthread_join(f->thread, NULL);
}

void
cs_fronts_free(cs_fronts **rp)
{
	cs_fronts *r;
	struct front *f;

	if (rp == NULL || (r = *rp) == NULL)
		return;
	while ((f = r->first) != NULL) {
		r->first = f->next;
		front_drop(f);
	}
	free(r);
	*rp = NULL;
}
