/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TPMATTEST_H
#define CS_FMT_TPMATTEST_H

#include "fmt/tpm.h"

/* What a TPM certifies of a key, and how it signs: TPM 2.0 Part 2, 10.12.12 and
 * 11.3.4. */

#define CS_TPMATTEST_MAX 1024
#define CS_TPMSIG_MAX 1024

typedef struct cs_tpmattest { /* TPMS_ATTEST of TPM2_Certify; borrows */
	cs_span whole;          /* what is signed */
	cs_span signer;         /* qualifiedSigner: a Name */
	cs_span extra;          /* extraData, qualifyingData of the caller */
	cs_span name;           /* of the key that was certified */
	cs_span qualified_name;
} cs_tpmattest;

/* One whole TPMS_ATTEST with the magic TPM_GENERATED_VALUE and the type
 * TPM_ST_ATTEST_CERTIFY, Names of a length that fits their hash. Anything else
 * is CS_R_MALFORMED; another type CS_R_UNSUPPORTED. */
CS_USE int cs_tpmattest_parse(cs_span in, cs_tpmattest *out, cs_err *e);

typedef struct cs_tpmsig { /* TPMT_SIGNATURE; borrows */
	uint16_t alg;  /* ECDSA, RSASSA or RSAPSS */
	uint16_t hash; /* SHA-256, SHA-384, SHA-512 */
	cs_span r, s;  /* ECDSA, as they came */
	cs_span sig;   /* RSA */
} cs_tpmsig;

/* One whole TPMT_SIGNATURE. CS_R_UNSUPPORTED, CS_R_MALFORMED. */
CS_USE int cs_tpmsig_parse(cs_span in, cs_tpmsig *out, cs_err *e);
/* Appends it as messages carry it: ECDSA as DER (fmt/ecsig.h), RSA raw. */
CS_USE int cs_tpmsig_put(const cs_tpmsig *s, cs_buf *out, cs_err *e);

#endif
