/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TPMPUB_H
#define CS_FMT_TPMPUB_H

#include "fmt/spki.h"
#include "fmt/tpm.h"

/* TPMT_PUBLIC of an RSA or ECC key: TPM 2.0 Part 2, 12.2.4. */

#define CS_TPMPUB_MAX 1024

enum { /* TPMA_OBJECT, Part 2, 8.3 */
	CS_TPMA_FIXED_TPM = 1 << 1,
	CS_TPMA_ST_CLEAR = 1 << 2,
	CS_TPMA_FIXED_PARENT = 1 << 4,
	CS_TPMA_SENSITIVE_DATA_ORIGIN = 1 << 5,
	CS_TPMA_USER_WITH_AUTH = 1 << 6,
	CS_TPMA_ADMIN_WITH_POLICY = 1 << 7,
	CS_TPMA_NO_DA = 1 << 10,
	CS_TPMA_ENCRYPTED_DUPLICATION = 1 << 11,
	CS_TPMA_RESTRICTED = 1 << 16,
	CS_TPMA_DECRYPT = 1 << 17,
	CS_TPMA_SIGN = 1 << 18
};

typedef struct cs_tpmpub { /* borrows */
	cs_span whole;        /* TPMT_PUBLIC, what its Name is the hash of */
	uint16_t name_alg;    /* SHA-256, SHA-384 or SHA-512 */
	uint32_t attributes;
	cs_span policy;       /* authPolicy; empty: none */
	uint16_t sym, sym_bits, sym_mode; /* of a storage key; CS_TPM_ALG_NULL */
	uint16_t scheme, scheme_hash;     /* CS_TPM_ALG_NULL: the caller's */
	enum cs_key_kind kind; /* P-256, P-384, RSA */
	unsigned bits;
	cs_span modulus;      /* RSA; exponent 0, which means 65537, or 65537 */
	cs_span x, y;         /* ECC: as they came, at most the field's octets */
} cs_tpmpub;

/* Parses one whole TPMT_PUBLIC. CS_R_UNSUPPORTED for another type, curve,
 * exponent, hash, size (RSA: 2048 to 4096 bits) or scheme than those of
 * fmt/tpm.h, reserved attributes, a KDF. CS_R_MALFORMED. */
CS_USE int cs_tpmpub_parse(cs_span in, cs_tpmpub *out, cs_err *e);
/* Takes one off *in, as a TPM2B_PUBLIC has it, with its size before it. */
CS_USE int cs_tpmpub_sized(cs_span *in, cs_tpmpub *out, cs_err *e);
/* Appends the SubjectPublicKeyInfo, coordinates filled up on the left. A number
 * that section 2 of countersign-formats(5) has no place for is
 * CS_R_UNSUPPORTED. */
CS_USE int cs_tpmpub_spki(const cs_tpmpub *p, cs_buf *out, cs_err *e);

#endif
