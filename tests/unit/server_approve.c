/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "asking.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "issuerbed.h"
#include "server/issuerp.h"
#include "store/pending.h"
#include "store/revoke.h"
#include "tap.h"

/* Requests that wait for their owner, what he hands in, what is revoked. */

static struct issuerbed b;

static bool
is(const cs_issued *o, enum cs_outcome outcome, int reason)
{
	bool none = o->told.cert.p == NULL && o->told.wit.p == NULL;

	if (o->told.outcome == outcome && o->told.reason == reason &&
	    none == (outcome != CS_OUTCOME_ISSUED))
		return true;
	printf("# %s\n", issuerbed_say(o));
	return false;
}

static bool
issue(const cs_buf *request, int64_t now, enum cs_outcome outcome,
    int reason, cs_issued *o)
{
	cs_issued_clear(o);
	return issuerbed_issue(&b, cs_buf_span(request), 1, now, o) &&
	    is(o, outcome, reason);
}

static bool
approve(const cs_buf *message, int64_t now, enum cs_outcome outcome,
    int reason)
{
	cs_issued o = {.own = NULL};
	bool good = issuerbed_approve(&b, cs_buf_span(message), now, &o) &&
	    is(&o, outcome, reason);

	cs_issued_clear(&o);
	return good;
}

static bool
look_up(const cs_issued *of, int64_t now, enum cs_outcome outcome,
    cs_issued *o)
{
	uint8_t digest[32] = {0};
	const cs_ask_lookup a = {.request_digest = cs_span_of(digest, 32),
	    .kinds = 1};
	cs_err e = {0};

	memcpy(digest, of->told.request_digest.p, 32);
	cs_issued_clear(o);
	return cs_issuer_lookup(b.i, &a, now, o, &e) == CS_OK &&
	    is(o, outcome, CS_R_NONE);
}

static void
test_pending(void)
{
	cs_buf *request, *approvals;
	cs_issued o = {.own = NULL}, again = {.own = NULL};
	int64_t n = -1, late = BED_NOON + 60;

	ok(issuerbed_split("approved-bundle-asked.pem", &request, &approvals),
	    "a request that names its owner, and his approval");
	ok(approve(approvals, BED_NOON, CS_OUTCOME_UNKNOWN, CS_R_NONE),
	    "an approval for nothing that waits");
	ok(issue(request, BED_NOON, CS_OUTCOME_PENDING, CS_R_NONE, &o) &&
	    o.told.retry_after > 0 && cs_span_is(o.told.agent, BED_AGENT),
	    "the request waits");
	ok(issue(request, late, CS_OUTCOME_PENDING, CS_R_NONE, &o) &&
	    cs_pending_count(b.store, BED_NOON, 0, &n, NULL) == CS_OK &&
	    n == 4, "once, however often it is asked");
	ok(look_up(&o, BED_NOON, CS_OUTCOME_PENDING, &again),
	    "so it is found");
	ok(approve(approvals, BED_NOON, CS_OUTCOME_READY, CS_R_NONE),
	    "its owner's approval alone");
	ok(issue(request, BED_NOON, CS_OUTCOME_ISSUED, CS_R_NONE, &o),
	    "and it is issued");
	ok(look_up(&o, BED_NOON, CS_OUTCOME_ISSUED, &again) &&
	    cs_span_eq(o.told.cert, again.told.cert), "the same to who asks");
	ok(issuerbed_again(&b, 0) && issue(request, BED_NOON,
	    CS_OUTCOME_ISSUED, CS_R_NONE, &again) &&
	    cs_span_eq(o.told.cert, again.told.cert), "after a restart, too");
	ok(look_up(&o, BED_NOON + 4000, CS_OUTCOME_UNKNOWN, &again) ||
	    again.told.outcome == CS_OUTCOME_ISSUED,
	    "what waits no longer is found as long as it lives");
	cs_issued_clear(&o);
	cs_issued_clear(&again);
	cs_buf_free(&request);
	cs_buf_free(&approvals);
}

