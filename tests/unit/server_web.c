/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <countersign/verifier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "fmt/reason.h"
#include "tap.h"
#include "webbed.h"

/* Routes, and EST: what is asked of the issuer, what is answered, and every
 * refusal. */

#define P10 "application/pkcs10"
#define ENROLL WEB_EST "simpleenroll"
#define REENROLL WEB_EST "simplereenroll"

static const cs_span none;
static cs_buf *body; /* the composite, as EST takes it */
static uint8_t digest[32] = {0xab, 1, 2};

static const struct {
	const char *method, *path;
	int status;
	const char *allow;
} paths[] = {
	{"GET", WEB_EST "cacerts", 200, NULL},
	{"HEAD", WEB_EST "cacerts", 200, NULL},
	{"GET", WEB_EST "corp.example/cacerts", 200, NULL},
	{"GET", WEB_EST "csrattrs", 200, NULL},
	{"GET", WEB_EST "corp.example/csrattrs", 200, NULL},
	{"POST", WEB_EST "cacerts", 405, "GET, HEAD"},
	{"PUT", WEB_EST "csrattrs", 405, "GET, HEAD"},
	{"DELETE", WEB_EST "csrattrs", 405, "GET, HEAD"},
	{"OPTIONS", WEB_EST "cacerts", 405, "GET, HEAD"},
	{"get", WEB_EST "cacerts", 405, "GET, HEAD"},
	{"", WEB_EST "cacerts", 405, "GET, HEAD"},
	{"GET", ENROLL, 405, "POST"},
	{"HEAD", ENROLL, 405, "POST"},
	{"PUT", REENROLL, 405, "POST"},
	{"GET", WEB_EST "corp.example/simpleenroll", 405, "POST"},
	{"GET", WEB_EST, 404, NULL},
	{"GET", WEB_EST "corp.example", 404, NULL},
	{"GET", WEB_EST "corp.example/", 404, NULL},
	{"GET", WEB_EST "other.example/cacerts", 404, NULL},
	{"GET", WEB_EST "corp.exampl/cacerts", 404, NULL},
	{"GET", WEB_EST "corp.examplee/cacerts", 404, NULL},
	{"GET", WEB_EST "Corp.example/cacerts", 404, NULL},
	{"GET", WEB_EST "cacerts/cacerts", 404, NULL},
	{"GET", WEB_EST "/cacerts", 404, NULL},
	{"GET", WEB_EST "cacerts/", 404, NULL},
	{"GET", WEB_EST "corp.example/corp.example/cacerts", 404, NULL},
	{"GET", WEB_EST "%63acerts", 404, NULL},
	{"GET", WEB_EST "CACERTS", 404, NULL},
	{"POST", WEB_EST "fullcmc", 404, NULL},
	{"POST", WEB_EST "serverkeygen", 404, NULL},
	{"GET", "/.well-known/est", 404, NULL},
	{"GET", "/.well-known/cmp/", 404, NULL},
	{"GET", "/", 404, NULL},
	{"GET", "", 404, NULL},
	{"GET", "*", 404, NULL},
	{"GET", "/v1", 404, NULL},
	{"GET", "/v1/", 404, NULL},
	{"GET", "/v1/unknown", 404, NULL},
	{"GET", "/v1/bundle/", 404, NULL},
	{"GET", "//v1/bundle", 404, NULL},
	{"GET", "/V1/bundle", 404, NULL},
	{"GET", "/v1/../v1/bundle", 404, NULL},
	{"GET", "/v1/bundle", 0, NULL},
	{"HEAD", "/v1/bundle", 0, NULL},
	{"POST", "/v1/bundle", 405, "GET, HEAD"},
	{"GET", "/v1/crl", 0, NULL},
	{"GET", "/v1/crl/", 404, NULL},
	{"GET", "/v1/crl/00ff", 0, NULL},
	{"GET", "/v1/crl/00FF", 404, NULL},
	{"GET", "/v1/crl/00f", 404, NULL},
	{"GET", "/v1/crl/00fg", 404, NULL},
	{"GET", "/v1/crl/00/ff", 404, NULL},
	{"DELETE", "/v1/crl/00ff", 405, "GET, HEAD"},
	{"GET", "/v1/credentials", 405, "POST"},
	{"HEAD", "/v1/credentials", 405, "POST"},
	{"GET", "/v1/credentials/", 404, NULL},
	{"POST", "/v1/credentials/00", 405, "GET, HEAD"},
	{"GET", "/v1/approvals", 405, "POST"},
	{"GET", "/v1/approvals/00", 404, NULL},
};

