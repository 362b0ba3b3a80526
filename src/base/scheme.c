/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/scheme.h"

#include <string.h>

static const char where[] = "base/scheme";

static int
set(cs_scheme *out, const char *name, size_t n, const char *rest, cs_err *e)
{
	memcpy(out->name, name, n);
	out->name[n] = '\0';
	out->rest = rest;
	if (rest[0] == '\0' && strcmp(out->name, "file") == 0)
		return cs_fail(e, CS_EUSAGE, where, "expected a path, found "
		    "nothing");
	return CS_OK;
}

int
cs_scheme_split(const char *uri, cs_scheme *out, cs_err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const size_t to_end = strcspn(uri, ":/"), n = strspn(uri, letters);

	if (uri[to_end] != ':')
		return set(out, "file", 4, uri, e);
	if (n != to_end || n < 2 || n >= sizeof(out->name))
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a path or a lowercase scheme and a colon, found "
		    "\"%s\" (a path with a colon in it: ./%s)", uri, uri);
	return set(out, uri, n, uri + n + 1, e);
}
