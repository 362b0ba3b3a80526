/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tool/wait.h"

#define ANSWER_MAX 255

struct cs_term {
	int fd; /* a description of our own, so O_NONBLOCK is ours alone */
	int64_t deadline_ms;
	bool ascii;
};

/* Asks the locale that the environment names, without setting it. */
static bool
locale_is_ascii(void)
{
	locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (l == (locale_t)0)
		return true;
	utf8 = strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;
	freelocale(l);
	return !utf8;
}

/* In the background, another program reads what the person types. */
static int
check_foreground(int fd, cs_err *e)
{
	pid_t front = tcgetpgrp(fd);

	if (front <= 0 || front == getpgrp()) /* 0: in another namespace */
		return CS_OK;
	return cs_fail(e, CS_ENEEDED, "term",
	    "this process is in the background of its terminal");
}

int
cs_term_open(int64_t deadline_ms, cs_term **out, cs_err *e)
{
	cs_term *t = NULL;
	int fd, r;

	*out = NULL;
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return cs_fail(e, CS_ENEEDED, "term", "no terminal");
	if ((r = check_foreground(fd, e)) != CS_OK)
		goto out;
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		r = cs_nomem(e, "term");
		goto out;
	}
	t->fd = fd;
	fd = -1; /* transferred */
	t->deadline_ms = deadline_ms;
	t->ascii = locale_is_ascii();
	*out = t;
out:
	if (fd >= 0)
		(void)close(fd);
	return r;
}

void
cs_term_close(cs_term **t)
{
	if (t == NULL || *t == NULL)
		return;
	(void)close((*t)->fd);
	free(*t);
	*t = NULL;
}

bool
cs_term_ascii(const cs_term *t)
{
	return t->ascii;
}

int
cs_term_columns(const cs_term *t)
{
	struct winsize ws = {0};

	if (ioctl(t->fd, TIOCGWINSZ, &ws) != 0 || ws.ws_col == 0)
		return 80;
	return ws.ws_col;
}

int
cs_term_rows(const cs_term *t)
{
	struct winsize ws = {0};

	if (ioctl(t->fd, TIOCGWINSZ, &ws) != 0 || ws.ws_row == 0)
		return 24;
	return ws.ws_row;
}

void
cs_term_try(const cs_term *t, cs_span text)
{
	ssize_t n = write(t->fd, text.p, text.n);

	(void)n; /* a person may have stopped it */
}

static int
put(const cs_term *t, cs_wait *w, cs_span text, cs_err *e)
{
	size_t at = 0;
	ssize_t n;
	int r;

	while (at < text.n) {
		if ((r = cs_wait_fd(w, t->fd, POLLOUT, e)) != CS_OK)
			return r;
		n = write(t->fd, text.p + at, text.n - at);
		if (n >= 0)
			at += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return cs_fail(e, CS_EIO, "term", "terminal: %s",
			    strerror(errno));
	}
	return CS_OK;
}

int
cs_term_put(cs_term *t, cs_span text, cs_err *e)
{
	cs_wait *w = NULL;
	int r;

	if ((r = cs_wait_begin(t->deadline_ms, &w, e)) != CS_OK)
		return r;
	r = put(t, w, text, e);
	cs_wait_end(&w);
	return r;
}

/* Never waits for the output to drain: a person may have stopped it. */
static void
set_modes(const cs_term *t, const struct termios *modes)
{
	while (tcsetattr(t->fd, TCSANOW, modes) != 0 && errno == EINTR)
		continue;
}

static void
throw_input_away(const cs_term *t)
{
	(void)tcflush(t->fd, TCIFLUSH);
}

/* Whole lines, editing and the interrupt key, whatever was set before. */
static void
prepare(const cs_term *t, const struct termios *old, bool echo)
{
	struct termios now = *old;
	const tcflag_t echoes = ECHO | ECHOE | ECHOK;

	now.c_iflag |= ICRNL;
	now.c_iflag &= ~(tcflag_t)(INLCR | IGNCR);
	now.c_lflag |= ICANON | ISIG;
	now.c_lflag &= ~(tcflag_t)(ECHONL | NOFLSH);
	if (echo)
		now.c_lflag |= echoes;
	else
		now.c_lflag &= ~echoes;
	set_modes(t, &now);
	/* After the switch, which may have made a line of loose bytes. */
	throw_input_away(t);
}

