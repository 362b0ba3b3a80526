/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_RELYING_H
#define CS_TOOL_RELYING_H

#include "tool/out.h"

/* The command as a relying party: countersign verify --credential. */

typedef struct cs_relying { /* borrows; paths and names */
	const char *credential, *bundle;
	const char *crl;            /* NULL: no list is asked for */
	const char *owners;         /* NULL: the issuer's word will do */
	const char *trust_domain, *authority; /* NULL: as the bundle says */
	const char *agent, *owner;  /* that are expected; NULL: any */
	int64_t now;
} cs_relying;

/* Puts the answer, and returns what the verb ends with: CS_OK alone for a
 * credential to rely on. */
CS_USE int cs_relying_put(const cs_relying *ask, cs_out *out, cs_err *e);

#endif
