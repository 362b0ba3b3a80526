/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/file.h"
#include "fmt/names.h"
#include "fuzz.h"
#include "verify/verify.h"

/* The whole way of a message, with the keys of the verdict vectors as anchors.
 * An input that begins with a zero tells in seven more octets what the verifier
 * is asked; another is a message, asked about in the plainest way. */

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define OPTIONS_LEN 8
#define CACHED 4

enum file { OWNERS, OWNERS_CA, OWNERS_SK, FILES };

static const cs_anchors *
anchors(enum file which)
{
	static const char *const names[FILES] = {FUZZ_OWNERS,
	    FUZZ_OWNERS "-ca", FUZZ_OWNERS "-sk"};
	static cs_anchors *a[FILES];
	cs_buf *b = NULL;

	if (a[which] != NULL)
		return a[which];
	if (cs_file_read(names[which], CS_MESSAGE_MAX, &b, NULL) == CS_OK)
		CHECK(cs_anchors_parse("owners", cs_buf_span(b), &a[which],
		    NULL) == CS_OK);
	else
		CHECK(cs_anchors_parse("none", cs_span_str(""), &a[which],
		    NULL) == CS_OK);
	cs_buf_free(&b);
	return a[which];
}

#define POLICIES 5
#define YEAR (INT64_C(366) * 86400)

/* The first is none. */
static const cs_policy *
policy(size_t which)
{
	static cs_policy *made[POLICIES];
	cs_rule r = {.trust_domain = cs_span_str("corp.example"),
	    .path = cs_span_str("/agent"), .file = "policy", .line = 1,
	    .max_lifetime = YEAR, .max_window = YEAR, .any_group = true,
	    .grants = which != 4, .batches = which != 4};

	if (which == 2) {
		r.any_group = false;
		r.groups[0] = cs_span_str("ops");
		r.n_groups = 1;
		r.quorum = 2;
	} else if (which == 3) {
		r.presence = r.hardware = r.verification = true;
	} else if (which == 4) {
		r.max_lifetime = r.max_window = 1200;
		r.evidence = true;
	}
	if (which != 0 && made[which] == NULL)
		CHECK(cs_policy_new(&r, 1, &made[which], NULL) == CS_OK);
	return made[which];
}

static cs_keycache *
cache(void)
{
	static cs_keycache *c;

	if (c == NULL)
		CHECK(cs_keycache_new(CACHED, &c, NULL) == CS_OK);
	return c;
}

/* What a store remembers of every key. */
static int
counter(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	const uint8_t how = *(const uint8_t *)arg;

	CHECK(key_hash != NULL && tbs_hash != NULL);
	if (how == 3)
		return cs_fail(e, CS_EIO, "fuzz", "forgotten");
	out->known = how != 0;
	out->value = how == 2 ? 0 : 7;
	out->recorded = how == 1;
	return CS_OK;
}

static int
revoked(void *arg, const cs_revoked_in *in, bool *found, char *text, size_t n,
    cs_err *e)
{
	const uint8_t how = *(const uint8_t *)arg;

	CHECK(text[0] == '\0' && n > 0);
	*found = how == 1 && in->owner.p != NULL &&
	    cs_span_is(in->owner, "mailto:dave@corp.example");
	return how != 3 ? CS_OK : cs_fail(e, CS_EIO, "fuzz", "forgotten");
}

static int
denied(void *arg, const uint8_t digest[CS_SHA256_LEN], int64_t now,
    int64_t *not_after, char *owner, size_t n, cs_err *e)
{
	const uint8_t how = *(const uint8_t *)arg;

	CHECK(n > CS_OWNER_MAX);
	*not_after = how == 2 && digest[0] < 8 ? now : 0;
	owner[0] = '\0';
	return how != 3 ? CS_OK : cs_fail(e, CS_EIO, "fuzz", "forgotten");
}

/* The first of each table is what is asked without options. */
static cs_verify_in
question(const uint8_t o[OPTIONS_LEN], cs_span message)
{
	static const char *const groups[] = {NULL, "ops", "opsx", "nobody", ""};
	static const char *const nonces[] = {NULL, "NNNNNNNNNNNNNNNN",
	    "NNNNNNNNNNNNNNNM", "N", ""};
	static const char *const where[] = {"https://corp.example",
	    "https://other.example", "", "https://corp.exampl"};
	static const char *const domains[] = {"corp.example", NULL,
	    "other.example", "corp.exampl", ""};
	static const int64_t times[] = {NOW, NOW - 300, NOW - 301, NOW + 900,
	    NOW + 901, NOW + 86400, NOW - 400 * INT64_C(86400), 0, INT64_MAX,
	    INT64_MIN, -1};
	static uint8_t how[] = {0, 1, 2, 3};
	static const cs_memory memories[] = {
		{&how[0], counter, revoked, denied},
		{&how[1], counter, revoked, denied},
		{&how[2], counter, revoked, denied},
		{.arg = &how[3], .counter = counter}};
	const uint8_t flags = o[7];

	return (cs_verify_in){
		.message = message,
		.anchors = anchors((flags & 8) != 0 ? OWNERS_SK :
		    (flags & 1) != 0 ? OWNERS_CA : OWNERS),
		.memory = (flags & 16) != 0 ? &memories[flags >> 5 & 3] : NULL,
		.composite = (flags & 2) != 0,
		.keys = (flags & 4) != 0 ? cache() : NULL,
		.quorum = o[1],
		.policy = policy(o[2] / 5 % POLICIES),
		.evidence_given = (o[3] & 64) != 0,
		.evidence_affirmed = (o[3] & 128) != 0,
		.quorum_group = cs_span_str(groups[o[2] % 5]),
		.nonce = cs_span_str(nonces[(o[3] & 63) % 5]),
		.authority = cs_span_str(where[o[4] % 4]),
		.trust_domain = cs_span_str(domains[o[5] % 5]),
		.now = times[o[6] % 11],
	};
}

