/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FAULT_TPM_H
#define CS_TESTS_FAULT_TPM_H

#include "base/buf.h"

/* What a server asks of a TPM and what it makes of the answer, as operations;
 * CS_OK is "proven", and nothing else is. */

bool tpm_start(void);
void tpm_finish(void);
int tpm_offer(cs_err *e);
int tpm_challenge_rsa(cs_err *e);
int tpm_challenge_ecc(cs_err *e);
int tpm_evidence(cs_err *e);
int tpm_forged(cs_err *e);

#endif
