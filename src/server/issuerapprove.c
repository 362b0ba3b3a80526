/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/approval.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "server/issuerp.h"

/*
 * What an owner hands in himself: approvals and denials, beside their request
 * or for one that is kept. Nothing here is trusted: each request with all its
 * approvals goes to the plugin, and only what that says changes anything.
 */

static const char where[] = "server/approve";

#define DIGEST_LEN 32
#define TRIES 4 /* another owner's approval came in between */

typedef struct approvals {
	cs_buf *der[CS_APPROVALS_MAX];
	cs_approval *at[CS_APPROVALS_MAX];
	size_t n;
} approvals;

struct handing {
	cs_issuer *i;
	cs_question q;     /* without its message */
	approvals in;
	cs_telling *t;
};

static void
approvals_free(approvals *a)
{
	size_t n;

	for (n = 0; n < CS_APPROVALS_MAX; n++) {
		cs_approval_free(&a->at[n]);
		cs_buf_free(&a->der[n]);
	}
	a->n = 0;
}

static int
parse_each(approvals *a, cs_err *e)
{
	size_t n;
	int rc = CS_OK;

	for (n = 0; n < a->n && rc == CS_OK; n++)
		rc = cs_approval_parse(cs_buf_span(a->der[n]), 0, &a->at[n],
		    e);
	return rc;
}

/* Appends a copy, but of what is there already. */
static int
add(approvals *a, cs_span der, cs_err *e)
{
	size_t n;

	for (n = 0; n < a->n; n++)
		if (cs_span_eq(cs_buf_span(a->der[n]), der))
			return CS_OK;
	if (a->n == CS_APPROVALS_MAX)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, where,
		    "more than %d approvals", CS_APPROVALS_MAX);
	if ((a->der[a->n] = cs_buf_dup(der)) == NULL)
		return cs_nomem(e, where);
	a->n++;
	return CS_OK;
}

/* Is this approval of that request, as far as it says? */
static bool
is_of(const cs_approval *a, cs_span digest)
{
	size_t n;

	for (n = 0; n < a->tbs.n_subjects; n++)
		if (a->tbs.subjects[n].kind != CS_SUBJECT_REQUEST ||
		    cs_span_eq(a->tbs.subjects[n].request_digest, digest))
			return true;
	return false;
}

