/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "issuerbed.h"
#include "server/plug.h"
#include "server/issuerp.h"
#include "store/revoke.h"
#include "tap.h"

/* From a message to a credential, and to everything that is none. */

#define HOUR 3600

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

static cs_leaf *
leaf(size_t ca, const cs_issued *o)
{
	cs_leaf *l = NULL;
	cs_err e = {0};

	if (cs_leaf_parse(issuerbed_body(&b, ca, o->told.cert), &l, &e) !=
	    CS_OK)
		printf("# %s\n", e.text);
	return l;
}

static void
test_x509(void)
{
	cs_issued o = {.own = NULL}, again = {.own = NULL};
	cs_leaf *l;
	int before;

	ok(issuerbed_vector(&b, "approved.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE), "a certificate");
	l = leaf(0, &o);
	ok(l != NULL && cs_span_is(l->agent_id, BED_AGENT) &&
	    cs_span_is(o.told.agent, BED_AGENT), "of the agent");
	ok(l != NULL && l->not_before <= BED_NOON &&
	    l->not_before >= BED_NOON - 60 && l->not_after > BED_NOON &&
	    l->not_after == o.told.not_after, "that lives");
	ok(l != NULL && (l->policies & CS_CP_APPROVED) != 0 &&
	    l->crl_url.n == strlen(b.conf.crl_url) + 1 +
	    2 * b.ca[0]->key_id.n, "with a place for its list");
	ok(o.told.n_chain == 1 && cs_span_eq(o.told.chain[0], b.ca[0]->der),
	    "beside its CA");
	before = atomic_load(&b.signatures);
	ok(issuerbed_vector(&b, "approved.pem", 1, &again) &&
	    is(&again, CS_OUTCOME_ISSUED, CS_R_NONE) &&
	    cs_span_eq(o.told.cert, again.told.cert) &&
	    atomic_load(&b.signatures) == before,
	    "the same bytes again, and no other signature");
	cs_leaf_free(&l);
	cs_issued_clear(&o);
	cs_issued_clear(&again);
}

static void
test_both(void)
{
	cs_issued o = {.own = NULL}, again = {.own = NULL};
	cs_span input = {0};
	uint8_t sig[64];
	cs_wit *w = NULL;
	cs_err e = {0};

	ok(issuerbed_policy(&b, "domain \"corp.example\" { path \"/agent\" {\n"
	    "groups = {\"*\"} presence = no grants = yes batches = yes\n"
	    "move-key = yes move-owner = yes } }\n"), "another policy");
	ok(issuerbed_vector(&b, "approved-agent-rsa.pem", 3, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE) && o.told.cert.p != NULL &&
	    o.told.wit.p != NULL, "both kinds");
	ok(cs_wit_split(o.told.wit, &input, sig, &e) == CS_OK &&
	    cs_wit_parse(input, &w, &e) == CS_OK &&
	    cs_span_is(w->sub, BED_AGENT) && w->n_owners == 1, "%s", e.text);
	cs_wit_free(&w);
	ok(issuerbed_vector(&b, "approved-agent-rsa.pem", 3, &again) &&
	    cs_span_eq(again.told.wit, o.told.wit) &&
	    cs_span_eq(again.told.cert, o.told.cert), "and both again");
	cs_issued_clear(&again);
	ok(issuerbed_vector(&b, "approved-agent-rsa.pem", 2, &again) &&
	    cs_span_eq(again.told.wit, o.told.wit) &&
	    again.told.cert.p == NULL && again.told.n_chain == 0,
	    "or the token alone");
	cs_issued_clear(&o);
	cs_issued_clear(&again);
}

/* Approvals that are not in it: of several agents, or where the server says
 * so. */
static void
test_digests(void)
{
	static const char *const vectors[] = {"approved-batch.pem",
	    "approved-agent-pss.pem"};
	cs_issued o = {.own = NULL};
	cs_span input = {0};
	uint8_t sig[64];
	cs_wit *w = NULL;
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		b.conf.digest_only = i == 1;
		ok(issuerbed_vector(&b, vectors[i], 3, &o) &&
		    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE) &&
		    cs_wit_split(o.told.wit, &input, sig, &e) == CS_OK &&
		    cs_wit_parse(input, &w, &e) == CS_OK &&
		    w->bindings->at[0].full.p == NULL &&
		    w->carriers[0] == CS_CARRIER_CMS, "%s, both kinds",
		    vectors[i]);
		cs_wit_free(&w);
		cs_issued_clear(&o);
	}
	b.conf.digest_only = false;
}

