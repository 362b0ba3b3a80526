/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "approver.h"
#include "asking.h"
#include "fmt/message.h"
#include "fmt/reason.h"
#include "issuerbed.h"
#include "server/issuerp.h"
#include "store/pending.h"
#include "tap.h"

/*
 * What several owners hand in for one request that is kept, one behind the
 * other and again. What is there and holds stays: whoever has a copy of an
 * approval, or can make another signature of one, takes nothing back.
 */

#define SHORT 60
#define LONG 3000

enum { ALICE, BOB, CAROL, STRANGER, PEOPLE };

static const char *const names[PEOPLE] = {"mailto:alice@corp.example",
    "mailto:bob@corp.example", "mailto:carol@corp.example",
    "mailto:eve@corp.example"};

static struct issuerbed b;
static struct approver who[PEOPLE];
static int64_t now = BED_NOON; /* it never goes back: the store has a clock */
static enum cs_outcome last;  /* of what was taken */
static cs_buf *request;       /* of this round; it names Alice */
static cs_buf *words[PEOPLE]; /* that each has signed last */

static bool
start(void)
{
	cs_buf *owners = cs_buf_new(4096);
	bool good = true;
	size_t n;

	for (n = 0; n < PEOPLE; n++)
		good = approver_new(&who[n], names[n]) && (n == STRANGER ||
		    approver_line(&who[n], "wimse://corp.example/agent",
		    owners)) && good;
	good = good && bed_put(b.plug.owners, cs_buf_span(owners));
	cs_buf_free(&owners);
	b.conf.limits.pending_per_agent = 0;
	cs_issuer_limits(b.i, &b.conf.limits);
	return good;
}

/* So that what is SHORT has run out. */
static bool
time_passes(void)
{
	now += SHORT + 1;
	return true;
}

static bool
quorum(int n)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "domain \"corp.example\" {\n"
	    "path \"/agent\" { groups = {\"*\"} presence = no quorum = %d\n"
	    "move-key = yes move-owner = yes batches = yes } }\n", n);
	return issuerbed_policy(&b, text);
}

/* Another request, which waits. */
static bool
ask(void)
{
	cs_issued o = {.own = NULL};
	bool good;

	cs_buf_free(&request);
	request = asking_new(BED_AGENT, names[ALICE]);
	good = issuerbed_issue(&b, cs_buf_span(request), 1, now, &o) &&
	    o.told.outcome == CS_OUTCOME_PENDING;
	cs_issued_clear(&o);
	return good;
}

/* The last outcome, which is remembered, if something was taken. */
static bool
taken(enum cs_outcome o)
{
	if (o != CS_OUTCOME_READY && o != CS_OUTCOME_NOTED &&
	    o != CS_OUTCOME_KEPT)
		return false;
	last = o;
	return true;
}

static bool
hand_in(int n, enum cs_outcome outcome, int reason)
{
	cs_buf *pem = approver_sign(&who[n], words[n]);
	cs_issued o = {.own = NULL};
	bool good = pem != NULL &&
	    issuerbed_approve(&b, cs_buf_span(pem), now, &o) &&
	    (taken(o.told.outcome) ? CS_OUTCOME_NOTED : o.told.outcome) ==
	    outcome && o.told.reason == reason;

	if (!good)
		printf("# %s\n", issuerbed_say(&o));
	cs_issued_clear(&o);
	cs_buf_free(&pem);
	return good;
}

/* Something new. */
static bool
says(int n, enum cs_decision decision, int64_t life)
{
	cs_buf_free(&words[n]);
	words[n] = approver_words(&who[n], request, decision, now - 60,
	    now + life);
	return words[n] != NULL && hand_in(n, CS_OUTCOME_NOTED,
	    CS_R_NONE);
}

/* Another signature of the same. */
static bool
again(int n)
{
	return hand_in(n, CS_OUTCOME_NOTED, CS_R_NONE);
}

/* So many of his at once, each another one. */
static bool
says_often(int n, int times, enum cs_outcome outcome, int reason)
{
	cs_buf *all = cs_buf_new(CS_MESSAGE_MAX), *one;
	cs_issued o = {.own = NULL};
	bool good = all != NULL;
	int i;

	for (i = 0; i < times && good; i++) {
		cs_buf_free(&words[n]);
		words[n] = approver_words(&who[n], request, CS_APPROVE,
		    now - 60, now + LONG);
		one = approver_sign(&who[n], words[n]);
		good = one != NULL && cs_buf_put(all, cs_buf_span(one)) ==
		    CS_OK;
		cs_buf_free(&one);
	}
	good = good && issuerbed_approve(&b, cs_buf_span(all), now, &o) &&
	    o.told.outcome == outcome && o.told.reason == reason;
	if (!good)
		printf("# %s\n", issuerbed_say(&o));
	cs_issued_clear(&o);
	cs_buf_free(&all);
	return good;
}

