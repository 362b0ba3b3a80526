/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "tool/settings.h"

/* Lines that are neither blank nor a comment. */
static unsigned
count_lines(cs_span in)
{
	unsigned n = 0;
	size_t i;
	bool fresh = true;

	for (i = 0; i < in.n; i++)
		if (in.p[i] == '\n')
			fresh = true;
		else if (fresh && strchr(" \t\r", in.p[i]) == NULL) {
			fresh = false;
			n += in.p[i] != '#';
		}
	return n;
}

/* A value stands in the file as it is: nothing was unescaped, expanded or
 * taken from several lines. */
static unsigned
check_value(cs_span in, const char *name, const char *value)
{
	size_t n;

	if (value == NULL)
		return 0;
	n = strlen(value);
	CHECK(n > 0 && memmem(in.p, in.n, value, n) != NULL);
	CHECK(strchr(value, '\n') == NULL && strchr(value, '\\') == NULL);
	CHECK(strstr(value, "${") == NULL);
	CHECK(memmem(in.p, in.n, name, strlen(name)) != NULL);
	return 1;
}

/* Every line that is not a comment is one of the five, and none is lost. */
static void
check_settings(const cs_settings *s, cs_span in)
{
	unsigned n = 0;

	CHECK(in.n == 0 || memchr(in.p, '\0', in.n) == NULL);
	n += check_value(in, "owner", s->owner);
	n += check_value(in, "key", s->key);
	n += check_value(in, "authority", s->authority);
	n += check_value(in, "pinentry", s->pinentry);
	CHECK(s->pinentry == NULL || s->pinentry[0] == '/');
	CHECK(s->timeout >= 0 && s->timeout <= CS_TIMEOUT_MAX);
	n += s->timeout != 0;
	CHECK(n == count_lines(in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_settings s = {0};
	cs_err e = {0};

	if (n > 64 * 1024) /* the reader's cap on the file */
		return 0;
	if (cs_settings_parse("config", in, &s, &e) == CS_OK)
		check_settings(&s, in);
	else
		CHECK(s.owner == NULL && s.key == NULL && s.authority == NULL &&
		    s.pinentry == NULL && s.timeout == 0 && e.text[0] != '\0');
	cs_settings_clear(&s);
	return 0;
}
