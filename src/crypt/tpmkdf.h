/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_TPMKDF_H
#define CS_CRYPT_TPMKDF_H

#include "crypt/hash.h"

/* Keys from keys as TPM 2.0 Library, Part 1, 11.4.10, derives them; for this
 * room only. Nothing asks for more octets than the hash has, so that one round
 * of each is all there is. */

/* HMAC of `data`: out[cs_hash_len(h)]. */
CS_USE int cs_tpm_hmac(enum cs_hash h, cs_span key, cs_span data,
    uint8_t *out, cs_err *e);
/* KDFa, contextV empty: appends `n` octets to `out`, a secret buf. */
CS_USE int cs_tpm_kdfa(enum cs_hash h, cs_span key, const char *label,
    cs_span context, size_t n, cs_buf *out, cs_err *e);
/* KDFe: appends as many octets as the hash has to `out`, a secret buf. `z` is a
 * secret, u and v are coordinates of the two public keys. */
CS_USE int cs_tpm_kdfe(enum cs_hash h, cs_span z, const char *label,
    cs_span u, cs_span v, cs_buf *out, cs_err *e);

#endif
