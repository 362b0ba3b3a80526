/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tool/out.h"

#define GRACE_MS 1500 /* for those who watch the deadline themselves */

struct cs_watchdog {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, json;
	const char *verb;
	int64_t at_ms;
};

static void
expire(const cs_watchdog *w)
{
	cs_out *out = cs_out_new(true);
	cs_err e = {0};

	(void)cs_fail(&e, CS_ETIMEOUT, "watchdog",
	    "timed out waiting for the token");
	if (out != NULL)
		_exit(cs_out_finish(out, w->verb, w->json, e.cls, &e));
	_exit(-CS_ETIMEOUT);
}

static void *
watch(void *arg)
{
	cs_watchdog *w = arg;
	struct timespec at = {.tv_sec = w->at_ms / 1000,
	    .tv_nsec = w->at_ms % 1000 * 1000000};
	int rc = 0;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->stop && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->wake, &w->lock, &at);
	if (!w->stop)
		expire(w);
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The thread takes no signals: they are for the one that asks. */
static int
spawn(cs_watchdog *w)
{
	sigset_t all, old;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, watch, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int
cs_watchdog_start(int64_t deadline_ms, const char *verb, bool json,
    cs_watchdog **out, cs_err *e)
{
	cs_watchdog *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	*out = NULL;
	if (w == NULL)
		return cs_nomem(e, "watchdog");
	w->verb = verb;
	w->json = json;
	w->at_ms = deadline_ms + GRACE_MS;
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)pthread_mutex_init(&w->lock, NULL);
	if (spawn(w) != 0) {
		(void)pthread_cond_destroy(&w->wake);
		(void)pthread_mutex_destroy(&w->lock);
		free(w);
		return cs_nomem(e, "watchdog");
	}
	*out = w;
	return CS_OK;
}

void
cs_watchdog_stop(cs_watchdog **wp)
{
	cs_watchdog *w;

	if (wp == NULL || (w = *wp) == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	*wp = NULL;
}
