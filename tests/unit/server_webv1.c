/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <countersign/verifier.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "server/webjson.h"
#include "tap.h"
#include "webbed.h"

/* /v1: what it takes, in which form it answers, and every refusal. */

#define P10 "application/pkcs10"
#define PEM "application/x-pem-file"
#define JSON "application/json"
#define CHAIN "application/pem-certificate-chain"
#define WIT "application/wit+jwt"
#define NEW "/v1/credentials"
#define APPROVE "/v1/approvals"
#define HEX \
	"ab01020000000000000000000000000000000000000000000000000000000000"
#define PLACE NEW "/" HEX
#define NOON INT64_C(1795262400)
#define TEXT_MAX (128 * 1024)

static const cs_span none;
static uint8_t digest[32] = {0xab, 1, 2};
static cs_buf *bundle, *request, *approval; /* PEM of both; DER of each */
static cs_buf *request64, *approval64;
static char text[TEXT_MAX];

static bool
load(void)
{
	cs_message *m = NULL;

	bundle = webbed_file("approved-bundle.pem");
	request = webbed_der("approved-bundle.pem");
	if (bundle == NULL || request == NULL || cs_message_parse(
	    cs_buf_span(bundle), &m, NULL) != CS_OK || m->n != 1)
		return false;
	approval = cs_buf_dup(m->approvals[0]);
	cs_message_free(&m);
	request64 = webbed_base64(cs_buf_span(request), 0);
	approval64 = webbed_base64(cs_buf_span(approval), 0);
	return approval != NULL && request64 != NULL && approval64 != NULL;
}

static void
unload(void)
{
	cs_buf_free(&bundle);
	cs_buf_free(&request);
	cs_buf_free(&approval);
	cs_buf_free(&request64);
	cs_buf_free(&approval64);
}

__attribute__((format(printf, 1, 2))) static cs_span
say(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cs_span_of(text, (size_t)n);
}

static bool
is_issue(cs_span message, unsigned kinds)
{
	const cs_ask_issue *a = &web_q.issue;

	return web_q.type == CS_MSG_ISSUE &&
	    a->operation == COUNTERSIGN_OP_ISSUE && a->kinds == kinds &&
	    cs_span_eq(a->message, message) && a->evidence.p == NULL &&
	    a->deadline_ms == 77 && cs_span_is(a->request_id, "r1") &&
	    cs_span_is(a->address, "192.0.2.7") &&
	    web_q.family == CS_WEB_V1;
}

static const struct {
	const char *accept;
	unsigned kinds; /* 0: 406 */
} accepts[] = {
	{NULL, 1},
	{"*/*", 1},
	{CHAIN, 1},
	{JSON, 3},
	{WIT, 2},
	{JSON ", " WIT ";q=0.9", 3},
	{"text/html, " WIT, 2},
	{CHAIN ";q=0, */*", 3},
	{"application/pkcs7-mime", 0},
	{"text/*", 0},
	{"*/*;q=0", 0},
	{"application/problem+json", 0},
};

static void
test_accept(void)
{
	cs_span der = cs_buf_span(web_request);
	size_t i;

	for (i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		ok(webbed_ask("POST", NEW, P10, accepts[i].accept, der,
		    accepts[i].kinds == 0 ? 406 : 0) &&
		    (accepts[i].kinds == 0 ? webbed_why("not-acceptable",
		    CHAIN) : is_issue(der, accepts[i].kinds)),
		    "Accept: %s", accepts[i].accept == NULL ? "none" :
		    accepts[i].accept);
		ok(webbed_ask("GET", PLACE, NULL, accepts[i].accept, none,
		    accepts[i].kinds == 0 ? 406 : 0) &&
		    (accepts[i].kinds == 0 || web_q.lookup.kinds ==
		    accepts[i].kinds), "the same of what was issued");
	}
	web_conf.n_wit = 0;
	ok(webbed_ask("POST", NEW, P10, JSON, der, 0) && is_issue(der, 1),
	    "without a key for WITs both is one");
	ok(webbed_ask("POST", NEW, P10, WIT, der, 406) &&
	    webbed_why("not-acceptable", "no key"), "and a WIT none");
	ok(webbed_ask("POST", NEW, P10, WIT ", */*;q=0.1", der, 0) &&
	    is_issue(der, 1), "or what else is liked");
	web_conf.n_wit = 1;
	ok(webbed_ask("POST", APPROVE, PEM, WIT, der, 406) &&
	    webbed_ask("GET", "/v1/bundle", NULL, CHAIN, none, 406) &&
	    webbed_ask("GET", "/v1/crl", NULL, JSON, none, 406) &&
	    webbed_ask("GET", "/v1/crl", NULL, "application/*", none, 0),
	    "and of the others");
}

