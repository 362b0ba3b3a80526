/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <sched.h>
#include <stdatomic.h>

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
		put += cs_pool_put(p, count, &c, n == 1 ?
		    cs_time_mono_ms() + 60000 : 0, &e) == CS_OK;
	ok(put >= 4 && put <= 6, "%d of 20 have room", put);
	ok(!cs_pool_moves(p), "and wait");
	atomic_store(&c.hold, false);
	cs_pool_free(&p);
	ok(atomic_load(&c.done) == put && p == NULL,
	    "what had room was done before the end");
	ok(cs_pool_new(1, 4, &p, &e) == CS_OK &&
	    cs_pool_put(p, count, &c, 1, &e) == CS_OK, "one too late");
	cs_pool_free(&p);
	ok(atomic_load(&c.late) == 1, "is told so");
}

int
main(void)
{
	test_pool();
	return done_testing();
}
