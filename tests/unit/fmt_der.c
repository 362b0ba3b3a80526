/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *hex, *what;
};

static const struct row good[] = {
	{"0500", "NULL"},
	{"0101ff", "TRUE"},
	{"010100", "FALSE"},
	{"020100", "0"},
	{"02017f", "127"},
	{"02020080", "128"},
	{"020180", "-128"},
	{"0202ff7f", "-129"},
	{"0209008000000000000000", "2^63"},
	{"0a0101", "ENUMERATED 1"},
	{"0a020080", "ENUMERATED 128"},
	{"0400", "empty OCTET STRING"},
	{"0403020100", "OCTET STRING of what is no DER"},
	{"030100", "empty BIT STRING"},
	{"030200ff", "BIT STRING of 8"},
	{"03020780", "BIT STRING of 1"},
	{"030201fe", "BIT STRING of 7"},
	{"06012a", "1.2"},
	{"06028837", "2.999"},
	{"06032a8648", "1.2.840"},
	{"06032a8148", "no zero first, 0x81"},
	{"06042a888000", "zeros within a sub-identifier"},
	{"0d027f01", "RELATIVE-OID"},
	{"0c03e282ac", "UTF8String"},
	{"0c00", "empty UTF8String"},
	{"0c04f09f8080", "UTF8String beyond 16 bit"},
	{"1e0220ac", "BMPString"},
	{"1c040001f600", "UniversalString"},
	{"1603616263", "IA5String"},
	{"1301 41", "PrintableString"},
	{"1201 31", "NumericString"},
	{"1401e9", "TeletexString"},
	{"170d3236303130313030303030305a", "UTCTime"},
	{"180f32303236303130313030303030305a", "GeneralizedTime"},
	{"3000", "empty SEQUENCE"},
	{"30030101ff", "SEQUENCE"},
	{"3100", "empty SET"},
	{"3106 020101 020102", "SET in order"},
	{"3106 020101 020101", "SET of equal ones"},
	{"3107 020101 02020080", "SET, shorter first"},
	{"3107 0101ff 04021234", "SET of several tags"},
	{"3007 02017f 02020080", "SEQUENCE"},
	{"3006 020102 020101", "a SEQUENCE is not sorted"},
	{"8000", "[0] primitive, empty"},
	{"8003 020000", "[0] primitive is opaque"},
	{"a000", "[0] constructed, empty"},
	{"a003020101", "[0] constructed"},
	{"a006 020102 020101", "[0] implicit, of no known order"},
	{"be00", "[30]"},
	{"4100", "application 1"},
	{"6103020101", "application 1, constructed"},
	{"c001ff", "private 0"},
	{"e0020500", "private 0, constructed"},
};

