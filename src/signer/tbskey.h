/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TBSKEY_H
#define CS_SIGNER_TBSKEY_H

#include "crypt/hash.h"

/* Does this OwnerApprovalTBS parse, and name the key with this hash? Nothing
 * else is signed with an owner's key. CS_EDEVICE when it names another. A
 * security key (`plain` is false) signs nothing under a grant, which no verifier
 * would take: CS_EUSAGE. */
CS_USE int cs_tbs_key_check(cs_span tbs, const uint8_t key_hash[CS_SHA256_LEN],
    bool plain, cs_err *e);

#endif
