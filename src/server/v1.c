/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <countersign/verifier.h>

#include "server/webp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "server/webjson.h"
#include "server/webmedia.h"

/* /v1: requests and approvals in, credentials out. */

static const char where[] = "server/v1";

#define DIGEST_LEN 32
#define KIND_X509 1u
#define KIND_WIT 2u

static const struct {
	const char *type;
	enum cs_web_shape shape;
	unsigned kinds;
} wanted[] = {
	{CS_TYPE_CHAIN, CS_SHAPE_PEM, KIND_X509},
	{CS_TYPE_JSON, CS_SHAPE_JSON, KIND_X509 | KIND_WIT},
	{CS_TYPE_WIT, CS_SHAPE_WIT, KIND_WIT},
};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

/* In what form; without a key for WITs there are none, and both kinds are the
 * one that there is. 0: in none that the client takes. */
static unsigned
choose(const cs_web_env *env, const cs_web_request *r, cs_web_ask *ask,
    cs_web_answer *ans)
{
	const char *types[WANTED];
	bool has_wit = env->conf->n_wit != 0;
	size_t n;
	int i;

	for (n = 0; n < WANTED; n++)
		types[n] = wanted[n].type;
	i = cs_media_accept(r->accept, types, has_wit ? WANTED : WANTED - 1);
	if (i < 0) {
		cs_web_fail(CS_WEB_V1, 406, "not-acceptable", has_wit ?
		    "expected " CS_TYPE_CHAIN ", " CS_TYPE_JSON " or "
		    CS_TYPE_WIT : "expected " CS_TYPE_CHAIN " or "
		    CS_TYPE_JSON ": this server has no key for WITs", 0, ans);
		return 0;
	}
	ask->shape = wanted[i].shape;
	return has_wit ? wanted[i].kinds : KIND_X509;
}

static int
get_json(cs_span body, enum cs_webjson_form form, cs_web_ask *ask,
    cs_span *message, cs_span *evidence, cs_err *e)
{
	cs_webjson j = {0};
	int rc;

	if ((rc = cs_webjson_get(body, form, &j, e)) != CS_OK)
		return rc;
	*message = j.message;
	*evidence = j.evidence;
	ask->own = j.own;
	j.own = NULL; /* transferred */
	return CS_OK;
}

/* By what it says it is; the issuer would tell by looking. */
static int
get_message(const cs_web_route *route, const cs_web_request *r,
    enum cs_webjson_form form, cs_web_ask *ask, cs_span *message,
    cs_span *evidence, cs_err *e)
{
	const char *type = route->takes[cs_media_type(r->type, route->takes,
	    route->takes[2] != NULL ? 3 : 2)];
	bool der = cs_webjson_is_der(r->body);

	*evidence = cs_span_of(NULL, 0);
	*message = r->body;
	if (strcmp(type, CS_TYPE_JSON) == 0)
		return get_json(r->body, form, ask, message, evidence, e);
	if (strcmp(type, CS_TYPE_PEM) == 0 && der)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected PEM, found DER: is it " CS_TYPE_PKCS10 "?");
	if (strcmp(type, CS_TYPE_PKCS10) == 0 && !der)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected a DER request; PEM is " CS_TYPE_PEM);
	return CS_OK;
}

void
cs_v1_credentials(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	cs_span message = {0}, evidence = {0};
	cs_err e = {0};
	unsigned kinds;

	(void)param;
	if ((kinds = choose(env, r, ask, ans)) == 0)
		return;
	if (get_message(route, r, CS_WEBJSON_REQUEST, ask, &message,
	    &evidence, &e) != CS_OK)
		cs_web_refuse_err(CS_WEB_V1, &e, ans);
	else
		cs_web_issue(r, CS_MSG_ISSUE, COUNTERSIGN_OP_ISSUE, kinds,
		    message, evidence, ask);
}