/* Is it kept so, with so many approvals, and was that said? */
static bool
kept(enum cs_pending_state state, size_t approvals)
{
	uint8_t digest[CS_SHA256_LEN];
	cs_csr *c = NULL;
	cs_pending p = {.state = CS_PENDING_NONE};
	cs_message *m = NULL;
	cs_buf *own = NULL;
	cs_err e = {0};
	bool good = cs_request_read(cs_buf_span(request), &c, &e) == CS_OK &&
	    cs_request_digest(c, digest, &e) == CS_OK && cs_pending_find(
	    b.store, cs_span_of(digest, sizeof(digest)), now, 0, &p, &own,
	    &e) == CS_OK && cs_message_parse(p.message, &m, &e) == CS_OK &&
	    p.state == state && m->n == approvals &&
	    last == (state == CS_PENDING_READY ? CS_OUTCOME_READY :
	    CS_OUTCOME_NOTED);

	if (!good)
		printf("# state %d, %zu approvals %s\n", (int)p.state,
		    m == NULL ? 0 : m->n, e.text);
	cs_message_free(&m);
	cs_csr_free(&c);
	cs_buf_free(&own);
	return good;
}

static bool
gets(enum cs_outcome outcome)
{
	cs_issued o = {.own = NULL};
	bool good = issuerbed_issue(&b, cs_buf_span(request), 1, now, &o) &&
	    o.told.outcome == outcome;

	if (!good)
		printf("# %s\n", issuerbed_say(&o));
	cs_issued_clear(&o);
	return good;
}

/* Alice for so long, and Bob: a quorum of two is complete. */
static bool
approved_by_two(int64_t alice, int64_t bob)
{
	return ask() && says(ALICE, CS_APPROVE, alice) &&
	    kept(CS_PENDING_WAITS, 1) &&
	    says(BOB, CS_APPROVE, bob) && kept(CS_PENDING_READY, 2);
}

static void
test_complete(void)
{
	ok(approved_by_two(SHORT, LONG), "two owners, and it is approved");
	ok(again(ALICE) && kept(CS_PENDING_READY, 2),
	    "another signature of what was signed adds nothing");
	ok(again(BOB) && kept(CS_PENDING_READY, 2),
	    "nor of the other owner's");
	ok(says(ALICE, CS_APPROVE, SHORT - 1) &&
	    kept(CS_PENDING_READY, 2), "nor an owner's other word");
	ok(says(ALICE, CS_APPROVE, LONG) &&
	    kept(CS_PENDING_READY, 2), "unless it lasts longer");
	words[STRANGER] = approver_words(&who[STRANGER], request, CS_APPROVE,
	    now - 60, now + LONG);
	ok(hand_in(STRANGER, CS_OUTCOME_REFUSED,
	    CS_R_UNKNOWN_OWNER_KEY) && kept(CS_PENDING_READY, 2),
	    "who is nobody changes nothing");
	ok(says(CAROL, CS_APPROVE, SHORT) && kept(CS_PENDING_READY, 2),
	    "one owner more than it needs adds nothing");
	ok(time_passes() && gets(CS_OUTCOME_ISSUED),
	    "and it is issued when the first word and hers have run out");
}

static void
test_half(void)
{
	ok(quorum(3) && ask() && says(ALICE, CS_APPROVE, LONG) &&
	    says(BOB, CS_APPROVE, LONG) &&
	    kept(CS_PENDING_WAITS, 2), "two of three owners");
	ok(again(ALICE) && kept(CS_PENDING_WAITS, 2) && again(BOB) &&
	    kept(CS_PENDING_WAITS, 2), "both again take nothing back");
	ok(says(BOB, CS_APPROVE, SHORT) &&
	    kept(CS_PENDING_WAITS, 2), "nor fill the room");
	ok(says(CAROL, CS_APPROVE, LONG) &&
	    kept(CS_PENDING_READY, 3) && gets(CS_OUTCOME_ISSUED),
	    "the third");
	ok(ask() && says(ALICE, CS_APPROVE, LONG) &&
	    says(BOB, CS_APPROVE, LONG) && quorum(2) &&
	    again(BOB) && kept(CS_PENDING_READY, 2),
	    "enough since the policy asks for less");
}

