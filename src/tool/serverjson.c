/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/server.h"

static const char where[] = "server";

int
cs_server_text(const json_t *o, const char *key, cs_span *out, cs_err *e)
{
	const json_t *v = json_object_get(o, key);

	*out = (cs_span){0};
	if (!json_is_string(v))
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer: %s is no text", key);
	*out = cs_span_of(json_string_value(v), json_string_length(v));
	return CS_OK;
}

int
cs_server_number(const json_t *o, const char *key, int64_t *out, cs_err *e)
{
	const json_t *v = json_object_get(o, key);

	*out = 0;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer: %s is no number", key);
	*out = json_integer_value(v);
	return CS_OK;
}
