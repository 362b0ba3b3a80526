/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpc.h"

#include <string.h>

#include "net/httpres.h"
#include "net/httpurl.h"
#include "tap.h"

/* Answers and URLs, as a client reads them. */

#define MAX 40
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKS OK "Transfer-Encoding: chunked\r\n\r\n"

enum reads { WHOLE, PART, BAD };

static const struct {
	const char *in;
	enum reads reads;
	int status;
	const char *body;
} cases[] = {
	{OK "Content-Length: 2\r\n\r\nab", WHOLE, 200, "ab"},
	{OK "content-length:2 \r\n\r\nab", WHOLE, 200, "ab"},
	{"HTTP/1.0 404 \r\nContent-Length: 0\r\n\r\n", WHOLE, 404, ""},
	{"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", WHOLE, 404, ""},
	{"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", WHOLE, 204, ""},
	{"HTTP/1.1 304 No\r\n\r\n", WHOLE, 304, ""},
	{"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na", WHOLE,
	    200, "a"},
	{CHUNKS "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", WHOLE, 200, "abc"},
	{CHUNKS "0\r\n\r\n", WHOLE, 200, ""},
	{OK "Content-Length: 40\r\n\r\n"
	    "0123456789012345678901234567890123456789", WHOLE, 200,
	    "0123456789012345678901234567890123456789"},
	{"", PART, 0, NULL},
	{"HTTP/1.1 200 OK\r", PART, 0, NULL},
	{"HTTP/1.1 100 Continue\r\n\r\n", PART, 0, NULL},
	{OK "Content-Length: 2\r\n\r\na", PART, 0, NULL},
	{OK "\r\nabc", PART, 0, NULL}, /* until it ends */
	{CHUNKS "3\r\nab", PART, 0, NULL},
	{CHUNKS "1\r\na\r\n", PART, 0, NULL},
	{CHUNKS "1\r\na\r\n0\r\n", PART, 0, NULL},
	{"SSH-2.0-x\r\n\r\n", BAD, 0, NULL},
	{"HTTP/2.0 200 OK\r\n\r\n", BAD, 0, NULL},
	{"HTTP/1.1 2000 OK\r\n\r\n", BAD, 0, NULL},
	{"HTTP/1.1 099 OK\r\n\r\n", BAD, 0, NULL},
	{"HTTP/1.1 +20 OK\r\n\r\n", BAD, 0, NULL},
	{"HTTP/1.1 200OK\r\n\r\n", BAD, 0, NULL},
	{"\r\n" OK "\r\n", BAD, 0, NULL},
	{OK "A: b\r\n c\r\n\r\n", BAD, 0, NULL},
	{OK "A : b\r\n\r\n", BAD, 0, NULL},
	{OK "A\r\n\r\n", BAD, 0, NULL},
	{OK ": b\r\n\r\n", BAD, 0, NULL},
	{OK "A: b\rc\r\n\r\n", BAD, 0, NULL},
	{OK "A: b\nc\r\n\r\n", BAD, 0, NULL},
	{OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", BAD, 0, NULL},
	{OK "Content-Length: +2\r\n\r\nab", BAD, 0, NULL},
	{OK "Content-Length:\r\n\r\nab", BAD, 0, NULL},
	{OK "Content-Length: 99999999999999999999\r\n\r\nab", BAD, 0, NULL},
	{OK "Content-Length: 2\r\n\r\nabc", BAD, 0, NULL},
	{OK "Content-Length: 41\r\n\r\n", BAD, 0, NULL},
	{OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", BAD, 0,
	    NULL},
	{OK "Transfer-Encoding: gzip\r\n\r\n", BAD, 0, NULL},
	{OK "\r\n01234567890123456789012345678901234567890", BAD, 0, NULL},
	{CHUNKS "\r\n", BAD, 0, NULL},
	{CHUNKS "x\r\n", BAD, 0, NULL},
	{CHUNKS "1;a\r\na\r\n", BAD, 0, NULL},
	{CHUNKS "00000001\r\na\r\n", BAD, 0, NULL},
	{CHUNKS "1\r\nab\r\n", BAD, 0, NULL},
	{CHUNKS "29\r\n", BAD, 0, NULL},
	{CHUNKS "20\r\n01234567890123456789012345678901\r\n9\r\n", BAD, 0, NULL},
	{CHUNKS "0\r\nA: b\r\n\r\n", BAD, 0, NULL},
	{CHUNKS "0\r\n\r\nx", BAD, 0, NULL},
	{"HTTP/1.1 204 No\r\n\r\nx", BAD, 0, NULL}
};

static void
test_cases(cs_err *e)
{
	cs_httpc_answer *a = NULL;
	cs_span in;
	size_t i, n;
	int rc, early = 0;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in = cs_span_str(cases[i].in);
		rc = cs_httpres_read(in, false, MAX, &a, e);
		ok((rc == CS_OK) == (cases[i].reads != BAD) && (a != NULL) ==
		    (cases[i].reads == WHOLE) && (rc == CS_OK ||
		    rc == CS_EFORMAT), "case %zu: %s", i,
		    rc != CS_OK ? e->text : "");
		ok(a == NULL || (a->status == cases[i].status &&
		    cs_span_is(cs_buf_span(a->body), cases[i].body)),
		    "and what it says");
		cs_httpc_answer_free(&a);
		for (n = 0; cases[i].reads == WHOLE && n < in.n; n++) {
			rc = cs_httpres_read(cs_span_cut(in, 0, n), false, MAX,
			    &a, e);
			early += rc != CS_OK || a != NULL;
			cs_httpc_answer_free(&a);
		}
	}
	ok(early == 0, "nothing that is not whole");
}

