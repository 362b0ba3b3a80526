/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/frame.h"
#include "tap.h"

/* Frames between two ends, and what a hostile end may send. */

#define SENDERS 8
#define TURNS 200

static uint8_t octets[3 * CS_FRAME_MAX];

struct ends {
	cs_channel *a, *b;
	int raw; /* of a, for what no channel sends */
};

static bool
open_ends(struct ends *x, cs_err *e)
{
	int fd[2] = {-1, -1};

	*x = (struct ends){.raw = -1};
	if (cs_channel_pair(fd, e) != CS_OK)
		return false;
	x->raw = dup(fd[0]);
	return cs_channel_new(fd[0], &x->a, e) == CS_OK &&
	    cs_channel_new(fd[1], &x->b, e) == CS_OK;
}

static void
close_ends(struct ends *x)
{
	cs_channel_free(&x->a);
	cs_channel_free(&x->b);
	if (x->raw >= 0)
		(void)close(x->raw);
	x->raw = -1;
}

static int
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static cs_frame
frame_of(uint64_t id, size_t n)
{
	cs_frame f = {.type = 7, .id = id, .n = 2, .fd = -1};

	f.part[0] = cs_span_str("part");
	f.part[1] = cs_span_of(octets + id % 251, n);
	return f;
}

static bool
frame_is(const cs_frame *f, uint64_t id, size_t n)
{
	return f != NULL && f->type == 7 && f->id == id && f->n == 2 &&
	    cs_span_is(f->part[0], "part") && f->part[1].n == n &&
	    (n == 0 || cs_span_eq(f->part[1],
	    cs_span_of(octets + id % 251, n)));
}

static bool
gets(cs_channel *c, uint64_t id, size_t n)
{
	cs_frame *f = NULL;
	bool end = true, same;
	cs_err e = {0};

	same = cs_channel_receive(c, cs_time_mono_ms() + 20000, &f, &end,
	    &e) == CS_OK && !end && frame_is(f, id, n);
	if (!same)
		printf("# %s\n", e.text);
	cs_frame_free(&f);
	return same;
}

static bool
sends(cs_channel *c, uint64_t id, size_t n)
{
	cs_frame f = frame_of(id, n);
	cs_err e = {0};

	return cs_channel_send(c, &f, cs_time_mono_ms() + 20000, &e) == CS_OK;
}

static void
test_plain(cs_err *e)
{
	struct ends x;
	cs_frame *f = NULL;
	bool end = true;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	ok(fcntl(cs_channel_fd(x.a), F_GETFD) == FD_CLOEXEC &&
	    fcntl(cs_channel_fd(x.b), F_GETFD) == FD_CLOEXEC, "close-on-exec");
	ok(cs_channel_try(x.b, &f, &end, e) == CS_OK && f == NULL && !end,
	    "nothing there");
	ok(cs_channel_receive(x.b, cs_time_mono_ms() + 10, &f, &end, e) ==
	    CS_ETIMEOUT && f == NULL && !end, "nothing comes in time");
	ok(sends(x.a, 1, 0) && sends(x.a, 2, 100) && gets(x.b, 1, 0) &&
	    gets(x.b, 2, 100), "one after the other");
	ok(sends(x.b, 3, 5) && gets(x.a, 3, 5), "and back");
	cs_channel_free(&x.a);
	(void)close(x.raw);
	x.raw = -1;
	ok(cs_channel_receive(x.b, 0, &f, &end, e) == CS_OK && f == NULL &&
	    end, "the peer has closed");
	ok(cs_channel_try(x.b, &f, &end, e) == CS_OK && f == NULL && end,
	    "and remains so");
	ok(!sends(x.b, 1, 1), "nobody to send to");
	close_ends(&x);
	ok(cs_channel_new(-1, &x.a, e) == CS_EIO && x.a == NULL,
	    "no descriptor");
}