static const struct row bad[] = {
	{"", "nothing"},
	{"30", "a tag alone"},
	{"0d018800", "octets behind"},
	{"bf00", "[31] and up"},
	{"1f00", "high tag, universal"},
	{"1f1f00", "high tag 31"},
	{"5f8101 00", "high tag, application"},
	{"9f1f 00", "high tag, context"},
	{"ff1f 00", "high tag, private"},
	{"3004 9f1f 0100", "high tag within"},
	{"0402 01", "content cut off"},
	{"04", "length missing"},
	{"0481", "length cut off"},
	{"048201", "length cut off in two"},
	{"0480 0000", "indefinite, primitive"},
	{"3080 0000", "indefinite, constructed"},
	{"3080 0500 0000", "indefinite with content"},
	{"a080 0500 0000", "indefinite, context"},
	{"3004 3080 0000", "indefinite within"},
	{"048101 00", "long form for 1"},
	{"04817f", "long form for 127, cut off"},
	{"0481 00", "long form for 0"},
	{"0482 0001 00", "leading zero of a length"},
	{"30 8200 03 0101ff", "leading zero, constructed"},
	{"04 84 00000001 00", "four octets of length for 1"},
	{"04 85 0000000001 00", "five octets of length"},
	{"04 85 0100000000", "2^32"},
	{"04 84 ffffffff", "2^32 - 1, cut off"},
	{"04 88 ffffffffffffffff", "2^64 - 1"},
	{"04 ff", "length of the reserved form"},
	{"3002 0501", "length beyond its parent"},
	{"3003 0402 00", "element beyond its parent"},
	{"3001 05", "a tag alone within"},
	{"0500 00", "one octet behind"},
	{"0500 0500", "two elements"},
	{"3000 3000", "two SEQUENCEs"},
	{"0000", "end-of-contents"},
	{"3002 0000", "end-of-contents within"},
	{"2000", "constructed tag 0"},
	{"0100", "empty BOOLEAN"},
	{"010101", "BOOLEAN 01"},
	{"0101fe", "BOOLEAN FE"},
	{"0102ffff", "BOOLEAN of two"},
	{"2103 0101ff", "constructed BOOLEAN"},
	{"0200", "empty INTEGER"},
	{"02020000", "0 in two"},
	{"0202007f", "127 in two"},
	{"0202ff80", "-128 in two"},
	{"0202ffff", "-1 in two"},
	{"0203 000080", "128 in three"},
	{"2203 020101", "constructed INTEGER"},
	{"0a00", "empty ENUMERATED"},
	{"0a020001", "ENUMERATED 1 in two"},
	{"0a02ffff", "ENUMERATED -1 in two"},
	{"0300", "BIT STRING without its count"},
	{"030101", "unused bits of none"},
	{"03020800", "8 unused bits"},
	{"0302ff00", "255 unused bits"},
	{"03020781", "unused bits that are set"},
	{"030201 01", "an unused bit that is set"},
	{"0304 04 ffff f8", "four unused, one set"},
	{"2305 0303000000", "constructed BIT STRING"},
	{"2400", "constructed OCTET STRING, empty"},
	{"2403 040141", "constructed OCTET STRING"},
	{"3005 2403 040141", "constructed OCTET STRING within"},
	{"2c03 0c0141", "constructed UTF8String"},
	{"0501 00", "NULL with content"},
	{"2500", "constructed NULL"},
	{"0600", "empty OBJECT IDENTIFIER"},
	{"060180", "sub-identifier cut off"},
	{"06022a80", "second one cut off"},
	{"0602802a", "first one padded"},
	{"06032a8001", "second one padded"},
	{"06042a8080 01", "padded twice"},
	{"2603 06012a", "constructed OBJECT IDENTIFIER"},
	{"0d028001", "RELATIVE-OID padded"},
	{"0d00", "empty RELATIVE-OID"},
	{"0c01ff", "UTF8String, no such octet"},
	{"0c02c0af", "UTF8String, overlong"},
	{"0c03eda080", "UTF8String, surrogate"},
	{"0c02e282", "UTF8String cut off"},
	{"0c04f4908080", "UTF8String beyond Unicode"},
	{"1e01 41", "BMPString of one octet"},
	{"1e02d800", "BMPString, surrogate"},
	{"1c020041", "UniversalString of two octets"},
	{"1c0400110000", "UniversalString beyond Unicode"},
	{"170b323630313031303030305a", "UTCTime without seconds"},
	{"170c323630313031303030303030", "UTCTime without Z"},
	{"171132363031303130303030 30302b30313030", "UTCTime with an offset"},
	{"170d32363031303130303a3030305a", "UTCTime of no digits"},
	{"170d32363031303130303030303031", "UTCTime of digits alone"},
	{"170e3236303130313030303030305a5a", "UTCTime that goes on"},
	{"180e323032363031303130303030 3030", "GeneralizedTime without Z"},
	{"180d323032363031303130303030 5a", "without seconds"},
	{"181132303236303130313030303030302e305a", "with a fraction"},
	{"180f3230323630313031303030 3030207a", "with another letter"},
	{"1800", "empty GeneralizedTime"},
	{"3106 020102 020101", "SET out of order"},
	{"3107 02020080 020101", "SET, longer first"},
	{"3107 04021234 0101ff", "SET of several tags out of order"},
	{"3008 3106 020102 020101", "SET out of order within"},
	{"a008 3106 020102 020101", "and within [0]"},
	{"3109 3103020101 31020500 00", "a cut off one in a SET"},
	{"1100", "primitive SET"},
	{"1000", "primitive SEQUENCE"},
	{"0700", "ObjectDescriptor"},
	{"2800", "EXTERNAL"},
	{"0900", "REAL"},
	{"2b00", "EMBEDDED PDV"},
	{"0e00", "TIME"},
	{"0f00", "reserved 15"},
	{"1d00", "CHARACTER STRING"},
};

