/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fmt/cert.h"
#include "fmt/reason.h"
#include "server/webmedia.h"

/* From a request to its route, and from an answer of the issuer to the form
 * that the route has. */

/* What a route may give is what contrib/openapi/countersign.json says. */
const cs_web_route cs_web_routes[] = {
	{"GET", "cacerts", CS_WEB_EST, {0}, {CS_TYPE_CMS},
	    {200, 400, 429, 500, 503}, cs_est_cacerts},
	{"GET", "csrattrs", CS_WEB_EST, {0}, {CS_TYPE_CSRATTRS},
	    {200, 400, 429, 500, 503}, cs_est_csrattrs},
	{"POST", "simpleenroll", CS_WEB_EST, {CS_TYPE_PKCS10}, {CS_TYPE_CMS},
	    {200, 202, 400, 403, 413, 415, 429, 500, 503}, cs_est_enroll},
	{"POST", "simplereenroll", CS_WEB_EST, {CS_TYPE_PKCS10}, {CS_TYPE_CMS},
	    {200, 202, 400, 403, 413, 415, 429, 500, 503}, cs_est_reenroll},
	{"POST", "/v1/credentials", CS_WEB_V1,
	    {CS_TYPE_PKCS10, CS_TYPE_PEM, CS_TYPE_JSON},
	    {CS_TYPE_CHAIN, CS_TYPE_JSON, CS_TYPE_WIT},
	    {200, 202, 400, 403, 406, 413, 415, 429, 500, 503},
	    cs_v1_credentials},
	{"GET", "/v1/credentials/{}", CS_WEB_V1, {0},
	    {CS_TYPE_CHAIN, CS_TYPE_JSON, CS_TYPE_WIT},
	    {200, 202, 400, 403, 404, 406, 413, 429, 500, 503}, cs_v1_lookup},
	{"POST", "/v1/approvals", CS_WEB_V1, {CS_TYPE_PEM, CS_TYPE_JSON},
	    {CS_TYPE_JSON}, {200, 400, 403, 404, 406, 413, 415, 429, 500, 503},
	    cs_v1_approvals},
	{"GET", "/v1/bundle", CS_WEB_V1, {0}, {CS_TYPE_JSON},
	    {200, 304, 400, 406, 429, 500, 503}, cs_given_bundle},
	{"GET", "/v1/crl", CS_WEB_V1, {0}, {CS_TYPE_CRL},
	    {200, 304, 400, 406, 429, 500, 503}, cs_given_crl},
	{"GET", "/v1/crl/{}", CS_WEB_V1, {0}, {CS_TYPE_CRL},
	    {200, 304, 400, 404, 406, 429, 500, 503}, cs_given_crl},
	{.method = NULL},
};

void
cs_web_ask_clear(cs_web_ask *a)
{
	cs_buf_free(&a->own);
	*a = (cs_web_ask){0};
}

void
cs_web_answer_clear(cs_web_answer *a)
{
	cs_buf_free(&a->body);
	*a = (cs_web_answer){0};
}

