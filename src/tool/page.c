/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fmt/dn.h"

static void
put(cs_page *p, cs_span s)
{
	if (cs_buf_put(p->b, s) != CS_OK)
		cs_buf_fail(p->b);
}

void
cs_page_put(cs_page *p, const char *text)
{
	put(p, cs_span_str(text));
}

static int
next_line(cs_page *p, const char *next)
{
	cs_page_put(p, "\n");
	cs_page_put(p, next);
	return (int)strlen(next);
}

/* Does the word behind this blank go to a line of its own? One that is longer
 * than a line is broken where the line ends. */
static bool
ends_line(const cs_page *p, int at, size_t margin, cs_span behind)
{
	size_t n = 0;

	while (n < behind.n && behind.p[n] != ' ')
		n++;
	return n != 0 && (size_t)at + 1 + n > (size_t)p->columns &&
	    margin + n <= (size_t)p->columns;
}

/* Escaped text behind `used` columns, broken where the line is full. Every
 * further line begins with `next`: no text from outside ever stands at the
 * left edge, where our own words do. */
static void
put_broken(cs_page *p, int used, const char *next, bool prose, cs_span text)
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
		if (prose && cp == ' ' &&
		    ends_line(p, at, strlen(next), text)) {
			at = next_line(p, next);
			continue;
		}
		if (at + wide > p->columns)
			at = next_line(p, next);
		put(p, cs_span_cut(was, 0, was.n - text.n));
		at += wide;
	}
	cs_page_put(p, "\n");
}

static void
put_escaped(cs_page *p, int used, const char *next, bool prose, cs_span raw)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(raw.n));

	if (b == NULL || cs_text_escape(b, raw, p->ascii) != CS_OK)
		cs_buf_fail(p->b);
	else
		put_broken(p, used, next, prose, cs_buf_span(b));
	cs_buf_free(&b);
}

void
cs_page_heading(cs_page *p, const char *text)
{
	cs_page_put(p, "\n");
	put_escaped(p, 0, "    ", true, cs_span_str(text));
}

void
cs_page_row(cs_page *p, const char *label, cs_span raw)
{
	char head[CS_PAGE_MARGIN + 1], next[CS_PAGE_MARGIN + 1];

	(void)snprintf(head, sizeof(head), "%-*s", CS_PAGE_MARGIN, label);
	(void)snprintf(next, sizeof(next), "%*s", CS_PAGE_MARGIN, "");
	cs_page_put(p, head);
	put_escaped(p, CS_PAGE_MARGIN, next, true, raw);
}

void
cs_page_rowf(cs_page *p, const char *label, const char *fmt, ...)
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
		cs_page_row(p, label, cs_span_str(text));
}

void
cs_page_fence(cs_page *p, const char *label, cs_span raw)
{
	cs_buf *b = cs_buf_new(strlen(label) + 2 + raw.n);

	cs_page_put(p, "| ");
	if (b == NULL || cs_buf_put_str(b, label) != CS_OK ||
	    cs_buf_put_str(b, ": ") != CS_OK || cs_buf_put(b, raw) != CS_OK)
		cs_buf_fail(p->b);
	else
		put_escaped(p, 2, "|   ", false, cs_buf_span(b));
	cs_buf_free(&b);
}

static int
fence_attribute(void *arg, cs_span type, cs_span value, cs_err *e)
{
	cs_buf *label = cs_buf_new(256);
	int r;

	if (label == NULL || cs_buf_put_str(label, "subject ") != CS_OK)
		r = cs_nomem(e, "page");
	else if ((r = cs_dn_type(type, label, e)) == CS_OK)
		cs_page_fence(arg, cs_buf_cstr(label), value);
	cs_buf_free(&label);
	return r;
}

int
cs_page_fence_name(cs_page *p, cs_span name, cs_err *e)
{
	return cs_dn_each(name, fence_attribute, p, e);
}

int
cs_page_fence_agent(cs_page *p, const cs_csr *csr, cs_err *e)
{
	size_t before = cs_buf_len(p->b);
	int r;

	if ((r = cs_page_fence_name(p, csr->subject, e)) != CS_OK)
		return r;
	if (csr->purpose.p != NULL)
		cs_page_fence(p, "purpose", csr->purpose);
	if (csr->intended_owner.p != NULL)
		cs_page_fence(p, "asks", csr->intended_owner);
	if (cs_buf_len(p->b) == before)
		cs_page_put(p, "| (nothing)\n");
	return CS_OK;
}
