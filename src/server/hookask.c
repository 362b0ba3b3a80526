/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "server/hook.h"
#include "store/claim.h"
#include "store/issued.h"

/*
 * One call, to its verdict. What is claimed at ENRICHING is recorded at
 * AUTHORIZING, with the call's body in the certificate's place, which its CA
 * has yet to sign: before that the same request is given the same again, and
 * after it, too, until two thirds of its life are over.
 */

static const char where[] = "server/hook";

#define BACKDATED 60 /* as of a credential of ours */
#define BINDINGS_MAX (32 * 1024) /* more than that as digests */
#define SERIAL_LEN 16

struct ask { /* one call */
	const cs_hook *h;
	const cs_hook_call *call;
	cs_span body;
	int64_t now, deadline_ms;
	cs_hook_told *out;
};

static int
tell_about(cs_hook_told *t, cs_span agent, cs_span digest, cs_err *e)
{
	if (digest.p != NULL && digest.n == sizeof(t->digest)) {
		memcpy(t->digest, digest.p, digest.n);
		t->has_digest = true;
	}
	cs_buf_free(&t->agent);
	return agent.p == NULL || (t->agent = cs_buf_dup(agent)) != NULL ?
	    CS_OK : cs_nomem(e, where);
}

/* By the approvals, at this moment. */
static int
judge(const struct ask *a, cs_span message, cs_judged *j, cs_err *e)
{
	const cs_question q = {.operation = COUNTERSIGN_OP_WEBHOOK,
	    .message = message, .now = a->now, .deadline_ms = a->deadline_ms};
	int rc;

	if ((rc = cs_plug_judge(&a->h->plug, &q, j, e)) != CS_OK ||
	    (rc = tell_about(a->out, cs_plug_span(j->a.agent),
	    cs_plug_span(j->a.request_digest), e)) != CS_OK)
		return rc;
	return j->a.state == COUNTERSIGN_APPROVED ? CS_OK :
	    cs_judged_refusal(j, e);
}

static int
set_times(const struct ask *a, const cs_judged *j,
    countersign_verifier_terms *t, cs_err *e)
{
	int64_t life = a->h->conf->lifetime;

	t->not_before = a->now - BACKDATED;
	if (t->not_before < j->a.not_before)
		t->not_before = j->a.not_before;
	if (life > j->a.max_lifetime)
		life = j->a.max_lifetime;
	t->not_after = t->not_before + life;
	if (t->not_before <= a->now && t->not_after > a->now)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_LIFETIME_EXCEEDED, where,
	    "expected a certificate that lives at %" PRId64 ", found %" PRId64
	    " to %" PRId64 " by the limits of the approval and the server",
	    a->now, t->not_before, t->not_after);
}

/* With approvals as long as they fit, else with their digests. */
static int
make_fields(const struct ask *a, const cs_judged *j, uint8_t digest[32],
    cs_buf *out, cs_err *e)
{
	cs_span bindings = cs_plug_span(j->a.bindings);
	int rc;

	if (a->h->conf->digest_only || bindings.n > BINDINGS_MAX)
		bindings = cs_plug_span(j->a.bindings_digest);
	if ((rc = cs_sha256(bindings, digest, e)) != CS_OK)
		return rc;
	if (cs_hook_fields_put(bindings, a->call->request, out, NULL) == CS_OK)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, where,
	    "a request of %zu octets with %zu octets of bindings",
	    a->call->request.n, bindings.n);
}

/* What was claimed now, or before: the same goes out. */
static int
tell_terms(const struct ask *a, const cs_judged *j, const cs_claimed *c,
    cs_err *e)
{
	cs_hook_terms t = {.agent = cs_plug_span(j->a.agent),
	    .request_digest = cs_plug_span(j->a.request_digest),
	    .serial = cs_plug_span(c->c.serial),
	    .not_before = c->c.not_before, .not_after = c->c.not_after};
	uint8_t digest[CS_SHA256_LEN];
	int rc;

	if (cs_hook_fields_get(cs_plug_span(c->c.fields), &t.bindings,
	    &t.message, NULL) != CS_OK)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_POLICY_REFUSED,
		    where, "this request was claimed by a server that issues "
		    "by itself: a webhook has a store of its own");
	if ((rc = cs_sha256(t.bindings, digest, e)) != CS_OK)
		return rc;
	if (!cs_span_eq(cs_span_of(digest, sizeof(digest)),
	    cs_plug_span(c->c.digest)))
		return cs_fail_detail(e, CS_EBUG, CS_R_INTERNAL, where,
		    "a claim's bindings are not its digest's");
	return cs_hook_allow_put(&t, a->out->body, e);
}

