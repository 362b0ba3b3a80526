/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_HASH_H
#define CS_CRYPT_HASH_H

#include "fmt/csr.h"

#define CS_SHA256_LEN 32
#define CS_HASH_MAX 64

enum cs_hash { CS_HASH_NONE = 0, CS_SHA256, CS_SHA384, CS_SHA512 };

size_t cs_hash_len(enum cs_hash h);
const char *cs_hash_name(enum cs_hash h); /* "SHA256", OpenSSL's name */
/* out[cs_hash_len(h)]; CS_EBUG when the library fails. */
CS_USE int cs_hash(enum cs_hash h, cs_span in, uint8_t *out, cs_err *e);
CS_USE int cs_sha256(cs_span in, uint8_t out[CS_SHA256_LEN], cs_err *e);
/* HMAC-SHA256 (RFC 2104); the key may be empty. */
CS_USE int cs_hmac_sha256(cs_span key, cs_span in, uint8_t out[CS_SHA256_LEN],
    cs_err *e);
/* The request digest, countersign-formats(5), section 3. */
CS_USE int cs_request_digest(const cs_csr *c, uint8_t out[CS_SHA256_LEN],
    cs_err *e);
/* Random bytes from the system. */
CS_USE int cs_random(uint8_t *out, size_t n, cs_err *e);
/* "SHA256:" and unpadded base64, as OpenSSH shows fingerprints. out[52]. */
void cs_fingerprint(const uint8_t hash[CS_SHA256_LEN], char out[52]);

#endif
