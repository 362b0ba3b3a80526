/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpgate.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* What evhttp gets to see: status 0 and so many requests, or a refusal. */

#define H "Host: a\r\n"
#define MAX_HEAD 400
#define MAX_BODY 40

static const struct {
	const char *in;
	size_t n; /* 0: strlen */
	int status;
	unsigned whole;
} cases[] = {
	{"GET / HTTP/1.1\r\n" H "\r\n", 0, 0, 1},
	{"GET /a%20b/c?d=e&f=[g HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET /a%20b/c?d=e&f=g HTTP/1.1\r\n" H "\r\n", 0, 0, 1},
	{"GET / HTTP/1.0\r\n\r\n", 0, 0, 1},
	{"OPTIONS / HTTP/1.1\r\nhOsT:a\r\nX:\r\nY: \t b\t \r\n\r\n", 0, 0, 1},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 0, 0, 1},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 40\r\n\r\nabc", 0, 0, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 00\r\n\r\n", 0, 0, 1},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1"
	    "\r\n" H "\r\nG", 0, 0, 2},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: ChunkeD\r\n\r\n3\r\nabc"
	    "\r\n0a\r\n0123456789\r\n0\r\n\r\n", 0, 0, 1},
	{"POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n"
	    "\r\n", 0, 0, 0},
	{"HEAD / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 0, 0, 1},
	/* lines */
	{"\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\n" H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\nHost: a\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H "\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H "\rx", 0, 400, 0},
	{"GET / HTTP/1.1\r\r\n" H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H " b\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H "\tb\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30, 400, 0},
	{"GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n", 29, 400, 0},
	{"GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H "b\r\n\r\n", 0, 400, 0},
	/* request lines */
	{"GET  / HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{" GET / HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET /\r\n\r\n", 0, 400, 0},
	{"GET / a HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET //a HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET /#a HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET http://a/ HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.1 \r\n" H "\r\n", 0, 400, 0},
	{"GET / http/1.1\r\n" H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.2\r\n" H "\r\n", 0, 505, 0},
	{"GET / HTTP/0.9\r\n" H "\r\n", 0, 505, 0},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 501, 0},
	{"get / HTTP/1.1\r\n" H "\r\n", 0, 501, 0},
	{"GETS / HTTP/1.1\r\n" H "\r\n", 0, 501, 0},
	{"CONNECT a:1 HTTP/1.1\r\n" H "\r\n", 0, 501, 0},
	{"TRACE / HTTP/1.1\r\n" H "\r\n", 0, 501, 0},
	{"\x16\x03\x01\x02", 0, 400, 0},
	/* hosts, expectations */
	{"GET / HTTP/1.1\r\n\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H H "\r\n", 0, 400, 0},
	{"GET / HTTP/1.1\r\n" H "Expect: tea\r\n\r\n", 0, 417, 0},
	/* where a body ends */
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n"
	    "\r\nabc", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\nabc", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3 3\r\n\r\n", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n",
	    0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 41\r\n\r\n", 0, 413, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999\r\n\r\n", 0,
	    413, 0},
	{"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n0\r\n\r\n", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length:"
	    " 0\r\n\r\n0\r\n\r\n", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-"
	    "Encoding: chunked\r\n\r\n", 0, 400, 0},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 0,
	    501, 0},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: \vchunked\r\n\r\n", 0,
	    400, 0},
	{"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 0, 501,
	    0},
	{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 400, 0},
	{"HEAD / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n", 0, 400, 0},
	{"HEAD / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0, 400,
	    0},
	/* chunks */
#define CHUNKS "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	{CHUNKS "\r\n", 0, 400, 0},
	{CHUNKS "-1\r\n", 0, 400, 0},
	{CHUNKS "0x1\r\n", 0, 400, 0},
	{CHUNKS " 1\r\n", 0, 400, 0},
	{CHUNKS "1 \r\n", 0, 400, 0},
	{CHUNKS "1;a=b\r\n", 0, 400, 0},
	{CHUNKS "1\n", 0, 400, 0},
	{CHUNKS "1\rx", 0, 400, 0},
	{CHUNKS "g\r\n", 0, 400, 0},
	{CHUNKS "000000001\r\n", 0, 400, 0},
	{CHUNKS "1\r\nab\r\n", 0, 400, 0},
	{CHUNKS "1\r\na\n", 0, 400, 0},
	{CHUNKS "1\r\na\rb", 0, 400, 0},
	{CHUNKS "0\r\nA: b\r\n\r\n", 0, 400, 0},
	{CHUNKS "0\r\n\n", 0, 400, 0},
	{CHUNKS "0\r\n\rx", 0, 400, 0},
	{CHUNKS "29\r\n", 0, 413, 0},
	{CHUNKS "20\r\n0123456789abcdef0123456789abcdef\r\n9\r\n", 0, 413, 0},
	{CHUNKS "ffffffff\r\n", 0, 413, 0}
};

static void
gives(const char *name, cs_span in, size_t piece, int status, unsigned whole)
{
	cs_gate g;
	size_t i;

	cs_gate_init(&g, MAX_HEAD, MAX_BODY);
	for (i = 0; i < in.n; i += piece)
		(void)cs_gate_pass(&g, cs_span_cut(in, i, in.n - i < piece ?
		    in.n - i : piece));
	ok(g.status == status && g.whole == whole && (status == 0) ==
	    (g.why == NULL) && (status == 0 || cs_gate_midway(&g)),
	    "%s, %zu at once: %d %s, %u", name, piece, g.status,
	    g.why != NULL ? g.why : "", (unsigned)g.whole);
	ok(status == 0 || !cs_gate_pass(&g, cs_span_str("GET / HTTP/1.1\r\n" H
	    "\r\n")), "and for good");
}

static void
test_cases(void)
{
	char name[16];
	cs_span in;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in = cs_span_of(cases[i].in, cases[i].n != 0 ? cases[i].n :
		    strlen(cases[i].in));
		(void)snprintf(name, sizeof(name), "case %zu", i);
		gives(name, in, 1, cases[i].status, cases[i].whole);
		gives(name, in, 4096, cases[i].status, cases[i].whole);
	}
}