static int
walk(const char *hex, unsigned depth, cs_err *e)
{
	cs_buf *b = vec_hex(hex);
	int r;

	*e = (cs_err){0};
	if (b == NULL)
		return CS_EBUG;
	r = cs_der_walk(cs_buf_span(b), depth, e);
	cs_buf_free(&b);
	return r;
}

static void
test_table(void)
{
	cs_err e;
	size_t i;

	for (i = 0; i < COUNT(good); i++)
		if (!ok(walk(good[i].hex, 0, &e) == CS_OK, "good: %s",
		    good[i].what))
			printf("# %s\n", e.text);
	for (i = 0; i < COUNT(bad); i++)
		ok(walk(bad[i].hex, 0, &e) == CS_EFORMAT &&
		    e.detail == CS_R_NOT_DER && e.text[0] != '\0', "bad: %s",
		    bad[i].what);
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};

	if (cs_der_walk(in, 0, &e) == CS_OK)
		return VEC_ACCEPTED;
	return e.cls == CS_EFORMAT && e.detail == CS_R_NOT_DER ? VEC_REFUSED :
	    VEC_BROKEN;
}

static void
test_sweeps(void)
{
	cs_buf *all = cs_buf_new(2048);
	size_t m = cs_der_begin(all, CS_DER_SEQ);

	cs_der_put_uint(all, CS_DER_INTEGER, 65537);
	cs_der_put(all, CS_DER_OID, cs_oid(CS_OID_SIGNED_DATA));
	cs_der_put(all, CS_DER_UTF8, cs_span_str("caf\xc3\xa9"));
	cs_der_put_bits(all, cs_span_str("bits"));
	cs_der_put_gentime(all, 1767225600);
	while (cs_buf_len(all) < 300)
		cs_der_put(all, CS_DER_CTXC(1), cs_span_of("\x05\x00", 2));
	cs_der_close(all, m);
	ok(probe(cs_buf_span(all)) == VEC_ACCEPTED, "the whole");
	ok(vec_prefixes(cs_buf_span(all), probe) == 0, "prefixes");
	ok(vec_trailing(cs_buf_span(all), probe) == 0, "trailing");
	ok(vec_flips(cs_buf_span(all), probe) == 0, "flips");
	ok(vec_trees(cs_buf_span(all), probe) == 0, "elements");
	cs_buf_free(&all);
}

/* `n` SEQUENCEs, one within the other; a NULL innermost when asked. */
static cs_buf *
nested(size_t n, bool null)
{
	cs_buf *b = cs_buf_new(1024);
	size_t m[64], i;

	for (i = 0; i < n; i++)
		m[i] = cs_der_begin(b, CS_DER_SEQ);
	if (null)
		cs_der_put(b, CS_DER_NULL, cs_span_of("", 0));
	while (i-- > 0)
		cs_der_close(b, m[i]);
	return b;
}

static void
deep(size_t n, bool null, unsigned depth, bool fine)
{
	cs_buf *b = nested(n, null);
	cs_err e = {0};
	int r = cs_der_walk(cs_buf_span(b), depth, &e);

	ok(fine ? r == CS_OK : r == CS_EFORMAT && e.detail == CS_R_NOT_DER,
	    "%zu SEQUENCEs%s at depth %u", n, null ? " and NULL" : "", depth);
	cs_buf_free(&b);
}

