/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/consent.h"

#include <stdio.h>

/* What has scrolled away was not seen: the question's lines stay below the
 * last screen. */
#define QUESTION_LINES 3

static int
put_page(const cs_review *v, cs_term *term, bool ascii, cs_err *e)
{
	cs_buf *page = cs_buf_new(CS_REVIEW_MAX);
	int columns = term != NULL ? cs_term_columns(term) : 80;
	int r;

	if (page == NULL)
		return cs_nomem(e, "approve");
	if (term != NULL)
		ascii = cs_term_ascii(term);
	if ((r = cs_review_page(v, columns, ascii, page, e)) != CS_OK)
		goto out;
	if (term != NULL)
		r = cs_term_page(term, cs_buf_span(page), QUESTION_LINES, e);
	else
		(void)fwrite(cs_buf_span(page).p, 1, cs_buf_len(page),
		    stderr);
out:
	cs_buf_free(&page);
	return r;
}

/* "2", "2 5", "2, 5": numbers and nothing else. */
static bool
read_numbers(cs_span in, cs_leave_out *out)
{
	size_t i, n = 0;
	bool within = false;

	for (i = 0; i <= in.n; i++) {
		if (i < in.n && in.p[i] >= '0' && in.p[i] <= '9') {
			n = n * 10 + (size_t)(in.p[i] - '0');
			within = true;
			if (n > CS_SUBJECTS_MAX)
				return false;
			continue;
		}
		if (i < in.n && in.p[i] != ' ' && in.p[i] != ',')
			return false;
		if (within && out->n == CS_SUBJECTS_MAX)
			return false;
		if (within)
			out->number[out->n++] = n;
		n = 0;
		within = false;
	}
	return out->n != 0;
}

static int
question(const cs_review *v, cs_term *term, cs_leave_out *out, cs_err *e)
{
	cs_buf *answer = NULL;
	char text[128];
	int r;

	cs_review_question(v, text);
	if ((r = cs_term_ask(term, text, &answer, e)) != CS_OK)
		return r;
	if (cs_span_is(cs_buf_span(answer), cs_review_word(v)))
		out->n = 0;
	else if (!v->list || !read_numbers(cs_buf_span(answer), out))
		r = cs_fail(e, CS_EREFUSED, "approve", "declined");
	cs_buf_free(&answer);
	return r;
}

int
cs_consent_ask(const cs_review *v, cs_term *term, bool ascii,
    cs_leave_out *out, cs_err *e)
{
	int r;

	out->n = 0;
	if ((r = put_page(v, term, ascii, e)) != CS_OK)
		return r;
	return term == NULL ? CS_OK : question(v, term, out, e);
}
