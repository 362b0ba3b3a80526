/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fmt/clientdata.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define ORIGIN "https://approve.corp.example"
#define OTHER "http://localhost:8080"
/* Of 00 01 ... 1f. */
#define CHALLENGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define UNCLOSED                                                           \
	"{\"type\":\"webauthn.get\",\"challenge\":\"" CHALLENGE            \
	"\",\"origin\":\"" ORIGIN "\",\"crossOrigin\":false"
#define CANONICAL UNCLOSED "}"

static uint8_t challenge[32];
#define HASH cs_span_of(challenge, sizeof(challenge))

static int
check(const char *text)
{
	cs_err e = {0};
	int r = cs_clientdata_check(cs_span_str(text), HASH,
	    cs_span_str(ORIGIN), &e);

	return r == CS_OK ? CS_R_NONE : e.detail;
}

static void
test_put(void)
{
	cs_buf *b = cs_buf_new(CS_CLIENTDATA_MAX);

	ok(cs_clientdata_put(HASH, cs_span_str(ORIGIN), b, NULL) == CS_OK &&
	    cs_span_is(cs_buf_span(b), CANONICAL), "canonical");
	ok(check(CANONICAL) == CS_R_NONE, "and good");
	cs_buf_free(&b);
}

static int
put(const char *origin, size_t n, size_t cap)
{
	cs_buf *b = cs_buf_new(cap);
	cs_err e = {0};
	int r = cs_clientdata_put(HASH, cs_span_of(origin, n), b, &e);

	if (r == CS_EUSAGE && cs_buf_len(b) != 0)
		r = CS_EBUG;
	cs_buf_free(&b);
	return r;
}

static void
test_put_refuses(void)
{
	static const char *const bad[] = {"", "https://a\"b", "https://a\\b",
	    "https://a b", "https://a\nb", "https://a\x7f", "https://\xc3\xa4"};
	/* What is around the origin: 39 and 43 and 34 octets. */
	const size_t around = sizeof(CANONICAL) - sizeof(ORIGIN);
	char origin[CS_CLIENTDATA_MAX];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(put(bad[i], strlen(bad[i]), 2048) == CS_EUSAGE,
		    "origin %zu", i);
	memset(origin, 'a', sizeof(origin));
	ok(put(origin, CS_CLIENTDATA_MAX - around, 2048) == CS_OK, "1 KiB");
	ok(put(origin, CS_CLIENTDATA_MAX - around + 1, 2048) == CS_EUSAGE,
	    "and one octet");
	ok(put(ORIGIN, strlen(ORIGIN), 64) == CS_EBUG, "no room");
}

static const struct {
	const char *text, *what;
	bool good;
} rows[] = {
	{UNCLOSED ",\"a\":1}", "a member behind", true},
	{UNCLOSED ",\"a\":\"\xc3\xa4\"}", "in UTF-8", true},
	{UNCLOSED ",\"type\":\"webauthn.create\"}", "named like another", true},
	{UNCLOSED ",\"a\":{\"b\":{}}}", "of braces", true},
	{UNCLOSED, "no brace", false},
	{UNCLOSED ",", "a comma at the end", false},
	{UNCLOSED ",\"a\":1", "no brace behind a member", false},
	{UNCLOSED ",\"a\":1}\n", "a line's end", false},
	{UNCLOSED "}}", "two braces", false},
	{UNCLOSED " }", "a blank", false},
	{UNCLOSED ",\"a\":\"\xc3\"}", "half a character", false},
	{UNCLOSED ",\"a\":\"\xc0\x80\"}", "an overlong NUL", false},
	{UNCLOSED "0}", "a longer false", false},
	{" " CANONICAL, "a blank before", false},
	{"\xef\xbb\xbf" CANONICAL, "a byte order mark", false},
	{"", "nothing", false},
	{"{}", "an empty object", false},
};

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(check(rows[i].text) == (rows[i].good ? CS_R_NONE :
		    CS_R_SIGNATURE_INVALID), "%s", rows[i].what);
	ok(cs_clientdata_check(cs_span_of(UNCLOSED ",\0}",
	    sizeof(UNCLOSED) + 2), HASH, cs_span_str(ORIGIN), NULL) != CS_OK,
	    "a NUL");
	ok(cs_clientdata_check((cs_span){0}, HASH, cs_span_str(ORIGIN),
	    NULL) != CS_OK, "absent");
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};

	if (cs_clientdata_check(in, HASH, cs_span_str(ORIGIN), &e) == CS_OK)
		return VEC_ACCEPTED;
	return e.cls == CS_EFORMAT && e.detail == CS_R_SIGNATURE_INVALID ?
	    VEC_REFUSED : VEC_BROKEN;
}

