/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/server.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/module.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "net/httpc.h"

static const char where[] = "server";

#define FILE_CAP (1024 * (size_t)1024)
#define ANSWER_MAX (4 * 1024 * (size_t)1024)
#define CALL_MS 30000
#define ALL_MS 60000
#define WAIT_MAX_MS 10000
#define TRIES 4
#define WORD_MAX 40    /* octets of a reason's word */
#define DETAIL_MAX 1024

struct cs_server {
	const cs_httpc_ops *http;
	char *name;       /* as given, without slashes at its end */
	bool is_socket, answered;
	cs_buf *ca, *cert, *key;
};

static int
load(const char *dir, cs_server *s, cs_err *e)
{
	cs_httpc_entry_fn *entry = NULL;
	void *sym = NULL;
	int r;

	if ((r = cs_module_load(dir, "net", "http", CS_HTTPC_SYMBOL,
		 "package countersign-client", &sym, e)) != CS_OK)
		return r;
	memcpy(&entry, &sym, sizeof(entry));
	s->http = entry(CS_HTTPC_ABI);
	if (s->http == NULL || s->http->abi != CS_HTTPC_ABI)
		return cs_fail(e, CS_EDEVICE, where,
		    "%s/net-http.so: expected a module of ABI %d", dir,
		    CS_HTTPC_ABI);
	return CS_OK;
}

/* Who may write the CAs says who the server is, and a denial that the wrong one
 * has noted is lost. */
static int
read_files(cs_server *s, const cs_server_env *env, cs_err *e)
{
	int r = CS_OK;

	if (env->ca != NULL)
		r = cs_file_read_trusted(env->ca, geteuid(), FILE_CAP, &s->ca,
		    e);
	if (r == CS_OK && env->cert != NULL)
		r = cs_file_read(env->cert, FILE_CAP, &s->cert, e);
	if (r == CS_OK && env->key != NULL)
		r = cs_file_read_secret(env->key, FILE_CAP, &s->key, e);
	return r;
}

/* What the rest of the path is put behind. */
static int
set_name(cs_server *s, const cs_server_env *env, cs_err *e)
{
	const char *name = env->socket != NULL ? env->socket : env->url;
	size_t n = strlen(name);

	s->is_socket = env->socket != NULL;
	if (!s->is_socket && (strncmp(name, "https://", 8) != 0 ||
	    strpbrk(name, "?#") != NULL))
		return cs_fail(e, CS_EUSAGE, where, "expected the server's "
		    "URL, https://HOST[:PORT], found %s", name);
	while (!s->is_socket && name[n - 1] == '/')
		n--;
	s->name = strndup(name, n);
	return s->name != NULL ? CS_OK : cs_nomem(e, where);
}

