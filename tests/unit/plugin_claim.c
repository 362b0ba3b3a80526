/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "crypt/hash.h"
#include "crypt/x509.h"
#include "plugbed.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "store/storep.h"
#include "tap.h"

/* The built module with a store: claims in their order, and what a store, a
 * reload or the clock take back between two calls. */

#define LIFE 300
#define BEGIN (BED_NOON - 60)
#define TWO_THIRDS (BEGIN + LIFE * 2 / 3)

static struct bed bed;
static countersign_instance *inst;

static const countersign_verifier_answer *
answer(const char *vector, uint32_t operation, int64_t now)
{
	cs_buf *b = bed_vector(vector);
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	char why[512] = "";

	in.operation = operation;
	in.time = now;
	if (bed.p->verify(inst, &in, &a, why, sizeof(why)) != COUNTERSIGN_OK)
		printf("# %s\n", why);
	cs_buf_free(&b);
	return a;
}

/* The state of an answer, and the reason. */
static int
asks(const char *vector, uint32_t operation, int64_t now, int *reason)
{
	const countersign_verifier_answer *a = answer(vector, operation, now);
	int state = a == NULL ? -1 : (int)a->state;

	*reason = a == NULL ? -1 : (int)a->reason;
	bed.p->release(inst, a);
	return state;
}

static countersign_verifier_terms
terms(uint8_t serial)
{
	static const uint8_t digest[32] = {7};
	static uint8_t serials[256][16];

	memset(serials[serial], serial, sizeof(serials[serial]));
	return (countersign_verifier_terms){
		.size = sizeof(countersign_verifier_terms),
		.kind = COUNTERSIGN_KIND_X509,
		.time = BED_NOON,
		.serial = {serials[serial], 16},
		.not_before = BEGIN,
		.not_after = BEGIN + LIFE,
		.digest = {digest, sizeof(digest)},
		.fields = {(const uint8_t *)"fields", 6},
	};
}

static const countersign_verifier_claim *
claim(const countersign_verifier_answer *a,
    const countersign_verifier_terms *t)
{
	const countersign_verifier_claim *c = NULL;
	char why[512] = "";

	if (a == NULL || bed.p->claim(inst, a, t, &c, why, sizeof(why)) !=
	    COUNTERSIGN_OK)
		printf("# %s\n", why);
	return c;
}

/* An answer, and a claim of it: its state; of a refusal its reason. */
static int
claims(const char *vector, int64_t now, uint8_t serial, int *reason)
{
	const countersign_verifier_answer *a = answer(vector,
	    COUNTERSIGN_OP_ISSUE, now);
	countersign_verifier_terms t = terms(serial);
	const countersign_verifier_claim *c;
	int state;

	t.time = now;
	t.not_before = now - 60;
	t.not_after = now - 60 + LIFE;
	c = claim(a, &t);
	state = c == NULL ? -1 : (int)c->state;
	*reason = c == NULL ? -1 : (int)c->reason;
	bed.p->release(inst, a);
	bed.p->release(inst, c);
	return state;
}

static bool
is(countersign_bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.ptr, text, b.len) == 0;
}

static const countersign_verifier_claim *
record(const countersign_verifier_claim *c, const char *credential)
{
	countersign_verifier_record r = {.size = sizeof(r), .time = BED_NOON,
	    .credential = {(const uint8_t *)credential, strlen(credential)}};
	const countersign_verifier_claim *done = NULL;
	char why[512] = "";

	if (bed.p->record(inst, c, &r, &done, why, sizeof(why)) !=
	    COUNTERSIGN_OK)
		printf("# %s\n", why);
	return done;
}

