/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/render.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "fmt/dn.h"
#include "fmt/reason.h"
#include "tool/hosts.h"
#include "tool/subject.h"

#define MARGIN 12
#define COLUMNS_MIN 40
#define COLUMNS_MAX 100

/* A page in the making; a failed put sticks to the buf. */
struct page {
	cs_buf *b;
	int columns;
	bool ascii;
};

static void
put(struct page *p, cs_span s)
{
	if (cs_buf_put(p->b, s) != CS_OK)
		cs_buf_fail(p->b);
}

static void
put_str(struct page *p, const char *s)
{
	put(p, cs_span_str(s));
}

/* Escaped text behind `used` columns, broken where the line is full. Every
 * further line begins with `next`: no text from outside ever stands at the
 * left edge, where our own words do. */
static void
put_broken(struct page *p, int used, const char *next, cs_span text)
{
	cs_span was = text;
	uint32_t cp = 0;
	int at = used, wide;

	for (; text.n != 0; was = text) {
		if (!cs_utf8_next(&text, &cp)) {
			cs_buf_fail(p->b);
			return;
		}
		/* Wide letters take two columns; which ones is the terminal's
		 * affair: count two for all that are not ASCII. */
		wide = cp < 0x80 ? 1 : 2;
		if (at + wide > p->columns) {
			put_str(p, "\n");
			put_str(p, next);
			at = (int)strlen(next);
		}
		put(p, cs_span_cut(was, 0, was.n - text.n));
		at += wide;
	}
	put_str(p, "\n");
}

static void
put_escaped(struct page *p, int used, const char *next, cs_span raw)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(raw.n));

	if (b == NULL || cs_text_escape(b, raw, p->ascii) != CS_OK)
		cs_buf_fail(p->b);
	else
		put_broken(p, used, next, cs_buf_span(b));
	cs_buf_free(&b);
}

static void
row(struct page *p, const char *label, cs_span raw)
{
	char head[MARGIN + 1], next[MARGIN + 1];

	(void)snprintf(head, sizeof(head), "%-*s", MARGIN, label);
	(void)snprintf(next, sizeof(next), "%*s", MARGIN, "");
	put_str(p, head);
	put_escaped(p, MARGIN, next, raw);
}

static void CS_PRINTF(3, 4)
rowf(struct page *p, const char *label, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		cs_buf_fail(p->b);
	else
		row(p, label, cs_span_str(text));
}

/* A line of the agent's words; a label may be an identifier of any length. */
static void
fence(struct page *p, const char *label, cs_span raw)
{
	cs_buf *b = cs_buf_new(strlen(label) + 2 + raw.n);

	put_str(p, "| ");
	if (b == NULL || cs_buf_put_str(b, label) != CS_OK ||
	    cs_buf_put_str(b, ": ") != CS_OK || cs_buf_put(b, raw) != CS_OK)
		cs_buf_fail(p->b);
	else
		put_escaped(p, 2, "|   ", cs_buf_span(b));
	cs_buf_free(&b);
}

static int
fence_attribute(void *arg, cs_span type, cs_span value, cs_err *e)
{
	cs_buf *label = cs_buf_new(256);
	int r;

	if (label == NULL || cs_buf_put_str(label, "subject ") != CS_OK)
		r = cs_nomem(e, "render");
	else if ((r = cs_dn_type(type, label, e)) == CS_OK)
		fence(arg, cs_buf_cstr(label), value);
	cs_buf_free(&label);
	return r;
}

static int
put_agent_says(struct page *p, const cs_csr *csr, cs_err *e)
{
	size_t before;
	int r;

	put_str(p, "\nAGENT SAYS, in its own words, which nobody has "
		   "checked:\n");
	before = cs_buf_len(p->b);
	if ((r = cs_dn_each(csr->subject, fence_attribute, p, e)) != CS_OK)
		return r;
	if (csr->purpose.p != NULL)
		fence(p, "purpose", csr->purpose);
	if (csr->intended_owner.p != NULL)
		fence(p, "asks", csr->intended_owner);
	if (cs_buf_len(p->b) == before)
		put_str(p, "| (nothing)\n");
	put_str(p, "End of the agent's words.\n");
	return CS_OK;
}

/* How a host could deceive; false when it does not. */
static bool
host_warning(cs_span host, cs_span known, char text[1100])
{
	int h = (int)host.n, k = (int)known.n;

	switch (cs_host_compare(host, known)) {
	case CS_HOST_PUNYCODE:
		(void)snprintf(text, 1100, "%.*s is written in xn-- form; "
		    "what it spells is not shown", h, host.p);
		return true;
	case CS_HOST_CONFUSABLE:
		(void)snprintf(text, 1100, "%.*s only looks like %.*s", h,
		    host.p, k, known.p);
		return true;
	case CS_HOST_PREFIX:
		(void)snprintf(text, 1100, "%.*s begins like %.*s but is "
		    "another host", h, host.p, k, known.p);
		return true;
	case CS_HOST_PLAIN:
		break;
	}
	return false;
}

