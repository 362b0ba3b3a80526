/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/reason.h"
#include "server/msg.h"
#include "tap.h"

/* What put writes get takes, whole and as a frame's bytes; any other shape it
 * does not. */

static cs_msg_room room;
static cs_frame f;
static cs_err e;
static uint8_t digest[32] = {1, 2, 3};

static cs_ask_issue
ask(void)
{
	return (cs_ask_issue){.operation = 1, .kinds = 3,
	    .message = cs_span_str("message"),
	    .evidence = cs_span_str("evidence"), .deadline_ms = 77,
	    .request_id = cs_span_str("r1"),
	    .address = cs_span_str("192.0.2.7"),
	    .client_cert = cs_span_str("certificate")};
}

static void
test_issue(void)
{
	cs_ask_issue a = ask(), b;

	ok(cs_ask_issue_put(&a, &room, &f, &e) == CS_OK && f.n == 8 &&
	    cs_ask_issue_get(&f, &b, &e) == CS_OK, "issue");
	ok(b.operation == 1 && b.kinds == 3 && b.deadline_ms == 77 &&
	    cs_span_is(b.message, "message") &&
	    cs_span_is(b.evidence, "evidence") &&
	    cs_span_is(b.request_id, "r1") &&
	    cs_span_is(b.address, "192.0.2.7") &&
	    cs_span_is(b.client_cert, "certificate"), "all of it");
	a.evidence = cs_span_of(NULL, 0);
	ok(cs_ask_issue_put(&a, &room, &f, &e) == CS_OK &&
	    cs_ask_issue_get(&f, &b, &e) == CS_OK && b.evidence.p == NULL,
	    "no evidence stays none");
	a.kinds = 0;
	ok(cs_ask_issue_put(&a, &room, &f, &e) == CS_EUSAGE, "no kind");
	a.kinds = 4;
	ok(cs_ask_issue_put(&a, &room, &f, &e) == CS_EUSAGE, "other kinds");
}

static void
put(const cs_ask_issue *a)
{
	if (cs_ask_issue_put(a, &room, &f, &e) != CS_OK)
		printf("# %s\n", e.text);
}

static void
test_issue_shapes(void)
{
	cs_ask_issue a = ask(), b;
	uint8_t other[8] = {0};

	put(&a);
	f.part[7].n = CS_CLIENT_CERT_MAX + 1;
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "a long certificate");
	put(&a);
	f.n = 7;
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "a part less");
	put(&a);
	f.part[f.n++] = cs_span_str("");
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "a part more");
	put(&a);
	f.type++;
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "another type");
	put(&a);
	f.fd = 0;
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "a descriptor");
	put(&a);
	f.part[1] = cs_span_of(other, 8);
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "no kinds");
	other[7] = 4;
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "other kinds");
	f.part[1] = cs_span_of(other, 7);
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "no number");
	put(&a);
	other[0] = 0x80;
	f.part[4] = cs_span_of(other, 8);
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "a negative number");
}

static void
test_approve(void)
{
	cs_ask_issue a = ask(), b;
	cs_ask_lookup l = {.request_digest = cs_span_of(digest, 32),
	    .kinds = 2, .deadline_ms = 5, .request_id = cs_span_str("r2"),
	    .address = cs_span_str("")}, m;

	ok(cs_ask_approve_put(&a, &room, &f, &e) == CS_OK &&
	    cs_ask_approve_get(&f, &b, &e) == CS_OK && b.deadline_ms == 77 &&
	    cs_span_is(b.message, "message") &&
	    cs_span_is(b.address, "192.0.2.7"), "approve");
	ok(cs_ask_issue_get(&f, &b, &e) == CS_EFORMAT, "is no issue");
	ok(cs_ask_lookup_put(&l, &room, &f, &e) == CS_OK &&
	    cs_ask_lookup_get(&f, &m, &e) == CS_OK && m.kinds == 2 &&
	    m.deadline_ms == 5 && cs_span_eq(m.request_digest,
	    l.request_digest) && cs_span_is(m.request_id, "r2"), "lookup");
	f.part[0].n = 31;
	ok(cs_ask_lookup_get(&f, &m, &e) == CS_EFORMAT, "of a short digest");
	l.request_digest.n = 31;
	ok(cs_ask_lookup_put(&l, &room, &f, &e) == CS_EUSAGE, "nor written");
}