static int
claim(const struct ask *a, const cs_judged *j, cs_err *e)
{
	countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = COUNTERSIGN_KIND_X509, .time = a->now,
	    .deadline_ms = a->deadline_ms};
	uint8_t serial[SERIAL_LEN], digest[CS_SHA256_LEN];
	cs_buf *fields = cs_buf_new(CS_FIELDS_MAX);
	cs_claimed c = {0};
	cs_span f;
	int rc;

	if (fields == NULL)
		return cs_nomem(e, where);
	if ((rc = set_times(a, j, &t, e)) != CS_OK ||
	    (rc = cs_random(serial, sizeof(serial), e)) != CS_OK ||
	    (rc = make_fields(a, j, digest, fields, e)) != CS_OK)
		goto out;
	/* A positive INTEGER of 16 octets. */
	serial[0] &= 0x7f;
	if (serial[0] == 0)
		serial[0] = 1;
	f = cs_buf_span(fields);
	t.serial = (countersign_bytes){serial, sizeof(serial)};
	t.digest = (countersign_bytes){digest, sizeof(digest)};
	t.fields = (countersign_bytes){f.p, f.n};
	if ((rc = cs_plug_claim(&a->h->plug, j, &t, &c, e)) == CS_OK)
		rc = tell_terms(a, j, &c, e);
	cs_claimed_clear(&a->h->plug, &c);
out:
	cs_buf_free(&fields);
	return rc;
}

static int
enrich(const struct ask *a, cs_err *e)
{
	cs_judged j = {0};
	int rc;

	if ((rc = judge(a, a->call->request, &j, e)) == CS_OK)
		rc = claim(a, &j, e);
	cs_judged_clear(&a->h->plug, &j);
	return rc;
}

/* The claim within whose terms the certificate is. */
struct found {
	const struct ask *a;
	bool any, ended;
	int64_t number;         /* 0: none */
	cs_buf *serial, *bindings, *message;
	cs_err why;             /* of the last one, why it is not that */
};

static int
keep_found(struct found *f, const cs_stored_claim *c, const cs_hook_terms *t,
    cs_err *e)
{
	f->number = c->number;
	f->serial = cs_buf_dup(c->serial);
	f->bindings = cs_buf_dup(t->bindings);
	f->message = cs_buf_dup(t->message);
	return f->serial != NULL && f->bindings != NULL &&
	    f->message != NULL ? CS_OK : cs_nomem(e, where);
}

static int
look_at(void *arg, const cs_stored_claim *c, cs_span digest, cs_span fields,
    cs_err *e)
{
	cs_hook_terms t = {.agent = c->agent_id,
	    .not_before = c->not_before, .not_after = c->not_after};
	struct found *f = arg;
	cs_err why = {0};

	(void)digest; /* the approvals are judged again */
	if (f->number != 0 || cs_hook_fields_get(fields, &t.bindings,
	    &t.message, NULL) != CS_OK)
		return CS_OK;
	if (c->ended != 0)
		(void)cs_fail_detail(&why, CS_EREFUSED, CS_R_REVOKED, where,
		    "%.*s", (int)c->end_reason.n,
		    (const char *)c->end_reason.p);
	else if (cs_hook_hold(&f->a->call->cert, &t, f->a->now, &why) == CS_OK)
		return keep_found(f, c, &t, e);
	/* Of several the newest says why, and one that lives. */
	if (!f->any || (f->ended && c->ended == 0)) {
		f->why = why;
		f->ended = c->ended != 0;
	}
	f->any = true;
	return CS_OK;
}

static int
find(const struct ask *a, struct found *f, cs_err *e)
{
	const cs_hook_cert *c = &a->call->cert;
	uint8_t hash[CS_SHA256_LEN];
	cs_issued_ask ask = {.agent_id = c->uri,
	    .kind = COUNTERSIGN_KIND_X509, .now = a->now,
	    .deadline_ms = a->deadline_ms};
	cs_spki key = {0};
	int rc;

	if ((rc = cs_spki_parse(c->key, &key, e)) != CS_OK ||
	    (rc = cs_key_hash(&key, hash, e)) != CS_OK)
		return rc;
	if (c->uri.p == NULL || cs_agent_id_check(c->uri, NULL, NULL) != CS_OK)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_BINDING_MISMATCH,
		    where, "expected the name of an agent as the one URI");
	if ((rc = tell_about(a->out, c->uri, (cs_span){0}, e)) != CS_OK)
		return rc;
	ask.key_hash = cs_span_of(hash, sizeof(hash));
	if ((rc = cs_issued_of_key(a->h->store, &ask, look_at, f, e)) !=
	    CS_OK || f->number != 0)
		return rc;
	if (f->any) {
		*e = f->why;
		return CS_EREFUSED;
	}
	return cs_fail_detail(e, CS_EREFUSED, CS_R_NO_APPROVAL, where,
	    "expected a key that an ENRICHING call has brought for %.*s and "
	    "whose certificate has not ended, found another", (int)c->uri.n,
	    (const char *)c->uri.p);
}

