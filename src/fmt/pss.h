/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_PSS_H
#define CS_FMT_PSS_H

#include "base/buf.h"

/* RSASSA-PSS as an AlgorithmIdentifier (RFC 4055, section 3.1), in the one
 * shape of countersign-formats(5), section 5. */

typedef struct cs_pss {
	unsigned bits; /* of the hash, which MGF1 uses too: 256, 384, 512 */
	size_t salt;   /* octets, not fewer than the hash has */
} cs_pss;

/* Does the AlgorithmIdentifier name RSASSA-PSS, whatever stands behind it? */
bool cs_pss_is(cs_span alg);
/* Reads one whole AlgorithmIdentifier. CS_R_NOT_DER, CS_R_MALFORMED;
 * CS_R_UNSUPPORTED for another hash, mask, salt or trailer, DEFAULT values
 * (all of them SHA-1's) among these. */
CS_USE int cs_pss_parse(cs_span alg, cs_pss *out, cs_err *e);

#endif
