/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/pem.h"
#include "tool/consent.h"
#include "tool/ownerkey.h"
#include "tool/plan.h"

typedef struct cs_sign_opts opts;

static const opts defaults = {.access = CS_KEY_DEFAULTS};

static const struct cs_opt rows[] = {
    {"key", 0, CS_OPT_STRING, offsetof(opts, key), "URI",
	"the owner's key, by its URI", 0, 0, CS_COMPLETE_KEY},
    {"certificate", 0, CS_OPT_LIST, offsetof(opts, certificates), "FILE",
	"a CA's certificates of the key, PEM, or the word token", 0, 0,
	CS_COMPLETE_FILE},
    {"owner", 0, CS_OPT_STRING, offsetof(opts, owner), "OWNER",
	"who signs, such as mailto:alice@corp.example", 0, 0,
	CS_COMPLETE_NONE},
    {"authority", 0, CS_OPT_STRING, offsetof(opts, authority), "URI",
	"where it counts (https:// and the trust domain)", 0, 0,
	CS_COMPLETE_NONE},
    {"for", 0, CS_OPT_DURATION, offsetof(opts, window), "DURATION",
	"how long it can be used (15m)", 0, 0, CS_COMPLETE_NONE},
    {"max-lifetime", 0, CS_OPT_DURATION, offsetof(opts, max_lifetime),
	"DURATION", "how long each credential may live (1h)", 0, 0,
	CS_COMPLETE_NONE},
    {"uses", 0, CS_OPT_COUNT, offsetof(opts, uses), "N",
	"how many credentials of each kind (1)", 1, 1000000,
	CS_COMPLETE_NONE},
    {"bind", 0, CS_OPT_STRING, offsetof(opts, bind), "WHAT",
	"what is approved: request, key or grant=PREFIX (request)", 0, 0,
	CS_COMPLETE_NONE},
    {"renewable", 0, CS_OPT_DURATION, offsetof(opts, renewable), "DURATION",
	"bind the key, and let it be renewed for this long", 0, 0,
	CS_COMPLETE_NONE},
    {"holder", 0, CS_OPT_STRING, offsetof(opts, holder), "FILE",
	"who gets the grant: a certificate or public key, PEM", 0, 0,
	CS_COMPLETE_FILE},
    {"under", 0, CS_OPT_STRING, offsetof(opts, under), "GRANT",
	"approve with the key that this grant was given to", 0, 0,
	CS_COMPLETE_FILE},
    {"cosign", 0, CS_OPT_FLAG, offsetof(opts, cosign), NULL,
	"sign beside the owner whom the request names", 0, 0,
	CS_COMPLETE_NONE},
    {"deny", 0, CS_OPT_FLAG, offsetof(opts, deny), NULL,
	"sign that this request is denied", 0, 0, CS_COMPLETE_NONE},
    {"batch", 0, CS_OPT_STRING, offsetof(opts, batch), "DIR",
	"approve the requests in DIR, *.csr and *.req", 0, 0,
	CS_COMPLETE_DIR},
    {"each", 0, CS_OPT_FLAG, offsetof(opts, each), NULL,
	"an approval for each request, REQUEST.approval", 0, 0,
	CS_COMPLETE_NONE},
    {"nonce", 0, CS_OPT_STRING, offsetof(opts, nonce), "HEX",
	"the challenge of a request that waits at a server", 0, 0,
	CS_COMPLETE_NONE},
    {"purpose", 0, CS_OPT_STRING, offsetof(opts, purpose), "TEXT",
	"the owner's own words, part of what is signed", 0, 0,
	CS_COMPLETE_NONE},
    {"yes", 0, CS_OPT_FLAG, offsetof(opts, yes), NULL,
	"do not ask (never skips a PIN or a touch)", 0, 0,
	CS_COMPLETE_NONE},
    {"tbs-out", 0, CS_OPT_STRING, offsetof(opts, tbs_out), "FILE",
	"also write the bytes that are signed, DER", 0, 0,
	CS_COMPLETE_FILE},
    CS_VERIFY_ROW(opts),
    CS_PSS_ROW(opts),
    CS_DOCUMENT_ROWS(opts),
    CS_SUBMIT_ROWS(opts),
    CS_TCTI_ROW(opts),
    CS_KEY_ROWS(opts),
    CS_COMMON_ROWS(opts),
};

