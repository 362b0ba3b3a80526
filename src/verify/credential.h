/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_CREDENTIAL_H
#define CS_VERIFY_CREDENTIAL_H

#include "crypt/keycache.h"
#include "fmt/bindings.h"
#include "fmt/cert.h"
#include "verify/anchors.h"

/* A relying party's check of the owner bindings in a credential, offline:
 * countersign-formats(5), section 7. That the certificate is the issuer's,
 * that it is current and whose it is have been seen to before. */

enum cs_credential_state {
	CS_CREDENTIAL_REFUSED = 0,
	CS_CREDENTIAL_PROVEN,     /* pinned owners signed all of it */
	CS_CREDENTIAL_ISSUER_ONLY /* nothing but the issuer's word */
};

/* What a credential says of either kind. */
typedef struct cs_said { /* borrows */
	cs_span agent_id;
	cs_spki key;               /* the agent's */
	int64_t not_before, not_after;
	const cs_bindings *bindings;
	unsigned depth;            /* that they were parsed at */
} cs_said;

typedef struct cs_credential_in { /* borrows all */
	cs_span certificate;       /* DER; or absent, and */
	const cs_said *said;       /* what has been read of another kind; the
				    * answer borrows from that */
	const cs_anchors *anchors; /* the pinned owners; or NULL, and */
	cs_span owner, owner_key;  /* one, with its SubjectPublicKeyInfo */
	cs_span authority;         /* that is expected */
	int64_t now;               /* for revoked= and a path to a CA alone */
	cs_keycache *keys;         /* owners' keys made before; NULL: none */
} cs_credential_in;

typedef struct cs_credential cs_credential;

/* As cs_verify(): CS_OK when there is an answer, whichever. A pinned owner's
 * line counts for who (owner), for whom (agents), grants, when (valid-*, at the
 * certificate's start; revoked, now), and of a security key for the touch and
 * the PIN that it asks for; its limits and what it asks of hardware are the
 * issuer's to judge. No binding may have an assurance that its approval's own
 * flags deny. An owner under a pinned CA counts by the certificates that are
 * still with his approval; without them, or without a path at `now`, there is
 * the issuer's word. */
CS_USE int cs_credential_check(const cs_credential_in *in, cs_credential **out,
    cs_err *e);
void cs_credential_free(cs_credential **c);

enum cs_credential_state cs_credential_state(const cs_credential *c);
/* Why not proven; its detail is an enum cs_reason. */
const cs_err *cs_credential_error(const cs_credential *c);
/* What it says, NULL when it did not parse; of a certificate that one, too. */
const cs_said *cs_credential_said(const cs_credential *c);
const cs_cert *cs_credential_cert(const cs_credential *c);
const cs_bindings *cs_credential_bindings(const cs_credential *c);

#endif