/* The room is for sixteen. */
static void
test_room(void)
{
	ok(quorum(3) && ask() && says(ALICE, CS_APPROVE, LONG) &&
	    says_often(BOB, 15, CS_OUTCOME_REFUSED, CS_R_TOO_LARGE) &&
	    says_often(BOB, 3, CS_OUTCOME_REFUSED, CS_R_TOO_LARGE) &&
	    kept(CS_PENDING_WAITS, 1), "no owner takes the room of others");
	ok(says_often(BOB, 2, CS_OUTCOME_NOTED, CS_R_NONE) &&
	    kept(CS_PENDING_WAITS, 3), "two are what a grant and its use are");
	ok(says(CAROL, CS_APPROVE, LONG) && kept(CS_PENDING_READY, 4) &&
	    gets(CS_OUTCOME_ISSUED) && quorum(2), "and another has his");
}

/* One of them has run out. */
static void
test_late(void)
{
	ok(approved_by_two(SHORT, LONG) && time_passes() &&
	    hand_in(ALICE, CS_OUTCOME_REFUSED, CS_R_EXPIRED) &&
	    hand_in(BOB, CS_OUTCOME_REFUSED, CS_R_EXPIRED) &&
	    kept(CS_PENDING_READY, 2), "what has run out is not mended by "
	    "what there was");
	ok(says(ALICE, CS_APPROVE, LONG) && kept(CS_PENDING_READY, 2) &&
	    gets(CS_OUTCOME_ISSUED),
	    "a new approval comes to what still holds");
	ok(approved_by_two(LONG, SHORT) && time_passes() &&
	    says(CAROL, CS_APPROVE, LONG) &&
	    kept(CS_PENDING_READY, 2) && gets(CS_OUTCOME_ISSUED),
	    "and so does another owner's, whom nobody has named");
	ok(approved_by_two(LONG, SHORT) && time_passes() &&
	    says(ALICE, CS_APPROVE, LONG) &&
	    kept(CS_PENDING_WAITS, 1) && gets(CS_OUTCOME_PENDING),
	    "where too few are left it waits again");
	ok(quorum(3) && ask() && says(ALICE, CS_APPROVE, LONG) &&
	    says(BOB, CS_APPROVE, SHORT) && says(CAROL, CS_APPROVE, 2 * SHORT) &&
	    kept(CS_PENDING_READY, 3) && quorum(2) && time_passes() &&
	    says(BOB, CS_APPROVE, LONG) && kept(CS_PENDING_READY, 2) &&
	    time_passes() && gets(CS_OUTCOME_ISSUED),
	    "no more come back than it needs");
}

static void
test_denied(void)
{
	ok(approved_by_two(LONG, LONG) && says(BOB, CS_DENY, LONG) &&
	    gets(CS_OUTCOME_DENIED), "any of them may still deny");
	ok(ask() && says(ALICE, CS_APPROVE, LONG) &&
	    says(BOB, CS_DENY, LONG) &&
	    gets(CS_OUTCOME_DENIED), "and while it waits");
	ok(approved_by_two(LONG, LONG), "nobody else may");
	cs_buf_free(&words[STRANGER]);
	words[STRANGER] = approver_words(&who[STRANGER], request, CS_DENY,
	    now - 60, now + LONG);
	ok(hand_in(STRANGER, CS_OUTCOME_REFUSED, CS_R_UNKNOWN_OWNER_KEY) &&
	    gets(CS_OUTCOME_ISSUED), "and it is issued");
}

/* What was told of this request, and of no other. */
static bool
tells_of(const cs_buf *of, const cs_buf *pem, const char *text)
{
	uint8_t digest[CS_SHA256_LEN];
	cs_csr *c = NULL;
	cs_issued o = {.own = NULL};
	bool good = cs_request_read(cs_buf_span(of), &c, NULL) == CS_OK &&
	    cs_request_digest(c, digest, NULL) == CS_OK &&
	    issuerbed_approve(&b, cs_buf_span(pem), now, &o) &&
	    taken(o.told.outcome) && cs_span_is(o.told.text, text) &&
	    cs_span_is(o.told.agent, BED_AGENT) &&
	    cs_span_eq(o.told.request_digest, cs_span_of(digest,
	    sizeof(digest)));

	if (!good)
		printf("# %s\n", issuerbed_say(&o));
	cs_issued_clear(&o);
	cs_csr_free(&c);
	return good;
}

