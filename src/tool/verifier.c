/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/verifier.h"

#include <string.h>

#include "base/module.h"
#include "base/time.h"
#include "crypt/hash.h"

#define SERIAL_LEN 16
#define BACKDATED 60 /* clocks differ: formats section 4, "Window" */

struct host {
	const cs_verifier_ask *ask;
	cs_out *out;
	const countersign_verifier *calls;
	countersign_instance *instance;
	const countersign_verifier_answer *answer; /* as given, for release */
	const countersign_verifier_claim *claim;
	uint8_t serial[SERIAL_LEN], digest[CS_SHA256_LEN];
	char why[1024];
};

/* Of a struct of theirs what is there; what is not counts as zero. */
static void
take(void *to, size_t room, const void *from, size_t size)
{
	memset(to, 0, room);
	memcpy(to, from, size < room ? size : room);
}

static cs_span
span(countersign_bytes b)
{
	return cs_span_of(b.ptr, b.ptr == NULL ? 0 : b.len);
}

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

static void
on_log(void *arg, int level, const char *line)
{
	const struct host *h = arg;
	cs_err e = {0};

	if (level > COUNTERSIGN_LOG_WARNING)
		return;
	(void)cs_fail(&e, CS_EIO, "verifier", "%s%s",
	    level == COUNTERSIGN_LOG_WARNING ? "warning: " : "", text(line));
	cs_out_trouble(h->out, "verify", &e);
}

/* A call of theirs that gave nothing: numbers of classes are the same. */
static int
failed(struct host *h, int rc, const char *call, cs_err *e)
{
	if (rc > 0 || rc < CS_EBUG)
		return cs_fail(e, CS_EBUG, "verifier", "the plugin's %s "
		    "returned %d", call, rc);
	return cs_fail(e, rc, "verifier", "%s", h->why);
}

static int
load(struct host *h, cs_err *e)
{
	countersign_verifier_entry_fn *entry = NULL;
	void *sym = NULL;
	int r;

	if ((r = cs_module_load(h->ask->module_dir, "verifier", "owner",
		 COUNTERSIGN_VERIFIER_SYMBOL, "package countersign-verifier",
		 &sym, e)) != CS_OK)
		return r;
	memcpy(&entry, &sym, sizeof(entry));
	h->calls = entry(COUNTERSIGN_VERIFIER_ABI);
	if (h->calls == NULL || h->calls->abi != COUNTERSIGN_VERIFIER_ABI ||
	    h->calls->size < sizeof(*h->calls))
		return cs_fail(e, CS_EDEVICE, "verifier",
		    "%s/verifier-owner.so: expected a plugin of ABI %u",
		    h->ask->module_dir, COUNTERSIGN_VERIFIER_ABI);
	return CS_OK;
}

static int
start(struct host *h, cs_err *e)
{
	const cs_verifier_ask *a = h->ask;
	countersign_verifier_config c = {.size = sizeof(c),
	    .owners = a->owners, .policy = a->policy, .store = a->store,
	    .authority = a->authority, .modules = a->module_dir,
	    .log = on_log, .log_arg = h, .skip_watch = 1,
	    .check_only = a->kind == COUNTERSIGN_KIND_NONE};
	int r;

	if ((r = load(h, e)) != CS_OK)
		return r;
	r = h->calls->open(&c, &h->instance, h->why, sizeof(h->why));
	if (r == CS_OK && h->instance == NULL)
		r = 1;
	return r == CS_OK ? CS_OK : failed(h, r, "open", e);
}

static int
judge(struct host *h, countersign_verifier_answer *answer, cs_err *e)
{
	const cs_verifier_ask *a = h->ask;
	countersign_verifier_input in = {.size = sizeof(in),
	    .operation = a->kind == COUNTERSIGN_KIND_NONE ?
		COUNTERSIGN_OP_CHECK : COUNTERSIGN_OP_ISSUE,
	    .message = {a->message.p, a->message.n}, .time = a->now,
	    .composite = a->composite};
	int r;

	r = h->calls->verify(h->instance, &in, &h->answer, h->why,
	    sizeof(h->why));
	if (r == CS_OK && h->answer == NULL)
		r = 1;
	if (r != CS_OK)
		return failed(h, r, "verify", e);
	take(answer, sizeof(*answer), h->answer, h->answer->size);
	return CS_OK;
}

