/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "webbed.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "fmt/pem.h"

#define FILE_MAX (256 * 1024)

static char domain[] = "corp.example";
cs_server_conf web_conf;
cs_web_env web_env;
cs_web_ask web_q;
cs_web_answer web_a;
cs_buf *web_request, *web_cert, *web_other;
static cs_buf *ca;
static char route_of[300], method_of[16];

static cs_buf *
file(const char *name)
{
	const char *src = getenv("SRCDIR");
	char path[512];
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s", src == NULL ?
	    "." : src, name);
	if (cs_file_read(path, FILE_MAX, &b, &e) != CS_OK)
		printf("# %s\n", e.text);
	return b;
}

cs_buf *
webbed_file(const char *vector)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "verdict/%s", vector);
	return file(name);
}

cs_buf *
webbed_der(const char *vector)
{
	cs_buf *text = webbed_file(vector), *der = NULL;
	cs_span in = cs_buf_span(text), label = {0};

	if (text == NULL || cs_pem_next(&in, &label, &der, NULL) != CS_OK)
		der = NULL;
	cs_buf_free(&text);
	return der;
}

cs_buf *
webbed_base64(cs_span in, size_t wrap)
{
	cs_buf *b = cs_buf_new(in.n * 2 + 8);

	if (b != NULL && cs_base64_put(b, in, wrap) != CS_OK)
		cs_buf_free(&b);
	return b;
}

bool
webbed_start(void)
{
	web_conf = (cs_server_conf){.trust_domain = domain,
	    .clients = CS_CLIENTS_MAY, .n_wit = 1, .crl_every = 3600,
	    .limits = {.body = FILE_MAX}};
	web_request = webbed_der("approved.pem");
	web_cert = file("credential/proven-key.der");
	web_other = file("authority/good-uses.der");
	ca = file("authority/good.der");
	web_env = (cs_web_env){.conf = &web_conf, .n_ca = 2,
	    .ca = {cs_buf_span(ca), cs_buf_span(web_other)}};
	return web_request != NULL && web_cert != NULL && ca != NULL &&
	    web_other != NULL;
}

void
webbed_stop(void)
{
	cs_web_ask_clear(&web_q);
	cs_web_answer_clear(&web_a);
	cs_buf_free(&web_request);
	cs_buf_free(&web_cert);
	cs_buf_free(&web_other);
	cs_buf_free(&ca);
}

cs_web_request
webbed_request(const char *method, const char *path, const char *type,
    const char *accept, cs_span body)
{
	return (cs_web_request){.method = method, .path = cs_span_str(path),
	    .type = cs_span_str(type), .accept = cs_span_str(accept),
	    .body = body, .address = cs_span_str("192.0.2.7"),
	    .id = cs_span_str("r1"), .deadline_ms = 77};
}

static bool
is_allowed(const cs_web_route *t, int status)
{
	size_t i;

	for (i = 0; t != NULL && i < sizeof(t->statuses) /
	    sizeof(t->statuses[0]); i++)
		if (t->statuses[i] == status)
			return true;
	return false;
}

static const cs_web_route *
route(void)
{
	cs_span param = {0};
	const cs_web_route *t = cs_web_find(&web_env, cs_span_str(route_of),
	    &param);

	if (t == NULL || strcmp(t->method, strcmp(method_of, "HEAD") == 0 ?
	    "GET" : method_of) != 0)
		return NULL;
	return t;
}

/* What every answer is. */
static bool
is_sound(int status)
{
	const cs_web_route *t = route();
	size_t i;

	if (web_a.outcome[0] == '\0')
		return false;
	for (i = 0; i < web_a.n_fields; i++)
		if (web_a.fields[i].value[strcspn(web_a.fields[i].value,
		    "\r\n")] != '\0')
			return false;
	if ((web_a.type == NULL) != (web_a.body == NULL) ||
	    (web_a.body == NULL) != (status == 304))
		return false;
	if (t == NULL)
		return status == 404 || status == 405;
	return is_allowed(t, status);
}

