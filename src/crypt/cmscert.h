/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_CMSCERT_H
#define CS_CRYPT_CMSCERT_H

#include "crypt/pubkey.h"

/* A certificate around an owner key whose subject key identifier is the key
 * hash, so that stock CMS tools find the signer of an approval. It vouches for
 * nothing: its issuer is a key that is thrown away. Appends DER. */
CS_USE int cs_cms_cert(const cs_spki *k, int64_t now, cs_buf *out, cs_err *e);

#endif
