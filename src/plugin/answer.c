/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "plugin/owner.h"
#include "plugin/sized.h"
#include "verify/bound.h"

static const char where[] = "plugin";

/* What a binding has beside its approval: a name and a key, RSA-4096. */
#define BINDING_ROOM 2048

_Static_assert((int)COUNTERSIGN_REFUSED == CS_REFUSED &&
    (int)COUNTERSIGN_APPROVED == CS_APPROVED &&
    (int)COUNTERSIGN_DENIED == CS_DENIED &&
    (int)COUNTERSIGN_PENDING == CS_PENDING, "the states of verify/");
_Static_assert((int)COUNTERSIGN_ROLE_OWN == CS_ROLE_OWN &&
    (int)COUNTERSIGN_ROLE_GRANT == CS_ROLE_GRANT &&
    (int)COUNTERSIGN_ROLE_USE == CS_ROLE_USE, "the roles of verify/");
_Static_assert((int)COUNTERSIGN_R_INTERNAL == CS_R_INTERNAL &&
    (int)COUNTERSIGN_R_REPLAYED == CS_R_REPLAYED, "the reasons of fmt/");

static int
fill_request(struct answer *a, const cs_csr *c, cs_err *e)
{
	int r;

	if (c == NULL)
		return CS_OK;
	if ((r = cs_key_hash(&c->key, a->agent_key_hash, e)) != CS_OK ||
	    (r = cs_request_digest(c, a->request_digest, e)) != CS_OK)
		return r;
	a->pub.agent = cs_sized_out(c->agent_id);
	a->pub.agent_key = cs_sized_out(c->key.der);
	a->pub.agent_key_hash = (countersign_bytes){a->agent_key_hash,
	    sizeof(a->agent_key_hash)};
	a->pub.request_digest = (countersign_bytes){a->request_digest,
	    sizeof(a->request_digest)};
	return CS_OK;
}

static uint32_t
remarks(const cs_approved *a)
{
	uint32_t bits = 0;

	if (a->assurance.by_policy)
		bits |= COUNTERSIGN_BY_POLICY;
	if (a->anchor.shared_key)
		bits |= COUNTERSIGN_SHARED_KEY;
	if (a->anchor.eku.p != NULL)
		bits |= COUNTERSIGN_OTHER_EKU;
	if (a->counter.regressed)
		bits |= COUNTERSIGN_REGRESSED;
	return bits;
}

static void
fill_approval(countersign_verifier_approval *out, const cs_approved *a)
{
	const cs_tbs *t = &a->approval->tbs;

	*out = (countersign_verifier_approval){
		.size = sizeof(*out),
		.role = (uint32_t)a->role,
		.assurance = cs_assurance_bits(&a->assurance),
		.owner = cs_sized_out(t->owner),
		.key_hash = cs_sized_out(t->owner_key_hash),
		.approval_id = cs_sized_out(t->approval_id),
		.tbs_hash = {a->tbs_hash, sizeof(a->tbs_hash)},
		.type = cs_carrier_name(a->approval->carrier),
		.not_before = t->not_before,
		.not_after = t->not_after,
		.max_lifetime = t->max_lifetime,
		.max_issuances = t->max_issuances,
		.remarks = remarks(a),
		.anchor_line = (uint32_t)a->anchor.line,
		.anchor_file = a->anchor.file,
		.attested = cs_sized_out(a->anchor.proof_text),
		.counter = a->counter.given ? (int64_t)a->counter.value : -1,
		.last_counter = a->counter.compared ?
		    (int64_t)a->counter.last : -1,
	};
}

/* Both ways, for the host to choose. */
static int
fill_bindings(struct answer *a, cs_err *e)
{
	const cs_verdict *v = a->verdict;
	size_t i, room = 64;
	int r;

	for (i = 0; i < cs_verdict_count(v); i++)
		room += BINDING_ROOM + cs_verdict_at(v, i)->approval->der.n;
	if ((a->bindings = cs_buf_new(room)) == NULL ||
	    (a->bindings_digest = cs_buf_new(room)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_verdict_bindings(v, false, a->bindings, e)) != CS_OK ||
	    (r = cs_verdict_bindings(v, true, a->bindings_digest, e)) != CS_OK)
		return r;
	a->pub.bindings = cs_sized_out(cs_buf_span(a->bindings));
	a->pub.bindings_digest = cs_sized_out(cs_buf_span(a->bindings_digest));
	return CS_OK;
}

static int
fill_approved(struct answer *a, cs_err *e)
{
	const cs_verdict *v = a->verdict;
	cs_assurance all = cs_verdict_assurance(v);
	countersign_verifier_answer *p = &a->pub;
	size_t i, n = cs_verdict_count(v);

	for (i = 0; i < n; i++) {
		fill_approval(&a->each[i], cs_verdict_at(v, i));
		a->list[i] = &a->each[i];
		if (a->each[i].not_before > p->not_before)
			p->not_before = a->each[i].not_before;
	}
	p->owner = a->each[0].owner;
	p->owner_key_hash = a->each[0].key_hash;
	p->assurance = cs_assurance_bits(&all);
	p->n_approvals = (uint32_t)n;
	p->approvals = a->list;
	p->not_after = cs_verdict_not_after(v);
	p->max_lifetime = cs_verdict_max_lifetime(v);
	p->max_issuances = cs_verdict_max_issuances(v);
	return fill_bindings(a, e);
}

/* Of one that the store remembers the key is not at hand. */
static void
fill_denied(struct answer *a)
{
	const cs_approved *d = cs_verdict_denial(a->verdict);

	if (cs_verdict_state(a->verdict) != CS_DENIED)
		return;
	a->pub.owner = cs_sized_out(cs_verdict_denier(a->verdict));
	a->pub.not_after = cs_verdict_denied_until(a->verdict);
	if (d != NULL)
		a->pub.owner_key_hash =
		    cs_sized_out(d->approval->tbs.owner_key_hash);
}

int
cs_answer_fill(struct answer *a, cs_err *e)
{
	int r = fill_request(a, cs_verdict_request(a->verdict), e);

	if (r != CS_OK)
		return r;
	if (cs_verdict_state(a->verdict) == CS_APPROVED)
		return fill_approved(a, e);
	fill_denied(a);
	a->why = *cs_verdict_error(a->verdict);
	a->pub.reason = (uint32_t)a->why.detail;
	return CS_OK;
}

void
cs_answer_refuse(struct answer *a, const cs_err *why)
{
	countersign_verifier_answer *p = &a->pub;

	a->why = *why;
	*p = (countersign_verifier_answer){
		.size = p->size,
		.state = COUNTERSIGN_REFUSED,
		.reason = (uint32_t)why->detail,
		.text = p->text,
		.agent = p->agent,
		.agent_key = p->agent_key,
		.agent_key_hash = p->agent_key_hash,
		.request_digest = p->request_digest,
	};
}

void
cs_answer_free(struct answer **ap)
{
	struct answer *a;

	if (ap == NULL || (a = *ap) == NULL)
		return;
	cs_verdict_free(&a->verdict);
	if (a->set != NULL)
		cs_set_drop(a->given.by->sets, a->set);
	cs_buf_free(&a->bindings);
	cs_buf_free(&a->bindings_digest);
	cs_buf_free(&a->own);
	free(a);
	*ap = NULL;
}