static void
test_last_words(cs_err *e)
{
	struct ends x;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	ok(sends(x.b, 4, 10) && sends(x.a, 5, 10) && sends(x.a, 6, 10),
	    "each says something");
	(void)close(x.raw);
	x.raw = -1;
	cs_channel_free(&x.a);
	ok(gets(x.b, 5, 10) && gets(x.b, 6, 10),
	    "what a peer said that died with something unread");
	close_ends(&x);
}

static void *
reader(void *arg)
{
	cs_channel *c = arg;
	size_t i;

	for (i = 0; i < 40; i++) {
		if (!gets(c, i, CS_PACKET_MAX - 50 + i))
			return NULL;
	}
	return gets(c, 40, CS_FRAME_MAX - 400) ? arg : NULL;
}

static void *
long_reader(void *arg)
{
	return gets(arg, 41, sizeof(octets) - 64) ? arg : NULL;
}

static void *
long_sender(void *arg)
{
	cs_frame f = frame_of(1, CS_FRAME_MAX);
	cs_err e = {0};

	return cs_channel_send(arg, &f, cs_time_mono_ms() + 5000, &e) == CS_OK ?
	    arg : NULL;
}

static void
test_long(cs_err *e)
{
	struct ends x;
	pthread_t t;
	void *good = NULL;
	size_t i;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	(void)pthread_create(&t, NULL, reader, x.b);
	for (i = 0; i < 40; i++)
		(void)sends(x.a, i, CS_PACKET_MAX - 50 + i);
	(void)sends(x.a, 40, CS_FRAME_MAX - 400);
	(void)pthread_join(t, &good);
	ok(good != NULL, "frames around the length of a packet, and a long one");
	close_ends(&x);
}

/* Both ends of a channel for long frames have to say so. */
static void
test_longer(cs_err *e)
{
	struct ends x;
	cs_frame f = frame_of(1, CS_FRAME_MAX), *got = NULL;
	bool end = false;
	pthread_t t;
	void *good = NULL;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	ok(cs_channel_send(x.a, &f, 0, e) == CS_EFORMAT,
	    "a long frame is not sent");
	cs_channel_long(x.b, CS_LONG_IN);
	cs_channel_long(x.a, CS_LONG_OUT);
	(void)pthread_create(&t, NULL, long_reader, x.b);
	(void)sends(x.a, 41, sizeof(octets) - 64);
	(void)pthread_join(t, &good);
	ok(good != NULL, "but where both ends say so");
	f = frame_of(1, CS_FRAME_MAX);
	ok(cs_channel_send(x.b, &f, 0, e) == CS_EFORMAT, "and that way alone");
	cs_channel_long(x.b, CS_LONG_OUT);
	(void)pthread_create(&t, NULL, long_sender, x.b);
	ok(cs_channel_receive(x.a, 0, &got, &end, e) == CS_EFORMAT && end,
	    "one that nobody wants ends it");
	(void)pthread_join(t, &good);
	cs_frame_free(&got);
	close_ends(&x);
}

static void
test_slow(cs_err *e)
{
	struct ends x;
	cs_frame f = frame_of(9, CS_FRAME_MAX - 400);
	bool end = false;
	cs_frame *got = NULL;
	int rc;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	rc = cs_channel_send(x.a, &f, cs_time_mono_ms() + 20, e);
	ok(rc == CS_ETIMEOUT, "who does not read is not waited for");
	ok(cs_channel_try(x.b, &got, &end, e) == CS_OK && got == NULL && !end,
	    "half a frame is none");
	ok(sends(x.a, 10, 300) && gets(x.b, 10, 300),
	    "and the next one comes whole");
	rc = cs_channel_send(x.a, &f, cs_time_mono_ms() + 20, e);
	(void)close(x.raw);
	x.raw = -1;
	cs_channel_free(&x.a);
	ok(rc == CS_ETIMEOUT && cs_channel_receive(x.b, 0, &got, &end, e) ==
	    CS_OK && got == NULL && end, "an end in the middle of a frame");
	close_ends(&x);
}

