/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>

#include "base/time.h"
#include "fmt/message.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "server/client.h"
#include "server/issuerp.h"
#include "store/memory.h"

/* A request, to its credential, its refusal, or the place where it waits. */

static const char where[] = "server/issuer";

#define DEADLINE_MS 10000

int64_t
cs_issuer_deadline(int64_t deadline_ms)
{
	int64_t now = cs_time_mono_ms(), longest = now + CS_ISSUER_LONGEST_MS;

	if (deadline_ms == 0)
		return now + DEADLINE_MS;
	return deadline_ms < longest ? deadline_ms : longest;
}

int
cs_telling_about(cs_telling *t, cs_span agent, cs_span digest)
{
	size_t n;

	if (digest.p != NULL && digest.n == sizeof(t->digest)) {
		for (n = 0; n < digest.n; n++)
			t->digest[n] = digest.p[n];
		t->has_digest = true;
	}
	cs_buf_free(&t->agent);
	if (agent.p != NULL && (t->agent = cs_buf_dup(agent)) == NULL)
		return cs_nomem(&t->why, where);
	return CS_OK;
}

/* Nobody is asked again what he has denied. */
static int
check_denied(cs_issuer *i, cs_span digest, const cs_question *q, cs_telling *t)
{
	char owner[CS_OWNER_MAX + 1] = "", until[24] = "";
	int64_t not_after = 0;
	int rc;

	if ((rc = cs_denial_find(i->env.store, digest, q->now, q->deadline_ms,
	    &not_after, owner, sizeof(owner), &t->why)) != CS_OK ||
	    not_after == 0)
		return rc;
	t->denied = true;
	if (!cs_rfc3339_put(not_after, until))
		until[0] = '\0';
	return cs_fail_detail(&t->why, CS_EREFUSED, CS_R_NONE, where,
	    "%s has denied this request until %s", owner, until);
}

/* A claim that is refused without a reason: has an owner denied meanwhile? */
static int
check_claimed(cs_issuer *i, const cs_question *q, int rc, cs_telling *t)
{
	cs_err why = t->why;
	int found;

	if (rc != CS_EREFUSED || why.detail != CS_R_NONE || !t->has_digest)
		return rc;
	found = check_denied(i, cs_span_of(t->digest, sizeof(t->digest)), q,
	    t);
	if (found == CS_OK)
		t->why = why;
	return found == CS_OK ? rc : found;
}

int
cs_issuer_settle(cs_issuer *i, const cs_question *q, unsigned kinds,
    cs_telling *t)
{
	cs_judged j = {0};
	int rc;

	if ((rc = cs_plug_judge(&i->plug, q, &j, &t->why)) != CS_OK)
		goto out;
	if ((rc = cs_telling_about(t, cs_plug_span(j.a.agent),
	    cs_plug_span(j.a.request_digest))) != CS_OK)
		goto out;
	if (j.a.state == COUNTERSIGN_APPROVED)
		rc = check_claimed(i, q, cs_issuer_make(i, &j, kinds, q->now,
		    q->deadline_ms, t, &t->why), t);
	else
		rc = cs_telling_refusal(t, &j);
out:
	cs_judged_clear(&i->plug, &j);
	return rc;
}

static int
kept(cs_issuer *i, const cs_pending *p, const cs_question *q, unsigned kinds,
    cs_telling *t)
{
	cs_question of = *q;

	of.message = p->message;
	if (of.evidence.p == NULL)
		of.evidence = p->evidence;
	return cs_issuer_settle(i, &of, kinds, t);
}

static int
waits(cs_telling *t, cs_span owner)
{
	t->outcome = CS_OUTCOME_PENDING;
	t->retry_after = CS_ISSUER_WAIT;
	t->why = (cs_err){0};
	(void)snprintf(t->why.text, sizeof(t->why.text), "waits for %.*s",
	    (int)owner.n, (const char *)owner.p);
	return CS_OK;
}

static int
check_may_wait(const cs_issuer *i, const cs_csr *c, cs_err *e)
{
	if (c->intended_owner.p == NULL)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_NO_APPROVAL, where,
		    "expected approvals, or a request that names its intended "
		    "owner, found neither");
	if (!cs_span_is(c->trust_domain, i->env.conf->trust_domain))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_TRUST_DOMAIN,
		    where, "expected an agent of %s, found one of %.*s",
		    i->env.conf->trust_domain, (int)c->trust_domain.n,
		    (const char *)c->trust_domain.p);
	return CS_OK;
}

static int
keep(cs_issuer *i, const cs_pending *p, const cs_question *q, cs_err *e)
{
	const cs_conf_limits l = cs_issuer_limits_now(i);
	const cs_pending_limits limits = {.all = l.pending,
	    .octets = l.pending_octets, .per_client = l.pending_per_client,
	    .per_agent = l.pending_per_agent};
	cs_pending of = *p;
	cs_buf *client = NULL;
	int rc = cs_client_name(q->address, q->client_cert, &client, e);

	of.client = cs_buf_span(client);
	of.expires = of.created + l.pending_life;
	if (rc == CS_OK)
		rc = cs_pending_keep(i->env.store, &of, &limits,
		    q->deadline_ms, e);
	cs_buf_free(&client);
	return rc;
}

