/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PAST_H
#define CS_TOOL_PAST_H

#include "store/audit.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "tool/tool.h"

/* What an authority remembers: read from its store, or asked of the server that
 * has it, over the admin socket. What a server says is outside text, and as
 * strict as rows of a store. */
typedef struct cs_past cs_past;

struct cs_past_opts { /* one of them */
	const char *store, *server;
};
#define CS_PAST_ROWS(type) \
	{"store", 0, CS_OPT_STRING, offsetof(type, past.store), "URI", \
	    "where: sqlite:PATH, or postgresql:...", 0, 0, \
	    CS_COMPLETE_FILE}, \
	{ \
		"server", 0, CS_OPT_STRING, offsetof(type, past.server), \
		    "SOCKET", "or the admin socket of its server", 0, 0, \
		    CS_COMPLETE_FILE \
	}

/* CS_EUSAGE unless it is one of the two. */
CS_USE int cs_past_open(const cs_tool *t, const struct cs_past_opts *o,
    enum cs_db_mode mode, int64_t now, cs_past **out, cs_err *e);
void cs_past_close(cs_past **p);
/* The member "store" or "server", and with a label its line. */
void cs_past_put(const cs_past *p, bool label, cs_out *out);
cs_store *cs_past_store(const cs_past *p); /* lends; NULL: a server's */

/* As those of store/, within a time that a person waits; a server looks at its
 * own clock. */
CS_USE int cs_past_look(cs_past *p, int64_t now, cs_store_info *out,
    cs_err *e);
CS_USE int cs_past_claims(cs_past *p, const cs_claim_ask *ask,
    cs_claim_fn *each, void *arg, cs_err *e);
CS_USE int cs_past_revocations(cs_past *p, cs_revocation_fn *each, void *arg,
    cs_err *e);
CS_USE int cs_past_denials(cs_past *p, cs_denial_fn *each, void *arg,
    cs_err *e);
CS_USE int cs_past_walk(cs_past *p, int64_t from, int64_t to,
    cs_audit_row_fn *each, void *arg, cs_err *e);

/* A server writes down when and who itself: *r is told (the actor in `own`,
 * which the caller frees). */
CS_USE int cs_past_revoke(cs_past *p, cs_revocation *r, int64_t *ended,
    cs_buf **own, cs_err *e);
CS_USE int cs_past_lift(cs_past *p, cs_revocation *r, cs_buf **own,
    cs_err *e);

#endif
