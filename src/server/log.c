/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"

#define TEXT_MAX 4096
/* Until a reader who is late has read, and of each second in all: one who reads
 * a little now and then would have the master stand in each line of a flood. */
#define WAIT_MS 100
#define SECOND_MS 1000

struct cs_log {
	int fd;
	bool journal;
	unsigned long lost; /* lines, since one was written */
	int64_t since_ms, waited_ms; /* in the second that began then */
};

static const struct {
	const char *name;
	int priority;
} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}};

static bool
is_journal(int fd, const char *journal)
{
	char here[64] = "";
	struct stat st;

	if (journal == NULL || fstat(fd, &st) != 0)
		return false;
	(void)snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(here, journal) == 0;
}

int
cs_log_new(const cs_log_env *env, cs_log **out, cs_err *e)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return cs_nomem(e, "server/log");
	(*out)->fd = env->fd;
	if (env->fd < 0)
		openlog("countersign-server", LOG_PID, LOG_DAEMON);
	else
		(*out)->journal = is_journal(env->fd, env->journal);
	return CS_OK;
}

void
cs_log_free(cs_log **l)
{
	if (l == NULL || *l == NULL)
		return;
	if ((*l)->fd < 0)
		closelog();
	free(*l);
	*l = NULL;
}

static int
put_head(const cs_log *l, int level, cs_buf *b)
{
	char now[24] = "";

	if (l->fd < 0)
		return CS_OK;
	if (l->journal)
		return cs_buf_printf(b, "<%d>", levels[level].priority);
	if (!cs_rfc3339_put(cs_time_now(), now))
		return cs_buf_put_str(b, "- ");
	return cs_buf_printf(b, "%s %s ", now, levels[level].name);
}

static int64_t
may_wait(cs_log *l, int64_t now_ms)
{
	if (now_ms - l->since_ms >= SECOND_MS) {
		l->since_ms = now_ms;
		l->waited_ms = 0;
	}
	return l->lost == 0 && l->waited_ms < WAIT_MS ?
	    WAIT_MS - l->waited_ms : 0;
}

/* Never waits for who does not read: a pipe that is writable has room for this
 * much. */
static int
write_piece(cs_log *l, cs_span piece)
{
	struct pollfd p = {.fd = l->fd, .events = POLLOUT};
	const int64_t now_ms = cs_time_mono_ms();
	const int n = poll(&p, 1, (int)may_wait(l, now_ms));

	l->waited_ms += cs_time_mono_ms() - now_ms;
	return n == 1 ? cs_fd_write(l->fd, piece) : -1;
}

static int
write_text(cs_log *l, cs_span text)
{
	cs_span piece;
	size_t at;
	int r = 0;

	for (at = 0; r == 0 && at < text.n; at += piece.n) {
		piece = cs_span_cut(text, at, text.n - at > PIPE_BUF ?
		    PIPE_BUF : text.n - at);
		r = write_piece(l, piece);
	}
	return r;
}

/* A new line ends what may have been torn. */
static int
tell_lost(cs_log *l)
{
	cs_buf *b;
	int r = -1;

	if (l->lost == 0)
		return 0;
	if ((b = cs_buf_new(256)) != NULL && cs_buf_put_byte(b, '\n') ==
	    CS_OK && put_head(l, 0, b) == CS_OK && cs_buf_printf(b,
	    "master: %lu lines are lost: nobody read them\n", l->lost) ==
	    CS_OK)
		r = write_text(l, cs_buf_span(b));
	cs_buf_free(&b);
	return r;
}

static void
write_line(cs_log *l, cs_span line)
{
	if (tell_lost(l) == 0) {
		l->lost = 0;
		if (write_text(l, line) == 0)
			return;
	}
	if (l->lost < ULONG_MAX)
		l->lost++;
}

size_t
cs_log_line(cs_log *l, int level, const char *who, cs_span text)
{
	cs_span cut = text.n > TEXT_MAX ? cs_span_cut(text, 0, TEXT_MAX) : text;
	cs_buf *b = cs_buf_new(cs_text_escape_max(TEXT_MAX) + 128);
	size_t n;

	if (level < 0 || (size_t)level >= sizeof(levels) / sizeof(levels[0]))
		level = 0;
	if (b != NULL && put_head(l, level, b) == CS_OK &&
	    cs_buf_printf(b, "%s: ", who) == CS_OK &&
	    cs_text_escape(b, cut, true) == CS_OK) {
		if (l->fd < 0)
			syslog(levels[level].priority, "%s", cs_buf_cstr(b));
		else if (cs_buf_put_byte(b, '\n') == CS_OK)
			write_line(l, cs_buf_span(b));
	}
	n = b == NULL ? 0 : cs_buf_len(b);
	cs_buf_free(&b);
	return n;
}

void
cs_log_printf(cs_log *l, int level, const char *who, const char *fmt, ...)
{
	char text[2048] = "";
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)cs_log_line(l, level, who, cs_span_str(text));
}
