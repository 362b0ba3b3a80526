/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_SCHEME_H
#define CS_BASE_SCHEME_H

#include "base/err.h"

/* What a person writes to name a key: "scheme:rest", or a plain path. */

typedef struct cs_scheme {
	char name[32];    /* "file" for a plain path */
	const char *rest; /* borrows: behind the colon, or the whole path */
} cs_scheme;

/* A text without a colon, or with a slash before the first one, is a path. A
 * scheme is 2 to 31 characters of [a-z0-9-], so that neither C:\key nor a
 * misspelt URI passes for one. CS_EUSAGE otherwise, and for an empty path. */
CS_USE int cs_scheme_split(const char *uri, cs_scheme *out, cs_err *e);

#endif
