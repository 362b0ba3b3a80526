/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "tool/settings.h"

/* A value stands in the file as it is: nothing was unescaped, expanded or
 * taken from several lines. */
static void
check_value(cs_span in, const char *name, const char *value)
{
	size_t n;

	if (value == NULL)
		return;
	n = strlen(value);
	CHECK(n > 0 && memmem(in.p, in.n, value, n) != NULL);
	CHECK(strchr(value, '\n') == NULL && strchr(value, '\\') == NULL);
	CHECK(strstr(value, "${") == NULL);
	CHECK(memmem(in.p, in.n, name, strlen(name)) != NULL);
}

static void
check_settings(const cs_settings *s, cs_span in)
{
	CHECK(in.n == 0 || memchr(in.p, '\0', in.n) == NULL);
	check_value(in, "owner", s->owner);
	check_value(in, "key", s->key);
	check_value(in, "authority", s->authority);
	check_value(in, "pinentry", s->pinentry);
	CHECK(s->pinentry == NULL || s->pinentry[0] == '/');
	CHECK(s->timeout >= 0 && s->timeout <= CS_TIMEOUT_MAX);
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
