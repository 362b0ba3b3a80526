/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_VERIFY_H
#define CS_VERIFY_VERIFY_H

#include "crypt/chain.h"
#include "crypt/keycache.h"
#include "fmt/approval.h"
#include "fmt/message.h"
#include "fmt/reason.h"
#include "verify/anchors.h"
#include "verify/rule.h"

/* The verdict: countersign-formats(5), section 9. */

enum cs_state { CS_REFUSED = 0, CS_APPROVED, CS_DENIED, CS_PENDING };

/* What is remembered of a security key's signature counter. */
typedef struct cs_last_counter {
	bool known;     /* one was seen */
	uint32_t value; /* the last one */
	bool recorded;  /* and this very TBS was: no regress then */
} cs_last_counter;

/* Tells it of a key and a TBS, both by their SHA-256. CS_EIO when what is
 * remembered cannot be told, which refuses; any other failure ends the
 * verdict. */
typedef int cs_counter_fn(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e);

/* What an authority remembers of the past. Each may be NULL: nobody does. All
 * return as cs_counter_fn, and CS_EIO refuses as store-unavailable. */
typedef struct cs_revoked_in { /* what one approval is of; borrows */
	cs_span owner, key_hash, agent_id, tbs_hash, approval_id;
	bool is_grant;
} cs_revoked_in;
typedef struct cs_memory {
	void *arg;
	cs_counter_fn *counter;
	/* *found, and then the sentence in `text` (its size). */
	int (*revoked)(void *arg, const cs_revoked_in *in, bool *found,
	    char *text, size_t text_len, cs_err *e);
	/* A denial of this request that is in force: *not_after (0: none) and
	 * its owner in `owner` (its size). */
	int (*denied)(void *arg, const uint8_t request_digest[CS_SHA256_LEN],
	    int64_t now, int64_t *not_after, char *owner, size_t owner_len,
	    cs_err *e);
} cs_memory;

typedef struct cs_verify_in { /* borrows all */
	cs_span message;          /* as cs_message_parse takes it */
	const cs_anchors *anchors;
	cs_span authority;        /* ours */
	cs_span trust_domain;     /* ours; absent: the anchors alone decide */
	cs_span nonce;            /* of the pending request; absent: none */
	size_t quorum;            /* owners that have to approve; 0, 1: one */
	cs_span quorum_group;     /* only owners whose line has this group=
				   * count; absent: all */
	bool composite;           /* as issuers: only a composite request, or
				   * one that names its intended owner */
	int64_t now;
	cs_keycache *keys;        /* owners' keys made before; NULL: none */
	const cs_policy *policy;  /* the agent's rule decides together with the
				   * above: of two demands the stricter; NULL:
				   * none. Has to outlive the verdict */
	const cs_memory *memory;  /* NULL: nobody remembers */
	bool evidence_given, evidence_affirmed;
} cs_verify_in;

/* Of the signature of a security key, FIDO2's or OpenSSH's. */
typedef struct cs_counter {
	bool given;     /* others have none */
	uint32_t value; /* as signed; 0: the device may have none */
	bool compared;  /* with `last` */
	uint32_t last;
	bool regressed; /* it did not grow: the key may have been copied */
} cs_counter;

typedef struct cs_assurance {
	bool hardware; /* proven */
	bool asserted; /* the operator's word */
	bool present, verified;
	bool by_policy; /* presence through a PIV attestation */
} cs_assurance;

/* A grant and its use are a pair, and count as one approval of their owner. */
enum cs_role { CS_ROLE_OWN = 0, CS_ROLE_GRANT, CS_ROLE_USE };

struct cs_path { /* of one approval; empty where a line has its key */
	cs_chain *chain;
	cs_buf *owner;
};

typedef struct cs_approved { /* one approval that verified */
	const cs_approval *approval; /* lends */
	enum cs_role role;
	size_t link;                 /* index of the other of its pair; an own
				      * approval: its own index */
	/* Its spans borrow from the anchors; a use: the grant's. Under a CA key
	 * and owner are the certificate's, and borrow from its path. */
	cs_anchor anchor;
	cs_spki key;                 /* that verified; a use: the holder's */
	cs_span holder;              /* of a use: whose line has its key */
	struct cs_path *path;        /* lends what a path to a CA needs */
	cs_assurance assurance;
	cs_counter counter;
	size_t subject; /* the one that is this request's */
	uint8_t tbs_hash[CS_SHA256_LEN];
} cs_approved;

typedef struct cs_verdict cs_verdict;

/* Returns CS_OK when a verdict was reached, whichever; cs_verdict_state()
 * tells. Anything else (no memory) is no verdict and so no approval. *out is
 * given on CS_OK and NULL otherwise. */
CS_USE int cs_verify(const cs_verify_in *in, cs_verdict **out, cs_err *e);
void cs_verdict_free(cs_verdict **v);

enum cs_state cs_verdict_state(const cs_verdict *v);
/* Why not, in one sentence with expected, found and anchor; its detail is an
 * enum cs_reason, of a denial CS_R_NONE. Meaningful unless approved. */
const cs_err *cs_verdict_error(const cs_verdict *v);
/* The parsed request; NULL when it did not parse. */
const cs_csr *cs_verdict_request(const cs_verdict *v);
/* Approvals that verified, the principal owner's first, a use right behind its
 * grant. 0 unless approved. */
size_t cs_verdict_count(const cs_verdict *v);
const cs_approved *cs_verdict_at(const cs_verdict *v, size_t i);
/* The owner's denial that lasts longest. NULL unless denied, and where it is
 * not in this message but was remembered. */
const cs_approved *cs_verdict_denial(const cs_verdict *v);
/* Each denial that came with the message, from *at = 0 on; NULL behind the
 * last. All have verified. */
const cs_approved *cs_verdict_next_denial(const cs_verdict *v, size_t *at);
/* Who denied, and until when, whether here or before. Absent and 0 unless
 * denied. */
cs_span cs_verdict_denier(const cs_verdict *v);
int64_t cs_verdict_denied_until(const cs_verdict *v);
/* The rule for the agent, of the policy that was given; lends from that. NULL
 * when there is none. */
const cs_rule *cs_verdict_rule(const cs_verdict *v);
/* The strictest of all: the window, lifetime and issuances; assurance
 * that holds for every approval. Meaningful when approved. */
int64_t cs_verdict_not_before(const cs_verdict *v);
int64_t cs_verdict_not_after(const cs_verdict *v);
int64_t cs_verdict_max_lifetime(const cs_verdict *v);
int64_t cs_verdict_max_issuances(const cs_verdict *v);
cs_assurance cs_verdict_assurance(const cs_verdict *v);

#endif
