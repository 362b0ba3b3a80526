/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/text.h"
#include "tap.h"

static const struct {
	const char *in, *out;
} escapes[] = {
    {"", ""}, {"plain ~ text", "plain ~ text"}, {"a\\b", "a\\\\b"},
    {"\n\t\r", "\\u{A}\\u{9}\\u{D}"}, {"\033[2J", "\\u{1B}[2J"},
    {"\177", "\\u{7F}"}, {"\302\233" "2J", "\\u{9B}2J"},
    {"M\303\274ller", "M\303\274ller"}, {"\320\226", "\320\226"},
    {"\316\251", "\316\251"}, {"\344\270\255", "\344\270\255"},
    {"\343\201\213", "\343\201\213"}, {"\355\225\234", "\355\225\234"},
    {"\342\200\256evil", "\\u{202E}evil"}, {"a\342\200\213b", "a\\u{200B}b"},
    {"a\302\255b", "a\\u{AD}b"}, {"e\314\201", "e\\u{301}"},
    {"\327\220", "\\u{5D0}"}, {"\356\200\200", "\\u{E000}"},
    {"\315\276", "\\u{37E}"}, {"\307\200", "\\u{1C0}"},
    {"\342\200\250", "\\u{2028}"}, {"\302\240", "\\u{A0}"},
    {"\360\237\230\200", "\\u{1F600}"}, {"\377", "\\x{FF}"},
    {"\300\257", "\\x{C0}\\x{AF}"}, {"\355\240\200",
    "\\x{ED}\\x{A0}\\x{80}"}, {"a\303", "a\\x{C3}"},
    {"\303(", "\\x{C3}("}, {"\\u{41}", "\\\\u{41}"}};

static const char *const malformed[] = {"\200", "\277", "\300\200",
    "\301\277", "\302", "\302A", "\340\200\200", "\340\237\277",
    "\355\240\200", "\355\277\277", "\340\240", "\360\200\200\200",
    "\360\217\277\277", "\364\220\200\200", "\365\200\200\200",
    "\370\200\200\200\200", "\376", "\377", "\342\202A", "\360\237\230"};

static void
test_escape(cs_buf *b)
{
	size_t i;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		cs_span in = cs_span_str(escapes[i].in);

		cs_buf_reset(b);
		ok(cs_text_escape(b, in, false) == CS_OK &&
		    cs_span_is(cs_buf_span(b), escapes[i].out) &&
		    cs_buf_len(b) <= cs_text_escape_max(in.n), "escape %zu",
		    i);
	}
	cs_buf_reset(b);
	ok(cs_text_escape(b, cs_span_str("M\303\274"), true) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "M\\u{FC}"), "escape for ASCII");
	cs_buf_reset(b);
	ok(cs_text_escape(b, cs_span_of("a\0b", 3), false) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "a\\u{0}b"), "a NUL");
	ok(cs_text_escape_max(SIZE_MAX) == SIZE_MAX, "no overflow");
}

/* Every code point, encoded here, comes back; what is escaped is ASCII. */
static void
test_all(cs_buf *b)
{
	uint32_t cp, back;
	bool good = true, bare = true;
	size_t i;

	for (cp = 0; cp <= 0x10ffff; cp++) {
		uint8_t u[4];
		size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3
		    : 4;
		cs_span in = cs_span_of(u, n);

		for (i = n; i-- > 1;)
			u[i] = (uint8_t)(0x80 | (cp >> 6 * (n - 1 - i) & 63));
		u[0] = (uint8_t)(n == 1 ? cp : (0xf00 >> n & 0xff) |
		    cp >> 6 * (n - 1));
		if (cp >= 0xd800 && cp <= 0xdfff) {
			good = good && !cs_utf8_next(&in, &back);
			continue;
		}
		good = good && cs_utf8_next(&in, &back) && back == cp &&
		    in.n == 0;
		cs_buf_reset(b);
		good = good && cs_text_escape(b, cs_span_of(u, n), true) ==
		    CS_OK && cs_buf_len(b) <= cs_text_escape_max(n);
		for (i = 0; i < cs_buf_len(b); i++)
			bare = bare && cs_buf_cstr(b)[i] >= ' ' &&
			    cs_buf_cstr(b)[i] < 127;
		good = good && (!cs_text_shown(cp) ||
		    cs_text_plain(cs_span_of(u, n)));
	}
	ok(good, "every code point; what is shown is plain");
	ok(bare, "escaped text is printable ASCII");
}

