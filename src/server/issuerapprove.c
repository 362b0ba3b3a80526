/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/message.h"
#include "fmt/reason.h"
#include "server/handed.h"
#include "server/issuerp.h"

/*
 * What an owner hands in himself: approvals and denials, beside their request
 * or for one that is kept. Nothing here is trusted: each request with all its
 * approvals goes to the plugin, and only what that says changes anything.
 */

static const char where[] = "server/approve";

#define DIGEST_LEN 32
#define TRIES 4 /* another owner's approval came in between */

struct handing {
	cs_issuer *i;
	cs_question q;     /* without its message */
	cs_handed in;
	cs_telling *t;
};

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
taken(cs_telling *t, enum cs_outcome outcome, const char *what)
{
	t->outcome = outcome;
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
		rc = taken(h->t, CS_OUTCOME_KEPT, "denied");
	else if (j.a.state == COUNTERSIGN_APPROVED)
		rc = cs_fail_detail(&h->t->why, CS_EBUG, CS_R_INTERNAL, where,
		    "a denial that is none");
	else
		rc = cs_telling_refusal(h->t, &j);
	cs_judged_clear(&h->i->plug, &j);
	return rc;
}

enum came { CAME_REFUSED = 0, CAME_WHOLE, CAME_HALF, CAME_DENIED };

/* What would be said of this message now. *came tells of CS_OK. */
static int
check(struct handing *h, cs_span message, bool may_deny, enum came *came)
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
		rc = cs_telling_refusal(h->t, &j);
	if (*came == CAME_DENIED && !may_deny) {
		*came = CAME_REFUSED;
		rc = cs_telling_refusal(h->t, &j);
	}
out:
	cs_judged_clear(&h->i->plug, &j);
	return rc;
}

static int
note(struct handing *h, enum came came)
{
	return came == CAME_WHOLE ? taken(h->t, CS_OUTCOME_READY,
	    "approved: the agent may fetch it") : taken(h->t,
	    CS_OUTCOME_NOTED, "noted: more owners have to approve");
}

struct merging { /* of one request that is kept */
	struct handing *h;
	const cs_pending *p;
	const cs_csr *csr;
	cs_picked in, kept; /* what came now, and what came before */
	bool changed;       /* false: somebody else was faster */
};

static int
judge(struct merging *m, const cs_picked *with, enum came *came)
{
	cs_buf *message = NULL;
	int rc = cs_picked_put(with, m->csr->der, &message, &m->h->t->why);

	*came = CAME_REFUSED;
	if (rc == CS_OK)
		rc = check(m->h, cs_buf_span(message), false, came);
	cs_buf_free(&message);
	return rc;
}

/* A verdict, and no trouble of ours, which says nothing of an approval. */
static bool
is_no(const struct merging *m, int rc)
{
	int why = m->h->t->why.detail;

	return rc == CS_EREFUSED && why != CS_R_STORE_UNAVAILABLE &&
	    why != CS_R_INTERNAL;
}

static int
keep(struct merging *m, const cs_picked *all, enum came came)
{
	struct handing *h = m->h;
	cs_buf *message = NULL;
	int rc = cs_picked_put(all, m->csr->der, &message, &h->t->why);

	if (rc == CS_OK)
		rc = cs_pending_change(h->i->env.store, m->p,
		    cs_buf_span(message), came == CAME_WHOLE ?
		    CS_PENDING_READY : CS_PENDING_WAITS, h->q.now +
		    cs_issuer_limits_now(h->i).pending_life, h->q.deadline_ms,
		    &m->changed, &h->t->why);
	cs_buf_free(&message);
	return rc == CS_OK ? note(h, came) : rc;
}

/* Has he nothing there that lasts as long? Where there are enough owners,
 * another one only makes it weaker: the strictest of all decides, and it ends
 * with the first of them. */
static bool
adds(const struct merging *m, enum came had, cs_span owner)
{
	int64_t before = cs_picked_until(&m->kept, owner);

	return cs_picked_until(&m->in, owner) > before &&
	    (before != 0 || had != CAME_WHOLE);
}

/* What came before, with what it has not. *more: there was such. */
static int
join(const struct merging *m, enum came had, cs_picked *all, bool *more,
    cs_err *e)
{
	cs_span owner;
	size_t n;
	int rc = CS_OK;

	*more = false;
	for (n = 0; n < m->kept.n && rc == CS_OK; n++) {
		owner = m->kept.at[n]->tbs.owner;
		if (!adds(m, had, owner))
			rc = cs_pick(all, m->kept.at[n], e);
	}
	for (n = 0; n < m->in.n && rc == CS_OK; n++) {
		owner = m->in.at[n]->tbs.owner;
		if (!adds(m, had, owner))
			continue;
		*more = true;
		rc = cs_pick(all, m->in.at[n], e);
	}
	return rc;
}