static cs_assurance
assurance(uint32_t bits, bool by_policy)
{
	return (cs_assurance){.hardware = (bits & COUNTERSIGN_HARDWARE) != 0,
	    .asserted = (bits & COUNTERSIGN_ASSERTED) != 0,
	    .present = (bits & COUNTERSIGN_PRESENT) != 0,
	    .verified = (bits & COUNTERSIGN_VERIFIED) != 0,
	    .by_policy = by_policy && (bits & COUNTERSIGN_PRESENT) != 0};
}

static enum cs_role
role(uint32_t r)
{
	if (r == COUNTERSIGN_ROLE_GRANT)
		return CS_ROLE_GRANT;
	return r == COUNTERSIGN_ROLE_USE ? CS_ROLE_USE : CS_ROLE_OWN;
}

static cs_counter
counter(const countersign_verifier_approval *a)
{
	return (cs_counter){.given = a->counter >= 0,
	    .value = (uint32_t)a->counter,
	    .compared = a->counter >= 0 && a->last_counter >= 0,
	    .last = (uint32_t)a->last_counter,
	    .regressed = (a->remarks & COUNTERSIGN_REGRESSED) != 0};
}

static void
tell_approval(const countersign_verifier_approval *given, cs_told_approval *t)
{
	countersign_verifier_approval a;

	take(&a, sizeof(a), given, given->size);
	*t = (cs_told_approval){.role = role(a.role), .type = text(a.type),
	    .owner = span(a.owner), .key_hash = span(a.key_hash),
	    .approval_id = span(a.approval_id), .tbs_hash = span(a.tbs_hash),
	    .not_before = a.not_before, .not_after = a.not_after,
	    .max_lifetime = a.max_lifetime, .max_issuances = a.max_issuances,
	    .assurance = assurance(a.assurance,
		(a.remarks & COUNTERSIGN_BY_POLICY) != 0),
	    .attested = span(a.attested), .counter = counter(&a),
	    .anchor_file = text(a.anchor_file), .anchor_line = a.anchor_line,
	    .shared_key = (a.remarks & COUNTERSIGN_SHARED_KEY) != 0,
	    .other_eku = (a.remarks & COUNTERSIGN_OTHER_EKU) != 0};
}

static int
tell_approved(const countersign_verifier_answer *a, cs_told *t, cs_err *e)
{
	bool by_policy = false;

	if (a->n_approvals < 1 || a->n_approvals > CS_APPROVALS_MAX)
		return cs_fail(e, CS_EBUG, "verifier", "the plugin approved "
		    "by %u approvals", a->n_approvals);
	for (; t->n < a->n_approvals; t->n++) {
		tell_approval(a->approvals[t->n], &t->at[t->n]);
		by_policy |= t->at[t->n].assurance.by_policy;
	}
	t->assurance = assurance(a->assurance, by_policy);
	t->max_lifetime = a->max_lifetime;
	t->max_issuances = a->max_issuances;
	return CS_OK;
}

/* The numbers are the same; what is none of them is no approval. */
static enum cs_state
state(uint32_t s)
{
	return s <= COUNTERSIGN_PENDING ? (enum cs_state)s : CS_REFUSED;
}

/* A store that cannot be asked is broken, not a no: status 9. */
static int
refusal_class(const struct host *h, uint32_t reason)
{
	return reason == COUNTERSIGN_R_STORE_UNAVAILABLE &&
	    h->ask->store != NULL ? CS_EIO : CS_EREFUSED;
}

static int
tell(const struct host *h, const countersign_verifier_answer *a, cs_told *t,
    cs_err *e)
{
	*t = (cs_told){.state = state(a->state), .reason = (int)a->reason,
	    .cls = refusal_class(h, a->reason), .text = text(a->text),
	    .agent = span(a->agent), .agent_key_hash = span(a->agent_key_hash),
	    .request_digest = span(a->request_digest),
	    .owner = span(a->owner), .not_after = a->not_after};
	return t->state == CS_APPROVED ? tell_approved(a, t, e) : CS_OK;
}

