/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_CONSENT_H
#define CS_TOOL_CONSENT_H

#include "tool/render.h"
#include "tool/term.h"

/* Shows the page, on the terminal or, where `term` is NULL and nobody is
 * asked, on standard error (`ascii`: it is not UTF-8), and asks.
 * CS_EREFUSED: anything but yes. */
CS_USE int cs_consent_ask(const cs_review *r, cs_term *term, bool ascii,
    cs_err *e);

#endif
