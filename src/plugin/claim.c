/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "crypt/pubkey.h"
#include "plugin/owner.h"
#include "plugin/sized.h"
#include "store/memory.h"
#include "verify/bound.h"

static const char where[] = "plugin";

#define SERIAL_MAX 20
/* What the audit log wants of one approval beside what the verdict has */
#define AUDIT_ROOM (CS_APPROVAL_MAX + 8 * 1024)

_Static_assert((int)COUNTERSIGN_CLAIM_NEW == CS_CLAIM_NEW &&
    (int)COUNTERSIGN_CLAIM_AGAIN == CS_CLAIM_AGAIN &&
    (int)COUNTERSIGN_CLAIM_STORED == CS_CLAIM_STORED, "the states of store/");

static void
approval_of(const cs_approved *a, const cs_audit_approval *audit,
    cs_claim_approval *out)
{
	const cs_tbs *t = &a->approval->tbs;

	*out = (cs_claim_approval){
		.audit = audit,
		.tbs_hash = cs_span_of(a->tbs_hash, sizeof(a->tbs_hash)),
		.key_hash = t->owner_key_hash,
		.approval_id = t->approval_id,
		.subject = a->role == CS_ROLE_GRANT ? 0 : a->subject,
		.not_before = t->not_before,
		.not_after = t->not_after,
		.max_issuances = t->max_issuances,
		.counter_given = a->counter.given,
		.counter_strict = a->anchor.counter_strict,
		.counter = a->counter.value,
	};
}

/* Who vouched for the owner's key may be revoked as he may. */
static int
fill_path(const cs_approved *a, cs_claim_approval *out, cs_err *e)
{
	const cs_chain *c = a->path == NULL ? NULL : a->path->chain;
	const uint8_t *hash;
	size_t i;

	for (i = 1; c != NULL && (hash = cs_chain_key_hash(c, i)) != NULL;
	    i++) {
		if (out->n_path == CS_CLAIM_PATH_MAX)
			return cs_fail(e, CS_EBUG, where, "a path too long");
		out->path[out->n_path++] = cs_span_of(hash, CS_SHA256_LEN);
	}
	return CS_OK;
}

static int
fill_approvals(const cs_verdict *v, cs_audit_approval audit[],
    cs_claim_in *how, cs_buf *own, cs_err *e)
{
	size_t i;
	int r;

	how->n = cs_verdict_count(v);
	for (i = 0; i < how->n; i++) {
		r = cs_approved_audit(cs_verdict_at(v, i), &audit[i], own, e);
		if (r != CS_OK)
			return r;
		approval_of(cs_verdict_at(v, i), &audit[i], &how->at[i]);
		if ((r = fill_path(cs_verdict_at(v, i), &how->at[i], e)) !=
		    CS_OK)
			return r;
	}
	return CS_OK;
}

int
cs_owner_keep(countersign_instance *i, const struct question *q,
    const cs_set *set, const cs_verdict *v, cs_claim_in *how, cs_claim **out,
    cs_err *e)
{
	uint8_t key_hash[CS_SHA256_LEN], digest[CS_SHA256_LEN];
	cs_audit_approval audit[CS_AUDIT_APPROVALS_MAX] = {{0}};
	const cs_csr *c = cs_verdict_request(v);
	const cs_rule *rule = cs_policy_find(set->policy, c->trust_domain,
	    c->agent_id);
	cs_buf *own = cs_buf_new(cs_verdict_count(v) * AUDIT_ROOM);
	int r;

	(void)q;
	*out = NULL;
	if (own == NULL)
		return cs_nomem(e, where);
	if ((r = cs_key_hash(&c->key, key_hash, e)) != CS_OK ||
	    (r = cs_request_digest(c, digest, e)) != CS_OK ||
	    (r = fill_approvals(v, audit, how, own, e)) != CS_OK)
		goto out;
	how->agent_id = c->agent_id;
	how->agent_key = c->key;
	how->agent_key_hash = cs_span_of(key_hash, sizeof(key_hash));
	how->request_digest = cs_span_of(digest, sizeof(digest));
	how->owner = cs_verdict_at(v, 0)->approval->tbs.owner;
	how->may_move_owner = rule != NULL && rule->move_owner;
	how->may_move_key = rule != NULL && rule->move_key;
	r = cs_claim_make(i->store, how, out, e);
out:
	cs_buf_free(&own);
	return r;
}

