/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/pin.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tool/helper.h"
#include "tool/pinentry.h"
#include "tool/term.h"
#include "tool/touch.h"

#define PIN_MAX 255
/* One byte more for the line end, one that shows there is more. */
#define LINE_ROOM (PIN_MAX + 2)

int
cs_pin_prompt(const struct cs_pin_ask *ask, bool ascii, cs_buf **out,
    cs_err *e)
{
	cs_span what = cs_span_str(ask->what);
	cs_buf *b = cs_buf_new(cs_text_escape_max(what.n) + 100);
	int r;

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, "pin");
	r = cs_text_escape(b, what, ascii);
	if (r == CS_OK && ask->fresh)
		r = cs_buf_put_str(b, ask->again ? ", once more" :
		    ", empty for none");
	else if (r == CS_OK && ask->again)
		r = cs_buf_put_str(b, ", again for this one signature");
	if (r == CS_OK && (ask->last_try || ask->tries_left == 1))
		r = cs_buf_put_str(b, ", LAST TRY before it is locked");
	else if (r == CS_OK && ask->tries_left >= 0)
		r = cs_buf_printf(b, ", %d tries left", ask->tries_left);
	if (r == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	} else
		r = cs_nomem(e, "pin");
	cs_buf_free(&b);
	return r;
}

/* Cuts at the line end; more than PIN_MAX bytes before it are no PIN, and
 * without any byte nobody has answered. */
static int
first_line(cs_buf *b, cs_err *e)
{
	cs_span all = cs_buf_span(b);
	size_t n = 0;

	while (n < all.n && all.p[n] != '\n')
		n++;
	if (n > PIN_MAX)
		return cs_fail(e, CS_EAUTH, "pin",
		    "longer than %d bytes", PIN_MAX);
	cs_buf_truncate(b, n);
	if (all.n == 0)
		return cs_fail(e, CS_EAUTH, "pin", "nothing was entered");
	return CS_OK;
}

static bool
has_line(const cs_buf *b)
{
	return cs_buf_len(b) != 0 &&
	    memchr(cs_buf_span(b).p, '\n', cs_buf_len(b)) != NULL;
}

static int
read_fd_line(int fd, cs_wait *w, cs_buf *b, cs_err *e)
{
	ssize_t n;
	int r;

	while (cs_buf_room(b) != 0 && !has_line(b)) {
		if ((r = cs_wait_fd(w, fd, POLLIN, e)) != CS_OK)
			return r;
		n = read(fd, cs_buf_tail(b), cs_buf_room(b));
		if (n == 0)
			break;
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return cs_fail(e, CS_EIO, "pin", "%s",
			    strerror(errno));
		if (cs_buf_grew(b, (size_t)n) != CS_OK)
			return cs_nomem(e, "pin");
	}
	return first_line(b, e);
}

static int
from_fd(cs_pin_source *s, cs_buf **pin, cs_err *e)
{
	cs_buf *b = cs_secret_new(LINE_ROOM);
	cs_wait *w = NULL;
	int r;

	if (b == NULL)
		return cs_nomem(e, "pin");
	if ((r = cs_wait_begin(s->deadline_ms, &w, e)) != CS_OK)
		goto out;
	r = read_fd_line(s->pin_fd, w, b, e);
	cs_wait_end(&w);
	if (r == CS_OK) {
		*pin = b;
		b = NULL; /* transferred */
	} else
		(void)cs_wrap(e, "--pin-fd %d", s->pin_fd);
out:
	cs_buf_free(&b);
	return r;
}

static int
from_term(cs_term *t, const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	cs_buf *prompt = NULL;
	int r;

	if ((r = cs_pin_prompt(ask, cs_term_ascii(t), &prompt, e)) != CS_OK)
		return r;
	r = cs_buf_insert(prompt, cs_buf_len(prompt), cs_span_str(": "));
	if (r == CS_OK)
		r = cs_term_secret(t, cs_buf_cstr(prompt), pin, e);
	else
		r = cs_nomem(e, "pin");
	cs_buf_free(&prompt);
	return r;
}

static int
read_helper(cs_helper *h, cs_wait *w, cs_buf *b, cs_err *e)
{
	bool end = false;
	int r = CS_OK, status = -1;

	while (r == CS_OK && !end)
		r = cs_helper_get(h, w, b, &end, e);
	if (r != CS_OK || (r = cs_helper_wait(h, w, &status, e)) != CS_OK)
		return r;
	if (status != 0)
		return cs_fail(e, CS_EAUTH, "pin", "nothing was entered");
	return first_line(b, e);
}

/* The prompt is its one argument, the answer its output (ssh-add(1)). */
static int
run_askpass(const char *path, const char *prompt, int64_t deadline_ms,
    cs_buf *b, cs_err *e)
{
	cs_helper h;
	cs_wait *w = NULL;
	int r;

	if ((r = cs_wait_begin(deadline_ms, &w, e)) != CS_OK)
		return r;
	if ((r = cs_helper_start(&h, path, prompt, e)) == CS_OK)
		r = read_helper(&h, w, b, e);
	cs_helper_kill(&h);
	cs_wait_end(&w);
	return r == CS_OK ? r : cs_wrap(e, "SSH_ASKPASS");
}

static int
from_askpass(const cs_pin_source *s, const char *path,
    const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	cs_buf *prompt = NULL, *b = cs_secret_new(LINE_ROOM);
	int r;

	if (b == NULL)
		return cs_nomem(e, "pin");
	if ((r = cs_pin_prompt(ask, true, &prompt, e)) == CS_OK)
		r = run_askpass(path, cs_buf_cstr(prompt), s->deadline_ms, b,
		    e);
	if (r == CS_OK) {
		*pin = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&prompt);
	cs_buf_free(&b);
	return r;
}

