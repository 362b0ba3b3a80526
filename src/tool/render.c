/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/render.h"

#include "base/time.h"
#include "fmt/reason.h"
#include "tool/lookout.h"
#include "tool/page.h"
#include "tool/subject.h"

#define COLUMNS_MIN 40
#define COLUMNS_MAX 100

/* What the signature covers and nobody here reads. */
static void
put_unread(cs_page *p, const cs_csr *csr)
{
	if (csr->evidence.p != NULL)
		cs_page_rowf(p, "", "with evidence for the server, %zu bytes",
		    csr->evidence.n);
	if (csr->n_ignored != 0)
		cs_page_rowf(p, "", "with other attributes or extensions "
		    "(%zu) that nobody reads", csr->n_ignored);
}

static void
put_asker(cs_page *p, const cs_subject *s, const cs_csr *csr)
{
	char name[16], key[52];

	cs_spki_name(&csr->key, name);
	cs_fingerprint(s->agent_key_hash.p, key);
	cs_page_row(p, "WHO asks", s->agent_id);
	cs_page_rowf(p, "", "%s key %s", name, key);
	put_unread(p, csr);
}

static void
put_limits(cs_page *p, const cs_tbs *t)
{
	char from[24] = "", to[24] = "", end[24] = "", life[24];

	cs_duration_put(t->max_lifetime, life);
	cs_page_rowf(p, "WHAT", "a credential for this one request, for at "
	    "most %s", life);
	cs_page_rowf(p, "", "%lld %s for each kind of credential (X.509, WIT)",
	    (long long)t->max_issuances,
	    t->max_issuances == 1 ? "time" : "times");
	if (t->purpose.p != NULL)
		cs_page_row(p, "  you say", t->purpose);
	cs_page_row(p, "WHERE", t->authority);
	if (!cs_rfc3339_put(t->not_before, from) ||
	    !cs_rfc3339_put(t->not_after, to) ||
	    !cs_rfc3339_put(t->not_after + t->max_lifetime, end))
		cs_buf_fail(p->b);
	cs_page_rowf(p, "UNTIL", "%s it can be used (from %s)", to, from);
	cs_page_rowf(p, "", "%s its last credential ends", end);
}

static void
put_owner(cs_page *p, const cs_review *r)
{
	char key[52];

	cs_fingerprint(r->job->tbs.owner_key_hash.p, key);
	cs_page_row(p, "WITH", r->job->tbs.owner);
	cs_page_rowf(p, "", "%s key %s", r->signer->key, key);
	cs_page_row(p, "", cs_span_str(r->signer->where));
}

static void
put_warning(void *arg, const char *text)
{
	cs_page_row(arg, "LOOK OUT", cs_span_str(text));
}

static int
put_request(cs_page *p, const cs_review *r, cs_err *e)
{
	const cs_tbs *t = &r->job->tbs;
	const cs_reqfile *f = r->job->req[0];
	int rc;

	cs_page_rowf(p, "REQUEST", "%s", f->code);
	put_asker(p, &t->subjects[0], f->csr);
	put_limits(p, t);
	put_owner(p, r);
	cs_lookout(t->subjects[0].agent_id, t->owner, t->authority,
	    put_warning, p);
	cs_page_put(p, "\nAGENT SAYS, in its own words, which nobody has "
		       "checked:\n");
	if ((rc = cs_page_fence_agent(p, f->csr, e)) != CS_OK)
		return rc;
	cs_page_put(p, "End of the agent's words.\n");
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
	if ((rc = put_request(&p, r, e)) != CS_OK)
		return rc;
	if (cs_buf_failed(page))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE,
		    "render", "the request is too long to be shown");
	return CS_OK;
}

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

int
cs_review_fields(const cs_review *r, cs_out *out, cs_err *e)
{
	const cs_tbs *t = &r->job->tbs;
	const cs_subject *s = &t->subjects[0];
	const cs_csr *csr = r->job->req[0]->csr;

	cs_out_str(out, "code", NULL, r->job->req[0]->code);
	cs_out_span(out, "agent", NULL, s->agent_id);
	cs_out_hash(out, "agent_key", NULL, s->agent_key_hash);
	cs_out_span(out, "authority", NULL, t->authority);
	cs_out_time(out, "not_before", NULL, t->not_before);
	cs_out_time(out, "not_after", NULL, t->not_after);
	cs_out_duration(out, "max_lifetime", NULL, t->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, t->max_issuances);
	cs_out_span(out, "owner", NULL, t->owner);
	cs_out_hash(out, "owner_key", NULL, t->owner_key_hash);
	cs_out_str(out, "key_uri", NULL, r->signer->uri);
	cs_out_str(out, "key_where", NULL, r->signer->where);
	cs_out_hex(out, "approval_id", NULL, t->approval_id);
	if (t->purpose.p != NULL)
		cs_out_span(out, "purpose", NULL, t->purpose);
	cs_out_int(out, "evidence_octets", NULL, (int64_t)csr->evidence.n);
	cs_out_int(out, "ignored", NULL, (int64_t)csr->n_ignored);
	cs_out_list(out, "warnings", NULL);
	cs_lookout(s->agent_id, t->owner, t->authority, warning_field, out);
	cs_out_close(out);
	return agent_fields(csr, out, e);
}