static bool
refused(const char *path, const char *type, cs_span body, const char *why)
{
	return webbed_ask("POST", path, type, NULL, body, 400) &&
	    webbed_why("malformed", why);
}

static void
test_types(void)
{
	cs_span der = cs_buf_span(web_request), pem = cs_buf_span(bundle);

	ok(webbed_ask("POST", NEW, PEM, NULL, pem, 0) && is_issue(pem, 1),
	    "PEM goes as it came");
	ok(refused(NEW, PEM, der, P10), "DER that says it is PEM");
	ok(refused(NEW, P10, pem, PEM), "PEM that says it is DER");
	ok(refused(NEW, P10, cs_buf_span(request64), PEM), "base64 alone");
	ok(refused(NEW, P10, cs_span_str("0"), NULL), "one octet");
	ok(refused(NEW, JSON, pem, "not JSON"), "PEM that says it is JSON");
	ok(webbed_ask("POST", NEW, "text/plain", NULL, der, 415) &&
	    webbed_why("unsupported-media-type", PEM " or " JSON), "text");
	ok(webbed_ask("POST", NEW, NULL, NULL, der, 415), "no type");
	ok(webbed_ask("POST", APPROVE, P10, NULL, der, 415) &&
	    webbed_why("unsupported-media-type", PEM " or " JSON),
	    "a request where approvals are handed in");
	ok(webbed_ask("POST", APPROVE, PEM, NULL, pem, 0) &&
	    web_q.type == CS_MSG_APPROVE && cs_span_eq(web_q.issue.message,
	    pem) && web_q.issue.deadline_ms == 77, "approvals as PEM");
	ok(refused(APPROVE, PEM, cs_buf_span(approval), "found DER"),
	    "an approval, DER");
}

/* The message of the last question has this request and so many approvals. */
static bool
has(cs_span csr, size_t n)
{
	cs_message *m = NULL;
	bool good;

	good = cs_message_parse(web_q.issue.message, &m, NULL) == CS_OK &&
	    cs_span_eq(m->csr->der, csr) && m->n == n &&
	    (n == 0 || cs_span_eq(m->approvals[0], cs_buf_span(approval)));
	cs_message_free(&m);
	return good;
}

static json_t *
text_of(const char *pem_label, cs_span der)
{
	cs_buf *b = cs_buf_new(cs_pem_max(der.n));
	json_t *o = NULL;

	if (b != NULL && cs_pem_put(b, pem_label, der, NULL) == CS_OK)
		o = json_stringn((const char *)cs_buf_span(b).p,
		    cs_buf_len(b));
	cs_buf_free(&b);
	return o;
}

static cs_span
dump(json_t *o)
{
	char *s = json_dumps(o, 0);
	cs_span out = say("%s", s == NULL ? "" : s);

	free(s);
	json_decref(o);
	return out;
}