static void
test_descriptors(cs_err *e)
{
	struct ends x;
	int before = open_fds(), p[2] = {-1, -1};
	cs_frame *got = NULL, f = frame_of(11, CS_PACKET_MAX + 1);
	bool end = false;
	char c = 0;

	if (!ok(open_ends(&x, e) && pipe(p) == 0, "two ends, and a pipe"))
		return;
	f.fd = p[1];
	ok(cs_channel_send(x.a, &f, 0, e) == CS_OK &&
	    cs_channel_receive(x.b, 0, &got, &end, e) == CS_OK &&
	    got->fd >= 0 && got->fd != p[1] &&
	    fcntl(got->fd, F_GETFD) == FD_CLOEXEC, "a descriptor travels");
	ok(write(got->fd, "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x',
	    "and it is that one");
	cs_frame_free(&got);
	ok(cs_channel_send(x.a, &f, 0, e) == CS_OK, "another, never read");
	f.part[1].n = CS_FRAME_MAX - 400;
	ok(cs_channel_send(x.a, &f, cs_time_mono_ms() + 20, e) == CS_ETIMEOUT &&
	    cs_channel_receive(x.b, 0, &got, &end, e) == CS_OK,
	    "one with half a frame");
	cs_frame_free(&got);
	ok(cs_channel_try(x.b, &got, &end, e) == CS_OK && got == NULL,
	    "which is all");
	close_ends(&x);
	(void)close(p[0]);
	(void)close(p[1]);
	ok(open_fds() == before, "none is left over");
}

/* One packet, with so many descriptors. */
static bool
raw_send(int fd, const uint8_t *p, size_t n, size_t fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] =
	    {0};
	struct iovec v = {(void *)(uintptr_t)p, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct cmsghdr *c;
	size_t i;
	int zero = 0;

	if (fds > 0) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &zero,
			    sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)n;
}

/* What no frame is ends the channel: for its reader, and for its sender. */
static void
refuses(const char *what, const uint8_t *p, size_t n, size_t fds, bool after)
{
	static const uint8_t begin[] = {CS_PACKET_FIRST, 'C', 'S', 'F', '1'};
	int before = open_fds();
	cs_frame *f = NULL;
	bool end = false, sent, over;
	struct ends x;
	cs_err e = {0};

	if (!open_ends(&x, &e))
		return;
	sent = (!after || raw_send(x.raw, begin, sizeof(begin), 0)) &&
	    raw_send(x.raw, p, n, fds);
	ok(sent && cs_channel_receive(x.b, cs_time_mono_ms() + 1000, &f, &end,
	    &e) == CS_EFORMAT && f == NULL && end, "%s: %s", what, e.text);
	over = cs_channel_try(x.b, &f, &end, &e) == CS_OK && f == NULL && end &&
	    !sends(x.a, 1, 1) && !sends(x.b, 1, 1);
	close_ends(&x);
	ok(over && open_fds() == before, "which is the end of it");
}

