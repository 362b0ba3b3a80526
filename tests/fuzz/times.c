/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/time.h"
#include "fuzz.h"

static void
check_forms(cs_span in)
{
	char text[24];
	int64_t t = 0, back = 0;

	if (cs_gentime_get(in, &t)) {
		CHECK(cs_gentime_put(t, text));
		CHECK(cs_span_is(in, text));
	}
	if (cs_utctime_get(in, &t)) {
		CHECK(cs_rfc3339_put(t, text));
		CHECK(cs_time_parse(text, &back, NULL) == CS_OK && back == t);
	}
}

static void
check_typed(const char *s)
{
	char text[24];
	int64_t t = 0, back = 0;

	if (cs_time_parse(s, &t, NULL) == CS_OK) {
		CHECK(cs_rfc3339_put(t, text));
		CHECK(cs_time_parse(text, &back, NULL) == CS_OK && back == t);
	}
	if (cs_duration_parse(s, &t, NULL) == CS_OK) {
		CHECK(t > 0);
		cs_duration_put(t, text);
		CHECK(cs_duration_parse(text, &back, NULL) == CS_OK);
		CHECK(back == t);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[128];

	check_forms(cs_span_of(data, n));
	if (n >= sizeof(text))
		return 0;
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	check_typed(text);
	return 0;
}
