/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpc.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "tap.h"

/* Answers as good and as bad servers give them, over a unix socket, where
 * nothing below HTTP ends them. */

#define MAX 40
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKS OK "Transfer-Encoding: chunked\r\n\r\n"

static char path[100];
static int listener;

/* What a server does: says `head`, then `again` until nobody listens, then
 * ends, or waits for the client to. */
struct does {
	cs_span head, again;
	bool waits;
};

static bool
say(int fd, cs_span s)
{
	ssize_t n;

	while (s.n > 0) {
		n = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s = cs_span_cut(s, (size_t)n, s.n - (size_t)n);
	}
	return true;
}

static void *
serve(void *arg)
{
	const struct does *d = arg;
	int fd = accept(listener, NULL, NULL);
	char in[4096];

	if (fd < 0)
		return NULL;
	(void)recv(fd, in, sizeof(in), 0);
	if (say(fd, d->head))
		while (d->again.n > 0 && say(fd, d->again))
			continue;
	if (d->waits)
		while (recv(fd, in, sizeof(in), 0) > 0)
			continue;
	(void)close(fd);
	return NULL;
}

static int
ask(struct does d, int64_t timeout_ms, cs_httpc_answer **a, cs_err *e)
{
	const cs_httpc_call c = {.url = "http://localhost/", .socket = path,
	    .method = "GET", .max_answer = MAX, .timeout_ms = timeout_ms};
	pthread_t t;
	int rc;

	if (pthread_create(&t, NULL, serve, &d) != 0)
		abort();
	rc = cs_httpc(&c, a, e);
	(void)pthread_join(t, NULL);
	return rc;
}

static const struct {
	const char *in;
	int status; /* 0: CS_EIO or CS_EFORMAT */
	const char *body;
} cases[] = {
	{OK "Content-Length: 2\r\n\r\nab", 200, "ab"},
	{OK "content-length:2 \r\n\r\nab", 200, "ab"},
	{"HTTP/1.0 404 \r\nContent-Length: 0\r\n\r\n", 404, ""},
	{"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, ""},
	{"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", 204, ""},
	{"HTTP/1.1 304 No\r\n\r\n", 304, ""},
	{"HTTP/1.1 302 Found\r\nLocation: http://localhost/b\r\n"
	    "Content-Length: 0\r\n\r\n", 302, ""},
	{"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na", 200,
	    "a"},
	{CHUNKS "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", 200, "abc"},
	{CHUNKS "1;a=b\r\na\r\n0\r\nA: b\r\n\r\n", 200, "a"},
	{CHUNKS "0\r\n\r\n", 200, ""},
	{OK "Content-Length: 40\r\n\r\n"
	    "0123456789012345678901234567890123456789", 200,
	    "0123456789012345678901234567890123456789"},
	{OK "\r\nabc", 200, "abc"}, /* until it ends */
	{OK "Content-Encoding: gzip\r\n\r\nabc", 200, "abc"}, /* as it is */
	{OK "Content-Length: 2\r\n\r\nabc", 200, "ab"},
	{"", 0, NULL},
	{"HTTP/1.1 200 OK\r", 0, NULL},
	{"HTTP/1.1 100 Continue\r\n\r\n", 0, NULL},
	{OK "Content-Length: 2\r\n\r\na", 0, NULL},
	{OK "Content-Length: 2\r\n", 0, NULL},
	{CHUNKS "3\r\nab", 0, NULL},
	{CHUNKS "1\r\na\r\n", 0, NULL},
	{CHUNKS "1\r\na\r\n0\r\n", 0, NULL},
	{"SSH-2.0-x\r\n\r\n", 0, NULL},
	{"{\"status\": 200}", 0, NULL},
	{"HTTP/2.0 200 OK\r\n\r\n", 0, NULL},
	{"HTTP/2 200\r\n\r\n", 0, NULL},
	{"HTTP/3 200\r\n\r\n", 0, NULL},
	{"HTTP/1.1 2000 OK\r\n\r\n", 0, NULL},
	{"HTTP/1.1 099 OK\r\n\r\n", 0, NULL},
	{"HTTP/1.1 +20 OK\r\n\r\n", 0, NULL},
	{"HTTP/1.1 600 OK\r\n\r\n", 0, NULL},
	{"\r\n" OK "\r\n", 0, NULL},
	{OK "Content-Length: 99999999999999999999\r\n\r\nab", 0, NULL},
	{OK "Content-Length: 41\r\n\r\n", 0, NULL},
	{OK "Transfer-Encoding: gzip\r\n\r\nabc", 0, NULL},
	{OK "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 0,
	    NULL},
	{OK "\r\n01234567890123456789012345678901234567890", 0, NULL},
	{CHUNKS "x\r\n", 0, NULL},
	{CHUNKS "00000000000000001\r\na\r\n0\r\n\r\n", 0, NULL},
	{CHUNKS "-1\r\na\r\n0\r\n\r\n", 0, NULL},
	{CHUNKS "1\r\nab\r\n0\r\n\r\n", 0, NULL},
	{CHUNKS "29\r\n01234567890123456789012345678901234567890\r\n0\r\n\r\n",
	    0, NULL},
	{CHUNKS "20\r\n01234567890123456789012345678901\r\n9\r\n012345678\r\n"
	    "0\r\n\r\n", 0, NULL}
};

static void
test_cases(void)
{
	cs_httpc_answer *a = NULL;
	cs_err e = {0};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = ask((struct does){.head = cs_span_str(cases[i].in)},
		    20000, &a, &e);
		if (cases[i].status != 0)
			ok(rc == CS_OK && a->status == cases[i].status &&
			    cs_span_is(cs_buf_span(a->body), cases[i].body),
			    "case %zu: %s", i, rc == CS_OK ? "" : e.text);
		else
			ok((rc == CS_EIO || rc == CS_EFORMAT) && a == NULL,
			    "case %zu: %s", i, rc == CS_OK ? "" : e.text);
		cs_httpc_answer_free(&a);
	}
}

