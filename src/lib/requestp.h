/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_LIB_REQUESTP_H
#define CS_LIB_REQUESTP_H

#include "crypt/hash.h"
#include "include/countersign/countersign.h"

/* What a request is made of; for this room only. */
struct countersign_request {
	cs_csr *csr;
	uint8_t digest[CS_SHA256_LEN];
	uint8_t key_hash[CS_SHA256_LEN];
};

#endif
