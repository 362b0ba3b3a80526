/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <countersign/verifier.h>

#include "server/webp.h"

#include "base/enc.h"
#include "fmt/csr.h"
#include "fmt/reason.h"
#include "issue/bundle.h"
#include "server/webjson.h"

/*
 * EST: RFC 7030, as RFC 8951 and RFC 9908 mend it. Bodies are base64, with lines
 * or without; ours are without, which some clients need. What was issued is
 * alone in its answer (RFC 7030 4.2.3); CAs are in cacerts.
 */

static const char where[] = "server/est";

#define CERTS_ROOM 256 /* of a CMS, besides its certificates */

static void
fail(cs_err *e, cs_web_answer *ans)
{
	cs_web_refuse_err(CS_WEB_EST, e, ans);
}

static void
put_base64(const char *type, const cs_buf *der, cs_web_answer *ans)
{
	cs_buf *b = cs_buf_new(cs_buf_len(der) * 4 / 3 + 8);

	if (b != NULL && cs_base64_put(b, cs_buf_span(der), 0) != CS_OK)
		cs_buf_free(&b);
	if (b == NULL) {
		cs_web_fail(CS_WEB_EST, 500, "internal", NULL, 0, ans);
		return;
	}
	cs_answer_body(ans, 200, type, &b);
	cs_answer_field(ans, "Content-Transfer-Encoding", "base64");
}

static void
put_certs(const cs_span *certs, size_t n, cs_web_answer *ans)
{
	size_t i, room = CERTS_ROOM;
	cs_buf *b;
	cs_err e = {0};

	for (i = 0; i < n; i++)
		room += certs[i].n;
	if ((b = cs_buf_new(room)) == NULL)
		(void)cs_nomem(&e, where);
	else if (cs_certs_only_put(certs, n, b, &e) == CS_OK)
		put_base64(CS_TYPE_CMS "; smime-type=certs-only", b, ans);
	if (ans->status == 0)
		fail(&e, ans);
	cs_buf_free(&b);
}

void
cs_est_cacerts(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	(void)route;
	(void)r;
	(void)param;
	(void)ask;
	put_certs(env->ca, env->n_ca, ans);
	if (ans->status == 200)
		cs_answer_outcome(ans, "cacerts");
}

void
cs_est_csrattrs(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	cs_buf *b = cs_buf_new(CERTS_ROOM);
	cs_err e = {0};

	(void)route;
	(void)env;
	(void)r;
	(void)param;
	(void)ask;
	if (b == NULL)
		(void)cs_nomem(&e, where);
	else if (cs_csrattrs_put(b, &e) == CS_OK)
		put_base64(CS_TYPE_CSRATTRS, b, ans);
	if (ans->status == 0)
		fail(&e, ans);
	else
		cs_answer_outcome(ans, "csrattrs");
	cs_buf_free(&b);
}

/* RFC 8951 3.1: base64, with white space or without. */
static int
read_body(cs_span body, cs_web_ask *ask, cs_err *e)
{
	cs_span der;
	int rc;

	if (cs_webjson_is_der(body))
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected a request in base64, found plain DER");
	if ((ask->own = cs_buf_new(body.n)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_base64_get(ask->own, body, true, e)) != CS_OK) {
		e->detail = CS_R_MALFORMED;
		return cs_wrap(e, "expected a request in base64");
	}
	der = cs_buf_span(ask->own);
	if (!cs_webjson_is_der(der))
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected base64 of a DER request, found that of "
		    "something else");
	return CS_OK;
}

static void
enroll(const cs_web_request *r, uint32_t op, cs_web_ask *ask,
    cs_web_answer *ans)
{
	cs_err e = {0};

	if (read_body(r->body, ask, &e) != CS_OK) {
		fail(&e, ans);
		return;
	}
	ask->shape = CS_SHAPE_EST;
	cs_web_issue(r, CS_MSG_ISSUE, op, 1, cs_buf_span(ask->own),
	    cs_span_of(NULL, 0), ask);
}

void
cs_est_enroll(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	(void)route;
	(void)env;
	(void)param;
	enroll(r, COUNTERSIGN_OP_ISSUE, ask, ans);
}

/* RFC 7030 4.2.2: by the certificate that is renewed. Where clients have none it
 * is the request alone, as everywhere. */
static void
check_client(const cs_web_request *r, cs_span der, cs_web_answer *ans)
{
	cs_csr *c = NULL;
	cs_err e = {0};

	if (cs_csr_parse(der, &c, &e) != CS_OK)
		fail(&e, ans);
	else if (cs_web_is_agent(r->client_cert, c->agent_id, &e) != CS_OK)
		cs_web_fail(CS_WEB_EST, 403, "client-mismatch", e.text, 0,
		    ans);
	cs_csr_free(&c);
}

void
cs_est_reenroll(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	(void)route;
	(void)param;
	enroll(r, COUNTERSIGN_OP_RENEW, ask, ans);
	if (ans->status == 0 && env->conf->clients != CS_CLIENTS_NONE)
		check_client(r, ask->issue.message, ans);
}

static void
pending(const cs_told_issue *t, cs_web_answer *ans)
{
	const cs_fault f = {.status = 202, .reason = "pending",
	    .text = t->text, .retry_after = t->retry_after};

	cs_web_refuse(CS_WEB_EST, &f, ans);
}

void
cs_est_tell(const cs_told_issue *t, cs_web_answer *ans)
{
	if (t->outcome == CS_OUTCOME_PENDING)
		pending(t, ans);
	else if (t->outcome == CS_OUTCOME_UNKNOWN ||
	    (t->outcome == CS_OUTCOME_ISSUED && t->cert.p == NULL))
		cs_web_fail(CS_WEB_EST, 500, "internal", NULL, 0, ans);
	else if (t->outcome != CS_OUTCOME_ISSUED)
		cs_web_refuse_told(CS_WEB_EST, t, ans);
	else
		put_certs(&t->cert, 1, ans);
	if (ans->status == 200)
		cs_answer_outcome(ans, "issued");
}