static const struct cs_opt_spec spec = {
    .verb = "sign",
    .synopsis = "REQUEST...",
    .summary = "review an agent's request and approve it",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 0,
    .max_operands = -1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* A grant travels with its use, before it. */
static int
make_pem(const cs_plan *p, const cs_approve *a, cs_buf **out, cs_err *e)
{
	const cs_span none = {0};
	cs_span grant = p->grant == NULL ? none : p->grant->approval->der;
	cs_buf *pem = cs_buf_new(cs_pem_max(grant.n) +
	    cs_pem_max(cs_buf_len(a->approval)));
	int r = CS_OK;

	if (pem == NULL)
		return cs_nomem(e, "sign");
	if (grant.p != NULL)
		r = cs_pem_put(pem, CS_PEM_APPROVAL, grant, e);
	if (r == CS_OK)
		r = cs_pem_put(pem, CS_PEM_APPROVAL, cs_buf_span(a->approval),
		    e);
	if (r == CS_OK) {
		*out = pem;
		pem = NULL; /* transferred */
	}
	cs_buf_free(&pem);
	return r;
}

static int
put_approval(const cs_tool *t, const struct cs_document_opts *to,
    const cs_plan *p, const cs_approve *a, cs_out *out, cs_err *e)
{
	cs_buf *pem = NULL;
	int r = make_pem(p, a, &pem, e);

	if (r == CS_OK)
		r = cs_document_put(t, to, "approval", cs_buf_span(pem), out,
		    e);
	cs_buf_free(&pem);
	return r;
}

static int
write_one(const cs_tool *t, const cs_plan *p, cs_out *out, cs_err *e)
{
	const opts *o = p->o;
	const cs_approve *a = p->job[0];
	int r = CS_OK;

	if (o->tbs_out != NULL) {
		if ((r = cs_file_write(o->tbs_out, a->tbs.der, t->doc_mode,
			 o->document.force, e)) != CS_OK)
			return r;
		cs_out_str(out, "tbs_file", NULL, o->tbs_out);
	}
	/* The server gets it; where it does not, it is written after all. */
	if (o->submit.url == NULL || o->document.path != NULL)
		r = put_approval(t, &o->document, p, a, out, e);
	/* Nothing is left of what failed. */
	if (r != CS_OK && o->tbs_out != NULL)
		(void)unlink(o->tbs_out);
	return r;
}

/* --each: all files, or none. */
static int
write_each(const cs_tool *t, const cs_plan *p, cs_out *out, cs_err *e)
{
	struct cs_document_opts to = p->o->document;
	char *path[CS_SUBJECTS_MAX] = {NULL};
	size_t i, written = 0;
	int r = CS_OK;

	cs_out_list(out, "approvals", NULL);
	for (i = 0; r == CS_OK && i < p->n_jobs; i++) {
		to.path = path[i] = cs_plan_path(p, p->req[i]);
		if (path[i] == NULL) {
			r = cs_nomem(e, "sign");
			break;
		}
		cs_out_object(out, NULL, NULL);
		r = put_approval(t, &to, p, p->job[i], out, e);
		cs_out_close(out);
		written += r == CS_OK;
	}
	cs_out_close(out);
	for (i = 0; i < p->n_jobs; i++) {
		if (r != CS_OK && i < written)
			(void)unlink(path[i]);
		free(path[i]);
	}
	return r;
}

/* Each request with its approval. What the server says no to does not stop the
 * others; the first of its reasons is the verb's. */
static int
submit_each(cs_server *server, const cs_plan *p, cs_out *out, cs_err *e)
{
	cs_buf *pem = NULL;
	cs_err why = {0};
	int r = CS_OK, first = CS_OK;
	size_t i;

	for (i = 0; i < p->n && (r == CS_OK || cs_server_answered(server));
	    i++) {
		r = make_pem(p, p->job[p->o->each ? i : 0], &pem, &why);
		if (r == CS_OK)
			r = cs_submit_put(server, p->req[i], cs_buf_span(pem),
			    p->o->deny, out, &why);
		cs_buf_free(&pem);
		if (r != CS_OK && first != CS_OK)
			cs_out_trouble(out, "sign", &why);
		if (r != CS_OK && first == CS_OK) {
			first = r;
			*e = why;
		}
	}
	return first;
}

/* A touch of a key is never lost: what no server has is written. */
static int
submit(const cs_tool *t, cs_server *server, const cs_plan *p, cs_out *out,
    cs_err *e)
{
	const struct cs_document_opts *to = &p->o->document;
	cs_err why = {0};
	int r;

	cs_out_str(out, "server", NULL, cs_server_name(server));
	cs_out_list(out, "submitted", NULL);
	r = submit_each(server, p, out, e);
	cs_out_close(out);
	if (r == CS_OK)
		return r;
	cs_out_on_failure(out, CS_OUT_RESULT);
	if (to->path != NULL && !p->o->each)
		return cs_wrap(e, "%s has it", to->path);
	if (!p->o->each && put_approval(t, to, p, p->job[0], out, &why) !=
	    CS_OK)
		cs_out_trouble(out, "sign", &why);
	return r;
}

/* The key of --key, of the configuration, or the only one there is. */
static int
open_key(cs_plan *p, const cs_access *x, cs_out *out, cs_err *e)
{
	const char *uri = p->o->key != NULL ? p->o->key : x->settings.key;
	int r;

	if ((r = cs_ownerkey_open(uri, &x->signer, out, &p->signer, e)) !=
	    CS_OK)
		return r;
	if ((r = cs_ownerkey_hash(p->signer, p->owner_hash, e)) != CS_OK)
		return r;
	return cs_plan_key(p, e);
}

/* Until the owner has nothing more to leave out of what he was shown. */
static int
ask(cs_plan *p, cs_review *v, bool ascii, cs_err *e)
{
	cs_leave_out no = {0};
	size_t i;
	int r;

	do {
		if ((r = cs_plan_build(p, e)) != CS_OK)
			return r;
		v->n = p->n_jobs;
		if ((r = cs_consent_ask(v, p->term, ascii, &no, e)) != CS_OK)
			return r;
		for (i = 0; i < no.n; i++)
			if (!cs_plan_drop(p, no.number[i]))
				return cs_fail(e, CS_EREFUSED, "sign",
				    "declined: %zu is no number of the list",
				    no.number[i]);
		if (no.n != 0 && p->n == 0)
			return cs_fail(e, CS_EREFUSED, "sign",
			    "declined: nothing is left");
	} while (no.n != 0);
	return CS_OK;
}

static int
review(cs_plan *p, bool ascii, cs_out *out, cs_err *e)
{
	cs_review v = {.job = p->job, .list = p->list, .now = p->now,
	    .grant = p->grant == NULL ? NULL : &p->grant->approval->tbs,
	    .holder_path = p->o->holder,
	    .cert = p->cert,
	    .signer = cs_signer_describe(p->signer)};
	int r;

	if ((r = ask(p, &v, ascii, e)) != CS_OK)
		return r;
	return cs_review_fields(&v, out, e);
}

static int
sign(cs_plan *p, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; r == CS_OK && i < p->n_jobs; i++)
		r = cs_approve_sign(p->job[i], p->signer, p->now, e);
	return r;
}

