/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/touch.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "tool/term.h"
#include "tool/wait.h"

/* A device that refuses at once, a wrong PIN say, is not to be touched. */
#define QUIET_MS 200
#define TICK_MS 1000

struct touch {
	const char *verb;
	const struct cs_touch_ask *ask;
	int64_t deadline_ms;
	cs_term *term; /* NULL: nowhere to count down */
	bool once;     /* to standard error, not yet said */
	size_t shown;  /* columns on the terminal */
};

struct words {
	const char *verb; /* NULL: it is not said */
	const char *tail;
};

static int
compose(const struct words *w, const struct cs_touch_ask *ask, cs_buf *b)
{
	int rc = CS_OK;

	cs_buf_reset(b);
	if (w->verb != NULL)
		rc = cs_buf_printf(b, "countersign %.32s: ", w->verb);
	if (rc == CS_OK)
		rc = cs_buf_printf(b, "waiting for touch%s on ",
		    ask->enrol ? " to make a key" : "");
	if (rc == CS_OK)
		rc = cs_text_escape(b, cs_span_str(ask->what), true);
	return rc == CS_OK ? cs_buf_put_str(b, w->tail) : rc;
}

/* Where there is no room, how long it waits is the last to go. */
static int
fit(const struct words *w, const struct cs_touch_ask *ask, size_t columns,
    cs_buf *b)
{
	size_t tail = strlen(w->tail);
	int rc = compose(w, ask, b);

	if (rc != CS_OK || cs_buf_len(b) <= columns || columns <= tail)
		return rc;
	cs_buf_truncate(b, columns - tail);
	return cs_buf_put_str(b, w->tail);
}

int
cs_touch_line(const char *verb, const struct cs_touch_ask *ask, int64_t left,
    size_t columns, cs_buf **out, cs_err *e)
{
	char tail[64] = " ... (Ctrl-C to stop)", brief[40] = " ...";
	const struct words all = {verb, tail}, few = {NULL, brief};
	cs_buf *b = cs_buf_new(cs_text_escape_max(strlen(ask->what)) + 160);
	int rc;

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, "touch");
	if (left >= 0) {
		(void)snprintf(tail, sizeof(tail),
		    " ... (%" PRId64 " s left, Ctrl-C to stop)", left);
		(void)snprintf(brief, sizeof(brief),
		    " ... (%" PRId64 " s left)", left);
	}
	rc = compose(&all, ask, b);
	if (rc == CS_OK && columns != 0 && cs_buf_len(b) > columns)
		rc = fit(&few, ask, columns, b);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	} else
		rc = cs_nomem(e, "touch");
	cs_buf_free(&b);
	return rc;
}

/* Rounded up: "0 s left" is never seen. */
static int64_t
seconds_left(const struct touch *t)
{
	int64_t ms = t->deadline_ms - cs_time_mono_ms();

	if (t->deadline_ms == 0)
		return -1;
	return ms <= 0 ? 0 : (ms + TICK_MS - 1) / TICK_MS;
}

/* The new line over the old one, which blanks wipe out where it was longer. */
static void
draw(struct touch *t, cs_span line)
{
	cs_buf *b = cs_buf_new(line.n + t->shown + 4);
	size_t i;
	int rc;

	if (b == NULL)
		return;
	rc = cs_buf_put_byte(b, '\r');
	if (rc == CS_OK && line.n != 0)
		rc = cs_buf_put(b, line);
	for (i = line.n; rc == CS_OK && i < t->shown; i++)
		rc = cs_buf_put_byte(b, ' ');
	if (rc == CS_OK && line.n == 0)
		rc = cs_buf_put_byte(b, '\r');
	if (rc == CS_OK)
		cs_term_try(t->term, cs_buf_span(b));
	t->shown = line.n;
	cs_buf_free(&b);
}

static int
tell(struct touch *t, cs_err *e)
{
	size_t columns = t->term == NULL ? 0 :
	    (size_t)cs_term_columns(t->term) - 1;
	cs_buf *line = NULL;
	int rc;

	if (t->once) {
		if ((rc = cs_touch_line(t->verb, t->ask, seconds_left(t), 0,
		    &line, e)) != CS_OK)
			return rc;
		(void)fprintf(stderr, "%s\n", cs_buf_cstr(line));
		t->once = false;
		cs_buf_free(&line);
	}
	if (t->term == NULL)
		return CS_OK;
	if ((rc = cs_touch_line(t->verb, t->ask, seconds_left(t), columns,
	    &line, e)) == CS_OK)
		draw(t, cs_buf_span(line));
	cs_buf_free(&line);
	return rc;
}

static bool
is_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* One turn, of `ms` or to the deadline. */
static int
turn(const struct touch *t, cs_wait *w, int ms, int fd, cs_err *e)
{
	int64_t until = cs_time_mono_ms() + ms;

	if (t->deadline_ms != 0 && until > t->deadline_ms)
		until = t->deadline_ms;
	cs_wait_move(w, until);
	return cs_wait_fd(w, fd, POLLIN, e);
}

static int
wait_turns(struct touch *t, cs_wait *w, int fd, cs_err *e)
{
	int ms = QUIET_MS, rc;

	while (!is_ready(fd)) {
		rc = turn(t, w, ms, fd, e);
		if (rc != CS_OK && rc != CS_ETIMEOUT)
			return rc;
		if (is_ready(fd))
			break;
		if (t->deadline_ms != 0 &&
		    cs_time_mono_ms() >= t->deadline_ms)
			return cs_fail(e, CS_ETIMEOUT, "touch",
			    "nobody touched it in time");
		if ((rc = tell(t, e)) != CS_OK)
			return rc;
		ms = TICK_MS;
	}
	cs_err_clear(e);
	return CS_OK;
}

int
cs_touch_wait(const char *verb, bool json, int64_t deadline_ms,
    const struct cs_touch_ask *ask, int fd, cs_err *e)
{
	struct touch t = {.verb = verb, .ask = ask,
	    .deadline_ms = deadline_ms,
	    .once = json || isatty(STDERR_FILENO) != 1};
	const cs_span nothing = {0};
	cs_wait *w = NULL;
	int rc;

	if (!json && cs_term_open(deadline_ms, &t.term, NULL) != CS_OK)
		t.once = true;
	if ((rc = cs_wait_begin(deadline_ms, &w, e)) == CS_OK) {
		rc = wait_turns(&t, w, fd, e);
		if (t.shown != 0)
			draw(&t, nothing);
	}
	cs_wait_end(&w);
	cs_term_close(&t.term);
	return rc;
}
