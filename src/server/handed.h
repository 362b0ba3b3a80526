/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_HANDED_H
#define CS_SERVER_HANDED_H

#include "fmt/approval.h"
#include "fmt/csr.h"

/* Approvals and denials that came, and choices of them. */

typedef struct cs_handed {
	cs_approval *at[CS_APPROVALS_MAX];
	size_t n;
} cs_handed;
/* Parses a copy, but of what is there already. CS_R_TOO_LARGE: no room. */
CS_USE int cs_handed_add(cs_handed *h, cs_span der, cs_err *e);
void cs_handed_clear(cs_handed *h);

typedef struct cs_picked { /* borrows */
	const cs_approval *at[CS_APPROVALS_MAX];
	size_t n;
} cs_picked;
/* Appends, unless the same octets are there. CS_R_TOO_LARGE: no room. */
CS_USE int cs_pick(cs_picked *p, const cs_approval *a, cs_err *e);
/* All of this owner. */
CS_USE int cs_pick_owner(cs_picked *p, const cs_picked *from, cs_span owner,
    cs_err *e);
/* Those that are of this request, as far as they say. */
CS_USE int cs_pick_request(cs_picked *p, const cs_handed *from,
    cs_span digest, cs_err *e);
/* CS_R_TOO_LARGE: of one owner more than a grant and its use, which would take
 * the room of others. */
CS_USE int cs_picked_few(const cs_picked *p, cs_err *e);
bool cs_picked_denies(const cs_picked *p);
bool cs_picked_has(const cs_picked *p, cs_span tbs);
/* When the first of this owner's ends; 0: there is none. */
int64_t cs_picked_until(const cs_picked *p, cs_span owner);
/* The request, DER, and these, as a bundle. Gives. */
CS_USE int cs_picked_put(const cs_picked *p, cs_span request, cs_buf **out,
    cs_err *e);

#endif
