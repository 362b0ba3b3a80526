/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/enc.h"
#include "tap.h"

#define CAP 1024

/* RFC 4648 section 10 */
static const char *const vectors[][3] = {
    {"", "", ""}, {"f", "Zg==", "66"}, {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"}, {"foob", "Zm9vYg==", "666f6f62"},
    {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"}};

static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zg==Zg==",
    "Zh==", "Zm9=", "Zm9v=", "Zm9v====", "=", "====", "Zg==\n", "Z g==",
    "Zm9-", "Zm9_", "Zm9\\", "Zm9v\377", "=Zg=", "Z=g="};

static const char *const bad_lines[] = {"Zm9v\rZm9v", "Zm9v\r", "Zm9v\vZm9v",
    "Zg=\n", "Zg==\nZg=="};

static const char *const bad_url[] = {"Z", "Zh", "Zm9", "Zg==", "Zm9+",
    "Zm9/", "Zg\n"};

static void
test_vectors(cs_buf *b)
{
	size_t i;
	cs_err e = {0};

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		cs_span in = cs_span_str(vectors[i][0]);

		cs_buf_reset(b);
		ok(cs_base64_put(b, in, 0) == CS_OK &&
		    cs_span_is(cs_buf_span(b), vectors[i][1]), "put %zu", i);
		cs_buf_reset(b);
		ok(cs_base64_get(b, cs_span_str(vectors[i][1]), false, &e) ==
		    CS_OK && cs_span_eq(cs_buf_span(b), in), "get %zu", i);
		cs_buf_reset(b);
		ok(cs_hex_put(b, in) == CS_OK &&
		    cs_span_is(cs_buf_span(b), vectors[i][2]), "hex %zu", i);
	}
}

static void
test_bad(cs_buf *b)
{
	size_t i;
	cs_err e = {0};

	cs_buf_reset(b);
	ok(cs_buf_put_str(b, "before") == CS_OK, "something before");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cs_base64_get(b, cs_span_str(bad[i]), false, &e) ==
		    CS_EFORMAT && cs_span_is(cs_buf_span(b), "before"),
		    "refused %zu", i);
	for (i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++)
		ok(cs_base64_get(b, cs_span_str(bad_lines[i]), true, &e) ==
		    CS_EFORMAT && cs_span_is(cs_buf_span(b), "before"),
		    "refused with lines %zu", i);
	for (i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++)
		ok(cs_base64url_get(b, cs_span_str(bad_url[i]), &e) ==
		    CS_EFORMAT && cs_span_is(cs_buf_span(b), "before"),
		    "refused url %zu", i);
	ok(cs_base64_get(b, cs_span_of("Zg=\0", 4), true, &e) == CS_EFORMAT,
	    "a NUL");
}

/* Of all strings that differ in one byte only other encodings remain. */
static void
test_flips(cs_buf *b)
{
	char s[] = "Zm9vYg==";
	bool same = false;
	size_t i, len = strlen(s);
	cs_err e = {0};
	int c;

	for (i = 0; i < len; i++) {
		char was = s[i];

		for (c = 0; c < 256; c++) {
			s[i] = (char)c;
			cs_buf_reset(b);
			if (s[i] != was && cs_base64_get(b,
			    cs_span_of(s, len), false, &e) == CS_OK &&
			    cs_span_is(cs_buf_span(b), "foob"))
				same = true;
		}
		s[i] = was;
	}
	ok(!same, "every byte counts");
	for (i = 1; i < len; i++)
		if (i != 4)
			ok(cs_base64_get(b, cs_span_of(s, i), false, &e) ==
			    CS_EFORMAT, "prefix %zu", i);
}

static void
test_lines(cs_buf *b)
{
	cs_err e = {0};

	cs_buf_reset(b);
	ok(cs_base64_put(b, cs_span_str("foobar"), 4) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "Zm9v\nYmFy\n"), "full lines");
	cs_buf_reset(b);
	ok(cs_base64_put(b, cs_span_str("foobar"), 6) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "Zm9vYm\nFy\n"), "a short last line");
	cs_buf_reset(b);
	ok(cs_base64_get(b, cs_span_str("\nZm9v\r\n Ym\tFy\n"), true, &e) ==
	    CS_OK && cs_span_is(cs_buf_span(b), "foobar"), "read back");
}

static void
test_url(cs_buf *b)
{
	static const uint8_t bytes[] = {0xfb, 0xff, 0xbf, 0xff};
	cs_err e = {0};

	cs_buf_reset(b);
	ok(cs_base64url_put(b, cs_span_of(bytes, 4)) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "-_-__w"), "url put");
	cs_buf_reset(b);
	ok(cs_base64url_get(b, cs_span_str("-_-__w"), &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), cs_span_of(bytes, 4)), "url get");
}

/* Every byte value in every position of the three. */
static void
test_round(cs_buf *b, cs_buf *c)
{
	uint8_t bytes[256];
	size_t i, n;
	bool good = true;
	cs_err e = {0};

	for (i = 0; i < 256; i++)
		bytes[i] = (uint8_t)(i * 7);
	for (n = 0; n <= 256; n++) {
		cs_buf_reset(b);
		cs_buf_reset(c);
		good = good &&
		    cs_base64_put(b, cs_span_of(bytes, n), 64) == CS_OK &&
		    cs_base64_get(c, cs_buf_span(b), true, &e) == CS_OK &&
		    cs_span_eq(cs_buf_span(c), cs_span_of(bytes, n));
	}
	ok(good, "every length there and back");
}

static void
test_room(void)
{
	cs_buf *b = cs_buf_new(3);
	cs_err e = {0};

	ok(cs_base64_get(b, cs_span_str("Zm9vYg=="), false, &e) ==
	    CS_EFORMAT && strcmp(e.text, "too large") == 0 &&
	    !cs_buf_failed(b), "more than there is room for");
	ok(cs_base64_get(b, cs_span_str("Zm9v"), false, &e) == CS_OK,
	    "exactly as much");
	ok(cs_base64_put(b, cs_span_str("x"), 0) == CS_EBUG, "put, no room");
	cs_buf_free(&b);
}

static void
test_code(void)
{
	static const uint8_t zero[4] = {0}, ones[5] = {255, 255, 255, 255, 0};
	static const uint8_t some[4] = {0x3b, 0xc7, 0x3b, 0x88};
	char out[8];

	cs_code(cs_span_of(zero, 4), out);
	ok(strcmp(out, "0000-00") == 0, "code of zeros");
	cs_code(cs_span_of(ones, 5), out);
	ok(strcmp(out, "ZZZZ-ZZ") == 0, "code of ones");
	cs_code(cs_span_of(some, 4), out);
	ok(strcmp(out, "7F3K-Q2") == 0, "code %s", out);
}

int
main(void)
{
	cs_buf *b = cs_buf_new(CAP), *c = cs_buf_new(CAP);

	test_vectors(b);
	test_bad(b);
	test_flips(b);
	test_lines(b);
	test_url(b);
	test_round(b, c);
	test_room();
	test_code();
	cs_buf_free(&b);
	cs_buf_free(&c);
	return done_testing();
}