/* What owners and policy say now, where time may have passed between. */
static int
judge_again(const struct ask *a, const struct found *f, cs_err *e)
{
	const cs_hook_cert *c = &a->call->cert;
	cs_judged j = {0};
	cs_span b = cs_buf_span(f->bindings);
	int rc;

	if ((rc = judge(a, cs_buf_span(f->message), &j, e)) != CS_OK)
		goto out;
	if (c->not_after - c->not_before > j.a.max_lifetime)
		rc = cs_fail_detail(e, CS_EREFUSED, CS_R_LIFETIME_EXCEEDED,
		    where, "expected at most %" PRId64 " seconds, found %"
		    PRId64, j.a.max_lifetime, c->not_after - c->not_before);
	else if (c->not_before > j.a.not_after)
		rc = cs_fail_detail(e, CS_EREFUSED, CS_R_EXPIRED, where,
		    "expected a certificate that begins until %" PRId64
		    ", found %" PRId64, j.a.not_after, c->not_before);
	else if (!cs_span_eq(b, cs_plug_span(j.a.bindings)) &&
	    !cs_span_eq(b, cs_plug_span(j.a.bindings_digest)))
		rc = cs_fail_detail(e, CS_EREFUSED, CS_R_POLICY_REFUSED, where,
		    "what is known of the owner's key has changed since the "
		    "ENRICHING call");
out:
	cs_judged_clear(&a->h->plug, &j);
	return rc;
}

/* Revocations and denials are looked at in the same transaction. */
static int
record(const struct ask *a, const struct found *f, cs_err *e)
{
	cs_claim *done = NULL;
	int rc;

	if (a->body.n > CS_CREDENTIAL_MAX)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, where,
		    "a call of %zu octets, at most %d are kept", a->body.n,
		    CS_CREDENTIAL_MAX);
	rc = cs_claim_record(a->h->store, f->number, cs_buf_span(f->serial),
	    a->body, a->now, a->deadline_ms, &done, e);
	cs_claim_free(&done);
	return rc;
}

static int
authorize(const struct ask *a, cs_err *e)
{
	struct found f = {.a = a};
	int rc;

	if ((rc = find(a, &f, e)) == CS_OK &&
	    (rc = judge_again(a, &f, e)) == CS_OK &&
	    (rc = record(a, &f, e)) == CS_OK)
		rc = cs_hook_allow_put(NULL, a->out->body, e);
	cs_buf_free(&f.serial);
	cs_buf_free(&f.bindings);
	cs_buf_free(&f.message);
	return rc;
}

/* A refusal is a verdict; trouble of ours may be gone when the CA asks again,
 * which it does after 5xx. */
static int
status_of(int rc, int detail)
{
	if (rc == CS_EUSAGE)
		return 400;
	if (rc == CS_EIO || rc == CS_ETIMEOUT ||
	    detail == CS_R_STORE_UNAVAILABLE)
		return 503;
	return (rc != CS_EREFUSED && rc != CS_EFORMAT) ||
	    detail == CS_R_INTERNAL ? 500 : 200;
}

static void
tell_no(int rc, cs_hook_told *t)
{
	if (rc == CS_EFORMAT && t->why.detail == CS_R_NONE)
		t->why.detail = CS_R_MALFORMED;
	t->status = status_of(rc, t->why.detail);
	if (t->status == 400)
		t->why.detail = CS_R_MALFORMED;
	else if (t->status == 503)
		t->why.detail = CS_R_STORE_UNAVAILABLE;
	else if (t->status == 500)
		t->why.detail = CS_R_INTERNAL;
	cs_buf_reset(t->body);
	if (cs_hook_deny_put(t->why.detail == CS_R_NONE ? "denied" :
	    cs_reason_name(t->why.detail), cs_span_str(t->why.text), t->body,
	    NULL) != CS_OK)
		t->status = 500;
}

void
cs_hook_answer(const cs_hook *h, enum cs_conf_hook kind, cs_span body,
    int64_t now, int64_t deadline_ms, cs_hook_told *out)
{
	cs_hook_call call = {0};
	struct ask a = {h, &call, body, now, deadline_ms, out};
	int rc;

	*out = (cs_hook_told){.status = 500};
	if ((out->body = cs_buf_new(CS_HOOK_ANSWER_MAX)) == NULL) {
		(void)cs_nomem(&out->why, where);
		return;
	}
	if ((rc = cs_hook_read(kind, body, &call, &out->why)) == CS_OK) {
		rc = kind == CS_HOOK_ENRICHING ? enrich(&a, &out->why) :
		    authorize(&a, &out->why);
		/* of the plugin's, then, or the store's */
		rc = rc == CS_EUSAGE ? CS_EBUG : rc;
	}
	if (rc == CS_OK) {
		out->status = 200;
		out->allowed = true;
	} else {
		tell_no(rc, out);
	}
	cs_hook_call_clear(&call);
}

void
cs_hook_told_clear(cs_hook_told *t)
{
	cs_buf_free(&t->body);
	cs_buf_free(&t->agent);
}
