/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "base/file.h"
#include "fmt/reason.h"
#include "tap.h"
#include "verify/verify.h"

/* A request without approvals: whom an issuer would keep it for. */

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define ALICE "mailto:alice@corp.example"
#define AGENT "wimse://corp.example/agent/alice"

static cs_anchors *anchors;
static cs_policy *policy;
static const char *revoked_owner; /* the store's word; NULL: nobody */
static int memory_fails;

static const cs_rule rules[] = {
	{.trust_domain = {(const uint8_t *)"corp.example", 12},
	    .path = {(const uint8_t *)"/agent", 6}, .n_groups = 1,
	    .groups = {{(const uint8_t *)"staff", 5}}, .max_lifetime = 86400,
	    .max_window = 86400, .file = "policy", .line = 1},
	{.trust_domain = {(const uint8_t *)"corp.example", 12},
	    .path = {(const uint8_t *)"/closed", 7}, .max_lifetime = 86400,
	    .max_window = 86400, .file = "policy", .line = 2},
};

#define KEY(c) "MCowBQYDK2VwAyEA" c "/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define OPTIONS "agents=\"wimse://corp.example/agent\",no-touch-required"
static const char owners[] =
    ALICE " " OPTIONS ",group=\"staff\" spki " KEY("e") "\n"
    ALICE " - spki " KEY("f") "\n"
    "mailto:none@corp.example no-touch-required,group=\"staff\" spki "
    KEY("g") "\n"
    "mailto:guest@corp.example " OPTIONS ",group=\"guests\" spki "
    KEY("h") "\n"
    "mailto:old@corp.example " OPTIONS ",group=\"staff\","
    "revoked=2026-01-01T00:00:00Z spki " KEY("i") "\n"
    "mailto:soon@corp.example " OPTIONS ",group=\"staff\","
    "valid-after=2027-01-01T00:00:00Z spki " KEY("j") "\n";

static int
say_revoked(void *arg, const cs_revoked_in *in, bool *found, char *text,
    size_t text_len, cs_err *e)
{
	(void)arg;
	if (memory_fails)
		return cs_fail(e, CS_EIO, "test", "no store");
	*found = revoked_owner != NULL && cs_span_is(in->owner,
	    revoked_owner) && cs_span_is(in->agent_id, AGENT);
	if (*found)
		(void)snprintf(text, text_len, "lost her card");
	return CS_OK;
}

/* As an issuer asks, or (not `issuer`) who only wants to know. */
static int
reason(const char *agent, const char *owner, bool issuer, bool ruled)
{
	static const cs_memory memory = {NULL, NULL, say_revoked, NULL};
	cs_buf *m = asking_new(agent, owner);
	cs_verify_in in = {.message = cs_buf_span(m), .anchors = anchors,
	    .authority = cs_span_str("https://corp.example"),
	    .composite = issuer, .now = NOW, .memory = &memory,
	    .policy = ruled ? policy : NULL};
	cs_verdict *v = NULL;
	cs_err e = {0};
	int r = -1;

	if (cs_verify(&in, &v, &e) == CS_OK &&
	    cs_verdict_state(v) == CS_REFUSED)
		r = cs_verdict_error(v)->detail;
	printf("# %s\n", v == NULL ? e.text : cs_verdict_error(v)->text);
	cs_verdict_free(&v);
	cs_buf_free(&m);
	return r;
}

static void
waits(const char *agent, const char *owner, const char *what)
{
	ok(reason(agent, owner, true, true) == CS_R_NO_APPROVAL,
	    "%s: waits", what);
}

static void
refused(const char *agent, const char *owner, int want, const char *what)
{
	ok(reason(agent, owner, true, true) == want, "%s: %s", what,
	    cs_reason_name(want));
	ok(reason(agent, owner, false, true) == CS_R_NO_APPROVAL,
	    "of which a check says no more than it did");
}

static void
test_owners(void)
{
	waits(AGENT, ALICE, "who may approve");
	waits(AGENT, NULL, "who names nobody is told so");
	refused(AGENT, "mailto:mallory@corp.example",
	    CS_R_AGENT_NOT_ALLOWED, "a stranger");
	refused(AGENT, "mailto:alice@corp.exampl", CS_R_AGENT_NOT_ALLOWED,
	    "the beginning of an owner");
	refused(AGENT, "mailto:none@corp.example", CS_R_AGENT_NOT_ALLOWED,
	    "a line without agents");
	refused(AGENT, "mailto:guest@corp.example", CS_R_AGENT_NOT_ALLOWED,
	    "a line of another group");
	refused(AGENT, "mailto:old@corp.example", CS_R_AGENT_NOT_ALLOWED,
	    "a key that is revoked");
	refused(AGENT, "mailto:soon@corp.example", CS_R_AGENT_NOT_ALLOWED,
	    "a key that is not valid yet");
	ok(reason(AGENT, "mailto:guest@corp.example", true, false) ==
	    CS_R_NO_APPROVAL, "without a policy the line alone counts");
	ok(reason(AGENT, "mailto:none@corp.example", true, false) ==
	    CS_R_AGENT_NOT_ALLOWED, "and has to");
}

