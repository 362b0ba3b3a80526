/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/names.h"
#include "fuzz.h"

static void
check_printable(cs_span in)
{
	size_t i;

	for (i = 0; i < in.n; i++)
		CHECK(in.p[i] >= 0x21 && in.p[i] <= 0x7e);
	CHECK(memchr(in.p, '#', in.n) == NULL);
}

/* An agent is no owner and has an authority of its own. */
static void
check_agent(cs_span in, cs_span td)
{
	cs_buf *b = cs_buf_new(CS_AUTHORITY_MAX);

	check_printable(in);
	CHECK(in.n <= CS_AGENT_ID_MAX && td.n >= 1 && td.n <= 255);
	CHECK(memchr(in.p, '%', in.n) == NULL &&
	    memchr(in.p, '@', in.n) == NULL && in.p[in.n - 1] != '/');
	CHECK(cs_owner_check(in, NULL) != CS_OK);
	CHECK(cs_agent_id_under(in, in));
	if (b != NULL) {
		CHECK(cs_authority_default(td, b, NULL) == CS_OK);
		CHECK(cs_authority_check(cs_buf_span(b), NULL) == CS_OK);
	}
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), td = {0};

	if (cs_agent_id_check(in, &td, NULL) == CS_OK)
		check_agent(in, td);
	else
		CHECK(td.p == NULL);
	if (cs_owner_check(in, NULL) == CS_OK) {
		check_printable(in);
		CHECK(n <= CS_OWNER_MAX);
		CHECK(cs_authority_check(in, NULL) == CS_OK);
	}
	if (cs_authority_check(in, NULL) == CS_OK)
		check_printable(in);
	if (cs_purpose_check(in, true, NULL) == CS_OK)
		CHECK(cs_purpose_check(in, false, NULL) == CS_OK);
	return 0;
}
