/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_ANCHORS_H
#define CS_VERIFY_ANCHORS_H

#include <sys/types.h>

#include "verify/authorities.h"

/* Trust anchors: an owners file, or a directory owners.d/ read in name order.
 * Immutable once loaded. */

typedef struct cs_anchors cs_anchors;

/* Loads PATH (a file, or a directory whose *.owners files are read in name
 * order) under the rules of base/file.h for trusted files. One bad line, or a
 * key that stands twice, refuses the whole. A compiled index is used in place
 * of the text when the same rules hold for it and it was made from the files as
 * they are; all others are passed over, but one that is damaged is CS_EIO. */
CS_USE int cs_anchors_load(const char *path, uid_t reader, cs_anchors **out,
    cs_err *e);
/* Loads what cs_anchors_load() would, from the text alone, if `file` had the
 * content `in`: it is PATH itself, or a file in it, "PATH/NAME", that need not
 * be there. */
CS_USE int cs_anchors_try(const char *path, uid_t reader, const char *file,
    cs_span in, cs_anchors **out, cs_err *e);
/* Reads the text and writes the index, which nobody may read who may not read
 * the text. */
CS_USE int cs_anchors_compile(const char *path, uid_t reader, cs_err *e);
/* Where it is: PATH.idx, in a directory owners.idx. It lies under the same trust
 * there, and is never taken for one of the *.owners. Gives *out, for free(). */
CS_USE int cs_anchors_index(const char *path, char **out, cs_err *e);
/* From bytes at hand. Lists that x509-ca lines name are files nonetheless,
 * beside `name`, held to the same rules. */
CS_USE int cs_anchors_parse_as(const char *name, cs_span in, uid_t reader,
    cs_anchors **out, cs_err *e);
/* The same by root, for tests and fuzzers. */
CS_USE int cs_anchors_parse(const char *name, cs_span in, cs_anchors **out,
    cs_err *e);
void cs_anchors_free(cs_anchors **a);
size_t cs_anchors_count(const cs_anchors *a);
/* The lines of type x509-ca, in their order; lends. */
const cs_authorities *cs_anchors_authorities(const cs_anchors *a);
/* By SHA-256 of the SubjectPublicKeyInfo, an x509-ca by its own key. Fills
 * *out, whose spans and file lend from `a`; *found tells whether there is one,
 * and without *out is all zero. CS_EIO when the anchors are damaged: no caller
 * may take that for "none". */
CS_USE int cs_anchors_find(const cs_anchors *a,
    const uint8_t key_hash[CS_SHA256_LEN], cs_anchor *out, bool *found,
    cs_err *e);

/* Hands out the lines of this owner in their order, until `each` returns
 * anything but CS_OK, which is returned. An x509-ca line is nobody's: those are
 * cs_anchors_authorities(). Looks at the owners of all lines, one by one.
 * CS_EIO for anchors that are damaged. */
typedef int cs_anchors_each(void *arg, const cs_anchor *a, cs_err *e);
CS_USE int cs_anchors_of(const cs_anchors *a, cs_span owner,
    cs_anchors_each *each, void *arg, cs_err *e);

#endif
