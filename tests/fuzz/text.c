/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fuzz.h"

/* Only what may be shown comes out. */
static void
check_shown(cs_span out, bool ascii)
{
	uint32_t cp = 0;

	while (out.n > 0) {
		CHECK(cs_utf8_next(&out, &cp));
		CHECK(cs_text_shown(cp));
		CHECK(cp >= 0x20 && (!ascii || cp < 0x7f));
	}
}

static unsigned
hex(uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == 0 ? NULL : memchr(digits, c | 0x20, 16);

	CHECK(p != NULL);
	return (unsigned)(p - digits);
}

static size_t
utf8_put(uint32_t cp, uint8_t out[4])
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	size_t i;

	for (i = n; i > 1; i--, cp >>= 6)
		out[i - 1] = (uint8_t)(0x80 | (cp & 0x3f));
	out[0] = (uint8_t)(lead[n] | cp);
	return n;
}

/* Takes one escape, or one byte, off *s: the bytes that it stands for. */
static size_t
unescape(cs_span *s, uint8_t out[4])
{
	uint32_t v = 0;
	size_t i = 3;

	if (s->p[0] != '\\') {
		out[0] = s->p[0];
		*s = cs_span_cut(*s, 1, s->n - 1);
		return 1;
	}
	CHECK(s->n >= 2);
	if (s->p[1] == '\\') {
		out[0] = '\\';
		*s = cs_span_cut(*s, 2, s->n - 2);
		return 1;
	}
	CHECK(s->n >= 5 && s->p[2] == '{');
	for (; s->p[i] != '}'; i++) {
		CHECK(i + 1 < s->n && i < 9);
		v = v << 4 | hex(s->p[i]);
	}
	out[0] = (uint8_t)v;
	v = s->p[1] == 'u' ? (uint32_t)utf8_put(v, out) : 1;
	*s = cs_span_cut(*s, i + 1, s->n - i - 1);
	return v;
}

/* No two texts look alike: the text comes back from what is shown of it. */
static void
check_back(cs_span shown, cs_span in)
{
	uint8_t bytes[4];
	size_t at = 0, n;

	while (shown.n > 0) {
		n = unescape(&shown, bytes);
		CHECK(n <= in.n - at && memcmp(in.p + at, bytes, n) == 0);
		at += n;
	}
	CHECK(at == in.n);
}

static void
check_escape(cs_span in, bool ascii)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(in.n));

	if (b == NULL)
		return;
	CHECK(cs_text_escape(b, in, ascii) == CS_OK);
	check_shown(cs_buf_span(b), ascii);
	check_back(cs_buf_span(b), in);
	cs_buf_free(&b);
}

static bool
is_valid(cs_span in)
{
	uint32_t cp = 0;
	size_t left;

	while (in.n > 0) {
		left = in.n;
		if (!cs_utf8_next(&in, &cp))
			return false;
		CHECK(in.n < left && cp <= 0x10ffff &&
		    (cp < 0xd800 || cp > 0xdfff));
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = {"agents", "grants", "revoked"};
	cs_span in = cs_span_of(data, n);
	char word[64];

	CHECK(is_valid(in) == cs_utf8_valid(in));
	if (cs_text_plain(in))
		CHECK(cs_utf8_valid(in));
	check_escape(in, false);
	check_escape(in, true);
	if (n < sizeof(word)) {
		if (n > 0)
			memcpy(word, data, n);
		word[n] = '\0';
		(void)cs_text_nearest(word, names, 3);
	}
	return 0;
}