/* An answer that is cut off anywhere is none; a last line feed says nothing. */
static void
test_cut(void)
{
	static const char *const whole[] = {
	    OK "Content-Length: 2\r\n\r\nab",
	    CHUNKS "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"};
	cs_httpc_answer *a = NULL;
	cs_span s;
	size_t i, n;
	int early = 0;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		s = cs_span_str(whole[i]);
		for (n = 0; n + 1 < s.n; n++) {
			early += ask((struct does){.head = cs_span_cut(s, 0,
			    n)}, 20000, &a, NULL) == CS_OK;
			cs_httpc_answer_free(&a);
		}
	}
	ok(early == 0, "nothing that is not whole");
}

static void
never_ends(const char *head, const char *again, int cls, const char *why)
{
	cs_httpc_answer *a = NULL;
	cs_err e = {0};
	int rc = ask((struct does){.head = cs_span_str(head),
	    .again = cs_span_str(again), .waits = true}, 500, &a, &e);

	ok(rc == cls && a == NULL && strstr(e.text, why) != NULL,
	    "without an end: %d %s", rc, e.text);
	cs_httpc_answer_free(&a);
}

static void
test_endless(void)
{
	never_ends(OK, "A: b\r\n", CS_EFORMAT, "header");
	never_ends("", "HTTP/1.1 100 Continue\r\n\r\n", CS_EFORMAT, "header");
	never_ends("", "HTTP/1.1 103 Hints\r\nA: b\r\n\r\n", CS_EFORMAT,
	    "header");
	never_ends(CHUNKS "0\r\n", "A: b\r\n", CS_EFORMAT, "header");
	never_ends(CHUNKS, "1\r\na\r\n", CS_EFORMAT, "too long");
	never_ends(CHUNKS "1", ";a", CS_ETIMEOUT, "too long");
	never_ends(OK "\r\n", "a", CS_EFORMAT, "too long");
	never_ends("", "", CS_ETIMEOUT, "too long");
	never_ends("HTTP/1.1 200", "", CS_ETIMEOUT, "too long");
	never_ends(OK "Content-Length: 3\r\n\r\nab", "", CS_ETIMEOUT,
	    "too long");
}

/* One line that never ends: what is kept of it is bounded, too. */
static void
test_line(void)
{
	static char line[65536];
	cs_httpc_answer *a = NULL;
	cs_err e = {0};
	int rc;

	memset(line, 'a', sizeof(line));
	rc = ask((struct does){.head = cs_span_str(OK "A: "),
	    .again = cs_span_of(line, sizeof(line)), .waits = true}, 20000, &a,
	    &e);
	ok((rc == CS_EFORMAT || rc == CS_EIO) && a == NULL, "%d %s", rc,
	    e.text);
}

static void *
drip(void *arg)
{
	int fd = accept(listener, NULL, NULL);

	(void)arg;
	while (say(fd, cs_span_str("H")) && poll(NULL, 0, 20) == 0)
		continue;
	(void)close(fd);
	return NULL;
}

static void
test_drip(void)
{
	const cs_httpc_call c = {.url = "http://localhost/", .socket = path,
	    .method = "GET", .timeout_ms = 300};
	int64_t start = cs_time_mono_ms();
	cs_httpc_answer *a = NULL;
	pthread_t t;
	cs_err e = {0};

	if (pthread_create(&t, NULL, drip, NULL) != 0)
		abort();
	ok(cs_httpc(&c, &a, &e) != CS_OK, "octet by octet: %s", e.text);
	ok(cs_time_mono_ms() - start < 10000, "within its time");
	(void)pthread_join(t, NULL);
}

