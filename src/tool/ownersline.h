/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSLINE_H
#define CS_TOOL_OWNERSLINE_H

#include "attest/tpm.h"
#include "tool/access.h"
#include "tool/ownerspub.h"
#include "tool/tpmfile.h"

/* From the words of `owners add` to a line of an owners file. */

struct cs_owners_add_opts { /* times: -1 when not given; numbers: 0 */
	struct cs_common common;
	struct cs_key_opts access;
	const char *key, *public_key, *ca, *owner, *file, *attested, *group,
	    *comment, *owner_san, *crl, *eku, *rp_id, *credential_id, *origins;
	const char *evidence, *challenge, *ek_roots; /* of a key in a TPM */
	cs_opt_list agents;
	int64_t max_lifetime, max_issuances, max_window;
	int64_t valid_after, valid_before;
	bool no_touch_required, verify_required, hardware, hardware_required,
	    grants, shared_key, no_revocation, counter_strict;
};

typedef struct cs_owners_line {
	cs_buf *text;                /* without its end */
	uint8_t hash[CS_SHA256_LEN]; /* of its key; of an authority its own */
	cs_tpm_proof proof;          /* --evidence, else all zero */
	cs_tpmkept kept;             /* what it was held against, to end once
				      * the line is written */
} cs_owners_line;

/* Finds the key, which may ask for its PIN, and composes the line. Words that
 * make no line are CS_EUSAGE. */
CS_USE int cs_owners_line_make(const cs_tool *t,
    const struct cs_owners_add_opts *o, cs_owners_line *line, cs_err *e);
/* The key that --evidence proves to be in a TPM: fills *out, line->proof and
 * line->kept. CS_EREFUSED when it does not. */
CS_USE int cs_owners_evidence(const struct cs_owners_add_opts *o,
    cs_ownerspub *out, cs_owners_line *line, cs_err *e);
/* All of --agents as a line has them; gives *out, NULL for none. */
CS_USE int cs_owners_agents(const cs_opt_list *agents, cs_buf **out,
    cs_err *e);
void cs_owners_line_clear(cs_owners_line *line);

#endif
