/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_KEYNEW_H
#define CS_TOOL_KEYNEW_H

#include "tool/access.h"

/* keys --new: a key that this host makes, and the line of it for a server. */

struct cs_keynew_opts {
	const char *uri; /* NULL: none is made */
	const char *alg, *parent, *owner;
	bool no_pin, force;
};

/* The words alone, before anything is opened. CS_EUSAGE. */
CS_USE int cs_keynew_check(const struct cs_keynew_opts *o, cs_err *e);
CS_USE int cs_keynew_make(const cs_tool *t, const struct cs_keynew_opts *o,
    const cs_access *x, cs_out *out, cs_err *e);

#endif
