/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "crypt/hash.h"
#include "server/frontp.h"

/* A request: counted, understood, asked about, answered, and one line of log. */

#define RETRY_SECONDS 2
#define MARGIN_MS 1000 /* an answer has to come back, too */

struct call {
	cs_front *f;
	cs_http_request *r; /* NULL: the client went */
	cs_web_ask ask;
	int64_t began_ms;
	char id[17];
	char address[64], client[600];
	char method[8];
	const char *path;   /* static */
};

static void
call_free(struct call *c)
{
	cs_web_ask_clear(&c->ask);
	free(c);
}

static bool
name_call(struct call *c)
{
	uint8_t octets[8];
	uint64_t n;

	if (cs_random(octets, sizeof(octets), NULL) != CS_OK)
		return false;
	memcpy(&n, octets, sizeof(n));
	(void)snprintf(c->id, sizeof(c->id), "%016" PRIx64, n);
	return true;
}

static void
log_call(const struct call *c, int status, const char *outcome)
{
	cs_serving_say(&c->f->s, status >= 500 ? COUNTERSIGN_LOG_WARNING :
	    COUNTERSIGN_LOG_INFO, "%s %s %s %s %d %s, client %s, %lld ms",
	    c->id, c->address[0] == '\0' ? "unix" : c->address, c->method,
	    c->path, status, outcome[0] == '\0' ? "-" : outcome, c->client,
	    (long long)(cs_time_mono_ms() - c->began_ms));
}

/* Takes the call; clears the answer. */
static void
answer(struct call *c, cs_web_answer *ans)
{
	cs_http_field field[CS_WEB_FIELDS + 1];
	cs_http_answer a = {.status = ans->status, .type = ans->type,
	    .body = cs_buf_span(ans->body), .fields = field,
	    .close = ans->close};

	for (; a.n_fields < ans->n_fields; a.n_fields++)
		field[a.n_fields] = (cs_http_field){
		    ans->fields[a.n_fields].name,
		    ans->fields[a.n_fields].value};
	field[a.n_fields++] = (cs_http_field){"X-Request-Id", c->id};
	log_call(c, a.status, c->r == NULL ? "gone" : ans->outcome);
	if (c->r != NULL)
		cs_http_answer_send(c->r, &a);
	cs_web_answer_clear(ans);
	call_free(c);
}

static void
fail(struct call *c, enum cs_web_family family, int status,
    const char *reason, const char *text, int64_t retry_after)
{
	cs_web_answer ans = {0};

	cs_web_fail(family, status, reason, text, retry_after, &ans);
	answer(c, &ans);
}

/* Whoever has a /64 of IPv6 has all its addresses. */
static cs_span
rate_key(const char *address, uint8_t room[17])
{
	if (strchr(address, ':') == NULL ||
	    inet_pton(AF_INET6, address, room + 1) != 1)
		return cs_span_str(address);
	room[0] = '6';
	return cs_span_of(room, 9);
}

/* Who comes by a unix socket has somebody before him who counts. */
static bool
take(cs_rate *r, const char *address, int64_t *wait_ms)
{
	uint8_t room[17];

	return address[0] == '\0' || cs_rate_take(r, rate_key(address, room),
	    cs_time_mono_ms(), wait_ms);
}

bool
cs_front_admit(void *arg, cs_span address)
{
	cs_front *f = arg;
	int64_t wait_ms;
	char text[64];

	(void)snprintf(text, sizeof(text), "%.*s", (int)address.n,
	    (const char *)address.p);
	return take(f->connections, text, &wait_ms);
}

static bool
is_too_fast(cs_front *f, const struct call *c, cs_span cert, int64_t *wait_ms)
{
	return !take(f->by_address, c->address, wait_ms) ||
	    (cert.p != NULL && !cs_rate_take(f->by_cert, cert,
	    cs_time_mono_ms(), wait_ms));
}

static int
put_ask(const cs_web_ask *a, cs_msg_room *room, cs_frame *out, cs_err *e)
{
	switch (a->type) {
	case CS_MSG_ISSUE:
		return cs_ask_issue_put(&a->issue, room, out, e);
	case CS_MSG_APPROVE:
		return cs_ask_approve_put(&a->issue, room, out, e);
	case CS_MSG_LOOKUP:
		return cs_ask_lookup_put(&a->lookup, room, out, e);
	default:
		*out = (cs_frame){.type = a->type, .fd = -1};
		if (a->type == CS_MSG_CRL)
			out->part[out->n++] = cs_span_of(a->octets,
			    a->n_octets);
		return CS_OK;
	}
}

