/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/pem.h"
#include "fmt/reason.h"
#include "tap.h"

#define B "-----BEGIN OWNER APPROVAL-----\n"
#define E "-----END OWNER APPROVAL-----\n"
#define A64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* `n` blocks, then the end, or -1: the first one is refused. */
static const struct {
	const char *name, *in;
	int n;
	int reason;
} rows[] = {
	{"nothing", "", 0, 0},
	{"only text", "Dear owner,\nplease.\n", 0, 0},
	{"one block", B "AQID\n" E, 1, 0},
	{"no newline at the end", B "AQID\n-----END OWNER APPROVAL-----", 1,
	    0},
	{"CRLF", "-----BEGIN CMS-----\r\nAQID\r\n-----END CMS-----\r\n", 1, 0},
	{"blanks behind lines", "-----BEGIN CMS----- \t\nAQID \n"
	    "-----END CMS-----  \n", 1, 0},
	{"text before, between, behind", "a\n" B "AQID\n" E "b: c\n" B
	    "BAUG\n" E "d\n", 2, 0},
	{"several lines", B "AQ\nID\n\nBAUG\n" E, 1, 0},
	{"lines of 68", B A64 "AAAA\nAAAA\n" E, 1, 0},
	{"one long line", B A64 A64 A64 A64 "\n" E, 1, 0},
	{"dashes that are not ours", "-----\n-- \n---BEGIN\n" B "AQID\n" E, 1,
	    0},
	{"an END alone is text", E, 0, 0},
	{"no END", B "AQID\n", -1, CS_R_MALFORMED},
	{"only BEGIN", B, -1, CS_R_MALFORMED},
	{"END of another", B "AQID\n-----END CMS-----\n", -1, CS_R_MALFORMED},
	{"END cut", B "AQID\n-----END OWNER APPR", -1, CS_R_MALFORMED},
	{"BEGIN cut", "-----BEGIN OWNER APPR", -1, CS_R_MALFORMED},
	{"BEGIN without label", "-----BEGIN -----\nAQID\n-----END -----\n",
	    -1, CS_R_MALFORMED},
	{"BEGIN overlapping its dashes", "-----BEGIN ----\n", -1,
	    CS_R_MALFORMED},
	{"four dashes", "-----BEGIN CMS----\nAQID\n-----END CMS-----\n", -1,
	    CS_R_MALFORMED},
	{"label with two blanks", "-----BEGIN A  B-----\nAQID\n"
	    "-----END A  B-----\n", -1, CS_R_MALFORMED},
	{"label with a control", "-----BEGIN A\x1b" "B-----\n", -1,
	    CS_R_MALFORMED},
	{"label too long", "-----BEGIN " A64 "A-----\nAQID\n-----END " A64
	    "A-----\n", -1, CS_R_MALFORMED},
	{"BEGIN in BEGIN", B "AQID\n" B "AQID\n" E, -1, CS_R_MALFORMED},
	{"empty", B E, -1, CS_R_MALFORMED},
	{"blank lines only", B "\n\n" E, -1, CS_R_MALFORMED},
	{"header", B "Proc-Type: 4,ENCRYPTED\n\nAQID\n" E, -1,
	    CS_R_UNSUPPORTED},
	{"not base64", B "AQ*D\n" E, -1, CS_R_MALFORMED},
	{"base64url", B "-_-_\n" E, -1, CS_R_MALFORMED},
	{"no padding", B "AQI\n" E, -1, CS_R_MALFORMED},
	{"trailing bits", B "AQJ=\n" E, -1, CS_R_MALFORMED},
	{"behind the padding", B "AQI=\nAQID\n" E, -1, CS_R_MALFORMED},
	{"checksum line", B "AQID\n=AQID\n" E, -1, CS_R_MALFORMED},
};

