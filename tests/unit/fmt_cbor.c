/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>

#include "fmt/cbor.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* The examples of RFC 8949 appendix A, and what CTAP 2.1 section 8 makes of
 * them; then other hostile heads. */
static const struct {
	const char *hex, *what;
	bool good;
} rows[] = {
	{"00", "0", true},
	{"17", "23", true},
	{"1818", "24", true},
	{"1864", "100", true},
	{"1903e8", "1000", true},
	{"1a000f4240", "1000000", true},
	{"1b000000e8d4a51000", "1000000000000", true},
	{"1bffffffffffffffff", "18446744073709551615", true},
	{"20", "-1", true},
	{"3903e7", "-1000", true},
	{"3bffffffffffffffff", "-18446744073709551616", true},
	{"c249010000000000000000", "a bignum", false},
	{"f4", "false", true},
	{"f5", "true", true},
	{"f6", "null", true},
	{"f7", "undefined", false},
	{"f0", "simple(16)", false},
	{"f820", "simple(32)", false},
	{"f8ff", "simple(255)", false},
	{"f814", "false in two octets", false},
	{"f90000", "0.0", false},
	{"fa47c35000", "100000.0", false},
	{"fb3ff199999999999a", "1.1", false},
	{"c074323031332d30332d32315432303a30343a30305a", "a date", false},
	{"d74401020304", "tag 23", false},
	{"40", "h''", true},
	{"4401020304", "four octets", true},
	{"60", "\"\"", true},
	{"62225c", "a quote and a backslash", true},
	{"62c3bc", "U+00FC", true},
	{"64f0908591", "U+10151", true},
	{"80", "[]", true},
	{"8301820203820405", "[1, [2, 3], [4, 5]]", true},
	{"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
	    "25 items", true},
	{"a0", "{}", true},
	{"a201020304", "{1: 2, 3: 4}", true},
	{"a26161016162820203", "{\"a\": 1, \"b\": [2, 3]}", true},
	{"826161a161626163", "[\"a\", {\"b\": \"c\"}]", true},
	{"5f42010243030405ff", "an indefinite byte string", false},
	{"7f657374726561646d696e67ff", "an indefinite text", false},
	{"9fff", "an indefinite array", false},
	{"bf61610161629f0203ffff", "an indefinite map", false},
	{"ff", "a break", false},
	{"1817", "23 in two octets", false},
	{"190018", "24 in three octets", false},
	{"1900ff", "255 in three octets", false},
	{"1a0000ffff", "65535 in five octets", false},
	{"1b00000000ffffffff", "4294967295 in nine octets", false},
	{"5800", "a length of 0 in two octets", false},
	{"9801f6", "a count of 1 in two octets", false},
	{"1c", "reserved 28", false},
	{"1d", "reserved 29", false},
	{"1e", "reserved 30", false},
	{"1f", "indefinite number", false},
	{"1cffffffffffffffffffffffffffffffff", "reserved 28 of 16", false},
	{"fc", "reserved simple", false},
	{"61ff", "a text that is not UTF-8", false},
	{"62c080", "an overlong NUL", false},
	{"63eda080", "a surrogate", false},
	{"5bffffffffffffffff", "2^64-1 octets", false},
	{"5b7fffffffffffffff", "2^63-1 octets", false},
	{"7bffffffffffffffff", "2^64-1 octets of text", false},
	{"9bffffffffffffffff", "2^64-1 items", false},
	{"9b7fffffffffffffff", "2^63-1 items", false},
	{"9b00000001ffffffff", "2^33-1 items", false},
	{"9a7fffffff00", "2^31-1 items", false},
	{"bbffffffffffffffff", "2^64-1 pairs", false},
	{"bb7fffffffffffffff", "2^63-1 pairs", false},
	{"bb8000000000000000", "2^63 pairs", false},
	{"a201020304", "sorted", true},
	{"a203040102", "not sorted", false},
	{"a201020104", "twice", false},
	{"a2616101616102", "a name twice", false},
	{"a262616101616202", "a longer name first", false},
	{"a261620162616102", "a shorter name first", true},
	{"a201022003", "1 before -1", true},
	{"a220030102", "-1 before 1", false},
	{"a220032102", "-1 before -2", true},
	{"a221022003", "-2 before -1", false},
	{"a21818000100", "24 before 1", false},
	{"a20100181800", "1 before 24", true},
	{"a24100006100f6", "octets before text", true},
	{"a26100f6410000", "text before octets", false},
	{"a18000", "an array as a key", false},
	{"a1a000", "a map as a key", false},
	{"a1f400", "false as a key", false},
	{"a1f600", "null as a key", false},
	{"a101", "a key alone", false},
	{"a1", "a map without its pair", false},
	{"81818180", "four arrays", true},
	{"8181818180", "five arrays", false},
	{"81818100", "three arrays and a number", true},
	{"8181818100", "four arrays and a number", true},
	{"a101a101a101a10100", "four maps", true},
	{"a101a101a101a101a0", "five maps", false},
	{"a101a101a101a10180", "four maps and an array", false},
};

