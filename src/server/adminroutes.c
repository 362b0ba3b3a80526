/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/adminroutes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_SECONDS 2
#define NAMES_MAX 8
#define VALUE_MAX 4096

static const char media_json[] = "application/json";

/* What a route takes beside its path. */
enum takes { NOTHING, BODY, MAYBE_BODY };

static const struct route {
	const char *method, *path, *verb;
	enum takes takes;
	/* Of the query: text, and after a '#' a number. */
	const char *names[NAMES_MAX];
	const char *type;
} routes[] = {
	{"GET", "/v1/health", "health", NOTHING, {0}, media_json},
	{"GET", "/v1/ready", "ready", NOTHING, {0}, media_json},
	{"GET", "/metrics", "metrics", NOTHING, {0},
	    "text/plain; version=0.0.4"},
	{"GET", "/v1/store", "store", NOTHING, {0}, media_json},
	{"GET", "/v1/revocations", "revocations", NOTHING, {"#skip"},
	    media_json},
	{"GET", "/v1/denials", "denials", NOTHING, {"#skip"}, media_json},
	{"POST", "/v1/revocations", "revoke", BODY, {0}, media_json},
	{"POST", "/v1/revocations/lift", "lift", BODY, {0}, media_json},
	{"GET", "/v1/status", "status", NOTHING, {"agent", "owner", "serial",
	    "key", "approval", "#live", "#after"}, media_json},
	{"GET", "/v1/audit", "audit", NOTHING, {"#from", "#to"}, media_json},
	{"POST", "/v1/reload", "reload", MAYBE_BODY, {0}, media_json},
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

static void
refuse(int status, const char *reason, const char *text, cs_web_answer *ans)
{
	cs_web_fail(CS_WEB_V1, status, reason, text, status == 503 ?
	    RETRY_SECONDS : 0, ans);
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %XX; whether it is text, the JSON finds. */
static bool
decode(cs_span in, char out[VALUE_MAX + 1], size_t *n)
{
	int high, low;
	size_t i;

	*n = 0;
	for (i = 0; i < in.n && *n < VALUE_MAX; i++) {
		if (in.p[i] != '%') {
			out[(*n)++] = (char)in.p[i];
			continue;
		}
		if (in.n - i < 3 || (high = digit(in.p[i + 1])) < 0 ||
		    (low = digit(in.p[i + 2])) < 0)
			return false;
		out[(*n)++] = (char)(high << 4 | low);
		i += 2;
	}
	out[*n] = '\0';
	return i == in.n;
}

static json_t *
number(const char *text, size_t n)
{
	int64_t v = 0;
	size_t i;

	for (i = 0; i < n && v < INT64_MAX / 100; i++) {
		if (text[i] < '0' || text[i] > '9')
			return NULL;
		v = v * 10 + (text[i] - '0');
	}
	return n != 0 && i == n ? json_integer(v) : NULL;
}

/* NAME=VALUE, once. */
static bool
take_pair(const struct route *r, cs_span pair, json_t *to)
{
	const uint8_t *eq = memchr(pair.p, '=', pair.n);
	size_t at = eq == NULL ? 0 : (size_t)(eq - pair.p), i, n;
	cs_span name = cs_span_of(pair.p, at);
	char value[VALUE_MAX + 1];
	const char *known;
	bool is_number;
	json_t *v;

	if (eq == NULL || !decode(cs_span_of(eq + 1, pair.n - at - 1), value,
	    &n))
		return false;
	for (i = 0; i < NAMES_MAX && r->names[i] != NULL; i++) {
		is_number = r->names[i][0] == '#';
		known = r->names[i] + is_number;
		if (!cs_span_is(name, known) ||
		    json_object_get(to, known) != NULL)
			continue;
		v = is_number ? number(value, n) : json_stringn(value, n);
		return json_object_set_new(to, known, v) == 0;
	}
	return false;
}

static bool
take_query(const struct route *r, cs_span query, json_t *to)
{
	const uint8_t *end;
	size_t n;

	while (query.n > 0) {
		end = memchr(query.p, '&', query.n);
		n = end == NULL ? query.n : (size_t)(end - query.p);
		if (!take_pair(r, cs_span_of(query.p, n), to))
			return false;
		n += end != NULL;
		query = cs_span_of(query.p + n, query.n - n);
	}
	return true;
}

static bool
is_json(cs_span type)
{
	size_t n = sizeof(media_json) - 1;

	return cs_span_is(cs_span_cut(type, 0, n), media_json) &&
	    (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

static cs_buf *
dump(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);
	cs_buf *b = text == NULL ? NULL : cs_buf_dup(cs_span_str(text));

	free(text);
	return b;
}

/* The body is passed on as it came: the issuer reads it. */
static void
take_body(const struct route *r, const cs_web_request *q, cs_admin_ask *ask,
    cs_web_answer *ans)
{
	json_t *o = NULL;

	if (r->takes != NOTHING && q->body.n != 0) {
		if (!is_json(q->type))
			refuse(415, "unsupported-media-type",
			    "expected application/json", ans);
		else
			ask->body = cs_buf_dup(q->body);
	} else if (r->takes == BODY) {
		refuse(400, "malformed", "expected a JSON object", ans);
	} else if ((o = json_object()) == NULL ||
	    !take_query(r, q->query, o)) {
		refuse(400, "malformed", "a query that this path has not",
		    ans);
	} else {
		ask->body = dump(o);
	}
	json_decref(o);
	if (ask->body == NULL && ans->status == 0)
		refuse(500, "internal", "out of memory", ans);
}

static void
refuse_method(cs_span path, cs_web_answer *ans)
{
	char *allow = ans->fields[0].value;
	size_t i, n = 0, room = sizeof(ans->fields[0].value);

	refuse(405, "method-not-allowed", "another method is expected", ans);
	for (i = 0; i < N_ROUTES; i++)
		if (cs_span_is(path, routes[i].path) && n < room)
			n += (size_t)snprintf(allow + n, room - n, "%s%s",
			    n == 0 ? "" : ", ", routes[i].method);
	ans->fields[0].name = "Allow";
	ans->n_fields = 1;
}

void
cs_admin_hear(const cs_web_request *q, cs_admin_ask *ask, cs_web_answer *ans)
{
	const struct route *r = NULL;
	bool path = false;
	size_t i;

	*ask = (cs_admin_ask){.path = "(elsewhere)"};
	*ans = (cs_web_answer){0};
	for (i = 0; i < N_ROUTES; i++) {
		if (!cs_span_is(q->path, routes[i].path))
			continue;
		path = true;
		ask->path = routes[i].path;
		if (strcmp(q->method, routes[i].method) == 0)
			r = &routes[i];
	}
	if (!path) {
		refuse(404, "not-found", "there is no such path", ans);
	} else if (r == NULL) {
		refuse_method(q->path, ans);
	} else {
		take_body(r, q, ask, ans);
		if (ans->status == 0) {
			ask->verb = r->verb;
			ask->type = r->type;
		}
	}
}

void
cs_admin_ask_clear(cs_admin_ask *a)
{
	cs_buf_free(&a->body);
	*a = (cs_admin_ask){0};
}

static const char *
reason_of(int status)
{
	switch (status) {
	case 400:
		return "malformed";
	case 404:
		return "not-found";
	case 409:
		return "conflict";
	case 503:
		return "unavailable";
	default:
		return "internal";
	}
}

/* {"error": TEXT, "reason": WORD} as a problem. */
static void
tell_failure(const cs_told_admin *t, cs_web_answer *ans)
{
	json_t *o = json_loadb((const char *)t->body.p, t->body.n, 0, NULL);
	const char *text = json_string_value(json_object_get(o, "error"));
	const char *reason = json_string_value(json_object_get(o, "reason"));

	refuse(t->status, reason == NULL ? reason_of(t->status) : reason,
	    text == NULL ? "" : text, ans);
	json_decref(o);
}

void
cs_admin_tell(const cs_admin_ask *ask, const cs_frame *told,
    cs_web_answer *ans)
{
	cs_told_admin t;
	cs_err e = {0};

	*ans = (cs_web_answer){0};
	if (cs_told_admin_get(told, &t, &e) != CS_OK) {
		refuse(500, "internal", e.text, ans);
	} else if (t.status != 200) {
		tell_failure(&t, ans);
	} else if ((ans->body = cs_buf_dup(t.body)) == NULL) {
		refuse(500, "internal", "out of memory", ans);
	} else {
		ans->status = t.status;
		ans->type = ask->type;
	}
}
