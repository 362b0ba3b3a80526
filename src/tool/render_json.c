/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/lookout.h"
#include "tool/renderpart.h"
#include "tool/subject.h"

static void
warning_field(void *arg, const char *text)
{
	cs_out_str(arg, NULL, NULL, text);
}

static int
agent_fields(const cs_csr *csr, cs_out *out, cs_err *e)
{
	int rc;

	cs_out_object(out, "agent_says", NULL);
	rc = cs_subject_list("subject", NULL, csr->subject, out, e);
	if (csr->purpose.p != NULL)
		cs_out_span(out, "purpose", NULL, csr->purpose);
	if (csr->intended_owner.p != NULL)
		cs_out_span(out, "asks", NULL, csr->intended_owner);
	cs_out_close(out);
	return rc;
}

static int
request_fields(const cs_tbs *t, size_t i, const cs_reqfile *f, cs_out *out,
    cs_err *e)
{
	const cs_subject *s = &t->subjects[i];

	cs_out_str(out, "code", NULL, f->code);
	cs_out_span(out, "agent", NULL, s->agent_id);
	cs_out_hash(out, "agent_key", NULL, s->agent_key_hash);
	cs_out_int(out, "evidence_octets", NULL,
	    (int64_t)f->csr->evidence.n);
	cs_out_int(out, "ignored", NULL, (int64_t)f->csr->n_ignored);
	cs_out_list(out, "warnings", NULL);
	cs_lookout(s->agent_id, t->owner, t->authority, warning_field, out);
	cs_out_close(out);
	return agent_fields(f->csr, out, e);
}

static int
list_fields(const cs_review *r, cs_out *out, cs_err *e)
{
	const cs_approve *a;
	size_t i, j;
	int rc = CS_OK;

	cs_out_list(out, "requests", NULL);
	for (i = 0; i < r->n; i++)
		for (a = r->job[i], j = 0; rc == CS_OK &&
		    j < a->tbs.n_subjects; j++) {
			cs_out_object(out, NULL, NULL);
			cs_out_int(out, "number", NULL,
			    (int64_t)a->req[j]->number);
			cs_out_str(out, "request", NULL, a->req[j]->path);
			cs_out_hex(out, "approval_id", NULL,
			    a->tbs.approval_id);
			cs_out_span(out, "authority", NULL, a->tbs.authority);
			rc = request_fields(&a->tbs, j, a->req[j], out, e);
			cs_out_close(out);
		}
	cs_out_close(out);
	return rc;
}

static int
cert_fields(const cs_ownercert *c, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if (c == NULL)
		return CS_OK;
	if ((r = cs_sha256(cs_chain_leaf(c->chain), hash, e)) != CS_OK)
		return r;
	cs_out_hash(out, "certificate", NULL, cs_span_of(hash, sizeof(hash)));
	cs_out_int(out, "certificates", NULL, (int64_t)c->n);
	return CS_OK;
}

static void
terms_fields(const cs_review *r, cs_out *out)
{
	static const char *const kinds[] = {"request", "key", "grant"};
	const cs_tbs *t = &r->job[0]->tbs;
	char text[256];

	cs_out_str(out, "decision", NULL,
	    t->decision == CS_APPROVE ? "approve" : "deny");
	cs_out_str(out, "binds", NULL, kinds[t->subjects[0].kind]);
	if (cs_part_one_place(r))
		cs_out_span(out, "authority", NULL, t->authority);
	cs_out_time(out, "not_before", NULL, t->not_before);
	cs_out_time(out, "not_after", NULL, t->not_after);
	cs_out_duration(out, "max_lifetime", NULL, t->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, t->max_issuances);
	if (cs_part_arithmetic(r, text))
		cs_out_str(out, "arithmetic", NULL, text);
	cs_out_span(out, "owner", NULL, t->owner);
	cs_out_hash(out, "owner_key", NULL, t->owner_key_hash);
	cs_out_str(out, "key_uri", NULL, r->signer->uri);
	cs_out_str(out, "key_where", NULL, r->signer->where);
	if (r->n == 1)
		cs_out_hex(out, "approval_id", NULL, t->approval_id);
	if (t->nonce.p != NULL)
		cs_out_hex(out, "nonce", NULL, t->nonce);
	if (t->under_grant.p != NULL)
		cs_out_hex(out, "under_grant", NULL, t->under_grant);
	if (t->purpose.p != NULL)
		cs_out_span(out, "purpose", NULL, t->purpose);
}

static int
grant_fields(const cs_tbs *t, cs_out *out, cs_err *e)
{
	const cs_subject *s = &t->subjects[0];
	cs_buf *sentence = cs_part_sentence(t);
	uint8_t hash[CS_SHA256_LEN];
	int rc = sentence == NULL ? cs_nomem(e, "render") :
	    cs_sha256(s->holder_key, hash, e);

	if (rc == CS_OK) {
		cs_out_span(out, "agents_below", NULL, s->agent_id);
		cs_out_hash(out, "holder_key", NULL,
		    cs_span_of(hash, sizeof(hash)));
		cs_out_span(out, "sentence", NULL, cs_buf_span(sentence));
		cs_out_list(out, "warnings", NULL);
		cs_lookout(s->agent_id, t->owner, t->authority, warning_field,
		    out);
		cs_out_close(out);
	}
	cs_buf_free(&sentence);
	return rc;
}

int
cs_review_fields(const cs_review *r, cs_out *out, cs_err *e)
{
	int rc;

	terms_fields(r, out);
	if ((rc = cert_fields(r->cert, out, e)) != CS_OK)
		return rc;
	if (r->job[0]->tbs.subjects[0].kind == CS_SUBJECT_GRANT)
		return grant_fields(&r->job[0]->tbs, out, e);
	if (r->list)
		return list_fields(r, out, e);
	return request_fields(&r->job[0]->tbs, 0, r->job[0]->req[0], out, e);
}