static void
test_json(void)
{
	const char *r = cs_buf_cstr(request64), *a = cs_buf_cstr(approval64);
	cs_span der = cs_buf_span(request);

	ok(webbed_ask("POST", NEW, JSON, NULL, say("{\"request\":\"%s\"}", r),
	    0) && is_issue(der, 1), "a request in JSON");
	ok(webbed_ask("POST", NEW, JSON, JSON, say("{\"approvals\":[\"%s\"],"
	    "\"request\":\"%s\"}", a, r), 0) && has(der, 1) &&
	    web_q.issue.kinds == 3, "and its approval");
	ok(webbed_ask("POST", NEW, JSON, NULL, say("{\"request\":\"%s\","
	    "\"approvals\":[],\"evidence\":\"AAECAw==\"}", r), 0) &&
	    has(der, 0) && cs_span_eq(web_q.issue.evidence,
	    cs_span_of("\0\1\2\3", 4)), "and evidence");
	ok(webbed_ask("POST", NEW, JSON, NULL, dump(json_pack("{s:o,s:[o]}",
	    "request", text_of(CS_PEM_NEW_REQUEST, der), "approvals",
	    text_of(CS_PEM_APPROVAL, cs_buf_span(approval)))), 0) &&
	    has(der, 1), "both as PEM");
	ok(webbed_ask("POST", APPROVE, JSON, NULL, say("{\"approvals\":"
	    "[\"%s\"],\"request\":\"%s\"}", a, r), 0) && has(der, 1) &&
	    web_q.type == CS_MSG_APPROVE, "approvals and their request");
	ok(webbed_ask("POST", APPROVE, JSON, NULL, say("{\"approvals\":"
	    "[\"%s\"]}", a), 0) && web_q.type == CS_MSG_APPROVE &&
	    strstr((const char *)web_q.issue.message.p, CS_PEM_REQUEST) ==
	    NULL, "approvals alone");
}

#define R "\"request\":\"@\""
#define A "\"#\""

/* Of JSON that is refused; @ is a request, # an approval. */
static const struct {
	const char *path, *json, *why;
} bad[] = {
	{NEW, "", NULL},
	{NEW, "null", "not JSON"},
	{NEW, "[]", "an object"},
	{NEW, "[{" R "}]", "an object"},
	{NEW, "{}", "\"request\""},
	{NEW, "{" R, "not JSON"},
	{NEW, "{" R ",}", "not JSON"},
	{NEW, "{" R "} {}", "not JSON"},
	{NEW, "{" R "}\1", "not JSON"},
	{NEW, "{" R "," R "}", "duplicate"},
	{NEW, "{" R ",\"request\":\"\"}", "duplicate"},
	{NEW, "{" R ",\"approval\":[]}", "did you mean \"approvals\"?"},
	{NEW, "{" R ",\"x\":1}", "unknown member \"x\""},
	{NEW, "{" R ",\"\":1}", "unknown member"},
	{NEW, "{" R ",\"Request\":\"\"}", "unknown member"},
	{NEW, "{" R ",\"a\\u0000b\":1}", "not JSON"},
	{NEW, "{\"request\":1}", "request: expected text"},
	{NEW, "{\"request\":null}", "request: expected text"},
	{NEW, "{\"request\":[\"@\"]}", "request: expected text"},
	{NEW, "{\"request\":\"\"}", "request: expected text"},
	{NEW, "{\"request\":\"=\"}", "request: expected base64"},
	{NEW, "{\"request\":\" @\"}", "request: expected base64"},
	{NEW, "{\"request\":\"@\\n\"}", "request: expected base64"},
	{NEW, "{\"request\":\"@=\"}", "request: expected base64"},
	{NEW, "{\"request\":\"@\\u0000\"}", "not JSON"},
	{NEW, "{\"request\":\"-_-_\"}", "request: expected base64"},
	{NEW, "{\"request\":\"AAAA\"}", "of DER, or PEM"},
	{NEW, "{\"request\":\"\xff\"}", "not JSON"},
	{NEW, "{\"request\":\"-----BEGIN X-----\"}", "request: "},
	{NEW, "{\"request\":\"-----BEGIN OWNER APPROVAL-----\\n"
	    "MIIB\\n-----END OWNER APPROVAL-----\\n\"}",
	    "PEM of a CERTIFICATE REQUEST"},
	{NEW, "{\"request\":\"-----BEGIN CERTIFICATE REQUEST-----\\n"
	    "AAAA\\n-----END CERTIFICATE REQUEST-----\\n\"}",
	    "PEM of a CERTIFICATE REQUEST"},
	{NEW, "{\"request\":\"-----BEGIN CERTIFICATE REQUEST-----\\n"
	    "MIIB\\n-----END CERTIFICATE REQUEST-----\\n"
	    "-----BEGIN CERTIFICATE REQUEST-----\\n"
	    "MIIB\\n-----END CERTIFICATE REQUEST-----\\n\"}",
	    "found another"},
	{NEW, "{" R ",\"approvals\":" A "}", "approvals: expected a list"},
	{NEW, "{" R ",\"approvals\":{}}", "approvals: expected a list"},
	{NEW, "{" R ",\"approvals\":null}", "approvals: expected a list"},
	{NEW, "{" R ",\"approvals\":[" A ",7]}", "[1]: expected text"},
	{NEW, "{" R ",\"approvals\":[[" A "]]}", "[0]: expected text"},
	{NEW, "{" R ",\"approvals\":[\"\"]}", "[0]: expected text"},
	{NEW, "{" R ",\"approvals\":[\"#A\"]}", "[0]: expected base64"},
	{NEW, "{" R ",\"approvals\":[\"AAAA\"]}", "[0]: expected base64 of"},
	{NEW, "{" R ",\"evidence\":1}", "evidence: expected text"},
	{NEW, "{" R ",\"evidence\":\"\"}", "evidence: expected text"},
	{NEW, "{" R ",\"evidence\":\"A\"}", "evidence: expected base64"},
	{NEW, "{\"approvals\":[" A "]}", "\"request\""},
	{APPROVE, "{}", "\"approvals\""},
	{APPROVE, "{" R "}", "\"approvals\""},
	{APPROVE, "{\"approvals\":[" A "],\"evidence\":\"AAAA\"}",
	    "to /v1/credentials"},
	{APPROVE, "{\"approvals\":[" A "],\"decision\":1}", "unknown"},
};

