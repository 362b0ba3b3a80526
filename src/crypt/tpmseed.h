/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_TPMSEED_H
#define CS_CRYPT_TPMSEED_H

#include "crypt/hash.h"
#include "fmt/tpmpub.h"

/* A seed that the TPM of `ek` alone finds out, for the use that `label` names:
 * as many octets as the hash has, appended to `seed`, a secret buf; and what
 * the TPM finds it out of, appended to `shared`. RSA: TPM 2.0 Library, Part 1,
 * B.10.4; ECC: C.6.4. For this room only. */
CS_USE int cs_tpm_seed(const cs_tpmpub *ek, enum cs_hash h, const char *label,
    cs_buf *seed, cs_buf *shared, cs_err *e);

#endif
