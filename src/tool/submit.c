/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/submit.h"

#include <stdio.h>

#include "base/enc.h"
#include "fmt/pem.h"

static const char where[] = "submit";

#define DETAIL_MAX 1024

int
cs_submit_open(const cs_tool *t, const struct cs_submit_opts *o,
    cs_server **out, cs_err *e)
{
	const struct cs_goes goes[] = {
	    {"server-ca", "submit", o->ca != NULL && o->url == NULL},
	    {"client-cert", "submit", o->cert != NULL && o->url == NULL},
	    {"client-key", "submit", o->key != NULL && o->url == NULL},
	    {"client-cert", "client-key", o->cert != NULL && o->key == NULL},
	    {"client-key", "client-cert", o->key != NULL && o->cert == NULL},
	};
	const cs_server_env env = {.module_dir = t->module_dir,
	    .url = o->url, .ca = o->ca, .cert = o->cert, .key = o->key};
	int r;

	*out = NULL;
	if ((r = cs_tool_goes(goes, sizeof(goes) / sizeof(goes[0]), e)) !=
	    CS_OK || o->url == NULL)
		return r;
	r = cs_server_open(&env, out, e);
	return r == CS_EUSAGE ? cs_tool_usage(e, "--submit") : r;
}

/* An agent's composite request has approvals already, which the server has
 * with it where it waits. */
static int
put_body(const cs_reqfile *r, cs_span approvals, cs_buf **out, cs_err *e)
{
	bool beside = r->csr->n_approvals == 0;
	cs_buf *b = cs_buf_new(approvals.n +
	    (beside ? cs_pem_max(r->csr->der.n) : 0));
	int rc = CS_OK;

	if (b == NULL)
		return cs_nomem(e, where);
	if (beside)
		rc = cs_pem_put(b, CS_PEM_REQUEST, r->csr->der, e);
	if (rc == CS_OK && cs_buf_put(b, approvals) != CS_OK)
		rc = cs_nomem(e, where);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

static int
check_id(const cs_reqfile *r, cs_span id, cs_err *e)
{
	cs_buf *hex = cs_buf_new(2 * sizeof(r->digest));
	int rc;

	if (hex == NULL || cs_hex_put(hex, cs_span_of(r->digest,
	    sizeof(r->digest))) != CS_OK)
		rc = cs_nomem(e, where);
	else
		rc = cs_span_eq(cs_buf_span(hex), id) ? CS_OK :
		    cs_fail(e, CS_EFORMAT, where,
		    "the server's answer is about another request");
	cs_buf_free(&hex);
	return rc;
}

/* That something else came of it than was meant is no yes. */
static int
check_state(cs_span state, bool denial, cs_err *e)
{
	if (denial ? cs_span_is(state, "denied") :
	    cs_span_is(state, "ready") || cs_span_is(state, "noted"))
		return CS_OK;
	return cs_fail(e, CS_EFORMAT, where, "the server's answer: expected "
	    "the state %s, found %.*s", denial ? "denied" : "ready or noted",
	    state.n < 40 ? (int)state.n : 40, state.p);
}

static int
put_answer(const cs_server *s, const cs_reqfile *r, bool denial,
    const json_t *told, cs_out *out, cs_err *e)
{
	cs_span id = {0}, state = {0}, detail = {0};
	int rc;

	if ((rc = cs_server_text(told, "id", &id, e)) != CS_OK ||
	    (rc = cs_server_text(told, "state", &state, e)) != CS_OK ||
	    (rc = cs_server_text(told, "detail", &detail, e)) != CS_OK ||
	    (rc = check_id(r, id, e)) != CS_OK ||
	    (rc = check_state(state, denial, e)) != CS_OK)
		return rc;
	if (detail.n > DETAIL_MAX)
		detail.n = DETAIL_MAX;
	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "request", NULL, r->code);
	cs_out_span(out, "id", NULL, id);
	cs_out_span(out, "state", NULL, state);
	cs_out_span(out, "detail", NULL, detail);
	cs_out_printf(out, NULL, "submitted", "%s to %s: %.*s", r->code,
	    cs_server_name(s), (int)detail.n, detail.p);
	cs_out_close(out);
	return CS_OK;
}

int
cs_submit_put(cs_server *s, const cs_reqfile *r, cs_span approvals,
    bool denial, cs_out *out, cs_err *e)
{
	cs_server_ask ask = {.method = "POST", .path = "/v1/approvals",
	    .type = "application/x-pem-file"};
	cs_buf *body = NULL;
	json_t *told = NULL;
	int rc;

	if ((rc = put_body(r, approvals, &body, e)) != CS_OK)
		return rc;
	ask.body = cs_buf_span(body);
	if ((rc = cs_server_ask_json(s, &ask, &told, e)) == CS_OK)
		rc = put_answer(s, r, denial, told, out, e);
	if (rc != CS_OK)
		(void)cs_wrap(e, "request %s is not submitted", r->code);
	json_decref(told);
	cs_buf_free(&body);
	return rc;
}