static void
ask(struct call *c)
{
	cs_msg_room room;
	cs_frame f;
	cs_err e = {0};
	int rc;

	if ((rc = put_ask(&c->ask, &room, &f, &e)) == CS_OK)
		rc = cs_serving_ask(&c->f->s, &f, c, c->began_ms +
		    CS_SERVING_ASK_MS, &e);
	if (rc == CS_OK)
		return;
	if (rc == CS_EFORMAT)
		fail(c, c->ask.family, 413, "too-large", e.text, 0);
	else if (rc == CS_ETIMEOUT || rc == CS_EIO)
		fail(c, c->ask.family, 503, "busy", e.text, RETRY_SECONDS);
	else
		fail(c, c->ask.family, 500, "internal", e.text, 0);
}

void
cs_front_told(void *arg, void *about, const cs_frame *told, const char *why)
{
	cs_front *f = arg;
	struct call *c = about;
	cs_web_answer ans = {0};

	if (told == NULL)
		cs_web_fail(c->ask.family, 503, "busy", why, RETRY_SECONDS,
		    &ans);
	else
		cs_web_tell(&f->web, &c->ask, told, &ans);
	answer(c, &ans);
}

void
cs_front_gone(void *arg, cs_http_request *r)
{
	struct call *c = cs_http_data(r);

	(void)arg;
	if (c != NULL)
		c->r = NULL;
}

static int
read_request(cs_http_request *r, const struct call *c, cs_web_request *q,
    cs_err *e)
{
	int rc;

	*q = (cs_web_request){.method = c->method,
	    .path = cs_http_path(r), .query = cs_http_query(r),
	    .address = cs_span_str(c->address), .id = cs_span_str(c->id),
	    .client_cert = cs_http_client_cert(r),
	    .deadline_ms = c->began_ms + CS_SERVING_ASK_MS - MARGIN_MS};
	if ((rc = cs_http_header(r, "Content-Type", &q->type, e)) != CS_OK ||
	    (rc = cs_http_header(r, "Accept", &q->accept, e)) != CS_OK ||
	    (rc = cs_http_header(r, "If-None-Match", &q->if_none_match, e)) !=
	    CS_OK)
		return rc;
	q->body = cs_http_body(r);
	return CS_OK;
}

static struct call *
new_call(cs_front *f, cs_http_request *r)
{
	struct call *c = calloc(1, sizeof(*c));
	cs_span address = cs_http_address(r);

	if (c == NULL || !name_call(c)) {
		free(c);
		return NULL;
	}
	c->f = f;
	c->r = r;
	c->began_ms = cs_time_mono_ms();
	c->path = cs_front_path_class(cs_http_path(r));
	(void)snprintf(c->method, sizeof(c->method), "%s", cs_http_method(r));
	(void)snprintf(c->address, sizeof(c->address), "%.*s",
	    (int)address.n, (const char *)address.p);
	cs_http_set_data(r, c);
	return c;
}

static void
hear(struct call *c, const cs_web_request *q)
{
	cs_web_answer ans = {0};

	cs_web_hear(&c->f->web, q, &c->ask, &ans);
	if (c->ask.type == 0)
		answer(c, &ans);
	else
		ask(c);
}

void
cs_front_handle(void *arg, cs_http_request *r)
{
	static const cs_http_answer none = {.status = 500, .close = true};
	struct call *c = new_call(arg, r);
	enum cs_web_family family = cs_web_family_of(cs_http_path(r));
	cs_web_request q;
	int64_t wait_ms = 0;
	cs_err e = {0};
	int rc;

	if (c == NULL) {
		cs_http_answer_send(r, &none);
		return;
	}
	rc = read_request(r, c, &q, &e);
	cs_front_client_name(q.client_cert, c->client, sizeof(c->client));
	if (is_too_fast(arg, c, q.client_cert, &wait_ms))
		fail(c, family, 429, "rate-limited", "too many requests",
		    (wait_ms + 999) / 1000);
	else if (rc != CS_OK)
		fail(c, family, 400, "malformed", e.text, 0);
	else
		hear(c, &q);
}
