/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_SOFTTPM_H
#define CS_TESTS_SOFTTPM_H

#include <openssl/evp.h>

#include "base/buf.h"

/* A TPM of OpenSSL alone: what an agent can make that has none. It writes by
 * itself what the checking side reads, and undoes a credential by OpenSSL's own
 * key derivation. Failures are empty bufs. */

#define SOFT_MAX 4096

enum {
	SOFT_RSA = 0x0001,
	SOFT_AES = 0x0006,
	SOFT_SHA1 = 0x0004,
	SOFT_SHA256 = 0x000b,
	SOFT_SHA384 = 0x000c,
	SOFT_SHA512 = 0x000d,
	SOFT_NULL = 0x0010,
	SOFT_RSASSA = 0x0014,
	SOFT_RSAPSS = 0x0016,
	SOFT_ECDSA = 0x0018,
	SOFT_ECC = 0x0023,
	SOFT_CFB = 0x0043
};

/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, and the rest */
#define SOFT_KEY 0x00040072U
#define SOFT_AK 0x00050072U
#define SOFT_EK 0x000300b2U

struct soft_area { /* TPMT_PUBLIC; its key is borrowed */
	EVP_PKEY *key;
	uint16_t name_alg;
	uint32_t attributes;
	cs_span policy;
	uint16_t sym, bits, mode;
	uint16_t scheme, hash;
	uint32_t exponent;
	bool short_x; /* zeros before a coordinate are left away */
};

struct soft_attest { /* TPMS_ATTEST */
	uint32_t magic;
	uint16_t type;
	cs_span signer, extra, name;
};

/* Gives. */
cs_buf *soft_area(const struct soft_area *a);
/* nameAlg and the area's hash by it. */
cs_buf *soft_name(const struct soft_area *a);
cs_buf *soft_attest(const struct soft_attest *a);
/* TPMT_SIGNATURE of the bytes. */
cs_buf *soft_sign(EVP_PKEY *key, uint16_t scheme, uint16_t hash, cs_span in);
/* TPM2_ActivateCredential for the key of this Name; empty: refused. */
cs_buf *soft_activate(const struct soft_area *ek, cs_span name, cs_span blob,
    cs_span seed);

#endif