int
cs_issuer_keep(cs_issuer *i, const cs_csr *c, cs_span digest,
    const cs_question *q, cs_telling *t)
{
	const cs_pending p = {.request_digest = digest,
	    .agent_id = c->agent_id, .owner = c->intended_owner,
	    .message = c->der, .evidence = q->evidence, .created = q->now};
	int rc;

	if ((rc = check_may_wait(i, c, &t->why)) != CS_OK)
		return rc;
	if (q->evidence.n > CS_PENDING_EVIDENCE_MAX)
		return cs_fail_detail(&t->why, CS_EREFUSED, CS_R_TOO_LARGE,
		    where, "evidence of %zu octets, at most %d of a request "
		    "that waits", q->evidence.n, CS_PENDING_EVIDENCE_MAX);
	rc = keep(i, &p, q, &t->why);
	t->later = rc == CS_EREFUSED;
	return rc;
}

/* The request has no approval with it. */
static int
without(cs_issuer *i, const cs_csr *c, const cs_question *q, unsigned kinds,
    cs_telling *t)
{
	cs_span digest = cs_span_of(t->digest, sizeof(t->digest));
	cs_pending p = {.state = CS_PENDING_NONE};
	cs_buf *own = NULL;
	int rc;

	if ((rc = cs_pending_find(i->env.store, digest, q->now,
	    q->deadline_ms, &p, &own, &t->why)) != CS_OK)
		goto out;
	if (p.state == CS_PENDING_READY) {
		rc = kept(i, &p, q, kinds, t);
		goto out;
	}
	if ((rc = check_denied(i, digest, q, t)) != CS_OK)
		goto out;
	if (p.state == CS_PENDING_NONE &&
	    (rc = cs_issuer_keep(i, c, digest, q, t)) != CS_OK)
		goto out;
	rc = waits(t, p.state == CS_PENDING_NONE ? c->intended_owner :
	    p.owner);
out:
	cs_buf_free(&own);
	return rc;
}

static int
ask(cs_issuer *i, const cs_question *q, unsigned kinds, cs_telling *t)
{
	cs_message *m = NULL;
	int rc = cs_issuer_settle(i, q, kinds, t);

	if (rc != CS_EREFUSED || t->why.detail != CS_R_NO_APPROVAL ||
	    !t->has_digest)
		return rc;
	if ((rc = cs_message_parse(q->message, &m, &t->why)) != CS_OK)
		return rc;
	rc = without(i, m->csr, q, kinds, t);
	cs_message_free(&m);
	return rc;
}

int
cs_issuer_issue(cs_issuer *i, const cs_ask_issue *a, int64_t now,
    cs_issued *out, cs_err *e)
{
	const cs_question q = {.operation = a->operation,
	    .message = a->message, .evidence = a->evidence, .now = now,
	    .address = a->address, .client_cert = a->client_cert,
	    .deadline_ms = cs_issuer_deadline(a->deadline_ms)};
	cs_telling t = {0};
	int rc;

	if (a->message.n == 0 || a->message.n > CS_MESSAGE_MAX)
		rc = cs_fail_detail(&t.why, CS_EFORMAT, a->message.n == 0 ?
		    CS_R_MALFORMED : CS_R_TOO_LARGE, where,
		    "a request of %zu octets", a->message.n);
	else if (a->operation == COUNTERSIGN_OP_ISSUE ||
	    a->operation == COUNTERSIGN_OP_RENEW)
		rc = ask(i, &q, a->kinds, &t);
	else
		rc = cs_fail(&t.why, CS_EUSAGE, where, "no operation %u",
		    a->operation);
	if (rc != CS_OK)
		cs_telling_fail(&t, rc);
	rc = cs_issuer_tell(i, a->operation == COUNTERSIGN_OP_RENEW ?
	    "renew" : "issue", a->request_id, a->address, &t, out, e);
	cs_telling_clear(&t);
	return rc;
}

/* What was issued and lives may be fetched again, unless it was denied. */
static int
look(cs_issuer *i, const cs_ask_lookup *a, const cs_question *q,
    cs_telling *t)
{
	cs_pending p = {.state = CS_PENDING_NONE};
	cs_buf *own = NULL;
	int rc;

	if ((rc = cs_pending_find(i->env.store, a->request_digest, q->now,
	    q->deadline_ms, &p, &own, &t->why)) != CS_OK)
		goto out;
	if (p.state == CS_PENDING_READY) {
		rc = kept(i, &p, q, a->kinds, t);
		goto out;
	}
	if ((rc = check_denied(i, a->request_digest, q, t)) != CS_OK)
		goto out;
	if (p.state == CS_PENDING_WAITS) {
		if ((rc = cs_telling_about(t, p.agent_id,
		    (cs_span){0})) == CS_OK)
			rc = waits(t, p.owner);
	} else {
		rc = cs_issuer_find(i, a, q->now, q->deadline_ms, t);
	}
out:
	cs_buf_free(&own);
	return rc;
}

int
cs_issuer_lookup(cs_issuer *i, const cs_ask_lookup *a, int64_t now,
    cs_issued *out, cs_err *e)
{
	const cs_question q = {.operation = COUNTERSIGN_OP_ISSUE, .now = now,
	    .deadline_ms = cs_issuer_deadline(a->deadline_ms)};
	cs_telling t = {.outcome = CS_OUTCOME_UNKNOWN};
	int rc;

	if ((rc = cs_telling_about(&t, (cs_span){0}, a->request_digest)) ==
	    CS_OK)
		rc = look(i, a, &q, &t);
	if (rc != CS_OK)
		cs_telling_fail(&t, rc);
	rc = cs_issuer_tell(i, "lookup", a->request_id, a->address, &t, out,
	    e);
	cs_telling_clear(&t);
	return rc;
}
