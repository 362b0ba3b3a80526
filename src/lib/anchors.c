/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>
#include <unistd.h>

/* Takes *a when r is CS_OK. */
static int
finish(int r, cs_anchors **a, countersign_anchors **out, cs_err *e,
    countersign_error *error)
{
	countersign_anchors *made;

	if (r != CS_OK)
		return cs_lib_report(error, e);
	if ((made = calloc(1, sizeof(*made))) == NULL) {
		cs_anchors_free(a);
		(void)cs_nomem(e, "lib");
		return cs_lib_report(error, e);
	}
	made->a = *a;
	*a = NULL; /* transferred */
	*out = made;
	return CS_OK;
}

int
countersign_anchors_load(const char *path, countersign_anchors **out,
    countersign_error *error)
{
	cs_anchors *a = NULL;
	cs_err e = {0};

	*out = NULL;
	return finish(cs_anchors_load(path, geteuid(), &a, &e), &a, out, &e,
	    error);
}

int
countersign_anchors_parse(const char *name, const void *octets, size_t len,
    countersign_anchors **out, countersign_error *error)
{
	cs_anchors *a = NULL;
	cs_err e = {0};

	*out = NULL;
	return finish(cs_anchors_parse_as(name, cs_span_of(octets, len),
	    geteuid(), &a, &e), &a, out, &e, error);
}

void
countersign_anchors_free(countersign_anchors **anchors)
{
	if (anchors == NULL || *anchors == NULL)
		return;
	cs_anchors_free(&(*anchors)->a);
	free(*anchors);
	*anchors = NULL;
}

size_t
countersign_anchors_count(const countersign_anchors *anchors)
{
	return cs_anchors_count(anchors->a);
}
