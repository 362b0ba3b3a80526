/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_INDEX_H
#define CS_VERIFY_INDEX_H

#include "crypt/hash.h"
#include "fmt/anchor.h"

/*
 * A hash table over anchor records (fmt/anchor.h) that stand behind each
 * other. It is bytes alone, so that it works where it lies: built in memory,
 * or mapped from a file that holds it.
 *
 * A slot is u32 place, u32 check, little-endian. The place is the number of
 * the record's first word of 4 octets, plus one; 0 is a free slot. The check
 * depends on the place and on the slot's number: no slot is all zeros, so that
 * a page that rotted away is seen, and not taken for keys that are not there.
 * The key hash is uniform, and its first octets say where to look; then slot by
 * slot. At least half of the slots are free.
 */
#define CS_INDEX_SLOT_LEN 8

typedef struct cs_index { /* borrows */
	cs_span records;
	cs_span slots; /* a power of two, of CS_INDEX_SLOT_LEN octets each */
} cs_index;

/* How many octets the slots for n records take; 0 when n is too many. */
size_t cs_index_room(size_t n);
/* Fills x->slots, which `slots` lends to be written. A key that stands twice
 * is CS_R_DUPLICATE, and twice[] are its records. */
CS_USE int cs_index_build(const cs_index *x, uint8_t *slots,
    cs_span twice[2], cs_err *e);
/* Finds the record of a key and reads it into *a (without its file's name) and
 * *at; *found tells whether there is one. Every offset and every check that the
 * way meets is verified: CS_EIO for an index that is damaged, which is not the
 * same as a key that is not in it. */
CS_USE int cs_index_find(const cs_index *x, const uint8_t hash[CS_SHA256_LEN],
    cs_anchor *a, cs_anchor_place *at, bool *found, cs_err *e);

#endif
