/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_ALG_H
#define CS_CRYPT_ALG_H

#include "crypt/hash.h"
#include "fmt/spki.h"

/* The one algorithm table (countersign-formats(5), sections 2 and 5). A
 * message names an algorithm; only a row makes it one. */

enum cs_alg_use {
	CS_USE_PKCS10 = 1,
	CS_USE_CMS = 2,
	CS_USE_WEBAUTHN = 4, /* a kind of key has one algorithm there */
	CS_USE_SSHSIG = 8,   /* likewise, but for RSA, which has two */
	CS_USE_TPM = 16      /* attestation keys: the hash stands beside it */
};

typedef struct cs_alg {
	const char *name;      /* "ecdsa-with-SHA256" */
	enum cs_key_kind key;
	enum cs_hash hash;     /* of the digest; Ed25519 signs bytes as are */
	unsigned uses;         /* of enum cs_alg_use */
	cs_span sig_alg;       /* AlgorithmIdentifier as we write it, whole */
	cs_span digest_alg;    /* the same of the hash, for CMS */
	size_t salt;           /* RSASSA-PSS: its octets; 0: another scheme */
	bool preferred;        /* what we write for this key and scheme */
} cs_alg;

/* Copies the row of this key, use and AlgorithmIdentifier, with the salt that
 * the message says; `digest_alg` is absent for PKCS#10. Not in the table:
 * CS_R_UNSUPPORTED. */
CS_USE int cs_alg_match(enum cs_key_kind key, enum cs_alg_use use,
    cs_span sig_alg, cs_span digest_alg, cs_alg *out, cs_err *e);
/* What we sign with: SHA-256 for P-256 and RSA (PKCS #1 v1.5), SHA-384 for
 * P-384. NULL for a key that cannot sign here. */
const cs_alg *cs_alg_for_key(enum cs_key_kind key, enum cs_alg_use use);
/* The same, or RSASSA-PSS where it is asked for: CS_EUSAGE when the key is not
 * RSA. */
CS_USE int cs_alg_choose(const cs_spki *k, enum cs_alg_use use, bool pss,
    const cs_alg **out, cs_err *e);
/* The hash of a digest's AlgorithmIdentifier; CS_HASH_NONE: another. */
enum cs_hash cs_alg_hash(cs_span digest_alg);
/* The row for a use that names its hash elsewhere; CS_HASH_NONE: the only one
 * that this kind has there. NULL when it has none. */
const cs_alg *cs_alg_of(enum cs_key_kind key, enum cs_alg_use use,
    enum cs_hash hash);
/* PKCS#1 v1.5 DigestInfo prefix for tokens with raw RSA (RFC 8017 9.2). */
cs_span cs_alg_digest_info(enum cs_hash h);

#endif
