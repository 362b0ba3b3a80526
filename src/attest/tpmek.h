/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_TPMEK_H
#define CS_ATTEST_TPMEK_H

#include "attest/roots.h"
#include "fmt/ekcert.h"
#include "fmt/tpmevidence.h"

/* Who made the TPM that has the endorsement key `spki`, as the offer's first
 * certificate tells: one for this key alone (TCG EK Credential Profile for TPM
 * Family 2.0, section 3.2), which leads to a root. CS_EFORMAT, or CS_EREFUSED
 * with CS_R_EVIDENCE_REFUSED. */
CS_USE int cs_tpmek_check(const cs_tpmoffer *o, cs_span spki,
    const cs_roots *roots, int64_t now, cs_ekname *name,
    uint8_t root[CS_SHA256_LEN], cs_err *e);

#endif
