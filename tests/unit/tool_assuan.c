/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/assuan.h"

#include <string.h>

#include "tap.h"

/* A peer that says `text`, at most `piece` bytes at a time. */
struct script {
	cs_span text;
	size_t piece;
};

static const char golden[] = "OK Pleased to meet you\n"
			     "OK\n"
			     "# a comment\n"
			     "OK\n"
			     "S PASSWORD_FROM_CACHE\n"
			     "D 47%25\n"
			     "D 11\n"
			     "OK done\n";

static int
get(void *arg, cs_buf *in, bool *end, cs_err *e)
{
	struct script *s = arg;
	size_t n = s->text.n < s->piece ? s->text.n : s->piece;
	cs_span some;

	*end = n == 0;
	if (cs_buf_room(in) == 0)
		return cs_fail(e, CS_EAUTH, "test", "too long");
	n = n < cs_buf_room(in) ? n : cs_buf_room(in);
	some = cs_span_cut(s->text, 0, n);
	s->text = cs_span_cut(s->text, n, s->text.n - n);
	return cs_buf_put(in, some);
}

static int
put(void *arg, cs_span text, cs_err *e)
{
	(void)arg;
	(void)text;
	(void)e;
	return CS_OK;
}

static int
hear(cs_span text, size_t piece, cs_buf **secret, cs_err *e)
{
	struct script s = {text, piece};
	const cs_assuan_peer peer = {&s, get, put};

	return cs_assuan_getpin(&peer, "What for", secret, e);
}

static bool
gives(const char *text, size_t piece, int r, const char *want)
{
	cs_buf *secret = NULL;
	cs_err e = {0};
	bool good = hear(cs_span_str(text), piece, &secret, &e) == r &&
	    (r == CS_OK ? cs_span_is(cs_buf_span(secret), want) :
	    secret == NULL && strstr(e.text, want) != NULL);

	if (!good)
		printf("# %s\n", e.text);
	cs_buf_free(&secret);
	return good;
}

/* A PIN of n digits in lines of 100. */
static bool
long_gives(size_t n, int r)
{
	char text[1000] = "OK\nOK\nOK\n";
	cs_buf *secret = NULL;
	cs_err e = {0};
	size_t i, at = strlen(text);
	bool good;

	for (i = 0; i < n; i++) {
		if (i % 100 == 0) {
			text[at] = '\n';
			at += i != 0;
			memcpy(text + at, "D ", 2);
			at += 2;
		}
		text[at++] = '1';
	}
	memcpy(text + at, "\nOK\n", 5);
	good = hear(cs_span_str(text), 1, &secret, &e) == r &&
	    cs_buf_len(secret) == (r == CS_OK ? n : 0);
	cs_buf_free(&secret);
	return good;
}

static void
test_escapes(void)
{
	static const char *const bad[] = {"%", "%4", "a%", "%G1", "%1G",
	    "%%41", "123456789"};
	cs_buf *b = cs_buf_new(8), *c = cs_buf_new(64);
	cs_err e = {0};
	size_t i;

	ok(cs_assuan_escape(c, cs_span_str("50%\n\r\tx\303\274"), &e) ==
	    CS_OK && cs_span_is(cs_buf_span(c), "50%25%0A%0D%09x\303\274"),
	    "escape");
	ok(cs_assuan_escape(b, cs_span_str("%%%"), &e) == CS_EFORMAT,
	    "escape, no room");
	cs_buf_reset(b);
	ok(cs_assuan_unescape(b, cs_span_str("1%254%0a%C3"), &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "1%4\n\303"), "unescape");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cs_buf_reset(b);
		ok(cs_assuan_unescape(b, cs_span_str(bad[i]), &e) == CS_EAUTH,
		    "refused \"%s\"", bad[i]);
	}
	cs_buf_free(&b);
	cs_buf_free(&c);
}

static void
test_talk(void)
{
	ok(gives(golden, sizeof(golden), CS_OK, "47%11"), "golden");
	ok(gives(golden, 1, CS_OK, "47%11"), "a byte at a time");
	ok(gives("OK\nOK\nOK\nD 1\nOK\nx", 1, CS_OK, "1"),
	    "what follows is not read");
	ok(gives("OK\nOK\nOK\nOK\n", 99, CS_OK, ""), "no data");
	ok(gives("OK\nOK\nOK\nD \nOK\n", 99, CS_OK, ""), "an empty PIN");
	ok(gives("OK\nD 1\nOK\n", 99, CS_EAUTH, "nobody asked for"),
	    "a PIN too early");
	ok(gives("OK\nOK\nOK\nD\nD 1\nOK\n", 99, CS_EAUTH, "unexpected"),
	    "D without a blank");
	ok(long_gives(CS_ASSUAN_SECRET_MAX, CS_OK), "255 digits");
	ok(long_gives(CS_ASSUAN_SECRET_MAX + 1, CS_EAUTH), "256 digits");
}

static void
test_broken(void)
{
	char bad[sizeof(golden)];
	cs_buf *secret = NULL;
	size_t i, refused = 0, odd = 0;

	for (i = 0; i < sizeof(golden) - 1; i++) {
		refused += hear(cs_span_of(golden, i), 7, &secret, NULL) ==
		    CS_EAUTH && secret == NULL;
		memcpy(bad, golden, sizeof(golden));
		bad[i] = (char)(bad[i] ^ 0x01);
		if (hear(cs_span_of(bad, sizeof(bad) - 1), 7, &secret,
		    NULL) == CS_OK)
			odd += cs_buf_len(secret) == 0 ||
			    cs_buf_len(secret) > sizeof(golden);
		else
			odd += secret != NULL;
		cs_buf_free(&secret);
	}
	ok(refused == sizeof(golden) - 1, "every prefix is refused: %zu",
	    refused);
	ok(odd == 0, "every flip: a PIN or nothing");
}

int
main(void)
{
	test_escapes();
	test_talk();
	test_broken();
	return done_testing();
}