/* One approval of two requests, of which one is denied. */
static void
test_two(void)
{
	cs_buf *denied = NULL, *both = NULL, *pem = NULL;
	bool good = ask() && says(CAROL, CS_DENY, LONG);

	denied = request;
	request = NULL;
	good = good && ask();
	both = approver_words_both(&who[ALICE], request, denied, CS_APPROVE,
	    now - 60, now + LONG);
	pem = good && both != NULL ? approver_sign(&who[ALICE], both) : NULL;
	ok(pem != NULL && tells_of(request, pem,
	    "noted: more owners have to approve") &&
	    kept(CS_PENDING_WAITS, 1), "told is what it is good for");
	cs_buf_free(&denied);
	cs_buf_free(&both);
	cs_buf_free(&pem);
}

static int trouble; /* the verdict that has it: 1 is the next */
static const countersign_verifier *real;
static countersign_verifier_answer no_store = {.size = sizeof(no_store),
    .state = COUNTERSIGN_REFUSED,
    .reason = COUNTERSIGN_R_STORE_UNAVAILABLE, .text = "the store is away"};

static int
judge(countersign_instance *i, const countersign_verifier_input *in,
    const countersign_verifier_answer **out, char *why, size_t why_len)
{
	if (trouble == 0 || --trouble != 0)
		return real->verify(i, in, out, why, why_len);
	*out = &no_store;
	return COUNTERSIGN_OK;
}

static void
release(countersign_instance *i, const void *given)
{
	if (given != &no_store)
		real->release(i, given);
}

/* A store that cannot be asked says nothing of an approval. */
static void
test_trouble(void)
{
	countersign_verifier faked = *b.plug.p;
	int at;

	real = b.plug.p;
	faked.verify = judge;
	faked.release = release;
	b.plug.p = &faked;
	ok(issuerbed_again(&b, 0) && approved_by_two(LONG, LONG),
	    "approved, and then its store goes");
	cs_buf_free(&words[CAROL]);
	words[CAROL] = approver_words(&who[CAROL], request, CS_APPROVE,
	    now - 60, now + LONG);
	for (at = 2; at > 0; at--) {
		trouble = at;
		ok(hand_in(CAROL, CS_OUTCOME_REFUSED,
		    CS_R_STORE_UNAVAILABLE) && kept(CS_PENDING_READY, 2),
		    "verdict %d: nothing is dropped, and nothing added", at);
	}
	ok(again(CAROL) && kept(CS_PENDING_READY, 2), "until it is back");
	b.plug.p = real;
	ok(issuerbed_again(&b, 0), "the real one");
}

static bool denies_now;

/* Between the claim and its record, when nobody asks owners any more. */
static int
deny_and_sign(void *arg, uint32_t type, cs_span key_id, cs_span body,
    int64_t deadline_ms, cs_buf *sig, cs_err *e)
{
	if (denies_now)
		denies_now = !says(BOB, CS_DENY, LONG);
	return issuerbed_sign(arg, type, key_id, body, deadline_ms, sig, e);
}

/* Only what an owner has said is told as his denial. */
static void
test_told(void)
{
	cs_telling t = {.retry_after = 0};

	cs_telling_fail(&t, cs_fail(&t.why, CS_EREFUSED, "test", "no"));
	ok(t.outcome == CS_OUTCOME_REFUSED && t.why.detail == CS_R_INTERNAL &&
	    t.retry_after > 0, "a refusal without a reason is no denial");
	cs_telling_clear(&t);
	b.signer = (cs_sign_ops){.sign = deny_and_sign, .arg = &b};
	ok(issuerbed_again(&b, 0) && approved_by_two(LONG, LONG),
	    "approved, once more");
	denies_now = true;
	ok(gets(CS_OUTCOME_DENIED) && !denies_now,
	    "denied while it was signed");
	ok(gets(CS_OUTCOME_DENIED), "and so it stays");
}

int
main(void)
{
	size_t n;

	if (!issuerbed_start(&b))
		return 0;
	if (!ok(start() && quorum(2), "three owners"))
		return 1;
	test_complete();
	test_half();
	test_room();
	test_late();
	test_denied();
	test_two();
	test_trouble();
	test_told();
	for (n = 0; n < PEOPLE; n++) {
		approver_free(&who[n]);
		cs_buf_free(&words[n]);
	}
	cs_buf_free(&request);
	issuerbed_stop(&b);
	return done_testing();
}
