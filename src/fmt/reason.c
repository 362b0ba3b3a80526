/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/reason.h"

#include <stddef.h>

static const char *const names[CS_R_END] = {
	[CS_R_MALFORMED] = "malformed",
	[CS_R_NOT_DER] = "not-der",
	[CS_R_TOO_LARGE] = "too-large",
	[CS_R_UNSUPPORTED] = "unsupported",
	[CS_R_POP_INVALID] = "pop-invalid",
	[CS_R_BAD_IDENTIFIER] = "bad-identifier",
	[CS_R_NO_APPROVAL] = "no-approval",
	[CS_R_WRONG_TYPE] = "wrong-type",
	[CS_R_UNKNOWN_OWNER_KEY] = "unknown-owner-key",
	[CS_R_PATH_INVALID] = "path-invalid",
	[CS_R_SIGNATURE_INVALID] = "signature-invalid",
	[CS_R_BINDING_MISMATCH] = "binding-mismatch",
	[CS_R_WRONG_OWNER] = "wrong-owner",
	[CS_R_WRONG_AUTHORITY] = "wrong-authority",
	[CS_R_WRONG_TRUST_DOMAIN] = "wrong-trust-domain",
	[CS_R_NOT_YET_VALID] = "not-yet-valid",
	[CS_R_EXPIRED] = "expired",
	[CS_R_WRONG_NONCE] = "wrong-nonce",
	[CS_R_TOUCH_MISSING] = "touch-missing",
	[CS_R_VERIFICATION_MISSING] = "verification-missing",
	[CS_R_NOT_HARDWARE] = "not-hardware",
	[CS_R_AGENT_NOT_ALLOWED] = "agent-not-allowed",
	[CS_R_WINDOW_TOO_LONG] = "window-too-long",
	[CS_R_LIFETIME_EXCEEDED] = "lifetime-exceeded",
	[CS_R_GRANT_INVALID] = "grant-invalid",
	[CS_R_REVOKED] = "revoked",
	[CS_R_DUPLICATE] = "duplicate",
	[CS_R_KEY_REUSE] = "key-reuse",
	[CS_R_NOT_COMPOSITE] = "not-composite",
	[CS_R_POLICY_REFUSED] = "policy-refused",
	[CS_R_QUORUM_MISSING] = "quorum-missing",
	[CS_R_COUNTER_REGRESSED] = "counter-regressed",
	[CS_R_EVIDENCE_MISSING] = "evidence-missing",
	[CS_R_EVIDENCE_REFUSED] = "evidence-refused",
	[CS_R_REPLAYED] = "replayed",
	[CS_R_EXHAUSTED] = "exhausted",
	[CS_R_STORE_UNAVAILABLE] = "store-unavailable",
	[CS_R_INTERNAL] = "internal",
};

const char *
cs_reason_name(int reason)
{
	if (reason <= CS_R_NONE || reason >= CS_R_END)
		return names[CS_R_INTERNAL];
	return names[reason];
}
