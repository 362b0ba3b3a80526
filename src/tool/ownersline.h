/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSLINE_H
#define CS_TOOL_OWNERSLINE_H

#include "crypt/hash.h"
#include "tool/access.h"

/* From the words of `owners add` to a line of an owners file. */

struct cs_owners_add_opts { /* times: -1 when not given; numbers: 0 */
	struct cs_common common;
	struct cs_key_opts access;
	const char *key, *public_key, *ca, *owner, *file, *attested, *group,
	    *comment, *owner_san, *crl, *eku, *rp_id, *credential_id, *origins;
	cs_opt_list agents;
	int64_t max_lifetime, max_issuances, max_window;
	int64_t valid_after, valid_before;
	bool no_touch_required, verify_required, hardware, hardware_required,
	    grants, shared_key, no_revocation, counter_strict;
};

typedef struct cs_owners_line {
	cs_buf *text;                /* without its end */
	uint8_t hash[CS_SHA256_LEN]; /* of its key; of an authority its own */
} cs_owners_line;

/* Finds the key, which may ask for its PIN, and composes the line. Words that
 * make no line are CS_EUSAGE. */
CS_USE int cs_owners_line_make(const cs_tool *t,
    const struct cs_owners_add_opts *o, cs_owners_line *line, cs_err *e);
/* All of --agents as a line has them; gives *out, NULL for none. */
CS_USE int cs_owners_agents(const cs_opt_list *agents, cs_buf **out,
    cs_err *e);
void cs_owners_line_clear(cs_owners_line *line);

#endif
