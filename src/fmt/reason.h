/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_REASON_H
#define CS_FMT_REASON_H

#include "base/err.h"

/* The closed list of countersign-formats(5), section 9. It travels in
 * cs_err.detail. */
enum cs_reason {
	CS_R_NONE = 0,
	CS_R_MALFORMED,
	CS_R_NOT_DER,
	CS_R_TOO_LARGE,
	CS_R_UNSUPPORTED,
	CS_R_POP_INVALID,
	CS_R_BAD_IDENTIFIER,
	CS_R_NO_APPROVAL,
	CS_R_WRONG_TYPE,
	CS_R_UNKNOWN_OWNER_KEY,
	CS_R_PATH_INVALID,
	CS_R_SIGNATURE_INVALID,
	CS_R_BINDING_MISMATCH,
	CS_R_WRONG_OWNER,
	CS_R_WRONG_AUTHORITY,
	CS_R_WRONG_TRUST_DOMAIN,
	CS_R_NOT_YET_VALID,
	CS_R_EXPIRED,
	CS_R_WRONG_NONCE,
	CS_R_TOUCH_MISSING,
	CS_R_VERIFICATION_MISSING,
	CS_R_NOT_HARDWARE,
	CS_R_AGENT_NOT_ALLOWED,
	CS_R_WINDOW_TOO_LONG,
	CS_R_LIFETIME_EXCEEDED,
	CS_R_GRANT_INVALID,
	CS_R_REVOKED,
	CS_R_DUPLICATE,
	CS_R_KEY_REUSE,
	CS_R_NOT_COMPOSITE,
	CS_R_POLICY_REFUSED,
	CS_R_QUORUM_MISSING,
	CS_R_COUNTER_REGRESSED,
	CS_R_EVIDENCE_MISSING,
	CS_R_EVIDENCE_REFUSED,
	CS_R_REPLAYED,
	CS_R_EXHAUSTED,
	CS_R_STORE_UNAVAILABLE,
	CS_R_INTERNAL,
	CS_R_END
};

/* The stable word, "not-der"; "internal" for what is not in the list. */
const char *cs_reason_name(int reason);

/* cs_fail_detail() with a reason: CS_EFORMAT, for readers. */
#define CS_BAD(e, reason, where, ...) \
	cs_fail_detail((e), CS_EFORMAT, (reason), (where), __VA_ARGS__)

#endif
