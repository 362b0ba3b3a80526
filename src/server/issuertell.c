/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/enc.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "server/issuerp.h"

/* From what became of a question to its answer, its line in the log, and a
 * number more. */

static const char where[] = "server/issuer";

void
cs_telling_clear(cs_telling *t)
{
	cs_buf_free(&t->agent);
	cs_buf_free(&t->cert);
	cs_buf_free(&t->wit);
	*t = (cs_telling){0};
}

int
cs_telling_refusal(cs_telling *t, const cs_judged *j)
{
	t->denied = j->a.state == COUNTERSIGN_DENIED;
	return cs_judged_refusal(j, &t->why);
}

/* A refusal has a reason; a denial none, but nothing is one that nobody knows
 * of; the rest is trouble of ours, which may be gone when it is tried again. */
void
cs_telling_fail(cs_telling *t, int rc)
{
	t->outcome = CS_OUTCOME_REFUSED;
	cs_buf_free(&t->cert);
	cs_buf_free(&t->wit);
	switch (rc) {
	case CS_EREFUSED:
		if (t->why.detail == CS_R_NONE && t->denied)
			t->outcome = CS_OUTCOME_DENIED;
		else if (t->why.detail == CS_R_NONE)
			t->why.detail = CS_R_INTERNAL;
		break;
	case CS_EFORMAT:
		if (t->why.detail == CS_R_NONE)
			t->why.detail = CS_R_MALFORMED;
		break;
	case CS_ETIMEOUT:
		t->outcome = CS_OUTCOME_BUSY;
		break;
	case CS_EIO:
		t->why.detail = CS_R_STORE_UNAVAILABLE;
		break;
	default:
		t->why.detail = CS_R_INTERNAL;
		break;
	}
	if (t->later) {
		t->outcome = CS_OUTCOME_BUSY;
		t->retry_after = CS_ISSUER_WAIT;
	} else if (t->outcome == CS_OUTCOME_BUSY ||
	    t->why.detail == CS_R_STORE_UNAVAILABLE ||
	    t->why.detail == CS_R_INTERNAL)
		t->retry_after = CS_ISSUER_SOON;
}

const cs_authority *
cs_issuer_of(const cs_issuer *i, cs_span cert)
{
	cs_span seq = {0}, tbs = {0}, key_id = {0};
	size_t n;

	if (cs_der_get(&cert, CS_DER_SEQ, &seq, NULL) != CS_OK ||
	    cs_der_whole(&seq, CS_DER_SEQ, &tbs, NULL) != CS_OK ||
	    cs_leaf_signer(tbs, &key_id, NULL) != CS_OK)
		return NULL;
	for (n = 0; n < i->env.n_ca; n++)
		if (cs_span_eq(i->env.ca[n]->key_id, key_id))
			return i->env.ca[n];
	return NULL;
}

static cs_span
keep(cs_buf *own, cs_span s)
{
	size_t at = cs_buf_len(own);

	if (s.p == NULL || cs_buf_put(own, s) != CS_OK)
		return cs_span_of(NULL, 0);
	return cs_span_of(cs_buf_span(own).p + at, s.n);
}

static int
fill(const cs_issuer *i, const cs_telling *t, cs_issued *out, cs_err *e)
{
	cs_told_issue *o = &out->told;
	const cs_authority *ca;
	size_t room = cs_buf_len(t->agent) + cs_buf_len(t->cert) +
	    cs_buf_len(t->wit) + sizeof(t->why.text) + sizeof(t->digest);

	if ((out->own = cs_buf_new(room)) == NULL)
		return cs_nomem(e, where);
	o->outcome = t->outcome;
	o->retry_after = t->retry_after;
	o->agent = keep(out->own, cs_buf_span(t->agent));
	if (t->has_digest)
		o->request_digest = keep(out->own, cs_span_of(t->digest,
		    sizeof(t->digest)));
	if (t->outcome != CS_OUTCOME_ISSUED) {
		o->reason = t->why.detail;
		o->text = keep(out->own, cs_span_str(t->why.text));
		return CS_OK;
	}
	o->not_after = t->not_after;
	o->wit = keep(out->own, cs_buf_span(t->wit));
	o->cert = keep(out->own, cs_buf_span(t->cert));
	ca = o->cert.p == NULL ? NULL : cs_issuer_of(i, o->cert);
	if (ca != NULL)
		o->chain[o->n_chain++] = ca->der;
	return CS_OK;
}

static int
level(const cs_told_issue *o)
{
	if (o->reason == CS_R_INTERNAL || o->reason == CS_R_STORE_UNAVAILABLE)
		return COUNTERSIGN_LOG_ERROR;
	return o->outcome == CS_OUTCOME_BUSY ? COUNTERSIGN_LOG_WARNING :
	    COUNTERSIGN_LOG_INFO;
}

#define TEXT(s) (int)(s).n, (s).p == NULL ? "" : (const char *)(s).p

static void
log_line(cs_issuer *i, const char *what, cs_span request_id, cs_span address,
    const cs_told_issue *o)
{
	char hex[65] = "-";
	cs_buf *b = cs_buf_new(64);

	if (b != NULL && o->request_digest.p != NULL &&
	    cs_hex_put(b, o->request_digest) == CS_OK)
		memcpy(hex, cs_buf_cstr(b), sizeof(hex));
	cs_buf_free(&b);
	cs_issuer_log(i, level(o), "%s id=%.*s address=%.*s request=%s "
	    "agent=%.*s outcome=%s%s%s%s%.*s", what, TEXT(request_id),
	    TEXT(address), hex, TEXT(o->agent), cs_outcome_name(o->outcome),
	    o->reason == CS_R_NONE ? "" : " reason=",
	    o->reason == CS_R_NONE ? "" : cs_reason_name(o->reason),
	    o->text.n == 0 ? "" : ": ", TEXT(o->text));
}

int
cs_issuer_tell(cs_issuer *i, const char *what, cs_span request_id,
    cs_span address, const cs_telling *t, cs_issued *out, cs_err *e)
{
	int rc;

	*out = (cs_issued){0};
	if ((rc = fill(i, t, out, e)) != CS_OK) {
		cs_issued_clear(out);
		return rc;
	}
	cs_stats_told(i->stats, &out->told);
	log_line(i, what, request_id, address, &out->told);
	return CS_OK;
}

void
cs_issued_clear(cs_issued *o)
{
	cs_buf_free(&o->own);
	*o = (cs_issued){0};
}
