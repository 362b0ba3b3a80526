/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_AUDIT_H
#define CS_FMT_AUDIT_H

#include "fmt/approval.h"
#include "fmt/spki.h"

/*
 * One record of the audit log, DER:
 *
 *	AuditRecord ::= SEQUENCE {
 *	  version   INTEGER { v1(1) },
 *	  sequence  INTEGER (1..9223372036854775807),
 *	  previous  OCTET STRING (SIZE(32)),  -- SHA-256 of the record before;
 *					      -- 32 zeros before the first
 *	  time      GeneralizedTime,
 *	  authority IA5String,
 *	  event     CHOICE {
 *	    claimed [0] AuditClaim,
 *	    issued  [1] AuditIssue,
 *	    denied  [2] AuditDenial,
 *	    revoked [3] AuditRevocation,
 *	    lifted  [4] AuditRevocation,
 *	    floor   [5] AuditFloor } }
 *	AuditClaim ::= SEQUENCE {
 *	  kind          ENUMERATED { x509(1), wit(2) },
 *	  agentId       IA5String,
 *	  agentKey      SubjectPublicKeyInfo,
 *	  requestDigest OCTET STRING (SIZE(32)),
 *	  serial        OCTET STRING (SIZE(1..20)),
 *	  notBefore, notAfter GeneralizedTime,
 *	  bodyDigest    OCTET STRING (SIZE(32)),
 *	  approvals     SEQUENCE SIZE (1..16) OF AuditApproval }
 *	AuditApproval ::= SEQUENCE {      -- the principal owner's first, a use
 *	  role      ENUMERATED { own(0), grant(1), use(2) }, -- behind its grant
 *	  owner     Owner,
 *	  ownerKey  SubjectPublicKeyInfo, -- that verified; of a use the holder's
 *	  assurance BIT STRING { as in OwnerBinding },
 *	  line      UTF8String (SIZE(0..4096)), -- FILE:LINE of the anchor
 *	  approval  OwnerApproval }
 *	AuditIssue ::= SEQUENCE {
 *	  claim      INTEGER,              -- sequence of the claimed record
 *	  serial     OCTET STRING (SIZE(1..20)),
 *	  credential OCTET STRING (SIZE(32)) }   -- SHA-256 of what was answered
 *	AuditDenial ::= SEQUENCE {
 *	  agentId IA5String, requestDigest OCTET STRING (SIZE(32)),
 *	  approval AuditApproval }
 *	AuditRevocation ::= SEQUENCE {
 *	  what   ENUMERATED { owner(1), key(2), agent(3), grant(4), approval(5) },
 *	  name   UTF8String (SIZE(1..2048)),  -- hashes and ids as lowercase hex
 *	  reason UTF8String (SIZE(0..1024)),
 *	  actor  UTF8String (SIZE(1..256)),   -- "uid 0", as the system knows him
 *	  live   INTEGER (0..MAX) }           -- credentials that it ends
 *	AuditFloor ::= SEQUENCE {
 *	  notBefore GeneralizedTime, why UTF8String (SIZE(1..256)) }
 */

#define CS_AUDIT_MAX (16 * 25 * 1024)
#define CS_AUDIT_HASH_LEN 32
#define CS_AUDIT_APPROVALS_MAX 16
#define CS_AUDIT_WHY_MAX 256

enum cs_audit_event {
	CS_AUDIT_CLAIMED = 0,
	CS_AUDIT_ISSUED,
	CS_AUDIT_DENIED,
	CS_AUDIT_REVOKED,
	CS_AUDIT_LIFTED,
	CS_AUDIT_FLOOR
};

enum cs_audit_kind { CS_AUDIT_X509 = 1, CS_AUDIT_WIT };
enum cs_audit_role { CS_AUDIT_OWN = 0, CS_AUDIT_GRANT, CS_AUDIT_USE };
enum cs_audit_of { /* what is revoked */
	CS_AUDIT_OF_OWNER = 1,
	CS_AUDIT_OF_KEY,
	CS_AUDIT_OF_AGENT,
	CS_AUDIT_OF_GRANT,
	CS_AUDIT_OF_APPROVAL
};

typedef struct cs_audit_approval { /* borrows */
	unsigned role;      /* enum cs_audit_role */
	cs_span owner;
	cs_spki key;
	unsigned assurance; /* of enum cs_bound, fmt/bindings.h */
	cs_span line;
	cs_span approval;   /* whole OwnerApproval */
} cs_audit_approval;

typedef struct cs_audit_record { /* borrows, when parsed from der */
	cs_buf *own;
	cs_span der;
	int64_t sequence;
	cs_span previous;
	int64_t time;
	cs_span authority;
	enum cs_audit_event event;
	int kind;                           /* claimed: enum cs_audit_kind */
	cs_span agent_id, request_digest;   /* claimed, denied */
	cs_spki agent_key;                  /* claimed */
	cs_span serial;                     /* claimed, issued */
	int64_t not_before, not_after;      /* claimed; floor: not_before */
	cs_span body_digest;                /* claimed */
	size_t n;                           /* claimed; denied: 1 */
	cs_audit_approval at[CS_AUDIT_APPROVALS_MAX];
	int64_t claim;                      /* issued */
	cs_span credential;                 /* issued: SHA-256 */
	int what;                  /* revoked, lifted: enum cs_audit_of */
	cs_span name, reason, actor;        /* revoked, lifted; floor: reason */
	int64_t live;                       /* revoked, lifted */
} cs_audit_record;

/* Copies and parses. An approval is walked and cut, not parsed; a use has to
 * stand right behind its grant. CS_R_MALFORMED, CS_R_NOT_DER, CS_R_TOO_LARGE,
 * CS_R_BAD_IDENTIFIER, CS_R_UNSUPPORTED. */
CS_USE int cs_audit_parse(cs_span in, cs_audit_record **out, cs_err *e);
void cs_audit_free(cs_audit_record **r);
/* Appends it; `der` and `own` of the input are ignored. What it writes
 * parses. */
CS_USE int cs_audit_put(const cs_audit_record *r, cs_buf *out, cs_err *e);
/* Levels above the OwnerApproval in a record. */
#define CS_AUDIT_DEPTH 4
const char *cs_audit_event_name(enum cs_audit_event event); /* "claimed" */

#endif