static void
test_depth(void)
{
	unsigned d;

	deep(32, false, 0, true);
	deep(33, false, 0, false);
	deep(31, true, 0, true);
	deep(32, true, 0, false);
	deep(60, true, 0, false);
	for (d = 1; d < CS_DER_DEPTH; d++) {
		deep(CS_DER_DEPTH - d, false, d, true);
		deep(CS_DER_DEPTH - d + 1, false, d, false);
	}
	deep(1, false, CS_DER_DEPTH, false);
	deep(1, false, CS_DER_DEPTH + 1, false);
	deep(1, false, 1u << 31, false);
}

static void
test_cursor(void)
{
	cs_buf *b = vec_hex("020105 0101ff 3003040141 80024142");
	cs_span in = cs_buf_span(b), body = {0}, whole = {0}, was;
	cs_err e = {0};
	int64_t v = 0;
	unsigned tag = 0;

	was = in;
	ok(cs_der_get(&in, CS_DER_OCTETS, &body, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED && in.p == was.p && in.n == was.n,
	    "another tag: refused, not advanced");
	ok(cs_der_uint(&in, CS_DER_INTEGER, 0, 5, &v, &e) == CS_OK && v == 5,
	    "uint");
	ok(cs_der_opt(&in, CS_DER_INTEGER, &body, &e) == CS_OK &&
	    body.p == NULL, "absent");
	ok(cs_der_opt(&in, CS_DER_BOOLEAN, &body, &e) == CS_OK && body.n == 1,
	    "there");
	ok(cs_der_peek(in, CS_DER_SEQ) && !cs_der_peek(in, CS_DER_SET), "peek");
	ok(cs_der_whole(&in, CS_DER_SEQ, &whole, &e) == CS_OK && whole.n == 5,
	    "whole");
	ok(cs_der_end(in, "x", &e) == CS_EFORMAT && e.detail == CS_R_MALFORMED,
	    "not at the end");
	ok(cs_der_any(&in, &tag, &body, &whole, &e) == CS_OK && tag == 0x80 &&
	    cs_span_is(body, "AB") && whole.n == 4, "any");
	ok(cs_der_end(in, "x", &e) == CS_OK, "at the end");
	ok(!cs_der_peek(in, 0x80) && cs_der_opt(&in, 0x80, &body, &e) ==
	    CS_OK && body.p == NULL, "nothing at the end");
	ok(cs_der_any(&in, &tag, NULL, NULL, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "no element at the end");
	cs_buf_free(&b);
}

static const struct {
	const char *hex;
	int64_t min, max, want; /* want -1: refused */
} numbers[] = {
	{"020100", 0, 0, 0}, {"020100", 1, 9, -1}, {"020101", 0, 0, -1},
	{"02017f", 0, 127, 127}, {"02020080", 0, 128, 128},
	{"0202007f", 0, 999, -1}, {"02020000", 0, 999, -1},
	{"020180", 0, 999, -1}, {"0201ff", 0, 999, -1},
	{"0200", 0, 999, -1}, {"0203 0f4240", 1, 1000000, 1000000},
	{"0203 0f4241", 1, 1000000, -1},
	{"02087fffffffffffffff", 0, INT64_MAX, INT64_MAX},
	{"0208 8000000000000000", 0, INT64_MAX, -1},
	{"0209 008000000000000000", 0, INT64_MAX, -1},
	{"0209 00ffffffffffffffff", 0, INT64_MAX, -1},
	{"020a 00000000000000000001", 0, INT64_MAX, -1},
	{"0a0101", 0, 1, -1}, {"0201", 0, 9, -1}, {"", 0, 9, -1},
};

static void
test_numbers(void)
{
	int64_t v;
	cs_span in;
	cs_buf *b;
	size_t i;
	int r;

	for (i = 0; i < COUNT(numbers); i++) {
		b = vec_hex(numbers[i].hex);
		in = cs_buf_span(b);
		v = -1;
		r = cs_der_uint(&in, CS_DER_INTEGER, numbers[i].min,
		    numbers[i].max, &v, NULL);
		ok(numbers[i].want < 0 ? r == CS_EFORMAT && v == -1 :
		    r == CS_OK && v == numbers[i].want, "number %s",
		    numbers[i].hex);
		cs_buf_free(&b);
	}
}

static const struct {
	const char *text;
	int64_t want; /* 0: refused */
} times[] = {
	{"20000101000000Z", 946684800}, {"99991231235959Z", 253402300799},
	{"20260229000000Z", 0}, {"20280229000000Z", 1835395200},
	{"19991231235959Z", 0}, {"00010101000000Z", 0}, {"20261301000000Z", 0},
	{"20260100000000Z", 0}, {"20260101240000Z", 0}, {"20260101006000Z", 0},
	{"20260101000060Z", 0}, {"20260101000000", 0},
	{"20260101000000.0Z", 0}, {"20260101000000+0000", 0},
	{"202601010000Z", 0}, {"260101000000Z", 0}, {"", 0},
};

static void
test_times(void)
{
	cs_buf *b = cs_buf_new(64);
	int64_t t;
	cs_span in;
	size_t i;
	int r;

	for (i = 0; i < COUNT(times); i++) {
		cs_buf_reset(b);
		cs_der_put(b, CS_DER_GENTIME, cs_span_str(times[i].text));
		in = cs_buf_span(b);
		t = 0;
		r = cs_der_gentime(&in, &t, NULL);
		ok(times[i].want == 0 ? r == CS_EFORMAT :
		    r == CS_OK && t == times[i].want, "time \"%s\"",
		    times[i].text);
		if (times[i].want == 0)
			continue;
		cs_buf_reset(b);
		cs_der_put_gentime(b, t);
		ok(cs_buf_len(b) == 17 && memcmp(cs_buf_span(b).p + 2,
		    times[i].text, 15) == 0, "and back");
	}
	cs_buf_free(&b);
}

/* RFC 5280 4.1.2.5: each year has one form. */
static void
test_rfc5280_times(void)
{
	static const int64_t turn = 2524608000; /* 2050 */
	cs_buf *b = cs_buf_new(64);
	cs_span in;
	int64_t t;
	int i;

	for (i = -1; i <= 0; i++) {
		cs_buf_reset(b);
		cs_der_put_time(b, turn + i);
		in = cs_buf_span(b);
		ok(in.n == (i < 0 ? 15 : 17) &&
		    in.p[0] == (i < 0 ? CS_DER_UTCTIME : CS_DER_GENTIME) &&
		    cs_der_time(&in, &t, NULL) == CS_OK && t == turn + i &&
		    in.n == 0, "2050 %+d s", i);
	}
	cs_buf_reset(b);
	cs_der_put_gentime(b, turn - 1);
	in = cs_buf_span(b);
	ok(cs_der_time(&in, &t, NULL) == CS_EFORMAT, "the other form");
	cs_buf_reset(b);
	cs_der_put(b, CS_DER_IA5, cs_span_str("491231235959Z"));
	in = cs_buf_span(b);
	ok(cs_der_time(&in, &t, NULL) == CS_EFORMAT, "another type");
	cs_buf_free(&b);
}

/* Lengths around each change of form, written, walked and read. */
static void
test_lengths(void)
{
	static const size_t sizes[] = {0, 1, 126, 127, 128, 129, 255, 256, 257,
	    65535, 65536, 65537, 70000};
	cs_buf *fill = cs_buf_new(70000), *b = cs_buf_new(70016);
	cs_span in, body = {0};
	size_t i, k;

	for (i = 0; i < COUNT(sizes); i++) {
		cs_buf_reset(fill);
		cs_buf_reset(b);
		for (k = 0; k < sizes[i]; k++)
			if (cs_buf_put_byte(fill, (uint8_t)k) != CS_OK)
				break;
		cs_der_put(b, CS_DER_OCTETS, cs_buf_span(fill));
		in = cs_buf_span(b);
		ok(cs_der_done(b, NULL) == CS_OK &&
		    cs_der_walk(in, 0, NULL) == CS_OK &&
		    cs_der_get(&in, CS_DER_OCTETS, &body, NULL) == CS_OK &&
		    cs_span_eq(body, cs_buf_span(fill)) && in.n == 0,
		    "%zu octets", sizes[i]);
	}
	cs_buf_free(&fill);
	cs_buf_free(&b);
}

static const struct {
	uint64_t v;
	const char *hex;
} written[] = {
	{0, "020100"}, {1, "020101"}, {127, "02017f"}, {128, "02020080"},
	{255, "020200ff"}, {256, "02020100"}, {32767, "02027fff"},
	{32768, "0203008000"}, {65537, "0203010001"},
	{31536000, "020401e13380"}, {INT64_MAX, "02087fffffffffffffff"},
	{UINT64_MAX, "020900ffffffffffffffff"},
};

static bool
is_hex(const cs_buf *b, const char *hex)
{
	cs_buf *want = vec_hex(hex);
	bool same = !cs_buf_failed(b) && cs_span_eq(cs_buf_span(b),
	    cs_buf_span(want));

	cs_buf_free(&want);
	return same;
}

static void
test_put(void)
{
	cs_buf *b = cs_buf_new(64);
	size_t i;

	for (i = 0; i < COUNT(written); i++) {
		cs_buf_reset(b);
		cs_der_put_uint(b, CS_DER_INTEGER, written[i].v);
		ok(is_hex(b, written[i].hex), "put %s", written[i].hex);
	}
	cs_buf_reset(b);
	cs_der_put_bigint(b, cs_span_of("\0\0\x80\x01", 4));
	cs_der_put_bigint(b, cs_span_of("\0\0\x7f", 3));
	cs_der_put_bigint(b, cs_span_of("\0\0", 2));
	cs_der_put_bigint(b, cs_span_of("", 0));
	cs_der_put_bits(b, cs_span_of("\x01\x02", 2));
	cs_der_put_bits(b, cs_span_of("", 0));
	ok(is_hex(b, "0203008001 02017f 020100 020100 0303000102 030100"),
	    "bigint and bits");
	cs_buf_reset(b);
	cs_der_put_gentime(b, INT64_MAX);
	ok(is_hex(b, "1800"), "a time that cannot be written");
	cs_buf_free(&b);
}

static void
test_no_room(void)
{
	cs_buf *b;
	cs_err e = {0};
	size_t cap, m;

	for (cap = 0; cap < 8; cap++) {
		b = cs_buf_new(cap);
		m = cs_der_begin(b, CS_DER_SEQ);
		cs_der_put_uint(b, CS_DER_INTEGER, 5);
		cs_der_put_uint(b, CS_DER_INTEGER, 6);
		cs_der_sort(b, m);
		cs_der_close(b, m);
		ok(cs_der_done(b, &e) == CS_EBUG, "room for %zu of 8", cap);
		cs_buf_free(&b);
	}
}

static void
sorted(const char *in, const char *want)
{
	cs_buf *from = vec_hex(in), *b = cs_buf_new(128);
	size_t m = cs_der_begin(b, CS_DER_SET);
	cs_span body = {0}, whole;

	cs_der_put_raw(b, cs_buf_span(from));
	cs_der_sort(b, m);
	whole = cs_span_cut(cs_buf_span(b), m, cs_buf_len(b) - m);
	cs_buf_free(&from);
	from = vec_hex(want);
	ok(cs_span_eq(whole, cs_buf_span(from)) &&
	    cs_der_sorted(whole, NULL) == CS_OK, "sorted %s", in);
	cs_der_close(b, m);
	whole = cs_buf_span(b);
	ok(cs_der_walk(whole, 0, NULL) == CS_OK &&
	    cs_der_get(&whole, CS_DER_SET, &body, NULL) == CS_OK, "walks");
	cs_buf_free(&from);
	cs_buf_free(&b);
}

static void
test_sort(void)
{
	cs_buf *b = cs_buf_new(1024);
	size_t i;

	sorted("", "");
	sorted("020101", "020101");
	sorted("020102 020101", "020101 020102");
	sorted("3003020101 0101ff 020101 0500",
	    "0101ff 020101 0500 3003020101");
	sorted("02020080 02017f", "02017f 02020080");
	sorted("0402ffff 040100", "040100 0402ffff");
	for (i = 0; i < 64; i++)
		cs_der_put_uint(b, CS_DER_INTEGER, 63 - i);
	cs_der_sort(b, 0);
	ok(cs_der_done(b, NULL) == CS_OK &&
	    cs_der_sorted(cs_buf_span(b), NULL) == CS_OK, "64 of them");
	cs_der_put_uint(b, CS_DER_INTEGER, 0);
	ok(cs_der_sorted(cs_buf_span(b), NULL) == CS_EFORMAT, "one behind");
	cs_der_sort(b, 0);
	ok(cs_der_done(b, NULL) != CS_OK, "65 of them");
	cs_buf_reset(b);
	cs_der_put_raw(b, cs_span_of("\x02\x05\x01", 3));
	cs_der_sort(b, 0);
	ok(cs_der_done(b, NULL) != CS_OK, "what is no element");
	cs_buf_free(&b);
}

static const struct {
	const char *hex, *text; /* text NULL: refused */
} oids[] = {
	{"2a", "1.2"}, {"00", "0.0"}, {"27", "0.39"}, {"28", "1.0"},
	{"4f", "1.39"}, {"50", "2.0"}, {"8837", "2.999"},
	{"2a864886f70d010702", "1.2.840.113549.1.7.2"},
	{"2a80", NULL}, {"", NULL},
	{"2a 818080808080808000", "1.2.72057594037927936"},
	{"2a 81808080808080808000", NULL},
};

static void
test_oids(void)
{
	cs_buf *out = cs_buf_new(128), *b;
	size_t i;
	int id;

	for (i = 0; i < COUNT(oids); i++) {
		b = vec_hex(oids[i].hex);
		cs_buf_reset(out);
		ok(oids[i].text == NULL ?
		    cs_oid_text(out, cs_buf_span(b)) != CS_OK :
		    cs_oid_text(out, cs_buf_span(b)) == CS_OK &&
		    cs_span_is(cs_buf_span(out), oids[i].text), "oid %s",
		    oids[i].text == NULL ? "refused" : oids[i].text);
		cs_buf_free(&b);
	}
	for (id = 0; id < CS_OID_END; id++) {
		cs_buf_reset(out);
		cs_der_put(out, CS_DER_OID, cs_oid((enum cs_oid)id));
		ok(cs_der_walk(cs_buf_span(out), 0, NULL) == CS_OK &&
		    cs_oid_find(cs_oid((enum cs_oid)id)) == (enum cs_oid)id &&
		    cs_oid_name(cs_oid((enum cs_oid)id)) != NULL,
		    "%s is itself alone",
		    cs_oid_name(cs_oid((enum cs_oid)id)));
	}
	cs_buf_reset(out);
	ok(cs_oid_text(out, cs_oid(CS_OID_CT_OWNER_APPROVAL)) == CS_OK &&
	    cs_span_is(cs_buf_span(out), CS_OID_ARC ".1.1"), "our own arc");
	cs_buf_free(&out);
}

int
main(void)
{
	test_table();
	test_sweeps();
	test_depth();
	test_cursor();
	test_numbers();
	test_times();
	test_rfc5280_times();
	test_lengths();
	test_put();
	test_no_room();
	test_sort();
	test_oids();
	return done_testing();
}
