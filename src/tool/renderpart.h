/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_RENDERPART_H
#define CS_TOOL_RENDERPART_H

#include "tool/page.h"
#include "tool/render.h"

/* Parts that several pages have. */

/* Who asks: identifier, key, what nobody reads. `label` of the identifier. */
void cs_part_asker(cs_page *p, const char *label, const cs_subject *s,
    const cs_csr *csr);
/* What for, how often, where, until when. */
void cs_part_limits(cs_page *p, const cs_review *r);
/* Which owner and key. */
void cs_part_owner(cs_page *p, const cs_review *r);
void cs_part_lookout(cs_page *p, const cs_subject *s, const cs_tbs *t);
/* How a count comes about, where the subject is a key; else false. */
bool cs_part_arithmetic(const cs_review *r, char text[256]);
/* What the holder of a grant can do; gives, NULL no memory. */
cs_buf *cs_part_sentence(const cs_tbs *grant);
/* Do all approvals of the review name one authority? */
bool cs_part_one_place(const cs_review *r);

/* Whole pages. */
CS_USE int cs_page_grant(cs_page *p, const cs_review *r, cs_err *e);
CS_USE int cs_page_list(cs_page *p, const cs_review *r, cs_err *e);

#endif
