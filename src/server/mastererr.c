/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <countersign/verifier.h>

#include "server/masterp.h"

/*
 * What libraries say to standard error, and what a child that is in foreign
 * hands would write into the log by itself: a pipe, of which each line goes the
 * way of all that a child says, with its name and escaped.
 */

#define TURN_MAX 16384 /* octets: others want to be heard, too */
#define LAST_TURNS 8   /* a child of its own may hold the pipe, and go on */

static void
say(cs_slot *s)
{
	char text[sizeof("stderr: ") + sizeof(s->line)] = "stderr: ";
	size_t n = strlen(text);

	if (s->line_len == 0)
		return;
	memcpy(text + n, s->line, s->line_len);
	cs_slot_log(s, COUNTERSIGN_LOG_WARNING, cs_span_of(text,
	    n + s->line_len));
	s->line_len = 0;
}

static void
take(cs_slot *s, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] != '\n')
			s->line[s->line_len++] = text[i];
		if (text[i] == '\n' || s->line_len == sizeof(s->line))
			say(s);
	}
}

/* False: there is nothing now, or nothing any more. */
static bool
hear(cs_slot *s)
{
	char text[TURN_MAX];
	ssize_t n = read(s->err, text, sizeof(text));

	if (n > 0)
		take(s, text, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		cs_watch_free(&s->err_watch);
	return n > 0;
}

static void
listen_to(void *slot)
{
	cs_slot *s = slot;

	(void)hear(s);
	if (s->err_watch != NULL)
		cs_watch_rest(s->err_watch, CS_SLOT_REST_MS);
}

int
cs_slot_err(cs_slot *s, int fd, cs_err *e)
{
	int flags = fcntl(fd, F_GETFL);

	s->err = fd;
	s->line_len = 0;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return cs_fail(e, CS_EIO, "server/master", "a pipe: %s",
		    strerror(errno));
	return cs_loop_readable(s->m->loop, fd, listen_to, s, &s->err_watch,
	    e);
}

void
cs_slot_err_end(cs_slot *s)
{
	size_t i;

	for (i = 0; s->err >= 0 && i < LAST_TURNS && hear(s); i++)
		continue;
	say(s);
	cs_watch_free(&s->err_watch);
	if (s->err >= 0)
		(void)close(s->err);
	s->err = -1;
}
