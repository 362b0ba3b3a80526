/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define N_SIGNALS 8

struct cs_wait {
	int64_t deadline_ms;
	int wake[2]; /* the handler writes, poll() sees */
	sigset_t mask;
	struct sigaction old[N_SIGNALS];
};

static const struct {
	int signal;
	bool wakes; /* else it is ignored: nothing may stop who holds the
		     * terminal's echo */
} signals[N_SIGNALS] = {{SIGINT, true}, {SIGTERM, true},
    {SIGHUP, true}, {SIGQUIT, true}, {SIGCHLD, true}, {SIGTSTP, false},
    {SIGTTIN, false}, {SIGTTOU, false}};

/* The open wait's wake[1], -1 when none is open: the one variable that a
 * handler needs, since a handler has no other argument than the signal. It may
 * run in any thread. */
static volatile sig_atomic_t wake_fd = -1;

static void
on_signal(int sig)
{
	unsigned char c = (unsigned char)sig;
	int saved = errno, fd = wake_fd;
	ssize_t n = fd >= 0 ? write(fd, &c, 1) : 0;

	(void)n; /* a full pipe wakes its reader as well */
	errno = saved;
}

static void
install(cs_wait *w)
{
	struct sigaction sa = {0};
	sigset_t open;
	size_t i;

	(void)sigemptyset(&open);
	(void)sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	for (i = 0; i < N_SIGNALS; i++) {
		sa.sa_handler = signals[i].wakes ? on_signal : SIG_IGN;
		(void)sigaction(signals[i].signal, &sa, &w->old[i]);
		(void)sigaddset(&open, signals[i].signal);
	}
	/* Whoever started us may have blocked them. */
	(void)pthread_sigmask(SIG_UNBLOCK, &open, &w->mask);
}

int
cs_wait_begin(int64_t deadline_ms, cs_wait **out, cs_err *e)
{
	cs_wait *w;

	*out = NULL;
	if (wake_fd != -1)
		return cs_fail(e, CS_EBUG, "wait", "already waiting");
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return cs_nomem(e, "wait");
	w->deadline_ms = deadline_ms;
	if (pipe2(w->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(w);
		return cs_fail(e, CS_EIO, "wait", "pipe: %s",
		    strerror(errno));
	}
	wake_fd = w->wake[1];
	install(w);
	*out = w;
	return CS_OK;
}

void
cs_wait_end(cs_wait **wp)
{
	cs_wait *w;
	size_t i;

	if (wp == NULL || (w = *wp) == NULL)
		return;
	(void)pthread_sigmask(SIG_SETMASK, &w->mask, NULL);
	for (i = 0; i < N_SIGNALS; i++)
		(void)sigaction(signals[i].signal, &w->old[i], NULL);
	wake_fd = -1;
	(void)close(w->wake[0]);
	(void)close(w->wake[1]);
	free(w);
	*wp = NULL;
}

void
cs_wait_move(cs_wait *w, int64_t deadline_ms)
{
	w->deadline_ms = deadline_ms;
}

/* Takes the signals that arrived out of the pipe. */
static int
drain(const cs_wait *w, bool *child, cs_err *e)
{
	unsigned char c;

	while (read(w->wake[0], &c, 1) == 1) {
		if (c != SIGCHLD)
			return cs_fail(e, CS_EINTR, "wait", "interrupted");
		*child = true;
	}
	return CS_OK;
}

/* Milliseconds that are left, -1 for ever, 0 when none are. */
static int
time_left(const cs_wait *w)
{
	int64_t left;

	if (w->deadline_ms == 0)
		return -1;
	left = w->deadline_ms - cs_time_mono_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int
cs_wait_fd(cs_wait *w, int fd, short events, cs_err *e)
{
	struct pollfd p[2] = {{.fd = w->wake[0], .events = POLLIN},
	    {.fd = fd, .events = events}};
	bool child = false;
	int r, left;

	for (;;) {
		if ((left = time_left(w)) == 0)
			return cs_fail(e, CS_ETIMEOUT, "wait",
			    "nobody answered in time");
		if (poll(p, 2, left) < 0 && errno != EINTR)
			return cs_fail(e, CS_EIO, "wait", "poll: %s",
			    strerror(errno));
		if ((r = drain(w, &child, e)) != CS_OK)
			return r;
		if (child || (fd >= 0 && p[1].revents != 0))
			return CS_OK;
	}
}
