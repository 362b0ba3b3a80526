/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "plugin/owner.h"
#include "plugin/sized.h"
#include "store/memory.h"
#include "store/revoke.h"

static const char where[] = "plugin";

#define NONCE_MIN 16
#define NONCE_MAX 64

/* What a verdict asks of the store. */
struct recall {
	cs_store *store;
	int64_t deadline_ms;
};

static int
recall_counter(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	const struct recall *m = arg;
	cs_stored_counter c = {0};
	int r;

	r = cs_store_counter(m->store, cs_span_of(key_hash, CS_SHA256_LEN),
	    cs_span_of(tbs_hash, CS_SHA256_LEN), m->deadline_ms, &c, e);
	if (r == CS_OK)
		*out = (cs_last_counter){c.known, c.value, c.recorded};
	return r;
}

static int
recall_revoked(void *arg, const cs_revoked_in *in, bool *found, char *text,
    size_t text_len, cs_err *e)
{
	const struct recall *m = arg;
	cs_revoked_ask ask = {in->owner, in->key_hash, in->agent_id,
	    in->tbs_hash, in->approval_id};

	return cs_revoked(m->store, &ask, m->deadline_ms, found, text,
	    text_len, e);
}

static int
recall_denied(void *arg, const uint8_t request_digest[CS_SHA256_LEN],
    int64_t now, int64_t *not_after, char *owner, size_t owner_len, cs_err *e)
{
	const struct recall *m = arg;

	return cs_denial_find(m->store, cs_span_of(request_digest,
	    CS_SHA256_LEN), now, m->deadline_ms, not_after, owner, owner_len,
	    e);
}

int
cs_owner_judge(countersign_instance *i, const struct question *q,
    const cs_set *set, cs_verdict **out, cs_err *e)
{
	struct recall recall = {i->store, q->deadline_ms};
	const cs_memory memory = {&recall, recall_counter, recall_revoked,
	    recall_denied};
	cs_verify_in in = {
		.message = q->message,
		.anchors = set->anchors,
		.authority = cs_span_str(i->authority),
		.nonce = q->nonce,
		.composite = q->composite,
		.now = q->time,
		.policy = set->policy,
		.memory = i->store == NULL ? NULL : &memory,
		.evidence_given = q->evidence_given,
		.evidence_affirmed = q->evidence_affirmed,
	};
	int r;

	*out = NULL;
	if ((r = cs_keypool_take(&i->keys, &in.keys, e)) == CS_OK)
		r = cs_verify(&in, out, e);
	cs_keypool_put(&i->keys, &in.keys);
	return r;
}

int
cs_refusal(int r, cs_err *why)
{
	if (r == CS_EREFUSED)
		return CS_OK;
	if (r != CS_EIO)
		return r;
	why->detail = CS_R_STORE_UNAVAILABLE;
	return CS_OK;
}

static int
get_input(const countersign_verifier_input *from,
    countersign_verifier_input *in, cs_err *e)
{
	int r;

	r = cs_sized_get(from, "input",
	    CS_SIZED_TO(countersign_verifier_input, time), in, sizeof(*in), e);
	if (r != CS_OK ||
	    (r = cs_sized_number(in->operation, "operation",
	    COUNTERSIGN_OP_ISSUE, COUNTERSIGN_OP_CHECK, e)) != CS_OK ||
	    (r = cs_sized_number(in->appraisal, "appraisal",
	    COUNTERSIGN_APPRAISAL_NONE, COUNTERSIGN_APPRAISAL_REFUSED, e)) !=
	    CS_OK ||
	    (r = cs_sized_number(in->composite, "composite", 0, 1, e)) !=
	    CS_OK)
		return r;
	return cs_sized_time(in->time, "time", e);
}