static void
type_is(const char *fields, const char *type, int64_t retry)
{
	char in[400];
	cs_httpc_answer *a = NULL;
	cs_err e = {0};

	(void)snprintf(in, sizeof(in), OK "%s\r\nContent-Length: 0\r\n\r\n",
	    fields);
	ok(ask((struct does){.head = cs_span_str(in)}, 20000, &a, &e) ==
	    CS_OK && strcmp(a->type, type) == 0 && a->retry_after == retry,
	    "%.40s: %s", fields, e.text);
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
test_urls(void)
{
	static const char *const bad[] = {"", "ftp://a/", "HTTPS://a/",
	    "https:/a", "https://", "https://:1/", "https://a:0x/",
	    "https://a:65536/", "https://a:1x/", "https://u@a/",
	    "https://u:p@a/", "https://a/#b", "https://a/ b",
	    "https://a/\r\nX: y", "https://[::1/", "https://[]/",
	    "https://[::1]x/", "https://a b/", "https://\xc3\xa4/",
	    "https://a/\xc3\xa4", "http://a/", "file:///etc/passwd"};
	cs_httpc_call c = {.method = "GET"};
	cs_httpc_answer *a = NULL;
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c.url = bad[i];
		ok(cs_httpc(&c, &a, &e) == CS_EUSAGE && a == NULL, "URL %zu",
		    i);
	}
	c.url = "https://a/";
	c.socket = path;
	ok(cs_httpc(&c, &a, &e) == CS_EUSAGE, "TLS over a unix socket");
	c.url = "http://localhost/";
	c.method = "HEAD";
	ok(cs_httpc(&c, &a, &e) == CS_EUSAGE, "HEAD");
	c.method = "GET\r\n";
	ok(cs_httpc(&c, &a, &e) == CS_EUSAGE, "two lines");
	c.method = "GET";
	c.accept = "a\nb: c";
	ok(cs_httpc(&c, &a, &e) == CS_EUSAGE, "a field slipped in");
}

static void *
keep_request(void *arg)
{
	struct {
		char in[4096];
		size_t n;
	} *got = arg;
	int fd = accept(listener, NULL, NULL);
	ssize_t n;

	while ((n = recv(fd, got->in + got->n, sizeof(got->in) - 1 - got->n,
	    0)) > 0) {
		got->n += (size_t)n;
		if (strstr(got->in, "\r\n\r\n") != NULL)
			break;
	}
	(void)say(fd, cs_span_str("HTTP/1.1 204 No\r\n\r\n"));
	(void)close(fd);
	return NULL;
}

static bool
sends(const cs_httpc_call *c, const char *what)
{
	struct {
		char in[4096];
		size_t n;
	} got = {.n = 0};
	cs_httpc_answer *a = NULL;
	pthread_t t;
	cs_err e = {0};
	int rc;

	if (pthread_create(&t, NULL, keep_request, &got) != 0)
		abort();
	rc = cs_httpc(c, &a, &e);
	(void)pthread_join(t, NULL);
	cs_httpc_answer_free(&a);
	if (rc != CS_OK || strcmp(got.in, what) != 0)
		printf("# %s\n# %s\n", e.text, got.in);
	return rc == CS_OK && strcmp(got.in, what) == 0;
}

static void
test_requests(void)
{
	cs_httpc_call c = {.url = "http://localhost/a/../b?c=d",
	    .socket = path, .method = "GET"};

	ok(sends(&c, "GET /a/../b?c=d HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: close\r\n\r\n"), "a request, and nothing beside it");
	c.method = "POST";
	c.url = "http://localhost";
	c.type = "a/b";
	c.accept = "c/d";
	c.body = cs_span_str("");
	ok(sends(&c, "POST / HTTP/1.1\r\nHost: localhost\r\nAccept: c/d\r\n"
	    "Content-Type: a/b\r\nConnection: close\r\nContent-Length: 0\r\n"
	    "\r\n"), "one with a body");
}

/* It closes before it has read: what that raises is not the program's. */
static void
test_close(void)
{
	static uint8_t big[4 << 20];
	const cs_httpc_call c = {.url = "http://localhost/", .socket = path,
	    .method = "POST", .body = cs_span_of(big, sizeof(big)),
	    .timeout_ms = 20000};
	struct does d = {.head = cs_span_str(
	    "HTTP/1.1 413 Much\r\nContent-Length: 0\r\n\r\n")};
	cs_httpc_answer *a = NULL;
	pthread_t t;
	sigset_t now;
	cs_err e = {0};
	int rc;

	if (pthread_create(&t, NULL, serve, &d) != 0)
		abort();
	rc = cs_httpc(&c, &a, &e);
	(void)pthread_join(t, NULL);
	ok(rc == CS_EIO || (rc == CS_OK && a->status == 413),
	    "closed early: %d %s", rc, e.text);
	(void)sigpending(&now);
	ok(sigismember(&now, SIGPIPE) == 0, "no signal is left");
	cs_httpc_answer_free(&a);
}

static bool
begin(char dir[])
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "%s/socket", dir);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return listener >= 0 && bind(listener, (struct sockaddr *)&a,
	    sizeof(a)) == 0 && listen(listener, 4) == 0;
}

int
main(void)
{
	char dir[] = "/tmp/countersign-httpc.XXXXXX";

	if (!begin(dir))
		return 99;
	test_cases();
	test_cut();
	test_endless();
	test_line();
	test_drip();
	test_fields();
	test_urls();
	test_requests();
	test_close();
	(void)close(listener);
	(void)unlink(path);
	(void)rmdir(dir);
	return done_testing();
}
