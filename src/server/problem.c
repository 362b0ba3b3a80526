/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "fmt/reason.h"

/* How failures look: RFC 9457 on /v1, a line of text from EST. */

#define TEXT_MAX 4096
#define TYPE_MAX 128

/* The words of countersign-formats(5), section 9, and those behind them, which
 * are the server's own: a verdict never has them. */
static const struct {
	const char *reason, *title;
} titles[] = {
	{"malformed", "The bytes are not what was expected"},
	{"not-der", "The encoding is not DER"},
	{"too-large", "Over a limit of size or number"},
	{"unsupported", "A form or a key that is not supported"},
	{"pop-invalid", "The request's own signature is wrong"},
	{"bad-identifier", "An identifier is not in its accepted form"},
	{"no-approval", "The request has no approval"},
	{"wrong-type", "The approval is not carried as its key wants"},
	{"unknown-owner-key", "No trust anchor has the key that signed"},
	{"path-invalid", "The owner's certificate leads to no trust anchor"},
	{"signature-invalid", "The owner's signature is wrong"},
	{"binding-mismatch", "The approval is for another request"},
	{"wrong-owner", "Another owner was asked"},
	{"wrong-authority", "The approval counts at another authority"},
	{"wrong-trust-domain", "The agent is of another trust domain"},
	{"not-yet-valid", "The approval's window has not begun"},
	{"expired", "The approval's window has ended"},
	{"wrong-nonce", "The approval has not the challenge that was given"},
	{"touch-missing", "Nobody's presence was proven"},
	{"verification-missing", "Nobody was verified by the key"},
	{"not-hardware", "The owner's key is not proven hardware"},
	{"agent-not-allowed", "The owner may not approve this agent"},
	{"window-too-long", "The approval's window is too long"},
	{"lifetime-exceeded", "The approval allows too long a life"},
	{"grant-invalid", "A grant and its use do not fit"},
	{"revoked", "It is revoked"},
	{"duplicate", "The same approval is there twice"},
	{"key-reuse", "The agent's key is also somebody else's"},
	{"not-composite", "The approvals lie beside the request"},
	{"policy-refused", "The policy does not allow it"},
	{"quorum-missing", "Not enough owners have approved"},
	{"counter-regressed", "A security key's counter did not grow"},
	{"evidence-missing", "The evidence is missing"},
	{"evidence-refused", "The evidence was refused"},
	{"replayed", "The approval may have been used before"},
	{"exhausted", "No more of them are allowed"},
	{"store-unavailable", "The server cannot record what it does"},
	{"internal", "The server failed"},
	{"denied", "An owner has denied the request"},
	{"busy", "The server has too much to do"},
	{"rate-limited", "Too many requests of one client"},
	{"not-found", "There is no such thing"},
	{"method-not-allowed", "Another method is expected"},
	{"unsupported-media-type", "Another Content-Type is expected"},
	{"not-acceptable", "Accept asks for what is not to be had"},
	{"client-mismatch", "Not the client that this is for"},
	{"not-allowed", "Not for whom the kernel says is asking"},
	{"conflict", "It is not so, or not any more"},
	{"unavailable", "Nobody can say now"},
};

const char *
cs_problem_reason(size_t n)
{
	return n < sizeof(titles) / sizeof(titles[0]) ? titles[n].reason :
	    NULL;
}

const char *
cs_problem_title(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(titles[i].reason, reason) == 0)
			return titles[i].title;
	return NULL;
}

static void
set(json_t *o, const char *name, json_t *value, bool *failed)
{
	if (json_object_set_new(o, name, value) != 0)
		*failed = true;
}

static void
set_detail(json_t *o, cs_span text, bool *failed)
{
	cs_buf *b;

	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	if (text.n == 0)
		return;
	if ((b = cs_buf_new(cs_text_escape_max(text.n))) == NULL ||
	    cs_text_escape(b, text, false) != CS_OK)
		*failed = true;
	else
		set(o, "detail", json_stringn((const char *)cs_buf_span(b).p,
		    cs_buf_len(b)), failed);
	cs_buf_free(&b);
}

static void
set_digest(json_t *o, cs_span digest, bool *failed)
{
	cs_buf *b;

	if (digest.p == NULL)
		return;
	if ((b = cs_buf_new(2 * digest.n)) == NULL ||
	    cs_hex_put(b, digest) != CS_OK)
		*failed = true;
	else
		set(o, "request", json_stringn((const char *)cs_buf_span(b).p,
		    cs_buf_len(b)), failed);
	cs_buf_free(&b);
}

static json_t *
problem(const cs_fault *f, bool *failed)
{
	const char *title = cs_problem_title(f->reason);
	json_t *o = json_object();

	set(o, "type", json_sprintf("urn:countersign:reason:%s", f->reason),
	    failed);
	set(o, "title", json_string(title != NULL ? title : f->reason),
	    failed);
	set(o, "status", json_integer(f->status), failed);
	set(o, "reason", json_string(f->reason), failed);
	set_detail(o, f->text, failed);
	set_digest(o, f->digest, failed);
	return o;
}

