/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/enc.h"
#include "fuzz.h"
#include "issue/wit.h"

/* What is taken is written in one way, and reads as the same. */
static void
check(cs_span in)
{
	cs_buf *out = cs_buf_new(2 * CS_WIT_MAX), *again = NULL;
	cs_wit *w = NULL, *back = NULL;

	if (out == NULL || cs_wit_parse(in, &w, NULL) != CS_OK) {
		CHECK(w == NULL);
		cs_buf_free(&out);
		return;
	}
	CHECK(w->iat < w->exp && w->n_owners == w->bindings->n);
	/* Text that was written shorter than we do may grow beyond the cap. */
	if (cs_wit_put(w, out, NULL) == CS_OK &&
	    (again = cs_buf_new(CS_WIT_MAX)) != NULL) {
		CHECK(cs_wit_parse(cs_buf_span(out), &back, NULL) == CS_OK);
		CHECK(cs_span_eq(back->bindings->der, w->bindings->der));
		CHECK(cs_span_eq(back->sub, w->sub));
		CHECK(cs_span_eq(back->key.der, w->key.der));
		CHECK(cs_wit_put(back, again, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(out), cs_buf_span(again)));
	}
	cs_wit_free(&w);
	cs_wit_free(&back);
	cs_buf_free(&out);
	cs_buf_free(&again);
}

/* Two JSON texts with a NUL in between, as a token has them. */
static void
check_texts(cs_span in)
{
	const uint8_t *nul = in.n == 0 ? NULL : memchr(in.p, 0, in.n);
	size_t at = nul == NULL ? 0 : (size_t)(nul - in.p);
	cs_buf *b = cs_buf_new(in.n * 2 + 16);

	if (b != NULL && nul != NULL &&
	    cs_base64url_put(b, cs_span_cut(in, 0, at)) == CS_OK &&
	    cs_buf_put_byte(b, '.') == CS_OK && cs_base64url_put(b,
	    cs_span_cut(in, at + 1, in.n - at - 1)) == CS_OK)
		check(cs_buf_span(b));
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), input = {0};
	uint8_t sig[64];

	if (cs_wit_split(in, &input, sig, NULL) == CS_OK)
		check(input);
	else
		CHECK(input.p == NULL);
	check(in);
	check_texts(in);
	return 0;
}