int
cs_server_open(const cs_server_env *env, cs_server **out, cs_err *e)
{
	cs_server *s = calloc(1, sizeof(*s));
	int r;

	*out = NULL;
	if (s == NULL)
		return cs_nomem(e, where);
	if ((r = set_name(s, env, e)) == CS_OK &&
	    (r = read_files(s, env, e)) == CS_OK &&
	    (r = load(env->module_dir, s, e)) == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	cs_server_close(&s);
	return r;
}

void
cs_server_close(cs_server **sp)
{
	cs_server *s;

	if (sp == NULL || (s = *sp) == NULL)
		return;
	cs_buf_free(&s->ca);
	cs_buf_free(&s->cert);
	cs_buf_free(&s->key);
	free(s->name);
	free(s);
	*sp = NULL;
}

const char *
cs_server_name(const cs_server *s)
{
	return s->name;
}

static bool
is_word(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz-");

	return n > 0 && n <= WORD_MAX && s[n] == '\0';
}

static int
number_of(const char *reason)
{
	int n;

	for (n = CS_R_NONE + 1; n < CS_R_END; n++)
		if (strcmp(reason, cs_reason_name(n)) == 0)
			return n;
	return CS_R_NONE;
}

static json_t *
read_json(const cs_httpc_answer *a)
{
	json_error_t why;
	cs_span s = cs_buf_span(a->body);
	json_t *v = json_loadb((const char *)s.p, s.n,
	    JSON_REJECT_DUPLICATES, &why);

	if (!json_is_object(v)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static const char *
member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Refused is what stays refused however often it is asked; the rest is trouble
 * at the other end. */
static int
tell(const cs_server *s, int status, const json_t *problem, cs_err *e)
{
	const char *reason = member(problem, "reason");
	const char *detail = member(problem, "detail");
	bool refused = status < 500 && status != 429 && status != 408;
	int n;

	if (reason == NULL || !is_word(reason))
		return cs_fail(e, CS_EFORMAT, where, "%s answers with status "
		    "%d and no reason", s->name, status);
	n = number_of(reason);
	if (!refused && n != CS_R_STORE_UNAVAILABLE)
		n = CS_R_NONE;
	if (detail == NULL)
		detail = member(problem, "title");
	return cs_fail_detail(e, refused ? CS_EREFUSED : CS_EIO, n, where,
	    "%s: %s%s%.*s", s->name, reason, detail == NULL ? "" : ": ",
	    DETAIL_MAX, detail == NULL ? "" : detail);
}

static int
refuse(const cs_server *s, const cs_httpc_answer *a, cs_err *e)
{
	json_t *problem = NULL;
	int r;

	if (a->status >= 400 &&
	    strcmp(a->type, "application/problem+json") == 0)
		problem = read_json(a);
	if (problem != NULL)
		r = tell(s, a->status, problem, e);
	else if (a->status >= 500)
		r = cs_fail(e, CS_EIO, where, "%s answers with status %d",
		    s->name, a->status);
	else
		r = cs_fail(e, CS_EFORMAT, where, "%s answers with status %d, "
		    "as no countersign-server does%s", s->name, a->status,
		    a->status / 100 == 3 ? "; it sends elsewhere, where "
		    "nobody goes" : "");
	json_decref(problem);
	return r;
}

static int
accept_json(const cs_server *s, const cs_httpc_answer *a, json_t **out,
    cs_err *e)
{
	if (a->status != 200)
		return refuse(s, a, e);
	if (strcmp(a->type, "application/json") != 0 ||
	    (*out = read_json(a)) == NULL)
		return cs_fail(e, CS_EFORMAT, where, "%s answers with other "
		    "than a JSON object, as no countersign-server does",
		    s->name);
	return CS_OK;
}

/* Says when, within what is left; false: not again. */
static bool
may_ask_again(const cs_httpc_answer *a, int64_t deadline_ms)
{
	int64_t wait = a->retry_after * 1000;

	if (a->status != 503 && a->status != 429)
		return false;
	if (wait < 1000)
		wait = 1000;
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	if (cs_time_mono_ms() + wait >= deadline_ms)
		return false;
	(void)poll(NULL, 0, (int)wait);
	return true;
}

static int
ask_again(cs_server *s, cs_httpc_call *c, bool once, json_t **out, cs_err *e)
{
	int64_t deadline = cs_time_mono_ms() + ALL_MS, left;
	cs_httpc_answer *a = NULL;
	bool again;
	int r, tries = once ? 1 : TRIES;

	do {
		left = deadline - cs_time_mono_ms();
		c->timeout_ms = left < CALL_MS ? left : CALL_MS;
		r = s->http->call(c, &a, e);
		s->answered = r == CS_OK;
		if (r != CS_OK)
			return cs_wrap(e, "%s", s->name);
		again = --tries > 0 && may_ask_again(a, deadline);
		if (!again)
			r = accept_json(s, a, out, e);
		s->http->answer_free(&a);
	} while (again);
	return r;
}

int
cs_server_ask_json(cs_server *s, const cs_server_ask *ask, json_t **out,
    cs_err *e)
{
	cs_buf *url = cs_buf_new(strlen(s->name) + strlen(ask->path) + 32);
	cs_httpc_call c = {.socket = s->is_socket ? s->name : NULL,
	    .method = ask->method, .type = ask->type,
	    .accept = "application/json", .body = ask->body,
	    .ca = cs_buf_span(s->ca), .cert = cs_buf_span(s->cert),
	    .key = cs_buf_span(s->key), .max_answer = ANSWER_MAX};
	int r;

	*out = NULL;
	if (url == NULL || cs_buf_printf(url, "%s%s", s->is_socket ?
	    "http://localhost" : s->name, ask->path) != CS_OK) {
		r = cs_nomem(e, where);
	} else {
		c.url = cs_buf_cstr(url);
		r = ask_again(s, &c, ask->once, out, e);
	}
	cs_buf_free(&url);
	return r;
}

bool
cs_server_answered(const cs_server *s)
{
	return s->answered;
}