static void
test_life(void)
{
	const countersign_verifier_answer *a = answer("approved.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(1), other = terms(2);
	const countersign_verifier_claim *c = claim(a, &t), *again, *first,
	    *second, *stored;
	int why;

	if (!ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW &&
	    c->size == sizeof(*c) && c->number > 0 && c->text[0] == '\0',
	    "a claim"))
		return;
	ok(c->serial.len == 16 && c->serial.ptr[0] == 1 &&
	    c->not_before == t.not_before && c->not_after == t.not_after &&
	    c->digest.len == 32 && c->digest.ptr[0] == 7 &&
	    is(c->fields, "fields") && c->credential.len == 0,
	    "has what it was made with");
	again = claim(a, &other);
	ok(again != NULL && again->state == COUNTERSIGN_CLAIM_AGAIN &&
	    again->number == c->number && again->serial.ptr[0] == 1,
	    "which is there again, whatever else is wanted");
	first = record(again, "credential 1");
	second = record(c, "credential 2");
	ok(first != NULL && first->state == COUNTERSIGN_CLAIM_STORED &&
	    is(first->credential, "credential 1"), "recorded");
	ok(second != NULL && second->state == COUNTERSIGN_CLAIM_STORED &&
	    is(second->credential, "credential 1"), "once");
	ok(record((const countersign_verifier_claim *)(const void *)a, "x") ==
	    NULL && claim((const countersign_verifier_answer *)(const void *)c,
	    &t) == NULL, "an answer is no claim, and a claim no answer");
	stored = claim(a, &other);
	ok(stored != NULL && stored->state == COUNTERSIGN_CLAIM_STORED &&
	    is(stored->credential, "credential 1"), "and stored");
	bed.p->release(inst, a);
	bed.p->release(inst, c);
	bed.p->release(inst, again);
	bed.p->release(inst, first);
	bed.p->release(inst, second);
	bed.p->release(inst, stored);
	ok(asks("approved.pem", COUNTERSIGN_OP_CHECK, BED_NOON, &why) ==
	    COUNTERSIGN_APPROVED, "a check before two thirds of its life");
	ok(claims("approved.pem", TWO_THIRDS + 10, 3, &why) ==
	    COUNTERSIGN_CLAIM_REFUSED && why == COUNTERSIGN_R_EXHAUSTED,
	    "one issuance, later");
	ok(asks("approved.pem", COUNTERSIGN_OP_CHECK, TWO_THIRDS + 10,
	    &why) == COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_EXHAUSTED,
	    "as a check says");
	ok(asks("approved.pem", COUNTERSIGN_OP_ISSUE, TWO_THIRDS + 10,
	    &why) == COUNTERSIGN_APPROVED, "while a verdict is one still");
}

static int64_t
soon(void)
{
	return cs_time_mono_ms() + 10000;
}

static int
script(cs_txn *t, void *arg, cs_err *e)
{
	return t->ops->script(t->db, arg, e);
}

static bool
sql(cs_store *s, const char *text)
{
	char copy[256];
	cs_err e = {0};

	snprintf(copy, sizeof(copy), "%s", text);
	return cs_store_write(s, script, copy, false, soon(), &e) == CS_OK;
}

