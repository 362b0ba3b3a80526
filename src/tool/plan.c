/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "fmt/names.h"
#include "fmt/reason.h"

/* countersign-formats(5), section 4 */
#define LIFETIME_MAX 31536000
#define GRANT "grant="

#define NONCE_MIN 16
#define NONCE_MAX 64

/* The owner's own words are shown to others as they are, or not signed. */
static int
check_purpose(cs_span in, cs_err *e)
{
	uint32_t cp = 0;

	if (cs_purpose_check(in, true, e) != CS_OK)
		return cs_tool_usage(e, "--purpose");
	while (in.n != 0)
		if (!cs_utf8_next(&in, &cp) || !cs_text_shown(cp))
			return cs_fail(e, CS_EUSAGE, "sign", "--purpose: "
			    "U+%04X cannot be shown as it is (right-to-left "
			    "or combining, or of a script that is not shown); "
			    "write it without", (unsigned int)cp);
	return CS_OK;
}

static int
check_outputs(const struct cs_sign_opts *o, cs_err *e)
{
	const char *out = o->each ? NULL : o->document.path;
	int r;

	if (o->tbs_out != NULL && strcmp(o->tbs_out, "-") == 0)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--tbs-out: standard output is for the approval");
	if (o->each && o->document.path != NULL &&
	    !cs_is_dir(o->document.path))
		return cs_fail(e, CS_EUSAGE, "sign", "--out: with --each it "
		    "is a folder, which %s is not", o->document.path);
	if ((r = cs_document_apart(out, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(o->tbs_out, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(out, o->tbs_out, e)) != CS_OK ||
	    (r = cs_document_check(out, o->document.force, e)) != CS_OK)
		return r;
	return o->tbs_out == NULL ? CS_OK :
	    cs_document_check(o->tbs_out, o->document.force, e);
}

/* Options that cannot stand together. */
static int
check_pairs(const struct cs_sign_opts *o, cs_err *e)
{
	const struct {
		bool a;
		const char *a_name;
		bool b;
		const char *b_name;
	} pairs[] = {
	    {o->deny, "deny", o->bind != NULL, "bind"},
	    {o->deny, "deny", o->renewable != 0, "renewable"},
	    {o->deny, "deny", o->uses != 0, "uses"},
	    {o->deny, "deny", o->max_lifetime != 0, "max-lifetime"},
	    {o->deny, "deny", o->batch != NULL, "batch"},
	    {o->deny, "deny", o->each, "each"},
	    {o->deny, "deny", o->under != NULL, "under"},
	    {o->under != NULL, "under", o->renewable != 0, "renewable"},
	    {o->under != NULL, "under", o->bind != NULL, "bind"},
	    {o->under != NULL, "under", o->certificates.n != 0,
		"certificate"},
	    {o->renewable != 0, "renewable", o->window != 0, "for"},
	    {o->each, "each", o->tbs_out != NULL, "tbs-out"},
	    {o->nonce != NULL, "nonce", o->batch != NULL, "batch"},
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].a && pairs[i].b)
			return cs_fail(e, CS_EUSAGE, "sign",
			    "--%s and --%s exclude each other",
			    pairs[i].a_name, pairs[i].b_name);
	return CS_OK;
}

static int
check_requests(const struct cs_sign_opts *o, const cs_words *w, cs_err *e)
{
	int i;

	if (o->under != NULL && !o->each && (w->n > 1 || o->batch != NULL))
		return cs_fail(e, CS_EUSAGE, "sign", "--under is for one "
		    "request, or for --each");
	if (o->batch != NULL && w->n != 0)
		return cs_fail(e, CS_EUSAGE, "sign", "--batch names the "
		    "requests, %s is one too many", w->v[0]);
	if (o->batch == NULL && w->n == 0)
		return cs_fail(e, CS_EUSAGE, "sign", "REQUEST is missing");
	if (w->n > 1 && (o->deny || o->nonce != NULL))
		return cs_fail(e, CS_EUSAGE, "sign", "--%s is for one request",
		    o->deny ? "deny" : "nonce");
	for (i = 0; i < w->n; i++)
		if (o->each && strcmp(w->v[i], "-") == 0)
			return cs_fail(e, CS_EUSAGE, "sign", "--each: "
			    "standard input has no name to make another of");
	return CS_OK;
}

/* A grant asks for no request, and has none. */
static int
check_grant(const struct cs_sign_opts *o, const cs_words *w, cs_err *e)
{
	if (o->holder == NULL)
		return cs_fail(e, CS_EUSAGE, "sign", "--holder is missing: "
		    "who gets the grant");
	if (w->n != 0 || o->batch != NULL || o->each || o->nonce != NULL ||
	    o->renewable != 0 || o->submit.url != NULL || o->cosign)
		return cs_fail(e, CS_EUSAGE, "sign", "a grant goes with no "
		    "request, and none of --batch, --cosign, --each, "
		    "--nonce, --renewable, --submit");
	return CS_OK;
}

static bool
is_grant(const struct cs_sign_opts *o)
{
	return o->bind != NULL && strncmp(o->bind, GRANT, strlen(GRANT)) == 0;
}

static int
read_bind(cs_plan *p, cs_err *e)
{
	const char *s = p->o->bind;

	p->kind = p->o->renewable != 0 ? CS_SUBJECT_KEY : CS_SUBJECT_REQUEST;
	if (s == NULL)
		return CS_OK;
	if (is_grant(p->o)) {
		p->kind = CS_SUBJECT_GRANT;
		p->prefix = cs_span_str(s + strlen(GRANT));
		return cs_agent_id_check(p->prefix, NULL, e) == CS_OK ? CS_OK :
		    cs_tool_usage(e, "--bind");
	}
	if (strcmp(s, "key") == 0)
		p->kind = CS_SUBJECT_KEY;
	else if (strcmp(s, "request") != 0)
		return cs_fail(e, CS_EUSAGE, "sign", "--bind: expected "
		    "request, key or grant=PREFIX, found %s", s);
	else if (p->o->renewable != 0)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--renewable binds the key, not the request");
	return CS_OK;
}

static int
check_operands(const struct cs_sign_opts *o, const cs_words *w, cs_err *e)
{
	if (is_grant(o))
		return check_grant(o, w, e);
	if (o->holder != NULL)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--holder goes with --bind grant=PREFIX");
	return check_requests(o, w, e);
}

/* Hexadecimal, in either case. False: not that, or more than there is room. */
static bool
get_hex(cs_buf *out, const char *s)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *high, *low;

	for (; s[0] != '\0'; s += 2) {
		high = strchr(digits, s[0]);
		low = s[1] == '\0' ? NULL : strchr(digits, s[1]);
		if (high == NULL || low == NULL || cs_buf_put_byte(out,
		    (uint8_t)((high - digits) % 16 * 16 +
		    (low - digits) % 16)) != CS_OK)
			return false;
	}
	return true;
}