static size_t
expand(const char *json)
{
	const char *with;
	size_t n = 0;

	for (; *json != '\0'; json++) {
		with = *json == '@' ? cs_buf_cstr(request64) : *json == '#' ?
		    cs_buf_cstr(approval64) : NULL;
		if (with == NULL)
			text[n++] = *json;
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s", with);
	}
	return n;
}

static void
test_bad(void)
{
	const char *r = cs_buf_cstr(request64), *a = cs_buf_cstr(approval64);
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = expand(bad[i].json);
		ok(refused(bad[i].path, JSON, cs_span_of(text, n),
		    bad[i].why), "JSON %zu: %s", i, bad[i].why == NULL ?
		    "nothing" : bad[i].why);
	}
	ok(webbed_ask("POST", APPROVE, JSON, NULL,
	    say("{\"approvals\":[]}"), 403) && webbed_why("no-approval",
	    "empty list"), "no approvals");
	memset(text, '[', sizeof(text));
	ok(refused(NEW, JSON, cs_span_of(text, sizeof(text)), "not JSON"),
	    "as deep as it is long");
	n = (size_t)snprintf(text, sizeof(text), "{\"request\":\"%s\","
	    "\"approvals\":[\"%s\"", r, a);
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",\"%s\"",
		    a);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "]}");
	ok(webbed_ask("POST", NEW, JSON, NULL, cs_span_of(text, n), 413) &&
	    webbed_why("too-large", "[16]"), "too many approvals");
}

/* Whatever is changed, what goes to the issuer is what is read of it. */
static void
test_changed(void)
{
	static const char doc[] = "{\"request\":\"MIICAw==\",\"approvals\":"
	    "[\"MIIFBg==\"],\"evidence\":\"AAE=\"}";
	char copy[sizeof(doc)];
	cs_webjson j = {0};
	cs_err e = {0};
	size_t n, c, wrong = 0;
	int rc;

	rc = cs_webjson_get(cs_span_str(doc), CS_WEBJSON_REQUEST, &j, &e);
	ok(rc == CS_OK && j.evidence.n == 2 && j.message.n > 100, "short one");
	cs_webjson_clear(&j);
	for (n = 0; n < strlen(doc); n++) {
		rc = cs_webjson_get(cs_span_of(doc, n), CS_WEBJSON_REQUEST, &j,
		    &e);
		wrong += rc != CS_EFORMAT || j.own != NULL ||
		    e.detail != CS_R_MALFORMED;
	}
	ok(wrong == 0, "every prefix");
	for (n = 0; n < strlen(doc); n++)
		for (c = 0; c < 256; c++) {
			memcpy(copy, doc, sizeof(doc));
			copy[n] = (char)c;
			rc = cs_webjson_get(cs_span_of(copy, strlen(doc)),
			    CS_WEBJSON_REQUEST, &j, &e);
			wrong += rc != CS_OK && (rc != CS_EFORMAT ||
			    e.detail == CS_R_NONE || j.own != NULL);
			cs_webjson_clear(&j);
		}
	ok(wrong == 0, "every octet changed");
}

