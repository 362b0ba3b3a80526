/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "server/issuerp.h"
#include "store/issued.h"

/* Claim, signature, record: formats section 9, "Claim". */

static const char where[] = "server/issuer";

#define KINDS 2

struct made {
	cs_buf *credential;
	int64_t not_after;
};

static int
keep_stored(const cs_claimed *c, struct made *m, cs_err *e)
{
	m->credential = cs_buf_dup(cs_plug_span(c->c.credential));
	m->not_after = c->c.not_after;
	return m->credential != NULL ? CS_OK : cs_nomem(e, where);
}

/* Of several who sign one claim the first who records it answers for all. */
static int
sign(cs_issuer *i, int kind, const cs_claimed *c, int64_t now,
    int64_t deadline_ms, struct made *m, cs_err *e)
{
	cs_buf *mine = NULL;
	cs_claimed done = {0};
	char until[24];
	int rc;

	rc = cs_draft_sign(i, kind, cs_plug_span(c->c.fields),
	    cs_plug_span(c->c.digest), deadline_ms, &mine, e);
	if (rc == CS_EBUG && c->c.state == COUNTERSIGN_CLAIM_AGAIN)
		(void)cs_wrap(e, "the claim of before, until %s",
		    cs_rfc3339_put(c->c.not_after, until) ? until : "?");
	if (rc == CS_OK &&
	    (rc = cs_plug_record(&i->plug, c, cs_buf_span(mine), now,
	    deadline_ms, &done, e)) == CS_OK)
		rc = keep_stored(&done, m, e);
	cs_claimed_clear(&i->plug, &done);
	cs_buf_free(&mine);
	return rc;
}

static int
claim(cs_issuer *i, const cs_draft *d, const cs_judged *j, int64_t now,
    int64_t deadline_ms, struct made *m, cs_err *e)
{
	cs_span fields = cs_buf_span(d->fields);
	const countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = (uint32_t)d->kind, .time = now, .deadline_ms = deadline_ms,
	    .serial = {d->serial, sizeof(d->serial)},
	    .not_before = d->not_before, .not_after = d->not_after,
	    .digest = {d->digest, sizeof(d->digest)},
	    .fields = {fields.p, fields.n}};
	cs_claimed c = {0};
	int rc;

	/* What a webhook has claimed was recorded without a certificate. */
	if ((rc = cs_plug_claim(&i->plug, j, &t, &c, e)) == CS_OK &&
	    !cs_draft_is(cs_plug_span(c.c.fields)))
		rc = cs_fail_detail(e, CS_EREFUSED, CS_R_POLICY_REFUSED, where,
		    "this request was claimed for another CA: a webhook has a "
		    "store of its own");
	if (rc == CS_OK)
		rc = c.c.state == COUNTERSIGN_CLAIM_STORED ?
		    keep_stored(&c, m, e) :
		    sign(i, d->kind, &c, now, deadline_ms, m, e);
	cs_claimed_clear(&i->plug, &c);
	return rc;
}

static int
make_each(cs_issuer *i, const cs_judged *j, const cs_draft draft[KINDS],
    int64_t now, int64_t deadline_ms, cs_telling *t, cs_err *e)
{
	cs_buf **const into[KINDS] = {&t->cert, &t->wit};
	struct made m;
	size_t n;
	int rc;

	for (n = 0; n < KINDS; n++) {
		if (draft[n].fields == NULL)
			continue;
		m = (struct made){0};
		if ((rc = claim(i, &draft[n], j, now, deadline_ms, &m, e)) !=
		    CS_OK)
			return rc;
		*into[n] = m.credential;
		if (t->not_after == 0 || m.not_after < t->not_after)
			t->not_after = m.not_after;
	}
	t->outcome = CS_OUTCOME_ISSUED;
	return CS_OK;
}

/* All drafts come before the first claim: what cannot be made counts nothing. */
int
cs_issuer_make(cs_issuer *i, const cs_judged *j, unsigned kinds, int64_t now,
    int64_t deadline_ms, cs_telling *t, cs_err *e)
{
	static const int order[KINDS] = {COUNTERSIGN_KIND_X509,
	    COUNTERSIGN_KIND_WIT};
	cs_draft draft[KINDS] = {{0}};
	size_t n;
	int rc = CS_OK;

	if ((kinds & 2) != 0 && i->env.n_wit == 0)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_UNSUPPORTED, where,
		    "expected an X.509 certificate to be asked for, found a "
		    "WIT, for which this server has no key");
	for (n = 0; n < KINDS && rc == CS_OK; n++)
		if ((kinds >> n & 1) != 0)
			rc = cs_draft_make(i, order[n], j, now, &draft[n], e);
	if (rc == CS_OK)
		rc = make_each(i, j, draft, now, deadline_ms, t, e);
	for (n = 0; n < KINDS; n++)
		cs_draft_clear(&draft[n]);
	return rc;
}

struct finding {
	cs_buf *credential, *agent;
	int64_t not_after;
};

static int
find_one(void *arg, const cs_stored_claim *c, cs_err *e)
{
	struct finding *f = arg;

	/* A webhook's has what was said of a certificate, and none. */
	if (c->kind == COUNTERSIGN_KIND_X509 &&
	    !cs_der_peek(c->credential, CS_DER_SEQ))
		return CS_OK;
	cs_buf_free(&f->credential);
	cs_buf_free(&f->agent);
	f->credential = cs_buf_dup(c->credential);
	f->agent = cs_buf_dup(c->agent_id);
	f->not_after = c->not_after;
	return f->credential != NULL && f->agent != NULL ? CS_OK :
	    cs_nomem(e, where);
}

int
cs_issuer_find(cs_issuer *i, const cs_ask_lookup *a, int64_t now,
    int64_t deadline_ms, cs_telling *t)
{
	cs_buf **const into[] = {&t->cert, &t->wit};
	struct finding f;
	int kind, rc;

	for (kind = 1; kind <= 2; kind++) {
		if ((a->kinds >> (kind - 1) & 1) == 0)
			continue;
		f = (struct finding){0};
		rc = cs_issued_find(i->env.store, a->request_digest, kind, now,
		    deadline_ms, find_one, &f, &t->why);
		*into[kind - 1] = f.credential;
		cs_buf_free(&t->agent);
		t->agent = f.agent;
		if (rc != CS_OK)
			return rc;
		if (f.credential == NULL) {
			cs_buf_free(&t->cert);
			return CS_OK;
		}
		if (t->not_after == 0 || f.not_after < t->not_after)
			t->not_after = f.not_after;
	}
	t->outcome = CS_OUTCOME_ISSUED;
	return CS_OK;
}
