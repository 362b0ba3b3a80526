/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_ANCHOR_H
#define CS_FMT_ANCHOR_H

#include "fmt/owners.h"

/*
 * A trust anchor as one compact record, for memory and for the compiled index.
 * Numbers are little-endian, so that one file serves every machine:
 *
 *	u32 length of the record, a multiple of 4
 *	u32 check over all that follows
 *	32 octets, the key hash
 *	u32 file, u32 line, u16 type, u16 flags
 *	fields in ascending order, each at most once: u8 tag, u16 length, value
 *	zeros up to the multiple of 4
 *
 * A field that is absent was not in the line. A reader refuses tags and flags
 * that it does not know: a new one is a new version of the index.
 */

#define CS_ANCHOR_HASH_LEN 32
#define CS_ANCHOR_RECORD_MAX (CS_OWNERS_LINE_MAX + 1024)

/* What a record says beside the anchor; hash borrows. */
typedef struct cs_anchor_place {
	cs_span hash;  /* of the key, CS_ANCHOR_HASH_LEN octets */
	uint32_t file; /* number in the list of files */
} cs_anchor_place;

/* Appends one record; a->file is not in it, the place is. */
CS_USE int cs_anchor_put(cs_buf *out, const cs_anchor *a,
    const cs_anchor_place *at, cs_err *e);
/* The octets of the record that `in` begins with, whose check nobody has looked
 * at; 0 when that cannot be. */
size_t cs_anchor_size(cs_span in);
/* Cuts the record out that `in` begins with; its bounds and its check hold. */
CS_USE int cs_anchor_record(cs_span in, cs_span *record, cs_span *hash,
    cs_err *e);
/* Reads a record that cs_anchor_record() cut. All of *a but the file, which is
 * NULL; spans borrow from `record`. CS_EFORMAT for what is no record. */
CS_USE int cs_anchor_get(cs_span record, cs_anchor *a, cs_anchor_place *at,
    cs_err *e);

#endif