static bool
asked(const char *accept)
{
	return webbed_ask("POST", NEW, P10, accept, cs_buf_span(web_request),
	    0);
}

static cs_told_issue
credential(bool cert, bool wit)
{
	cs_told_issue t = {.outcome = CS_OUTCOME_ISSUED,
	    .request_digest = cs_span_of(digest, sizeof(digest)),
	    .agent = cs_span_str(WEB_AGENT), .not_after = NOON};

	if (cert) {
		t.cert = cs_buf_span(web_cert);
		t.n_chain = 1;
		t.chain[0] = web_env.ca[0];
	}
	if (wit)
		t.wit = cs_span_str("aa.bb.cc");
	return t;
}

static bool
is_field(const char *name, const char *value)
{
	const char *v = webbed_field(name);

	return v != NULL && strcmp(v, value) == 0;
}

static bool
is_chain(cs_span in)
{
	cs_span label = {0};
	cs_buf *one = NULL, *two = NULL, *end = NULL;
	bool good;

	good = cs_pem_next(&in, &label, &one, NULL) == CS_OK &&
	    cs_pem_next(&in, &label, &two, NULL) == CS_OK &&
	    cs_pem_next(&in, &label, &end, NULL) == CS_OK && end == NULL &&
	    cs_span_eq(cs_buf_span(one), cs_buf_span(web_cert)) &&
	    cs_span_eq(cs_buf_span(two), web_env.ca[0]);
	cs_buf_free(&one);
	cs_buf_free(&two);
	cs_buf_free(&end);
	return good;
}

/* The answer's JSON has these and no others. */
static bool
is_json(const char *const *names, const char *const *values, size_t n)
{
	cs_span body = cs_buf_span(web_a.body);
	json_t *o = json_loadb((const char *)body.p, body.n,
	    JSON_REJECT_DUPLICATES, NULL);
	const char *v;
	bool good = json_object_size(o) == n && webbed_type(JSON);
	size_t i;

	for (i = 0; i < n && good; i++) {
		v = json_string_value(json_object_get(o, names[i]));
		good = v != NULL && (values[i] == NULL ?
		    is_chain(cs_span_str(v)) : strcmp(v, values[i]) == 0);
	}
	if (!good)
		printf("# %s\n", web_a.body == NULL ? "nothing" :
		    cs_buf_cstr(web_a.body));
	json_decref(o);
	return good;
}

static void
test_issued(void)
{
	static const char *const names[] = {"id", "agent", "x509",
	    "not_after", "wit"};
	static const char *const values[] = {HEX, WEB_AGENT, NULL,
	    "2026-11-21T12:00:00Z", "aa.bb.cc"};
	cs_told_issue t = credential(true, false);

	ok(asked(NULL) && webbed_told(&t, 200) && webbed_type(CHAIN) &&
	    is_chain(cs_buf_span(web_a.body)), "a chain");
	ok(is_field("Content-Location", PLACE) && is_field("Cache-Control",
	    "no-store") && strcmp(web_a.outcome, "issued") == 0,
	    "and where it is");
	ok(asked(WIT) && webbed_told(&t, 500) && webbed_why("internal", NULL),
	    "a chain where a WIT was wanted");
	t = credential(false, true);
	ok(asked(WIT) && webbed_told(&t, 200) && webbed_type(WIT) &&
	    cs_span_is(cs_buf_span(web_a.body), "aa.bb.cc"), "a WIT");
	ok(asked(NULL) && webbed_told(&t, 500), "where a chain was wanted");
	ok(asked(JSON) && webbed_told(&t, 500), "or both");
	t = credential(true, true);
	ok(asked(JSON) && webbed_told(&t, 200) && is_json(names, values, 5),
	    "both");
	t = credential(true, false);
	ok(asked(JSON) && webbed_told(&t, 200) && is_json(names, values, 4),
	    "both, of which there is one");
	t.request_digest = none;
	ok(asked(NULL) && webbed_told(&t, 500), "of no request");
}