static void
test_not_for_it(void)
{
	cs_buf *request, *approvals, *other, *others;
	cs_issued o = {.own = NULL};

	ok(issuerbed_split("approved-bundle-asked.pem", &request, &approvals) &&
	    issuerbed_split("approved-bundle.pem", &other, &others), "two");
	ok(issue(other, BED_NOON, CS_OUTCOME_REFUSED, CS_R_NO_APPROVAL, &o),
	    "who names nobody does not wait");
	ok(approve(others, BED_NOON, CS_OUTCOME_UNKNOWN, CS_R_NONE),
	    "an approval of what does not wait");
	ok(approve(request, BED_NOON, CS_OUTCOME_REFUSED, CS_R_NO_APPROVAL),
	    "a request is no approval");
	cs_buf_free(&request);
	cs_buf_free(&approvals);
	cs_buf_free(&other);
	cs_buf_free(&others);
	cs_issued_clear(&o);
}

/* Anybody can make a request; it waits for whom the owners file and the policy
 * would let approve it. */
static void
test_for_nobody(void)
{
	cs_buf *stranger = asking_new(BED_AGENT, "mailto:eve@corp.example");
	cs_buf *other = asking_new("wimse://corp.example/other/x", BED_ALICE);
	cs_issued o = {.own = NULL};
	int64_t before = -1, after = -1;

	ok(cs_pending_count(b.store, BED_NOON, 0, &before, NULL) == CS_OK &&
	    issue(stranger, BED_NOON, CS_OUTCOME_REFUSED,
	    CS_R_AGENT_NOT_ALLOWED, &o), "who is nobody's owner is not asked");
	ok(issue(other, BED_NOON, CS_OUTCOME_REFUSED, CS_R_AGENT_NOT_ALLOWED,
	    &o) || o.told.reason == CS_R_POLICY_REFUSED,
	    "nor an owner of other agents");
	ok(cs_pending_count(b.store, BED_NOON, 0, &after, NULL) == CS_OK &&
	    after == before, "and nothing is kept");
	cs_issued_clear(&o);
	cs_buf_free(&stranger);
	cs_buf_free(&other);
}

/* One address has as many places as one agent may have, and its oldest makes
 * room. */
static void
test_crowd(void)
{
	cs_buf *r[4];
	cs_issued o[4] = {{.own = NULL}}, found = {.own = NULL};
	int64_t n = -1;
	int k, kept = 0;

	for (k = 0; k < 4; k++) {
		r[k] = asking_new("wimse://corp.example/agent/crowd",
		    BED_ALICE);
		if (issue(r[k], BED_NOON + k, CS_OUTCOME_PENDING, CS_R_NONE,
		    &o[k]))
			kept++;
	}
	ok(kept == 4 && cs_pending_count(b.store, BED_NOON, 0, &n, NULL) ==
	    CS_OK && n == 3, "four of one agent, with three places");
	ok(look_up(&o[0], BED_NOON + 4, CS_OUTCOME_UNKNOWN, &found) &&
	    look_up(&o[1], BED_NOON + 4, CS_OUTCOME_PENDING, &found) &&
	    look_up(&o[3], BED_NOON + 4, CS_OUTCOME_PENDING, &found),
	    "the first of them has gone");
	for (k = 0; k < 4; k++) {
		cs_buf_free(&r[k]);
		cs_issued_clear(&o[k]);
	}
	cs_issued_clear(&found);
}

static void
test_denied(void)
{
	cs_buf *m = bed_vector("denied-bundle.pem"), *request, *approvals;
	cs_buf *text;
	cs_issued o = {.own = NULL}, found = {.own = NULL};

	ok(issuerbed_split("denied-bundle.pem", &request, &approvals),
	    "a request and its denial");
	ok(approve(m, BED_NOON, CS_OUTCOME_KEPT, CS_R_NONE),
	    "a denial beside its request is taken");
	ok(approve(m, BED_NOON, CS_OUTCOME_KEPT, CS_R_NONE), "again");
	ok(issue(request, BED_NOON, CS_OUTCOME_DENIED, CS_R_NONE, &o),
	    "nothing is issued then");
	ok(look_up(&o, BED_NOON, CS_OUTCOME_DENIED, &found),
	    "and who asks is told");
	text = cs_buf_new(16);
	ok(text != NULL && cs_buf_put_str(text, "nonsense") == CS_OK &&
	    approve(text, BED_NOON, CS_OUTCOME_REFUSED, CS_R_MALFORMED),
	    "what is nothing");
	cs_buf_free(&text);
	cs_buf_free(&m);
	cs_buf_free(&request);
	cs_buf_free(&approvals);
	cs_issued_clear(&o);
	cs_issued_clear(&found);
}

