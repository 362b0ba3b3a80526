/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_DOCUMENT_H
#define CS_TOOL_DOCUMENT_H

#include "tool/tool.h"

/* The one document a verb makes (a request, an approval): a file of the name
 * that was given, or standard output for NULL and "-"; --json names the file
 * or holds the text. Nothing is overwritten without `force`. */

struct cs_document_opts {
	const char *path;
	bool force;
};
#define CS_DOCUMENT_ROWS(type) \
	{"out", 'o', CS_OPT_STRING, offsetof(type, document.path), "FILE", \
	    "write to FILE, not to standard output", 0, 0, CS_COMPLETE_FILE}, \
	{ \
		"force", 'f', CS_OPT_FLAG, offsetof(type, document.force), \
		    NULL, "replace files that exist", 0, 0, CS_COMPLETE_NONE \
	}

/* Would `path` be overwritten? To be asked before any work. CS_EIO. */
CS_USE int cs_document_check(const char *path, bool force, cs_err *e);
/* Two names that this call writes, or a key that it reads (URI or path): one
 * file may not be both. CS_EUSAGE; either may be NULL. */
CS_USE int cs_document_apart(const char *path, const char *other, cs_err *e);
CS_USE int cs_document_put(const cs_tool *t, const struct cs_document_opts *o,
    const char *key, cs_span text, cs_out *out, cs_err *e);
/* The same for one PEM block. */
CS_USE int cs_document_put_pem(const cs_tool *t,
    const struct cs_document_opts *o, const char *key, const char *label,
    cs_span der, cs_out *out, cs_err *e);

#endif
