/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_HOOKBED_H
#define CS_TESTS_HOOKBED_H

#include "server/hook.h"

/* Calls of a CA, in the shape that step-ca gives them: Go's, where an empty list
 * is null and a long number is a number. All give, NULL when out of memory. */

/* ENRICHING, by this request, DER. */
cs_buf *hookbed_enrich(cs_span request);

typedef struct hookbed_cert { /* of an AUTHORIZING call; borrows */
	cs_span key, bindings;
	const char *agent;
	int64_t not_before, not_after;
} hookbed_cert;
/* With the policy that says owner-approved, and no other. */
cs_buf *hookbed_authorize(const hookbed_cert *c);
/* A copy with the first `from` as `to`; `from` has to be there. */
cs_buf *hookbed_swap(const cs_buf *body, const char *from, const char *to);

#endif