static cs_crl *
crl(size_t ca, int64_t now, int64_t *number)
{
	cs_buf *der = NULL;
	cs_crl *c = NULL;
	cs_err e = {0};

	if (cs_issuer_crl(b.i, b.ca[ca]->key_id, now, 0, &der, number, &e) !=
	    CS_OK || issuerbed_body(&b, ca, cs_buf_span(der)).p == NULL ||
	    cs_crl_parse(cs_buf_span(der), true, &c, &e) != CS_OK)
		printf("# %s\n", e.text);
	cs_buf_free(&der);
	return c;
}

static void
test_crl(void)
{
	cs_issued o = {.own = NULL};
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str(BED_AGENT), .reason = cs_span_str("stolen"),
	    .actor = cs_span_str("uid 0"), .time = BED_NOON + 400};
	int64_t first = 0, second = 0, third = 0, ended = 0;
	const cs_crl_entry *at;
	cs_leaf *l = NULL;
	cs_issued found = {.own = NULL};
	cs_crl *c, *d;
	cs_err e = {0};

	ok(issuerbed_vector(&b, "approved-agent-ed25519.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE) && cs_leaf_parse(
	    issuerbed_body(&b, 0, o.told.cert), &l, &e) == CS_OK,
	    "a certificate");
	if (l == NULL)
		return;
	ok(look_up(&o, BED_NOON, CS_OUTCOME_ISSUED, &found) &&
	    cs_span_eq(found.told.cert, o.told.cert), "which may be fetched");
	c = crl(0, BED_NOON, &first);
	d = crl(0, BED_NOON + 1, &second);
	ok(c != NULL && d != NULL && first == second &&
	    c->number == first && !cs_crl_has(c, l->serial), "a list");
	cs_crl_free(&c);
	cs_crl_free(&d);
	ok(cs_revoke(b.store, &r, cs_time_mono_ms() + 5000,
	    &ended, &e) == CS_OK && ended > 0,
	    "revoked: %d", (int)ended);
	ok(look_up(&o, BED_NOON, CS_OUTCOME_UNKNOWN, &found),
	    "and may not be fetched any more");
	cs_issued_clear(&found);
	c = crl(0, BED_NOON, &second);
	ok(c != NULL && second > first && (at = cs_crl_find(c, l->serial)) !=
	    NULL && at->revoked == BED_NOON,
	    "the next list has it at once, whatever the other clock says");
	d = crl(1, BED_NOON, &third);
	ok(d != NULL && cs_crl_has(d, l->serial), "and that of every CA");
	cs_crl_free(&c);
	cs_crl_free(&d);
	atomic_store(&b.fail, -1);
	c = crl(0, BED_NOON + 4000, &third);
	ok(c != NULL && third == second, "without a keyholder the last one");
	atomic_store(&b.fail, 0);
	b.i->crl[0].failed_ms = 1; /* long ago */
	cs_crl_free(&c);
	c = crl(0, BED_NOON + 4000, &third);
	ok(c != NULL && third > second && (at = cs_crl_find(c, l->serial)) !=
	    NULL && at->revoked == BED_NOON + 400, "then a new one");
	cs_crl_free(&c);
	c = crl(0, BED_NOON + 40 * 86400, &third);
	ok(c != NULL && !cs_crl_has(c, l->serial), "until it has ended");
	cs_crl_free(&c);
	cs_issued_clear(&o);
	ok(issuerbed_vector(&b, "approved-agent-ed25519.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_REVOKED), "nothing for it");
	ok(cs_issuer_tick(b.i, BED_NOON, &e) == CS_OK, "a tick");
	cs_leaf_free(&l);
	cs_issued_clear(&o);
}

#define LONG_LIST 60000
#define TOO_LONG ((CS_CRL_MAX - 2048) / 35)
#define DAY 86400

/* A list of the first CA: of these serials, and as many more. */
static bool
put_last(const cs_crl_entry *few, size_t n, size_t more)
{
	static uint8_t serial[TOO_LONG][16];
	static cs_crl_entry at[TOO_LONG + 8];
	const cs_alg *alg = cs_alg_for_key(b.ca[0]->key.kind, CS_USE_PKCS10);
	cs_crl c = {.sig_alg = alg->sig_alg, .issuer = b.ca[0]->name,
	    .authority_key_id = b.ca[0]->key_id, .number = 1,
	    .this_update = BED_NOON - 60, .next_update = BED_NOON + DAY,
	    .n = n + more, .at = at};
	cs_buf *body = cs_buf_new(CS_CRL_MAX), *sig = cs_buf_new(1024);
	cs_err e = {0};
	bool good;
	size_t i;

	memcpy(at, few, n * sizeof(*few));
	for (i = 0; i < more; i++) {
		serial[i][0] = 9;
		serial[i][1] = (uint8_t)(i >> 16);
		serial[i][2] = (uint8_t)(i >> 8);
		serial[i][3] = (uint8_t)i;
		at[n + i] = (cs_crl_entry){cs_span_of(serial[i], 16),
		    BED_NOON - 100};
	}
	cs_buf_free(&b.last);
	b.last = cs_buf_new(CS_CRL_MAX + 1024);
	good = cs_crl_put(&c, body, &e) == CS_OK && cs_privkey_sign(b.key[0],
	    alg, cs_buf_span(body), sig, &e) == CS_OK && cs_signed_put(
	    cs_buf_span(body), alg->sig_alg, cs_buf_span(sig), b.last, &e) ==
	    CS_OK;
	if (!good)
		printf("# %s\n", e.text);
	cs_buf_free(&body);
	cs_buf_free(&sig);
	return good;
}

/* A store that was restored has forgotten what the keyholder's last list has. */
static void
test_carried(void)
{
	const cs_crl_entry few[] = {
		{cs_span_str("newest serial"), BED_NOON - 100},
		{cs_span_str("a day before"), BED_NOON - DAY},
		{cs_span_str("of a week ago"), BED_NOON - 7 * DAY},
	};
	int64_t number = 0, ended = 0;
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str("wimse://corp.example/agent/carried"),
	    .actor = cs_span_str("uid 0"), .time = BED_NOON};
	const cs_crl_entry *at;
	cs_buf *der = NULL;
	cs_err e = {0};
	cs_crl *c;

	ok(put_last(few, 3, 0) && issuerbed_again(&b, 0), "a keyholder's list");
	c = crl(0, BED_NOON, &number);
	ok(c != NULL && (at = cs_crl_find(c, few[0].serial)) != NULL &&
	    at->revoked == few[0].revoked && cs_crl_has(c, few[1].serial),
	    "the first list has it still");
	ok(c != NULL && !cs_crl_has(c, few[2].serial), "until it is old");
	cs_crl_free(&c);
	ok(cs_revoke(b.store, &r, cs_time_mono_ms() + 5000, &ended, &e) ==
	    CS_OK, "another revocation");
	c = crl(0, BED_NOON, &number);
	ok(c != NULL && cs_crl_has(c, few[0].serial), "and so has the next");
	cs_crl_free(&c);
	c = crl(0, BED_NOON + 3 * DAY, &number);
	ok(c != NULL && !cs_crl_has(c, few[0].serial), "not for ever");
	cs_crl_free(&c);
	ok(put_last(few, 1, LONG_LIST) && issuerbed_again(&b, 0) &&
	    (c = crl(0, BED_NOON, &number)) != NULL && c->n > LONG_LIST &&
	    cs_buf_len(c->own) > CS_FRAME_MAX, "a long one: %zu octets",
	    cs_buf_len(b.last));
	cs_crl_free(&c);
	ok(put_last(few, 0, TOO_LONG) && issuerbed_again(&b, 0) &&
	    cs_issuer_crl(b.i, (cs_span){0}, BED_NOON, 0, &der, &number, &e) !=
	    CS_OK && e.detail == CS_R_TOO_LARGE && der == NULL,
	    "one that has no room leaves nobody out: %s", e.text);
	cs_buf_free(&b.last);
	ok(issuerbed_again(&b, 0), "none");
}