/* What came before holds, and stays as good as it is: what adds nothing to it
 * (the same again, another signature of the same, an owner's second word, one
 * owner more than it needs) changes nothing. */
static int
add_to(struct merging *m, enum came had)
{
	cs_picked all = {.n = 0};
	enum came came = had;
	bool more = false;
	int rc;

	if ((rc = join(m, had, &all, &more, &m->h->t->why)) != CS_OK ||
	    (more && (rc = judge(m, &all, &came)) != CS_OK))
		return rc;
	if (came != had && had == CAME_WHOLE)
		return note(m->h, had);
	if (!more && (had == CAME_HALF || m->p->state == CS_PENDING_READY))
		return note(m->h, had);
	return keep(m, &all, came);
}

/* With all of this owner's, if it is better so. */
static int
try_owner(struct merging *m, cs_span owner, cs_picked *all, enum came *came)
{
	cs_picked more = *all;
	enum came now = CAME_REFUSED;
	int rc = cs_pick_owner(&more, &m->kept, owner, &m->h->t->why);

	if (rc == CS_OK)
		rc = judge(m, &more, &now);
	if (rc == CS_OK) {
		*all = more;
		*came = now;
	}
	return is_no(m, rc) ? CS_OK : rc;
}

static bool
is_first(const cs_picked *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cs_span_eq(p->at[i]->tbs.owner, p->at[n]->tbs.owner))
			return false;
	return true;
}

/* Without whom the request names the others count for nothing: his first. No
 * more than it needs. */
static int
try_each(struct merging *m, cs_picked *all, enum came *came)
{
	cs_span owner, named = m->csr->intended_owner;
	size_t turn, n;
	int rc = CS_OK;

	for (turn = 0; turn < 2; turn++)
		for (n = 0; n < m->kept.n && rc == CS_OK &&
		    *came != CAME_WHOLE; n++) {
			owner = m->kept.at[n]->tbs.owner;
			if (cs_span_eq(owner, named) == (turn == 0) &&
			    is_first(&m->kept, n) &&
			    cs_picked_until(&m->in, owner) == 0)
				rc = try_owner(m, owner, all, came);
		}
	return rc;
}

static bool
is_new(const struct merging *m)
{
	size_t n;

	for (n = 0; n < m->in.n; n++)
		if (!cs_picked_has(&m->kept, m->in.at[n]->tbs.der))
			return true;
	return false;
}

/* What came before does not hold as a whole any more: an approval has run out,
 * or was used up. What is new, with what still holds of it. */
static int
begin_anew(struct merging *m, enum came came)
{
	cs_telling *t = m->h->t;
	cs_picked all = m->in;
	cs_err why = t->why;
	bool denied = t->denied;
	int rc = CS_OK;

	if (is_new(m) && (rc = try_each(m, &all, &came)) == CS_OK &&
	    came != CAME_REFUSED)
		return keep(m, &all, came);
	if (rc == CS_OK) {
		t->why = why;
		t->denied = denied;
		rc = why.cls;
	}
	return rc;
}

/* Nobody gets at what is kept with what is nothing by itself, but for what
 * another owner's approval has to come with. */
static int
merge(struct merging *m)
{
	enum came alone = CAME_REFUSED, had = CAME_REFUSED;
	int rc = judge(m, &m->in, &alone);

	if (rc == CS_OK && m->kept.n == 0)
		return keep(m, &m->in, alone);
	if (rc != CS_OK && (m->kept.n == 0 || rc != CS_EREFUSED ||
	    m->h->t->why.detail != CS_R_WRONG_OWNER))
		return rc;
	if ((rc = judge(m, &m->kept, &had)) == CS_OK)
		return add_to(m, had);
	return is_no(m, rc) ? begin_anew(m, alone) : rc;
}

/* Where it needs them, with the approvals that came before. */
static int
deny(struct merging *m)
{
	cs_picked all = m->in;
	enum came came = CAME_REFUSED;
	cs_buf *message = NULL;
	cs_err *e = &m->h->t->why;
	size_t n, tries;
	int rc = CS_EBUG;

	for (tries = 0; tries < 2; tries++) {
		cs_buf_free(&message);
		if ((rc = cs_picked_put(&all, m->csr->der, &message, e)) ==
		    CS_OK)
			rc = check(m->h, cs_buf_span(message), true, &came);
		if (rc != CS_EREFUSED)
			break;
		for (n = 0; n < m->kept.n; n++)
			if (cs_pick(&all, m->kept.at[n], e) != CS_OK)
				break;
	}
	if (rc == CS_OK)
		rc = came == CAME_DENIED ? keep_denial(m->h,
		    cs_buf_span(message)) : cs_fail_detail(e, CS_EBUG,
		    CS_R_INTERNAL, where, "a denial that approves");
	cs_buf_free(&message);
	return rc;
}

