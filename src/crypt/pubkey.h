/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_PUBKEY_H
#define CS_CRYPT_PUBKEY_H

#include "crypt/alg.h"

/* Public keys, made from points and moduli without OpenSSL's decoders, and
 * signature verification. A key is for one thread at a time. */

typedef struct cs_pubkey cs_pubkey;

/* CS_R_UNSUPPORTED when the key is not usable: a point off its curve, or of
 * small order (Ed25519), a kind without a row in the table. */
CS_USE int cs_pubkey_new(const cs_spki *k, cs_pubkey **out, cs_err *e);
void cs_pubkey_free(cs_pubkey **k);

/* CS_OK only for a valid signature of these bytes. CS_EREFUSED when it is not
 * valid; CS_EBUG when the library failed. The caller adds its reason. */
CS_USE int cs_pubkey_verify(cs_pubkey *k, const cs_alg *alg, cs_span bytes,
    cs_span sig, cs_err *e);

/* SHA-256 of the SubjectPublicKeyInfo. */
CS_USE int cs_key_hash(const cs_spki *k, uint8_t out[CS_SHA256_LEN],
    cs_err *e);

/* Proof of possession: the request's own signature. CS_R_POP_INVALID,
 * CS_R_UNSUPPORTED. */
CS_USE int cs_csr_verify(const cs_csr *c, cs_err *e);
/* The same for many requests in turn. *place is NULL, or the key of one before
 * this, which nobody needs any more; then this one's, or NULL after a failure
 * of the key itself. */
CS_USE int cs_csr_verify_at(const cs_csr *c, cs_pubkey **place, cs_err *e);

#endif