static void
test_told(void)
{
	cs_told_issue t = {.outcome = CS_OUTCOME_ISSUED, .retry_after = 9,
	    .request_digest = cs_span_of(digest, 32),
	    .agent = cs_span_str("wimse://corp.example/a"),
	    .cert = cs_span_str("certificate"), .n_chain = 2,
	    .chain = {cs_span_str("one"), cs_span_str("two")},
	    .wit = cs_span_str("wit"), .not_after = 1795262400}, u;

	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_issue_get(&f, &u, &e) == CS_OK, "told");
	ok(u.outcome == t.outcome && u.retry_after == 9 && u.n_chain == 2 &&
	    cs_span_is(u.chain[1], "two") && cs_span_is(u.wit, "wit") &&
	    cs_span_is(u.cert, "certificate") && u.not_after == t.not_after &&
	    cs_span_eq(u.agent, t.agent) &&
	    cs_span_eq(u.request_digest, t.request_digest), "all of it");
	f.part[CS_CHAIN_MAX + 6].n = 0;
	ok(cs_told_issue_get(&f, &u, &e) == CS_EFORMAT && u.n_chain == 0,
	    "an empty certificate");
	t.outcome = CS_OUTCOME_REFUSED;
	t.reason = CS_R_EXPIRED;
	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_issue_get(&f, &u, &e) == CS_EFORMAT && u.cert.p == NULL,
	    "a refusal has no credential");
	t.cert = t.wit = cs_span_of(NULL, 0);
	t.n_chain = 0;
	t.text = cs_span_str("too late");
	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_issue_get(&f, &u, &e) == CS_OK &&
	    u.reason == CS_R_EXPIRED && cs_span_is(u.text, "too late"),
	    "refused");
	t.outcome = CS_OUTCOME_ISSUED;
	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_issue_get(&f, &u, &e) == CS_EFORMAT,
	    "issued, and nothing");
	t.outcome = (enum cs_outcome)(CS_OUTCOME_UNKNOWN + 1);
	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_issue_get(&f, &u, &e) == CS_EFORMAT, "another outcome");
	t.n_chain = CS_CHAIN_MAX + 1;
	ok(cs_told_issue_put(&t, &room, &f, &e) == CS_EUSAGE, "a long chain");
}

static void
test_given(void)
{
	cs_told_given t = {.number = 4, .octets = cs_span_str("crl")}, u;

	ok(cs_told_given_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_given_get(&f, &u, &e) == CS_OK && u.number == 4 &&
	    cs_span_is(u.octets, "crl") && u.reason == CS_R_NONE, "given");
	t = (cs_told_given){.reason = CS_R_INTERNAL,
	    .text = cs_span_str("why")};
	ok(cs_told_given_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_given_get(&f, &u, &e) == CS_OK && u.octets.p == NULL &&
	    u.reason == CS_R_INTERNAL && cs_span_is(u.text, "why"),
	    "not given");
	t.reason = CS_R_NONE;
	ok(cs_told_given_put(&t, &room, &f, &e) == CS_EUSAGE, "nothing");
}

static void
test_admin(void)
{
	cs_ask_admin a = {.uid = 1000, .gid = 100, .pid = 77,
	    .verb = cs_span_str("revoke"), .body = cs_span_str("{}")}, b;
	cs_told_admin t = {.status = 200, .body = cs_span_str("[]")}, u;

	ok(cs_ask_admin_put(&a, &room, &f, &e) == CS_OK &&
	    cs_ask_admin_get(&f, &b, &e) == CS_OK && b.uid == 1000 &&
	    b.gid == 100 && b.pid == 77 && cs_span_is(b.verb, "revoke") &&
	    cs_span_is(b.body, "{}"), "admin");
	f.part[3].n = 0;
	ok(cs_ask_admin_get(&f, &b, &e) == CS_EFORMAT, "without a verb");
	a.uid = -1;
	ok(cs_ask_admin_put(&a, &room, &f, &e) == CS_EUSAGE, "nobody");
	ok(cs_told_admin_put(&t, &room, &f, &e) == CS_OK &&
	    cs_told_admin_get(&f, &u, &e) == CS_OK && u.status == 200 &&
	    cs_span_is(u.body, "[]"), "its answer");
	t.status = 99;
	ok(cs_told_admin_put(&t, &room, &f, &e) == CS_EUSAGE, "no status");
	room.number[0][7] = 98;
	room.number[0][6] = 0;
	ok(cs_told_admin_get(&f, &u, &e) == CS_EFORMAT, "nor read");
}

int
main(void)
{
	test_issue();
	test_issue_shapes();
	test_approve();
	test_told();
	test_given();
	test_admin();
	return done_testing();
}