static bool
is_path(size_t i)
{
	const char *allow;

	if (!webbed_ask(paths[i].method, paths[i].path, NULL, NULL, none,
	    paths[i].status))
		return false;
	allow = webbed_field("Allow");
	if (paths[i].allow == NULL)
		return allow == NULL && (paths[i].status != 404 ||
		    webbed_why("not-found", NULL));
	return allow != NULL && strcmp(allow, paths[i].allow) == 0 &&
	    webbed_why("method-not-allowed", NULL);
}

static void
test_paths(void)
{
	char path[400];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ok(is_path(i), "%s %s: %d", paths[i].method, paths[i].path,
		    paths[i].status);
	(void)snprintf(path, sizeof(path), "/v1/crl/%0*d", 64, 0);
	ok(webbed_ask("GET", path, NULL, NULL, none, 0) &&
	    web_q.n_octets == 32, "a key identifier of 32 octets");
	(void)snprintf(path, sizeof(path), "/v1/crl/%0*d", 66, 0);
	ok(webbed_ask("GET", path, NULL, NULL, none, 404), "of 33");
	(void)snprintf(path, sizeof(path), "/v1/crl/%0*d", 256, 0);
	ok(webbed_ask("GET", path, NULL, NULL, none, 404), "of 128");
	ok(cs_web_family_of(cs_span_str(ENROLL)) == CS_WEB_EST &&
	    cs_web_family_of(cs_span_str("/v1/x")) == CS_WEB_V1 &&
	    cs_web_family_of(cs_span_str("/x")) == CS_WEB_NONE &&
	    cs_web_family_of(cs_span_of(NULL, 0)) == CS_WEB_NONE,
	    "whose path it is");
}

/* The same on every route: a query, a body or none, its type and length. */
static void
test_bodies(void)
{
	cs_web_request r = webbed_request("GET", "/v1/bundle", NULL, NULL,
	    none);

	r.query = cs_span_str("");
	ok(webbed_hear(&r, 400) && webbed_why("malformed", "query"),
	    "a query that is empty");
	r.query = cs_span_str("a=b");
	r.path = cs_span_str(WEB_EST "cacerts");
	ok(webbed_hear(&r, 400) && webbed_why("malformed", "query"),
	    "a query, of EST");
	ok(webbed_ask("GET", "/v1/bundle", NULL, NULL, cs_span_str("x"), 400)
	    && webbed_why("malformed", "no body"), "a body of GET");
	ok(webbed_ask("POST", ENROLL, P10, NULL, cs_span_of("", 0), 400) &&
	    webbed_why("malformed", "found none"), "an empty body");
	ok(webbed_ask("POST", "/v1/approvals", "application/json", NULL, none,
	    400) && webbed_why("malformed", "found none"), "no body");
	web_conf.limits.body = 4;
	ok(webbed_ask("POST", ENROLL, P10, NULL, cs_span_str("MAAA"), 400) &&
	    webbed_ask("POST", ENROLL, P10, NULL, cs_span_str("MAAAA"), 413)
	    && webbed_why("too-large", NULL), "a body that is too long");
	ok(webbed_ask("POST", "/v1/credentials", P10, NULL,
	    cs_span_str("MAAAA"), 413) && webbed_why("too-large", NULL),
	    "the same of /v1");
	web_conf.limits.body = 256 * 1024;
}