void
cs_problem_put(const cs_fault *f, cs_web_answer *ans)
{
	bool failed = false;
	json_t *o = problem(f, &failed);
	char *text = failed ? NULL : json_dumps(o, JSON_COMPACT);
	cs_buf *b = text == NULL ? NULL : cs_buf_dup(cs_span_str(text));

	cs_answer_body(ans, f->status, CS_TYPE_PROBLEM, &b);
	ans->status = f->status; /* without its body, at worst */
	free(text);
	json_decref(o);
}

void
cs_est_fail(const cs_fault *f, cs_web_answer *ans)
{
	cs_span text = f->text;
	cs_buf *b;

	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	b = cs_buf_new(cs_text_escape_max(text.n) + TYPE_MAX);
	if (b != NULL && (cs_buf_printf(b, "%s%s", f->reason, text.n != 0 ?
	    ": " : "") != CS_OK || cs_text_escape(b, text, true) != CS_OK ||
	    cs_buf_put_byte(b, '\n') != CS_OK))
		cs_buf_free(&b);
	cs_answer_body(ans, f->status, "text/plain", &b);
	ans->status = f->status;
}

void
cs_web_refuse(enum cs_web_family family, const cs_fault *f,
    cs_web_answer *ans)
{
	if (family == CS_WEB_V1)
		cs_problem_put(f, ans);
	else
		cs_est_fail(f, ans);
	if (f->retry_after > 0)
		cs_answer_field(ans, "Retry-After", "%lld",
		    (long long)f->retry_after);
	cs_answer_outcome(ans, f->reason);
}

/* What is wrong with the message itself is the client's (400); what somebody
 * decided is refused (403). */
int
cs_web_status(int reason)
{
	switch (reason) {
	case CS_R_MALFORMED:
	case CS_R_NOT_DER:
	case CS_R_UNSUPPORTED:
	case CS_R_POP_INVALID:
	case CS_R_BAD_IDENTIFIER:
		return 400;
	case CS_R_TOO_LARGE:
		return 413;
	case CS_R_STORE_UNAVAILABLE:
		return 503;
	case CS_R_NONE:
	case CS_R_INTERNAL:
		return 500;
	default:
		return reason < CS_R_END ? 403 : 500;
	}
}

void
cs_web_refuse_err(enum cs_web_family family, const cs_err *e,
    cs_web_answer *ans)
{
	int reason = e->detail;
	cs_fault f = {.text = cs_span_str(e->text)};

	if (reason == CS_R_NONE)
		reason = e->cls == CS_EFORMAT || e->cls == CS_EREFUSED ?
		    CS_R_MALFORMED : CS_R_INTERNAL;
	f.status = cs_web_status(reason);
	f.reason = cs_reason_name(reason);
	cs_web_refuse(family, &f, ans);
}

/* What failed in here, with paths and a database's own words, is for the log,
 * where the request's identifier finds it. */
static bool
is_ours(const cs_told_issue *t)
{
	return t->reason == CS_R_INTERNAL || t->reason ==
	    CS_R_STORE_UNAVAILABLE || (t->outcome == CS_OUTCOME_BUSY &&
	    t->reason == CS_R_NONE);
}

void
cs_web_refuse_told(enum cs_web_family family, const cs_told_issue *t,
    cs_web_answer *ans)
{
	cs_fault f = {.status = cs_web_status(t->reason),
	    .reason = cs_reason_name(t->reason), .text = t->text,
	    .digest = t->request_digest, .retry_after = t->retry_after};

	if (is_ours(t))
		f.text = cs_span_of(NULL, 0);
	switch (t->outcome) {
	case CS_OUTCOME_DENIED:
		f.status = 403;
		f.reason = "denied";
		break;
	case CS_OUTCOME_BUSY:
		f.status = 503;
		if (t->reason == CS_R_NONE)
			f.reason = "busy";
		break;
	case CS_OUTCOME_UNKNOWN:
		f.status = 404;
		f.reason = "not-found";
		break;
	case CS_OUTCOME_REFUSED:
		break;
	default:
		f.status = 500;
		f.reason = cs_reason_name(CS_R_INTERNAL);
		f.text = cs_span_of(NULL, 0);
		break;
	}
	cs_web_refuse(family, &f, ans);
}

void
cs_web_fail(enum cs_web_family family, int status, const char *reason,
    const char *text, int64_t retry_after, cs_web_answer *ans)
{
	const cs_fault f = {.status = status, .reason = reason,
	    .text = cs_span_str(text), .retry_after = retry_after};

	*ans = (cs_web_answer){0};
	cs_web_refuse(family, &f, ans);
}