static int
count(cs_span in, cs_err *e)
{
	cs_buf *der = NULL;
	cs_span label = {0};
	int n = 0;

	for (;;) {
		if (cs_pem_next(&in, &label, &der, e) != CS_OK)
			return der == NULL && label.p == NULL ? -1 : -2;
		if (der == NULL)
			return label.p == NULL && in.n == 0 ? n : -2;
		if (cs_buf_len(der) == 0 || label.n == 0)
			n = 1000;
		cs_buf_free(&der);
		n++;
	}
}

static void
table(void)
{
	cs_err e;
	size_t i;
	int n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cs_err_clear(&e);
		n = count(cs_span_str(rows[i].in), &e);
		ok(n == rows[i].n && e.detail == rows[i].reason, "%s",
		    rows[i].name);
	}
}

static void
golden(void)
{
	cs_span in = cs_span_str("x\n" B "AQID\nBA==\n" E "-----BEGIN CMS-----"
	    "\n/w==\n-----END CMS-----\n");
	cs_span label = {0};
	cs_buf *der = NULL;

	ok(cs_pem_next(&in, &label, &der, NULL) == CS_OK &&
	    cs_span_is(label, CS_PEM_APPROVAL) &&
	    cs_span_is(cs_buf_span(der), "\1\2\3\4"), "first block");
	cs_buf_free(&der);
	ok(cs_pem_next(&in, &label, &der, NULL) == CS_OK &&
	    cs_span_is(label, CS_PEM_CMS) &&
	    cs_span_is(cs_buf_span(der), "\xff"), "second block");
	cs_buf_free(&der);
	ok(cs_pem_next(&in, &label, &der, NULL) == CS_OK && der == NULL &&
	    label.p == NULL, "no third");
}

/* What is put is read back, in the room that cs_pem_max promises. */
static void
round_trips(void)
{
	uint8_t bytes[200];
	cs_buf *b = NULL, *der = NULL;
	cs_span in = {0}, label = {0};
	size_t n;
	bool good = true;

	for (n = 0; n < sizeof(bytes); n++)
		bytes[n] = (uint8_t)(n * 37 + 11);
	for (n = 1; n <= sizeof(bytes) && good; n++) {
		b = cs_buf_new(cs_pem_max(n));
		good = b != NULL && cs_pem_put(b, CS_PEM_NEW_REQUEST,
		    cs_span_of(bytes, n), NULL) == CS_OK;
		in = cs_buf_span(b);
		good = good && cs_pem_next(&in, &label, &der, NULL) == CS_OK &&
		    cs_span_is(label, CS_PEM_NEW_REQUEST) && in.n == 0 &&
		    cs_span_eq(cs_buf_span(der), cs_span_of(bytes, n));
		cs_buf_free(&der);
		cs_buf_free(&b);
	}
	ok(good, "round trip of 1 to 200 bytes");
	b = cs_buf_new(20);
	ok(cs_pem_put(b, CS_PEM_CMS, cs_span_of(bytes, 10), NULL) == CS_EBUG,
	    "no room");
	cs_buf_free(&b);
}

/* Adds up the octets; an empty sum is refused. */
static int
add_octets(void *arg, cs_span der, cs_err *e)
{
	int *sum = arg;
	size_t i;

	for (i = 0; i < der.n; i++)
		*sum += der.p[i];
	return *sum != 0 ? CS_OK : cs_fail(e, CS_EREFUSED, "test", "zero");
}

