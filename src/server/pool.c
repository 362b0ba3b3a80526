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

struct job {
	cs_job_fn *fn; /* NULL: none */
	void *arg;
	int64_t deadline_ms;
};

/* Who has nothing to do is given a job, and woken by a semaphore of its own:
 * whoever is woken by a condition waits for its mutex, too. The last to have had
 * one comes first, whose caches are warm. */
struct worker {
	pthread_t thread;
	cs_pool *pool;
	struct worker *next; /* of those that wait */
	struct job job;
	sem_t given;
};

struct cs_pool {
	pthread_mutex_t lock;
	struct job *ring; /* of `room`, from `first` on, n of them */
	size_t room, first, n;
	struct worker *idle; /* while the ring is empty */
	size_t busy;
	uint64_t done, seen;
	bool ends;
	struct worker *workers;
	size_t n_workers;
};

static struct job
take_first(cs_pool *p)
{
	struct job j = p->ring[p->first];

	p->first = (p->first + 1) % p->room;
	p->n--;
	return j;
}

static void
wait_for(sem_t *s)
{
	while (sem_wait(s) != 0 && errno == EINTR)
		continue;
}

/* The next job; none: it ends. */
static struct job
next(cs_pool *p, struct worker *w, bool did_one)
{
	bool waits;

	w->job = (struct job){.fn = NULL};
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
	struct job j = next(w->pool, w, false);

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

int
cs_pool_new(size_t threads, size_t queue, cs_pool **out, cs_err *e)
{
	cs_pool *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (p == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&p->lock, NULL);
	p->room = queue == 0 ? 1 : queue;
	p->ring = calloc(p->room, sizeof(*p->ring));
	p->workers = calloc(threads, sizeof(*p->workers));
	while (p->ring != NULL && p->workers != NULL &&
	    p->n_workers < threads && start(p))
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
give(cs_pool *p, const struct job *j)
{
	struct worker *w = p->idle;

	if (w == NULL) {
		p->ring[(p->first + p->n++) % p->room] = *j;
		return NULL;
	}
	p->idle = w->next;
	p->busy++;
	w->job = *j;
	return w;
}

int
cs_pool_put(cs_pool *p, cs_job_fn *fn, void *arg, int64_t deadline_ms,
    cs_err *e)
{
	const struct job j = {fn, arg, deadline_ms};
	struct worker *w = NULL;
	int rc = CS_OK;

	(void)pthread_mutex_lock(&p->lock);
	if (p->ends || p->n == p->room)
		rc = cs_fail(e, CS_EREFUSED, where, p->ends ?
		    "the server ends" : "%zu questions wait already", p->n);
	else
		w = give(p, &j);
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
	free(p->ring);
	free(p);
	*pp = NULL;
}
