/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "server/adminroutes.h"
#include "server/asks.h"
#include "server/frontp.h"
#include "tap.h"

/* What of the fronts needs no socket. */

static int things[8];

static void
test_asks(void)
{
	cs_asks *a = NULL;
	uint64_t id[8] = {0}, more = 0;
	size_t i;
	bool fine = true;

	ok(cs_asks_new(4, &a, NULL) == CS_OK, "room for four");
	for (i = 0; i < 4; i++)
		fine &= cs_asks_add(a, &things[i], 100 + (int64_t)i, &id[i]);
	ok(fine && cs_asks_count(a) == 4, "they are taken");
	ok(!cs_asks_add(a, &things[4], 100, &more), "a fifth is not");
	ok(cs_asks_take(a, id[2]) == &things[2], "one is answered");
	ok(cs_asks_take(a, id[2]) == NULL, "once");
	ok(cs_asks_take(a, 0) == NULL && cs_asks_take(a, 1) == NULL &&
	    cs_asks_take(a, UINT64_MAX) == NULL, "nobody asked that");
	ok(cs_asks_add(a, &things[4], 200, &more) && more != id[2],
	    "there is room again, with another id");
	ok(cs_asks_take(a, id[2]) == NULL, "the one before is forgotten");
	ok(cs_asks_take_late(a, 99) == NULL, "nobody is late");
	ok(cs_asks_take_late(a, 100) == &things[0], "one is");
	ok(cs_asks_take_late(a, 100) == NULL, "no other");
	ok(cs_asks_take(a, id[0]) == NULL, "its answer comes too late");
	for (i = 0; cs_asks_take_any(a) != NULL; i++)
		continue;
	ok(i == 3 && cs_asks_count(a) == 0, "all others are forgotten");
	cs_asks_free(&a);
}

static const char *
class_of(const char *path)
{
	return cs_front_path_class(cs_span_str(path));
}

static void
test_words(void)
{
	char name[64];

	ok(strcmp(class_of("/v1/bundle"), "/v1/bundle") == 0, "a path");
	ok(strcmp(class_of("/v1/crl/00ff"), "/v1/crl/{id}") == 0 &&
	    strcmp(class_of("/v1/credentials/x"), "/v1/credentials/{id}") == 0,
	    "without what its client chose");
	ok(strcmp(class_of("/.well-known/est/label/simpleenroll"),
	    "simpleenroll") == 0, "of EST");
	ok(strcmp(class_of("/../v1/bundle"), "(elsewhere)") == 0 &&
	    strcmp(class_of(""), "(elsewhere)") == 0, "none of ours");
	cs_front_client_name((cs_span){0}, name, sizeof(name));
	ok(strcmp(name, "-") == 0, "no certificate");
	cs_front_client_name(cs_span_str("x"), name, sizeof(name));
	ok(strcmp(name, "(a certificate)") == 0, "one that has no name");
}

static cs_admin_ask ask;
static cs_web_answer ans;

/* True: something is asked. */
static bool
hears(const char *method, const char *path, const char *query,
    const char *body)
{
	const cs_web_request q = {.method = method,
	    .path = cs_span_str(path), .query = cs_span_str(query),
	    .type = cs_span_str("application/json; charset=utf-8"),
	    .body = cs_span_str(body)};

	cs_admin_ask_clear(&ask);
	cs_web_answer_clear(&ans);
	cs_admin_hear(&q, &ask, &ans);
	return ask.verb != NULL;
}

static bool
asks(const char *verb, const char *body)
{
	return strcmp(ask.verb, verb) == 0 &&
	    cs_span_is(cs_buf_span(ask.body), body);
}

static bool
refused(int status)
{
	return ask.verb == NULL && ans.status == status;
}

