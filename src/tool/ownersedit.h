/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSEDIT_H
#define CS_TOOL_OWNERSEDIT_H

#include "base/edit.h"
#include "tool/out.h"
#include "verify/anchors.h"

/* One change of an owners file. Nothing is written that a verifier would not
 * load, together with all that is beside it. */

typedef struct cs_owners_edit {
	const char *path; /* what verifiers are given: a file or a directory */
	char *file;       /* the one that changes, as the anchors name it */
	cs_edit *edit;
} cs_owners_edit;

/* Which file it is, before anything is opened: PATH, or `name` in a directory,
 * else CS_EUSAGE, which names the files there are. Gives *file, for free(). */
CS_USE int cs_owners_edit_file(const char *path, const char *name, char **file,
    cs_err *e);
/* Locks and reads `file` (of cs_owners_edit_file, or as a walk over PATH names
 * it). Fills *x, which borrows the path. */
CS_USE int cs_owners_edit_open(const char *path, const char *file, bool create,
    cs_owners_edit *x, cs_err *e);
/* Loads the anchors as they would be with this text, writes it, and reads it
 * back. Gives *out, the anchors as they now are. */
CS_USE int cs_owners_edit_put(cs_owners_edit *x, cs_span text,
    cs_anchors **out, cs_err *e);
/* Says so when there is an index that the change has made stale. */
CS_USE int cs_owners_edit_index(const cs_owners_edit *x, cs_out *out,
    cs_err *e);
void cs_owners_edit_close(cs_owners_edit *x);

#endif
