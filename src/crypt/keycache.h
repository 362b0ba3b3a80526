/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_KEYCACHE_H
#define CS_CRYPT_KEYCACHE_H

#include "crypt/pubkey.h"

/*
 * Public keys that were made before: the last ones used, a bounded number.
 * Saves the making, never a check: a key is found by all of its bytes, and who
 * it belongs to and what it may sign is asked each time. For one thread.
 */

#define CS_KEYCACHE_MAX 65536

typedef struct cs_keycache cs_keycache;

/* Room for `max` keys, 1 to CS_KEYCACHE_MAX (CS_EUSAGE). Gives *out. */
CS_USE int cs_keycache_new(size_t max, cs_keycache **out, cs_err *e);
void cs_keycache_free(cs_keycache **c);
/* Lends the key, made now unless it is there; good until the next call. `hash`
 * says where to look, by the caller's word. Fails as cs_pubkey_new does, and
 * keeps nothing then. */
CS_USE int cs_keycache_get(cs_keycache *c, const cs_spki *k,
    const uint8_t hash[CS_SHA256_LEN], cs_pubkey **lent, cs_err *e);
/* A place for cs_csr_verify_at(): the keys of agents come once, and none is
 * kept but to make the next one of. Lends. */
cs_pubkey **cs_keycache_place(cs_keycache *c);
/* How many keys it holds, without that one. */
size_t cs_keycache_count(const cs_keycache *c);

#endif
