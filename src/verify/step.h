/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_STEP_H
#define CS_VERIFY_STEP_H

#include "verify/verify.h"

/* The checks that verify.c puts in order. Each looks at one approval and
 * returns CS_OK or a refusal with its reason; none of them says yes. */

struct cs_step {
	const cs_verify_in *in;
	const cs_csr *csr;
	const cs_rule *rule; /* the agent's, of in->policy; NULL: none */
	const cs_approved *each; /* all approvals of the message */
	size_t n;
	uint8_t request_digest[CS_SHA256_LEN];
	uint8_t agent_key_hash[CS_SHA256_LEN];
};

#define CS_REFUSE(e, reason, ...) \
	cs_fail_detail((e), CS_EREFUSED, (reason), "verify", __VA_ARGS__)
/* %s:%u of an anchor, for the texts. */
#define CS_ANCHOR_AT(a) (a)->file, (a)->line
/* %.*s of a span: not so much that what was found, or the anchor, would not fit
 * behind what was expected. */
#define CS_SHOWN_MAX 512
#define CS_SHOW(s) \
	(int)((s).n < CS_SHOWN_MAX ? (s).n : CS_SHOWN_MAX), \
	    (s).p == NULL ? "" : (const char *)(s).p

/* What this release does not decide: refused, never passed over. */
CS_USE int cs_step_supported(const cs_tbs *t, cs_err *e);
/* Who is a grant, who a use, and of which: role and link of all `n`, whose
 * hashes are there. A use without its grant is linked to itself. */
void cs_grant_roles(cs_approved *each, size_t n);
/* The anchor of ownerKeyHash, or a path to a CA. Not of a use: anchors are not
 * searched for that. */
CS_USE int cs_step_anchor(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Where no line has the key: the first x509-ca line that its certificate
 * leads to. */
CS_USE int cs_step_path(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Frees what a path has; what was borrowed of it ends. */
void cs_path_clear(struct cs_path *p);
/* A use is verified with the holder's key, out of its grant. */
CS_USE int cs_step_holder(const struct cs_step *s, cs_approved *a, cs_err *e);
/* The carrier that the type of the anchor pins. */
CS_USE int cs_step_type(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Of a key that stands for itself, without a line: its type is that of the
 * carrier. Not of a use. */
CS_USE int cs_step_bare(cs_approved *a, cs_err *e);
CS_USE int cs_step_signature(const struct cs_step *s, cs_approved *a,
    cs_err *e);
/* Digest, key, identifier, owner; keys that must differ. */
CS_USE int cs_step_binding(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Authority, trust domain and rule, window, nonce. */
CS_USE int cs_step_place(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Is there a rule for the agent, and does it let anybody approve? Of a denial
 * the trust domain alone counts. */
CS_USE int cs_step_ruled(const struct cs_step *s, bool denial, cs_err *e);
/* A request without approvals, which is refused: no-approval when it names an
 * owner who could approve it, or none, and else why it need not wait. */
CS_USE int cs_step_asked(const struct cs_step *s, cs_err *e);
/* Revocation, the anchor's limits, presence, verification, hardware; fills
 * a->assurance. */
CS_USE int cs_step_policy(const struct cs_step *s, cs_approved *a, cs_err *e);
/* What a line asks of the person, where the signature itself tells: of a
 * security key. Not of a use. */
CS_USE int cs_step_person(const cs_approved *a, cs_err *e);
/* Whether an assurance (enum cs_bound) that an issuer names contradicts what a
 * security key or OpenSSH's has signed; of a use it is none. */
CS_USE int cs_step_bound(const cs_approved *a, unsigned bits, cs_err *e);
/* Is a line's key valid now? */
CS_USE int cs_step_life(const cs_anchor *k, int64_t now, cs_err *e);
/* Are owner, keys, agent or approval revoked, as far as is remembered? */
CS_USE int cs_step_revoked(const struct cs_step *s, const cs_approved *a,
    cs_err *e);
/* The same of an owner and the agent alone. */
CS_USE int cs_step_owner_revoked(const struct cs_step *s, cs_span owner,
    cs_err *e);
/* The rule's groups, kinds of approval, limits and assurance. */
CS_USE int cs_step_rule(const struct cs_step *s, cs_approved *a, cs_err *e);
/* The counter of a security key against the last one that was seen; fills
 * a->counter. */
CS_USE int cs_step_counter(const struct cs_step *s, cs_approved *a, cs_err *e);
/* The owner's line rules the grant, and the grant rules its use. But a key that
 * the operator has revoked approves in nobody's name. A use proves nothing
 * about a person or a device: a->assurance stays empty. Fills a->holder. */
CS_USE int cs_step_use(const struct cs_step *s, cs_approved *a, cs_err *e);
/* What a use may be beside its grant, and a grant beside its use. */
CS_USE int cs_step_grant(const struct cs_step *s, cs_approved *a, cs_err *e);
/* Is this request denied, as far as is remembered? CS_EREFUSED without a
 * reason, *not_after and then the owner (owner_len). */
CS_USE int cs_step_denied(const struct cs_step *s, int64_t *not_after,
    char *owner, size_t owner_len, cs_err *e);
/* Are several owners, or those of a group, to approve? */
bool cs_quorum_is_wanted(const struct cs_step *s);
/* Is whose approval this is among them? */
bool cs_quorum_has(const struct cs_step *s, const cs_approved *a);
CS_USE int cs_step_quorum(const struct cs_step *s, cs_err *e);
/* Evidence of the agent's machine, where the rule demands it. */
CS_USE int cs_step_evidence(const struct cs_step *s, cs_err *e);

#endif
