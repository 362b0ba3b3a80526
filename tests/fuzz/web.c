/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <jansson.h>
#include <string.h>

#include "fuzz.h"
#include "server/webp.h"

/*
 * A request: "METHOD PATH", Content-Type, Accept, If-None-Match, a line each,
 * the body behind them. Then every kind of answer to what is asked.
 */

#define LINE_MAX 512

static char domain[] = "corp.example";
static const cs_server_conf conf = {.trust_domain = domain,
    .clients = CS_CLIENTS_MAY, .n_wit = 1, .crl_every = 60,
    .limits = {.body = 64 * 1024}};
static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x05};
static const uint8_t digest[32] = {7};

static const cs_web_env *
env(void)
{
	static cs_web_env e = {.conf = &conf, .n_ca = 1};

	e.ca[0] = cs_span_of(der, sizeof(der));
	return &e;
}

static cs_span
line(cs_span *in)
{
	const uint8_t *end = memchr(in->p, '\n', in->n);
	cs_span out = cs_span_of(in->p, end == NULL ? in->n :
	    (size_t)(end - in->p));

	*in = cs_span_of(in->p + out.n, in->n - out.n);
	if (in->n > 0)
		*in = cs_span_of(in->p + 1, in->n - 1);
	return out;
}

static void
check_status(const cs_web_request *r, int status)
{
	cs_span param = {0};
	const cs_web_route *t = cs_web_find(env(), r->path, &param);
	size_t i;

	if (t == NULL) {
		CHECK(status == 404);
		return;
	}
	if (status == 405)
		return;
	for (i = 0; i < sizeof(t->statuses) / sizeof(t->statuses[0]); i++)
		if (t->statuses[i] == status)
			return;
	CHECK(!"a status of the route");
}

static void
check_json(const cs_web_answer *a)
{
	cs_span body = cs_buf_span(a->body);
	json_t *o = json_loadb((const char *)body.p, body.n,
	    JSON_REJECT_DUPLICATES, NULL);

	CHECK(json_is_object(o));
	json_decref(o);
}

static void
check_answer(const cs_web_request *r, const cs_web_answer *a)
{
	size_t i;

	check_status(r, a->status);
	CHECK(a->outcome[0] != '\0');
	CHECK((a->type == NULL) == (a->body == NULL));
	CHECK((a->body == NULL) == (a->status == 304));
	if (a->type != NULL && (strcmp(a->type, CS_TYPE_PROBLEM) == 0 ||
	    strcmp(a->type, CS_TYPE_JSON) == 0))
		check_json(a);
	for (i = 0; i < a->n_fields; i++)
		CHECK(strpbrk(a->fields[i].value, "\r\n") == NULL &&
		    a->fields[i].value[0] != '\0');
}

static void
tell(const cs_web_request *r, const cs_web_ask *q, const cs_frame *f)
{
	cs_web_answer a = {0};

	cs_web_tell(env(), q, f, &a);
	check_answer(r, &a);
	cs_web_answer_clear(&a);
}

/* What the issuer may say to this. */
static bool
is_said(const cs_web_ask *q, enum cs_outcome o)
{
	if (o == CS_OUTCOME_UNKNOWN)
		return q->type != CS_MSG_ISSUE;
	return true;
}

static void
tell_issue(const cs_web_request *r, const cs_web_ask *q)
{
	cs_told_issue t = {.text = cs_span_of("why\n\xff", 5),
	    .request_digest = cs_span_of(digest, sizeof(digest)),
	    .agent = cs_span_str("wimse://corp.example/a"),
	    .retry_after = 5};
	cs_msg_room room;
	cs_frame f;
	int o;

	for (o = CS_OUTCOME_REFUSED; o <= CS_OUTCOME_UNKNOWN; o++) {
		t.outcome = (enum cs_outcome)o;
		t.reason = o == CS_OUTCOME_REFUSED ? 1 : 0;
		t.cert = o != CS_OUTCOME_ISSUED ? cs_span_of(NULL, 0) :
		    cs_span_of(der, sizeof(der));
		t.wit = o != CS_OUTCOME_ISSUED ? cs_span_of(NULL, 0) :
		    cs_span_str("a.b.c");
		t.not_after = o != CS_OUTCOME_ISSUED ? 0 : 1795262400;
		if (is_said(q, t.outcome) && cs_told_issue_put(&t, &room, &f,
		    NULL) == CS_OK)
			tell(r, q, &f);
	}
}

static void
tell_given(const cs_web_request *r, const cs_web_ask *q)
{
	cs_told_given t = {.octets = r->body.n != 0 ? r->body :
	    cs_span_str("{}")};
	cs_msg_room room;
	cs_frame f;

	CHECK(cs_told_given_put(&t, &room, &f, NULL) == CS_OK);
	tell(r, q, &f);
}

static void
asked(const cs_web_request *r, const cs_web_ask *q)
{
	cs_msg_room room;
	cs_frame f;

	if (q->type == CS_MSG_ISSUE) {
		CHECK(cs_ask_issue_put(&q->issue, &room, &f, NULL) == CS_OK);
		CHECK(q->issue.message.n != 0);
	} else if (q->type == CS_MSG_APPROVE) {
		CHECK(cs_ask_approve_put(&q->issue, &room, &f, NULL) ==
		    CS_OK);
	} else if (q->type == CS_MSG_LOOKUP) {
		CHECK(cs_ask_lookup_put(&q->lookup, &room, &f, NULL) ==
		    CS_OK);
	} else {
		CHECK(q->type == CS_MSG_BUNDLE || q->type == CS_MSG_CRL);
		CHECK(q->n_octets <= sizeof(q->octets));
		tell_given(r, q);
		return;
	}
	tell_issue(r, q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char method[LINE_MAX];
	cs_span in = cs_span_of(data, n), first = line(&in);
	const uint8_t *blank = memchr(first.p, ' ', first.n);
	cs_web_request r = {.address = cs_span_str("192.0.2.7"),
	    .id = cs_span_str("1"), .deadline_ms = 1, .method = method};
	cs_web_ask q = {0};
	cs_web_answer a = {0};

	if (blank == NULL || blank - first.p >= LINE_MAX ||
	    first.n >= LINE_MAX)
		return 0;
	memcpy(method, first.p, (size_t)(blank - first.p));
	method[blank - first.p] = '\0';
	r.path = cs_span_of(blank + 1, first.n - (size_t)(blank - first.p) -
	    1);
	r.type = line(&in);
	r.accept = line(&in);
	r.if_none_match = line(&in);
	r.body = in;
	cs_web_hear(env(), &r, &q, &a);
	CHECK((q.type == 0) == (a.status != 0));
	CHECK(q.type != 0 || q.own == NULL);
	if (q.type != 0)
		asked(&r, &q);
	else
		check_answer(&r, &a);
	cs_web_answer_clear(&a);
	cs_web_ask_clear(&q);
	return 0;
}
