/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_CONSENT_H
#define CS_TOOL_CONSENT_H

#include "tool/render.h"
#include "tool/term.h"

/* What the owner leaves out of a batch, by the numbers of its page. */
typedef struct cs_leave_out {
	size_t n; /* 0: nothing, it is to be signed */
	size_t number[CS_SUBJECTS_MAX];
} cs_leave_out;

/* Shows the page, on the terminal or, where `term` is NULL and nobody is
 * asked, on standard error (`ascii`: it is not UTF-8), and asks. CS_OK with
 * numbers in `out`: they are to be left out, and the page shown again.
 * CS_EREFUSED: anything but these and the word. */
CS_USE int cs_consent_ask(const cs_review *r, cs_term *term, bool ascii,
    cs_leave_out *out, cs_err *e);

#endif