/* What was kept once and cannot be read now holds nothing. */
static int
read_kept(const cs_message *old, cs_handed *to, cs_err *e)
{
	size_t n;
	int rc = CS_OK;

	for (n = 0; n < old->n && (rc == CS_OK || rc == CS_EFORMAT); n++)
		rc = cs_handed_add(to, old->approvals[n], e);
	return rc == CS_EFORMAT ? CS_OK : rc;
}

static int
with(struct handing *h, const cs_pending *p, const cs_message *old,
    bool *changed)
{
	struct merging m = {.h = h, .p = p, .csr = old->csr, .changed = true};
	cs_handed kept = {.n = 0};
	size_t n;
	int rc;

	if ((rc = read_kept(old, &kept, &h->t->why)) == CS_OK)
		rc = cs_pick_request(&m.in, &h->in, p->request_digest,
		    &h->t->why);
	for (n = 0; n < kept.n && rc == CS_OK; n++)
		rc = cs_pick(&m.kept, kept.at[n], &h->t->why);
	if (rc == CS_OK && cs_picked_denies(&m.in))
		rc = deny(&m);
	else if (rc == CS_OK &&
	    (rc = cs_picked_few(&m.in, &h->t->why)) == CS_OK)
		rc = merge(&m);
	*changed = m.changed;
	cs_handed_clear(&kept);
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
	cs_picked in = {.n = 0};
	cs_buf *message = NULL;
	bool known = false;
	int rc;

	if ((rc = hand_over(h, digest, &known)) != CS_OK || known ||
	    (rc = cs_pick_request(&in, &h->in, digest, &h->t->why)) != CS_OK)
		return rc;
	if (m->composite)
		message = cs_buf_dup(m->csr->der);
	else if ((rc = cs_picked_put(&in, m->csr->der, &message,
	    &h->t->why)) != CS_OK)
		return rc;
	if (message == NULL)
		return cs_nomem(&h->t->why, where);
	if ((rc = check(h, cs_buf_span(message), cs_picked_denies(&in),
	    &came)) == CS_OK &&
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
		rc = cs_handed_add(&h->in, m->approvals[n], &h->t->why);
	if (rc != CS_OK ||
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
find_digests(const cs_handed *a, struct digests *d)
{
	size_t n, s;

	for (n = 0; n < a->n; n++)
		for (s = 0; s < a->at[n]->tbs.n_subjects; s++)
			if (a->at[n]->tbs.subjects[s].kind ==
			    CS_SUBJECT_REQUEST)
				add_digest(d,
				    a->at[n]->tbs.subjects[s].request_digest);
}

static void
tell_instead(cs_telling *t, cs_telling *by)
{
	cs_telling_clear(t);
	*t = *by;
	*by = (cs_telling){0}; /* transferred */
}

static int
none_waits(cs_telling *t)
{
	t->outcome = CS_OUTCOME_UNKNOWN;
	(void)snprintf(t->why.text, sizeof(t->why.text), "expected the "
	    "request beside its approvals: none of theirs waits here");
	return CS_OK;
}

/* For every request of theirs that is kept; one that it is good for will do,
 * and is what is told. */
static int
alone(struct handing *h)
{
	struct digests d = {.n = 0};
	cs_telling good = {0}, bad = {0};
	bool known, is_good = false;
	int rc, last = CS_OK;
	size_t n;

	find_digests(&h->in, &d);
	for (n = 0; n < d.n; n++) {
		known = false;
		if ((rc = cs_telling_about(h->t, (cs_span){0}, d.at[n])) ==
		    CS_OK)
			rc = hand_over(h, d.at[n], &known);
		if (rc != CS_OK) {
			last = rc;
			tell_instead(&bad, h->t);
		} else if (known && !is_good) {
			is_good = true;
			tell_instead(&good, h->t);
		}
	}
	if (!is_good && last == CS_OK)
		return none_waits(h->t);
	tell_instead(h->t, is_good ? &good : &bad);
	cs_telling_clear(&good);
	cs_telling_clear(&bad);
	return is_good ? CS_OK : last;
}

/* Approvals alone; none where that is something else. */
static void
read_alone(cs_handed *in, cs_span message)
{
	cs_buf *der[CS_APPROVALS_MAX] = {NULL};
	size_t n = 0, i;
	int rc = cs_approvals_read(message, der, &n, NULL);

	for (i = 0; i < n; i++) {
		if (rc == CS_OK)
			rc = cs_handed_add(in, cs_buf_span(der[i]), NULL);
		cs_buf_free(&der[i]);
	}
	if (rc != CS_OK)
		cs_handed_clear(in);
}

static int
read_in(struct handing *h, cs_span message)
{
	cs_message *m = NULL;
	int rc;

	read_alone(&h->in, message);
	if (h->in.n != 0)
		return alone(h);
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
	cs_handed_clear(&h->in);
	free(h);
	return rc;
}