static void
test_types(void)
{
	static const char *const types[] = {NULL, "", "text/plain",
	    "application/x-pem-file", "application/json",
	    "application/pkcs10x", "application/*", "application/pkcs10,"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ok(webbed_ask("POST", ENROLL, types[i], NULL,
		    cs_buf_span(body), 415) &&
		    webbed_why("unsupported-media-type", P10), "EST: %s",
		    types[i] == NULL ? "no type" : types[i]);
	ok(webbed_ask("POST", ENROLL, "Application/PKCS10; a=b", "text/html",
	    cs_buf_span(body), 0), "a parameter; Accept does not matter");
}

static bool
is_enroll(uint32_t operation)
{
	const cs_ask_issue *a = &web_q.issue;

	return web_q.type == CS_MSG_ISSUE && a->operation == operation &&
	    a->kinds == 1 && a->evidence.p == NULL && a->deadline_ms == 77 &&
	    cs_span_eq(a->message, cs_buf_span(web_request)) &&
	    cs_span_is(a->request_id, "r1") &&
	    cs_span_is(a->address, "192.0.2.7") &&
	    web_q.family == CS_WEB_EST;
}

static bool
refused(cs_span text, const char *why)
{
	return webbed_ask("POST", ENROLL, P10, NULL, text, 400) &&
	    webbed_why("malformed", why);
}

static void
test_enroll(void)
{
	cs_buf *wrapped = webbed_base64(cs_buf_span(web_request), 64);
	cs_buf *pem = webbed_file("approved.pem");
	cs_buf *twice = webbed_base64(cs_buf_span(body), 0);

	ok(webbed_ask("POST", ENROLL, P10, NULL, cs_buf_span(body), 0) &&
	    is_enroll(COUNTERSIGN_OP_ISSUE), "simpleenroll");
	ok(webbed_ask("POST", WEB_EST "corp.example/simpleenroll", P10, NULL,
	    cs_buf_span(wrapped), 0) && is_enroll(COUNTERSIGN_OP_ISSUE),
	    "with a label and lines");
	ok(refused(cs_buf_span(web_request), "found plain DER"), "DER");
	ok(refused(cs_buf_span(pem), "base64"), "PEM");
	ok(refused(cs_buf_span(twice), "something else"), "base64 twice");
	ok(refused(cs_span_str("MA=="), "something else"), "one octet");
	ok(refused(cs_span_str("MAAA"), "something else"), "a short one");
	ok(refused(cs_span_str("\n"), "something else"), "a line end alone");
	ok(webbed_ask("POST", ENROLL, P10, NULL, cs_span_str("MIIB"), 0),
	    "a beginning alone is the issuer's to refuse");
	ok(refused(cs_span_of("MII\0", 4), "base64"), "a NUL");
	cs_buf_free(&wrapped);
	cs_buf_free(&pem);
	cs_buf_free(&twice);
}

/* Base64 that is cut off or changed: refused, or another message than ours;
 * never ours. */
static void
test_changed(void)
{
	cs_span in = cs_buf_span(body);
	cs_buf *copy = cs_buf_dup(in);
	uint8_t *p = (uint8_t *)(uintptr_t)cs_buf_span(copy).p;
	size_t n, wrong = 0, refusals = 0;

	for (n = 1; n < in.n; n++) {
		(void)webbed_ask("POST", ENROLL, P10, NULL,
		    cs_span_of(in.p, n), n % 4 == 0 ? 0 : 400);
		wrong += n % 4 != 0 && web_a.status != 400;
		wrong += web_a.status == 0 &&
		    is_enroll(COUNTERSIGN_OP_ISSUE);
	}
	ok(wrong == 0, "every prefix");
	for (n = 0, wrong = 0; n < in.n; n++) {
		p[n] ^= 0x81;
		if (!webbed_ask("POST", ENROLL, P10, NULL,
		    cs_buf_span(copy), 400))
			wrong++;
		refusals += web_a.status == 400;
		p[n] ^= 0x81;
	}
	ok(wrong == 0 && refusals == in.n, "every octet changed");
	cs_buf_free(&copy);
}

static bool
renew(cs_span cert, int status)
{
	cs_web_request r = webbed_request("POST", REENROLL, P10, NULL,
	    cs_buf_span(body));

	r.client_cert = cert;
	return webbed_hear(&r, status);
}

static void
test_reenroll(void)
{
	cs_web_request r;

	ok(renew(cs_buf_span(web_cert), 0) && is_enroll(COUNTERSIGN_OP_RENEW),
	    "simplereenroll by the agent's own certificate");
	ok(renew(none, 403) && webbed_why("client-mismatch", "found none"),
	    "by none");
	ok(renew(cs_buf_span(web_other), 403) &&
	    webbed_why("client-mismatch", WEB_AGENT), "by another's");
	ok(renew(cs_span_str("0"), 403) && webbed_why("client-mismatch",
	    NULL), "by what is no certificate");
	web_conf.clients = CS_CLIENTS_MUST;
	ok(renew(cs_buf_span(web_cert), 0) && renew(none, 403),
	    "the same where each has to have one");
	web_conf.clients = CS_CLIENTS_NONE;
	ok(renew(none, 0) && is_enroll(COUNTERSIGN_OP_RENEW),
	    "by the request alone where nobody is asked for one");
	web_conf.clients = CS_CLIENTS_MAY;
	r = webbed_request("POST", REENROLL, P10, NULL, cs_span_str("MIIB"));
	r.client_cert = cs_buf_span(web_cert);
	ok(webbed_hear(&r, 400) && webbed_why("not-der", NULL),
	    "what is no request is looked at before who asks");
}

/* What is in an answer of EST: base64, in one line. */
static cs_buf *
decoded(const char *type)
{
	cs_buf *b = cs_buf_new(cs_buf_len(web_a.body));
	const char *as = webbed_field("Content-Transfer-Encoding");

	if (b == NULL || !webbed_type(type) || as == NULL ||
	    strcmp(as, "base64") != 0 || cs_base64_get(b,
	    cs_buf_span(web_a.body), false, NULL) != CS_OK)
		cs_buf_free(&b);
	return b;
}

static bool
holds(const cs_buf *b, cs_span what)
{
	return b != NULL && memmem(cs_buf_span(b).p, cs_buf_len(b), what.p,
	    what.n) != NULL;
}

static void
test_given(void)
{
	cs_buf *b;

	ok(webbed_ask("GET", WEB_EST "cacerts", NULL, NULL, none, 200),
	    "cacerts");
	b = decoded("application/pkcs7-mime; smime-type=certs-only");
	ok(holds(b, web_env.ca[0]) && holds(b, web_env.ca[1]),
	    "with all of them");
	cs_buf_free(&b);
	ok(webbed_ask("GET", WEB_EST "csrattrs", NULL, NULL, none, 200),
	    "csrattrs");
	b = decoded("application/csrattrs");
	ok(b != NULL, "of its type");
	cs_buf_free(&b);
	web_env.n_ca = 0;
	ok(webbed_ask("GET", WEB_EST "cacerts", NULL, NULL, none, 500) &&
	    webbed_why("internal", NULL), "none at all");
	web_env.n_ca = 2;
}

static bool
enrolled(const cs_told_issue *t, int status)
{
	return webbed_ask("POST", ENROLL, P10, NULL, cs_buf_span(body), 0) &&
	    webbed_told(t, status);
}

static void
test_told(void)
{
	cs_told_issue t = {.outcome = CS_OUTCOME_ISSUED,
	    .request_digest = cs_span_of(digest, sizeof(digest)),
	    .agent = cs_span_str(WEB_AGENT), .cert = cs_buf_span(web_cert),
	    .n_chain = 1, .chain = {web_env.ca[0]},
	    .not_after = INT64_C(1795262400)};
	cs_buf *b;

	ok(enrolled(&t, 200), "issued");
	b = decoded("application/pkcs7-mime; smime-type=certs-only");
	ok(holds(b, t.cert) && !holds(b, web_env.ca[0]) &&
	    strcmp(web_a.outcome, "issued") == 0, "the certificate alone");
	cs_buf_free(&b);
	t.cert = none;
	t.n_chain = 0;
	t.wit = cs_span_str("a.b.c");
	ok(enrolled(&t, 500) && webbed_why("internal", NULL),
	    "issued, but no certificate");
	t = (cs_told_issue){.outcome = CS_OUTCOME_PENDING,
	    .request_digest = t.request_digest, .agent = t.agent,
	    .text = cs_span_str("waits for mailto:alice@corp.example"),
	    .retry_after = 30};
	ok(enrolled(&t, 202) && webbed_why("pending", "mailto:alice") &&
	    strcmp(webbed_field("Retry-After"), "30") == 0, "pending");
	t.outcome = CS_OUTCOME_NOTED;
	ok(enrolled(&t, 500) && webbed_why("internal", NULL),
	    "what nobody asked for");
}

static const struct {
	enum cs_outcome outcome;
	int reason, status;
	const char *word;
} outcomes[] = {
	{CS_OUTCOME_DENIED, CS_R_NONE, 403, "denied"},
	{CS_OUTCOME_BUSY, CS_R_NONE, 503, "busy"},
	{CS_OUTCOME_BUSY, CS_R_EXHAUSTED, 503, "exhausted"},
	{CS_OUTCOME_REFUSED, CS_R_STORE_UNAVAILABLE, 503,
	    "store-unavailable"},
	{CS_OUTCOME_REFUSED, CS_R_INTERNAL, 500, "internal"},
	{CS_OUTCOME_REFUSED, CS_R_MALFORMED, 400, "malformed"},
	{CS_OUTCOME_REFUSED, CS_R_NOT_DER, 400, "not-der"},
	{CS_OUTCOME_REFUSED, CS_R_UNSUPPORTED, 400, "unsupported"},
	{CS_OUTCOME_REFUSED, CS_R_POP_INVALID, 400, "pop-invalid"},
	{CS_OUTCOME_REFUSED, CS_R_BAD_IDENTIFIER, 400, "bad-identifier"},
	{CS_OUTCOME_REFUSED, CS_R_TOO_LARGE, 413, "too-large"},
	{CS_OUTCOME_REFUSED, CS_R_NO_APPROVAL, 403, "no-approval"},
	{CS_OUTCOME_REFUSED, CS_R_NOT_COMPOSITE, 403, "not-composite"},
	{CS_OUTCOME_REFUSED, CS_R_EXHAUSTED, 403, "exhausted"},
	{CS_OUTCOME_REFUSED, CS_R_EVIDENCE_MISSING, 403, "evidence-missing"},
};

static void
test_outcomes(void)
{
	cs_told_issue t = {.text = cs_span_of("because\033[1m\r\nof \xff", 17),
	    .request_digest = cs_span_of(digest, sizeof(digest))};
	const char *why;
	size_t i;
	bool later, ours;

	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		t.outcome = outcomes[i].outcome;
		t.reason = outcomes[i].reason;
		later = outcomes[i].status >= 500;
		t.retry_after = later ? 2 : 0;
		ours = later && t.reason != CS_R_EXHAUSTED;
		why = ours ? NULL : "because\\u{1B}";
		ok(enrolled(&t, outcomes[i].status) && webbed_why(
		    outcomes[i].word, why) && (webbed_field("Retry-After") !=
		    NULL) == later, "%s: %d", outcomes[i].word,
		    outcomes[i].status);
		ok((strstr(cs_buf_cstr(web_a.body), "because") == NULL) ==
		    ours, "%s", ours ? "why is for the log" : "and why");
	}
	for (i = CS_R_NONE + 1; i < CS_R_END; i++) {
		t.outcome = CS_OUTCOME_REFUSED;
		t.reason = (int)i;
		ok(enrolled(&t, cs_web_status((int)i)) && webbed_why(
		    cs_reason_name((int)i), NULL) && cs_problem_title(
		    cs_reason_name((int)i)) != NULL, "%s has a title",
		    cs_reason_name((int)i));
	}
	t.outcome = CS_OUTCOME_UNKNOWN;
	t.reason = CS_R_NONE;
	ok(enrolled(&t, 500) && webbed_why("internal", NULL),
	    "what is unknown is nothing of EST's");
	ok(cs_problem_title("no-such") == NULL, "no other word has a title");
}