void
cs_v1_approvals(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	cs_span message = {0}, evidence = {0};
	cs_err e = {0};

	(void)env;
	(void)param;
	if (cs_media_accept(r->accept, route->gives, 1) < 0) {
		cs_web_fail(CS_WEB_V1, 406, "not-acceptable",
		    "expected " CS_TYPE_JSON, 0, ans);
		return;
	}
	ask->shape = CS_SHAPE_NOTED;
	if (get_message(route, r, CS_WEBJSON_APPROVALS, ask, &message,
	    &evidence, &e) != CS_OK)
		cs_web_refuse_err(CS_WEB_V1, &e, ans);
	else
		cs_web_issue(r, CS_MSG_APPROVE, 0, 0, message, evidence, ask);
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
cs_web_hex(cs_span in, uint8_t *out, size_t most, size_t *n)
{
	size_t i;

	if (in.n == 0 || in.n % 2 != 0 || in.n / 2 > most)
		return false;
	for (i = 0; i < in.n; i++)
		if (digit(in.p[i]) < 0)
			return false;
	for (i = 0; i < in.n; i += 2)
		out[i / 2] = (uint8_t)(digit(in.p[i]) * 16 +
		    digit(in.p[i + 1]));
	*n = in.n / 2;
	return true;
}

void
cs_v1_lookup(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	unsigned kinds;

	(void)route;
	if (!cs_web_hex(param, ask->octets, DIGEST_LEN, &ask->n_octets) ||
	    ask->n_octets != DIGEST_LEN) {
		cs_web_fail(CS_WEB_V1, 404, "not-found", "expected the "
		    "digest of a request, 64 digits of lowercase hex", 0,
		    ans);
		return;
	}
	if ((kinds = choose(env, r, ask, ans)) == 0)
		return;
	if ((ask->own = cs_buf_dup(cs_span_of(ask->octets, DIGEST_LEN))) ==
	    NULL) {
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
		return;
	}
	ask->lookup = (cs_ask_lookup){.request_digest = cs_buf_span(ask->own),
	    .kinds = kinds, .deadline_ms = r->deadline_ms,
	    .request_id = r->id, .address = r->address};
	ask->type = CS_MSG_LOOKUP;
}

/* What is told of a request as JSON; a value that cannot be had is NULL. */
struct telling {
	json_t *o;
	bool failed;
};

static void
set(struct telling *t, const char *name, json_t *value)
{
	if (json_object_set_new(t->o, name, value) != 0)
		t->failed = true;
}

static void
set_buf(struct telling *t, const char *name, cs_buf *b, int rc)
{
	if (b == NULL || rc != CS_OK)
		t->failed = true;
	else
		set(t, name, json_stringn((const char *)cs_buf_span(b).p,
		    cs_buf_len(b)));
	cs_buf_free(&b);
}

static void
set_about(struct telling *t, const cs_told_issue *told)
{
	cs_buf *hex = cs_buf_new(2 * DIGEST_LEN);

	set_buf(t, "id", hex, hex == NULL ? CS_EBUG :
	    cs_hex_put(hex, told->request_digest));
	if (told->agent.n != 0)
		set(t, "agent", json_stringn((const char *)told->agent.p,
		    told->agent.n));
}

static void
set_detail(struct telling *t, cs_span text)
{
	cs_buf *b;

	if (text.n == 0)
		return;
	b = cs_buf_new(cs_text_escape_max(text.n));
	set_buf(t, "detail", b, b == NULL ? CS_EBUG :
	    cs_text_escape(b, text, false));
}

static cs_buf *
chain(const cs_told_issue *told)
{
	size_t n, room = cs_pem_max(told->cert.n);
	cs_buf *b;
	int rc;

	for (n = 0; n < told->n_chain; n++)
		room += cs_pem_max(told->chain[n].n);
	if ((b = cs_buf_new(room)) == NULL)
		return NULL;
	rc = cs_pem_put(b, CS_PEM_CERTIFICATE, told->cert, NULL);
	for (n = 0; n < told->n_chain && rc == CS_OK; n++)
		rc = cs_pem_put(b, CS_PEM_CERTIFICATE, told->chain[n], NULL);
	if (rc != CS_OK)
		cs_buf_free(&b);
	return b;
}

static void
set_credential(struct telling *t, const cs_told_issue *told)
{
	char until[24] = "";

	set_buf(t, "x509", chain(told), CS_OK);
	if (told->wit.n != 0)
		set(t, "wit", json_stringn((const char *)told->wit.p,
		    told->wit.n));
	if (cs_rfc3339_put(told->not_after, until))
		set(t, "not_after", json_string(until));
	else
		t->failed = true;
}

static cs_buf *
finish(struct telling *t)
{
	char *text = t->failed ? NULL : json_dumps(t->o, JSON_COMPACT);
	cs_buf *b = text == NULL ? NULL : cs_buf_dup(cs_span_str(text));

	free(text);
	json_decref(t->o);
	t->o = NULL;
	return b;
}

static cs_buf *
state(const cs_told_issue *told, const char *word)
{
	struct telling t = {json_object(), false};

	set_about(&t, told);
	set(&t, "state", json_string(word));
	set_detail(&t, told->text);
	return finish(&t);
}

static cs_buf *
both(const cs_told_issue *told)
{
	struct telling t = {json_object(), false};

	set_about(&t, told);
	set_credential(&t, told);
	return finish(&t);
}

static void
put(cs_web_answer *ans, int status, const char *type, cs_buf *b,
    const char *outcome)
{
	if (b == NULL) {
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
		return;
	}
	cs_answer_body(ans, status, type, &b);
	cs_answer_field(ans, "Cache-Control", "no-store");
	cs_answer_outcome(ans, outcome);
}

static void
name_place(const cs_told_issue *told, const char *field, cs_web_answer *ans)
{
	cs_buf *hex = cs_buf_new(2 * DIGEST_LEN);

	if (hex != NULL && cs_hex_put(hex, told->request_digest) == CS_OK)
		cs_answer_field(ans, field, "/v1/credentials/%s",
		    cs_buf_cstr(hex));
	cs_buf_free(&hex);
}

static void
issued(const cs_web_ask *ask, const cs_told_issue *told, cs_web_answer *ans)
{
	bool has = ask->shape == CS_SHAPE_WIT ? told->wit.n != 0 :
	    told->cert.n != 0;

	if (!has || told->request_digest.n != DIGEST_LEN)
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
	else if (ask->shape == CS_SHAPE_WIT)
		put(ans, 200, CS_TYPE_WIT, cs_buf_dup(told->wit), "issued");
	else if (ask->shape == CS_SHAPE_PEM)
		put(ans, 200, CS_TYPE_CHAIN, chain(told), "issued");
	else
		put(ans, 200, CS_TYPE_JSON, both(told), "issued");
	if (ans->status == 200)
		name_place(told, "Content-Location", ans);
}

static void
waits(const cs_told_issue *told, cs_web_answer *ans)
{
	put(ans, 202, CS_TYPE_JSON, state(told, "pending"), "pending");
	if (ans->status != 202)
		return;
	name_place(told, "Location", ans);
	cs_answer_field(ans, "Retry-After", "%lld",
	    (long long)told->retry_after);
}

/* What was handed in was taken: what came of it. */
static const char *
taken(enum cs_outcome o)
{
	switch (o) {
	case CS_OUTCOME_READY:
		return "ready";
	case CS_OUTCOME_NOTED:
		return "noted";
	case CS_OUTCOME_KEPT:
		return "denied";
	default:
		return NULL;
	}
}

void
cs_v1_tell(const cs_web_ask *ask, const cs_told_issue *t, cs_web_answer *ans)
{
	bool approving = ask->shape == CS_SHAPE_NOTED;
	const char *word = taken(t->outcome);

	if (t->outcome == CS_OUTCOME_ISSUED && !approving)
		issued(ask, t, ans);
	else if (t->outcome == CS_OUTCOME_PENDING && !approving)
		waits(t, ans);
	else if (word != NULL && approving)
		put(ans, 200, CS_TYPE_JSON, state(t, word), word);
	else
		cs_web_refuse_told(CS_WEB_V1, t, ans);
}
