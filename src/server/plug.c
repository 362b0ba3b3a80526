/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/plug.h"

#include <string.h>

#include "fmt/reason.h"

/* The plugin is somebody else's code: what it does not say is no approval. */

static const char where[] = "server/plugin";

#define WHY_MAX 1024

cs_span
cs_plug_span(countersign_bytes b)
{
	return cs_span_of(b.ptr, b.ptr == NULL ? 0 : b.len);
}

/* Of a struct of theirs what is there; what is not counts as zero. */
static void
take(void *to, size_t room, const void *from, size_t size)
{
	memset(to, 0, room);
	memcpy(to, from, size < room ? size : room);
}

/* A call that gave nothing: numbers of classes are the same. */
static int
failed(int rc, bool given, const char *call, const char *why, cs_err *e)
{
	if (rc == CS_OK && given)
		return CS_OK;
	if (rc < 0 && rc >= CS_EBUG)
		return cs_fail(e, rc, where, "%s", why);
	return cs_fail(e, CS_EBUG, where, "%s returned %d", call, rc);
}

int
cs_plug_judge(const cs_plug *p, const cs_question *q, cs_judged *out, cs_err *e)
{
	countersign_verifier_input in = {.size = sizeof(in),
	    .operation = q->operation,
	    .message = {q->message.p, q->message.n},
	    .evidence = {q->evidence.p, q->evidence.n}, .time = q->now,
	    .deadline_ms = q->deadline_ms, .composite = 1};
	char why[WHY_MAX] = "";
	int rc;

	*out = (cs_judged){0};
	rc = p->plugin->verify(p->instance, &in, &out->given, why,
	    sizeof(why));
	if ((rc = failed(rc, out->given != NULL, "verify", why, e)) != CS_OK)
		return rc;
	take(&out->a, sizeof(out->a), out->given, out->given->size);
	return CS_OK;
}

static int
refused(const countersign_verifier_claim *c, cs_err *e)
{
	int reason = c->reason < CS_R_END ? (int)c->reason : CS_R_INTERNAL;

	return cs_fail_detail(e, CS_EREFUSED, reason, where, "%s",
	    c->text == NULL ? "refused" : c->text);
}

int
cs_plug_claim(const cs_plug *p, const cs_judged *j,
    const countersign_verifier_terms *t, cs_claimed *out, cs_err *e)
{
	char why[WHY_MAX] = "";
	int rc;

	*out = (cs_claimed){0};
	rc = p->plugin->claim(p->instance, j->given, t, &out->given,
	    why, sizeof(why));
	if ((rc = failed(rc, out->given != NULL, "claim", why, e)) != CS_OK)
		return rc;
	take(&out->c, sizeof(out->c), out->given, out->given->size);
	switch (out->c.state) {
	case COUNTERSIGN_CLAIM_NEW:
	case COUNTERSIGN_CLAIM_AGAIN:
	case COUNTERSIGN_CLAIM_STORED:
		return CS_OK;
	default:
		return refused(&out->c, e);
	}
}

int
cs_plug_record(const cs_plug *p, const cs_claimed *c, cs_span credential,
    int64_t now, int64_t deadline_ms, cs_claimed *out, cs_err *e)
{
	const countersign_verifier_record r = {.size = sizeof(r), .time = now,
	    .deadline_ms = deadline_ms,
	    .credential = {credential.p, credential.n}};
	char why[WHY_MAX] = "";
	int rc;

	*out = (cs_claimed){0};
	rc = p->plugin->record(p->instance, c->given, &r, &out->given,
	    why, sizeof(why));
	if ((rc = failed(rc, out->given != NULL, "record", why, e)) != CS_OK)
		return rc;
	take(&out->c, sizeof(out->c), out->given, out->given->size);
	return out->c.state == COUNTERSIGN_CLAIM_STORED ? CS_OK :
	    refused(&out->c, e);
}

int
cs_judged_refusal(const cs_judged *j, cs_err *e)
{
	int reason = j->a.reason < CS_R_END ? (int)j->a.reason : CS_R_INTERNAL;

	if (j->a.state == COUNTERSIGN_DENIED)
		reason = CS_R_NONE;
	else if (reason == CS_R_NONE)
		reason = CS_R_INTERNAL;
	return cs_fail_detail(e, CS_EREFUSED, reason, where, "%s",
	    j->a.text == NULL ? "refused" : j->a.text);
}

void
cs_judged_clear(const cs_plug *p, cs_judged *j)
{
	p->plugin->release(p->instance, j->given);
	*j = (cs_judged){0};
}

void
cs_claimed_clear(const cs_plug *p, cs_claimed *c)
{
	p->plugin->release(p->instance, c->given);
	*c = (cs_claimed){0};
}
