/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/log.h"

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

struct cs_log {
	int fd;
	bool journal;
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
			(void)!cs_fd_write(l->fd, cs_buf_span(b));
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
