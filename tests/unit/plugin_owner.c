/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "plugbed.h"
#include "tap.h"

/* The calls of verifier.h on the built module: every field, every size, and
 * what a host may do wrong. No store here. */

static struct bed bed;

static bool
is(countersign_bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.ptr, text, b.len) == 0;
}

/* Of a configuration that is wrong. */
static bool
will_not_open(const countersign_verifier_config *c, int cls, const char *what)
{
	countersign_instance *i = (countersign_instance *)&bed;
	char why[256] = "";
	int r = bed.p->open(c, &i, why, sizeof(why));
	bool good = r == cls && i == NULL && strstr(why, what) != NULL;

	if (!good)
		printf("# %d %s\n", r, why);
	return good;
}

static void
test_open(void)
{
	countersign_verifier_config c = bed_config(&bed), w;
	countersign_instance *i = NULL;
	char why[8];

	ok(bed.p->size == sizeof(*bed.p) &&
	    bed.p->abi == COUNTERSIGN_VERIFIER_ABI &&
	    strcmp(bed.p->name, "owner") == 0 && bed.p->version[0] != '\0',
	    "the table says what it is");
	ok(will_not_open(NULL, COUNTERSIGN_EUSAGE, "NULL"), "no config");
	w = c;
	w.size = 8;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "size"), "a small one");
	w.size = sizeof(w) + 4096;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "size"), "an absurd one");
	w.size = sizeof(w) - 1;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "size"), "an odd one");
	w = c;
	w.owners = NULL;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "owners"), "no owners");
	w = c;
	w.policy = NULL;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "policy"), "no policy");
	w = c;
	w.authority = NULL;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "authority"),
	    "no authority");
	w.authority = "not a URI";
	ok(will_not_open(&w, COUNTERSIGN_EFORMAT, "authority"),
	    "none that could be one");
	w = c;
	w.skip_watch = 2;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "skip_watch"),
	    "a flag of two");
	w = c;
	w.check_only = 2;
	ok(will_not_open(&w, COUNTERSIGN_EUSAGE, "check_only"),
	    "another flag of two");
	w = c;
	w.owners = "./nothing-here";
	ok(will_not_open(&w, COUNTERSIGN_EIO, "nothing-here"),
	    "owners that are not there");
	w = c;
	w.store = "./nothing-here";
	ok(will_not_open(&w, COUNTERSIGN_EIO, "nothing-here"),
	    "a store that is not there");
	ok(bed.p->open(&c, NULL, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->open(NULL, &i, NULL, 7) == COUNTERSIGN_EUSAGE &&
	    bed.p->open(NULL, &i, why, 0) == COUNTERSIGN_EUSAGE,
	    "nowhere to put it");
	bed.p->close(NULL);
	bed.p->release(NULL, &bed);
}

/* A struct of an older host ends before `modules`, one of a later host is
 * larger. */
static void
test_config_sizes(void)
{
	struct {
		countersign_verifier_config c;
		uint8_t more[64];
	} large = {.c = bed_config(&bed)};
	countersign_verifier_config c = bed_config(&bed);
	countersign_instance *i;

	memset(large.more, 0xff, sizeof(large.more));
	large.c.size = sizeof(large);
	i = bed_open(&bed, &large.c);
	ok(i != NULL, "a larger config");
	bed.p->close(i);
	c.size = offsetof(countersign_verifier_config, modules);
	c.skip_watch = 77; /* is not there */
	i = bed_open(&bed, &c);
	ok(i != NULL, "a shorter one");
	bed.p->close(i);
}

/* One verdict: the state, COUNTERSIGN_REFUSED with the reason in *reason, or a
 * negative class. */
