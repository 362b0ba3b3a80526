/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIDO_AGREEMENT_H
#define CS_TESTS_FIDO_AGREEMENT_H

#include "tests/fido/softkey.h"

/* PIN/UV auth protocols one and two, CTAP 2.1, 6.5.6 and 6.5.7. */

struct shared {
	int protocol;
	uint8_t aes[HASH_LEN], mac[HASH_LEN];
};

/* From the platform's COSE key; false: it is none. */
bool shared_derive(EVP_PKEY *own, int protocol, struct span cose,
    struct shared *out);
/* Whether `mac` is over `m` with this key; left half in protocol one. */
bool mac_fits(int protocol, const uint8_t *key, struct span m,
    struct span mac);
/* Gives the number of bytes; 0: they cannot be decrypted. */
size_t shared_decrypt(const struct shared *s, struct span in, uint8_t *out,
    size_t max);
/* Appends a byte string. */
void put_encrypted(struct out *o, const struct shared *s, const uint8_t *p,
    size_t n);

#endif