/* Of the canonical text every octet counts. */
static enum vec_answer
none_accepted(cs_span in)
{
	return probe(in) == VEC_REFUSED ? VEC_REFUSED : VEC_BROKEN;
}

static void
test_sweeps(void)
{
	cs_span good = cs_span_str(CANONICAL);
	cs_span more = cs_span_str(UNCLOSED ",\"a\":[]}");

	ok(vec_prefixes(good, probe) == 0, "prefixes");
	ok(vec_trailing(good, probe) == 0, "trailing");
	ok(vec_flips(good, none_accepted) == 0, "flips");
	ok(vec_prefixes(more, probe) == 0, "prefixes with a member");
	ok(vec_trailing(more, probe) == 0, "trailing with a member");
	ok(vec_flips(more, probe) == 0, "flips with a member");
}

static void
test_sizes(void)
{
	char text[CS_CLIENTDATA_MAX + 2];
	const size_t n = sizeof(UNCLOSED) - 1;

	memset(text, 'x', sizeof(text));
	memcpy(text, UNCLOSED ",", n + 1);
	text[CS_CLIENTDATA_MAX - 1] = '}';
	ok(cs_clientdata_check(cs_span_of(text, CS_CLIENTDATA_MAX), HASH,
	    cs_span_str(ORIGIN), NULL) == CS_OK, "1 KiB");
	text[CS_CLIENTDATA_MAX] = '}';
	ok(cs_clientdata_check(cs_span_of(text, CS_CLIENTDATA_MAX + 1), HASH,
	    cs_span_str(ORIGIN), NULL) != CS_OK, "and one octet");
}

static int
any(const char *origins)
{
	return cs_clientdata_check_any(cs_span_str(CANONICAL), HASH,
	    cs_span_str(origins), NULL);
}

static void
test_origins(void)
{
	static const char *const good[] = {ORIGIN, OTHER " " ORIGIN,
	    ORIGIN " " OTHER, "  " OTHER "  " ORIGIN "  ",
	    "https://approve.corp " ORIGIN, ORIGIN ".evil " ORIGIN};
	static const char *const bad[] = {"", " ", OTHER, ORIGIN ".evil",
	    "https://approve.corp.exampl", "https: //approve.corp.example",
	    ORIGIN "\t" OTHER, ORIGIN "\",\"crossOrigin\":false"};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(any(good[i]) == CS_OK, "one of \"%s\"", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(any(bad[i]) != CS_OK, "none of \"%s\"", bad[i]);
	ok(cs_clientdata_check_any(cs_span_str(CANONICAL), HASH, (cs_span){0},
	    NULL) != CS_OK, "none of none");
	ok(cs_clientdata_check(cs_span_str(CANONICAL), HASH, cs_span_str(
	    OTHER " " ORIGIN), NULL) != CS_OK, "two are not one");
	ok(cs_clientdata_check(cs_span_str(CANONICAL), HASH, cs_span_str(
	    ORIGIN "\",\"crossOrigin\":false"), NULL) != CS_OK,
	    "an origin that goes on");
	ok(check(UNCLOSED ",\"a\":\"b\",\"crossOrigin\":false}") == CS_R_NONE &&
	    cs_clientdata_check(cs_span_str(UNCLOSED ",\"a\":\"b\",\"cross"
	    "Origin\":false}"), HASH, cs_span_str(ORIGIN "\",\"crossOrigin\""
	    ":false,\"a\":\"b"), NULL) != CS_OK, "and on");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(challenge); i++)
		challenge[i] = (uint8_t)i;
	test_put();
	test_put_refuses();
	test_rows();
	test_sweeps();
	test_sizes();
	test_origins();
	return done_testing();
}