/* What is given as none is none: an empty nonce would be one that is lost. */
static int
get_spans(const countersign_verifier_input *in, struct question *q, cs_err *e)
{
	cs_span evidence = {0};
	int r;

	if ((r = cs_sized_bytes(in->message, "message", 0, SIZE_MAX,
	    &q->message, e)) != CS_OK ||
	    (r = cs_sized_bytes(in->evidence, "evidence", 0, SIZE_MAX,
	    &evidence, e)) != CS_OK)
		return r;
	if ((in->nonce.ptr != NULL || in->nonce.len != 0) &&
	    (r = cs_sized_bytes(in->nonce, "nonce", NONCE_MIN, NONCE_MAX,
	    &q->nonce, e)) != CS_OK)
		return r;
	if (q->message.p == NULL)
		q->message = cs_span_of("", 0);
	q->evidence_given = evidence.n != 0;
	if (!q->evidence_given && in->appraisal != COUNTERSIGN_APPRAISAL_NONE)
		return cs_fail(e, CS_EUSAGE, where,
		    "an appraisal without evidence");
	q->evidence_affirmed =
	    in->appraisal == COUNTERSIGN_APPRAISAL_AFFIRMED;
	q->evidence_refused = in->appraisal == COUNTERSIGN_APPRAISAL_REFUSED;
	return CS_OK;
}

static int
get_question(const countersign_instance *i,
    const countersign_verifier_input *from, struct question *q, cs_err *e)
{
	countersign_verifier_input in;
	int r;

	if ((r = get_input(from, &in, e)) != CS_OK ||
	    (r = cs_sized_deadline(in.deadline_ms, &q->deadline_ms, e)) !=
	    CS_OK || (r = get_spans(&in, q, e)) != CS_OK)
		return r;
	if (i->check_only && in.operation != COUNTERSIGN_OP_CHECK)
		return cs_fail(e, CS_EUSAGE, where, "an instance for checks "
		    "alone: found operation %" PRIu32, in.operation);
	q->operation = in.operation;
	q->composite = in.operation != COUNTERSIGN_OP_CHECK ||
	    in.composite != 0;
	q->time = in.time;
	q->other_authority = in.authority != NULL &&
	    strcmp(in.authority, i->authority) != 0;
	if (q->other_authority)
		(void)cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_AUTHORITY,
		    where, "expected a question to %s, found one to %s",
		    i->authority, in.authority);
	return CS_OK;
}

void
cs_owner_watch(countersign_instance *i)
{
	bool changed = false;
	cs_err e = {0};

	if (!i->watches)
		return;
	if (cs_set_watch(i->sets, cs_time_mono_ms(), &changed, &e) != CS_OK)
		cs_owner_log(i, COUNTERSIGN_LOG_ERROR,
		    "owners and policy stay as they were", &e);
	else if (changed)
		cs_owner_log(i, COUNTERSIGN_LOG_INFO,
		    "owners and policy have changed", NULL);
}

static int
try_kind(countersign_instance *i, const struct answer *a, int kind, cs_err *e)
{
	static const uint8_t nothing[CS_SHA256_LEN];
	const cs_verdict *v = a->verdict;
	cs_claim_in how = {
		.kind = kind,
		.now = a->asked.time,
		.serial = cs_span_of(nothing, 16),
		.not_before = a->asked.time,
		.not_after = a->asked.time + cs_verdict_max_lifetime(v),
		.body_digest = cs_span_of(nothing, sizeof(nothing)),
		.fields = cs_span_of("", 0),
		.dry = true,
		.deadline_ms = a->asked.deadline_ms,
	};
	cs_claim *c = NULL;
	int r;

	r = cs_owner_keep(i, &a->asked, a->set, v, &how, &c, e);
	cs_claim_free(&c);
	return r;
}

/* Would an issuance be refused that began now? Nobody says of which kind. */
static int
try_claim(countersign_instance *i, const struct answer *a, cs_err *e)
{
	int r;

	if ((r = try_kind(i, a, COUNTERSIGN_KIND_X509, e)) != CS_OK)
		return cs_wrap(e, "an X.509 credential");
	if ((r = try_kind(i, a, COUNTERSIGN_KIND_WIT, e)) != CS_OK)
		return cs_wrap(e, "a WIT");
	return CS_OK;
}

