/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/reason.h"

#include <string.h>

#include "include/countersign/countersign.h"

#define SAME(reason) \
	_Static_assert((int)COUNTERSIGN_R_##reason == CS_R_##reason, \
	    "the numbers of fmt/")

SAME(NONE);
SAME(MALFORMED);
SAME(NOT_DER);
SAME(TOO_LARGE);
SAME(UNSUPPORTED);
SAME(POP_INVALID);
SAME(BAD_IDENTIFIER);
SAME(NO_APPROVAL);
SAME(WRONG_TYPE);
SAME(UNKNOWN_OWNER_KEY);
SAME(PATH_INVALID);
SAME(SIGNATURE_INVALID);
SAME(BINDING_MISMATCH);
SAME(WRONG_OWNER);
SAME(WRONG_AUTHORITY);
SAME(WRONG_TRUST_DOMAIN);
SAME(NOT_YET_VALID);
SAME(EXPIRED);
SAME(WRONG_NONCE);
SAME(TOUCH_MISSING);
SAME(VERIFICATION_MISSING);
SAME(NOT_HARDWARE);
SAME(AGENT_NOT_ALLOWED);
SAME(WINDOW_TOO_LONG);
SAME(LIFETIME_EXCEEDED);
SAME(GRANT_INVALID);
SAME(REVOKED);
SAME(DUPLICATE);
SAME(KEY_REUSE);
SAME(NOT_COMPOSITE);
SAME(POLICY_REFUSED);
SAME(QUORUM_MISSING);
SAME(COUNTER_REGRESSED);
SAME(EVIDENCE_MISSING);
SAME(EVIDENCE_REFUSED);
SAME(REPLAYED);
SAME(EXHAUSTED);
SAME(STORE_UNAVAILABLE);
SAME(INTERNAL);
_Static_assert(CS_R_INTERNAL + 1 == CS_R_END, "the whole list");

const char *
countersign_reason_name(int reason)
{
	return reason == COUNTERSIGN_R_NONE ? "" : cs_reason_name(reason);
}

int
countersign_reason_number(const char *name)
{
	int i;

	if (name == NULL || name[0] == '\0')
		return COUNTERSIGN_R_NONE;
	for (i = COUNTERSIGN_R_NONE + 1; i < COUNTERSIGN_R_INTERNAL; i++)
		if (strcmp(name, cs_reason_name(i)) == 0)
			break;
	return i;
}

const char *
countersign_strerror(int cls)
{
	switch (cls) {
	case COUNTERSIGN_OK:
		return "no error";
	case COUNTERSIGN_EREFUSED:
		return "a rule, or the caller's function, says no";
	case COUNTERSIGN_EUSAGE:
		return "the call is wrong";
	case COUNTERSIGN_EFORMAT:
		return "the octets break a format";
	case COUNTERSIGN_EIO:
		return "a file cannot be read, or not be trusted";
	default:
		return "no memory, or a fault of the library";
	}
}
