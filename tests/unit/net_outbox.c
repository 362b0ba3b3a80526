/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/time.h"
#include "net/outbox.h"
#include "tap.h"

/* What goes out to a peer that reads, that reads later, and that never does. */

#define WAIT_MS 20000
#define STUCK_MS 300
#define SENDERS 6
#define TURNS 400
#define LONG ((size_t)3 * CS_PACKET_MAX)
#define MANY 2000 /* more than a socket has room for */

static uint8_t octets[CS_FRAME_MAX + 1];

struct ends {
	cs_channel *ours, *peer;
	cs_outbox *out;
};

static bool
open_ends(struct ends *x, int stuck_ms)
{
	int fd[2];

	*x = (struct ends){.out = NULL};
	return cs_channel_pair(fd, NULL) == CS_OK &&
	    cs_channel_new(fd[0], &x->ours, NULL) == CS_OK &&
	    cs_channel_new(fd[1], &x->peer, NULL) == CS_OK &&
	    cs_outbox_new(x->ours, stuck_ms, &x->out, NULL) == CS_OK;
}

static void
close_ends(struct ends *x)
{
	cs_outbox_free(&x->out);
	cs_channel_free(&x->ours);
	cs_channel_free(&x->peer);
}

static int
put(struct ends *x, uint64_t id, size_t n, size_t max)
{
	const cs_frame f = {.type = 7, .id = id, .n = 1,
	    .part = {cs_span_of(octets, n)}, .fd = -1};

	return cs_outbox_put(x->out, &f, max, NULL);
}

/* The id of the next; 0: there is none. */
static uint64_t
next(struct ends *x, size_t n)
{
	cs_frame *f = NULL;
	bool end = false;
	uint64_t id = 0;

	if (cs_channel_receive(x->peer, cs_time_mono_ms() + WAIT_MS, &f, &end,
	    NULL) == CS_OK && f != NULL && f->n == 1 && f->part[0].n == n)
		id = f->id;
	cs_frame_free(&f);
	return id;
}

static void
test_plain(void)
{
	struct ends x;
	cs_frame much = {.type = 7, .n = 1, .fd = -1};

	ok(open_ends(&x, STUCK_MS), "an outbox");
	ok(put(&x, 1, 10, 0) == CS_OK && next(&x, 10) == 1,
	    "one alone is taken, whatever may wait");
	cs_outbox_settle(x.out);
	ok(!cs_outbox_left(x.out), "nothing waits");
	much.part[0] = cs_span_of(octets, sizeof(octets));
	ok(cs_outbox_put(x.out, &much, SIZE_MAX, NULL) == CS_EFORMAT,
	    "one that is too long");
	cs_channel_free(&x.peer);
	ok(put(&x, 2, 10, SIZE_MAX) == CS_OK &&
	    put(&x, 3, 10, SIZE_MAX) == CS_EIO && cs_outbox_left(x.out),
	    "a peer that has gone");
	close_ends(&x);
}

/* Nothing of what was put is lost or out of order. */
static void
test_later(void)
{
	struct ends x;
	uint64_t i, got = 0;
	int puts = 0;

	ok(open_ends(&x, WAIT_MS), "a peer that reads later");
	for (i = 1; i <= MANY; i++)
		puts += put(&x, i, i % 9 == 0 ? LONG : 10,
		    SIZE_MAX) == CS_OK;
	ok(puts == MANY, "waits for nobody");
	ok(put(&x, i, 10, 100) == CS_ETIMEOUT, "so much may not wait");
	for (i = 1; i <= MANY; i++)
		got += next(&x, i % 9 == 0 ? LONG : 10) == i;
	ok(got == MANY, "gets all, in order");
	cs_outbox_settle(x.out);
	ok(put(&x, i, 10, 100) == CS_OK && next(&x, 10) == i,
	    "and there is room again");
	close_ends(&x);
}

static void
test_never(void)
{
	struct ends x;
	uint64_t i;
	cs_frame *f = NULL;
	bool end = false;

	ok(open_ends(&x, STUCK_MS), "a peer that never reads");
	for (i = 1; put(&x, i, LONG, 1 << 20) == CS_OK; i++)
		continue;
	ok(i < 100, "octets that wait are bounded");
	cs_outbox_settle(x.out);
	ok(cs_outbox_left(x.out) && put(&x, i, 10, SIZE_MAX) == CS_EIO,
	    "it is left");
	while (cs_channel_receive(x.peer, cs_time_mono_ms() + WAIT_MS, &f,
	    &end, NULL) == CS_OK && !end)
		cs_frame_free(&f);
	cs_frame_free(&f);
	ok(end, "and told so");
	close_ends(&x);
}

struct sender {
	struct ends *ends;
	pthread_t thread;
	uint64_t first;
	int puts;
};

static void *
send_many(void *arg)
{
	struct sender *s = arg;
	int i;

	for (i = 0; i < TURNS; i++)
		s->puts += put(s->ends, s->first + (uint64_t)i, i % 50 == 0 ?
		    LONG : 10, SIZE_MAX) == CS_OK;
	return NULL;
}

static bool
reads_all(struct ends *x)
{
	static bool seen[SENDERS * TURNS + 1];
	cs_frame *f = NULL;
	bool end = false;
	int n = 0;

	while (n < SENDERS * TURNS && cs_channel_receive(x->peer,
	    cs_time_mono_ms() + WAIT_MS, &f, &end, NULL) == CS_OK && !end) {
		if (f != NULL && f->id <= SENDERS * TURNS && !seen[f->id]) {
			seen[f->id] = true;
			n++;
		}
		cs_frame_free(&f);
	}
	return n == SENDERS * TURNS;
}

static void
test_threads(void)
{
	struct ends x;
	struct sender s[SENDERS] = {{.puts = 0}};
	int i, puts = 0;

	ok(open_ends(&x, WAIT_MS), "many senders");
	for (i = 0; i < SENDERS; i++) {
		s[i].ends = &x;
		s[i].first = 1 + (uint64_t)i * TURNS;
		if (pthread_create(&s[i].thread, NULL, send_many, &s[i]) != 0)
			exit(99);
	}
	ok(reads_all(&x), "each frame arrives, once");
	for (i = 0; i < SENDERS; i++) {
		(void)pthread_join(s[i].thread, NULL);
		puts += s[i].puts;
	}
	ok(puts == SENDERS * TURNS, "and was taken");
	close_ends(&x);
}

static void *
read_100(void *arg)
{
	struct ends *x = arg;
	static int got;

	while (got < 100 && next(x, LONG) != 0)
		got++;
	return &got;
}

/* What waits when it is freed goes out before. */
static void
test_free(void)
{
	struct ends x;
	pthread_t thread;
	void *got = NULL;
	uint64_t i;

	ok(open_ends(&x, WAIT_MS), "an outbox");
	for (i = 1; i <= 100; i++)
		if (put(&x, i, LONG, SIZE_MAX) != CS_OK)
			break;
	if (pthread_create(&thread, NULL, read_100, &x) != 0)
		exit(99);
	cs_outbox_free(&x.out);
	cs_channel_free(&x.ours);
	(void)pthread_join(thread, &got);
	ok(i == 101 && got != NULL && *(int *)got == 100,
	    "is emptied before it is freed");
	close_ends(&x);
}

int
main(void)
{
	test_plain();
	test_later();
	test_never();
	test_threads();
	test_free();
	return done_testing();
}
