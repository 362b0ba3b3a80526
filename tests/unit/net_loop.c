/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/loop.h"

#include <signal.h>
#include <unistd.h>

#include "tap.h"

struct seen {
	cs_loop *loop;
	cs_watch *watch;
	int fd, calls;
	int64_t rest_ms;
};

static void
on_read(void *arg)
{
	struct seen *s = arg;
	char c;

	if (read(s->fd, &c, 1) == 1 && ++s->calls == 2)
		cs_loop_stop(s->loop);
}

/* Rests after each octet, for as long as it is told first. */
static void
on_octet(void *arg)
{
	struct seen *s = arg;

	on_read(s);
	cs_watch_rest(s->watch, s->rest_ms);
	cs_watch_rest(s->watch, 0);
}

static void
on_time(void *arg)
{
	struct seen *s = arg;

	if (++s->calls == 3)
		cs_loop_stop(s->loop);
}

/* Two octets are there: with a long rest only the first one is heard while a
 * clock ticks three times; with a short one both are. */
static void
test_rest(cs_loop *l, int64_t ms, int want)
{
	struct seen s = {.loop = l, .rest_ms = ms}, clock = {.loop = l};
	cs_err e = {0};
	bool good;
	int p[2];

	good = pipe(p) == 0 && write(p[1], "ab", 2) == 2;
	s.fd = p[0];
	good = good && cs_loop_readable(l, p[0], on_octet, &s, &s.watch, &e) ==
	    CS_OK && (want == 2 || cs_loop_every(l, 1, on_time, &clock,
	    &clock.watch, &e) == CS_OK) && cs_loop_run(l, &e) == CS_OK;
	ok(good && s.calls == want, "a rest of %d ms: %d of two", (int)ms,
	    s.calls);
	cs_watch_free(&s.watch);
	cs_watch_free(&clock.watch);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void
test_rests(cs_loop *l)
{
	test_rest(l, 100000, 1);
	test_rest(l, 2, 2);
}

static void
raise_it(void *arg)
{
	struct seen *s = arg;

	(void)raise(SIGUSR1);
	cs_watch_free(&s->watch);
}

int
main(void)
{
	cs_err e = {0};
	cs_loop *l = NULL;
	cs_watch *w = NULL;
	struct seen s = {0}, once = {0};
	int p[2];

	if (!ok(cs_loop_new(&l, &e) == CS_OK && pipe(p) == 0, "a loop"))
		return done_testing();
	s = (struct seen){.loop = l, .fd = p[0]};
	ok(write(p[1], "ab", 2) == 2 && cs_loop_readable(l, p[0], on_read, &s,
	    &w, &e) == CS_OK && cs_loop_run(l, &e) == CS_OK && s.calls == 2,
	    "called while there is something to read");
	cs_watch_free(&w);
	ok(w == NULL, "freed");
	s.calls = 0;
	ok(cs_loop_every(l, 2, on_time, &s, &w, &e) == CS_OK &&
	    cs_loop_run(l, &e) == CS_OK && s.calls == 3, "called in time");
	cs_watch_free(&w);
	s.calls = 2;
	once.loop = l;
	ok(cs_loop_signal(l, SIGUSR1, on_time, &s, &w, &e) == CS_OK &&
	    cs_loop_every(l, 1, raise_it, &once, &once.watch, &e) == CS_OK &&
	    cs_loop_run(l, &e) == CS_OK && s.calls == 3 && once.watch == NULL,
	    "a signal, by a watch that frees itself");
	cs_watch_free(&w);
	cs_loop_stop(l);
	ok(cs_loop_run(l, &e) == CS_OK, "stopped before it ran");
	s.calls = 2;
	ok(cs_loop_every(l, 1, on_time, &s, &w, &e) == CS_OK &&
	    cs_loop_run(l, &e) == CS_OK && s.calls == 3, "and not for ever");
	cs_watch_free(&w);
	test_rests(l);
	cs_loop_free(&l);
	ok(l == NULL, "freed");
	(void)close(p[0]);
	(void)close(p[1]);
	return done_testing();
}
