/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownersedit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "verify/sources.h"

#define LOCK_WAIT_MS 10000
#define NAMES_ROOM 512

/* The files of a directory, as many as fit into an error's text. */
static int
add_name(void *arg, const char *path, cs_err *e)
{
	const char *slash = strrchr(path, '/');
	cs_buf *names = arg;
	size_t before = cs_buf_len(names);

	(void)e;
	if (cs_buf_room(names) < strlen(path) + 2)
		return CS_OK;
	return cs_buf_printf(names, "%s%s", before == 0 ? "" : ", ",
	    slash == NULL ? path : slash + 1);
}

static int
which_file(const char *path, cs_err *e)
{
	cs_buf *names = cs_buf_new(NAMES_ROOM);
	int r;

	if (names == NULL)
		return cs_nomem(e, "owners");
	r = cs_dir_each_trusted(path, geteuid(), CS_OWNERS_SUFFIX, add_name,
	    names, e);
	if (r == CS_OK)
		r = cs_fail(e, CS_EUSAGE, "owners", "%s is a directory: --file "
		    "NAME says which of its files, %s", path,
		    cs_buf_len(names) == 0 ? "of which it has none yet" :
		    cs_buf_cstr(names));
	cs_buf_free(&names);
	return r;
}

/* A name that a verifier looks at, in this directory and no other. */
static bool
is_member(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && strchr(name, '/') == NULL && dot != NULL &&
	    strcmp(dot + 1, CS_OWNERS_SUFFIX) == 0;
}

int
cs_owners_edit_file(const char *path, const char *name, char **file,
    cs_err *e)
{
	*file = NULL;
	if (!cs_is_dir(path)) {
		if (name != NULL)
			return cs_fail(e, CS_EUSAGE, "owners", "--file is for "
			    "directories, and %s is none", path);
		*file = strdup(path);
		return *file == NULL ? cs_nomem(e, "owners") : CS_OK;
	}
	if (name == NULL)
		return which_file(path, e);
	if (!is_member(name))
		return cs_fail(e, CS_EUSAGE, "owners", "--file: expected a "
		    "name like alice.%s, found %s", CS_OWNERS_SUFFIX, name);
	if (asprintf(file, "%s/%s", path, name) >= 0)
		return CS_OK;
	*file = NULL;
	return cs_nomem(e, "owners");
}

int
cs_owners_edit_open(const char *path, const char *file, bool create,
    cs_owners_edit *x, cs_err *e)
{
	int r;

	*x = (cs_owners_edit){.path = path, .file = strdup(file)};
	if (x->file == NULL)
		return cs_nomem(e, "owners");
	r = cs_edit_open(file, geteuid(), CS_OWNERS_FILE_MAX, create,
	    LOCK_WAIT_MS, &x->edit, e);
	if (r != CS_OK)
		cs_owners_edit_close(x);
	return r;
}

static int
read_back(const char *file, cs_span text, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	r = cs_file_read_trusted(file, geteuid(), CS_OWNERS_FILE_MAX, &b, e);
	if (r == CS_OK && !cs_span_eq(cs_buf_span(b), text))
		r = cs_fail(e, CS_EIO, "owners", "%s: is not what was written",
		    file);
	cs_buf_free(&b);
	return r;
}

int
cs_owners_edit_put(cs_owners_edit *x, cs_span text, cs_anchors **out,
    cs_err *e)
{
	cs_anchors *all = NULL;
	int r;

	*out = NULL;
	if ((r = cs_anchors_try(x->path, geteuid(), x->file, text, &all, e)) ==
	    CS_OK && (r = cs_edit_put(x->edit, text, e)) == CS_OK &&
	    (r = read_back(x->file, text, e)) == CS_OK) {
		*out = all;
		all = NULL; /* transferred */
	}
	cs_anchors_free(&all);
	return r;
}

int
cs_owners_edit_index(const cs_owners_edit *x, cs_out *out, cs_err *e)
{
	char *index = NULL;
	int r;

	if ((r = cs_anchors_index(x->path, &index, e)) != CS_OK)
		return r;
	if (cs_file_exists(index)) {
		cs_out_str(out, "stale_index", NULL, index);
		cs_out_printf(out, NULL, "note", "%s is older now and not "
		    "used; countersign owners compile makes it anew", index);
	}
	free(index);
	return CS_OK;
}

void
cs_owners_edit_close(cs_owners_edit *x)
{
	cs_edit_close(&x->edit);
	free(x->file);
	*x = (cs_owners_edit){0};
}
