/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/agent.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "signer/agentmsg.h"

#define BUSY_MS 50 /* between two knocks where others wait before us */

static const char where[] = "signer/agent";

struct cs_agent {
	int fd;
	const char *path;
};

static int
time_left(int64_t deadline_ms)
{
	int64_t left = deadline_ms - cs_time_mono_ms();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int
late(const cs_agent *a, cs_err *e)
{
	return cs_fail(e, CS_ETIMEOUT, where,
	    "the agent at %s did not answer in time", a->path);
}

static int
wait_for(const cs_agent *a, short events, int64_t deadline_ms, cs_err *e)
{
	struct pollfd p = {.fd = a->fd, .events = events};
	int left, n;

	for (;;) {
		if ((left = time_left(deadline_ms)) == 0)
			return late(a, e);
		if ((n = poll(&p, 1, left)) > 0)
			return CS_OK;
		if (n < 0 && errno != EINTR)
			return cs_fail(e, CS_EIO, where, "poll: %s",
			    strerror(errno));
	}
}

static int
check_path(const char *path, cs_err *e)
{
	struct sockaddr_un sun;
	struct stat st;

	if (strlen(path) >= sizeof(sun.sun_path))
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: a socket's path has at most %zu characters", path,
		    sizeof(sun.sun_path) - 1);
	if (stat(path, &st) != 0)
		return cs_fail(e, CS_EDEVICE, where, "no agent at %s: %s%s",
		    path, strerror(errno), errno == ENOENT ?
		    " (it has ended, or SSH_AUTH_SOCK is an old one's)" : "");
	if (!S_ISSOCK(st.st_mode))
		return cs_fail(e, CS_EDEVICE, where,
		    "no agent at %s: it is not a socket", path);
	return CS_OK;
}

static int
fail_connect(const char *path, int why, cs_err *e)
{
	return cs_fail(e, CS_EDEVICE, where, "no agent at %s: %s%s", path,
	    strerror(why), why == ECONNREFUSED ?
	    " (it has ended and left its socket behind)" : "");
}

/* A queue that is full is no failure yet, and nothing tells when it is not. */
static int
reach(const cs_agent *a, int64_t deadline_ms, cs_err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, a->path, strlen(a->path) + 1);
	while (connect(a->fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		if (errno == EISCONN)
			break;
		if (errno != EAGAIN && errno != EINTR && errno != EINPROGRESS)
			return fail_connect(a->path, errno, e);
		if (time_left(deadline_ms) == 0)
			return late(a, e);
		(void)poll(NULL, 0, BUSY_MS);
	}
	return CS_OK;
}

int
cs_agent_open(const char *path, int64_t deadline_ms, cs_agent **out, cs_err *e)
{
	cs_agent *a = NULL;
	int r;

	*out = NULL;
	if ((r = check_path(path, e)) != CS_OK)
		return r;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return cs_nomem(e, where);
	a->path = path;
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		r = cs_fail(e, CS_EIO, where, "socket: %s", strerror(errno));
	else if ((r = reach(a, deadline_ms, e)) == CS_OK) {
		*out = a;
		a = NULL; /* transferred */
	}
	cs_agent_close(&a);
	return r;
}

void
cs_agent_close(cs_agent **a)
{
	if (a == NULL || *a == NULL)
		return;
	if ((*a)->fd >= 0)
		(void)close((*a)->fd);
	free(*a);
	*a = NULL;
}

int
cs_agent_fd(const cs_agent *a)
{
	return a->fd;
}

static int
gone(const cs_agent *a, int why, cs_err *e)
{
	return cs_fail(e, CS_EDEVICE, where, "the agent at %s is gone: %s",
	    a->path, why == 0 ? "it closed the connection" : strerror(why));
}

/* Nothing is there that was not asked for. */
static int
check_quiet(const cs_agent *a, cs_err *e)
{
	uint8_t b;

	if (recv(a->fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, where,
	    "the agent at %s says more than it was asked", a->path);
}

int
cs_agent_send(cs_agent *a, cs_span message, int64_t deadline_ms, cs_err *e)
{
	size_t at = 0;
	ssize_t n;
	int r;

	if ((r = check_quiet(a, e)) != CS_OK)
		return r;
	while (at < message.n) {
		if ((r = wait_for(a, POLLOUT, deadline_ms, e)) != CS_OK)
			return r;
		n = send(a->fd, message.p + at, message.n - at, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return gone(a, errno, e);
		at += n > 0 ? (size_t)n : 0;
	}
	return CS_OK;
}

/* Reads until the buf holds `want` octets. */
static int
fill(cs_agent *a, cs_buf *b, size_t want, int64_t deadline_ms, cs_err *e)
{
	ssize_t n;
	int r;

	while (cs_buf_len(b) < want) {
		if ((r = wait_for(a, POLLIN, deadline_ms, e)) != CS_OK)
			return r;
		n = recv(a->fd, cs_buf_tail(b), want - cs_buf_len(b), 0);
		if (n == 0)
			return gone(a, 0, e);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return gone(a, errno, e);
		if (n > 0 && (r = cs_buf_grew(b, (size_t)n)) != CS_OK)
			return cs_fail(e, r, where, "no room for an answer");
	}
	return CS_OK;
}

int
cs_agent_receive(cs_agent *a, int64_t deadline_ms, cs_buf **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_AGENT_MESSAGE_MAX);
	size_t n = 0;
	int r;

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, where);
	if ((r = fill(a, b, 4, deadline_ms, e)) != CS_OK ||
	    (r = cs_agentmsg_length(cs_buf_span(b), &n, e)) != CS_OK)
		goto out;
	cs_buf_reset(b);
	if ((r = fill(a, b, n, deadline_ms, e)) == CS_OK &&
	    (r = check_quiet(a, e)) == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
out:
	cs_buf_free(&b);
	return r;
}