static int
from_pinentry(const cs_pin_source *s, const struct cs_pin_ask *ask,
    cs_buf **pin, cs_err *e)
{
	cs_buf *prompt = NULL;
	int r;

	if ((r = cs_pin_prompt(ask, false, &prompt, e)) != CS_OK)
		return r;
	r = cs_pinentry(s->pinentry, cs_buf_cstr(prompt), s->deadline_ms, pin,
	    e);
	cs_buf_free(&prompt);
	return r;
}

static bool
is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

static bool
has_display(void)
{
	return is_set(getenv("DISPLAY")) || is_set(getenv("WAYLAND_DISPLAY"));
}

enum cs_askpass
cs_askpass_choose(const char *program, const char *require, bool display)
{
	if (require != NULL && strcmp(require, "never") == 0)
		return CS_ASKPASS_NEVER;
	if (require != NULL && strcmp(require, "force") == 0)
		return is_set(program) ? CS_ASKPASS_FIRST : CS_ASKPASS_MISSING;
	if (!is_set(program) || !display)
		return CS_ASKPASS_NEVER;
	if (require != NULL && strcmp(require, "prefer") == 0)
		return CS_ASKPASS_FIRST;
	return CS_ASKPASS_LATER;
}

static int
from_person(const cs_pin_source *s, const struct cs_pin_ask *ask,
    cs_buf **pin, cs_err *e)
{
	const char *program = getenv("SSH_ASKPASS");
	enum cs_askpass askpass = cs_askpass_choose(program,
	    getenv("SSH_ASKPASS_REQUIRE"), has_display());
	cs_term *t = NULL;
	int r;

	if (askpass == CS_ASKPASS_MISSING)
		return cs_fail(e, CS_ENEEDED, "pin", "SSH_ASKPASS_REQUIRE is "
		    "force, but SSH_ASKPASS names no program");
	if (askpass == CS_ASKPASS_FIRST)
		return from_askpass(s, program, ask, pin, e);
	if ((r = cs_term_open(s->deadline_ms, &t, e)) == CS_OK) {
		r = from_term(t, ask, pin, e);
		cs_term_close(&t);
		return r;
	}
	if (r != CS_ENEEDED)
		return r;
	if (askpass == CS_ASKPASS_LATER)
		return from_askpass(s, program, ask, pin, e);
	if (s->pinentry != NULL)
		return from_pinentry(s, ask, pin, e);
	return cs_wrap(e, "nobody to ask for the %s", ask->what);
}

/* A person may have hit another key than was meant, and would hear of it when
 * the key that was made refuses. */
static int
from_person_twice(const cs_pin_source *s, const struct cs_pin_ask *ask,
    cs_buf **pin, cs_err *e)
{
	struct cs_pin_ask second = *ask;
	cs_buf *a = NULL, *b = NULL;
	int r;

	second.again = true;
	if ((r = from_person(s, ask, &a, e)) == CS_OK &&
	    (r = from_person(s, &second, &b, e)) == CS_OK &&
	    !cs_secret_eq(cs_buf_span(a), cs_buf_span(b)))
		r = cs_fail(e, CS_EAUTH, "pin",
		    "the second entry is not what the first one was");
	if (r == CS_OK) {
		*pin = a;
		a = NULL; /* transferred */
	}
	cs_buf_free(&a);
	cs_buf_free(&b);
	return r;
}

static int
find_pin(cs_pin_source *s, const struct cs_pin_ask *ask, cs_buf **pin,
    cs_err *e)
{
	if (s->pin_fd < 0)
		return ask->fresh ? from_person_twice(s, ask, pin, e) :
		    from_person(s, ask, pin, e);
	if (s->fd_used)
		return cs_fail(e, CS_EAUTH, "pin", "--pin-fd %d: its PIN was "
		    "used, and another one is asked for", s->pin_fd);
	s->fd_used = true;
	return from_fd(s, pin, e);
}

static int
ask_pin(void *arg, const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	cs_pin_source *s = arg;
	int r;

	*pin = NULL;
	r = find_pin(s, ask, pin, e);
	if (r == CS_OK && !ask->fresh && cs_buf_len(*pin) == 0) {
		cs_buf_free(pin);
		r = cs_fail(e, CS_EAUTH, "pin", "nothing was entered");
	}
	return r;
}

/* To the terminal, else to standard error: it is for a person at once. */
static void
notice(void *arg, const char *text)
{
	cs_pin_source *s = arg;
	cs_span in = cs_span_str(text);
	cs_buf *b = cs_buf_new(cs_text_escape_max(in.n) + 1);
	cs_term *t = NULL;

	if (b == NULL)
		return;
	(void)(cs_term_open(s->deadline_ms, &t, NULL) == CS_OK);
	if (cs_text_escape(b, in, t == NULL || cs_term_ascii(t)) == CS_OK &&
	    cs_buf_put_byte(b, '\n') == CS_OK &&
	    (t == NULL || cs_term_put(t, cs_buf_span(b), NULL) != CS_OK))
		(void)fputs(cs_buf_cstr(b), stderr);
	cs_term_close(&t);
	cs_buf_free(&b);
}

static int
wait_touch(void *arg, const struct cs_touch_ask *ask, int fd, cs_err *e)
{
	const cs_pin_source *s = arg;

	return cs_touch_wait(s->verb, s->json, s->deadline_ms, ask, fd, e);
}

void
cs_pin_ui(cs_pin_source *s, cs_ui *ui)
{
	*ui = (cs_ui){.arg = s, .pin = ask_pin, .notice = notice,
	    .touch = wait_touch};
}
