/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_ASSERTION_H
#define CS_CRYPT_ASSERTION_H

#include "crypt/pubkey.h"
#include "fmt/webauthn.h"

/* Signatures of FIDO2: countersign-formats(5), section 5; WebAuthn 7.2. */

/* SHA-256 of the label, a zero and the TBS. */
CS_USE int cs_assertion_challenge(cs_span tbs, uint8_t out[CS_SHA256_LEN],
    cs_err *e);
/* Is the RP ID hash that of this RP ID? CS_R_SIGNATURE_INVALID otherwise. */
CS_USE int cs_assertion_rp(const cs_authdata *a, cs_span rp_id, cs_err *e);
/* CS_OK only for a valid signature of authenticator data and client data's hash
 * by this key, `kind` its kind; errors as cs_pubkey_verify() has them,
 * CS_R_UNSUPPORTED for a kind that signs none. */
CS_USE int cs_assertion_verify(cs_pubkey *k, enum cs_key_kind kind,
    cs_span auth, cs_span client_data, cs_span sig, cs_err *e);

#endif