/* What the store has to say, or has to keep, before anybody hears of it. */
static int
ask_store(countersign_instance *i, const struct answer *a, cs_err *e)
{
	bool check = a->asked.operation == COUNTERSIGN_OP_CHECK;

	if (i->store == NULL)
		return CS_OK;
	switch (cs_verdict_state(a->verdict)) {
	case CS_APPROVED:
		return check ? try_claim(i, a, e) : CS_OK;
	case CS_DENIED:
		return check ? CS_OK :
		    cs_owner_keep_denials(i, &a->asked, a->verdict, e);
	case CS_REFUSED:
	case CS_PENDING:
		break;
	}
	return CS_OK;
}

/* For claim, which may have to ask again. The host's octets end with the
 * call. */
static int
keep_question(struct answer *a, cs_err *e)
{
	struct question *q = &a->asked;
	cs_span all;

	if (cs_verdict_state(a->verdict) != CS_APPROVED) {
		q->message = q->nonce = (cs_span){0};
		return CS_OK;
	}
	if ((a->own = cs_buf_new(q->message.n + q->nonce.n + 1)) == NULL ||
	    cs_buf_put(a->own, q->message) != CS_OK || (q->nonce.n != 0 &&
	    cs_buf_put(a->own, q->nonce) != CS_OK))
		return cs_nomem(e, where);
	all = cs_buf_span(a->own);
	if (q->nonce.n == 0)
		q->nonce = cs_span_of(NULL, 0);
	else
		q->nonce = cs_span_cut(all, q->message.n, q->nonce.n);
	q->message = cs_span_cut(all, 0, q->message.n);
	return CS_OK;
}

/* The state is set last, to the verdict's: all else is a refusal. */
static int
reach(countersign_instance *i, struct answer *a, cs_err *e)
{
	cs_err why = {0};
	int r;

	if ((r = cs_owner_judge(i, &a->asked, a->set, &a->verdict, e)) !=
	    CS_OK || (r = cs_answer_fill(a, e)) != CS_OK)
		return r;
	if (a->asked.evidence_refused &&
	    cs_verdict_state(a->verdict) == CS_APPROVED)
		r = cs_fail_detail(&why, CS_EREFUSED, CS_R_EVIDENCE_REFUSED,
		    where, "expected evidence that is affirmed, found it "
		    "refused");
	else
		r = ask_store(i, a, &why);
	if (r != CS_OK) {
		if (r == CS_EIO)
			cs_owner_log(i, COUNTERSIGN_LOG_ERROR, "store", &why);
		if ((r = cs_refusal(r, &why)) != CS_OK)
			*e = why;
		else
			cs_answer_refuse(a, &why);
		return r;
	}
	if ((r = keep_question(a, e)) == CS_OK)
		a->pub.state = (uint32_t)cs_verdict_state(a->verdict);
	return r;
}

int
cs_owner_verify(countersign_instance *i, const countersign_verifier_input *in,
    struct answer **out, cs_err *e)
{
	struct answer *a = calloc(1, sizeof(*a));
	cs_err why = {0};
	int r;

	*out = NULL;
	if (a == NULL)
		return cs_nomem(e, where);
	a->given = (struct given){GIVEN_ANSWER, i};
	a->pub.size = sizeof(a->pub);
	a->pub.text = a->why.text;
	if ((r = get_question(i, in, &a->asked, &why)) != CS_OK) {
		*e = why;
	} else if (a->asked.other_authority) {
		cs_answer_refuse(a, &why);
	} else {
		cs_owner_watch(i);
		a->set = cs_set_hold(i->sets);
		r = reach(i, a, e);
	}
	if (r == CS_OK) {
		*out = a;
		a = NULL; /* transferred */
	}
	cs_answer_free(&a);
	return r;
}