/* Nothing is going to be signed: the digest is that of the serial number. */
static int
terms(struct host *h, const countersign_verifier_answer *a,
    countersign_verifier_terms *t, cs_err *e)
{
	int64_t from = h->ask->now - BACKDATED, life = h->ask->lifetime;
	int r;

	if ((r = cs_random(h->serial, sizeof(h->serial), e)) != CS_OK ||
	    (r = cs_sha256(cs_span_of(h->serial, sizeof(h->serial)), h->digest,
		 e)) != CS_OK)
		return r;
	if (from < a->not_before)
		from = a->not_before;
	*t = (countersign_verifier_terms){.size = sizeof(*t),
	    .kind = h->ask->kind, .time = h->ask->now,
	    .serial = {h->serial, sizeof(h->serial)}, .not_before = from,
	    .not_after = from + (life == 0 ? a->max_lifetime : life),
	    .digest = {h->digest, sizeof(h->digest)}};
	return CS_OK;
}

/* What is not claimed is not approved. */
static void
tell_refused(const struct host *h, const countersign_verifier_claim *c,
    cs_told *t)
{
	t->state = c->reason == COUNTERSIGN_R_NONE ? CS_DENIED : CS_REFUSED;
	t->reason = (int)c->reason;
	t->cls = refusal_class(h, c->reason);
	t->text = text(c->text);
	t->owner = (cs_span){0};
}

static int
claim(struct host *h, const countersign_verifier_answer *a,
    countersign_verifier_claim *c, cs_told *t, cs_err *e)
{
	countersign_verifier_terms wanted;
	int r;

	if ((r = terms(h, a, &wanted, e)) != CS_OK)
		return r;
	r = h->calls->claim(h->instance, h->answer, &wanted, &h->claim,
	    h->why, sizeof(h->why));
	if (r == CS_OK && h->claim == NULL)
		r = 1;
	if (r != CS_OK)
		return failed(h, r, "claim", e);
	take(c, sizeof(*c), h->claim, h->claim->size);
	if (c->state < COUNTERSIGN_CLAIM_NEW ||
	    c->state > COUNTERSIGN_CLAIM_STORED)
		tell_refused(h, c, t);
	return CS_OK;
}

static void
put_claim(const struct host *h, const countersign_verifier_claim *c,
    cs_out *out)
{
	static const char *const states[] = {
		[COUNTERSIGN_CLAIM_NEW] = "new",
		[COUNTERSIGN_CLAIM_AGAIN] = "again",
		[COUNTERSIGN_CLAIM_STORED] = "stored",
	};

	cs_out_object(out, "claim", "claimed");
	cs_out_int(out, "number", "number", c->number);
	cs_out_str(out, "state", "state", states[c->state]);
	cs_out_str(out, "kind", "kind",
	    h->ask->kind == COUNTERSIGN_KIND_WIT ? "wit" : "x509");
	cs_out_hex(out, "serial", "serial", span(c->serial));
	cs_out_time(out, "not_before", "not before", c->not_before);
	cs_out_time(out, "not_after", "not after", c->not_after);
	cs_out_close(out);
}

static int
answer(struct host *h, cs_err *e)
{
	countersign_verifier_answer a;
	countersign_verifier_claim c = {0};
	cs_told t;
	int r;

	if ((r = judge(h, &a, e)) != CS_OK || (r = tell(h, &a, &t, e)) != CS_OK)
		return r;
	if (t.state == CS_APPROVED && h->ask->kind != COUNTERSIGN_KIND_NONE &&
	    (r = claim(h, &a, &c, &t, e)) != CS_OK)
		return r;
	cs_out_time(h->out, "at", NULL, h->ask->now);
	if ((r = cs_told_put(&t, h->out, e)) == CS_OK &&
	    h->ask->kind != COUNTERSIGN_KIND_NONE)
		put_claim(h, &c, h->out);
	return r;
}

int
cs_verifier_put(const cs_verifier_ask *ask, cs_out *out, cs_err *e)
{
	struct host h = {.ask = ask, .out = out};
	int r;

	if ((r = start(&h, e)) == CS_OK)
		r = answer(&h, e);
	if (h.instance != NULL) {
		h.calls->release(h.instance, h.claim);
		h.calls->release(h.instance, h.answer);
		h.calls->close(h.instance);
	}
	return r;
}