static void
test_head(void)
{
	char in[MAX_HEAD + 2];
	cs_gate g;
	size_t n, i;

	for (n = MAX_HEAD - 1; n <= MAX_HEAD + 1; n++) {
		memset(in, 'a', sizeof(in));
		memcpy(in, "GET / HTTP/1.1\r\n" H "X: ", 28);
		memcpy(in + n - 4, "\r\n\r\n", 4);
		cs_gate_init(&g, MAX_HEAD, MAX_BODY);
		ok(cs_gate_pass(&g, cs_span_of(in, n)) == (n <= MAX_HEAD) &&
		    g.status == (n <= MAX_HEAD ? 0 : 431),
		    "a header of %zu octets: %d", n, g.status);
	}
	cs_gate_init(&g, 1000000, 0);
	(void)cs_gate_pass(&g, cs_span_str("GET / HTTP/1.1\r\n" H));
	for (i = 0; i < CS_GATE_FIELDS; i++)
		(void)cs_gate_pass(&g, cs_span_str("X: a\r\n"));
	ok(g.status == 431, "too many fields: %s", g.why);
}

/* Where requests end, and how many may wait. */
static void
test_taking(void)
{
	static const char one[] = "GET / HTTP/1.1\r\n" H "\r\n";
	cs_gate g;
	uint64_t end = 7;
	int i;

	cs_gate_init(&g, MAX_HEAD, MAX_BODY);
	ok(!cs_gate_take(&g, &end) && end == 0 && !cs_gate_midway(&g),
	    "nothing yet");
	for (i = 0; i < 100; i++) {
		if (!cs_gate_pass(&g, cs_span_str(one)) ||
		    !cs_gate_take(&g, &end) ||
		    end != (uint64_t)(i + 1) * strlen(one))
			break;
	}
	ok(i == 100 && !cs_gate_take(&g, &end), "one after another");
	for (i = 0; i < CS_GATE_AHEAD; i++)
		(void)cs_gate_pass(&g, cs_span_str(one));
	ok(g.status == 0 && g.whole - g.taken == CS_GATE_AHEAD,
	    "so many at once");
	ok(!cs_gate_pass(&g, cs_span_str(one)) && g.status == 400 &&
	    cs_gate_take(&g, &end) && end == 101 * strlen(one),
	    "and one more: %s; the others stand", g.why);
	cs_gate_init(&g, MAX_HEAD, MAX_BODY);
	(void)cs_gate_pass(&g, cs_span_str("G"));
	ok(cs_gate_midway(&g) && g.begun == 1, "midway");
	ok(!g.expects && cs_gate_pass(&g, cs_span_str("ET / HTTP/1.1\r\n" H
	    "Expect: 100-continue\r\n\r\n")) && g.expects, "one that expects");
}

int
main(void)
{
	test_cases();
	test_head();
	test_taking();
	return done_testing();
}