/* Whom a CA may name: the vectors' owners-ca. */
static void
test_ca(void)
{
	char path[512];
	const char *src = getenv("SRCDIR");
	cs_anchors *before = anchors;
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/verdict/owners-ca",
	    src == NULL ? "." : src);
	if (!ok(cs_file_read(path, 1 << 20, &b, &e) == CS_OK &&
	    cs_anchors_parse("owners-ca", cs_buf_span(b), &anchors, &e) ==
	    CS_OK, "owners of a CA %s", e.text))
		anchors = before;
	ok(reason(AGENT, "mailto:anybody@corp.example", true, false) ==
	    CS_R_NO_APPROVAL, "whom a CA may name");
	ok(reason("wimse://corp.example/other/x",
	    "mailto:anybody@corp.example", true, false) ==
	    CS_R_AGENT_NOT_ALLOWED, "for its agents alone");
	ok(reason(AGENT, "mailto:anybody@else.example", true, false) ==
	    CS_R_AGENT_NOT_ALLOWED, "and in its domain");
	ok(reason(AGENT, "mailto:anybody@corp.example", true, true) ==
	    CS_R_AGENT_NOT_ALLOWED, "and of a group that the rule has");
	if (anchors != before)
		cs_anchors_free(&anchors);
	anchors = before;
	cs_buf_free(&b);
}

static void
test_rules(void)
{
	refused("wimse://corp.example/other/x", ALICE, CS_R_POLICY_REFUSED,
	    "an agent without a rule");
	refused("wimse://corp.example/closed/x", ALICE, CS_R_POLICY_REFUSED,
	    "a rule that lets nobody");
	refused("wimse://elsewhere.example/agent/x", ALICE,
	    CS_R_WRONG_TRUST_DOMAIN, "another trust domain");
}

static void
test_memory(void)
{
	revoked_owner = ALICE;
	refused(AGENT, ALICE, CS_R_AGENT_NOT_ALLOWED, "an owner, revoked");
	revoked_owner = NULL;
	memory_fails = 1;
	ok(reason(AGENT, ALICE, true, true) == CS_R_STORE_UNAVAILABLE,
	    "what nobody can tell is no yes");
	memory_fails = 0;
}

static int
count(void *arg, const cs_anchor *a, cs_err *e)
{
	unsigned *lines = arg;

	(void)e;
	*lines = *lines * 10 + a->line;
	return CS_OK;
}

static int
stop(void *arg, const cs_anchor *a, cs_err *e)
{
	(void)count(arg, a, e);
	return cs_fail(e, CS_EREFUSED, "test", "enough");
}

static void
test_lines(void)
{
	unsigned lines = 0;
	cs_err e = {0};

	ok(cs_anchors_of(anchors, cs_span_str(ALICE), count, &lines, &e) ==
	    CS_OK && lines == 12, "both lines of an owner, in order");
	lines = 0;
	ok(cs_anchors_of(anchors, cs_span_str(ALICE), stop, &lines, &e) ==
	    CS_EREFUSED && lines == 1, "until it is enough");
	lines = 0;
	ok(cs_anchors_of(anchors, cs_span_str("mailto:alice"), count, &lines,
	    &e) == CS_OK && lines == 0, "not those of longer names");
	ok(cs_anchors_of(anchors, cs_span_str("guests"), count, &lines, &e) ==
	    CS_OK && lines == 0, "nor what is no owner");
	ok(cs_anchors_of(anchors, (cs_span){0}, count, &lines, &e) ==
	    CS_OK && lines == 0, "nor of nobody");
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(cs_anchors_parse("owners", cs_span_str(owners), &anchors,
	    &e) == CS_OK && cs_policy_new(rules, 2, &policy, &e) == CS_OK,
	    "owners and policy %s", e.text))
		return done_testing();
	test_owners();
	test_ca();
	test_rules();
	test_memory();
	test_lines();
	cs_anchors_free(&anchors);
	cs_policy_free(&policy);
	return done_testing();
}