/* A keyholder signs no number twice. */
static void
test_restarted(void)
{
	int64_t first = 0, second = 0;
	cs_crl *c = crl(0, BED_NOON, &first);

	b.last = c == NULL ? NULL : cs_buf_dup(cs_buf_span(c->own));
	ok(b.last != NULL && issuerbed_again(&b, 0), "a list, and a restart");
	cs_crl_free(&c);
	c = crl(0, BED_NOON, &second);
	ok(c != NULL && second == first + 1 && c->number == second,
	    "in the same second: another number");
	cs_crl_free(&c);
	c = crl(0, BED_NOON + 4000, &second);
	ok(c != NULL && second == (BED_NOON + 4000) * CS_CRL_NUMBERS,
	    "later, that of the clock");
	cs_crl_free(&c);
	cs_buf_free(&b.last);
	ok(issuerbed_again(&b, 0), "none");
}

static bool
act(const char *verb, const char *body, int status, const char *has)
{
	const cs_ask_admin a = {.uid = 1000, .verb = cs_span_str(verb),
	    .body = cs_span_str(body)};
	cs_buf *out = NULL;
	cs_err e = {0};
	int found = 0;
	bool good = cs_issuer_admin(b.i, &a, BED_NOON, 0, &found, &out, &e) ==
	    CS_OK && found == status && strstr(cs_buf_cstr(out), has) != NULL;

	if (!good)
		printf("# %d: %s\n", found, out == NULL ? e.text :
		    cs_buf_cstr(out));
	cs_buf_free(&out);
	return good;
}

