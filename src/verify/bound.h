/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_BOUND_H
#define CS_VERIFY_BOUND_H

#include "fmt/audit.h"
#include "verify/verify.h"

/* What an approved verdict leaves behind: owner bindings for the credential,
 * the approvals for the audit log. */

unsigned cs_assurance_bits(const cs_assurance *a); /* enum cs_bound */
/* Appends OwnerBindings of formats section 7: `digest` for digests alone, else
 * in full where that may be. The approvals are written anew: no spare
 * certificates, nothing that the agent chose. CS_EUSAGE unless approved. */
CS_USE int cs_verdict_bindings(const cs_verdict *v, bool digest, cs_buf *out,
    cs_err *e);
/* One approval as the audit log wants it, written anew likewise. `own` gets
 * what *out borrows and the verdict does not have: at most CS_AUDITED_MAX. */
#define CS_AUDITED_MAX (CS_APPROVAL_MAX + 8 * 1024)
CS_USE int cs_approved_audit(const cs_approved *a, cs_audit_approval *out,
    cs_buf *own, cs_err *e);
/* Years later, from the record alone: does each approval that a claimed or
 * denied record carries verify with the key that stands there, and is it for
 * this agent, key, request, authority, time and lifetime? Who the key belongs
 * to is the log's word. CS_EREFUSED, CS_EFORMAT with a detail. */
CS_USE int cs_audit_approvals_check(const cs_audit_record *r, cs_err *e);

#endif
