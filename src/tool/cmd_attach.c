/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crypt/pubkey.h"
#include "fmt/approval.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/pss.h"
#include "fmt/reason.h"
#include "tool/access.h"
#include "tool/csrmake.h"
#include "tool/document.h"
#include "tool/grant.h"

struct opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	const char *key;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS};

static const struct cs_opt rows[] = {
    {"key", 0, CS_OPT_STRING, offsetof(struct opts, key), "KEY",
	"the agent's key: a file or a pkcs11: URI", 0, 0, CS_COMPLETE_FILE},
    CS_DOCUMENT_ROWS(struct opts),
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "attach",
    .synopsis = "REQUEST APPROVAL...",
    .summary = "put approvals into a request and sign it again",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 2,
    .max_operands = -1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* A composite request in the making. */
struct parts {
	cs_csr *csr;
	uint8_t digest[CS_SHA256_LEN], key_hash[CS_SHA256_LEN];
	size_t n;
	cs_buf *own[CS_APPROVALS_MAX]; /* whole OwnerApproval each */
	cs_approval *a[CS_APPROVALS_MAX];
	uint8_t tbs_hash[CS_APPROVALS_MAX][CS_SHA256_LEN];
};

static void
parts_free(struct parts **pp)
{
	size_t i;

	if (*pp == NULL)
		return;
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		cs_buf_free(&(*pp)->own[i]);
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		cs_approval_free(&(*pp)->a[i]);
	cs_csr_free(&(*pp)->csr);
	free(*pp);
	*pp = NULL;
}

static int
read_request(struct parts *p, const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = cs_request_read(cs_buf_span(b), &p->csr, e)) != CS_OK ||
	    (r = cs_csr_verify(p->csr, e)) != CS_OK ||
	    (r = cs_request_digest(p->csr, p->digest, e)) != CS_OK ||
	    (r = cs_key_hash(&p->csr->key, p->key_hash, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

/* The approvals that the request has already are kept, and come first. */
static int
keep_approvals(struct parts *p, cs_err *e)
{
	for (; p->n < p->csr->n_approvals; p->n++)
		if ((p->own[p->n] = cs_buf_dup(p->csr->approvals[p->n])) ==
		    NULL)
			return cs_nomem(e, "attach");
	return CS_OK;
}

static int
read_approvals(struct parts *p, const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = cs_approvals_read(cs_buf_span(b), p->own, &p->n, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

static bool
is_for(const struct parts *p, const cs_subject *s)
{
	if (s->kind == CS_SUBJECT_GRANT ||
	    !cs_span_eq(s->agent_id, p->csr->agent_id) ||
	    !cs_span_eq(s->agent_key_hash,
		cs_span_of(p->key_hash, sizeof(p->key_hash))))
		return false;
	return s->kind == CS_SUBJECT_KEY ||
	    cs_span_eq(s->request_digest,
		cs_span_of(p->digest, sizeof(p->digest)));
}

static int
check_binding(const struct parts *p, const cs_tbs *t, cs_err *e)
{
	const cs_subject *s = &t->subjects[0];
	size_t i;

	if (t->decision != CS_APPROVE)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_UNSUPPORTED,
		    "attach", "it is a denial: the agent has no use for it, "
		    "the owner hands it to the server himself");
	if (cs_tbs_is_grant(t))
		return CS_OK;
	for (i = 0; i < t->n_subjects; i++)
		if (is_for(p, &t->subjects[i]))
			return CS_OK;
	if (!cs_span_eq(s->agent_id, p->csr->agent_id))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_BINDING_MISMATCH,
		    "attach", "it is for the agent %.*s, not %.*s",
		    (int)(s->agent_id.n > 200 ? 200 : s->agent_id.n),
		    s->agent_id.p, (int)(p->csr->agent_id.n > 200 ? 200 :
		    p->csr->agent_id.n), p->csr->agent_id.p);
	return cs_fail_detail(e, CS_EREFUSED, CS_R_BINDING_MISMATCH, "attach",
	    "it is for another request of this agent, or another key");
}

static cs_span
hash_span(const struct parts *p, size_t i)
{
	return cs_span_of(p->tbs_hash[i], CS_SHA256_LEN);
}

static int
check_approval(struct parts *p, size_t i, cs_err *e)
{
	size_t j;
	int r;

	if ((r = cs_approval_parse(cs_buf_span(p->own[i]), 0, &p->a[i],
		 e)) != CS_OK ||
	    (r = cs_sha256(p->a[i]->tbs.der, p->tbs_hash[i], e)) != CS_OK ||
	    (r = check_binding(p, &p->a[i]->tbs, e)) != CS_OK)
		(void)cs_wrap(e, "approval %zu", i + 1);
	for (j = 0; r == CS_OK && j < i; j++)
		if (cs_span_eq(hash_span(p, i), hash_span(p, j)))
			r = cs_fail_detail(e, CS_EREFUSED, CS_R_DUPLICATE,
			    "attach", "approvals %zu and %zu are the same",
			    j + 1, i + 1);
	return r;
}

/* A grant and its use travel together. */
static int
check_grant(const struct parts *p, size_t i, cs_err *e)
{
	size_t j, uses = 0;
	int r;

	for (j = 0; j < p->n; j++) {
		if (!cs_span_eq(p->a[j]->tbs.under_grant, hash_span(p, i)))
			continue;
		if ((r = cs_grant_covers(&p->a[i]->tbs, p->tbs_hash[i],
			 &p->a[j]->tbs, e)) != CS_OK)
			return cs_wrap(e, "approval %zu, under %zu", j + 1,
			    i + 1);
		uses++;
	}
	if (uses == 1)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_GRANT_INVALID, "attach",
	    uses == 0 ? "approval %zu is a grant without its use: sign "
	    "--under makes one" : "approval %zu is a grant with several uses",
	    i + 1);
}

static int
check_use(const struct parts *p, size_t i, cs_err *e)
{
	size_t j;

	for (j = 0; j < p->n; j++)
		if (cs_tbs_is_grant(&p->a[j]->tbs) &&
		    cs_span_eq(p->a[i]->tbs.under_grant, hash_span(p, j)))
			return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_GRANT_INVALID, "attach",
	    "approval %zu is the use of a grant that is not here", i + 1);
}

static int
check_grants(const struct parts *p, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; r == CS_OK && i < p->n; i++) {
		if (cs_tbs_is_grant(&p->a[i]->tbs))
			r = check_grant(p, i, e);
		else if (p->a[i]->tbs.under_grant.p != NULL)
			r = check_use(p, i, e);
	}
	return r;
}