static void
refused(const char *vector, int reason)
{
	cs_issued o = {.own = NULL};

	ok(issuerbed_vector(&b, vector, 3, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, reason), "%s: %s", vector,
	    cs_reason_name(reason));
	cs_issued_clear(&o);
}

static void
test_refused(void)
{
	cs_issued o = {.own = NULL};
	int before = atomic_load(&b.signatures);

	refused("agent-not-allowed.pem", CS_R_AGENT_NOT_ALLOWED);
	refused("binding-mismatch-quorum.pem", CS_R_BINDING_MISMATCH);
	refused("approved-bundle.pem", CS_R_NOT_COMPOSITE);
	ok(issuerbed_issue(&b, cs_span_str("0"), 1, BED_NOON, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_MALFORMED), "what is nothing");
	cs_issued_clear(&o);
	ok(issuerbed_issue(&b, cs_span_of("", 0), 1, BED_NOON, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_MALFORMED), "nothing");
	cs_issued_clear(&o);
	ok(issuerbed_vector(&b, "denied-own.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_DENIED, CS_R_NONE), "denied");
	cs_issued_clear(&o);
	ok(atomic_load(&b.signatures) == before, "and nothing was signed");
}

/* Claimed in the same store by a webhook, for another CA. */
static void
test_foreign(void)
{
	static const uint8_t fields[] = {0x30, 7, 2, 1, 2, 4, 0, 4, 0};
	static const uint8_t serial[16] = {1}, digest[32] = {2};
	const cs_plug p = {b.plug.p, b.instance};
	cs_buf *m = bed_vector("approved-day.pem");
	const cs_question q = {.operation = COUNTERSIGN_OP_WEBHOOK,
	    .message = cs_buf_span(m), .now = BED_NOON};
	countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = COUNTERSIGN_KIND_X509, .time = BED_NOON,
	    .serial = {serial, 16}, .not_before = BED_NOON - 60,
	    .not_after = BED_NOON + 600, .digest = {digest, 32},
	    .fields = {fields, sizeof(fields)}};
	cs_issued o = {.own = NULL};
	cs_claimed c = {0}, done = {0};
	cs_judged j = {0};
	cs_err e = {0};

	ok(cs_plug_judge(&p, &q, &j, &e) == CS_OK &&
	    cs_plug_claim(&p, &j, &t, &c, &e) == CS_OK, "claimed: %s", e.text);
	ok(issuerbed_vector(&b, "approved-day.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_POLICY_REFUSED),
	    "nothing is signed for another's claim");
	cs_issued_clear(&o);
	ok(cs_plug_record(&p, &c, cs_span_str("{}"), BED_NOON, 0, &done, &e) ==
	    CS_OK, "recorded: %s", e.text);
	ok(issuerbed_vector(&b, "approved-day.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_POLICY_REFUSED),
	    "nor is what was recorded a certificate");
	cs_issued_clear(&o);
	cs_claimed_clear(&p, &done);
	cs_claimed_clear(&p, &c);
	cs_judged_clear(&p, &j);
	cs_buf_free(&m);
}

/* The keyholder goes between claim and signature. */
static void
test_again(void)
{
	cs_issued o = {.own = NULL};
	uint8_t asked[32];
	cs_leaf *l;

	atomic_store(&b.fail, 1);
	ok(issuerbed_vector(&b, "approved-agent-ed25519.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_BUSY, CS_R_NONE) && o.told.retry_after > 0,
	    "no signature: come again");
	cs_issued_clear(&o);
	memcpy(asked, b.asked, sizeof(asked));
	ok(issuerbed_again(&b, 0), "another process");
	ok(issuerbed_vector(&b, "approved-agent-ed25519.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE), "and it is issued");
	l = leaf(0, &o);
	ok(l != NULL && l->key.kind == CS_KEY_ED25519 &&
	    memcmp(asked, b.asked, sizeof(asked)) == 0, "as it was claimed");
	cs_leaf_free(&l);
	cs_issued_clear(&o);
}

/* Between the two another CA, and another key of tokens, came to sign. */
static void
test_retired(void)
{
	cs_issued o = {.own = NULL};

	atomic_store(&b.fail, 1);
	ok(issuerbed_vector(&b, "approved-protection.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_BUSY, CS_R_NONE), "a claim, and no signature");
	cs_issued_clear(&o);
	ok(issuerbed_again(&b, 1) && issuerbed_vector(&b,
	    "approved-protection.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_REFUSED, CS_R_INTERNAL) &&
	    strstr(issuerbed_say(&o), "until 2026-11-2") != NULL &&
	    strstr(issuerbed_say(&o), "a CA that signs no more") != NULL,
	    "of a CA that has retired: %s", issuerbed_say(&o));
	cs_issued_clear(&o);
	ok(issuerbed_again(&b, 0) && issuerbed_vector(&b,
	    "approved-protection.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE), "and of one that signs again");
	cs_issued_clear(&o);
}

/* A CA that was made this very minute. */
static void
test_young(void)
{
	cs_authority *ca = b.ca[0];
	int64_t before = ca->not_before;
	cs_issued o = {.own = NULL};
	cs_leaf *l;

	ca->not_before = BED_NOON - 5;
	ok(issuerbed_vector(&b, "approved-rsa.pem", 1, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE), "by a CA of five seconds");
	l = leaf(0, &o);
	ok(l != NULL && l->not_before == BED_NOON - 5,
	    "what is not older than it is");
	cs_leaf_free(&l);
	cs_issued_clear(&o);
	ca->not_before = before;
}

static int64_t
bundle(void)
{
	int64_t number = -1;
	cs_buf *text = NULL;
	cs_err e = {0};
	char want[64];

	if (cs_issuer_bundle(b.i, &text, &number, &e) != CS_OK)
		printf("# %s\n", e.text);
	(void)snprintf(want, sizeof(want), "\"spiffe_sequence\":%lld",
	    (long long)number);
	if (text == NULL || strstr(cs_buf_cstr(text), want) == NULL)
		number = -1;
	cs_buf_free(&text);
	return number;
}

static void
test_bundle(void)
{
	int64_t first = bundle();

	ok(first >= BED_NOON, "a bundle's number is about the time");
	ok(issuerbed_again(&b, 0) && bundle() == first,
	    "after a restart it is the same");
	ok(issuerbed_again(&b, 1) && bundle() == first + 1,
	    "with another CA it grows, whatever the clock says");
	ok(issuerbed_again(&b, 0) && bundle() == first + 2,
	    "and once more on the way back");
}

static int64_t
claims(void)
{
	cs_store_info info = {0};
	cs_err e = {0};

	return cs_store_look(b.store, BED_NOON, 0, &info, &e) == CS_OK ?
	    info.claims : -1;
}

/* Of two kinds one cannot be made: neither is claimed. */
static void
test_drafts(void)
{
	cs_issued o = {.own = NULL};
	int64_t before = claims();
	int signatures = atomic_load(&b.signatures);

	b.i->kid[0][0] = '\0';
	ok(issuerbed_vector(&b, "approved-p384.pem", 3, &o) &&
	    o.told.outcome == CS_OUTCOME_REFUSED && o.told.cert.p == NULL,
	    "no token can be made: %s", issuerbed_say(&o));
	cs_issued_clear(&o);
	ok(before >= 0 && claims() == before &&
	    atomic_load(&b.signatures) == signatures,
	    "so nothing is claimed or signed");
	ok(issuerbed_again(&b, 0) && issuerbed_vector(&b,
	    "approved-p384.pem", 3, &o) &&
	    is(&o, CS_OUTCOME_ISSUED, CS_R_NONE) && claims() == before + 2,
	    "until it can");
	cs_issued_clear(&o);
}

/* A front says how long its client waits; a thread is not held for ever. */
static void
test_deadline(void)
{
	int64_t now = cs_time_mono_ms(), at = cs_issuer_deadline(INT64_MAX);

	ok(at >= now + CS_ISSUER_LONGEST_MS &&
	    at <= cs_time_mono_ms() + CS_ISSUER_LONGEST_MS, "at most a minute");
	ok(cs_issuer_deadline(now + 50) == now + 50, "or less");
	at = cs_issuer_deadline(0);
	ok(at > now && at < now + CS_ISSUER_LONGEST_MS, "or what is usual");
}

int
main(void)
{
	if (!issuerbed_start(&b))
		return 0;
	test_x509();
	test_both();
	test_digests();
	test_drafts();
	test_retired();
	test_young();
	test_bundle();
	test_foreign();
	test_refused();
	test_again();
	test_deadline();
	issuerbed_stop(&b);
	return done_testing();
}