static void
test_end(cs_err *e)
{
	cs_httpc_answer *a = NULL;

	ok(cs_httpres_read(cs_span_str(OK "\r\nabc"), true, MAX, &a, e) ==
	    CS_OK && a != NULL && cs_span_is(cs_buf_span(a->body), "abc"),
	    "an answer ends with the connection");
	cs_httpc_answer_free(&a);
	ok(cs_httpres_read(cs_span_str(OK "Content-Length: 5\r\n\r\nabc"),
	    true, MAX, &a, e) == CS_OK && a == NULL, "not where it has more");
}

static void
type_is(const char *fields, const char *type, int64_t retry)
{
	char in[400];
	cs_httpc_answer *a = NULL;
	cs_err e = {0};

	(void)snprintf(in, sizeof(in), OK "%s\r\nContent-Length: 0\r\n\r\n",
	    fields);
	ok(cs_httpres_read(cs_span_str(in), false, MAX, &a, &e) == CS_OK &&
	    a != NULL && strcmp(a->type, type) == 0 && a->retry_after == retry,
	    "%.40s", fields);
	cs_httpc_answer_free(&a);
}

static void
test_fields(void)
{
	char in[200];

	type_is("A: b", "", 0);
	type_is("Content-Type: Text/Plain; charset=x", "text/plain", 0);
	type_is("content-type:a/b", "a/b", 0);
	type_is("Content-Type:", "", 0);
	(void)snprintf(in, sizeof(in), "Content-Type: %0127d", 0);
	type_is(in, in + 14, 0);
	(void)snprintf(in, sizeof(in), "Content-Type: %0128d", 0);
	type_is(in, "", 0);
	type_is("Retry-After: 120", "", 120);
	type_is("Retry-After: 999999999", "", 999999999);
	type_is("Retry-After: 9999999999", "", 0);
	type_is("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", "", 0);
	type_is("Retry-After: -1", "", 0);
}

static void
test_header(cs_err *e)
{
	static char in[CS_HTTPRES_HEAD + 64];
	cs_httpc_answer *a = NULL;
	size_t n;

	memset(in, 'a', sizeof(in));
	memcpy(in, OK "A: ", strlen(OK "A: "));
	for (n = CS_HTTPRES_HEAD - 1; n <= CS_HTTPRES_HEAD + 1; n++) {
		memcpy(in + n - 4, "\r\n\r\n", 4);
		ok((cs_httpres_read(cs_span_of(in, n), true, MAX, &a, e) ==
		    CS_OK && a != NULL) == (n <= CS_HTTPRES_HEAD),
		    "a header of %zu", n);
		cs_httpc_answer_free(&a);
		memset(in + n - 4, 'a', 4);
	}
	ok(cs_httpres_read(cs_span_of(in, sizeof(in)), false, MAX, &a, e) ==
	    CS_EFORMAT, "one without end");
}

static void
url_is(const char *url, bool tls, const char *host, const char *port,
    const char *authority, const char *target)
{
	cs_httpurl u;
	cs_err e = {0};

	if (host == NULL) {
		ok(cs_httpurl_parse(url, &u, &e) == CS_EUSAGE, "a bad one");
		return;
	}
	ok(cs_httpurl_parse(url, &u, &e) == CS_OK && u.is_tls == tls &&
	    strcmp(u.host, host) == 0 && strcmp(u.port, port) == 0 &&
	    cs_span_is(u.authority, authority) &&
	    cs_span_is(u.target, target), "%s %s", url, e.text);
}

static void
test_urls(void)
{
	static const char *const bad[] = {"", "ftp://a/", "HTTPS://a/",
	    "https:/a", "https://", "https:///a", "https://:1/", "https://a:/",
	    "https://a:0/", "https://a:01/", "https://a:65536/",
	    "https://a:1x/", "https://u@a/", "https://a/#b", "https://a/ b",
	    "https://a/\r\nX: y", "https://a?b", "https://[::1/", "https://[]/",
	    "https://[::1]x/", "https://a b/", "https://a%41/",
	    "https://\xc3\xa4/", "https://a/\xc3\xa4"};
	char in[300];
	size_t i;

	url_is("https://a.example/b/c?d=e", true, "a.example", "443",
	    "a.example", "/b/c?d=e");
	url_is("https://a:8443", true, "a", "8443", "a:8443", "/");
	url_is("http://localhost/x", false, "localhost", "80", "localhost",
	    "/x");
	url_is("https://[2001:db8::1]:1/", true, "2001:db8::1", "1",
	    "[2001:db8::1]:1", "/");
	url_is("https://[::1]/", true, "::1", "443", "[::1]", "/");
	url_is("https://192.0.2.7:65535/", true, "192.0.2.7", "65535",
	    "192.0.2.7:65535", "/");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		url_is(bad[i], false, NULL, NULL, NULL, NULL);
	(void)snprintf(in, sizeof(in), "https://%0256d/", 0);
	url_is(in, false, NULL, NULL, NULL, NULL);
}

int
main(void)
{
	cs_err e = {0};

	test_cases(&e);
	test_end(&e);
	test_fields();
	test_header(&e);
	test_urls();
	return done_testing();
}
