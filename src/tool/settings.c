/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/settings.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define SETTINGS_MAX (64 * 1024)
#define BLANK " \t\r"
#define LETTERS "abcdefghijklmnopqrstuvwxyz_-"

static const char *const names[] = {
    "owner", "key", "authority", "pinentry", "timeout"};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* libconfuse hands its complaints to a function without an argument of ours:
 * the first one stays with the cfg_t itself, where it keeps remarks. */
CS_PRINTF(2, 0) static void
keep_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	const char *near = NULL;
	char *text = NULL, *hinted = NULL;
	va_list again;

	if (cfg->comment != NULL)
		return;
	va_copy(again, ap);
	if (strncmp(fmt, "no such option", 14) == 0)
		near = cs_text_nearest(va_arg(again, const char *), names,
		    N_NAMES);
	va_end(again);
	if (vasprintf(&text, fmt, ap) < 0)
		return;
	if (near != NULL && asprintf(&hinted, "%s; did you mean %s?", text,
				near) >= 0) {
		free(text);
		text = hinted;
	}
	cfg->comment = text;
}

static int
line_fail(cs_err *e, const char *name, unsigned line, const char *what)
{
	return cs_fail(e, CS_EFORMAT, "settings", "%s:%u: %s", name, line,
	    what);
}

/* Cuts off the bytes up to the first that is not in `set`, or that is. */
static cs_span
cut(cs_span *s, const char *set, bool in)
{
	cs_span all = *s;
	size_t n = 0;

	while (n < all.n && (strchr(set, all.p[n]) != NULL) == in)
		n++;
	*s = cs_span_cut(all, n, all.n - n);
	return cs_span_cut(all, 0, n);
}

/* "VALUE", 'VALUE' or a word, as it stands: nothing to unescape, and nothing
 * that begins a comment or goes on behind the line. */
static bool
cut_value(cs_span *s)
{
	char quote[] = {'\0', '\\', '\0'};
	cs_span word;

	if (s->n != 0 && (*s->p == '"' || *s->p == '\'')) {
		quote[0] = (char)*s->p;
		*s = cs_span_cut(*s, 1, s->n - 1);
		(void)cut(s, quote, false);
		if (s->n == 0 || *s->p != (uint8_t)quote[0])
			return false;
		*s = cs_span_cut(*s, 1, s->n - 1);
		return true;
	}
	word = cut(s, BLANK "\"'#\\{}()=+,", false);
	return word.n != 0 && memmem(word.p, word.n, "/*", 2) == NULL &&
	    !cs_span_is(cs_span_cut(word, 0, 2), "//");
}

/* libconfuse reads strings and comments across lines, expands ${...} and takes
 * the last of two: here a line is NAME = VALUE, with a comment or without. */
static int
check_line(const char *name, unsigned line, cs_span s, bool seen[N_NAMES],
    cs_err *e)
{
	cs_span word;
	size_t i;

	if (s.n != 0 && memchr(s.p, '\0', s.n) != NULL)
		return line_fail(e, name, line, "a NUL byte");
	(void)cut(&s, BLANK, true);
	if (s.n == 0 || *s.p == '#')
		return CS_OK;
	if (memmem(s.p, s.n, "${", 2) != NULL)
		return line_fail(e, name, line,
		    "${...}: the environment is not expanded here");
	word = cut(&s, LETTERS, true);
	(void)cut(&s, BLANK, true);
	if (word.n == 0 || cut(&s, "=", true).n != 1)
		return line_fail(e, name, line, "expected NAME = \"VALUE\"");
	(void)cut(&s, BLANK, true);
	if (!cut_value(&s))
		return line_fail(e, name, line, "expected a value that ends on "
		    "its line and has no \\");
	(void)cut(&s, BLANK, true);
	if (s.n != 0 && *s.p != '#')
		return line_fail(e, name, line, "more than one value");
	for (i = 0; i < N_NAMES; i++) {
		if (!cs_span_is(word, names[i]))
			continue;
		if (seen[i])
			return line_fail(e, name, line, "set twice");
		seen[i] = true;
	}
	return CS_OK;
}

static int
check_lines(const char *name, cs_span in, cs_err *e)
{
	bool seen[N_NAMES] = {false};
	const uint8_t *end;
	unsigned line;
	size_t n;
	int rc = CS_OK;

	for (line = 1; rc == CS_OK && in.n != 0; line++) {
		end = memchr(in.p, '\n', in.n);
		n = end == NULL ? in.n : (size_t)(end - in.p);
		rc = check_line(name, line, cs_span_cut(in, 0, n), seen, e);
		n += end != NULL;
		in = cs_span_cut(in, n, in.n - n);
	}
	return rc;
}

