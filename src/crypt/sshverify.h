/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_SSHVERIFY_H
#define CS_CRYPT_SSHVERIFY_H

#include "crypt/pubkey.h"
#include "fmt/sshsig.h"

/* Signatures of OpenSSH's keys: PROTOCOL.sshsig and PROTOCOL.u2f. */

/* CS_OK only for a valid signature of this message by this key, whose kind and
 * application are those of s->key; errors as cs_pubkey_verify() has them. The
 * caller has checked that s->key is the key that he means. */
CS_USE int cs_sshsig_verify(cs_pubkey *k, const cs_sshsig *s,
    cs_span message, cs_err *e);
/* Appends what the key of an agent is to sign for this message. */
CS_USE int cs_sshsig_to_sign(bool sha512, cs_span message, cs_buf *out,
    cs_err *e);

#endif
