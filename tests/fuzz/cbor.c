/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cbor.h"
#include "fuzz.h"

/* The shortest head, written by itself. */
static void
put_head(cs_buf *out, int type, uint64_t v)
{
	const unsigned low = v < 24 ? (unsigned)v : v < 0x100 ? 24 :
	    v < 0x10000 ? 25 : v < 0x100000000 ? 26 : 27;
	unsigned left = low < 24 ? 0 : 1U << (low - 24);

	CHECK(cs_buf_put_byte(out, (uint8_t)(type << 5 | (int)low)) == CS_OK);
	while (left-- > 0)
		CHECK(cs_buf_put_byte(out, (uint8_t)(v >> left * 8)) == CS_OK);
}

static void
put_string(cs_span *in, cs_buf *out, int type)
{
	cs_span s = {0};

	CHECK((type == CS_CBOR_TEXT ? cs_cbor_text(in, &s, NULL) :
	    cs_cbor_bytes(in, &s, NULL)) == CS_OK);
	put_head(out, type, s.n);
	CHECK(cs_buf_put(out, s) == CS_OK);
}

/* A number that int64_t has not is as it came. */
static void
put_int(cs_span *in, cs_buf *out, int type)
{
	cs_span whole = {0};
	int64_t v = 0;

	if (cs_cbor_int(in, &v, NULL) == CS_OK) {
		CHECK((v < 0) == (type == CS_CBOR_NINT));
		put_head(out, type, (uint64_t)(v < 0 ? -1 - v : v));
		return;
	}
	CHECK(cs_cbor_any(in, &whole, NULL) == CS_OK && whole.n == 9 &&
	    whole.p[1] >= 0x80);
	CHECK(cs_buf_put(out, whole) == CS_OK);
}

/* Item for item, no level deeper than allowed. */
static void
rewrite(cs_span *in, cs_buf *out, unsigned depth)
{
	const int type = cs_cbor_peek(*in);
	cs_span whole = {0};
	size_t n = 0;

	CHECK(type >= 0 && type != 6);
	if (type == CS_CBOR_UINT || type == CS_CBOR_NINT) {
		put_int(in, out, type);
	} else if (type == CS_CBOR_BYTES || type == CS_CBOR_TEXT) {
		put_string(in, out, type);
	} else if (type == CS_CBOR_SIMPLE) {
		CHECK(cs_cbor_any(in, &whole, NULL) == CS_OK && whole.n == 1);
		CHECK(cs_buf_put(out, whole) == CS_OK);
	} else {
		CHECK(depth < CS_CBOR_DEPTH);
		CHECK(cs_cbor_begin(in, (enum cs_cbor_type)type, &n, NULL) ==
		    CS_OK);
		put_head(out, type, n);
		for (n *= type == CS_CBOR_MAP ? 2 : 1; n > 0; n--)
			rewrite(in, out, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), whole = {0}, left;
	cs_buf *b = NULL;

	if (cs_cbor_any(&in, &whole, NULL) != CS_OK) {
		CHECK(in.n == n && whole.p == NULL);
		return 0;
	}
	CHECK(whole.p == data && whole.n + in.n == n);
	if ((b = cs_buf_new(n)) == NULL)
		return 0;
	left = whole;
	rewrite(&left, b, 0);
	CHECK(left.n == 0 && cs_span_eq(cs_buf_span(b), whole));
	cs_buf_free(&b);
	return 0;
}
