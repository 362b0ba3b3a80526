/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_SOURCES_H
#define CS_VERIFY_SOURCES_H

#include <sys/types.h>

#include "base/buf.h"

/* The owners files behind a path, and the state that each is in: as the list
 * of verify/compiled.h, so that two states are equal when their bytes are. */

#define CS_OWNERS_SUFFIX "owners"

typedef struct cs_sources {
	cs_buf *list;
	size_t n;
	int64_t changed; /* of the file that changed last */
	mode_t mode;     /* what all of them permit */
} cs_sources;

/* Reads no file, but wants each to be trusted, as a reading would. */
CS_USE int cs_sources_read(const char *path, uid_t reader, cs_sources *out,
    cs_err *e);
void cs_sources_free(cs_sources *s);

#endif
