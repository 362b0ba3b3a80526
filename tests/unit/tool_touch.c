/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "tool/touch.h"
#include "pty.h"
#include "tap.h"

/* A wait for a touch that is shown, counted down, and ends. */

static const struct cs_touch_ask key = {.what = "\"Key\x1b[2J\" (/dev/x)"};

struct wait {
	int64_t ms; /* 0: for ever */
	int fd[2];  /* the device's answer */
	bool json;
};

static void
wait_touch(void *arg, struct outcome *o)
{
	const struct wait *w = arg;
	int64_t until = w->ms == 0 ? 0 : cs_time_mono_ms() + w->ms;

	(void)dup2(w->json ? open("/dev/null", O_WRONLY) :
	    open("/dev/tty", O_WRONLY), STDERR_FILENO);
	o->r = cs_touch_wait("sign", w->json, until, &key, w->fd[0], &o->err);
}

static void
begin(struct pty *p, struct wait *w)
{
	if (pipe(w->fd) != 0)
		abort();
	pty_open(p, true);
	pty_start(p, wait_touch, w);
	pty_go(p);
}

static void
end(struct pty *p, const struct wait *w)
{
	pty_close(p);
	(void)close(w->fd[0]);
	(void)close(w->fd[1]);
}

static void
test_touched(void)
{
	struct wait w = {.ms = PTY_PATIENCE_MS};
	struct outcome o;
	struct pty p;

	begin(&p, &w);
	ok(pty_expect(&p, "waiting for touch on "
	    "\"Key\\u{1B}[2J\" (/dev/x) ... ("),
	    "the person is told, and the device's text is escaped");
	ok(pty_expect(&p, " s left)\r") &&
	    pty_expect(&p, "(18 s left"), "and sees the seconds go");
	if (write(w.fd[1], "", 1) != 1)
		abort();
	o = pty_wait(&p);
	ok(o.r == CS_OK, "then touches it: %s", o.err.text);
	(void)pty_expect(&p, " \r");
	ok(strchr(p.seen, '\n') == NULL && p.seen[p.n - 1] == '\r' &&
	    p.seen[p.n - 2] == ' ', "the line is wiped out");
	end(&p, &w);
}

static void
test_at_once(void)
{
	struct wait w = {.ms = 5000};
	struct outcome o;
	struct pty p;

	begin(&p, &w);
	ok(write(w.fd[1], "", 1) == 1 && (o = pty_wait(&p)).r == CS_OK &&
	    p.n == 0, "nothing is said when the device answers at once");
	end(&p, &w);
}

static void
test_ends(void)
{
	struct wait w = {.ms = 400}, ever = {0}, quiet = {.ms = 400,
	    .json = true};
	struct outcome o;
	struct pty p;

	begin(&p, &w);
	o = pty_wait(&p);
	ok(o.r == CS_ETIMEOUT, "at the deadline: %s", o.err.text);
	end(&p, &w);
	begin(&p, &ever);
	ok(pty_expect(&p, "/dev/x) ..."), "without one");
	pty_type(&p, "\003");
	o = pty_wait(&p);
	ok(o.r == CS_EINTR, "by Ctrl-C: %s", o.err.text);
	end(&p, &ever);
	begin(&p, &quiet);
	o = pty_wait(&p);
	ok(o.r == CS_ETIMEOUT && p.n == 0,
	    "with --json the terminal is left alone");
	end(&p, &quiet);
}

static void
test_line(void)
{
	struct cs_touch_ask long_ask = {.enrol = true,
	    .what = "\"a security key with a very, very long name\" (/dev/x)"};
	cs_buf *b = NULL;
	cs_err e = {0};

	if (!ok(cs_touch_line("enroll", &long_ask, 7, 79, &b, &e) == CS_OK,
	    "a line"))
		return;
	ok(cs_buf_len(b) == 79 && strstr(cs_buf_cstr(b),
	    " ... (7 s left)") != NULL, "cut to the terminal's width: %s",
	    cs_buf_cstr(b));
	cs_buf_free(&b);
	ok(cs_touch_line("sign", &key, 60, 0, &b, &e) == CS_OK, "another");
	ok(b != NULL && strcmp(cs_buf_cstr(b), "countersign sign: waiting for "
	    "touch on \"Key\\u{1B}[2J\" (/dev/x) ... (60 s left, Ctrl-C to "
	    "stop)") == 0, "all of it");
	cs_buf_free(&b);
}

int
main(void)
{
	test_line();
	test_touched();
	test_at_once();
	test_ends();
	return done_testing();
}
