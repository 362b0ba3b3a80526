/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fmt/clientdata.h"
#include "fuzz.h"

#define ORIGIN "https://approve.corp.example"

static const uint8_t challenge[32];
#define HASH cs_span_of(challenge, sizeof(challenge))

/* Accepted is what begins as ours does up to its brace, and ends with one. */
static void
check_text(cs_span in, cs_span origin)
{
	cs_buf *b = cs_buf_new(CS_CLIENTDATA_MAX);
	cs_span ours;

	if (b == NULL)
		return;
	CHECK(cs_clientdata_put(HASH, origin, b, NULL) == CS_OK);
	ours = cs_buf_span(b);
	CHECK(in.n >= ours.n && in.n <= CS_CLIENTDATA_MAX);
	CHECK(memcmp(in.p, ours.p, ours.n - 1) == 0);
	CHECK(in.p[in.n - 1] == '}' && cs_utf8_valid(in));
	CHECK(in.p[ours.n - 1] == ',' || in.n == ours.n);
	cs_buf_free(&b);
}

/* The octets as an origin: what is written is accepted, for it alone. */
static void
check_origin(cs_span origin)
{
	cs_buf *b = cs_buf_new(2 * CS_CLIENTDATA_MAX + origin.n);

	if (b == NULL)
		return;
	if (cs_clientdata_put(HASH, origin, b, NULL) == CS_OK) {
		CHECK(cs_clientdata_check(cs_buf_span(b), HASH, origin,
		    NULL) == CS_OK);
		CHECK(cs_clientdata_check_any(cs_buf_span(b), HASH, origin,
		    NULL) == CS_OK);
		CHECK(cs_span_is(origin, ORIGIN) || cs_clientdata_check(
		    cs_buf_span(b), HASH, cs_span_str(ORIGIN), NULL) != CS_OK);
	} else {
		CHECK(cs_buf_len(b) == 0);
	}
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), origin = cs_span_str(ORIGIN);
	bool good = cs_clientdata_check(in, HASH, origin, NULL) == CS_OK;

	if (good)
		check_text(in, origin);
	CHECK(good == (cs_clientdata_check_any(in, HASH, origin, NULL) ==
	    CS_OK));
	check_origin(in);
	return 0;
}
