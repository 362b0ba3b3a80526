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

static int
question(const cs_review *v, cs_term *term, cs_err *e)
{
	cs_buf *answer = NULL;
	char text[64];
	bool yes;
	int r;

	(void)snprintf(text, sizeof(text),
	    "\nApprove request %s? Type yes to sign: ", v->job->req[0]->code);
	if ((r = cs_term_ask(term, text, &answer, e)) != CS_OK)
		return r;
	yes = cs_span_is(cs_buf_span(answer), "yes");
	cs_buf_free(&answer);
	return yes ? CS_OK : cs_fail(e, CS_EREFUSED, "approve", "declined");
}

int
cs_consent_ask(const cs_review *v, cs_term *term, bool ascii, cs_err *e)
{
	int r;

	if ((r = put_page(v, term, ascii, e)) != CS_OK)
		return r;
	return term == NULL ? CS_OK : question(v, term, e);
}
