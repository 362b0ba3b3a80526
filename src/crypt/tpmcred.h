/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_TPMCRED_H
#define CS_CRYPT_TPMCRED_H

#include "crypt/hash.h"
#include "fmt/tpmpub.h"

/* The checking side's half of TPM 2.0 cryptography, without a TPM. */

#define CS_TPM_NAME_MAX (2 + 64)

/* The hash of a TPM_ALG_ID; CS_HASH_NONE: another. */
enum cs_hash cs_tpm_hash(uint16_t alg);

typedef struct cs_tpmname {
	uint8_t octets[CS_TPM_NAME_MAX];
	size_t n;
} cs_tpmname;

/* nameAlg || H(TPMT_PUBLIC): Part 1, 16. */
CS_USE int cs_tpm_name(const cs_tpmpub *p, cs_tpmname *out, cs_err *e);

/* May a credential be made for this EK: RSA-2048 or ECC P-256 or P-384, AES-128
 * or AES-256 in CFB, nameAlg SHA-256 or SHA-384? CS_R_UNSUPPORTED. */
CS_USE int cs_tpm_ek_check(const cs_tpmpub *ek, cs_err *e);
/* TPM2_MakeCredential (Part 1, 24; Annexes B.10.4 and C.6.4): what only the TPM
 * of `ek`, as above, decrypts, and only for a loaded key of this Name. Appends
 * TPMS_ID_OBJECT to `blob` and the encrypted seed (of a TPM2B_ENCRYPTED_SECRET)
 * to `seed`, both without the size before them. The secret is not longer than
 * nameAlg's hash. */
CS_USE int cs_tpm_credential(const cs_tpmpub *ek, const cs_tpmname *name,
    cs_span secret, cs_buf *blob, cs_buf *seed, cs_err *e);

/* extraData of fmt/tpmevidence.h. */
CS_USE int cs_tpm_extra(cs_span challenge, cs_span secret,
    uint8_t out[CS_SHA256_LEN], cs_err *e);
/* Is it what was found? Told in the same time wherever they differ: who signs
 * in software may try again and again. */
CS_USE int cs_tpm_extra_is(cs_span challenge, cs_span secret, cs_span found,
    bool *same, cs_err *e);

#endif