static int
put_bundle(cs_span request, const approvals *a, cs_buf **out, cs_err *e)
{
	size_t n, room = cs_pem_max(request.n);
	cs_buf *b;
	int rc;

	for (n = 0; n < a->n; n++)
		room += cs_pem_max(cs_buf_len(a->der[n]));
	if ((b = cs_buf_new(room)) == NULL)
		return cs_nomem(e, where);
	rc = cs_pem_put(b, CS_PEM_REQUEST, request, e);
	for (n = 0; n < a->n && rc == CS_OK; n++)
		rc = cs_pem_put(b, CS_PEM_APPROVAL, cs_buf_span(a->der[n]), e);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

/* The request with those that came before, when `old` is wanted, and those of
 * now. */
static int
merge(const struct handing *h, const cs_message *old, bool with_old,
    cs_span digest, cs_buf **out, cs_err *e)
{
	approvals all = {{0}, {0}, 0};
	size_t n;
	int rc = CS_OK;

	for (n = 0; with_old && n < old->n && rc == CS_OK; n++)
		rc = add(&all, old->approvals[n], e);
	for (n = 0; n < h->in.n && rc == CS_OK; n++)
		if (is_of(h->in.at[n], digest))
			rc = add(&all, cs_buf_span(h->in.der[n]), e);
	if (rc == CS_OK)
		rc = put_bundle(old->csr->der, &all, out, e);
	approvals_free(&all);
	return rc;
}

static bool
denies(const struct handing *h)
{
	size_t n;

	for (n = 0; n < h->in.n; n++)
		if (h->in.at[n]->tbs.decision == CS_DENY)
			return true;
	return false;
}

static int
noted(cs_telling *t, const char *what)
{
	t->outcome = CS_OUTCOME_NOTED;
	t->why = (cs_err){0};
	(void)snprintf(t->why.text, sizeof(t->why.text), "%s", what);
	return CS_OK;
}

/* An issuance would be denied, and nothing is issued of a denial: the plugin
 * keeps it. */
static int
keep_denial(struct handing *h, cs_span message)
{
	cs_question q = h->q;
	cs_judged j = {0};
	int rc;

	q.operation = COUNTERSIGN_OP_ISSUE;
	q.message = message;
	if ((rc = cs_plug_judge(&h->i->plug, &q, &j, &h->t->why)) != CS_OK)
		return rc;
	if (j.a.state == COUNTERSIGN_DENIED)
		rc = noted(h->t, "denied");
	else if (j.a.state == COUNTERSIGN_APPROVED)
		rc = cs_fail_detail(&h->t->why, CS_EBUG, CS_R_INTERNAL, where,
		    "a denial that is none");
	else
		rc = cs_judged_refusal(&j, &h->t->why);
	cs_judged_clear(&h->i->plug, &j);
	return rc;
}

enum came { CAME_REFUSED = 0, CAME_WHOLE, CAME_HALF, CAME_DENIED };

/* What would be said of this message now. *came tells of CS_OK. */
static int
check(struct handing *h, cs_span message, enum came *came)
{
	cs_question q = h->q;
	cs_judged j = {0};
	int rc;

	*came = CAME_REFUSED;
	q.operation = COUNTERSIGN_OP_CHECK;
	q.message = message;
	if ((rc = cs_plug_judge(&h->i->plug, &q, &j, &h->t->why)) != CS_OK)
		return rc;
	if ((rc = cs_telling_about(h->t, cs_plug_span(j.a.agent),
	    cs_plug_span(j.a.request_digest))) != CS_OK)
		goto out;
	if (j.a.state == COUNTERSIGN_APPROVED)
		*came = CAME_WHOLE;
	else if (j.a.state == COUNTERSIGN_DENIED)
		*came = CAME_DENIED;
	else if (j.a.reason == COUNTERSIGN_R_QUORUM_MISSING)
		*came = CAME_HALF;
	else
		rc = cs_judged_refusal(&j, &h->t->why);
	if (*came == CAME_DENIED && !denies(h)) {
		*came = CAME_REFUSED;
		rc = cs_judged_refusal(&j, &h->t->why);
	}
out:
	cs_judged_clear(&h->i->plug, &j);
	return rc;
}

static int
change(struct handing *h, const cs_pending *p, cs_span message,
    enum came came, bool *changed)
{
	bool whole = came == CAME_WHOLE;
	int rc = cs_pending_change(h->i->env.store, p, message, whole ?
	    CS_PENDING_READY : CS_PENDING_WAITS, h->q.now +
	    cs_issuer_limits_now(h->i).pending_life, h->q.deadline_ms, changed,
	    &h->t->why);

	if (rc != CS_OK || !*changed)
		return rc;
	return noted(h->t, whole ? "approved: the agent may fetch it" :
	    "noted: more owners have to approve");
}

/* What came before may have run out meanwhile: then without it. */
static int
with(struct handing *h, const cs_pending *p, const cs_message *old,
    bool *changed)
{
	enum came came = CAME_REFUSED;
	cs_buf *message = NULL;
	bool with_old = old->n != 0 && p->state == CS_PENDING_WAITS;
	int rc;

	for (;;) {
		cs_buf_free(&message);
		if ((rc = merge(h, old, with_old, p->request_digest, &message,
		    &h->t->why)) != CS_OK)
			break;
		rc = check(h, cs_buf_span(message), &came);
		if (rc != CS_EREFUSED || !with_old)
			break;
		with_old = false;
	}
	*changed = true;
	if (rc == CS_OK && came == CAME_DENIED)
		rc = keep_denial(h, cs_buf_span(message));
	else if (rc == CS_OK)
		rc = change(h, p, cs_buf_span(message), came, changed);
	cs_buf_free(&message);
	return rc;
}

/* *known is false when no such request is kept. */
static int
hand_over(struct handing *h, cs_span digest, bool *known)
{
	cs_pending p = {0};
	cs_message *old = NULL;
	cs_buf *own = NULL;
	bool changed = false;
	int rc = CS_OK, tries;

	for (tries = 0; rc == CS_OK && !changed; tries++) {
		if (tries == TRIES)
			return cs_fail(&h->t->why, CS_ETIMEOUT, where,
			    "others changed it at the same time");
		rc = cs_pending_find(h->i->env.store, digest, h->q.now,
		    h->q.deadline_ms, &p, &own, &h->t->why);
		if (rc == CS_OK && (*known = p.state != CS_PENDING_NONE) &&
		    (rc = cs_message_parse(p.message, &old, &h->t->why)) ==
		    CS_OK) {
			h->q.evidence = p.evidence;
			rc = with(h, &p, old, &changed);
		}
		h->q.evidence = (cs_span){0};
		cs_message_free(&old);
		cs_buf_free(&own);
		if (!*known)
			break;
	}
	return rc;
}

/* A request that came with them and is not kept: a denial needs no place, and
 * an approval gets one where the request may have one. */
static int
beside(struct handing *h, const cs_message *m, cs_span digest)
{
	enum came came = CAME_REFUSED;
	cs_buf *message = NULL;
	bool known = false;
	int rc;

	if ((rc = hand_over(h, digest, &known)) != CS_OK || known)
		return rc;
	if (m->composite)
		message = cs_buf_dup(m->csr->der);
	else if ((rc = merge(h, m, false, digest, &message, &h->t->why)) !=
	    CS_OK)
		return rc;
	if (message == NULL)
		return cs_nomem(&h->t->why, where);
	if ((rc = check(h, cs_buf_span(message), &came)) == CS_OK &&
	    came == CAME_DENIED)
		rc = keep_denial(h, cs_buf_span(message));
	else if (rc == CS_OK &&
	    (rc = cs_issuer_keep(h->i, m->csr, digest, &h->q, h->t)) == CS_OK)
		rc = hand_over(h, digest, &known);
	cs_buf_free(&message);
	return rc;
}

static int
with_request(struct handing *h, const cs_message *m)
{
	uint8_t digest[DIGEST_LEN];
	size_t n;
	int rc = CS_OK;

	for (n = 0; n < m->n && rc == CS_OK; n++)
		rc = add(&h->in, m->approvals[n], &h->t->why);
	if (rc != CS_OK || (rc = parse_each(&h->in, &h->t->why)) != CS_OK ||
	    (rc = cs_request_digest(m->csr, digest, &h->t->why)) != CS_OK ||
	    (rc = cs_telling_about(h->t, m->csr->agent_id,
	    cs_span_of(digest, sizeof(digest)))) != CS_OK)
		return rc;
	if (m->composite && !denies(h))
		return cs_fail_detail(&h->t->why, CS_EFORMAT, CS_R_MALFORMED,
		    where, "expected approvals beside their request, found "
		    "a composite one, which nobody has to keep");
	if (m->n == 0)
		return cs_fail_detail(&h->t->why, CS_EREFUSED,
		    CS_R_NO_APPROVAL, where,
		    "expected approvals, found a request alone");
	return beside(h, m, cs_span_of(digest, sizeof(digest)));
}

struct digests {
	cs_span at[CS_SUBJECTS_MAX];
	size_t n;
};

static void
add_digest(struct digests *d, cs_span s)
{
	size_t n;

	for (n = 0; n < d->n; n++)
		if (cs_span_eq(d->at[n], s))
			return;
	if (d->n < CS_SUBJECTS_MAX)
		d->at[d->n++] = s;
}

static void
find_digests(const approvals *a, struct digests *d)
{
	size_t n, s;

	for (n = 0; n < a->n; n++)
		for (s = 0; s < a->at[n]->tbs.n_subjects; s++)
			if (a->at[n]->tbs.subjects[s].kind ==
			    CS_SUBJECT_REQUEST)
				add_digest(d,
				    a->at[n]->tbs.subjects[s].request_digest);
}

/* For every request of theirs that is kept; one that it is good for will do. */
static int
alone(struct handing *h)
{
	struct digests d = {.n = 0};
	bool known = false, any = false, good = false;
	cs_err why = {0};
	size_t n;
	int rc, last = CS_OK;

	find_digests(&h->in, &d);
	for (n = 0; n < d.n; n++) {
		if ((rc = cs_telling_about(h->t, (cs_span){0}, d.at[n])) !=
		    CS_OK)
			return rc;
		rc = hand_over(h, d.at[n], &known);
		any = any || known;
		good = good || (rc == CS_OK && known);
		if (rc != CS_OK) {
			last = rc;
			why = h->t->why;
		}
	}
	if (good)
		return CS_OK;
	if (any || last != CS_OK) {
		h->t->why = why;
		return last;
	}
	h->t->outcome = CS_OUTCOME_UNKNOWN;
	(void)snprintf(h->t->why.text, sizeof(h->t->why.text), "expected the "
	    "request beside its approvals: none of theirs waits here");
	return CS_OK;
}

static int
read_in(struct handing *h, cs_span message)
{
	cs_message *m = NULL;
	cs_err why = {0};
	int rc;

	if (cs_approvals_read(message, h->in.der, &h->in.n, &why) == CS_OK &&
	    h->in.n != 0 && parse_each(&h->in, &why) == CS_OK)
		return alone(h);
	approvals_free(&h->in);
	if ((rc = cs_message_parse(message, &m, &h->t->why)) == CS_OK)
		rc = with_request(h, m);
	cs_message_free(&m);
	return rc;
}

int
cs_issuer_approve(cs_issuer *i, const cs_ask_issue *a, int64_t now,
    cs_issued *out, cs_err *e)
{
	cs_telling t = {0};
	struct handing *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return cs_nomem(e, where);
	h->i = i;
	h->t = &t;
	h->q = (cs_question){.now = now, .address = a->address,
	    .client_cert = a->client_cert,
	    .deadline_ms = cs_issuer_deadline(a->deadline_ms)};
	if ((rc = read_in(h, a->message)) != CS_OK)
		cs_telling_fail(&t, rc);
	rc = cs_issuer_tell(i, "approve", a->request_id, a->address, &t, out,
	    e);
	cs_telling_clear(&t);
	approvals_free(&h->in);
	free(h);
	return rc;
}
