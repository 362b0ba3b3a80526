/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/frontask.h"

#include <stdint.h>
#include <stdio.h>

#include "base/time.h"
#include "fmt/reason.h"

/* A front's question, what comes of it, and its answer. */

static const char where[] = "server/issuer";

void
cs_fronts_say(const cs_fronts_env *env, int level, const char *what,
    const cs_err *e)
{
	char text[sizeof(e->text) + 64];

	(void)snprintf(text, sizeof(text), "%s: %s", what, e->text);
	env->say(env->say_arg, level, text);
}

/* A refusal is short, and there are no more than there are questions: it has
 * room where an answer has none. */
static void
send_answer(const cs_front_ask *q, cs_frame *f)
{
	cs_front_ask again = *q;
	cs_err e = {0};
	int rc;

	f->id = q->ask->id;
	rc = cs_outbox_put(q->out, f, q->waiting_max, &e);
	if (rc == CS_ETIMEOUT) {
		again.waiting_max = SIZE_MAX;
		cs_front_ask_busy(&again, "too many answers wait to be read");
	} else if (rc != CS_OK && rc != CS_EIO) {
		cs_fronts_say(q->env, COUNTERSIGN_LOG_WARNING,
		    "an answer that nobody takes", &e);
	}
}

static void
answer_issue(const cs_front_ask *q, const cs_told_issue *t)
{
	cs_msg_room room;
	cs_frame f;

	if (cs_told_issue_put(t, &room, &f, NULL) == CS_OK)
		send_answer(q, &f);
}

static void
answer_given(const cs_front_ask *q, int rc, cs_span octets, int64_t number,
    const cs_err *e)
{
	cs_told_given t = {.number = number, .octets = octets};
	cs_msg_room room;
	cs_frame f;

	if (rc != CS_OK) {
		t = (cs_told_given){.reason = e->detail == CS_R_NONE ?
		    CS_R_INTERNAL : e->detail,
		    .text = cs_span_str(e->text)};
	}
	if (cs_told_given_put(&t, &room, &f, NULL) == CS_OK)
		send_answer(q, &f);
}

static void
answer_admin(const cs_front_ask *q, int status, cs_span body)
{
	const cs_told_admin t = {status, body};
	cs_msg_room room;
	cs_frame f;

	if (cs_told_admin_put(&t, &room, &f, NULL) == CS_OK)
		send_answer(q, &f);
}

/* Before anything was looked at. */
void
cs_front_ask_busy(const cs_front_ask *q, const char *why)
{
	const cs_told_issue t = {.outcome = CS_OUTCOME_BUSY,
	    .text = cs_span_str(why), .retry_after = 2};
	cs_err e = {0};

	switch (q->ask->type) {
	case CS_MSG_ADMIN:
		answer_admin(q, 503, cs_span_str("{\"error\":\"busy\"}"));
		break;
	case CS_MSG_BUNDLE:
	case CS_MSG_CRL:
		(void)cs_fail_detail(&e, CS_ETIMEOUT, CS_R_INTERNAL, where,
		    "%s", why);
		answer_given(q, CS_ETIMEOUT, (cs_span){0}, 0, &e);
		break;
	default:
		answer_issue(q, &t);
		break;
	}
}

static int
do_issue(const cs_front_ask *q, cs_err *e)
{
	cs_issuer *i = q->env->issuer;
	cs_ask_issue a;
	cs_issued out = {.own = NULL};
	bool issue = q->ask->type == CS_MSG_ISSUE;
	int rc = issue ? cs_ask_issue_get(q->ask, &a, e) :
	    cs_ask_approve_get(q->ask, &a, e);

	if (rc == CS_OK)
		rc = issue ? cs_issuer_issue(i, &a, cs_time_now(), &out, e) :
		    cs_issuer_approve(i, &a, cs_time_now(), &out, e);
	if (rc == CS_OK)
		answer_issue(q, &out.told);
	cs_issued_clear(&out);
	return rc;
}

static int
do_lookup(const cs_front_ask *q, cs_err *e)
{
	cs_ask_lookup a;
	cs_issued out = {.own = NULL};
	int rc = cs_ask_lookup_get(q->ask, &a, e);

	if (rc == CS_OK)
		rc = cs_issuer_lookup(q->env->issuer, &a, cs_time_now(), &out,
		    e);
	if (rc == CS_OK)
		answer_issue(q, &out.told);
	cs_issued_clear(&out);
	return rc;
}

static void
do_given(const cs_front_ask *q)
{
	cs_issuer *i = q->env->issuer;
	cs_span key_id = {0};
	cs_buf *b = NULL;
	int64_t number = 0;
	cs_err e = {0};
	int rc;

	if (q->ask->n != 0)
		key_id = q->ask->part[0];
	rc = q->ask->type == CS_MSG_BUNDLE ?
	    cs_issuer_bundle(i, &b, &number, &e) :
	    cs_issuer_crl(i, key_id, cs_time_now(), q->deadline_ms, &b,
	    &number, &e);
	answer_given(q, rc, cs_buf_span(b), number, &e);
	cs_buf_free(&b);
}

static int
do_admin(const cs_front_ask *q, cs_err *e)
{
	cs_ask_admin a;
	cs_buf *b = NULL;
	int status = 500, rc = cs_ask_admin_get(q->ask, &a, e);

	if (rc == CS_OK)
		rc = cs_issuer_admin(q->env->issuer, &a, cs_time_now(),
		    q->deadline_ms, &status, &b, e);
	if (rc == CS_OK)
		answer_admin(q, status, cs_buf_span(b));
	cs_buf_free(&b);
	return rc;
}

int
cs_front_ask_do(const cs_front_ask *q, cs_err *e)
{
	if (q->is_admin != (q->ask->type == CS_MSG_ADMIN))
		return cs_fail(e, CS_EFORMAT, where, "a question of type %u "
		    "over a channel that has no such ones", q->ask->type);
	switch (q->ask->type) {
	case CS_MSG_ISSUE:
	case CS_MSG_APPROVE:
		return do_issue(q, e);
	case CS_MSG_LOOKUP:
		return do_lookup(q, e);
	case CS_MSG_BUNDLE:
	case CS_MSG_CRL:
		do_given(q);
		return CS_OK;
	case CS_MSG_ADMIN:
		return do_admin(q, e);
	default:
		return cs_fail(e, CS_EFORMAT, where,
		    "a question of type %u", q->ask->type);
	}
}