static void
test_waits(void)
{
	static const char *const names[] = {"id", "agent", "state", "detail"};
	static const char *const values[] = {HEX, WEB_AGENT, "pending",
	    "waits\\u{7}"};
	static const struct {
		enum cs_outcome outcome;
		const char *values[4];
	} taken[] = {
		{CS_OUTCOME_READY, {HEX, WEB_AGENT, "ready", "why"}},
		{CS_OUTCOME_NOTED, {HEX, WEB_AGENT, "noted", "why"}},
		{CS_OUTCOME_KEPT, {HEX, WEB_AGENT, "denied", "why"}},
	};
	cs_told_issue t = {.outcome = CS_OUTCOME_PENDING,
	    .request_digest = cs_span_of(digest, sizeof(digest)),
	    .agent = cs_span_str(WEB_AGENT), .retry_after = 30,
	    .text = cs_span_str("waits\a")};
	size_t i;

	ok(asked(WIT) && webbed_told(&t, 202) && is_json(names, values, 4) &&
	    is_field("Location", PLACE) && is_field("Retry-After", "30"),
	    "pending");
	t.text = cs_span_str("why");
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		t.outcome = taken[i].outcome;
		ok(asked(NULL) && webbed_told(&t, 500) && webbed_why(
		    "internal", NULL), "%s is nothing that was asked for",
		    taken[i].values[2]);
		ok(webbed_ask("POST", APPROVE, PEM, NULL,
		    cs_buf_span(bundle), 0) && webbed_told(&t, 200) &&
		    is_json(names, taken[i].values, 4), "but here");
	}
	t.outcome = CS_OUTCOME_PENDING;
	ok(webbed_ask("POST", APPROVE, PEM, NULL, cs_buf_span(bundle), 0) &&
	    webbed_told(&t, 500), "where nothing waits");
	t = credential(true, false);
	ok(webbed_ask("POST", APPROVE, PEM, NULL, cs_buf_span(bundle), 0) &&
	    webbed_told(&t, 500), "and nothing is issued");
}

static void
test_refusals(void)
{
	static const struct {
		enum cs_outcome outcome;
		int reason, status;
		const char *word;
	} of[] = {
		{CS_OUTCOME_DENIED, CS_R_NONE, 403, "denied"},
		{CS_OUTCOME_BUSY, CS_R_NONE, 503, "busy"},
		{CS_OUTCOME_UNKNOWN, CS_R_NONE, 404, "not-found"},
		{CS_OUTCOME_REFUSED, CS_R_REVOKED, 403, "revoked"},
		{CS_OUTCOME_REFUSED, CS_R_INTERNAL, 500, "internal"},
	};
	cs_told_issue t = {.text = cs_span_of("be\0cause \xe2\x82\xac \xff", 14),
	    .request_digest = cs_span_of(digest, sizeof(digest)),
	    .retry_after = 5};
	json_t *o;
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		t.outcome = of[i].outcome;
		t.reason = of[i].reason;
		ok(webbed_ask("GET", PLACE, NULL, NULL, none, 0) &&
		    webbed_told(&t, of[i].status) && webbed_why(of[i].word,
		    of[i].status >= 500 ? NULL : "be\\u{0}cause"), "%s: %d",
		    of[i].word, of[i].status);
	}
	o = json_loads(cs_buf_cstr(web_a.body), 0, NULL);
	ok(json_object_size(o) == 5 && json_object_get(o, "detail") == NULL &&
	    strcmp(json_string_value(json_object_get(o, "request")), HEX) ==
	    0 && is_field("Retry-After", "5"), "with the request, not why");
	json_decref(o);
}

