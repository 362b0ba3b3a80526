/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_LIB_CREDENTIALP_H
#define CS_LIB_CREDENTIALP_H

#include "lib/lib.h"
#include "rely/rely.h"

/* The answer of either call: one that judged the bindings alone, or one that
 * judged all of a credential. */
struct countersign_credential {
	cs_credential *c; /* or */
	cs_relied *r;
	cs_buf *text;     /* why not, escaped */
};

#endif