static int
take_string(cfg_t *cfg, const char *name, char **out, cs_err *e)
{
	const char *v = cfg_getstr(cfg, name);

	if (v == NULL)
		return CS_OK;
	if (*v == '\0')
		return cs_fail(e, CS_EFORMAT, "settings", "%s is empty", name);
	if ((*out = strdup(v)) == NULL)
		return cs_nomem(e, "settings");
	return CS_OK;
}

static int
take(cfg_t *cfg, cs_settings *s, cs_err *e)
{
	long t = cfg_getint(cfg, "timeout");
	int rc;

	if ((rc = take_string(cfg, "owner", &s->owner, e)) != CS_OK ||
	    (rc = take_string(cfg, "key", &s->key, e)) != CS_OK ||
	    (rc = take_string(cfg, "authority", &s->authority, e)) != CS_OK ||
	    (rc = take_string(cfg, "pinentry", &s->pinentry, e)) != CS_OK)
		return rc;
	if (s->pinentry != NULL && s->pinentry[0] != '/')
		return cs_fail(e, CS_EFORMAT, "settings",
		    "pinentry is not an absolute path: %s", s->pinentry);
	if (cfg_size(cfg, "timeout") == 0)
		return CS_OK;
	if (t < 1 || t > CS_TIMEOUT_MAX)
		return cs_fail(e, CS_EFORMAT, "settings",
		    "timeout is %ld, not 1 to %d seconds", t, CS_TIMEOUT_MAX);
	s->timeout = t;
	return CS_OK;
}

static int
parse(const char *name, const char *text, cs_settings *s, cs_err *e)
{
	cfg_opt_t opts[] = {CFG_STR("owner", NULL, CFGF_NODEFAULT),
	    CFG_STR("key", NULL, CFGF_NODEFAULT),
	    CFG_STR("authority", NULL, CFGF_NODEFAULT),
	    CFG_STR("pinentry", NULL, CFGF_NODEFAULT),
	    CFG_INT("timeout", 0, CFGF_NODEFAULT), CFG_END()};
	cfg_t *cfg = cfg_init(opts, CFGF_NONE);
	int rc;

	if (cfg == NULL)
		return cs_nomem(e, "settings");
	(void)cfg_set_error_function(cfg, keep_error);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		rc = line_fail(e, name, (unsigned)cfg->line,
		    cfg->comment == NULL ? "syntax error" : cfg->comment);
	else if ((rc = take(cfg, s, e)) != CS_OK)
		(void)cs_wrap(e, "%s", name);
	free(cfg->comment);
	cfg->comment = NULL;
	(void)cfg_free(cfg);
	return rc;
}

int
cs_settings_parse(const char *name, cs_span in, cs_settings *s, cs_err *e)
{
	cs_buf *text = NULL;
	int rc;

	memset(s, 0, sizeof(*s));
	if ((rc = check_lines(name, in, e)) != CS_OK)
		return rc;
	if ((text = cs_buf_dup(in)) == NULL)
		return cs_nomem(e, "settings");
	if ((rc = parse(name, cs_buf_cstr(text), s, e)) != CS_OK)
		cs_settings_clear(s);
	cs_buf_free(&text);
	return rc;
}

/* A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory
 * Specification). */
char *
cs_config_path(const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (xdg != NULL && xdg[0] == '/')
		n = asprintf(&path, "%s/countersign/%s", xdg, name);
	else if (home != NULL && home[0] == '/')
		n = asprintf(&path, "%s/.config/countersign/%s", home, name);
	return n < 0 ? NULL : path;
}

int
cs_settings_load(cs_settings *s, cs_err *e)
{
	char *path = cs_config_path("config");
	cs_buf *b = NULL;
	int rc = CS_OK;

	memset(s, 0, sizeof(*s));
	if (path == NULL || !cs_file_exists(path))
		goto out;
	rc = cs_file_read_trusted(path, geteuid(), SETTINGS_MAX, &b, e);
	if (rc == CS_OK)
		rc = cs_settings_parse(path, cs_buf_span(b), s, e);
out:
	cs_buf_free(&b);
	free(path);
	return rc;
}

void
cs_settings_clear(cs_settings *s)
{
	free(s->owner);
	free(s->key);
	free(s->authority);
	free(s->pinentry);
	memset(s, 0, sizeof(*s));
}