static void
test_routes(void)
{
	ok(hears("GET", "/v1/health", NULL, "") && asks("health", "{}"),
	    "a verb");
	ok(hears("POST", "/v1/revocations", NULL, "{\"a\":1}") &&
	    asks("revoke", "{\"a\":1}"), "with a body, as it came");
	ok(hears("GET", "/v1/revocations", NULL, "") &&
	    asks("revocations", "{}"), "another method of it");
	ok(!hears("POST", "/v1/revocations", NULL, "") && refused(400),
	    "without its body");
	ok(hears("POST", "/v1/reload", NULL, "") && asks("reload", "{}"),
	    "one that needs none");
	ok(!hears("GET", "/v1/nothing", NULL, "") && refused(404), "no path");
	ok(!hears("PUT", "/v1/revocations", NULL, "") && refused(405) &&
	    strcmp(ans.fields[0].name, "Allow") == 0 &&
	    strcmp(ans.fields[0].value, "GET, POST") == 0, "no method");
	ok(hears("GET", "/v1/status", "agent=spiffe%3A%2f/a&serial=00ff", "") &&
	    asks("status", "{\"agent\":\"spiffe://a\",\"serial\":\"00ff\"}"),
	    "a query");
	ok(hears("GET", "/v1/audit", "from=12&to=20", "") &&
	    asks("audit", "{\"from\":12,\"to\":20}"), "with numbers");
	ok(hears("GET", "/v1/status", "owner=%22%5c", "") &&
	    asks("status", "{\"owner\":\"\\\"\\\\\"}"), "quotes are text");
}

static void
test_queries(void)
{
	static const char *const bad[] = {"agent", "agnt=x", "=x", "agent=%",
	    "agent=%4", "agent=%4g", "agent=a&agent=b", "agent=%ff", "&&",
	    "from=1"};
	static const char *const numbers[] = {"from=", "from=-1", "from=0x1",
	    "from=1%00", "from=99999999999999999999", "from=1&from=2"};
	char text[5000] = "agent=";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!hears("GET", "/v1/status", bad[i], "") && refused(400),
		    "no query of status: %s", bad[i]);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ok(!hears("GET", "/v1/audit", numbers[i], "") && refused(400),
		    "no query of audit: %s", numbers[i]);
	memset(text + 6, 'x', sizeof(text) - 7);
	ok(!hears("GET", "/v1/status", text, "") && refused(400), "too long");
	ok(!hears("GET", "/v1/health", "x=1", "") && refused(400),
	    "one where none is");
}

static bool
tells(int status, const char *body)
{
	const cs_told_admin t = {status, cs_span_str(body)};
	cs_msg_room room;
	cs_frame f;

	cs_web_answer_clear(&ans);
	if (cs_told_admin_put(&t, &room, &f, NULL) != CS_OK)
		return false;
	cs_admin_tell(&ask, &f, &ans);
	return true;
}

static bool
holds(const char *text)
{
	return ans.body != NULL && strstr(cs_buf_cstr(ans.body), text) != NULL;
}

static void
test_answers(void)
{
	const cs_frame other = {.type = CS_MSG_GIVEN, .fd = -1};

	ok(hears("GET", "/metrics", NULL, "") && tells(200, "x 1\n") &&
	    ans.status == 200 && strncmp(ans.type, "text/plain", 10) == 0 &&
	    holds("x 1"), "metrics are text");
	ok(hears("GET", "/v1/health", NULL, "") && tells(200, "{}") &&
	    strcmp(ans.type, "application/json") == 0, "others are JSON");
	ok(tells(503, "{\"error\":\"away\",\"reason\":\"store-unavailable\"}") &&
	    ans.status == 503 && holds("\"reason\":\"store-unavailable\"") &&
	    holds("away"), "a failure is a problem, with its reason");
	ok(ans.n_fields == 1 && strcmp(ans.fields[0].name, "Retry-After") == 0,
	    "and when to come again");
	ok(tells(409, "{\"error\":\"it is\"}") && ans.status == 409 &&
	    holds("\"reason\":\"conflict\"") && holds("it is"),
	    "without one, the status'");
	ok(tells(500, "garbage") && ans.status == 500 &&
	    holds("\"reason\":\"internal\""), "what is no JSON");
	cs_web_answer_clear(&ans);
	cs_admin_tell(&ask, &other, &ans);
	ok(ans.status == 500, "another frame");
	cs_web_answer_clear(&ans);
	cs_admin_ask_clear(&ask);
}

int
main(void)
{
	test_asks();
	test_words();
	test_routes();
	test_queries();
	test_answers();
	return done_testing();
}