/* From the words of the command line to the signature. */
static int
approve(cs_plan *p, const cs_access *x, bool ascii, cs_out *out, cs_err *e)
{
	int r;

	if ((r = cs_plan_terms(p, e)) != CS_OK)
		return r;
	/* Who could answer, before anything that takes time or a PIN. */
	if (!p->o->yes &&
	    (r = cs_term_open(x->deadline_ms, &p->term, e)) != CS_OK)
		return r;
	if (p->terms.owner.p == NULL && p->cert == NULL)
		return cs_fail(e, CS_EUSAGE, "sign", "--owner is missing, and "
		    "the configuration has none");
	if ((r = open_key(p, x, out, e)) != CS_OK ||
	    (r = review(p, ascii, out, e)) != CS_OK)
		return r;
	return sign(p, e);
}

/* Nobody to ask: the request waits for its owner. */
static int
need_owner(const cs_plan *p, cs_out *out, cs_err *e)
{
	cs_err bug = {0};

	if (p->n == 0)
		(void)cs_wrap(e, "approval needed, a grant");
	else if (p->list)
		(void)cs_wrap(e, "approval needed, %zu requests", p->n);
	else
		(void)cs_wrap(e, "approval needed, request %s",
		    p->req[0]->code);
	if (cs_plan_pending(p, out, &bug) != CS_OK) {
		*e = bug;
		return bug.cls;
	}
	return CS_ENEEDED;
}

static int
run(const cs_tool *t, const void *options, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const opts *o = options;
	cs_plan p = {.o = o, .now = cs_time_now()};
	cs_server *server = NULL;
	cs_access x = {0};
	int r;

	if ((r = cs_plan_check(&p, w, e)) != CS_OK ||
	    (r = cs_submit_open(t, &o->submit, &server, e)) != CS_OK ||
	    (r = cs_access_open(t, &o->access, spec.verb, o->common.json, &x,
	    e)) != CS_OK) {
		cs_server_close(&server);
		cs_plan_clear(&p);
		return r;
	}
	p.settings = &x.settings;
	if ((r = cs_plan_read(&p, w, e)) == CS_OK) {
		r = approve(&p, &x, t->ascii, out, e);
		if (r == CS_ENEEDED)
			r = need_owner(&p, out, e);
	}
	cs_signer_close(&p.signer);
	cs_access_close(&x);
	if (r == CS_OK)
		r = o->each ? write_each(t, &p, out, e) :
		    write_one(t, &p, out, e);
	if (r == CS_OK && server != NULL)
		r = submit(t, server, &p, out, e);
	cs_server_close(&server);
	cs_plan_clear(&p);
	return r;
}

const struct cs_verb cs_cmd_sign = {&spec, sizeof(opts), &defaults, run};