/* In line mode a read ends with the line, or with the end-of-file key. */
static int
read_line(const cs_term *t, cs_wait *w, cs_buf *b, cs_err *e)
{
	ssize_t n;
	int r;

	while (cs_buf_room(b) != 0) {
		if ((r = cs_wait_fd(w, t->fd, POLLIN, e)) != CS_OK)
			return r;
		n = read(t->fd, cs_buf_tail(b), cs_buf_room(b));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return cs_fail(e, CS_EIO, "term", "terminal: %s",
			    strerror(errno));
		if (n == 0)
			return cs_fail(e, CS_EREFUSED, "term",
			    "end of file instead of an answer");
		if (cs_buf_grew(b, (size_t)n) != CS_OK)
			return cs_nomem(e, "term");
		if (cs_buf_span(b).p[cs_buf_len(b) - 1] == '\n') {
			cs_buf_truncate(b, cs_buf_len(b) - 1);
			return CS_OK;
		}
	}
	return cs_fail(e, CS_EREFUSED, "term",
	    "the answer is longer than %d bytes", ANSWER_MAX);
}

static int
ask(const cs_term *t, cs_wait *w, const char *question, bool echo, cs_buf *b,
    cs_err *e)
{
	struct termios old;
	int r;

	if ((r = check_foreground(t->fd, e)) != CS_OK)
		return r;
	if (tcgetattr(t->fd, &old) != 0)
		return cs_fail(e, CS_EIO, "term", "terminal: %s",
		    strerror(errno));
	prepare(t, &old, echo);
	if ((r = put(t, w, cs_span_str(question), e)) == CS_OK)
		r = read_line(t, w, b, e);
	/* Half a secret must not become the shell's next line. */
	if (!echo || r != CS_OK)
		throw_input_away(t);
	set_modes(t, &old);
	return r;
}

/* The line end that was not echoed; without it nothing is lost. */
static void
put_line_end(const cs_term *t)
{
	ssize_t n = write(t->fd, "\n", 1);

	(void)n;
}

static int
ask_within(const cs_term *t, const char *question, bool echo, cs_buf *b,
    cs_err *e)
{
	cs_wait *w = NULL;
	int r;

	if ((r = cs_wait_begin(t->deadline_ms, &w, e)) != CS_OK)
		return r;
	r = ask(t, w, question, echo, b, e);
	if (!echo || r != CS_OK)
		put_line_end(t);
	cs_wait_end(&w);
	return r;
}

int
cs_term_ask(cs_term *t, const char *question, cs_buf **answer, cs_err *e)
{
	cs_buf *b = cs_buf_new(ANSWER_MAX + 1);
	int r;

	*answer = NULL;
	if (b == NULL)
		return cs_nomem(e, "term");
	if ((r = ask_within(t, question, true, b, e)) == CS_OK) {
		*answer = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

int
cs_term_secret(cs_term *t, const char *question, cs_buf **secret, cs_err *e)
{
	cs_buf *b = cs_secret_new(ANSWER_MAX + 1);
	int r;

	*secret = NULL;
	if (b == NULL)
		return cs_nomem(e, "term");
	if ((r = ask_within(t, question, false, b, e)) == CS_OK) {
		*secret = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

/* Bytes of the first `n` lines. */
static size_t
lines(cs_span text, int n)
{
	size_t i;

	for (i = 0; i < text.n && n > 0; i++)
		n -= text.p[i] == '\n';
	return i;
}

static int
wait_for_enter(cs_term *t, cs_err *e)
{
	cs_buf *answer = NULL;
	int r = cs_term_ask(t, "-- more: press Enter -- ", &answer, e);

	if (r == CS_OK && cs_buf_len(answer) != 0)
		r = cs_fail(e, CS_EREFUSED, "term",
		    "declined before all of it was shown");
	cs_buf_free(&answer);
	return r;
}

int
cs_term_page(cs_term *t, cs_span text, int keep, cs_err *e)
{
	int rows = cs_term_rows(t), r = CS_OK;
	size_t n;

	rows = rows > keep + 2 ? rows - keep : 2;
	while (r == CS_OK && text.n != 0) {
		n = lines(text, rows);
		r = cs_term_put(t, cs_span_cut(text, 0, n), e);
		text = cs_span_cut(text, n, text.n - n);
		if (r == CS_OK && text.n != 0)
			r = wait_for_enter(t, e);
	}
	return r;
}
