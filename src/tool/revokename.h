/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_REVOKENAME_H
#define CS_TOOL_REVOKENAME_H

#include "base/opt.h"
#include "store/revoke.h"
#include "tool/out.h"

/* What can be revoked, and asked about, as a person names it. */

struct cs_revoke_words { /* one of them; all NULL: nothing is named */
	const char *owner, *key, *agent, *grant, *approval;
};
#define CS_REVOKE_ROWS(type, member) \
	{"owner", 0, CS_OPT_STRING, offsetof(type, member.owner), "OWNER", \
	    "this owner", 0, 0, CS_COMPLETE_NONE}, \
	{"key", 0, CS_OPT_STRING, offsetof(type, member.key), "HASH", \
	    "the owner's or holder's key of this hash, SHA256:... or hex", 0, \
	    0, CS_COMPLETE_NONE}, \
	{"agent", 0, CS_OPT_STRING, offsetof(type, member.agent), "ID", \
	    "the agent of this identifier", 0, 0, CS_COMPLETE_NONE}, \
	{"grant", 0, CS_OPT_STRING, offsetof(type, member.grant), "HEX", \
	    "the grant of this TBS hash", 0, 0, CS_COMPLETE_NONE}, \
	{ \
		"approval", 0, CS_OPT_STRING, offsetof(type, member.approval), \
		    "HEX", "the approval of this TBS hash, or of this id", 0, \
		    0, CS_COMPLETE_NONE \
	}

/* What and name as cs_revocation has them; gives *name. Nothing named: CS_OK,
 * *what is 0 and *name NULL. CS_EUSAGE for two, and for what cannot be one. */
CS_USE int cs_revoke_words_read(const struct cs_revoke_words *w,
    enum cs_revoke_what *what, cs_buf **name, cs_err *e);
/* A name as text: hashes of keys as fingerprints, others in hex. Gives, NULL
 * when out of memory. */
cs_buf *cs_revoke_shown(enum cs_revoke_what what, cs_span name);
/* Fields "what" and "name", the name as a person gives it. */
void cs_revoke_put(enum cs_revoke_what what, cs_span name, cs_out *out);

#endif
