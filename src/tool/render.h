/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_RENDER_H
#define CS_TOOL_RENDER_H

#include "tool/approve.h"
#include "tool/out.h"
#include "tool/ownercert.h"

/* What the owner sees before he signs: made from the parsed objects alone,
 * never from what they were built of. */
typedef struct cs_review { /* borrows all */
	cs_approve *const *job; /* built; all of one kind, with equal limits */
	size_t n;
	bool list;              /* a batch, though it may be down to one */
	const cs_signer_info *signer;
	int64_t now;            /* what durations count from */
	const cs_tbs *grant;    /* that they are under, or NULL */
	const char *holder_path; /* a grant: where its key was read, or NULL */
	const cs_ownercert *cert; /* what is carried along, or NULL */
} cs_review;

/* Appends the page, escaped, no line longer than `columns`. What cannot be
 * shown whole is CS_EREFUSED: it must not be signed. */
CS_USE int cs_review_page(const cs_review *r, int columns, bool ascii,
    cs_buf *page, cs_err *e);
#define CS_REVIEW_MAX (512 * 1024)
/* The same as fields for --json. */
CS_USE int cs_review_fields(const cs_review *r, cs_out *out, cs_err *e);

/* The question behind the page, and the one word that says yes. */
void cs_review_question(const cs_review *r, char text[128]);
const char *cs_review_word(const cs_review *r);

/* Renewals within `window` seconds: one after each two thirds of a life
 * (countersign-formats(5), section 9). */
int64_t cs_renewals(int64_t window, int64_t lifetime);

#endif
