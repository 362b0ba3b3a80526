/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_RENDER_H
#define CS_TOOL_RENDER_H

#include "tool/approve.h"
#include "tool/out.h"

/* What the owner sees before he signs: made from the parsed objects alone,
 * never from what they were built of. */
typedef struct cs_review { /* borrows all */
	const cs_approve *job; /* built */
	const cs_signer_info *signer;
} cs_review;

/* Appends the page, escaped, no line longer than `columns`. What cannot be
 * shown whole is CS_EREFUSED: it must not be signed. */
CS_USE int cs_review_page(const cs_review *r, int columns, bool ascii,
    cs_buf *page, cs_err *e);
#define CS_REVIEW_MAX (64 * 1024)
/* The same as fields for --json. */
CS_USE int cs_review_fields(const cs_review *r, cs_out *out, cs_err *e);

#endif