static void
test_hostile(cs_err *e)
{
	uint8_t whole[21] = {CS_PACKET_FIRST | CS_PACKET_LAST, 'C', 'S', 'F',
	    '1'};
	static uint8_t big[CS_PACKET_MAX + 2] = {CS_PACKET_FIRST};
	struct ends x;
	cs_frame *f = NULL;
	bool end = false;
	int i;

	ok(open_ends(&x, e) && raw_send(x.raw, whole, sizeof(whole), 1) &&
	    cs_channel_try(x.b, &f, &end, e) == CS_OK && f != NULL && !end &&
	    f->fd >= 0, "by hand: a frame with a descriptor");
	cs_frame_free(&f);
	close_ends(&x);
	refuses("two descriptors", whole, sizeof(whole), 2, false);
	refuses("eight descriptors", whole, sizeof(whole), 8, false);
	refuses("flags alone", whole, 1, 0, false);
	refuses("a frame cut short", whole, 20, 0, false);
	big[0] = CS_PACKET_FIRST;
	refuses("too long a packet", big, sizeof(big), 0, false);
	whole[0] = 7;
	refuses("an unknown flag", whole, sizeof(whole), 0, false);
	whole[0] = CS_PACKET_LAST;
	refuses("no first packet", whole, sizeof(whole), 0, false);
	refuses("a descriptor with a later packet", whole, sizeof(whole), 1,
	    true);
	big[0] = 0;
	if (!open_ends(&x, e))
		return;
	ok(raw_send(x.raw, (const uint8_t *)"\001", 1, 0), "a first packet");
	for (i = 0; i < 16; i++)
		(void)(raw_send(x.raw, big, CS_PACKET_MAX + 1, 0) &&
		    cs_channel_try(x.b, &f, &end, e) == CS_OK);
	ok(!end, "and then as much as a frame may have");
	ok(raw_send(x.raw, big, 2, 0) && cs_channel_try(x.b, &f, &end, e) ==
	    CS_EFORMAT && end, "one octet more: %s", e->text);
	close_ends(&x);
}

/* Whoever begins again and again does not keep an event loop for ever. */
static void
test_restless(cs_err *e)
{
	const uint8_t begin = CS_PACKET_FIRST;
	struct ends x;
	cs_frame *f = NULL;
	bool end = false;
	int i, calls = 0;

	if (!open_ends(&x, e))
		return;
	for (i = 0; i < 100; i++)
		(void)raw_send(x.raw, &begin, 1, 0);
	(void)sends(x.a, 1, 1);
	while (f == NULL && !end && calls < 10) {
		calls++;
		if (cs_channel_try(x.b, &f, &end, e) != CS_OK)
			break;
	}
	ok(calls == 4 && frame_is(f, 1, 1), "a hundred beginnings: %d turns",
	    calls);
	cs_frame_free(&f);
	close_ends(&x);
}

static atomic_int unsent;

static void *
sender(void *arg)
{
	static atomic_int number;
	uint64_t me = (uint64_t)number++;
	uint64_t i;

	for (i = 0; i < TURNS; i++) {
		if (!sends(arg, me * TURNS + i, i % 50 == 0 ?
		    CS_PACKET_MAX + i * 100 : i))
			unsent++;
	}
	return NULL;
}

static void
test_senders(cs_err *e)
{
	static uint8_t seen[SENDERS * TURNS];
	uint64_t turn[SENDERS] = {0};
	pthread_t t[SENDERS];
	cs_frame *f = NULL;
	bool end = false;
	struct ends x;
	int i, wrong = 0;

	if (!ok(open_ends(&x, e), "two ends"))
		return;
	for (i = 0; i < SENDERS; i++)
		(void)pthread_create(&t[i], NULL, sender, x.a);
	for (i = 0; i < SENDERS * TURNS; i++) {
		if (cs_channel_receive(x.b, cs_time_mono_ms() + 60000, &f,
		    &end, e) != CS_OK || f == NULL)
			break;
		if (f->id >= SENDERS * TURNS || seen[f->id]++ != 0 ||
		    f->id % TURNS != turn[f->id / TURNS]++ ||
		    !frame_is(f, f->id, f->part[1].n))
			wrong++;
		cs_frame_free(&f);
	}
	ok(i == SENDERS * TURNS && wrong == 0, "%d senders: %d frames, whole "
	    "and in each one's order", SENDERS, i);
	cs_frame_free(&f);
	if (i != SENDERS * TURNS)
		cs_channel_free(&x.b);
	for (i = 0; i < SENDERS; i++)
		(void)pthread_join(t[i], NULL);
	ok(unsent == 0, "all were sent");
	close_ends(&x);
}

int
main(void)
{
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + i / 256);
	test_plain(&e);
	test_last_words(&e);
	test_long(&e);
	test_longer(&e);
	test_slow(&e);
	test_descriptors(&e);
	test_hostile(&e);
	test_restless(&e);
	test_senders(&e);
	return done_testing();
}