/* Used up as the one, or as the other. */
static void
test_check_kinds(cs_store *s)
{
	const int64_t later = BEGIN + LIFE + 1;
	int why = 0;

	ok(asks("approved.pem", COUNTERSIGN_OP_CHECK, later, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_EXHAUSTED,
	    "a check of what is used up as both");
	ok(sql(s, "DELETE FROM uses WHERE kind = 1") &&
	    asks("approved.pem", COUNTERSIGN_OP_CHECK, later, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_EXHAUSTED,
	    "as a WIT alone");
	ok(sql(s, "UPDATE uses SET kind = 1 WHERE kind = 2") &&
	    asks("approved.pem", COUNTERSIGN_OP_CHECK, later, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_EXHAUSTED,
	    "as an X.509 credential alone");
	ok(sql(s, "DELETE FROM uses") &&
	    asks("approved.pem", COUNTERSIGN_OP_CHECK, later, &why) ==
	    COUNTERSIGN_APPROVED, "as none");
}

static void
test_kinds(cs_store *s)
{
	const countersign_verifier_answer *a = answer("approved.pem",
	    COUNTERSIGN_OP_WEBHOOK, BED_NOON);
	countersign_verifier_terms t = terms(9);
	const countersign_verifier_claim *c;

	t.kind = COUNTERSIGN_KIND_WIT;
	c = claim(a, &t);
	ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW,
	    "a WIT is counted for itself");
	bed.p->release(inst, a);
	bed.p->release(inst, c);
	test_check_kinds(s);
}

/* Of terms that the owner did not approve. */
static void
refused(const countersign_verifier_answer *a,
    const countersign_verifier_terms *t, int reason, const char *what)
{
	const countersign_verifier_claim *c = claim(a, t);

	if (!ok(c != NULL && c->state == COUNTERSIGN_CLAIM_REFUSED &&
	    (int)c->reason == reason && c->text[0] != '\0' &&
	    c->serial.len == 0 && c->credential.len == 0, "%s", what) &&
	    c != NULL)
		printf("# %u %u %s\n", c->state, c->reason, c->text);
	bed.p->release(inst, c);
}

static void
test_terms(void)
{
	const countersign_verifier_answer *a = answer("approved-key.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(4);

	if (!ok(a != NULL && a->state == COUNTERSIGN_APPROVED, "an answer"))
		return;
	t.not_after = t.not_before + a->max_lifetime + 1;
	refused(a, &t, COUNTERSIGN_R_LIFETIME_EXCEEDED, "a second too long");
	t = terms(4);
	t.not_before = a->not_before - 1;
	refused(a, &t, COUNTERSIGN_R_NOT_YET_VALID, "a second too early");
	t = terms(4);
	t.time = a->not_after + 1;
	t.not_after = t.time + 60;
	refused(a, &t, COUNTERSIGN_R_EXPIRED, "claimed too late");
	t = terms(4);
	t.time = t.not_before = a->not_before - 1;
	refused(a, &t, COUNTERSIGN_R_NOT_YET_VALID, "claimed too early");
	bed.p->release(inst, a);
}

static void
test_reload(void)
{
	const countersign_verifier_answer *a = answer("approved-key.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(5);
	cs_buf *owners = bed_vector("owners");

	ok(bed_put_str(bed.owners, "# nobody\n") &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK,
	    "owners go away behind an answer");
	refused(a, &t, COUNTERSIGN_R_UNKNOWN_OWNER_KEY,
	    "which is good for no claim then");
	bed.p->release(inst, a);
	ok(bed_put(bed.owners, cs_buf_span(owners)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK, "and come back");
	cs_buf_free(&owners);
}

/* A host that thinks for long behind one verdict asks nothing meanwhile. */
static void
test_watch(void)
{
	const countersign_verifier_answer *a = answer("approved-key.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	const int64_t until = cs_time_mono_ms() + 20000;
	countersign_verifier_terms t = terms(5);
	const countersign_verifier_claim *c = NULL;
	cs_buf *owners = bed_vector("owners");
	int reason = 0;

	t.kind = COUNTERSIGN_KIND_WIT;
	ok(bed_put_str(bed.owners, "# nobody\n"), "owners change unsaid");
	while (reason == 0 && cs_time_mono_ms() < until) {
		bed.p->release(inst, c);
		c = claim(a, &t);
		reason = c == NULL ? -1 : (int)c->reason;
		(void)poll(NULL, 0, 20);
	}
	ok(reason == COUNTERSIGN_R_UNKNOWN_OWNER_KEY,
	    "a claim looks for itself");
	bed.p->release(inst, c);
	bed.p->release(inst, a);
	ok(bed_put(bed.owners, cs_buf_span(owners)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK, "and back");
	cs_buf_free(&owners);
}

static cs_store *
store_open(void)
{
	cs_store_env env = {.module_dir = bed.modules, .now = BED_NOON,
	    .authority = cs_span_str(BED_AUTHORITY), .mode = CS_DB_WRITE};
	cs_store *s = NULL;
	cs_err e = {0};

	if (cs_store_open(bed.store, &env, &s, &e) != CS_OK)
		printf("# %s\n", e.text);
	return s;
}

static int64_t
revoke(cs_store *s, const char *agent)
{
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str(agent), .reason = cs_span_str("stolen"),
	    .actor = cs_span_str("a test"), .time = BED_NOON};
	int64_t ended = -1;
	cs_err e = {0};

	if (cs_revoke(s, &r, soon(), &ended, &e) != CS_OK)
		printf("# %s\n", e.text);
	return ended;
}

static void
lift(cs_store *s, const char *agent)
{
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str(agent), .reason = cs_span_str("found"),
	    .actor = cs_span_str("a test"), .time = BED_NOON};
	cs_err e = {0};

	if (cs_revoke_lift(s, &r, BED_NOON, soon(), &e) != CS_OK)
		printf("# %s\n", e.text);
}

static void
test_revocation(cs_store *s)
{
	const countersign_verifier_answer *a = answer("approved-key.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(6);
	const countersign_verifier_claim *c = claim(a, &t), *done;
	int why;

	ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW, "a claim");
	ok(revoke(s, BED_AGENT) >= 1, "the agent is revoked");
	done = record(c, "credential 6");
	ok(done != NULL && done->state == COUNTERSIGN_CLAIM_REFUSED &&
	    done->reason == COUNTERSIGN_R_REVOKED && done->credential.len == 0,
	    "no record then");
	refused(a, &t, COUNTERSIGN_R_REVOKED, "no claim");
	ok(asks("approved-key.pem", COUNTERSIGN_OP_ISSUE, BED_NOON, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_REVOKED,
	    "no verdict");
	ok(asks("approved.pem", COUNTERSIGN_OP_CHECK, BED_NOON, &why) ==
	    COUNTERSIGN_REFUSED && why == COUNTERSIGN_R_REVOKED,
	    "and no check");
	bed.p->release(inst, a);
	bed.p->release(inst, c);
	bed.p->release(inst, done);
	lift(s, BED_AGENT);
	ok(asks("approved-key.pem", COUNTERSIGN_OP_ISSUE, BED_NOON, &why) ==
	    COUNTERSIGN_APPROVED, "until it is lifted");
}

static bool
revoke_ca(cs_store *s, const char *certificate)
{
	cs_buf *der = bed_vector(certificate), *spki = cs_buf_new(1024);
	uint8_t hash[CS_SHA256_LEN];
	cs_revocation r = {.what = CS_REVOKE_KEY,
	    .name = cs_span_of(hash, sizeof(hash)), .time = BED_NOON,
	    .actor = cs_span_str("a test")};
	int64_t ended = -1;
	cs_err e = {0};
	bool done;

	done = der != NULL && cs_cert_spki(cs_buf_span(der), spki, &e) ==
	    CS_OK && cs_sha256(cs_buf_span(spki), hash, &e) == CS_OK &&
	    cs_revoke(s, &r, soon(), &ended, &e) == CS_OK;
	if (!done)
		printf("# %s\n", e.text);
	cs_buf_free(&der);
	cs_buf_free(&spki);
	return done && ended == 1;
}

/* Who vouched for the owner is revoked behind the verdict. */
static void
test_ca(cs_store *s)
{
	cs_buf *owners = bed_vector("owners"), *cas = bed_vector("owners-ca");
	const countersign_verifier_answer *a;
	countersign_verifier_terms t = terms(33);
	const countersign_verifier_claim *c;

	ok(bed_put(bed.owners, cs_buf_span(cas)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK, "owners by CA");
	a = answer("approved-ca.pem", COUNTERSIGN_OP_ISSUE, BED_NOON);
	c = claim(a, &t);
	ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW, "a claim");
	ok(revoke_ca(s, "ca-root.der"), "the CA ends it");
	refused(a, &t, COUNTERSIGN_R_REVOKED, "and there is no other");
	bed.p->release(inst, c);
	bed.p->release(inst, a);
	ok(bed_put(bed.owners, cs_buf_span(owners)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK, "owners by key");
	cs_buf_free(&owners);
	cs_buf_free(&cas);
}

static bool
owned_by(const char *vector)
{
	cs_buf *owners = bed_vector(vector);
	bool done = owners != NULL && bed_put(bed.owners,
	    cs_buf_span(owners)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK;

	cs_buf_free(&owners);
	return done;
}

/* Two verdicts of one key, neither of which saw the other's counter. */
static void
test_counter(void)
{
	const countersign_verifier_answer *a, *b;
	countersign_verifier_terms t = terms(40), u = terms(41);
	const countersign_verifier_claim *c;

	ok(owned_by("owners-sk"), "owners by security key");
	a = answer("approved-ssh-strict.pem", COUNTERSIGN_OP_ISSUE, BED_NOON);
	b = answer("approved-ssh-strict-most.pem", COUNTERSIGN_OP_ISSUE,
	    BED_NOON);
	c = claim(b, &t);
	ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW, "the later one");
	refused(a, &u, COUNTERSIGN_R_COUNTER_REGRESSED, "not the earlier one");
	bed.p->release(inst, a);
	bed.p->release(inst, b);
	bed.p->release(inst, c);
	ok(owned_by("owners"), "owners as before");
}

struct uses {
	cs_span tbs;
	int64_t subject, n;
};

static int
read_uses(cs_txn *t, void *arg, cs_err *e)
{
	struct uses *u = arg;
	const cs_db_value v[] = {cs_db_blob(u->tbs), cs_db_int(u->subject),
	    cs_db_int(COUNTERSIGN_KIND_X509)};

	return cs_txn_int(t, CS_SQL_USES_GET, v, 3, &u->n, e);
}

/* Of a batch the subject counts that is this request's. */
static void
test_subject(cs_store *s)
{
	const countersign_verifier_answer *a = answer("approved-batch.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(42);
	const countersign_verifier_claim *c = claim(a, &t);
	struct uses u = {.subject = 1};
	cs_err e = {0};

	if (!ok(c != NULL && c->state == COUNTERSIGN_CLAIM_NEW, "of a batch"))
		return;
	u.tbs = cs_span_of(a->approvals[0]->tbs_hash.ptr,
	    a->approvals[0]->tbs_hash.len);
	ok(cs_store_read(s, read_uses, &u, soon(), &e) == CS_OK && u.n == 1,
	    "its subject is counted");
	u.subject = u.n = 0;
	ok(cs_store_read(s, read_uses, &u, soon(), &e) == CS_OK && u.n == 0,
	    "and no other");
	bed.p->release(inst, a);
	bed.p->release(inst, c);
}

static bool
moves(const char *flags)
{
	char policy[512];

	(void)snprintf(policy, sizeof(policy), "domain \"corp.example\" {\n"
	    "path \"/agent\" {\ngroups = {\"*\"}\nbatches = yes\n%s}}\n",
	    flags);
	return bed_put_str(bed.policy, policy) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK;
}

/* Alice has a live credential; carol's approval comes first in the other. */
static void
test_moves(void)
{
	int why;

	ok(moves("") && claims("approved-batch-first.pem", BED_NOON, 20,
	    &why) == COUNTERSIGN_CLAIM_NEW, "alice's");
	ok(claims("approved-quorum-three.pem", BED_NOON, 21, &why) ==
	    COUNTERSIGN_CLAIM_REFUSED && why == COUNTERSIGN_R_POLICY_REFUSED,
	    "it does not move to another owner");
	ok(claims("approved-agent-rsa.pem", BED_NOON, 22, &why) ==
	    COUNTERSIGN_CLAIM_REFUSED && why == COUNTERSIGN_R_POLICY_REFUSED,
	    "nor to another key");
	ok(moves("move-owner = yes\n") &&
	    claims("approved-agent-rsa.pem", BED_NOON, 22, &why) ==
	    COUNTERSIGN_CLAIM_REFUSED && claims("approved-quorum-three.pem",
	    BED_NOON, 21, &why) == COUNTERSIGN_CLAIM_NEW,
	    "to an owner where the rule lets it");
	ok(moves("move-key = yes\n") &&
	    claims("approved-agent-rsa.pem", BED_NOON, 22, &why) ==
	    COUNTERSIGN_CLAIM_REFUSED && moves("move-key = yes\n"
	    "move-owner = yes\n") && claims("approved-agent-rsa.pem",
	    BED_NOON, 22, &why) == COUNTERSIGN_CLAIM_NEW, "to a key likewise");
	ok(moves(""), "and as it was");
}

/* A line may end between a verdict and its claim, which nobody changed. */
static void
test_later(void)
{
	const countersign_verifier_answer *a = answer(
	    "approved-before-revoked.pem", COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_terms t = terms(30);

	t.time = BED_NOON + 1;
	refused(a, &t, COUNTERSIGN_R_REVOKED, "a second later it is revoked");
	bed.p->release(inst, a);
}

static void
test_no_record(void)
{
	const countersign_verifier_answer *a = answer("approved-key.pem",
	    COUNTERSIGN_OP_ISSUE, BED_NOON);
	countersign_verifier_record r = {.size = sizeof(r), .time = BED_NOON,
	    .credential = {(const uint8_t *)"x", 1}};
	const countersign_verifier_claim *c, *done = NULL;
	countersign_verifier_terms t = terms(31);

	t.not_before = BED_NOON - 86400;
	c = claim(a, &t);
	ok(c != NULL && c->state == COUNTERSIGN_CLAIM_REFUSED &&
	    bed.p->record(inst, c, &r, &done, NULL, 0) ==
	    COUNTERSIGN_EUSAGE && done == NULL, "a refusal has no record");
	bed.p->release(inst, c);
	bed.p->release(inst, a);
}

/* The verdict behind it approved; what the host heard did not. */
static void
test_evidence(void)
{
	const uint8_t some[] = {0x80};
	cs_buf *b = bed_vector("approved-key.pem");
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	const countersign_verifier_claim *c = NULL;
	countersign_verifier_terms t = terms(32);

	in.evidence = (countersign_bytes){some, sizeof(some)};
	in.appraisal = COUNTERSIGN_APPRAISAL_REFUSED;
	ok(bed.p->verify(inst, &in, &a, NULL, 0) == COUNTERSIGN_OK &&
	    a->state == COUNTERSIGN_REFUSED &&
	    a->reason == COUNTERSIGN_R_EVIDENCE_REFUSED, "evidence refused");
	ok(bed.p->claim(inst, a, &t, &c, NULL, 0) == COUNTERSIGN_EUSAGE &&
	    c == NULL, "and no claim of that");
	bed.p->release(inst, a);
	cs_buf_free(&b);
}

static int
wait_for(cs_txn *t, void *arg, cs_err *e)
{
	int why = 0;

	(void)t;
	(void)e;
	*(int *)arg = asks("approved-key.pem", COUNTERSIGN_OP_CHECK, BED_NOON,
	    &why);
	return CS_OK;
}

/* Another instance, which reads the same store. */
static void
test_check_only(cs_store *s)
{
	countersign_verifier_config c = bed_config(&bed);
	countersign_instance *other = inst;
	int state = -1, why = 0;
	cs_err e = {0};

	c.store = bed.store;
	c.check_only = 1;
	inst = bed_open(&bed, &c);
	ok(inst != NULL && asks("approved-key.pem", COUNTERSIGN_OP_CHECK,
	    BED_NOON, &why) == COUNTERSIGN_APPROVED, "an instance for checks");
	ok(cs_store_write(s, wait_for, &state, true, soon(), &e) == CS_OK &&
	    state == COUNTERSIGN_APPROVED, "which waits for no writer");
	ok(asks("approved-key.pem", COUNTERSIGN_OP_ISSUE, BED_NOON, &why) ==
	    -1, "and does nothing else");
	bed.p->close(inst);
	inst = other;
}

static void
test_all(cs_store *s)
{
	test_check_only(s);
	test_life();
	test_kinds(s);
	test_terms();
	test_reload();
	test_watch();
	test_revocation(s);
	test_ca(s);
	test_subject(s);
	test_counter();
	test_moves();
	test_later();
	test_no_record();
	test_evidence();
}

int
main(void)
{
	countersign_verifier_config c;
	cs_store *s = NULL;

	if (!ok(bed_load(&bed), "the module is loaded"))
		return done_testing();
	if (!bed_store(&bed)) {
		skip("no SQLite");
		bed_stop(&bed);
		return done_testing();
	}
	c = bed_config(&bed);
	c.store = bed.store;
	c.skip_watch = 0;
	inst = bed_open(&bed, &c);
	s = store_open();
	if (ok(inst != NULL && s != NULL, "an instance with a store"))
		test_all(s);
	cs_store_close(&s);
	bed.p->close(inst);
	c.authority = "https://other.example";
	inst = NULL;
	ok(bed.p->open(&c, &inst, NULL, 0) == COUNTERSIGN_EREFUSED &&
	    inst == NULL, "another authority's store");
	bed_stop(&bed);
	return done_testing();
}
