/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>

_Static_assert(COUNTERSIGN_KEYCACHE_MAX == CS_KEYCACHE_MAX,
    "the limit of crypt/");

int
countersign_keycache_new(size_t max, countersign_keycache **out,
    countersign_error *error)
{
	countersign_keycache *made = calloc(1, sizeof(*made));
	cs_err e = {0};
	int r;

	*out = NULL;
	if (made == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = cs_keycache_new(max, &made->c, &e);
	if (r == CS_OK) {
		*out = made;
		made = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_keycache_free(&made);
	return r;
}

void
countersign_keycache_free(countersign_keycache **keycache)
{
	if (keycache == NULL || *keycache == NULL)
		return;
	cs_keycache_free(&(*keycache)->c);
	free(*keycache);
	*keycache = NULL;
}

size_t
countersign_keycache_count(const countersign_keycache *keycache)
{
	return cs_keycache_count(keycache->c);
}

cs_keycache *
cs_lib_keys(const countersign_keycache *keycache)
{
	return keycache == NULL ? NULL : keycache->c;
}
