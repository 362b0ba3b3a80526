/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_VERIFIER_H
#define CS_TOOL_VERIFIER_H

#include <countersign/verifier.h>

#include "tool/told.h"

/* The command as a host of the verifier plugin, countersign-verifier(7): it
 * loads the same module by the same calls as an identity server does. */

typedef struct cs_verifier_ask { /* borrows */
	const char *module_dir;
	const char *owners, *policy, *authority;
	const char *store;  /* NULL: none */
	cs_span message;
	int64_t now;
	bool composite;     /* what an issuer would say */
	uint32_t kind;      /* enum countersign_credential_kind; NONE: no claim */
	int64_t lifetime;   /* of what is claimed; 0: as long as may be */
} cs_verifier_ask;

/* Asks it, puts its answer as cs_told_put() does and returns the same. With a
 * kind a claim follows an approval, and without the claim nothing is approved.
 * What it logs goes to standard error at once. */
CS_USE int cs_verifier_put(const cs_verifier_ask *ask, cs_out *out,
    cs_err *e);

#endif