static int
collect(struct parts *p, const cs_words *w, cs_err *e)
{
	size_t i;
	int r, j;

	if ((r = read_request(p, w->v[0], e)) != CS_OK ||
	    (r = keep_approvals(p, e)) != CS_OK)
		return r;
	for (j = 1; r == CS_OK && j < w->n; j++)
		r = read_approvals(p, w->v[j], e);
	for (i = 0; r == CS_OK && i < p->n; i++)
		r = check_approval(p, i, e);
	return r == CS_OK ? check_grants(p, e) : r;
}

static int
sign(const struct parts *p, cs_key *k, cs_csr **out, cs_err *e)
{
	cs_span approvals[CS_APPROVALS_MAX];
	cs_buf *own = NULL, *info = NULL;
	cs_spki spki = {0};
	size_t i;
	int r;

	if ((r = cs_agent_spki(k, &own, &spki, e)) != CS_OK)
		return r;
	for (i = 0; i < p->n; i++)
		approvals[i] = cs_buf_span(p->own[i]);
	if (!cs_span_eq(spki.der, p->csr->key.der))
		r = cs_fail_detail(e, CS_EREFUSED, CS_R_BINDING_MISMATCH,
		    "attach", "--key is not the key of this request");
	else if ((info = cs_buf_new(CS_REQUEST_MAX +
		 CS_APPROVALS_MAX * CS_APPROVAL_MAX)) == NULL)
		r = cs_nomem(e, "attach");
	else if ((r = cs_csr_composite_info(p->csr, approvals, p->n, info,
		 e)) == CS_OK)
		r = cs_agent_sign(k, &spki, cs_buf_span(info),
		    cs_pss_is(p->csr->sigalg), out, e);
	cs_buf_free(&info);
	cs_buf_free(&own);
	return r;
}

static int
sign_with(const cs_tool *t, const struct opts *o, const struct parts *p,
    cs_csr **out, cs_err *e)
{
	cs_access a = {0};
	cs_key *k = NULL;
	int r;

	r = cs_access_open(t, &o->access, spec.verb, o->common.json, &a, e);
	if (r != CS_OK)
		return r;
	if ((r = cs_key_open(o->key, &a.keys, &k, e)) == CS_OK)
		r = sign(p, k, out, e);
	cs_key_close(&k);
	cs_access_close(&a);
	return r;
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct parts *p = NULL;
	cs_csr *csr = NULL;
	int r;

	if (o->key == NULL)
		return cs_fail(e, CS_EUSAGE, "attach", "--key is missing");
	if ((r = cs_document_apart(o->document.path, o->key, e)) != CS_OK ||
	    (r = cs_document_check(o->document.path, o->document.force, e)) !=
	    CS_OK)
		return r;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cs_nomem(e, "attach");
	if ((r = collect(p, w, e)) == CS_OK &&
	    (r = sign_with(t, o, p, &csr, e)) == CS_OK) {
		cs_out_span(out, "agent", NULL, csr->agent_id);
		cs_out_int(out, "approvals", NULL, (int64_t)csr->n_approvals);
		r = cs_document_put_pem(t, &o->document, "request",
		    CS_PEM_REQUEST, csr->der, out, e);
	}
	cs_csr_free(&csr);
	parts_free(&p);
	return r;
}

const struct cs_verb cs_cmd_attach = {
    &spec, sizeof(struct opts), &defaults, run};
