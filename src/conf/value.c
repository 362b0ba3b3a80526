/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "conf/scan.h"

#define DIGITS_MAX 18 /* of an int64_t, whatever they are */

int
cs_conf_fail(const cs_conf_block *b, const char *name, cs_err *e,
    const char *fmt, ...)
{
	unsigned line = name == NULL ? 0 : cs_conf_where(b, name);
	char text[1024] = "";
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cs_fail(e, CS_EFORMAT, "conf", "%s:%u: %s%s%s", b->file->name,
	    line == 0 ? b->line : line, name == NULL ? "" : name,
	    name == NULL ? "" : ": ", text);
}

int
cs_conf_expect(const cs_conf_block *b, const char *name, const char *want,
    const char *found, cs_err *e)
{
	return cs_conf_fail(b, name, e, "expected %s, found \"%s\"", want,
	    found);
}

int
cs_conf_flag(const cs_conf_block *b, const char *name, bool *io, cs_err *e)
{
	const char *v = cs_conf_text(b, name);

	if (v == NULL)
		return CS_OK;
	if (strcmp(v, "yes") != 0 && strcmp(v, "no") != 0)
		return cs_conf_expect(b, name, "yes or no", v, e);
	*io = strcmp(v, "yes") == 0;
	return CS_OK;
}

/* Digits at the beginning, *v behind them; false when they are none, begin with
 * a zero that is not the whole number, or are too many. */
static bool
digits(const char **v, int64_t *out)
{
	const char *p = *v;
	size_t n = 0;

	for (*out = 0; n <= DIGITS_MAX && p[n] >= '0' && p[n] <= '9'; n++)
		*out = n < DIGITS_MAX ? *out * 10 + (p[n] - '0') : *out;
	*v += n;
	return n > 0 && n <= DIGITS_MAX && (n == 1 || *p != '0');
}

int
cs_conf_number(const cs_conf_block *b, const char *name, int64_t lo,
    int64_t hi, int64_t *io, cs_err *e)
{
	const char *v = cs_conf_text(b, name), *end = v;
	char want[64] = "";
	int64_t n = 0;

	if (v == NULL)
		return CS_OK;
	if (digits(&end, &n) && *end == '\0' && n >= lo && n <= hi) {
		*io = n;
		return CS_OK;
	}
	(void)snprintf(want, sizeof(want), "%lld to %lld", (long long)lo,
	    (long long)hi);
	return cs_conf_expect(b, name, want, v, e);
}

/* 0 is no unit. */
static int64_t
unit_of(const char *s)
{
	if (*s == '\0')
		return 1;
	if (s[1] != '\0')
		return 0;
	return *s == 'k' ? INT64_C(1) << 10 : *s == 'M' ? INT64_C(1) << 20 :
	    *s == 'G' ? INT64_C(1) << 30 : 0;
}

int
cs_conf_size(const cs_conf_block *b, const char *name, int64_t lo, int64_t hi,
    int64_t *io, cs_err *e)
{
	const char *v = cs_conf_text(b, name), *end = v;
	char want[96] = "";
	int64_t n = 0, unit;

	if (v == NULL)
		return CS_OK;
	if (digits(&end, &n) && (unit = unit_of(end)) != 0 && n <= hi / unit &&
	    n * unit >= lo) {
		*io = n * unit;
		return CS_OK;
	}
	(void)snprintf(want, sizeof(want), "%lld to %lld bytes, as a number or "
	    "like 64k, 16M or 1G", (long long)lo, (long long)hi);
	return cs_conf_expect(b, name, want, v, e);
}

int
cs_conf_duration(const cs_conf_block *b, const char *name, int64_t most,
    int64_t *io, cs_err *e)
{
	const char *v = cs_conf_text(b, name);
	char want[40] = "at most ", *at = want + strlen(want);
	int64_t n = 0;

	if (v == NULL)
		return CS_OK;
	if (cs_duration_parse(v, &n, NULL) != CS_OK)
		return cs_conf_expect(b, name, "a duration such as 90s, 15m, "
		    "24h or 30d", v, e);
	if (n > most) {
		cs_duration_put(most, at);
		return cs_conf_expect(b, name, want, v, e);
	}
	*io = n;
	return CS_OK;
}

int
cs_conf_string(const cs_conf_block *b, const char *name, char **io, cs_err *e)
{
	const char *v = cs_conf_text(b, name);

	if (v == NULL)
		return CS_OK;
	if (*v == '\0')
		return cs_conf_fail(b, name, e, "it is empty");
	if (!cs_text_plain(cs_span_str(v)))
		return cs_conf_expect(b, name, "visible UTF-8", v, e);
	*io = strdup(v);
	return *io == NULL ? cs_nomem(e, "conf") : CS_OK;
}

int
cs_conf_path(const cs_conf_block *b, const char *name, char **io, cs_err *e)
{
	const char *v = cs_conf_text(b, name);

	if (v != NULL && *v != '\0' && *v != '/')
		return cs_conf_expect(b, name, "an absolute path", v, e);
	return cs_conf_string(b, name, io, e);
}