static void
test_utf8(void)
{
	size_t i;
	uint32_t cp = 0;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		cs_span in = cs_span_str(malformed[i]);

		ok(!cs_utf8_valid(in) && !cs_utf8_next(&in, &cp) &&
		    in.n == strlen(malformed[i]) && !cs_text_plain(in),
		    "malformed %zu", i);
	}
	ok(cs_utf8_valid(cs_span_str("a\303\274\360\237\230\200")), "valid");
	ok(cs_utf8_valid(cs_span_str("")), "nothing is valid");
}

static void
test_shown(void)
{
	static const uint32_t no[] = {0, 0x1f, 0x7f, 0x80, 0x9f, 0xa0, 0xad,
	    0x1c3, 0x250, 0x300, 0x36f, 0x37e, 0x387, 0x483, 0x530, 0x5d0,
	    0x627, 0x0e01, 0x1100, 0x115f, 0x200b, 0x200e, 0x202e, 0x2028,
	    0x2066, 0x2215, 0x3000, 0x3099, 0x30a0, 0x30fb, 0x3164, 0xd7a4,
	    0xe000, 0xfeff, 0xff0f, 0xff21, 0x1d400, 0x1f600, 0x20000,
	    0xe0041, 0x10ffff, 0x110000, UINT32_MAX};
	static const uint32_t yes[] = {' ', '~', 'A', 0xe9, 0x1bf, 0x1c4,
	    0x24f, 0x391, 0x3c9, 0x400, 0x481, 0x48a, 0x52f, 0x1e9e, 0x2019,
	    0x3042, 0x30ab, 0x30fc, 0x3400, 0x4e2d, 0x9fff, 0xac00, 0xd7a3};
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!cs_text_shown(no[i]), "U+%04X is escaped",
		    (unsigned int)no[i]);
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(cs_text_shown(yes[i]), "U+%04X is shown",
		    (unsigned int)yes[i]);
}

static void
test_plain(void)
{
	static const char *const no[] = {"a\nb", "\t", "\033[m", "\177",
	    "\302\205", "\302\255", "\342\200\213", "\342\200\217",
	    "\342\200\252", "\342\201\246", "\342\201\251", "\330\234",
	    "\357\273\277", "\343\205\244", "\356\200\200", "\357\277\276",
	    "\363\240\201\201", "\364\217\277\277", "\342\200\250"};
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!cs_text_plain(cs_span_str(no[i])), "not plain %zu", i);
	ok(cs_text_plain(cs_span_str("nightly build, M\303\274ller")) &&
	    cs_text_plain(cs_span_str("\327\220 \340\244\271\340\244\277 "
	    "e\314\201 \360\237\230\200")), "words of any script are plain");
	ok(!cs_text_plain(cs_span_of("a\0", 2)), "a NUL is not");
}

static void
test_nearest(void)
{
	static const char *const names[] = {"key", "owner", "authority",
	    "max-lifetime", "for"};
	char big[200];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
#define NEAR(word, name) ok(cs_text_nearest((word), names, 5) == (name), \
    "nearest to %s", (word))
	NEAR("ownr", names[1]);
	NEAR("onwer", names[1]);
	NEAR("max-lifetim", names[3]);
	NEAR("maxlifetime", names[3]);
	NEAR("autority", names[2]);
	NEAR("kei", names[0]);
	NEAR("owner", names[1]);
	NEAR("k", NULL);
	NEAR("", NULL);
	NEAR("ab", NULL);
	NEAR("purpose", NULL);
	NEAR(big, NULL);
	ok(cs_text_nearest("owner", NULL, 0) == NULL, "no names");
}

int
main(void)
{
	cs_buf *b = cs_buf_new(256);

	test_escape(b);
	test_all(b);
	test_utf8();
	test_shown();
	test_plain();
	test_nearest();
	cs_buf_free(&b);
	return done_testing();
}