static void
test_admin(void)
{
	ok(act("health", "", 200, "\"ok\"") &&
	    act("ready", "{}", 200, "\"ready\""), "well");
	ok(act("revoke", "{\"what\":\"owner\",\"name\":"
	    "\"mailto:bob@corp.example\",\"reason\":\"left\"}", 200,
	    "\"ended\":"), "revoke");
	ok(act("revoke", "{\"what\":\"owner\",\"name\":"
	    "\"mailto:bob@corp.example\"}", 409, "already"), "twice");
	ok(act("revocations", "", 200, "\"actor\":\"uid 1000\""),
	    "by whom");
	ok(act("lift", "{\"what\":\"owner\",\"name\":"
	    "\"mailto:bob@corp.example\"}", 200, "\"actor\":\"uid 1000\""),
	    "lift");
	ok(act("revoke", "{\"what\":\"key\",\"name\":\"XX\"}", 400, "hex"),
	    "no key");
	ok(act("revoke", "{\"what\":\"dog\",\"name\":\"x\"}", 400, "what"),
	    "no such thing");
	ok(act("revoke", "[]", 400, "object") &&
	    act("revoke", "{\"a\":1,\"a\":2}", 400, "object"), "no object");
	ok(act("status", "{\"agent\":\"" BED_AGENT "\"}", 200,
	    "\"end_reason\""), "status of an agent");
	ok(act("status", "{\"serial\":\"00\"}", 200, "[]"), "of nothing");
	ok(act("status", "{\"key\":\"00\"}", 200, "[]") &&
	    act("status", "{\"approval\":\"0x\"}", 400, "hex") &&
	    act("status", "{\"after\":-1}", 400, "after") &&
	    act("status", "{\"agent\":\"" BED_AGENT "\",\"after\":1000}",
	    200, "[]"), "status of others, and behind some");
	ok(act("store", "", 200, "\"schema\":") &&
	    act("denials", "", 200, "\"denials\":") &&
	    act("denials", "{\"skip\":\"1\"}", 400, "skip") &&
	    act("revocations", "{\"skip\":1000}", 200, "[]"), "the rest");
	ok(act("audit", "{\"from\":1,\"to\":2}", 200, "\"next\":3") &&
	    act("audit", "{\"from\":0}", 400, "from"), "audit");
	ok(act("metrics", "", 200,
	    "countersign_requests_total{outcome=\"issued\"} ") &&
	    act("metrics", "", 200, "request_seconds_bucket{le=\"0.0005\"}") &&
	    act("metrics", "", 200, "countersign_pending "), "metrics");
	ok(act("reload", "", 200, "{}") && act("dance", "", 404, "verb"),
	    "reload, and what is no verb");
}

