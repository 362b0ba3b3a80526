/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSCHECK_H
#define CS_TOOL_OWNERSCHECK_H

#include <sys/types.h>

#include "tool/out.h"

/* Everything that is wrong with an owners file, or with a directory of them,
 * where a verifier stops at the first. */

#define CS_COMPLAINTS_MAX 1000 /* the rest is counted */

typedef struct cs_complaint {
	char *file;    /* as the walk names it */
	unsigned line; /* 0: the file as a whole */
	cs_err why;
} cs_complaint;

typedef struct cs_complaints {
	cs_complaint *v[CS_COMPLAINTS_MAX]; /* by file and line */
	size_t n;     /* of v */
	size_t total;
} cs_complaints;

/* Gives *out, with none when all is good; fails only when it could not look. */
CS_USE int cs_complaints_find(const char *path, uid_t reader,
    cs_complaints **out, cs_err *e);
void cs_complaints_free(cs_complaints **c);
/* The list "errors"; in text only where there are several. */
void cs_complaints_put(const cs_complaints *c, cs_out *out);
/* None: CS_OK. Else the failure that stands for all of them. */
CS_USE int cs_complaints_fail(const cs_complaints *c, const char *path,
    cs_err *e);

#endif
