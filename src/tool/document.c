/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/document.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fmt/pem.h"

static bool
is_stdout(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

int
cs_document_check(const char *path, bool force, cs_err *e)
{
	if (force || is_stdout(path) || !cs_file_exists(path))
		return CS_OK;
	return cs_fail(e, CS_EIO, "document", "%s exists, -f replaces it",
	    path);
}

static const char *
plain_path(const char *s)
{
	return strncmp(s, "file:", 5) == 0 ? s + 5 : s;
}

int
cs_document_apart(const char *path, const char *other, cs_err *e)
{
	struct stat a, b;

	if (path == NULL || other == NULL || is_stdout(path))
		return CS_OK;
	other = plain_path(other);
	if (strcmp(path, other) != 0 && (stat(path, &a) != 0 ||
	    stat(other, &b) != 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "document",
	    "%s would be written over %s, the same file", path, other);
}

int
cs_document_put(const cs_tool *t, const struct cs_document_opts *o,
    const char *key, cs_span text, cs_out *out, cs_err *e)
{
	int r;

	if (is_stdout(o->path)) {
		cs_out_document(out, key, text);
		return CS_OK;
	}
	r = cs_file_write(o->path, text, t->doc_mode, o->force, e);
	if (r == CS_OK)
		cs_out_str(out, "file", NULL, o->path);
	return r;
}

int
cs_document_put_pem(const cs_tool *t, const struct cs_document_opts *o,
    const char *key, const char *label, cs_span der, cs_out *out, cs_err *e)
{
	cs_buf *pem = cs_buf_new(cs_pem_max(der.n));
	int r;

	if (pem == NULL)
		return cs_nomem(e, "document");
	if ((r = cs_pem_put(pem, label, der, e)) == CS_OK)
		r = cs_document_put(t, o, key, cs_buf_span(pem), out, e);
	cs_buf_free(&pem);
	return r;
}
