/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_PUBKEYP_H
#define CS_CRYPT_PUBKEYP_H

#include <openssl/types.h>

#include "crypt/pubkey.h"

/* For this room only: the key as OpenSSL has it, checked as cs_pubkey_new()
 * says; lent. */
EVP_PKEY *cs_pubkey_pkey(cs_pubkey *k);

#endif