static int
state_of(countersign_instance *i, const countersign_verifier_input *in,
    int *reason)
{
	const countersign_verifier_answer *a = NULL;
	char why[512] = "";
	int r = bed.p->verify(i, in, &a, why, sizeof(why));

	*reason = -1;
	if (r != COUNTERSIGN_OK) {
		if (a != NULL || why[0] == '\0')
			r = 99; /* something was given, or nothing said */
		return r;
	}
	r = (int)a->state;
	*reason = (int)a->reason;
	if (a->size != sizeof(*a) || a->text == NULL ||
	    (r == COUNTERSIGN_APPROVED) != (a->text[0] == '\0') ||
	    (r == COUNTERSIGN_APPROVED) != (a->n_approvals != 0))
		r = 98;
	bed.p->release(i, a);
	return r;
}

static int
by_message(countersign_instance *i, const char *vector, uint32_t operation,
    int *reason)
{
	cs_buf *b = bed_vector(vector);
	countersign_verifier_input in = bed_input(b);
	int r;

	in.operation = operation;
	r = state_of(i, &in, reason);
	cs_buf_free(&b);
	return r;
}

static void
test_operations(countersign_instance *i)
{
	int why;

	ok(by_message(i, "approved.pem", COUNTERSIGN_OP_ISSUE, &why) ==
	    COUNTERSIGN_APPROVED && why == 0, "issue");
	ok(by_message(i, "approved.pem", COUNTERSIGN_OP_RENEW, &why) ==
	    COUNTERSIGN_APPROVED, "renew");
	ok(by_message(i, "approved.pem", COUNTERSIGN_OP_WEBHOOK, &why) ==
	    COUNTERSIGN_APPROVED, "webhook");
	ok(by_message(i, "approved-bundle.pem", COUNTERSIGN_OP_CHECK, &why) ==
	    COUNTERSIGN_APPROVED, "check takes approvals beside a request");
	ok(by_message(i, "approved-bundle.pem", COUNTERSIGN_OP_ISSUE, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_NOT_COMPOSITE,
	    "issue does not");
	ok(by_message(i, "denied.pem", COUNTERSIGN_OP_ISSUE, &why) ==
	    COUNTERSIGN_DENIED && why == 0, "a denial");
	ok(by_message(i, "signature-invalid.pem", COUNTERSIGN_OP_ISSUE,
	    &why) == COUNTERSIGN_REFUSED &&
	    why == COUNTERSIGN_R_SIGNATURE_INVALID, "a forgery");
	ok(by_message(i, "approved.pem", COUNTERSIGN_OP_NONE, &why) ==
	    COUNTERSIGN_EUSAGE && by_message(i, "approved.pem", 5, &why) ==
	    COUNTERSIGN_EUSAGE && by_message(i, "approved.pem", UINT32_MAX,
	    &why) == COUNTERSIGN_EUSAGE, "what is no operation");
}

static void
test_answer(countersign_instance *i)
{
	cs_buf *b = bed_vector("approved-pair.pem");
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	const countersign_verifier_approval *p;

	if (!ok(bed.p->verify(i, &in, &a, NULL, 0) == COUNTERSIGN_OK &&
	    a->state == COUNTERSIGN_APPROVED, "an answer"))
		goto out;
	ok(is(a->agent, BED_AGENT) && a->agent_key.len > 90 &&
	    a->agent_key_hash.len == 32 && a->request_digest.len == 32,
	    "has the request");
	ok(is(a->owner, BED_ALICE) && a->owner_key_hash.len == 32 &&
	    a->n_approvals == 2 && a->approvals != NULL,
	    "and the principal");
	ok(a->not_before == BED_NOON - 300 && a->not_after == BED_NOON + 900 &&
	    a->max_lifetime > 0 && a->max_issuances > 0, "and the limits");
	ok(a->bindings.len > a->bindings_digest.len &&
	    a->bindings_digest.len > 200 && a->bindings.ptr[0] == 0x30,
	    "and the bindings, both ways");
	p = a->approvals[0];
	ok(p->size == sizeof(*p) && p->role == COUNTERSIGN_ROLE_GRANT &&
	    a->approvals[1]->role == COUNTERSIGN_ROLE_USE, "the grant first");
	ok(is(p->owner, BED_ALICE) && p->key_hash.len == 32 &&
	    p->approval_id.len == 16 && p->tbs_hash.len == 32 &&
	    memcmp(p->tbs_hash.ptr, a->approvals[1]->tbs_hash.ptr, 32) != 0,
	    "whose it is");
	ok(strcmp(p->type, "cms") == 0 && p->not_before <= BED_NOON &&
	    p->not_after >= BED_NOON && p->max_lifetime > 0 &&
	    p->max_issuances > 0 && p->remarks == 0 && p->anchor_line > 1 &&
	    strcmp(p->anchor_file, bed.owners) == 0 &&
	    p->attested.ptr == NULL && p->counter == -1 &&
	    p->last_counter == -1, "and how it was judged");
out:
	bed.p->release(i, a);
	bed.p->release(i, NULL);
	cs_buf_free(&b);
}

/* Changes one field of a good input. */
static void
test_fields(countersign_instance *i)
{
	cs_buf *b = bed_vector("approved.pem");
	countersign_verifier_input good = bed_input(b), in;
	const countersign_verifier_answer *a = NULL;
	const uint8_t some[64] = {1};
	int why;

	ok(bed.p->verify(i, NULL, &a, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->verify(i, &good, NULL, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->verify(NULL, &good, &a, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    a == NULL, "NULL");
#define WITH(field, value) (in = good, in.field = (value), \
	    state_of(i, &in, &why))
	ok(WITH(size, 0) == COUNTERSIGN_EUSAGE &&
	    WITH(size, 16) == COUNTERSIGN_EUSAGE &&
	    WITH(size, sizeof(in) - 3) == COUNTERSIGN_EUSAGE &&
	    WITH(size, SIZE_MAX) == COUNTERSIGN_EUSAGE, "size");
	ok(WITH(appraisal, 3) == COUNTERSIGN_EUSAGE, "appraisal");
	ok(WITH(appraisal, COUNTERSIGN_APPRAISAL_AFFIRMED) ==
	    COUNTERSIGN_EUSAGE, "appraisal of nothing");
	ok(WITH(composite, 2) == COUNTERSIGN_EUSAGE, "composite");
	ok(WITH(time, 0) == COUNTERSIGN_EUSAGE &&
	    WITH(time, -1) == COUNTERSIGN_EUSAGE &&
	    WITH(time, INT64_MAX) == COUNTERSIGN_EUSAGE, "time");
	ok(WITH(time, BED_NOON + 3600) == COUNTERSIGN_REFUSED &&
	    why == COUNTERSIGN_R_EXPIRED, "an hour later");
	ok(WITH(deadline_ms, -1) == COUNTERSIGN_EUSAGE, "deadline_ms");
	ok(WITH(deadline_ms, 1) == COUNTERSIGN_EIO, "one that has passed");
	ok(WITH(deadline_ms, cs_time_mono_ms() + 60000) ==
	    COUNTERSIGN_APPROVED, "one to come");
	ok(WITH(message.ptr, NULL) == COUNTERSIGN_EUSAGE, "message");
	ok(WITH(message.len, 0) == COUNTERSIGN_REFUSED &&
	    why == COUNTERSIGN_R_MALFORMED, "an empty one");
	ok(WITH(message, ((countersign_bytes){NULL, 0})) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_MALFORMED, "none");
	ok(WITH(nonce.len, 16) == COUNTERSIGN_EUSAGE &&
	    WITH(nonce, ((countersign_bytes){some, 0})) ==
	    COUNTERSIGN_EUSAGE &&
	    WITH(nonce, ((countersign_bytes){some, 15})) ==
	    COUNTERSIGN_EUSAGE, "nonce");
	ok(WITH(nonce, ((countersign_bytes){some, 16})) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_WRONG_NONCE,
	    "a pending request's");
	ok(WITH(evidence.len, 1) == COUNTERSIGN_EUSAGE, "evidence");
	ok(WITH(authority, "https://other.example") == COUNTERSIGN_REFUSED &&
	    why == COUNTERSIGN_R_WRONG_AUTHORITY, "authority");
	ok(WITH(authority, BED_AUTHORITY) == COUNTERSIGN_APPROVED,
	    "the same one");
	in = good;
	in.evidence = (countersign_bytes){some, sizeof(some)};
	in.appraisal = COUNTERSIGN_APPRAISAL_REFUSED;
	ok(state_of(i, &in, &why) == COUNTERSIGN_REFUSED &&
	    why == COUNTERSIGN_R_EVIDENCE_REFUSED, "evidence refused");
	in.appraisal = COUNTERSIGN_APPRAISAL_AFFIRMED;
	ok(state_of(i, &in, &why) == COUNTERSIGN_APPROVED, "affirmed");
	in = good;
	in.size = offsetof(countersign_verifier_input, deadline_ms);
	in.deadline_ms = 1;
	in.composite = 7;
	ok(state_of(i, &in, &why) == COUNTERSIGN_APPROVED,
	    "what a shorter struct has behind is not there");
#undef WITH
	cs_buf_free(&b);
}

static countersign_verifier_terms
some_terms(void)
{
	static const uint8_t bytes[32] = {1};

	return (countersign_verifier_terms){
		.size = sizeof(countersign_verifier_terms),
		.kind = COUNTERSIGN_KIND_X509,
		.time = BED_NOON,
		.serial = {bytes, 16},
		.not_before = BED_NOON - 60,
		.not_after = BED_NOON + 600,
		.digest = {bytes, 32},
	};
}

/* Order, and what is not the instance's. */
static void
test_order(countersign_instance *i, countersign_instance *other)
{
	cs_buf *b = bed_vector("approved.pem"), *d = bed_vector("denied.pem");
	countersign_verifier_input in = bed_input(b);
	countersign_verifier_terms t = some_terms();
	countersign_verifier_record rec = {.size = sizeof(rec)};
	const countersign_verifier_answer *a = NULL, *no = NULL, *chk = NULL;
	const countersign_verifier_claim *c = NULL, *c2 = NULL;

	(void)bed.p->verify(i, &in, &a, NULL, 0);
	in.operation = COUNTERSIGN_OP_CHECK;
	(void)bed.p->verify(i, &in, &chk, NULL, 0);
	in.message = bed_bytes(d);
	(void)bed.p->verify(i, &in, &no, NULL, 0);
	ok(bed.p->claim(i, a, &t, &c, NULL, 0) == COUNTERSIGN_OK &&
	    c->state == COUNTERSIGN_CLAIM_REFUSED &&
	    c->reason == COUNTERSIGN_R_STORE_UNAVAILABLE &&
	    c->text[0] != '\0', "a claim without a store");
	ok(bed.p->record(i, c, &rec, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    c2 == NULL, "a record of a refusal");
	ok(bed.p->claim(i, chk, &t, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    c2 == NULL, "a claim of a check");
	ok(bed.p->claim(i, no, &t, &c2, NULL, 0) == COUNTERSIGN_EUSAGE,
	    "a claim of a denial");
	ok(bed.p->claim(other, a, &t, &c2, NULL, 0) == COUNTERSIGN_EUSAGE,
	    "a claim of another instance's answer");
	ok(bed.p->claim(i, (const void *)c, &t, &c2, NULL, 0) ==
	    COUNTERSIGN_EUSAGE, "a claim of a claim");
	ok(bed.p->claim(i, NULL, &t, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->claim(NULL, a, &t, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->claim(i, a, NULL, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->claim(i, a, &t, NULL, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->record(i, NULL, &rec, &c2, NULL, 0) ==
	    COUNTERSIGN_EUSAGE &&
	    bed.p->record(NULL, c, &rec, &c2, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    bed.p->record(i, c, &rec, NULL, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    c2 == NULL, "NULL");
	bed.p->release(other, a); /* not its own */
	bed.p->release(i, a);
	bed.p->release(i, c);
	bed.p->release(i, chk);
	bed.p->release(i, no);
	cs_buf_free(&b);
	cs_buf_free(&d);
}

static void
test_terms(countersign_instance *i)
{
	cs_buf *b = bed_vector("approved.pem");
	countersign_verifier_input in = bed_input(b);
	countersign_verifier_terms good = some_terms(), t;
	const countersign_verifier_answer *a = NULL;
	const countersign_verifier_claim *c = NULL;
	const uint8_t some[32] = {0};

	(void)bed.p->verify(i, &in, &a, NULL, 0);
#define WITH(field, value) (t = good, t.field = (value), \
	    bed.p->claim(i, a, &t, &c, NULL, 0) == COUNTERSIGN_EUSAGE)
	ok(WITH(size, 0) && WITH(size, 64) && WITH(size, SIZE_MAX), "size");
	ok(WITH(kind, 0) && WITH(kind, 3), "kind");
	ok(WITH(time, 0) && WITH(time, INT64_MIN), "time");
	ok(WITH(deadline_ms, -1), "deadline_ms");
	ok(WITH(serial.len, 0) && WITH(serial.len, 21) &&
	    WITH(serial.ptr, NULL), "serial");
	ok(WITH(digest.len, 31) && WITH(digest.len, 33) &&
	    WITH(digest.ptr, NULL), "digest");
	ok(WITH(fields, ((countersign_bytes){some, 65537})) &&
	    WITH(fields, ((countersign_bytes){NULL, 1})), "fields");
	ok(WITH(not_before, BED_NOON + 1) && WITH(not_before, 0) &&
	    WITH(not_after, BED_NOON - 1) && WITH(not_after, INT64_MAX),
	    "a credential that is not valid now");
#undef WITH
	ok(c == NULL, "give nothing");
	bed.p->release(i, a);
	cs_buf_free(&b);
}

static void
test_reload(countersign_instance *i)
{
	char why[256] = "";
	int reason;

	ok(bed_put_str(bed.policy, "domain corp.example { }\n") &&
	    bed.p->reload(i, why, sizeof(why)) == COUNTERSIGN_OK &&
	    by_message(i, "approved.pem", COUNTERSIGN_OP_ISSUE, &reason) ==
	    COUNTERSIGN_REFUSED, "a policy that lets nobody");
	ok(bed_put_str(bed.policy, "nonsense") &&
	    bed.p->reload(i, why, sizeof(why)) == COUNTERSIGN_EFORMAT &&
	    strstr(why, "policy") != NULL &&
	    by_message(i, "approved.pem", COUNTERSIGN_OP_ISSUE, &reason) ==
	    COUNTERSIGN_REFUSED, "a broken one leaves it");
	ok(bed_put_str(bed.policy, bed_policy) &&
	    bed.p->reload(i, NULL, 0) == COUNTERSIGN_OK &&
	    by_message(i, "approved.pem", COUNTERSIGN_OP_ISSUE, &reason) ==
	    COUNTERSIGN_APPROVED, "the one from before");
	ok(bed.p->reload(NULL, NULL, 0) == COUNTERSIGN_EUSAGE, "NULL");
}

int
main(void)
{
	countersign_verifier_config c;
	countersign_instance *i, *other;

	if (!ok(bed_load(&bed), "the module is loaded"))
		return done_testing();
	test_open();
	test_config_sizes();
	c = bed_config(&bed);
	i = bed_open(&bed, &c);
	other = bed_open(&bed, &c);
	if (ok(i != NULL && other != NULL, "two instances")) {
		test_operations(i);
		test_answer(i);
		test_fields(i);
		test_order(i, other);
		test_terms(i);
		test_reload(i);
	}
	bed.p->close(i);
	bed.p->close(other);
	bed_stop(&bed);
	return done_testing();
}
