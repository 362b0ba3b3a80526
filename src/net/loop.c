/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/loop.h"

#include <stdlib.h>

#include <event2/event.h>

#include "net/loopp.h"

static const char where[] = "net/loop";

struct cs_loop {
	struct event_base *base;
	bool stopped;
};

struct cs_watch {
	struct event *event;
	struct event *again; /* after a rest; NULL: it had none yet */
	void (*fn)(void *arg);
	void *arg;
};

int
cs_loop_new(cs_loop **out, cs_err *e)
{
	struct event_config *config = event_config_new();
	cs_loop *l = calloc(1, sizeof(*l));

	*out = NULL;
	/* No word of the environment decides how we wait. */
	if (l != NULL && config != NULL && event_config_set_flag(config,
	    EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NOLOCK) == 0)
		l->base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (l == NULL || l->base == NULL) {
		free(l);
		return cs_fail(e, CS_EBUG, where, "cannot make an event loop");
	}
	*out = l;
	return CS_OK;
}

void
cs_loop_free(cs_loop **lp)
{
	if (lp == NULL || *lp == NULL)
		return;
	event_base_free((*lp)->base);
	free(*lp);
	*lp = NULL;
}

struct event_base *
cs_loop_base(cs_loop *l)
{
	return l->base;
}

int
cs_loop_run(cs_loop *l, cs_err *e)
{
	int n = 0;

	if (!l->stopped)
		n = event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	l->stopped = false;
	return n >= 0 ? CS_OK : cs_fail(e, CS_EIO, where,
	    "the event loop failed");
}

void
cs_loop_stop(cs_loop *l)
{
	l->stopped = true;
	(void)event_base_loopbreak(l->base);
}

/* The watch may be freed by what it calls. */
static void
happened(evutil_socket_t fd, short what, void *arg)
{
	cs_watch *w = arg;

	(void)fd;
	(void)what;
	w->fn(w->arg);
}

static int
watch(cs_loop *l, int fd, short what, const struct timeval *every,
    void (*fn)(void *arg), void *arg, cs_watch **out, cs_err *e)
{
	cs_watch *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (w == NULL)
		return cs_nomem(e, where);
	w->fn = fn;
	w->arg = arg;
	w->event = event_new(l->base, fd, (short)(what | EV_PERSIST), happened,
	    w);
	if (w->event == NULL || event_add(w->event, every) != 0) {
		cs_watch_free(&w);
		return cs_fail(e, CS_EIO, where, "cannot watch %d", fd);
	}
	*out = w;
	return CS_OK;
}

int
cs_loop_readable(cs_loop *l, int fd, void (*fn)(void *arg), void *arg,
    cs_watch **out, cs_err *e)
{
	return watch(l, fd, EV_READ, NULL, fn, arg, out, e);
}

int
cs_loop_writable(cs_loop *l, int fd, void (*fn)(void *arg), void *arg,
    cs_watch **out, cs_err *e)
{
	return watch(l, fd, EV_WRITE, NULL, fn, arg, out, e);
}

static struct timeval
timeval_of(int64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

int
cs_loop_every(cs_loop *l, int64_t ms, void (*fn)(void *arg), void *arg,
    cs_watch **out, cs_err *e)
{
	struct timeval tv = timeval_of(ms);

	return watch(l, -1, 0, &tv, fn, arg, out, e);
}

int
cs_loop_signal(cs_loop *l, int signo, void (*fn)(void *arg), void *arg,
    cs_watch **out, cs_err *e)
{
	return watch(l, signo, EV_SIGNAL, NULL, fn, arg, out, e);
}

/* Where the kernel has no memory for it now it rests once more. */
static void
rested(evutil_socket_t fd, short what, void *arg)
{
	struct timeval soon = timeval_of(1);
	cs_watch *w = arg;

	(void)fd;
	(void)what;
	if (event_add(w->event, NULL) != 0)
		(void)event_add(w->again, &soon);
}

void
cs_watch_rest(cs_watch *w, int64_t ms)
{
	struct timeval tv = timeval_of(ms);

	if (w->again == NULL)
		w->again = event_new(event_get_base(w->event), -1, 0, rested,
		    w);
	if (w->again != NULL && event_pending(w->again, EV_TIMEOUT, NULL) ==
	    0 && event_add(w->again, &tv) == 0)
		(void)event_del(w->event);
}

void
cs_watch_free(cs_watch **wp)
{
	if (wp == NULL || *wp == NULL)
		return;
	if ((*wp)->again != NULL)
		event_free((*wp)->again);
	if ((*wp)->event != NULL)
		event_free((*wp)->event);
	free(*wp);
	*wp = NULL;
}
