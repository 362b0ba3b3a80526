/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_RAWSIG_H
#define CS_CRYPT_RAWSIG_H

#include "crypt/alg.h"

/* Between our algorithms and devices that only have the raw mechanisms: the
 * hash is made here, on the host. */

/* Gives what the device signs for `bytes`: the hash (ECDSA, RSASSA-PSS),
 * DigestInfo (RSA PKCS#1 v1.5, RFC 8017 9.2), the bytes (Ed25519). */
CS_USE int cs_rawsig_input(const cs_alg *alg, cs_span bytes, cs_buf **out,
    cs_err *e);
/* Appends the signature as messages carry it: r || s becomes DER. */
CS_USE int cs_rawsig_output(const cs_alg *alg, cs_span raw, cs_buf *out,
    cs_err *e);

#endif
