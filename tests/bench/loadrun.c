/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "tests/bench/load.h"

static const char where[] = "load";

struct run {
	const struct load *l;
	struct loaded *out;
	pthread_barrier_t connected, started;
	atomic_size_t next;      /* request to be taken */
	atomic_size_t connections;
	atomic_bool failed;
	struct timespec start;
};

struct client {
	struct run *run;
	size_t status[LOAD_STATUS_MAX];
	cs_err e;
	int r;
	struct conn c;
};

static double
since(const struct timespec *from)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e6 +
	    (double)(now.tv_nsec - from->tv_nsec) / 1e3;
}

/* Until request i is due; gives when that was, from the start, in us. What it
 * waits for a client beyond that counts, too: else a server that stands still
 * would look well. */
static double
await(const struct run *r, size_t i)
{
	double due;
	struct timespec t = r->start;
	int64_t ns;

	if (r->l->rate == 0)
		return since(&r->start);
	due = (double)i * 1e6 / (double)r->l->rate;
	ns = t.tv_nsec + (int64_t)(due * 1e3);
	t.tv_sec += (time_t)(ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	    EINTR)
		;
	return due;
}

static int
renew(struct client *c)
{
	conn_close(&c->c);
	(void)atomic_fetch_add(&c->run->connections, 1);
	return conn_open(&c->c, &c->run->l->to, &c->e);
}

static int
keep(struct client *c, size_t i, cs_span body)
{
	const struct load *l = c->run->l;
	size_t step = (l->n + LOAD_KEPT - 1) / LOAD_KEPT;
	struct kept *k = &c->run->out->kept[i / step];

	if (i % step != 0)
		return CS_OK;
	k->request = i;
	k->body = cs_buf_dup(body);
	return k->body == NULL ? cs_nomem(&c->e, where) : CS_OK;
}

static int
ask(struct client *c, size_t i)
{
	const cs_span none = {0};
	const struct load *l = c->run->l;
	double from = await(c->run, i);
	struct answer a = {0};
	int r;

	if (c->c.ssl == NULL && (r = renew(c)) != CS_OK)
		return r;
	if ((r = conn_ask(&c->c, &l->to, l->path,
	    l->body == NULL ? none : l->body[i], &a, &c->e)) != CS_OK)
		return r;
	c->run->out->us[i] = since(&c->run->start) - from;
	if (a.status < 0 || a.status >= LOAD_STATUS_MAX)
		return cs_fail(&c->e, CS_EFORMAT, where, "status %d", a.status);
	c->status[a.status]++;
	r = keep(c, i, a.body);
	if (l->fresh || a.last)
		conn_close(&c->c);
	return r;
}

static void *
work(void *arg)
{
	struct client *c = arg;
	struct run *r = c->run;
	size_t i;

	c->c.fd = -1;
	if (!r->l->fresh)
		c->r = renew(c);
	(void)pthread_barrier_wait(&r->connected);
	(void)pthread_barrier_wait(&r->started);
	while (c->r == CS_OK && !atomic_load(&r->failed) &&
	    (i = atomic_fetch_add(&r->next, 1)) < r->l->n)
		c->r = ask(c, i);
	if (c->r != CS_OK)
		atomic_store(&r->failed, true);
	conn_close(&c->c);
	return NULL;
}

/* User and system time of a process with all its threads, so far */
static int
cpu_of(const char *pid, double *us, cs_err *e)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid((pid_t)strtol(pid, NULL, 10), &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		return cs_fail(e, CS_EIO, where, "no process %s", pid);
	*us = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	return CS_OK;
}

static int
cpu_all(const struct load *l, double *us, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; r == CS_OK && i < l->n_pids; i++)
		r = cpu_of(l->pids[i], &us[i], e);
	return r;
}

/* From when all are connected until the last has its answer */
static int
measure(struct run *r, pthread_t *thread, size_t n, cs_err *e)
{
	const struct load *l = r->l;
	struct loaded *out = r->out;
	double before[8] = {0};
	size_t i;
	int rc;

	(void)pthread_barrier_wait(&r->connected);
	rc = cpu_all(l, before, e);
	(void)clock_gettime(CLOCK_MONOTONIC, &r->start);
	(void)pthread_barrier_wait(&r->started);
	for (i = 0; i < n; i++)
		(void)pthread_join(thread[i], NULL);
	out->seconds = since(&r->start) / 1e6;
	out->connections = atomic_load(&r->connections);
	if (rc == CS_OK)
		rc = cpu_all(l, out->cpu_us, e);
	for (i = 0; i < l->n_pids; i++)
		out->cpu_us[i] = (out->cpu_us[i] - before[i]) / (double)l->n;
	return rc;
}

static int
gather(const struct client *c, struct loaded *out, cs_err *e)
{
	size_t s;

	for (s = 0; s < LOAD_STATUS_MAX; s++)
		out->status[s] += c->status[s];
	if (c->r != CS_OK)
		*e = c->e;
	return c->r;
}

int
load_run(const struct load *l, struct loaded *out, cs_err *e)
{
	const size_t n = (size_t)l->clients;
	struct run r = {.l = l, .out = out};
	struct client *c = calloc(n, sizeof(*c));
	pthread_t thread[LOAD_CLIENTS_MAX];
	size_t i;
	int rc;

	if (c == NULL || (out->us = calloc(l->n, sizeof(double))) == NULL ||
	    pthread_barrier_init(&r.connected, NULL, (unsigned)n + 1) != 0 ||
	    pthread_barrier_init(&r.started, NULL, (unsigned)n + 1) != 0) {
		free(c);
		return cs_nomem(e, where);
	}
	for (i = 0; i < n; i++) {
		c[i].run = &r;
		/* The others wait for this one: there is no way on. */
		if (pthread_create(&thread[i], NULL, work, &c[i]) != 0)
			abort();
	}
	rc = measure(&r, thread, n, e);
	for (i = 0; i < n; i++)
		if (gather(&c[i], out, e) != CS_OK)
			rc = c[i].r;
	(void)pthread_barrier_destroy(&r.connected);
	(void)pthread_barrier_destroy(&r.started);
	free(c);
	return rc;
}

void
loaded_clear(struct loaded *d)
{
	size_t i;

	for (i = 0; i < LOAD_KEPT; i++)
		cs_buf_free(&d->kept[i].body);
	free(d->us);
	d->us = NULL;
}
