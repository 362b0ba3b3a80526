/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_COMPILED_H
#define CS_VERIFY_COMPILED_H

#include "verify/index.h"

/*
 * The compiled index of an owners file, to be mapped: the head, the list of
 * the files that it was made from, the records (fmt/anchor.h), the slots
 * (verify/index.h). Numbers are little-endian.
 *
 *	 0	"countersign-idx" and a zero
 *	16	u32 version, u32 zero
 *	24	SHA-256 of the head from octet 56 on and of the list
 *	56	u64 size of the whole, u64 number of anchors
 *	72	u64 offset and u64 length of the records
 *	88	u64 offset and u64 length of the slots
 *	104	u32 number of files, u32 length of the list
 *	112	the list: for each file u64 inode, size, modified, changed (ns),
 *		u32 length of its name, the name, zeros up to a multiple of 4
 *
 * A file that stands for itself has the empty name; those of a directory have
 * theirs, in the order of reading.
 */

typedef struct cs_compiled { /* borrows */
	cs_index index;
	size_t n;      /* anchors */
	size_t n_files;
	cs_span files; /* the list */
} cs_compiled;

/* Reads head and list. *ours is false, with CS_OK, when `in` is no index of
 * this version; all else that is wrong is CS_EIO. What the list says must be
 * compared by the caller before cs_compiled_bounds(). */
CS_USE int cs_compiled_head(cs_span in, cs_compiled *out, bool *ours,
    cs_err *e);
/* Do records and slots lie within `in`? Fills out->index. */
CS_USE int cs_compiled_bounds(cs_span in, cs_compiled *out, cs_err *e);
/* The next name of a list that cs_compiled_head() has passed, taken off it. */
CS_USE int cs_compiled_name(cs_span *list, cs_span *name, cs_err *e);
/* Octets of a whole index; 0 when that is too many. */
size_t cs_compiled_room(const cs_compiled *c);
/* Writes the whole of it. */
CS_USE int cs_compiled_put(const cs_compiled *c, cs_buf *out, cs_err *e);

#endif
