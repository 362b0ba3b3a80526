/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/enc.h"
#include "fuzz.h"

/* Canonical only: what is read is what would be written. */
static void
check_strict(cs_span in)
{
	cs_buf *bytes = cs_buf_new(in.n + 1), *text = cs_buf_new(in.n);

	if (bytes != NULL && text != NULL &&
	    cs_base64_get(bytes, in, false, NULL) == CS_OK) {
		CHECK(cs_base64_put(text, cs_buf_span(bytes), 0) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(text), in));
	}
	cs_buf_free(&bytes);
	cs_buf_free(&text);
}

static void
check_url(cs_span in)
{
	cs_buf *bytes = cs_buf_new(in.n + 1), *text = cs_buf_new(in.n);

	if (bytes != NULL && text != NULL &&
	    cs_base64url_get(bytes, in, NULL) == CS_OK) {
		CHECK(cs_base64url_put(text, cs_buf_span(bytes)) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(text), in));
	}
	cs_buf_free(&bytes);
	cs_buf_free(&text);
}

/* In lines, the bytes come back from lines of any length. */
static void
check_lines(cs_span in)
{
	cs_buf *bytes = cs_buf_new(in.n + 1), *text = cs_buf_new(3 * in.n + 9),
	    *back = cs_buf_new(in.n + 1);

	if (bytes != NULL && text != NULL && back != NULL &&
	    cs_base64_get(bytes, in, true, NULL) == CS_OK) {
		CHECK(cs_base64_put(text, cs_buf_span(bytes),
		    1 + in.n % 64) == CS_OK);
		CHECK(cs_base64_get(back, cs_buf_span(text), true, NULL) ==
		    CS_OK);
		CHECK(cs_span_eq(cs_buf_span(back), cs_buf_span(bytes)));
	}
	cs_buf_free(&bytes);
	cs_buf_free(&text);
	cs_buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);

	check_strict(in);
	check_url(in);
	check_lines(in);
	return 0;
}
