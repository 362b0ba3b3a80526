/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2NV_H
#define CS_SIGNER_TPM2NV_H

#include "signer/tpm2conn.h"

/* What a TPM keeps for good. */

typedef struct cs_tpm2_handles {
	uint32_t v[64];
	size_t n;
} cs_tpm2_handles;

/* The handles that are in use from `first` to `last`, in order; more than have
 * room are left out. */
CS_USE int cs_tpm2_in_use(cs_tpm2 *t, uint32_t first, uint32_t last,
    cs_tpm2_handles *out, cs_err *e);
bool cs_tpm2_is_in_use(const cs_tpm2_handles *h, uint32_t handle);
/* Appends what an index holds that anybody may read, in pieces as large as the
 * TPM takes. CS_EDEVICE where it wants an auth value, was never written, or
 * holds more than there is room for. */
CS_USE int cs_tpm2_nv_read(cs_tpm2 *t, uint32_t index, cs_buf *out,
    cs_err *e);

#endif
