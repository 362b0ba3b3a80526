/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_VEC_H
#define CS_TESTS_VEC_H

#include "base/buf.h"

/* Test vectors, and what a parser is put through with each of them. */

#define VEC_FILES_MAX 256

/* The arc that the scripts beside the vectors write. */
#define VEC_ARC "1.3.6.1.4.1.32473.53"

struct vec {
	char name[80]; /* without .der */
	cs_buf *der;
};

/* Reads every *.der of $SRCDIR/tests/vectors/DIR, sorted by name; 0 when there
 * are none. */
size_t vec_load(const char *dir, struct vec v[VEC_FILES_MAX]);
void vec_free(struct vec *v, size_t n);
/* Was this built for the arc of the vectors? If not, prints a plan that skips
 * the whole test. */
bool vec_has_arc(void);
/* The one of this name; absent when it is not there. */
cs_span vec_find(const struct vec *v, size_t n, const char *name);
/* The reason that the name begins with, CS_R_NONE for a good one. */
int vec_reason(const char *name);
bool vec_is(const struct vec *v, const char *prefix); /* of its name */

/* A parser's answer. VEC_BROKEN: it accepted, but what it read does not hold
 * together. */
enum vec_answer { VEC_REFUSED, VEC_ACCEPTED, VEC_BROKEN };
typedef enum vec_answer vec_probe(cs_span in);

/* Each puts changed copies of `good`, of exactly their size, before the parser
 * and counts the answers that are wrong. */
size_t vec_prefixes(cs_span good, vec_probe *probe); /* none accepted */
size_t vec_trailing(cs_span good, vec_probe *probe); /* none accepted */
size_t vec_flips(cs_span good, vec_probe *probe);    /* none broken */
/* Elements removed, doubled, emptied, given another tag; the lengths around
 * them are right again, also in OCTET STRINGs and BIT STRINGs that hold
 * DER. */
size_t vec_trees(cs_span good, vec_probe *probe);    /* none broken */

/* Hexadecimal, blanks between allowed, as a buf; NULL when it is none. */
cs_buf *vec_hex(const char *text);

#endif