static int
keep_denial(countersign_instance *i, const struct question *q,
    const cs_csr *c, const cs_approved *a, cs_err *e)
{
	uint8_t digest[CS_SHA256_LEN];
	cs_audit_approval audit = {0};
	cs_stored_denial d = {.approval = &audit, .time = q->time};
	cs_buf *own = NULL;
	int r;

	if ((own = cs_buf_new(AUDIT_ROOM)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_request_digest(c, digest, e)) != CS_OK ||
	    (r = cs_approved_audit(a, &audit, own, e)) != CS_OK)
		goto out;
	d.agent_id = c->agent_id;
	d.request_digest = cs_span_of(digest, sizeof(digest));
	d.owner = a->approval->tbs.owner;
	d.key_hash = a->approval->tbs.owner_key_hash;
	d.tbs_hash = cs_span_of(a->tbs_hash, sizeof(a->tbs_hash));
	d.not_before = a->approval->tbs.not_before;
	d.not_after = a->approval->tbs.not_after;
	d.counter_given = a->counter.given;
	d.counter = a->counter.value;
	d.der = audit.approval;
	r = cs_denial_keep(i->store, &d, q->deadline_ms, e);
out:
	cs_buf_free(&own);
	return r;
}

int
cs_owner_keep_denials(countersign_instance *i, const struct question *q,
    const cs_verdict *v, cs_err *e)
{
	const cs_approved *a;
	int r = CS_OK;
	size_t at = 0;

	while (r == CS_OK && (a = cs_verdict_next_denial(v, &at)) != NULL)
		r = keep_denial(i, q, cs_verdict_request(v), a, e);
	return r;
}

static int
get_terms(const countersign_verifier_terms *from, cs_claim_in *how, cs_err *e)
{
	countersign_verifier_terms t;
	int r;

	r = cs_sized_get(from, "terms",
	    CS_SIZED_TO(countersign_verifier_terms, digest), &t, sizeof(t), e);
	if (r != CS_OK ||
	    (r = cs_sized_number(t.kind, "kind", COUNTERSIGN_KIND_X509,
	    COUNTERSIGN_KIND_WIT, e)) != CS_OK ||
	    (r = cs_sized_time(t.time, "time", e)) != CS_OK ||
	    (r = cs_sized_time(t.not_before, "not_before", e)) != CS_OK ||
	    (r = cs_sized_time(t.not_after, "not_after", e)) != CS_OK ||
	    (r = cs_sized_deadline(t.deadline_ms, &how->deadline_ms, e)) !=
	    CS_OK ||
	    (r = cs_sized_bytes(t.serial, "serial", 1, SERIAL_MAX,
	    &how->serial, e)) != CS_OK ||
	    (r = cs_sized_bytes(t.digest, "digest", CS_SHA256_LEN,
	    CS_SHA256_LEN, &how->body_digest, e)) != CS_OK ||
	    (r = cs_sized_bytes(t.fields, "fields", 0, CS_FIELDS_MAX,
	    &how->fields, e)) != CS_OK)
		return r;
	if (how->fields.p == NULL)
		how->fields = cs_span_of("", 0);
	how->kind = (int)t.kind;
	how->now = t.time;
	how->not_before = t.not_before;
	how->not_after = t.not_after;
	if (t.not_before > t.time || t.not_after < t.time)
		return cs_fail(e, CS_EUSAGE, where,
		    "terms: expected a credential that is valid at %" PRId64
		    ", found %" PRId64 " to %" PRId64, t.time, t.not_before,
		    t.not_after);
	return CS_OK;
}

/* Of the credential, by what was approved. */
static int
check_terms(const cs_verdict *v, const cs_claim_in *how, cs_err *e)
{
	int64_t life = how->not_after - how->not_before, begin = 0;
	size_t i;

	for (i = 0; i < cs_verdict_count(v); i++)
		if (cs_verdict_at(v, i)->approval->tbs.not_before > begin)
			begin = cs_verdict_at(v, i)->approval->tbs.not_before;
	if (how->not_before < begin)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_NOT_YET_VALID,
		    where, "expected a credential that begins with the "
		    "approval's window, %" PRId64 ", or later, found %" PRId64,
		    begin, how->not_before);
	if (life > cs_verdict_max_lifetime(v))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_LIFETIME_EXCEEDED,
		    where, "expected a credential of at most %" PRId64
		    " seconds, found %" PRId64, cs_verdict_max_lifetime(v),
		    life);
	if (how->now > cs_verdict_not_after(v))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_EXPIRED, where,
		    "expected a claim until %" PRId64 ", found one at %" PRId64,
		    cs_verdict_not_after(v), how->now);
	return CS_OK;
}

/* What owners, policy and time say now, which is what they said when neither
 * is another one; the store is asked in the claim itself. */
static int
judge_again(countersign_instance *i, const struct answer *a,
    const cs_set *set, const cs_claim_in *how, cs_verdict **out, cs_err *e)
{
	struct question q = a->asked;
	cs_err why;
	int r;

	q.time = how->now;
	q.deadline_ms = how->deadline_ms;
	if ((r = cs_owner_judge(i, &q, set, out, e)) != CS_OK)
		return r;
	if (cs_verdict_state(*out) == CS_APPROVED)
		return CS_OK;
	why = *cs_verdict_error(*out);
	cs_verdict_free(out);
	return cs_fail_detail(e, CS_EREFUSED, why.detail, where, "%s",
	    why.text);
}

