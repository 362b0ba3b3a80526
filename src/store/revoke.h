/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_REVOKE_H
#define CS_STORE_REVOKE_H

#include "store/store.h"

/* Revocations by what stands in AuditRevocation of fmt/audit.h. Their rows stay
 * for ever: a lifted one is a tombstone with its reasons and times. */

enum cs_revoke_what { /* as the audit log numbers them */
	CS_REVOKE_OWNER = 1, /* name: the owner, text */
	CS_REVOKE_KEY,       /* SHA-256 of the key, 32 octets */
	CS_REVOKE_AGENT,     /* the identifier, text: this one exactly */
	CS_REVOKE_GRANT,     /* SHA-256 of its TBS */
	CS_REVOKE_APPROVAL   /* SHA-256 of its TBS, or its id of 16 octets */
};
const char *cs_revoke_name(enum cs_revoke_what what); /* "owner" */

typedef struct cs_revocation { /* borrows */
	enum cs_revoke_what what;
	cs_span name;
	cs_span reason, actor;
	int64_t time;   /* from then on */
	int64_t lifted; /* 0: in force */
	cs_span lifted_reason, lifted_actor;
	int64_t live;   /* credentials that it ended */
} cs_revocation;

/* Revokes, and ends every live credential that it reaches: of an owner (as
 * principal or not) or a key in any of its approvals, of an agent, under a
 * grant, by an approval. *ended: how many. One that is in force already is
 * CS_EREFUSED without a detail. Audited in the same transaction. */
CS_USE int cs_revoke(cs_store *s, const cs_revocation *r, int64_t deadline_ms,
    int64_t *ended, cs_err *e);
/* New approvals count again; what was ended stays ended. */
CS_USE int cs_revoke_lift(cs_store *s, const cs_revocation *r, int64_t now,
    int64_t deadline_ms, cs_err *e);

/* Is anything of these revoked? Absent spans are not asked for; a TBS may have
 * been revoked as a grant or as an approval. Fills *found with true and `text`
 * (its size) with the sentence: what, since, why. */
typedef struct cs_revoked_ask {
	cs_span owner, key_hash, agent_id, tbs_hash, approval_id;
} cs_revoked_ask;
CS_USE int cs_revoked(cs_store *s, const cs_revoked_ask *ask,
    int64_t deadline_ms, bool *found, char *text, size_t text_len, cs_err *e);

typedef int cs_revocation_fn(void *arg, const cs_revocation *r, cs_err *e);
/* All, oldest first. */
CS_USE int cs_revocations(cs_store *s, int64_t deadline_ms,
    cs_revocation_fn *each, void *arg, cs_err *e);

#endif