static void
all_of_one_label(void)
{
	const char other[] = "-----BEGIN CMS-----\nAQID\n-----END CMS-----\n";
	char mixed[400];
	cs_err e = {0};
	int sum = 0;

	ok(cs_pem_each(cs_span_str("x\n" B "AQID\n" E "y\n" B "BAUG\n" E "z"),
	    CS_PEM_APPROVAL, add_octets, &sum, &e) == CS_OK && sum == 21,
	    "each of two blocks");
	ok(cs_pem_each(cs_span_str("text"), CS_PEM_APPROVAL, add_octets, &sum,
	    &e) == CS_EFORMAT && e.detail == CS_R_MALFORMED &&
	    strstr(e.text, "found none") != NULL, "none: %s", e.text);
	(void)snprintf(mixed, sizeof(mixed), "%s%s", B "AQID\n" E, other);
	sum = 0;
	ok(cs_pem_each(cs_span_str(mixed), CS_PEM_APPROVAL, add_octets, &sum,
	    &e) == CS_EFORMAT && e.detail == CS_R_MALFORMED && sum == 6 &&
	    strstr(e.text, "found \"CMS\"") != NULL, "mixed: %s", e.text);
	ok(cs_pem_each(cs_span_str(B "AQID\n" E B "AQ\n" E), CS_PEM_APPROVAL,
	    add_octets, &sum, &e) == CS_EFORMAT, "a broken second one");
	sum = 0;
	ok(cs_pem_each(cs_span_str(B "AAAA\n" E B "AQID\n" E),
	    CS_PEM_APPROVAL, add_octets, &sum, &e) == CS_EREFUSED && sum == 0,
	    "stops at the first refusal");
}

static bool
one_gives(const char *in, const char *want, const char *words)
{
	cs_buf *der = NULL, *same = NULL;
	cs_err e = {0};
	int r = cs_pem_one(cs_span_str(in), CS_PEM_APPROVAL, false, &der, &e);
	bool good = r == cs_pem_one(cs_span_str(in), CS_PEM_APPROVAL, true,
	    &same, &e);

	if (want != NULL)
		good = good && r == CS_OK &&
		    cs_span_is(cs_buf_span(der), want) &&
		    cs_span_is(cs_buf_span(same), want);
	else
		good = good && r == CS_EFORMAT && der == NULL &&
		    same == NULL && e.detail == CS_R_MALFORMED &&
		    strstr(e.text, words) != NULL;
	if (!good)
		printf("# %d %s\n", r, e.text);
	cs_buf_free(&der);
	cs_buf_free(&same);
	return good;
}

static void
one_alone(void)
{
	ok(one_gives("key: x\n" B "AQID\n" E "y\n", "\1\2\3", ""), "one block");
	ok(one_gives("", NULL, "found none"), "no block");
	ok(one_gives("-----BEGIN CMS-----\nAQID\n-----END CMS-----\n", NULL,
	    "found \"CMS\""), "one of another label");
	ok(one_gives(B "AQID\n" E B "AQID\n" E, NULL, "another beside"),
	    "two");
	ok(one_gives(B "AQID\n" E "-----BEGIN CMS-----\n", NULL, "the end of"),
	    "half of a second one");
	ok(one_gives(B "A*ID\n" E, NULL, "base64"), "not base64");
}

/* A cut block is never a shorter one. */
static void
prefixes(void)
{
	static const char whole[] = "x\n" B "AQIDBAUGBwg=\n" E;
	const size_t n = sizeof(whole) - 1;
	size_t i;
	int c;
	char *s;

	for (i = 0; i <= n; i++) {
		s = malloc(i + 1);
		if (s == NULL)
			return;
		memcpy(s, whole, i);
		c = count(cs_span_of(s, i), NULL);
		if (i <= strlen("x\n-----BEGIN ")) /* blanks at the end go */
			ok(c == 0, "prefix %zu is text", i);
		else if (i < n - 1)
			ok(c == -1, "prefix %zu refused", i);
		else
			ok(c == 1, "prefix %zu whole", i);
		free(s);
	}
}

static void
flips(void)
{
	static const char whole[] = B "AQIDBAUGBwg=\n" E;
	char s[sizeof(whole)];
	bool good = true;
	size_t i;
	int bit;

	for (i = 0; i < sizeof(whole) - 1; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(s, whole, sizeof(whole));
			s[i] = (char)(s[i] ^ (1 << bit));
			good = good && count(cs_span_of(s, sizeof(s) - 1),
			    NULL) >= -1;
		}
	}
	ok(good, "every bit flipped");
}

int
main(void)
{
	table();
	golden();
	round_trips();
	all_of_one_label();
	one_alone();
	prefixes();
	flips();
	return done_testing();
}
