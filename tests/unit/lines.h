/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_LINES_H
#define CS_TESTS_LINES_H

#include "fmt/anchor.h"

/* The lines of an owners file at hand, for tests: each has been a record and
 * was read back. */
typedef struct lines {
	cs_buf **records;
	cs_anchor *anchors;
	size_t n;
} lines;

/* Parses; *out is NULL unless CS_OK. */
CS_USE int lines_parse(const char *name, cs_span in, lines **out, cs_err *e);
void lines_free(lines **l);

#endif