/* A list that cannot be made lacks who was revoked. */
static void
test_ready(void)
{
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str("wimse://corp.example/agent/ready"),
	    .actor = cs_span_str("uid 0"), .time = BED_NOON};
	int64_t ended = 0;
	cs_err e = {0};

	ok(act("ready", "", 200, "\"ready\"") &&
	    act("metrics", "", 200, "countersign_crl_failing 0\n"), "ready");
	atomic_store(&b.fail, -1);
	ok(cs_revoke(b.store, &r, cs_time_mono_ms() + 5000, &ended, &e) ==
	    CS_OK && act("ready", "", 503, "no new revocation list: the "
	    "keyholder went"), "not while there is no list of all");
	ok(act("metrics", "", 200, "countersign_crl_failing 1\n"),
	    "which is counted");
	atomic_store(&b.fail, 0);
	ok(act("ready", "", 503, "revocation list"),
	    "nor is it tried at each question");
	b.i->crl[0].failed_ms = 1; /* long ago */
	ok(act("ready", "", 200, "\"ready\""), "but it is again");
	atomic_store(&b.away, true);
	ok(act("ready", "", 503, "nothing can be signed: the keyholder has "
	    "not answered"), "nor without the keyholder, current as it is");
	atomic_store(&b.away, false);
	ok(act("ready", "", 200, "\"ready\""), "until it is back");
}

#define MANY 350

/* What does not go into one frame would never be answered. */
static void
test_many(void)
{
	const cs_ask_admin a = {.verb = cs_span_str("revocations")};
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .actor = cs_span_str("uid 0"), .time = BED_NOON};
	char name[80], reason[1001];
	int64_t ended = 0;
	cs_buf *out = NULL;
	int i, rc = CS_OK, status = 0;
	cs_err e = {0};

	for (i = 0; i < 1000; i++)
		reason[i] = i % 2 == 0 ? '\xc3' : '\xa9';
	reason[i] = '\0';
	r.reason = cs_span_str(reason);
	for (i = 0; i < MANY && rc == CS_OK; i++) {
		(void)snprintf(name, sizeof(name),
		    "wimse://corp.example/many/%d", i);
		r.name = cs_span_str(name);
		rc = cs_revoke(b.store, &r, cs_time_mono_ms() + 5000, &ended,
		    &e);
	}
	ok(rc == CS_OK && cs_issuer_admin(b.i, &a, BED_NOON, 0, &status,
	    &out, &e) == CS_OK && status == 200 &&
	    cs_buf_len(out) < CS_FRAME_MAX - 4096 &&
	    strstr(cs_buf_cstr(out), "\"more\":true") != NULL,
	    "as many as a frame holds");
	printf("# %zu octets %s\n", cs_buf_len(out), e.text);
	cs_buf_free(&out);
}

static void
test_ca(void)
{
	cs_issued o = {.own = NULL}, again = {.own = NULL};

	ok(issuerbed_vector(&b, "approved-agent-rsa.pem", 1, &o) &&
	    o.told.n_chain == 1, "%s", "by the first CA");
	ok(issuerbed_again(&b, 1) && issuerbed_vector(&b,
	    "approved-agent-rsa.pem", 1, &again) &&
	    is(&again, CS_OUTCOME_ISSUED, CS_R_NONE) &&
	    cs_span_eq(o.told.cert, again.told.cert) &&
	    cs_span_eq(again.told.chain[0], b.ca[0]->der),
	    "what is stored keeps its CA");
	cs_issued_clear(&o);
	cs_issued_clear(&again);
	(void)issuerbed_again(&b, 0);
}

int
main(void)
{
	if (!issuerbed_start(&b))
		return 0;
	if (!ok(issuerbed_policy(&b, "domain \"corp.example\" {\n"
	    "path \"/agent\" { groups = {\"*\"} presence = no\n"
	    "move-key = yes move-owner = yes } }\n"), "a policy"))
		return 1;
	test_not_for_it();
	test_for_nobody();
	test_crowd();
	test_pending();
	test_denied();
	test_ca();
	test_crl();
	test_carried();
	test_restarted();
	test_admin();
	test_ready();
	test_many();
	issuerbed_stop(&b);
	return done_testing();
}