static int
make_with(countersign_instance *i, const struct answer *a, const cs_set *set,
    cs_claim_in *how, cs_claim **out, cs_err *e)
{
	const cs_verdict *v = a->verdict;
	cs_verdict *again = NULL;
	int r = CS_OK;

	if (set != a->set || how->now != a->asked.time) {
		r = judge_again(i, a, set, how, &again, e);
		v = again;
	}
	if (r == CS_OK)
		r = check_terms(v, how, e);
	if (r == CS_OK)
		r = cs_owner_keep(i, &a->asked, set, v, how, out, e);
	cs_verdict_free(&again);
	return r;
}

static int
make(countersign_instance *i, const struct answer *a, cs_claim_in *how,
    cs_claim **out, cs_err *e)
{
	const cs_set *set;
	int r;

	if (i->store == NULL)
		return cs_fail(e, CS_EIO, where,
		    "expected a store, found none");
	cs_owner_watch(i);
	set = cs_set_hold(i->sets);
	r = make_with(i, a, set, how, out, e);
	cs_set_drop(i->sets, set);
	return r;
}

static struct claim *
claim_new(countersign_instance *i)
{
	struct claim *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->given = (struct given){GIVEN_CLAIM, i};
	c->pub.size = sizeof(c->pub);
	c->pub.text = c->why.text;
	return c;
}

/* Shows what the store said, or that it refused with c->why. */
static int
show(countersign_instance *i, struct claim *c, int r)
{
	const cs_claim *s = c->stored;

	if (r == CS_EIO)
		cs_owner_log(i, COUNTERSIGN_LOG_ERROR, "store", &c->why);
	if (r != CS_OK) {
		r = cs_refusal(r, &c->why);
		c->pub.reason = (uint32_t)c->why.detail;
		return r;
	}
	c->pub.number = s->number;
	c->pub.serial = cs_sized_out(s->serial);
	c->pub.not_before = s->not_before;
	c->pub.not_after = s->not_after;
	c->pub.digest = cs_sized_out(s->digest);
	c->pub.fields = cs_sized_out(s->fields);
	c->pub.credential = cs_sized_out(s->credential);
	c->pub.state = (uint32_t)s->state;
	return CS_OK;
}

/* Hands over what was shown; or its failure. */
static int
give(struct claim **c, int r, struct claim **out, cs_err *e)
{
	if (r == CS_OK) {
		*out = *c;
		*c = NULL; /* transferred */
	} else {
		*e = (*c)->why;
	}
	cs_claimed_free(c);
	return r;
}

int
cs_owner_claim(countersign_instance *i, const struct answer *a,
    const countersign_verifier_terms *terms, struct claim **out, cs_err *e)
{
	cs_claim_in how = {0};
	struct claim *c = NULL;
	int r;

	*out = NULL;
	if ((r = get_terms(terms, &how, e)) != CS_OK)
		return r;
	if (a->pub.state != COUNTERSIGN_APPROVED ||
	    cs_verdict_state(a->verdict) != CS_APPROVED ||
	    a->asked.operation == COUNTERSIGN_OP_CHECK)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected an answer that approves an issuance");
	if ((c = claim_new(i)) == NULL)
		return cs_nomem(e, where);
	r = make(i, a, &how, &c->stored, &c->why);
	return give(&c, show(i, c, r), out, e);
}

int
cs_owner_record(countersign_instance *i, const struct claim *claimed,
    const countersign_verifier_record *from, struct claim **out, cs_err *e)
{
	countersign_verifier_record in;
	cs_span credential = {0};
	struct claim *c = NULL;
	int64_t deadline = 0;
	int r;

	*out = NULL;
	r = cs_sized_get(from, "record",
	    CS_SIZED_TO(countersign_verifier_record, credential), &in,
	    sizeof(in), e);
	if (r != CS_OK || (r = cs_sized_time(in.time, "time", e)) != CS_OK ||
	    (r = cs_sized_deadline(in.deadline_ms, &deadline, e)) != CS_OK ||
	    (r = cs_sized_bytes(in.credential, "credential", 1,
	    CS_CREDENTIAL_MAX, &credential, e)) != CS_OK)
		return r;
	if (claimed->stored == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a claim that was made, found a refusal");
	if ((c = claim_new(i)) == NULL)
		return cs_nomem(e, where);
	r = cs_claim_record(i->store, claimed->stored->number,
	    claimed->stored->serial, credential, in.time, deadline, &c->stored,
	    &c->why);
	return give(&c, show(i, c, r), out, e);
}

void
cs_claimed_free(struct claim **c)
{
	if (c == NULL || *c == NULL)
		return;
	cs_claim_free(&(*c)->stored);
	free(*c);
	*c = NULL;
}
