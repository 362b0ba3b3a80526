/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
set(cs_err *e, int cls, int detail, const char *where)
{
	e->cls = cls;
	e->detail = detail;
	e->where = where;
}

int
cs_fail(cs_err *e, int cls, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return cls;
	set(e, cls, 0, where);
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return cls;
}

int
cs_fail_detail(cs_err *e, int cls, int detail, const char *where,
    const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return cls;
	set(e, cls, detail, where);
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return cls;
}

int
cs_wrap(cs_err *e, const char *fmt, ...)
{
	char old[sizeof(((cs_err *)NULL)->text)];
	size_t at, n;
	va_list ap;

	if (e == NULL)
		return CS_EBUG;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	at = strlen(e->text);
	if (at + sizeof(": ") > sizeof(e->text))
		return e->cls;
	memcpy(e->text + at, ": ", sizeof(": "));
	at += sizeof(": ") - 1;
	n = strnlen(old, sizeof(e->text) - at - 1); /* the end may be lost */
	memcpy(e->text + at, old, n);
	e->text[at + n] = '\0';
	return e->cls;
}

int
cs_nomem(cs_err *e, const char *where)
{
	return cs_fail(e, CS_EBUG, where, "out of memory");
}

void
cs_err_clear(cs_err *e)
{
	memset(e, 0, sizeof(*e));
}
