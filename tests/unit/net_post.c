/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/post.h"
#include "tap.h"

/* A channel in a loop: what the peer does not read waits, and bounds us. */

#define BIG (CS_FRAME_MAX - 64)
#define MAX (3 * (size_t)CS_FRAME_MAX)
#define WAIT_MS 30000

static uint8_t octets[BIG];

struct bed {
	cs_loop *loop;
	cs_channel *near, *far;
	cs_post *post;
	unsigned frames, ends;
	uint64_t last;
	int fd;
	bool why, frees;
	char text[256];
};

static void
on_frame(void *arg, cs_frame *f)
{
	struct bed *b = arg;

	b->frames++;
	b->last = f->id;
	if (f->fd >= 0) {
		b->fd = f->fd;
		f->fd = -1; /* transferred */
	}
	cs_loop_stop(b->loop);
}

static void
on_end(void *arg, const char *why)
{
	struct bed *b = arg;

	b->ends++;
	b->why = why != NULL;
	(void)snprintf(b->text, sizeof(b->text), "%s", why != NULL ? why : "");
	if (b->frees)
		cs_post_free(&b->post);
	cs_loop_stop(b->loop);
}

static void
on_timer(void *arg)
{
	struct bed *b = arg;

	cs_loop_stop(b->loop);
}

static bool
open_bed(struct bed *b)
{
	const cs_post_env env = {.frame = on_frame, .end = on_end, .arg = b,
	    .max = MAX};
	int fd[2];

	*b = (struct bed){.fd = -1};
	return cs_channel_pair(fd, NULL) == CS_OK &&
	    cs_channel_new(fd[0], &b->near, NULL) == CS_OK &&
	    cs_channel_new(fd[1], &b->far, NULL) == CS_OK &&
	    cs_loop_new(&b->loop, NULL) == CS_OK &&
	    cs_post_new(b->loop, b->near, &env, &b->post, NULL) == CS_OK;
}

static void
close_bed(struct bed *b)
{
	cs_post_free(&b->post);
	cs_loop_free(&b->loop);
	cs_channel_free(&b->near);
	cs_channel_free(&b->far);
}

static cs_frame
frame(uint64_t id, size_t n)
{
	cs_frame f = {.type = 1, .id = id, .n = 1, .fd = -1};

	f.part[0] = cs_span_of(octets, n);
	return f;
}

static int
put(struct bed *b, uint64_t id, size_t n)
{
	const cs_frame f = frame(id, n);

	return cs_post_put(b->post, &f, NULL);
}

static bool
send_far(struct bed *b, uint64_t id, int fd)
{
	cs_frame f = frame(id, 100);

	f.fd = fd;
	return cs_channel_send(b->far, &f, cs_time_mono_ms() + WAIT_MS,
	    NULL) == CS_OK;
}

/* Until somebody calls back, or nothing does. */
static void
turn(struct bed *b)
{
	cs_watch *w = NULL;

	if (cs_loop_every(b->loop, 20, on_timer, b, &w, NULL) == CS_OK)
		(void)!cs_loop_run(b->loop, NULL);
	cs_watch_free(&w);
}

/* The frame that is there, while the loop turns: 0: none. */
static uint64_t
read_far(struct bed *b, size_t n)
{
	int64_t until = cs_time_mono_ms() + WAIT_MS;
	cs_frame *f = NULL;
	bool end = false;
	uint64_t id = 0;

	while (f == NULL && !end && cs_time_mono_ms() < until) {
		if (cs_channel_try(b->far, &f, &end, NULL) != CS_OK)
			break;
		if (f == NULL)
			turn(b);
	}
	if (f != NULL && f->n == 1 && cs_span_eq(f->part[0],
	    cs_span_of(octets, n)))
		id = f->id;
	cs_frame_free(&f);
	return id;
}

static void
test_frames(struct bed *b)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const cs_frame f = {.type = 1, .id = 9, .fd = fd};
	cs_frame *got = NULL;
	bool end = false;

	ok(open_bed(b), "a post");
	ok(put(b, 1, 10) == CS_OK && read_far(b, 10) == 1, "goes out");
	ok(send_far(b, 2, fd), "another is sent");
	turn(b);
	ok(b->frames == 1 && b->last == 2 && b->fd >= 0,
	    "comes, with its descriptor");
	(void)close(b->fd);
	ok(cs_post_put(b->post, &f, NULL) == CS_OK && cs_channel_receive(
	    b->far, cs_time_mono_ms() + WAIT_MS, &got, &end, NULL) == CS_OK &&
	    got != NULL && got->fd >= 0, "one goes out with a frame");
	cs_frame_free(&got);
	ok(!cs_post_ended(b->post) && cs_post_waiting(b->post) == 0,
	    "nothing waits");
	(void)close(fd);
}

static void
test_waiting(struct bed *b)
{
	uint64_t n = 0, i;
	int64_t began = cs_time_mono_ms();

	while (n < 100 && put(b, 100 + n, BIG) == CS_OK)
		n++;
	ok(n >= 3 && n < 6, "%u of a megabyte are taken, no more",
	    (unsigned)n);
	ok(cs_time_mono_ms() - began < WAIT_MS / 2, "at once");
	for (i = 0; i < n && read_far(b, BIG) == 100 + i; i++)
		continue;
	ok(i == n, "all come, in their order and whole");
	ok(put(b, 7, 10) == CS_OK && read_far(b, 10) == 7,
	    "then there is room");
	ok(cs_post_waiting(b->post) == 0, "nothing waits");
}

static void
test_end(struct bed *b)
{
	ok(put(b, 1, BIG) == CS_OK && cs_post_waiting(b->post) > 0,
	    "a peer that does not read");
	cs_channel_free(&b->far);
	turn(b);
	ok(b->ends == 1 && cs_post_ended(b->post), "goes: once");
	turn(b);
	ok(b->ends == 1 && cs_post_waiting(b->post) == 0, "never again");
	ok(put(b, 1, 10) == CS_EIO, "nothing goes to it");
	close_bed(b);

	ok(open_bed(b), "another");
	b->frees = true;
	ok(send(cs_channel_fd(b->far), "garbage", 7, MSG_NOSIGNAL) == 7,
	    "sends what is none");
	turn(b);
	ok(b->ends == 1 && b->why && b->post == NULL, "that ends it: %s",
	    b->text);
	close_bed(b);

	ok(open_bed(b) && send_far(b, 1, -1) && send_far(b, 2, -1),
	    "one that says two things");
	cs_channel_free(&b->far);
	turn(b);
	ok(b->frames == 2 && b->ends == 1 && !b->why,
	    "and goes: both are heard first");
	ok(put(b, 1, BIG + 4096) == CS_EIO, "it is gone");
	close_bed(b);
	ok(open_bed(b) && put(b, 1, BIG) == CS_OK, "freed with what waits");
	close_bed(b);
}

int
main(void)
{
	struct bed b;

	memset(octets, 'x', sizeof(octets));
	test_frames(&b);
	test_waiting(&b);
	test_end(&b);
	return done_testing();
}