void
cs_answer_field(cs_web_answer *ans, const char *name, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (ans->n_fields == CS_WEB_FIELDS)
		return;
	va_start(ap, fmt);
	n = vsnprintf(ans->fields[ans->n_fields].value,
	    sizeof(ans->fields[0].value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(ans->fields[0].value))
		return;
	ans->fields[ans->n_fields++].name = name;
}

void
cs_answer_body(cs_web_answer *ans, int status, const char *type,
    cs_buf **body)
{
	cs_buf_free(&ans->body);
	ans->status = *body != NULL ? status : 500;
	ans->type = *body != NULL ? type : NULL;
	ans->body = *body;
	*body = NULL; /* transferred */
}

void
cs_answer_outcome(cs_web_answer *ans, const char *word)
{
	(void)snprintf(ans->outcome, sizeof(ans->outcome), "%s", word);
}

static bool
begins(cs_span s, const char *with)
{
	return cs_span_is(cs_span_cut(s, 0, strlen(with)), with);
}

enum cs_web_family
cs_web_family_of(cs_span path)
{
	if (begins(path, CS_EST_PREFIX))
		return CS_WEB_EST;
	return begins(path, "/v1/") ? CS_WEB_V1 : CS_WEB_NONE;
}

/* Behind the prefix and the label (RFC 7030 3.2.2), which can be the trust
 * domain alone: a client that wants another CA's certificate gets none of
 * ours. */
static cs_span
operation(const cs_web_env *env, cs_span path)
{
	size_t n = strlen(CS_EST_PREFIX);
	cs_span rest = cs_span_of(path.p + n, path.n - n);
	const uint8_t *slash = memchr(rest.p, '/', rest.n);

	if (slash == NULL)
		return rest;
	n = (size_t)(slash - rest.p);
	if (!cs_span_is(cs_span_cut(rest, 0, n), env->conf->trust_domain))
		return rest;
	return cs_span_of(slash + 1, rest.n - n - 1);
}

/* A parameter is the last segment. */
static bool
is_path(const char *pattern, cs_span path, cs_span *param)
{
	const char *hole = strstr(pattern, CS_WEB_PARAM);
	size_t n;

	*param = cs_span_of(NULL, 0);
	if (hole == NULL)
		return cs_span_is(path, pattern);
	n = (size_t)(hole - pattern);
	if (path.n <= n || path.n > n + CS_WEB_PARAM_MAX ||
	    !cs_span_eq(cs_span_cut(path, 0, n), cs_span_of(pattern, n)) ||
	    memchr(path.p + n, '/', path.n - n) != NULL)
		return false;
	*param = cs_span_of(path.p + n, path.n - n);
	return true;
}

const cs_web_route *
cs_web_find(const cs_web_env *env, cs_span path, cs_span *param)
{
	enum cs_web_family family = cs_web_family_of(path);
	const cs_web_route *t;

	if (family == CS_WEB_EST)
		path = operation(env, path);
	for (t = cs_web_routes; t->method != NULL; t++)
		if (t->family == family && is_path(t->path, path, param))
			return t;
	return NULL;
}

static bool
is_method(const cs_web_route *t, const char *method)
{
	return strcmp(t->method, method) == 0 ||
	    (strcmp(t->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static size_t
count(const char *const types[4])
{
	size_t n = 0;

	while (n < 4 && types[n] != NULL)
		n++;
	return n;
}

static void
refuse_type(const cs_web_route *t, cs_web_answer *ans)
{
	char text[256];
	size_t i, n = 0, all = count(t->takes);

	for (i = 0; i < all; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    i == 0 ? "expected a Content-Type of " : i + 1 < all ?
		    ", " : " or ", t->takes[i]);
	cs_web_fail(t->family, 415, "unsupported-media-type", text, 0, ans);
}

static bool
fits(const cs_web_route *t, const cs_web_env *env, const cs_web_request *r,
    cs_web_answer *ans)
{
	if (!is_method(t, r->method)) {
		cs_web_fail(t->family, 405, "method-not-allowed",
		    t->takes[0] == NULL ? "expected GET" : "expected POST", 0,
		    ans);
		cs_answer_field(ans, "Allow", "%s", t->takes[0] == NULL ?
		    "GET, HEAD" : "POST");
	} else if (r->query.p != NULL) {
		cs_web_fail(t->family, 400, "malformed",
		    "expected no query behind the path", 0, ans);
	} else if (t->takes[0] != NULL && cs_media_type(r->type, t->takes,
	    count(t->takes)) < 0) {
		refuse_type(t, ans);
	} else if (r->body.n > (size_t)env->conf->limits.body) {
		cs_web_fail(t->family, 413, "too-large",
		    "the body is longer than this server takes", 0, ans);
	} else if ((t->takes[0] == NULL) != (r->body.n == 0)) {
		cs_web_fail(t->family, 400, "malformed", t->takes[0] == NULL ?
		    "expected no body" : "expected a body, found none", 0,
		    ans);
	} else {
		return true;
	}
	return false;
}

void
cs_web_hear(const cs_web_env *env, const cs_web_request *r, cs_web_ask *ask,
    cs_web_answer *ans)
{
	enum cs_web_family family = cs_web_family_of(r->path);
	const cs_web_route *t;
	cs_span param = {0};

	*ask = (cs_web_ask){.family = family};
	*ans = (cs_web_answer){0};
	if ((t = cs_web_find(env, r->path, &param)) == NULL)
		cs_web_fail(family, 404, "not-found", family == CS_WEB_EST ?
		    "expected cacerts, csrattrs, simpleenroll or "
		    "simplereenroll, before it the trust domain or nothing" :
		    "no such path", 0, ans);
	else if (fits(t, env, r, ans))
		t->ask(t, env, r, param, ask, ans);
	if (ans->status != 0) {
		cs_web_ask_clear(ask);
		ask->family = family;
	}
}

void
cs_web_issue(const cs_web_request *r, uint32_t type, uint32_t operation,
    unsigned kinds, cs_span message, cs_span evidence, cs_web_ask *ask)
{
	ask->issue = (cs_ask_issue){.operation = operation, .kinds = kinds,
	    .message = message, .evidence = evidence,
	    .deadline_ms = r->deadline_ms, .request_id = r->id,
	    .address = r->address};
	if (r->client_cert.n <= CS_CLIENT_CERT_MAX)
		ask->issue.client_cert = r->client_cert;
	ask->type = type;
}

static void
tell_issue(const cs_web_ask *ask, const cs_frame *told, cs_web_answer *ans)
{
	cs_told_issue t = {0};
	cs_err e = {0};

	if (cs_told_issue_get(told, &t, &e) != CS_OK)
		cs_web_fail(ask->family, 500, "internal", NULL, 0, ans);
	else if (ask->family == CS_WEB_EST)
		cs_est_tell(&t, ans);
	else
		cs_v1_tell(ask, &t, ans);
}

void
cs_web_tell(const cs_web_env *env, const cs_web_ask *ask,
    const cs_frame *told, cs_web_answer *ans)
{
	cs_told_given g = {0};
	cs_err e = {0};

	*ans = (cs_web_answer){0};
	if (ask->shape != CS_SHAPE_BUNDLE && ask->shape != CS_SHAPE_CRL)
		tell_issue(ask, told, ans);
	else if (cs_told_given_get(told, &g, &e) != CS_OK)
		cs_web_fail(ask->family, 500, "internal", NULL, 0, ans);
	else
		cs_given_tell(env, ask, &g, ans);
}

static bool
has_uri(const cs_cert *c, cs_span agent)
{
	size_t i;

	for (i = 0; i < c->n_uris; i++)
		if (cs_span_eq(c->uris[i], agent))
			return true;
	return false;
}

int
cs_web_is_agent(cs_span client_cert, cs_span agent, cs_err *e)
{
	cs_cert *c = NULL;
	int rc;

	if (client_cert.n == 0)
		return cs_fail(e, CS_EREFUSED, "server/web",
		    "expected the agent's certificate from TLS, found none");
	if ((rc = cs_cert_parse(client_cert, &c, e)) != CS_OK)
		return rc;
	if (!has_uri(c, agent))
		rc = cs_fail(e, CS_EREFUSED, "server/web",
		    "expected a client certificate of %.*s, found %.*s",
		    (int)agent.n, (const char *)agent.p, c->n_uris == 0 ?
		    7 : (int)c->uris[0].n, c->n_uris == 0 ? "no name" :
		    (const char *)c->uris[0].p);
	cs_cert_free(&c);
	return rc;
}
