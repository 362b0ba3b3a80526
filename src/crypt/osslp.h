/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_OSSLP_H
#define CS_CRYPT_OSSLP_H

#include <openssl/types.h>

#include "crypt/ossl.h"

/* Where hashes, public keys and certificates are; for this room only. Lends
 * OpenSSL's default context (NULL) once cs_ossl_start() has begun. A library's
 * host never calls that, and has set the default context up as it pleases: then
 * it is a context of our own, which has the default provider and no
 * configuration. Made once, there until the process ends. CS_EBUG when it
 * cannot be made, and never the host's instead. */
CS_USE int cs_ossl_context(OSSL_LIB_CTX **out, cs_err *e);

#endif