/* Frames of somebody who is not the issuer any more. */
static void
test_frames(void)
{
	cs_frame f = {.type = CS_MSG_GIVEN, .fd = -1};
	size_t n;

	for (n = 0; n < 12; n++) {
		(void)webbed_ask("POST", ENROLL, P10, NULL, cs_buf_span(body),
		    0);
		f.type = n % 2 == 0 ? CS_MSG_ISSUED : CS_MSG_GIVEN;
		f.n = n;
		f.part[n] = cs_span_str("");
		cs_web_tell(&web_env, &web_q, &f, &web_a);
		ok(web_a.status == 500 && webbed_why("internal", NULL),
		    "a frame of %zu parts", n);
	}
	cs_web_answer_clear(&web_a);
	cs_web_fail(CS_WEB_EST, 503, "busy", "later", 3, &web_a);
	ok(web_a.status == 503 && webbed_why("busy", "later") &&
	    strcmp(webbed_field("Retry-After"), "3") == 0,
	    "no answer at all");
}

int
main(void)
{
	if (!webbed_start() || (body = webbed_base64(cs_buf_span(web_request),
	    0)) == NULL) {
		printf("Bail out! no vectors\n");
		return 1;
	}
	test_paths();
	test_bodies();
	test_types();
	test_enroll();
	test_changed();
	test_reenroll();
	test_given();
	test_told();
	test_outcomes();
	test_frames();
	cs_buf_free(&body);
	webbed_stop();
	return done_testing();
}
