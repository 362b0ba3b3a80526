/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/attstmt.h"
#include "fuzz.h"

static bool
is_within(cs_span part, cs_span in)
{
	return part.p > in.p && part.p + part.n <= in.p + in.n;
}

static void
check_statement(cs_span in, const cs_attstmt *a)
{
	size_t i;

	if (a->format == CS_ATTFMT_NONE) {
		CHECK(in.n == 1 && in.p[0] == 0xa0);
		CHECK(a->sig.p == NULL && a->n == 0);
		return;
	}
	CHECK(a->sig.n != 0 && is_within(a->sig, in));
	CHECK(a->n <= CS_ATTSTMT_CERTS);
	CHECK(a->format != CS_ATTFMT_U2F || a->n == 1);
	for (i = 0; i < a->n; i++)
		CHECK(is_within(a->certs[i], in));
}

/* The first octet says which word is beside the statement. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const formats[] = {"none", "packed", "fido-u2f",
	    "tpm"};
	cs_span in;
	cs_attstmt a;

	if (n == 0)
		return 0;
	in = cs_span_of(data + 1, n - 1);
	if (cs_attstmt_parse(cs_span_str(formats[data[0] & 3]), in, &a,
	    NULL) == CS_OK) {
		CHECK((data[0] & 3) != 3);
		check_statement(in, &a);
	}
	return 0;
}
