/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2EKTPL_H
#define CS_SIGNER_TPM2EKTPL_H

#include "signer/tpm2nv.h"

/* What endorsement keys are made from: EK Credential Profile, Annex B. */

typedef struct cs_tpm2_ekrow {
	const char *name; /* of the template */
	uint32_t cert;    /* NV index of the certificate */
	TPM2_ECC_CURVE curve; /* TPM2_ECC_NONE: RSA-2048 */
	bool high;
} cs_tpm2_ekrow;

#define CS_TPM2_EKROWS 5
/* In the order of preference. */
extern const cs_tpm2_ekrow cs_tpm2_ekrows[CS_TPM2_EKROWS];

/* The template that the TPM keeps in `nv`, else the default one, with the nonce
 * that the TPM keeps, if it does. */
CS_USE int cs_tpm2_ek_template(cs_tpm2 *t, const cs_tpm2_handles *nv,
    const cs_tpm2_ekrow *r, TPM2B_PUBLIC *out, cs_err *e);

#endif
