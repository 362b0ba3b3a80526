/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_PRIVKEYP_H
#define CS_CRYPT_PRIVKEYP_H

#include <openssl/types.h>

#include "crypt/privkey.h"

/* What a private key is made of; for this room only. */
struct cs_privkey {
	enum cs_key_kind kind;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx; /* EC, when ready: signs hashes */
};

/* Takes *pkey when it is a key that the table has; leaves it otherwise. */
CS_USE int cs_privkey_wrap(EVP_PKEY **pkey, cs_privkey **out, cs_err *e);

#endif
