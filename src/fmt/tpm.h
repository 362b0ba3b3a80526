/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TPM_H
#define CS_FMT_TPM_H

#include "base/buf.h"

/* Octets as TPM 2.0 Library, Part 2, has them: big-endian numbers, and sized
 * buffers (TPM2B) with a UINT16 before them. Every length is held against the
 * octets at hand. Refusals are CS_R_MALFORMED. No TPM library is needed. */

enum cs_tpm_alg { /* TPM_ALG_ID, Part 2, 6.3 */
	CS_TPM_ALG_RSA = 0x0001,
	CS_TPM_ALG_AES = 0x0006,
	CS_TPM_ALG_SHA256 = 0x000b,
	CS_TPM_ALG_SHA384 = 0x000c,
	CS_TPM_ALG_SHA512 = 0x000d,
	CS_TPM_ALG_NULL = 0x0010,
	CS_TPM_ALG_RSASSA = 0x0014,
	CS_TPM_ALG_RSAPSS = 0x0016,
	CS_TPM_ALG_ECDSA = 0x0018,
	CS_TPM_ALG_ECC = 0x0023,
	CS_TPM_ALG_CFB = 0x0043
};

/* Octets of a digest; 0 for what is none of the three hashes. */
size_t cs_tpm_digest_len(uint16_t alg);

CS_USE int cs_tpm_u8(cs_span *in, uint8_t *out, cs_err *e);
CS_USE int cs_tpm_u16(cs_span *in, uint16_t *out, cs_err *e);
CS_USE int cs_tpm_u32(cs_span *in, uint32_t *out, cs_err *e);
CS_USE int cs_tpm_u64(cs_span *in, uint64_t *out, cs_err *e);
/* A TPM2B of at most `max` octets; empty, never absent. */
CS_USE int cs_tpm_sized(cs_span *in, size_t max, cs_span *out, cs_err *e);
CS_USE int cs_tpm_end(cs_span in, const char *what, cs_err *e);

/* Writers; a failure sticks to the buf. */
void cs_tpm_put_u16(cs_buf *b, uint16_t v);
void cs_tpm_put_u32(cs_buf *b, uint32_t v);
void cs_tpm_put_sized(cs_buf *b, cs_span s);

#endif
