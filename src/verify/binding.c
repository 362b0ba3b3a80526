/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "base/time.h"

static cs_span
hash_span(const uint8_t h[CS_SHA256_LEN])
{
	return cs_span_of(h, CS_SHA256_LEN);
}

/* Is the agent's key one of those that lead from the owner's to a CA? */
static bool
is_on_path(const struct cs_step *s, const cs_approved *a)
{
	const cs_chain *c = a->path->chain;
	const uint8_t *hash;
	size_t i;

	for (i = 0; c != NULL &&
	    (hash = cs_chain_key_hash(c, i)) != NULL; i++)
		if (cs_span_eq(hash_span(hash), hash_span(s->agent_key_hash)))
			return true;
	return false;
}

/* Formats section 3: an agent may not ask for a key that approves. */
static int
check_key_reuse(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	cs_span holder = t->subjects[0].holder_key;
	cs_anchor other = {0};
	bool known = false;
	int r;

	if (cs_span_eq(t->owner_key_hash, hash_span(s->agent_key_hash)))
		return CS_REFUSE(e, CS_R_KEY_REUSE,
		    "the agent's key is the approving owner's");
	if (cs_span_eq(holder, s->csr->key.der))
		return CS_REFUSE(e, CS_R_KEY_REUSE,
		    "the agent's key is the grant's holder's");
	if (is_on_path(s, a))
		return CS_REFUSE(e, CS_R_KEY_REUSE, "the agent's key is a "
		    "CA's, which leads to the approving owner's");
	if ((r = cs_anchors_find(s->in->anchors, s->agent_key_hash, &other,
	    &known, e)) != CS_OK)
		return r;
	if (known)
		return CS_REFUSE(e, CS_R_KEY_REUSE,
		    "the agent's key is an owner's, %s:%u",
		    CS_ANCHOR_AT(&other));
	return CS_OK;
}

static bool
is_bound(const struct cs_step *s, const cs_subject *b)
{
	if (!cs_span_eq(b->agent_id, s->csr->agent_id) ||
	    !cs_span_eq(b->agent_key_hash, hash_span(s->agent_key_hash)))
		return false;
	return b->kind == CS_SUBJECT_KEY || (b->kind == CS_SUBJECT_REQUEST &&
	    cs_span_eq(b->request_digest, hash_span(s->request_digest)));
}

/* Why the one subject is not bound. */
static int
refuse_subject(const struct cs_step *s, const cs_subject *b, cs_err *e)
{
	char want[52], found[52];

	if (!cs_span_eq(b->agent_id, s->csr->agent_id))
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an approval of %.*s, found one of %.*s",
		    CS_SHOW(s->csr->agent_id), CS_SHOW(b->agent_id));
	if (!cs_span_eq(b->agent_key_hash, hash_span(s->agent_key_hash))) {
		cs_fingerprint(b->agent_key_hash.p, found);
		cs_fingerprint(s->agent_key_hash, want);
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an approval of the agent key %s, found one of "
		    "%s", want, found);
	}
	cs_fingerprint(b->request_digest.p, found);
	cs_fingerprint(s->request_digest, want);
	return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
	    "expected an approval of request %s, found one of %s", want,
	    found);
}

/* Formats section 4: exactly one subject of a batch is this request's. */
static int
check_subjects(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	size_t i, n = 0;

	for (i = 0; i < t->n_subjects; i++)
		if (is_bound(s, &t->subjects[i])) {
			a->subject = i;
			n++;
		}
	if (n == 1)
		return CS_OK;
	if (t->n_subjects == 1)
		return refuse_subject(s, &t->subjects[0], e);
	return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
	    "expected one of the %zu subjects to be this request's, found "
	    "%zu", t->n_subjects, n);
}

int
cs_step_binding(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	int r;

	if ((r = check_key_reuse(s, a, e)) != CS_OK ||
	    (a->role != CS_ROLE_GRANT &&
	    (r = check_subjects(s, a, e)) != CS_OK))
		return r;
	if (a->role != CS_ROLE_USE && !cs_span_eq(t->owner, a->anchor.owner))
		return CS_REFUSE(e, CS_R_WRONG_OWNER,
		    "expected %.*s, found %.*s, %s:%u",
		    CS_SHOW(a->anchor.owner), CS_SHOW(t->owner),
		    CS_ANCHOR_AT(&a->anchor));
	return CS_OK;
}

static int
check_window(const cs_tbs *t, int64_t now, cs_err *e)
{
	char at[24] = "?", limit[24] = "?";
	bool early = now < t->not_before;

	if (!early && now <= t->not_after)
		return CS_OK;
	/* an unprintable time keeps its question mark */
	if (!cs_rfc3339_put(now, at) ||
	    !cs_rfc3339_put(early ? t->not_before : t->not_after, limit))
		return CS_REFUSE(e, early ? CS_R_NOT_YET_VALID : CS_R_EXPIRED,
		    "outside the window");
	return CS_REFUSE(e, early ? CS_R_NOT_YET_VALID : CS_R_EXPIRED,
	    early ? "expected %s or later, found %s" :
	    "expected %s or earlier, found %s", limit, at);
}

/* A pre-signed approval has no nonce, and so no grant has one; a pending
 * request's own is the only one that it takes. */
static int
check_nonce(const cs_approved *a, cs_span want, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;

	if (a->role == CS_ROLE_GRANT)
		want = (cs_span){0};
	if (want.p == NULL && t->nonce.p == NULL)
		return CS_OK;
	if (want.p == NULL)
		return CS_REFUSE(e, CS_R_WRONG_NONCE,
		    "expected no nonce, found one");
	if (!cs_span_eq(want, t->nonce))
		return CS_REFUSE(e, CS_R_WRONG_NONCE,
		    "expected the nonce of the pending request, found %s",
		    t->nonce.p == NULL ? "none" : "another");
	return CS_OK;
}

int
cs_step_place(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	int r;

	if (!cs_span_eq(t->authority, s->in->authority))
		return CS_REFUSE(e, CS_R_WRONG_AUTHORITY,
		    "expected %.*s, found %.*s", CS_SHOW(s->in->authority),
		    CS_SHOW(t->authority));
	if (s->in->trust_domain.p != NULL &&
	    !cs_span_eq(s->csr->trust_domain, s->in->trust_domain))
		return CS_REFUSE(e, CS_R_WRONG_TRUST_DOMAIN,
		    "expected %.*s, found %.*s",
		    CS_SHOW(s->in->trust_domain),
		    CS_SHOW(s->csr->trust_domain));
	if ((r = cs_step_ruled(s, t->decision != CS_APPROVE, e)) != CS_OK ||
	    (r = check_window(t, s->in->now, e)) != CS_OK)
		return r;
	return check_nonce(a, s->in->nonce, e);
}
