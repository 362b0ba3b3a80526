/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PAGE_H
#define CS_TOOL_PAGE_H

#include "fmt/csr.h"

/*
 * A page for the owner, in the making. Words from outside are escaped, no line
 * is longer than the screen, and none that is not ours begins at the left
 * edge: rows have a margin, the agent's words a fence. A failed put sticks to
 * the buf.
 */
typedef struct cs_page {
	cs_buf *b;
	int columns;
	bool ascii;
} cs_page;

#define CS_PAGE_MARGIN 12

/* Our own words, as they are; `text` brings its line ends. */
void cs_page_put(cs_page *p, const char *text);
/* A line of ours behind an empty one, broken between words. */
void cs_page_heading(cs_page *p, const char *text);
/* LABEL      raw, broken behind the margin. The label is ours. */
void cs_page_row(cs_page *p, const char *label, cs_span raw);
void cs_page_rowf(cs_page *p, const char *label, const char *fmt, ...)
    CS_PRINTF(3, 4);
/* "| label: raw", a line of somebody's words; the label may be of any length
 * and from outside. */
void cs_page_fence(cs_page *p, const char *label, cs_span raw);
/* Each attribute of a distinguished name, fenced as "subject TYPE". */
CS_USE int cs_page_fence_name(cs_page *p, cs_span name, cs_err *e);
/* All that an agent says in its request, fenced. */
CS_USE int cs_page_fence_agent(cs_page *p, const cs_csr *csr, cs_err *e);

#endif