static cs_verdict *
verdict(const cs_verify_in *in)
{
	cs_verdict *v = NULL;

	CHECK(cs_verify(in, &v, NULL) == CS_OK && v != NULL);
	if (cs_verdict_state(v) != CS_APPROVED) {
		CHECK(cs_verdict_count(v) == 0 && cs_verdict_at(v, 0) == NULL);
		CHECK(cs_verdict_error(v)->text[0] != '\0');
	}
	CHECK((cs_verdict_error(v)->detail == CS_R_NONE) ==
	    (cs_verdict_state(v) != CS_REFUSED));
	CHECK(cs_verdict_denial(v) == NULL ||
	    cs_verdict_state(v) == CS_DENIED);
	CHECK((cs_verdict_denied_until(v) != 0) ==
	    (cs_verdict_state(v) == CS_DENIED));
	return v;
}

static enum cs_state
state(cs_verify_in in)
{
	cs_verdict *v = verdict(&in);
	enum cs_state s = cs_verdict_state(v);

	cs_verdict_free(&v);
	return s;
}

/* What a security key signed, and nobody else said. */
static void
check_flags(const cs_verify_in *in, const cs_approved *a)
{
	const cs_authdata *auth = &a->approval->webauthn.auth;
	const cs_sshsig *ssh = &a->approval->sshsig;

	if (a->approval->carrier == CS_CARRIER_WEBAUTHN) {
		CHECK(a->anchor.type == CS_ANCHOR_FIDO2);
		CHECK(a->assurance.present == auth->present);
		CHECK(a->assurance.verified == auth->verified);
		CHECK(!auth->backup_eligible || !a->assurance.hardware);
		CHECK(a->counter.given && a->counter.value == auth->counter);
	} else if (a->approval->carrier == CS_CARRIER_SSHSIG) {
		CHECK(a->assurance.present == ssh->present);
		CHECK(a->assurance.verified == ssh->verified);
		CHECK(a->counter.given == ssh->key.is_sk);
	}
	CHECK(a->anchor.no_touch_required || a->assurance.present);
	CHECK(!a->anchor.verify_required || a->assurance.verified);
	CHECK(!a->anchor.counter_strict || !a->counter.given ||
	    (in->memory != NULL && !a->counter.regressed));
}

/* What each approval that counts has to be, whatever was asked. */
static void
check_approval(const cs_verify_in *in, const cs_verdict *v,
    const cs_approved *a)
{
	const cs_tbs *t = &a->approval->tbs;

	CHECK(t->decision == CS_APPROVE);
	CHECK(t->not_before <= in->now && in->now <= t->not_after);
	CHECK(cs_span_eq(t->authority, in->authority));
	CHECK(a->role == CS_ROLE_GRANT ? t->nonce.p == NULL :
	    cs_span_eq(t->nonce, in->nonce) ||
	    (t->nonce.p == NULL && in->nonce.p == NULL));
	CHECK(cs_span_eq(t->owner, a->anchor.owner));
	CHECK(cs_anchor_allows(&a->anchor, cs_verdict_request(v)->agent_id));
	CHECK(cs_verdict_not_after(v) <= t->not_after);
	CHECK(cs_verdict_max_lifetime(v) <= t->max_lifetime);
	CHECK(cs_verdict_max_issuances(v) <= t->max_issuances);
	if (a->role != CS_ROLE_USE) /* whose key is the holder's */
		check_flags(in, a);
}

/* How many owners there are: no quorum can be more. */
static size_t
count_owners(const cs_verify_in *in, const cs_verdict *v)
{
	size_t i, j, n = 0;

	for (i = 0; i < cs_verdict_count(v); i++) {
		for (j = 0; j < i; j++)
			if (cs_span_eq(cs_verdict_at(v, i)->anchor.owner,
				cs_verdict_at(v, j)->anchor.owner))
				break;
		n += j == i;
	}
	for (i = j = 0; i < cs_verdict_count(v); i++)
		j += cs_span_eq(cs_verdict_at(v, i)->anchor.group,
		    in->quorum_group);
	CHECK(in->quorum_group.p == NULL || j >= in->quorum);
	return n;
}

