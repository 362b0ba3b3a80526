/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERKEY_H
#define CS_TOOL_OWNERKEY_H

#include "crypt/hash.h"
#include "signer/signer.h"
#include "tool/out.h"

/* The owner's key of this URI; NULL: the only one that tokens show without a
 * login or security keys' files name, never one of an agent. Where there are
 * several, `out` gets the list as advice. Gives. */
CS_USE int cs_ownerkey_open(const char *uri, const cs_signer_env *env,
    cs_out *out, cs_signer **s, cs_err *e);
CS_USE int cs_ownerkey_hash(cs_signer *s, uint8_t hash[CS_SHA256_LEN],
    cs_err *e);

#endif