static void
test_lookup(void)
{
	static const char *const wrong[] = {NEW "/ab", NEW "/" HEX "0",
	    NEW "/" HEX "00", NEW "/AB0102000000000000000000000000000000000000"
	    "000000000000000000000000", PLACE "/", NEW "/%61b"};
	cs_web_ask moved;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(webbed_ask("GET", wrong[i], NULL, NULL, none, 404) &&
		    webbed_why("not-found", NULL), "%s", wrong[i]);
	ok(webbed_ask("HEAD", PLACE, NULL, NULL, none, 0), "HEAD");
	ok(webbed_ask("GET", PLACE, NULL, NULL, none, 0) &&
	    web_q.type == CS_MSG_LOOKUP && web_q.lookup.deadline_ms == 77 &&
	    cs_span_is(web_q.lookup.request_id, "r1") &&
	    cs_span_is(web_q.lookup.address, "192.0.2.7"), "a lookup");
	moved = web_q;
	web_q = (cs_web_ask){0};
	ok(cs_span_eq(moved.lookup.request_digest, cs_span_of(digest,
	    sizeof(digest))) && moved.n_octets == sizeof(digest),
	    "its digest goes with it");
	cs_web_ask_clear(&moved);
}

static bool
given(const char *path, const char *tag, int status)
{
	cs_web_request r = webbed_request("GET", path, NULL, NULL, none);
	const cs_told_given g = {.number = 7,
	    .octets = cs_span_str("{\"keys\":[]}")};

	r.if_none_match = cs_span_str(tag);
	return webbed_hear(&r, 0) && webbed_given(&g, status);
}

static void
test_given(void)
{
	char tag[64] = "", list[200];
	cs_told_given g = {.reason = CS_R_BAD_IDENTIFIER,
	    .text = cs_span_str("no such CA")};

	ok(given("/v1/bundle", NULL, 200) && webbed_type(JSON) &&
	    cs_span_is(cs_buf_span(web_a.body), "{\"keys\":[]}"), "a bundle");
	ok(webbed_field("ETag") != NULL && is_field("Cache-Control",
	    "max-age=300"), "that may be kept");
	(void)snprintf(tag, sizeof(tag), "%s", webbed_field("ETag"));
	ok(given("/v1/bundle", tag, 304) && is_field("ETag", tag),
	    "the same again");
	(void)snprintf(list, sizeof(list), "\"a,b\" ,, W/%s", tag);
	ok(given("/v1/bundle", list, 304), "in a list, weakly");
	ok(given("/v1/bundle", "*", 304), "any");
	(void)snprintf(list, sizeof(list), "%.*s", (int)strlen(tag) - 1, tag);
	ok(given("/v1/bundle", list, 200), "half of it");
	ok(given("/v1/bundle", "\"\", W/, \"x\"", 200), "others");
	ok(given("/v1/crl", NULL, 200) && webbed_type("application/pkix-crl"),
	    "a list");
	ok(given("/v1/crl/ab01", tag, 304) && web_q.n_octets == 2 &&
	    web_q.octets[0] == 0xab && web_q.octets[1] == 1, "of a CA");
	web_conf.crl_every = 60;
	ok(given("/v1/crl", NULL, 200) && is_field("Cache-Control",
	    "max-age=60"), "which is made more often");
	ok(webbed_ask("GET", "/v1/crl/ab", NULL, NULL, none, 0) &&
	    webbed_given(&g, 404) && webbed_why("not-found", "no such CA"),
	    "of none");
	g.reason = CS_R_STORE_UNAVAILABLE;
	ok(webbed_ask("GET", "/v1/crl", NULL, NULL, none, 0) &&
	    webbed_given(&g, 503) && webbed_why("store-unavailable", NULL) &&
	    strstr(cs_buf_cstr(web_a.body), "detail") == NULL, "none now");
	g.reason = CS_R_INTERNAL;
	ok(webbed_ask("GET", "/v1/bundle", NULL, NULL, none, 0) &&
	    webbed_given(&g, 500) && webbed_why("internal", NULL), "none");
}

int
main(void)
{
	if (!webbed_start() || !load()) {
		printf("Bail out! no vectors\n");
		return 1;
	}
	test_accept();
	test_types();
	test_json();
	test_bad();
	test_changed();
	test_issued();
	test_waits();
	test_refusals();
	test_lookup();
	test_given();
	unload();
	webbed_stop();
	return done_testing();
}
