/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2AREA_H
#define CS_SIGNER_TPM2AREA_H

#include "fmt/tpmpub.h"

#include <tss2/tss2_tpm2_types.h>

/* tss2's structures as a TPM has them. */

/* Gives TPMT_PUBLIC. CS_EBUG. */
CS_USE int cs_tpm2_area_put(const TPM2B_PUBLIC *area, cs_buf **out,
    cs_err *e);
/* Gives TPM2B_PUBLIC, and TPM2B_PRIVATE, with their sizes. */
CS_USE int cs_tpm2_public_put(const TPM2B_PUBLIC *area, cs_buf **out,
    cs_err *e);
CS_USE int cs_tpm2_private_put(const TPM2B_PRIVATE *part, cs_buf **out,
    cs_err *e);
/* Gives TPMT_SIGNATURE. */
CS_USE int cs_tpm2_signature_put(const TPMT_SIGNATURE *s, cs_buf **out,
    cs_err *e);

#endif