static int
read_nonce(cs_plan *p, cs_err *e)
{
	if (p->o->nonce == NULL)
		return CS_OK;
	if ((p->nonce = cs_buf_new(NONCE_MAX)) == NULL)
		return cs_nomem(e, "sign");
	if (!get_hex(p->nonce, p->o->nonce) ||
	    cs_buf_len(p->nonce) < NONCE_MIN)
		return cs_fail(e, CS_EUSAGE, "sign", "--nonce: expected %d "
		    "to %d bytes in hexadecimal", NONCE_MIN, NONCE_MAX);
	return CS_OK;
}

static int
check_words(const struct cs_sign_opts *o, cs_err *e)
{
	if (o->owner != NULL &&
	    cs_owner_check(cs_span_str(o->owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	if (o->authority != NULL &&
	    cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	if (o->max_lifetime > LIFETIME_MAX)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--max-lifetime: at most a year (365d)");
	return o->purpose == NULL ? CS_OK :
	    check_purpose(cs_span_str(o->purpose), e);
}

int
cs_plan_check(cs_plan *p, const cs_words *w, cs_err *e)
{
	int r;

	if ((r = check_words(p->o, e)) != CS_OK ||
	    (r = check_pairs(p->o, e)) != CS_OK ||
	    (r = check_operands(p->o, w, e)) != CS_OK ||
	    (r = read_bind(p, e)) != CS_OK ||
	    (r = read_nonce(p, e)) != CS_OK)
		return r;
	return check_outputs(p->o, e);
}

static void
free_jobs(cs_plan *p)
{
	while (p->n_jobs > 0)
		cs_approve_free(&p->job[--p->n_jobs]);
}

static int
add_job(cs_plan *p, cs_err *e)
{
	cs_approve *a = calloc(1, sizeof(*a));
	const cs_span none = {0};

	if (a == NULL)
		return cs_nomem(e, "sign");
	a->want = p->terms;
	a->certs = p->cert == NULL ? none : cs_buf_span(p->cert->certs);
	p->job[p->n_jobs++] = a;
	return CS_OK;
}

/* One approval counts at one authority. */
static int
add_request(const cs_plan *p, cs_approve *a, const cs_reqfile *f, cs_err *e)
{
	cs_span own = cs_buf_span(f->authority);

	if (a->want.authority.p == NULL)
		a->want.authority = own;
	else if (p->terms.authority.p == NULL &&
	    !cs_span_eq(a->want.authority, own))
		return cs_fail(e, CS_EUSAGE, "sign", "%s and %s are of two "
		    "trust domains: --authority or --each is missing",
		    a->req[0]->path, f->path);
	return cs_approve_add(a, f, p->kind, e);
}

int
cs_plan_build(cs_plan *p, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	free_jobs(p);
	if (p->kind == CS_SUBJECT_GRANT && (r = add_job(p, e)) == CS_OK)
		r = cs_approve_grant(p->job[0], p->prefix,
		    cs_buf_span(p->holder), e);
	for (i = 0; r == CS_OK && i < p->n; i++) {
		if (p->n_jobs == 0 || p->o->each)
			r = add_job(p, e);
		if (r == CS_OK)
			r = add_request(p, p->job[p->n_jobs - 1], p->req[i],
			    e);
	}
	for (i = 0; r == CS_OK && i < p->n_jobs; i++) {
		r = cs_approve_build(p->job[i], p->owner_hash, e);
		if (r == CS_OK && p->grant != NULL)
			r = cs_grant_covers(&p->grant->approval->tbs,
			    p->grant->hash, &p->job[i]->tbs, e);
	}
	return r;
}

void
cs_plan_clear(cs_plan *p)
{
	free_jobs(p);
	cs_term_close(&p->term);
	cs_signer_close(&p->signer);
	cs_buf_free(&p->nonce);
	cs_buf_free(&p->holder);
	cs_buf_free(&p->authority);
	cs_grant_free(&p->grant);
	cs_ownercert_free(&p->cert);
	while (p->n > 0)
		cs_reqfile_free(&p->req[--p->n]);
}
