/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/render.h"

#include <stdio.h>

#include "fmt/reason.h"
#include "tool/renderpart.h"

#define COLUMNS_MIN 40
#define COLUMNS_MAX 100

static bool
is_grant(const cs_review *r)
{
	return r->job[0]->tbs.subjects[0].kind == CS_SUBJECT_GRANT;
}

static int
put_request(cs_page *p, const cs_review *r, cs_err *e)
{
	const cs_tbs *t = &r->job[0]->tbs;
	const cs_reqfile *f = r->job[0]->req[0];
	int rc;

	if (t->decision == CS_DENY)
		cs_page_rowf(p, "DENIAL", "of the request %s", f->code);
	else
		cs_page_rowf(p, "REQUEST", "%s", f->code);
	cs_part_asker(p, "WHO asks", &t->subjects[0], f->csr);
	cs_part_limits(p, r);
	cs_part_owner(p, r);
	cs_part_lookout(p, &t->subjects[0], t);
	cs_page_heading(p, "AGENT SAYS, in its own words, which nobody has "
			   "checked:");
	if ((rc = cs_page_fence_agent(p, f->csr, e)) != CS_OK)
		return rc;
	cs_page_put(p, "End of the agent's words.\n");
	return CS_OK;
}

static bool
is_of(const cs_subject *s, const cs_reqfile *f)
{
	cs_subject own;

	if (s->kind == CS_SUBJECT_GRANT)
		return f == NULL;
	own = cs_reqfile_subject(f, s->kind);
	return cs_span_eq(s->agent_id, own.agent_id) &&
	    cs_span_eq(s->agent_key_hash, own.agent_key_hash) &&
	    (s->kind != CS_SUBJECT_REQUEST ||
	    cs_span_eq(s->request_digest, own.request_digest));
}

/* What stands beside the subjects is what they were made of. */
static int
check(const cs_review *r, cs_err *e)
{
	const cs_approve *a;
	size_t i, j;

	for (i = 0; i < r->n; i++)
		for (a = r->job[i], j = 0; j < a->tbs.n_subjects; j++)
			if (!is_of(&a->tbs.subjects[j], a->req[j]))
				return cs_fail(e, CS_EBUG, "render",
				    "a subject is of another request");
	return CS_OK;
}

int
cs_review_page(const cs_review *r, int columns, bool ascii, cs_buf *page,
    cs_err *e)
{
	cs_page p = {page, columns - 1, ascii};
	int rc;

	/* The terminal itself would break the lines, in front of no fence. */
	if (columns < COLUMNS_MIN)
		return cs_fail(e, CS_EREFUSED, "render", "the terminal has %d "
		    "columns, expected at least %d: make it wider", columns,
		    COLUMNS_MIN);
	if (p.columns > COLUMNS_MAX)
		p.columns = COLUMNS_MAX;
	if ((rc = check(r, e)) != CS_OK)
		return rc;
	if (is_grant(r))
		rc = cs_page_grant(&p, r, e);
	else
		rc = r->list ? cs_page_list(&p, r, e) : put_request(&p, r, e);
	if (rc != CS_OK)
		return rc;
	if (cs_buf_failed(page))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE,
		    "render", "this is too long to be shown");
	return CS_OK;
}

const char *
cs_review_word(const cs_review *r)
{
	if (is_grant(r))
		return "grant";
	return r->job[0]->tbs.decision == CS_DENY ? "deny" : "yes";
}

void
cs_review_question(const cs_review *r, char text[128])
{
	const cs_tbs *t = &r->job[0]->tbs;

	if (is_grant(r))
		(void)snprintf(text, 128, "\nGive this key that power? Type "
		    "grant to sign: ");
	else if (r->list)
		(void)snprintf(text, 128, "\nApprove these? Type yes to sign, "
		    "or the numbers to leave out: ");
	else
		(void)snprintf(text, 128, "\n%s %s %s? Type %s to sign: ",
		    t->decision == CS_DENY ? "DENY" : "Approve",
		    t->subjects[0].kind == CS_SUBJECT_KEY ?
		    "renewals of the key of" : "request",
		    r->job[0]->req[0]->code, cs_review_word(r));
}
