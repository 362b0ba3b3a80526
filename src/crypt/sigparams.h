/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_SIGPARAMS_H
#define CS_CRYPT_SIGPARAMS_H

#include <openssl/params.h>

#include "crypt/alg.h"

/* A row of the table in OpenSSL's words, for EVP_DigestSignInit_ex() and
 * EVP_DigestVerifyInit_ex(); for this room only. */

typedef struct cs_sigparams { /* does not move while it is used */
	const char *md; /* NULL: Ed25519 has its own (RFC 8032 5.1) */
	int salt;
	OSSL_PARAM list[5];
} cs_sigparams;

void cs_sigparams_set(cs_sigparams *p, const cs_alg *alg);

#endif
