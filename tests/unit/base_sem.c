/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/sem.h"
#include "base/time.h"
#include "tap.h"

#define LONG_MS 20000 /* more than a slow machine takes for the rest */
#define SHORT_MS 50

static void
test_past(void)
{
	sem_t s;

	(void)sem_init(&s, 0, 0);
	ok(!cs_sem_wait(&s, cs_time_mono_ms() - 1) && !cs_sem_wait(&s, 0) &&
	    !cs_sem_wait(&s, -1) && !cs_sem_wait(&s, INT64_MIN),
	    "a deadline that is past: none");
	(void)sem_post(&s);
	ok(cs_sem_wait(&s, cs_time_mono_ms() - 1), "one that was there before");
	(void)sem_post(&s);
	ok(cs_sem_wait(&s, -1), "and with a deadline below 0");
	(void)sem_post(&s);
	ok(cs_sem_wait(&s, INT64_MAX), "and without an end");
	ok(!cs_sem_wait(&s, 0), "each once");
	(void)sem_destroy(&s);
}

/* Of another clock, this would be over at once, or not for years. */
static void
test_clock(void)
{
	int64_t begin = cs_time_mono_ms(), took;
	sem_t s;

	(void)sem_init(&s, 0, 0);
	ok(!cs_sem_wait(&s, begin + SHORT_MS), "nobody comes");
	took = cs_time_mono_ms() - begin;
	ok(took >= SHORT_MS && took < LONG_MS,
	    "by the clock that only grows: %d ms", (int)took);
	(void)sem_destroy(&s);
}

struct waits {
	sem_t s;
	pthread_t thread;
	atomic_bool is_over;
	bool got;
};

static _Atomic int interrupts;

static void
interrupt(int signo)
{
	(void)signo;
	atomic_fetch_add(&interrupts, 1);
}

static void *
wait_long(void *arg)
{
	struct waits *w = arg;

	w->got = cs_sem_wait(&w->s, cs_time_mono_ms() + LONG_MS);
	atomic_store(&w->is_over, true);
	return NULL;
}

/* Signals come until some have been handled, most of them while it waits; then
 * it still waits. */
static void
hit_it(struct waits *w)
{
	int before;
	size_t i;

	for (i = 0; i < 50 && !atomic_load(&w->is_over); i++) {
		before = atomic_load(&interrupts);
		if (pthread_kill(w->thread, SIGUSR1) != 0)
			break;
		while (atomic_load(&interrupts) == before)
			(void)sched_yield();
	}
}

static void
test_signals(void)
{
	struct sigaction a = {.sa_handler = interrupt}; /* no SA_RESTART */
	struct waits w = {.got = false};

	(void)sigaction(SIGUSR1, &a, NULL);
	(void)sem_init(&w.s, 0, 0);
	atomic_init(&w.is_over, false);
	if (pthread_create(&w.thread, NULL, wait_long, &w) != 0) {
		ok(false, "a thread");
		return;
	}
	hit_it(&w);
	ok(atomic_load(&interrupts) == 50 && !atomic_load(&w.is_over),
	    "signals do not end it");
	(void)sem_post(&w.s);
	(void)pthread_join(w.thread, NULL);
	ok(w.got, "what comes from another thread does");
	(void)sem_destroy(&w.s);
}

int
main(void)
{
	test_past();
	test_clock();
	test_signals();
	return done_testing();
}
