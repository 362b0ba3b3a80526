/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/pool.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/time.h"

static const char where[] = "server/pool";

typedef struct cs_job {
	cs_job_fn *fn; /* NULL: none */
	void *arg;
	int64_t deadline_ms;
	struct cs_job *next; /* of its lane, or of those that are free */
} cs_job;

/* Who has nothing to do is given a job, and woken by a semaphore of its own:
 * whoever is woken by a condition waits for its mutex, too. The last to have had
 * one comes first, whose caches are warm. */
struct worker {
	pthread_t thread;
	cs_pool *pool;
	struct worker *next; /* of those that wait */
	cs_job job;
	sem_t given;
};

struct cs_pool {
	pthread_mutex_t lock;
	cs_job *jobs, *spare; /* `room`, of which n are in lanes */
	size_t room, n;
	cs_lane own;
	cs_lane *turn, *turn_last; /* that have jobs; who is next comes first */
	struct worker *idle; /* while nothing waits */
	size_t busy;
	uint64_t done, seen;
	bool ends;
	struct worker *workers;
	size_t n_workers;
};

static void
line_up(cs_pool *p, cs_lane *lane)
{
	lane->next = NULL;
	if (p->turn == NULL)
		p->turn = lane;
	else
		p->turn_last->next = lane;
	p->turn_last = lane;
}

static void
put_last(cs_pool *p, cs_lane *lane, const cs_job *job)
{
	cs_job *j = p->spare;

	p->spare = j->next;
	*j = *job;
	j->next = NULL;
	if (lane->first == NULL) {
		lane->first = j;
		line_up(p, lane);
	} else {
		lane->last->next = j;
	}
	lane->last = j;
	p->n++;
}

/* A lane that is empty then is not known any more: it may be gone as soon as its
 * last job is called. */
static cs_job
take_first(cs_pool *p)
{
	cs_lane *lane = p->turn;
	cs_job *j = lane->first, job = *j;

	p->turn = lane->next;
	lane->first = j->next;
	if (lane->first != NULL)
		line_up(p, lane);
	j->next = p->spare;
	p->spare = j;
	p->n--;
	return job;
}

static void
wait_for(sem_t *s)
{
	while (sem_wait(s) != 0 && errno == EINTR)
		continue;
}

/* The next job; none: it ends. */
static cs_job
next(cs_pool *p, struct worker *w, bool did_one)
{
	bool waits;

	w->job = (cs_job){.fn = NULL};
	(void)pthread_mutex_lock(&p->lock);
	if (did_one) {
		p->busy--;
		p->done++;
	}
	waits = p->n == 0 && !p->ends;
	if (waits) {
		w->next = p->idle;
		p->idle = w;
	} else if (p->n > 0) {
		w->job = take_first(p);
		p->busy++;
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (waits)
		wait_for(&w->given);
	return w->job;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	cs_job j = next(w->pool, w, false);

	while (j.fn != NULL) {
		j.fn(j.arg, j.deadline_ms != 0 &&
		    cs_time_mono_ms() > j.deadline_ms);
		j = next(w->pool, w, true);
	}
	return NULL;
}

static bool
start(cs_pool *p)
{
	struct worker *w = &p->workers[p->n_workers];

	w->pool = p;
	(void)sem_init(&w->given, 0, 0);
	if (pthread_create(&w->thread, NULL, work, w) == 0) {
		p->n_workers++;
		return true;
	}
	(void)sem_destroy(&w->given);
	return false;
}

static bool
make_room(cs_pool *p, size_t queue)
{
	size_t i;

	p->room = queue == 0 ? 1 : queue;
	if ((p->jobs = calloc(p->room, sizeof(*p->jobs))) == NULL)
		return false;
	for (i = 0; i < p->room; i++) {
		p->jobs[i].next = p->spare;
		p->spare = &p->jobs[i];
	}
	return true;
}

int
cs_pool_new(size_t threads, size_t queue, cs_pool **out, cs_err *e)
{
	cs_pool *p = calloc(1, sizeof(*p));
	bool has_room;

	*out = NULL;
	if (p == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&p->lock, NULL);
	p->workers = calloc(threads, sizeof(*p->workers));
	has_room = make_room(p, queue);
	while (has_room && p->workers != NULL && p->n_workers < threads &&
	    start(p))
		continue;
	if (threads == 0 || p->n_workers < threads) {
		cs_pool_free(&p);
		return cs_fail(e, CS_EBUG, where,
		    "expected %zu threads, could not start them", threads);
	}
	*out = p;
	return CS_OK;
}

/* With the lock; gives whom to wake, NULL: nobody. */
static struct worker *
give(cs_pool *p, cs_lane *lane, const cs_job *j)
{
	struct worker *w = p->idle;

	if (w == NULL) {
		put_last(p, lane, j);
		return NULL;
	}
	p->idle = w->next;
	p->busy++;
	w->job = *j;
	return w;
}

int
cs_pool_put(cs_pool *p, cs_lane *lane, cs_job_fn *fn, void *arg,
    int64_t deadline_ms, cs_err *e)
{
	const cs_job j = {.fn = fn, .arg = arg, .deadline_ms = deadline_ms};
	struct worker *w = NULL;
	int rc = CS_OK;

	(void)pthread_mutex_lock(&p->lock);
	if (p->ends || p->n == p->room)
		rc = cs_fail(e, CS_EREFUSED, where, p->ends ?
		    "the server ends" : "%zu questions wait already", p->n);
	else
		w = give(p, lane == NULL ? &p->own : lane, &j);
	(void)pthread_mutex_unlock(&p->lock);
	if (w != NULL)
		(void)sem_post(&w->given);
	return rc;
}

size_t
cs_pool_queued(cs_pool *p)
{
	size_t n;

	(void)pthread_mutex_lock(&p->lock);
	n = p->n;
	(void)pthread_mutex_unlock(&p->lock);
	return n;
}

bool
cs_pool_moves(cs_pool *p)
{
	bool moves;

	(void)pthread_mutex_lock(&p->lock);
	moves = p->done != p->seen || (p->n == 0 && p->busy == 0);
	p->seen = p->done;
	(void)pthread_mutex_unlock(&p->lock);
	return moves;
}

static void
end(cs_pool *p)
{
	struct worker *w;

	(void)pthread_mutex_lock(&p->lock);
	p->ends = true;
	w = p->idle;
	p->idle = NULL;
	(void)pthread_mutex_unlock(&p->lock);
	for (; w != NULL; w = w->next)
		(void)sem_post(&w->given);
}

void
cs_pool_free(cs_pool **pp)
{
	cs_pool *p;
	size_t i;

	if (pp == NULL || (p = *pp) == NULL)
		return;
	end(p);
	for (i = 0; i < p->n_workers; i++) {
		(void)pthread_join(p->workers[i].thread, NULL);
		(void)sem_destroy(&p->workers[i].given);
	}
	(void)pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p->jobs);
	free(p);
	*pp = NULL;
}
