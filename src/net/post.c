/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/post.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "net/framep.h"

static const char where[] = "net/post";

#define FRAMES_A_TURN 32 /* others want to be heard, too */

STAILQ_HEAD(letters, letter);

struct letter {
	STAILQ_ENTRY(letter) next;
	cs_buf *data;
	size_t at;
};

struct cs_post {
	cs_loop *loop;
	cs_channel *channel;
	cs_post_env env;
	cs_watch *reads, *writes; /* writes: while something waits */
	struct letters letters;
	size_t waiting;
	bool ended;
};

static void
drop_letter(cs_post *p, struct letter *l)
{
	p->waiting -= cs_buf_len(l->data) - l->at;
	STAILQ_REMOVE_HEAD(&p->letters, next);
	cs_buf_free(&l->data);
	free(l);
}

static void
let_go(cs_post *p)
{
	struct letter *l;

	p->ended = true;
	cs_watch_free(&p->reads);
	cs_watch_free(&p->writes);
	while ((l = STAILQ_FIRST(&p->letters)) != NULL)
		drop_letter(p, l);
}

/* Last thing in a callback: whoever hears it may free the post. */
static void
end(cs_post *p, const char *why)
{
	let_go(p);
	p->env.end(p->env.arg, why);
}

/* As many of those that wait as the peer takes now. */
static int
send_some(cs_post *p, cs_err *e)
{
	struct letter *l;
	size_t before;
	int rc;

	while ((l = STAILQ_FIRST(&p->letters)) != NULL) {
		before = l->at;
		rc = cs_channel_push(p->channel, cs_buf_span(l->data), -1,
		    &l->at, e);
		p->waiting -= l->at - before;
		if (rc != CS_OK || l->at < cs_buf_len(l->data))
			return rc;
		drop_letter(p, l);
	}
	cs_watch_free(&p->writes);
	return CS_OK;
}

static void
on_writable(void *arg)
{
	cs_post *p = arg;
	cs_err e = {0};

	if (send_some(p, &e) != CS_OK)
		end(p, e.text);
}

static void
on_readable(void *arg)
{
	cs_post *p = arg;
	cs_frame *f = NULL;
	cs_err e = {0};
	bool ended = false;
	int n, rc = CS_OK;

	for (n = 0; n < FRAMES_A_TURN && rc == CS_OK && !ended; n++) {
		rc = cs_channel_try(p->channel, &f, &ended, &e);
		if (rc != CS_OK || f == NULL)
			break;
		p->env.frame(p->env.arg, f);
		cs_frame_free(&f);
	}
	if (rc != CS_OK || ended)
		end(p, rc == CS_OK ? NULL : e.text);
}

int
cs_post_new(cs_loop *loop, cs_channel *c, const cs_post_env *env,
    cs_post **out, cs_err *e)
{
	cs_post *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	if (p == NULL)
		return cs_nomem(e, where);
	p->loop = loop;
	p->channel = c;
	p->env = *env;
	STAILQ_INIT(&p->letters);
	if ((rc = cs_loop_readable(loop, cs_channel_fd(c), on_readable, p,
	    &p->reads, e)) == CS_OK) {
		*out = p;
		p = NULL; /* transferred */
	}
	cs_post_free(&p);
	return rc;
}

void
cs_post_free(cs_post **p)
{
	if (p == NULL || *p == NULL)
		return;
	let_go(*p);
	free(*p);
	*p = NULL;
}

/* Behind those that wait. */
static int
keep(cs_post *p, cs_buf **data, size_t at, cs_err *e)
{
	struct letter *l = NULL;
	int rc = CS_OK;

	if (p->writes == NULL)
		rc = cs_loop_writable(p->loop, cs_channel_fd(p->channel),
		    on_writable, p, &p->writes, e);
	if (rc != CS_OK)
		return rc;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return cs_nomem(e, where);
	l->data = *data;
	*data = NULL; /* transferred */
	l->at = at;
	p->waiting += cs_buf_len(l->data) - at;
	STAILQ_INSERT_TAIL(&p->letters, l, next);
	return CS_OK;
}

static int
put(cs_post *p, const cs_frame *f, cs_buf **data, cs_err *e)
{
	size_t at = 0;
	int rc;

	if ((rc = cs_frame_put(f, *data, e)) != CS_OK)
		return rc;
	if (STAILQ_EMPTY(&p->letters) && (rc = cs_channel_push(p->channel,
	    cs_buf_span(*data), f->fd, &at, e)) != CS_OK)
		return rc;
	if (at == 0 && f->fd >= 0)
		return cs_fail(e, CS_ETIMEOUT, where,
		    "the peer takes no descriptor now");
	return at == cs_buf_len(*data) ? CS_OK : keep(p, data, at, e);
}

int
cs_post_put(cs_post *p, const cs_frame *f, cs_err *e)
{
	cs_buf *data = NULL;
	size_t n = 0;
	int rc;

	if (p->ended)
		return cs_fail(e, CS_EIO, where, "the peer is gone");
	if ((rc = cs_frame_size(f, cs_channel_most(p->channel), &n,
	    e)) != CS_OK)
		return rc;
	if (p->waiting > 0 && p->waiting + n > p->env.max)
		return cs_fail(e, CS_ETIMEOUT, where, "the peer does not "
		    "read: %zu octets wait for it", p->waiting);
	if ((data = cs_buf_new(n)) == NULL)
		return cs_nomem(e, where);
	rc = put(p, f, &data, e);
	cs_buf_free(&data);
	return rc;
}

bool
cs_post_ended(const cs_post *p)
{
	return p->ended;
}

size_t
cs_post_waiting(const cs_post *p)
{
	return p->waiting;
}
