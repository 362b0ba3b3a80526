/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/time.h"
#include "server/pool.h"
#include "tap.h"

/* Jobs that wait, jobs that find no room, jobs whose turn comes too late. */

struct counting {
	atomic_int done, late;
	atomic_bool hold;
};

static void
count(void *arg, bool late)
{
	struct counting *c = arg;

	while (atomic_load(&c->hold))
		(void)sched_yield();
	(void)atomic_fetch_add(late ? &c->late : &c->done, 1);
}

static void
test_pool(void)
{
	struct counting c;
	cs_pool *p = NULL;
	cs_err e = {0};
	int put = 0, n;

	atomic_init(&c.done, 0);
	atomic_init(&c.late, 0);
	atomic_init(&c.hold, true);
	ok(cs_pool_new(0, 4, &p, &e) != CS_OK && p == NULL, "no thread");
	ok(cs_pool_new(2, 4, &p, &e) == CS_OK && cs_pool_moves(p), "a pool");
	for (n = 0; n < 20; n++)
		put += cs_pool_put(p, NULL, count, &c, n == 1 ?
		    cs_time_mono_ms() + 60000 : 0, &e) == CS_OK;
	ok(put >= 4 && put <= 6, "%d of 20 have room", put);
	ok(!cs_pool_moves(p), "and wait");
	atomic_store(&c.hold, false);
	cs_pool_free(&p);
	ok(atomic_load(&c.done) == put && p == NULL,
	    "what had room was done before the end");
	ok(cs_pool_new(1, 4, &p, &e) == CS_OK &&
	    cs_pool_put(p, NULL, count, &c, 1, &e) == CS_OK, "one too late");
	cs_pool_free(&p);
	ok(atomic_load(&c.late) == 1, "is told so");
}

static char served[32]; /* by the one worker, and read when it has ended */
static size_t n_served;

static void
serve(void *arg, bool late)
{
	(void)late;
	served[n_served++] = *(const char *)arg;
}

/* Who came with many is not before those who came behind him. */
static void
test_turns(void)
{
	static char who[] = "abc";
	cs_lane lane[2] = {{.first = NULL}};
	struct counting c;
	cs_pool *p = NULL;
	size_t put = 0, i;

	atomic_init(&c.done, 0);
	atomic_init(&c.late, 0);
	atomic_init(&c.hold, true);
	if (cs_pool_new(1, 12, &p, NULL) != CS_OK ||
	    cs_pool_put(p, NULL, count, &c, 0, NULL) != CS_OK) {
		ok(false, "a worker that is held");
		return;
	}
	while (cs_pool_queued(p) != 0)
		(void)sched_yield();
	for (i = 0; i < 7; i++)
		put += cs_pool_put(p, &lane[0], serve, &who[0], 0, NULL) ==
		    CS_OK;
	for (i = 0; i < 2; i++)
		put += cs_pool_put(p, &lane[1], serve, &who[1], 0, NULL) ==
		    CS_OK;
	for (i = 0; i < 4; i++)
		put += cs_pool_put(p, NULL, serve, &who[2], 0, NULL) == CS_OK;
	ok(put == 12 && cs_pool_queued(p) == 12, "twelve have room");
	atomic_store(&c.hold, false);
	cs_pool_free(&p);
	ok(strcmp(served, "abcabcacaaaa") == 0, "in turn: %s", served);
	ok(lane[0].first == NULL && lane[1].first == NULL,
	    "and nothing is left");
}

int
main(void)
{
	test_pool();
	test_turns();
	return done_testing();
}