/* Calls `each` for every pair of hosts that the owner could mix up. */
static void
each_warning(const cs_review *r, void (*each)(void *arg, const char *text),
    void *arg)
{
	cs_span agent = r->csr->trust_domain;
	cs_span owner = cs_host_of(r->tbs->owner);
	cs_span authority = cs_host_of(r->tbs->authority);
	const struct {
		cs_span host, known;
	} pairs[] = {{agent, owner}, {agent, authority}, {authority, owner},
	    {owner, owner}};
	char text[1100], last[1100] = "";
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].host.p == NULL ||
		    !host_warning(pairs[i].host, pairs[i].known, text) ||
		    strcmp(text, last) == 0)
			continue;
		each(arg, text);
		memcpy(last, text, sizeof(last));
	}
}

static void
put_warning(void *arg, const char *text)
{
	row(arg, "LOOK OUT", cs_span_str(text));
}

/* What the signature covers and nobody here reads. */
static void
put_unread(struct page *p, const cs_csr *csr)
{
	if (csr->evidence.p != NULL)
		rowf(p, "", "with evidence for the server, %zu bytes",
		    csr->evidence.n);
	if (csr->n_ignored != 0)
		rowf(p, "", "with other attributes or extensions (%zu) that "
		    "nobody reads", csr->n_ignored);
}

static void
put_limits(struct page *p, const cs_tbs *t)
{
	char from[24] = "", to[24] = "", end[24] = "", life[24];

	cs_duration_put(t->max_lifetime, life);
	rowf(p, "WHAT", "a credential for this one request, for at most %s",
	    life);
	rowf(p, "", "%lld %s for each kind of credential (X.509, WIT)",
	    (long long)t->max_issuances,
	    t->max_issuances == 1 ? "time" : "times");
	if (t->purpose.p != NULL)
		row(p, "  you say", t->purpose);
	row(p, "WHERE", t->authority);
	if (!cs_rfc3339_put(t->not_before, from) ||
	    !cs_rfc3339_put(t->not_after, to) ||
	    !cs_rfc3339_put(t->not_after + t->max_lifetime, end))
		cs_buf_fail(p->b);
	rowf(p, "UNTIL", "%s it can be used (from %s)", to, from);
	rowf(p, "", "%s its last credential ends", end);
}

int
cs_review_page(const cs_review *r, int columns, bool ascii, cs_buf *page,
    cs_err *e)
{
	struct page p = {page, columns - 1, ascii};
	char name[16];
	int rc;

	/* The terminal itself would break the lines, in front of no fence. */
	if (columns < COLUMNS_MIN)
		return cs_fail(e, CS_EREFUSED, "render", "the terminal has %d "
		    "columns, expected at least %d: make it wider", columns,
		    COLUMNS_MIN);
	if (p.columns > COLUMNS_MAX)
		p.columns = COLUMNS_MAX;
	cs_spki_name(&r->csr->key, name);
	rowf(&p, "REQUEST", "%s", r->code);
	row(&p, "WHO asks", r->tbs->subjects[0].agent_id);
	rowf(&p, "", "%s key %s", name, r->agent_key);
	put_unread(&p, r->csr);
	put_limits(&p, r->tbs);
	row(&p, "WITH", r->tbs->owner);
	rowf(&p, "", "%s key %s", r->signer->key, r->owner_key);
	row(&p, "", cs_span_str(r->signer->where));
	each_warning(r, put_warning, &p);
	if ((rc = put_agent_says(&p, r->csr, e)) != CS_OK)
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

int
cs_review_fields(const cs_review *r, cs_out *out, cs_err *e)
{
	const cs_tbs *t = r->tbs;
	int rc;

	cs_out_str(out, "code", NULL, r->code);
	cs_out_span(out, "agent", NULL, t->subjects[0].agent_id);
	cs_out_str(out, "agent_key", NULL, r->agent_key);
	cs_out_span(out, "authority", NULL, t->authority);
	cs_out_time(out, "not_before", NULL, t->not_before);
	cs_out_time(out, "not_after", NULL, t->not_after);
	cs_out_duration(out, "max_lifetime", NULL, t->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, t->max_issuances);
	cs_out_span(out, "owner", NULL, t->owner);
	cs_out_str(out, "owner_key", NULL, r->owner_key);
	cs_out_str(out, "key_uri", NULL, r->signer->uri);
	cs_out_str(out, "key_where", NULL, r->signer->where);
	cs_out_hex(out, "approval_id", NULL, t->approval_id);
	if (t->purpose.p != NULL)
		cs_out_span(out, "purpose", NULL, t->purpose);
	cs_out_int(out, "evidence_octets", NULL,
	    (int64_t)r->csr->evidence.n);
	cs_out_int(out, "ignored", NULL, (int64_t)r->csr->n_ignored);
	cs_out_list(out, "warnings", NULL);
	each_warning(r, warning_field, out);
	cs_out_close(out);
	cs_out_object(out, "agent_says", NULL);
	rc = cs_subject_list("subject", NULL, r->csr->subject, out, e);
	if (r->csr->purpose.p != NULL)
		cs_out_span(out, "purpose", NULL, r->csr->purpose);
	if (r->csr->intended_owner.p != NULL)
		cs_out_span(out, "asks", NULL, r->csr->intended_owner);
	cs_out_close(out);
	return rc;
}
