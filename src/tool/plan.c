/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fmt/names.h"
#include "fmt/reason.h"

#define CLOCK_SKEW 300 /* countersign-formats(5), section 4 */
#define LIFETIME_MAX 31536000

#define WINDOW_DEFAULT (15 * 60)
#define LIFETIME_DEFAULT (60 * 60)

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
	int r;

	if (o->tbs_out != NULL && strcmp(o->tbs_out, "-") == 0)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--tbs-out: standard output is for the approval");
	if ((r = cs_document_apart(o->document.path, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(o->tbs_out, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(o->document.path, o->tbs_out, e)) != CS_OK ||
	    (r = cs_document_check(o->document.path, o->document.force, e)) !=
	    CS_OK)
		return r;
	return o->tbs_out == NULL ? CS_OK :
	    cs_document_check(o->tbs_out, o->document.force, e);
}

int
cs_plan_check(const struct cs_sign_opts *o, cs_err *e)
{
	int r;

	if (o->owner != NULL &&
	    cs_owner_check(cs_span_str(o->owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	if (o->authority != NULL &&
	    cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	if (o->purpose != NULL &&
	    (r = check_purpose(cs_span_str(o->purpose), e)) != CS_OK)
		return r;
	if (o->max_lifetime > LIFETIME_MAX)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--max-lifetime: at most a year (365d)");
	return check_outputs(o, e);
}

int
cs_plan_read(cs_plan *p, const cs_words *w, cs_err *e)
{
	return cs_reqfile_read(w->v[0], &p->req, e);
}

/* The request is never who says which owner signs. */
static int
find_owner(cs_plan *p, cs_err *e)
{
	cs_span owner = cs_span_str(p->o->owner != NULL ? p->o->owner :
	    p->settings->owner);
	cs_span asks = p->req->csr->intended_owner;

	p->terms.owner = owner;
	if (owner.p == NULL)
		return CS_OK;
	if (p->o->owner == NULL && cs_owner_check(owner, e) != CS_OK)
		return cs_wrap(e, "owner in the configuration");
	if (asks.p == NULL || cs_span_eq(asks, owner))
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_OWNER, "sign",
	    "the request asks %.*s, not %.*s", (int)asks.n, asks.p,
	    (int)owner.n, owner.p);
}

static int
find_authority(cs_plan *p, cs_err *e)
{
	const char *s = p->o->authority != NULL ? p->o->authority :
						  p->settings->authority;

	if (s == NULL) {
		p->terms.authority = cs_buf_span(p->req->authority);
		return CS_OK;
	}
	p->terms.authority = cs_span_str(s);
	if (p->o->authority == NULL &&
	    cs_authority_check(p->terms.authority, e) != CS_OK)
		return cs_wrap(e, "authority in the configuration");
	return CS_OK;
}

static int64_t
or_else(int64_t given, int64_t otherwise)
{
	return given != 0 ? given : otherwise;
}

int
cs_plan_terms(cs_plan *p, cs_err *e)
{
	cs_tbs *t = &p->terms;
	int r;

	t->decision = CS_APPROVE;
	t->not_before = p->now - CLOCK_SKEW;
	t->not_after = p->now + or_else(p->o->window, WINDOW_DEFAULT);
	t->max_lifetime = or_else(p->o->max_lifetime, LIFETIME_DEFAULT);
	t->max_issuances = or_else(p->o->uses, 1);
	t->purpose = cs_span_str(p->o->purpose);
	if ((r = find_owner(p, e)) != CS_OK)
		return r;
	return find_authority(p, e);
}

int
cs_plan_build(cs_plan *p, cs_err *e)
{
	int r;

	if ((p->job = calloc(1, sizeof(*p->job))) == NULL)
		return cs_nomem(e, "sign");
	p->job->want = p->terms;
	if ((r = cs_approve_add(p->job, p->req, CS_SUBJECT_REQUEST, e)) !=
	    CS_OK)
		return r;
	return cs_approve_build(p->job, p->owner_hash, e);
}

void
cs_plan_clear(cs_plan *p)
{
	cs_approve_free(&p->job);
	cs_term_close(&p->term);
	cs_signer_close(&p->signer);
	cs_reqfile_free(&p->req);
}