/* And what the agent's rule says of each. */
static void
check_rule(const cs_rule *r, const cs_verify_in *in, const cs_approved *a)
{
	const cs_tbs *t = &a->approval->tbs;

	CHECK(cs_rule_has(r, a->anchor.group));
	CHECK(t->max_lifetime <= r->max_lifetime);
	CHECK(t->not_after - t->not_before <= r->max_window);
	CHECK(r->grants || a->role == CS_ROLE_OWN);
	CHECK(r->batches || t->n_subjects == 1);
	CHECK(!r->evidence || (in->evidence_given && in->evidence_affirmed));
	if (a->role == CS_ROLE_USE)
		return;
	CHECK(!r->hardware || a->assurance.hardware);
	CHECK(!r->presence || a->assurance.present);
	CHECK(!r->verification || a->assurance.verified);
}

static void
check_rules(const cs_verify_in *in, const cs_verdict *v)
{
	const cs_rule *r = cs_verdict_rule(v);
	size_t i;

	CHECK((r != NULL) == (in->policy != NULL));
	for (i = 0; r != NULL && i < cs_verdict_count(v); i++)
		check_rule(r, in, cs_verdict_at(v, i));
	CHECK(r == NULL || count_owners(in, v) >= r->quorum);
}

static void
check_yes(const cs_verify_in *in, const cs_verdict *v)
{
	cs_span owner = cs_verdict_request(v)->intended_owner;
	size_t i;

	CHECK(cs_verdict_count(v) >= 1);
	for (i = 0; i < cs_verdict_count(v); i++)
		check_approval(in, v, cs_verdict_at(v, i));
	CHECK(owner.p == NULL ||
	    cs_span_eq(cs_verdict_at(v, 0)->anchor.owner, owner));
	CHECK(in->trust_domain.p == NULL ||
	    cs_span_eq(cs_verdict_request(v)->trust_domain, in->trust_domain));
	CHECK(count_owners(in, v) >= in->quorum);
	check_rules(in, v);
}

/* A yes stays one where less is asked, and is none for another time, challenge,
 * authority, or for more owners than there can be. */
static void
check_others(const cs_verify_in *in)
{
	cs_verify_in less = *in, more = *in;

	less.quorum = 0;
	less.quorum_group = less.trust_domain = (cs_span){0};
	less.policy = NULL;
	less.composite = false;
	less.keys = NULL;
	CHECK(state(less) == CS_APPROVED);
	more.quorum = CS_APPROVALS_MAX + 1;
	CHECK(state(more) == CS_REFUSED);
	more = *in;
	more.nonce = cs_span_str("a nonce that nobody signed");
	CHECK(state(more) == CS_REFUSED);
	more = *in;
	more.now += INT64_C(100000000);
	CHECK(state(more) == CS_REFUSED);
	more.now = in->now - INT64_C(100000000);
	CHECK(state(more) == CS_REFUSED);
	more = *in;
	more.authority = cs_span_str("https://nobody.example");
	CHECK(state(more) == CS_REFUSED);
}

static void
check_verdict(const cs_verify_in *in)
{
	cs_verdict *v = verdict(in);
	cs_verify_in plain = *in;

	plain.keys = NULL;
	if (in->keys != NULL)
		CHECK(state(plain) == cs_verdict_state(v));
	if (cs_verdict_state(v) == CS_APPROVED) {
		check_yes(in, v);
		check_others(in);
	}
	cs_verdict_free(&v);
}

static void
check_files(cs_span in)
{
	cs_buf *out[CS_APPROVALS_MAX] = {NULL};
	cs_approval *a = NULL;
	cs_csr *c = NULL;
	size_t n = 0, i;

	if (cs_request_read(in, &c, NULL) != CS_OK)
		CHECK(c == NULL);
	cs_csr_free(&c);
	if (cs_approvals_read(in, out, &n, NULL) == CS_OK)
		CHECK(n >= 1);
	CHECK(n <= CS_APPROVALS_MAX);
	for (i = 0; i < n; i++) {
		if (cs_approval_parse(cs_buf_span(out[i]), 0, &a, NULL) !=
		    CS_OK)
			CHECK(a == NULL);
		cs_approval_free(&a);
		cs_buf_free(&out[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t plain[OPTIONS_LEN];
	bool told = n >= OPTIONS_LEN && data[0] == 0;
	cs_span in = told ? cs_span_of(data + OPTIONS_LEN, n - OPTIONS_LEN) :
	    cs_span_of(data, n);
	cs_verify_in q = question(told ? data : plain, in);
	cs_message *m = NULL;

	check_files(in);
	if (cs_message_parse(in, &m, NULL) != CS_OK)
		CHECK(m == NULL);
	else
		CHECK(m->csr != NULL && m->n <= CS_APPROVALS_MAX);
	cs_message_free(&m);
	check_verdict(&q);
	return 0;
}