static bool
is(int status)
{
	bool good = web_q.type == 0 ? web_a.status == status :
	    status == 0 && web_a.status == 0;

	if (good && web_q.type == 0)
		good = is_sound(status);
	if (!good)
		printf("# %s %s: question %u, status %d, type %s: %.*s\n",
		    method_of, route_of, web_q.type, web_a.status,
		    web_a.type == NULL ? "none" : web_a.type,
		    (int)cs_buf_len(web_a.body), web_a.body == NULL ? "" :
		    cs_buf_cstr(web_a.body));
	return good;
}

bool
webbed_hear(const cs_web_request *r, int status)
{
	cs_web_ask_clear(&web_q);
	cs_web_answer_clear(&web_a);
	(void)snprintf(method_of, sizeof(method_of), "%s", r->method);
	(void)snprintf(route_of, sizeof(route_of), "%.*s", (int)r->path.n,
	    (const char *)r->path.p);
	cs_web_hear(&web_env, r, &web_q, &web_a);
	return is(status);
}

bool
webbed_ask(const char *method, const char *path, const char *type,
    const char *accept, cs_span body, int status)
{
	const cs_web_request r = webbed_request(method, path, type, accept,
	    body);

	return webbed_hear(&r, status);
}

static bool
tell(const cs_frame *f, int status)
{
	cs_web_answer_clear(&web_a);
	cs_web_tell(&web_env, &web_q, f, &web_a);
	web_q.type = 0;
	return is(status);
}

bool
webbed_told(const cs_told_issue *t, int status)
{
	cs_msg_room room;
	cs_frame f = {0};
	cs_err e = {0};

	if (cs_told_issue_put(t, &room, &f, &e) != CS_OK) {
		printf("# %s\n", e.text);
		return false;
	}
	return tell(&f, status);
}

bool
webbed_given(const cs_told_given *t, int status)
{
	cs_msg_room room;
	cs_frame f = {0};
	cs_err e = {0};

	if (cs_told_given_put(t, &room, &f, &e) != CS_OK) {
		printf("# %s\n", e.text);
		return false;
	}
	return tell(&f, status);
}

const char *
webbed_field(const char *name)
{
	size_t i;

	for (i = 0; i < web_a.n_fields; i++)
		if (strcmp(web_a.fields[i].name, name) == 0)
			return web_a.fields[i].value;
	return NULL;
}

bool
webbed_type(const char *type)
{
	return web_a.type != NULL && strcmp(web_a.type, type) == 0;
}

static bool
has_member(const json_t *o, const char *name, const char *value)
{
	const char *v = json_string_value(json_object_get(o, name));

	return v != NULL && strcmp(v, value) == 0;
}

static bool
is_problem(const char *reason, const char *text)
{
	cs_span body = cs_buf_span(web_a.body);
	json_t *o = json_loadb((const char *)body.p, body.n,
	    JSON_REJECT_DUPLICATES, NULL);
	char type[80];
	const char *detail, *title;
	bool good;

	(void)snprintf(type, sizeof(type), "urn:countersign:reason:%s",
	    reason);
	detail = json_string_value(json_object_get(o, "detail"));
	title = cs_problem_title(reason);
	good = webbed_type("application/problem+json") &&
	    has_member(o, "reason", reason) && has_member(o, "type", type) &&
	    title != NULL && has_member(o, "title", title) &&
	    json_integer_value(json_object_get(o, "status")) == web_a.status &&
	    (text == NULL || (detail != NULL && strstr(detail, text) != NULL));
	json_decref(o);
	return good;
}

static bool
is_text(const char *reason, const char *text)
{
	const char *body = web_a.body == NULL ? "" : cs_buf_cstr(web_a.body);
	size_t n = strlen(reason);

	return webbed_type("text/plain") && strncmp(body, reason, n) == 0 &&
	    (body[n] == ':' || body[n] == '\n') &&
	    (text == NULL || strstr(body, text) != NULL);
}

bool
webbed_why(const char *reason, const char *text)
{
	bool v1 = strncmp(route_of, "/v1/", 4) == 0;

	if (strcmp(web_a.outcome, reason) == 0 && (v1 ?
	    is_problem(reason, text) : is_text(reason, text)))
		return true;
	printf("# outcome %s, type %s: %s\n", web_a.outcome, web_a.type ==
	    NULL ? "none" : web_a.type, web_a.body == NULL ? "" :
	    cs_buf_cstr(web_a.body));
	return false;
}
