/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"

static const char where[] = "server/pool";

struct job {
	cs_job_fn *fn;
	void *arg;
	int64_t deadline_ms;
};

struct cs_pool {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct job *ring; /* of `room`, from `first` on, n of them */
	size_t room, first, n;
	size_t busy;
	uint64_t done, seen;
	bool ends;
	pthread_t *threads;
	size_t n_threads;
};

static bool
take(cs_pool *p, struct job *out)
{
	(void)pthread_mutex_lock(&p->lock);
	while (p->n == 0 && !p->ends)
		(void)pthread_cond_wait(&p->some, &p->lock);
	if (p->n == 0) {
		(void)pthread_mutex_unlock(&p->lock);
		return false;
	}
	*out = p->ring[p->first];
	p->first = (p->first + 1) % p->room;
	p->n--;
	p->busy++;
	(void)pthread_mutex_unlock(&p->lock);
	return true;
}

static void *
work(void *arg)
{
	cs_pool *p = arg;
	struct job j;

	while (take(p, &j)) {
		j.fn(j.arg, j.deadline_ms != 0 &&
		    cs_time_mono_ms() > j.deadline_ms);
		(void)pthread_mutex_lock(&p->lock);
		p->busy--;
		p->done++;
		(void)pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

int
cs_pool_new(size_t threads, size_t queue, cs_pool **out, cs_err *e)
{
	cs_pool *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (p == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->some, NULL);
	p->room = queue == 0 ? 1 : queue;
	p->ring = calloc(p->room, sizeof(*p->ring));
	p->threads = calloc(threads, sizeof(*p->threads));
	while (p->ring != NULL && p->threads != NULL &&
	    p->n_threads < threads && pthread_create(
	    &p->threads[p->n_threads], NULL, work, p) == 0)
		p->n_threads++;
	if (threads == 0 || p->n_threads < threads) {
		cs_pool_free(&p);
		return cs_fail(e, CS_EBUG, where,
		    "expected %zu threads, could not start them", threads);
	}
	*out = p;
	return CS_OK;
}

int
cs_pool_put(cs_pool *p, cs_job_fn *fn, void *arg, int64_t deadline_ms,
    cs_err *e)
{
	int rc = CS_OK;

	(void)pthread_mutex_lock(&p->lock);
	if (p->ends || p->n == p->room) {
		rc = cs_fail(e, CS_EREFUSED, where, p->ends ?
		    "the server ends" : "%zu questions wait already", p->n);
	} else {
		p->ring[(p->first + p->n++) % p->room] =
		    (struct job){fn, arg, deadline_ms};
		(void)pthread_cond_signal(&p->some);
	}
	(void)pthread_mutex_unlock(&p->lock);
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

void
cs_pool_free(cs_pool **pp)
{
	cs_pool *p;
	size_t i;

	if (pp == NULL || (p = *pp) == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->ends = true;
	(void)pthread_cond_broadcast(&p->some);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->threads[i], NULL);
	(void)pthread_cond_destroy(&p->some);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p->ring);
	free(p);
	*pp = NULL;
}