static enum vec_answer
probe(cs_span in)
{
	cs_span left = in, whole = {0};
	cs_err e = {0};

	if (cs_cbor_any(&left, &whole, &e) != CS_OK)
		return e.cls == CS_EFORMAT && e.detail == CS_R_MALFORMED &&
		    left.p == in.p && left.n == in.n && whole.p == NULL ?
		    VEC_REFUSED : VEC_BROKEN;
	if (whole.p != in.p || whole.n > in.n ||
	    left.p != in.p + whole.n || left.n != in.n - whole.n)
		return VEC_BROKEN;
	return cs_cbor_end(left, "the item", NULL) == CS_OK ? VEC_ACCEPTED :
	    VEC_REFUSED;
}

static void
test_rows(void)
{
	cs_buf *b;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = vec_hex(rows[i].hex);
		ok(b != NULL && probe(cs_buf_span(b)) == (rows[i].good ?
		    VEC_ACCEPTED : VEC_REFUSED), "%s", rows[i].what);
		if (b != NULL && rows[i].good) {
			ok(vec_prefixes(cs_buf_span(b), probe) == 0,
			    "%s: prefixes", rows[i].what);
			ok(vec_trailing(cs_buf_span(b), probe) == 0,
			    "%s: trailing", rows[i].what);
			ok(vec_flips(cs_buf_span(b), probe) == 0,
			    "%s: flips", rows[i].what);
		}
		cs_buf_free(&b);
	}
	ok(probe((cs_span){0}) == VEC_REFUSED, "absent");
	ok(probe(cs_span_of("", 0)) == VEC_REFUSED, "empty");
}

static const struct {
	const char *hex;
	int64_t value;
	bool good;
} ints[] = {
	{"00", 0, true},
	{"17", 23, true},
	{"1818", 24, true},
	{"19ffff", 65535, true},
	{"1b7fffffffffffffff", INT64_MAX, true},
	{"1b8000000000000000", 0, false},
	{"20", -1, true},
	{"3818", -25, true},
	{"390100", -257, true},
	{"3b7fffffffffffffff", INT64_MIN, true},
	{"3b8000000000000000", 0, false},
	{"40", 0, false},
	{"f4", 0, false},
	{"", 0, false},
};

static void
test_ints(void)
{
	cs_span in;
	cs_buf *b;
	int64_t v;
	size_t i;
	int r;

	for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		b = vec_hex(ints[i].hex);
		in = cs_buf_span(b);
		v = 1;
		r = cs_cbor_int(&in, &v, NULL);
		ok((r == CS_OK) == ints[i].good && v == ints[i].value &&
		    (r == CS_OK ? in.n == 0 : in.n == cs_buf_len(b)),
		    "number %s", ints[i].hex);
		cs_buf_free(&b);
	}
}

static void
test_strings(void)
{
	cs_span in = cs_span_str("\x43" "abc" "\x62" "de"), out = {0};

	ok(cs_cbor_peek(in) == CS_CBOR_BYTES &&
	    cs_cbor_text(&in, &out, NULL) != CS_OK && in.n == 7 &&
	    out.p == NULL, "octets are no text");
	ok(cs_cbor_bytes(&in, &out, NULL) == CS_OK && in.n == 3 &&
	    cs_span_is(out, "abc"), "octets");
	ok(cs_cbor_peek(in) == CS_CBOR_TEXT &&
	    cs_cbor_bytes(&in, &out, NULL) != CS_OK && in.n == 3,
	    "text is no octets");
	ok(cs_cbor_text(&in, &out, NULL) == CS_OK && in.n == 0 &&
	    cs_span_is(out, "de"), "text");
	ok(cs_cbor_peek(in) == -1 && cs_cbor_text(&in, &out, NULL) != CS_OK &&
	    cs_cbor_end(in, "it", NULL) == CS_OK, "and the end");
	in = cs_span_str("\x61\xff");
	ok(cs_cbor_text(&in, &out, NULL) != CS_OK, "text in Latin-1");
}

static void
test_begin(void)
{
	static const uint8_t bytes[] = {0x82, 0xa1, 0x01, 0x02, 0xf5};
	cs_span in = cs_span_of(bytes, sizeof(bytes)), whole = {0};
	int64_t v = 0;
	size_t n = 9;

	ok(cs_cbor_begin(&in, CS_CBOR_MAP, &n, NULL) != CS_OK && n == 0 &&
	    in.n == 5, "an array is no map");
	ok(cs_cbor_begin(&in, CS_CBOR_ARRAY, &n, NULL) == CS_OK && n == 2 &&
	    in.n == 4, "an array of two");
	ok(cs_cbor_begin(&in, CS_CBOR_MAP, &n, NULL) == CS_OK && n == 1 &&
	    cs_cbor_int(&in, &v, NULL) == CS_OK && v == 1 &&
	    cs_cbor_int(&in, &v, NULL) == CS_OK && v == 2, "a map of one");
	ok(cs_cbor_peek(in) == CS_CBOR_SIMPLE &&
	    cs_cbor_any(&in, &whole, NULL) == CS_OK && whole.n == 1 &&
	    in.n == 0, "and true");
	in = cs_span_str("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff");
	ok(cs_cbor_begin(&in, CS_CBOR_ARRAY, &n, NULL) != CS_OK && n == 0,
	    "more items than octets");
	in = cs_span_str("\xa2\x01\x02\x03");
	ok(cs_cbor_begin(&in, CS_CBOR_MAP, &n, NULL) != CS_OK && n == 0,
	    "a map that half an item is missing of");
}

int
main(void)
{
	test_rows();
	test_ints();
	test_strings();
	test_begin();
	return done_testing();
}
