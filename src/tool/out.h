/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OUT_H
#define CS_TOOL_OUT_H

#include <sys/types.h>

#include "base/buf.h"

/*
 * Results. One list of fields feeds both forms: for a person, "label: value"
 * lines, escaped by base/text.h; for a program, one JSON object in ASCII. A
 * field with a NULL key is text only, one with a NULL label JSON only; inside
 * a list the key is NULL by nature. Values may hold bytes from outside. The
 * first failure (no memory) sticks and is reported by cs_out_finish.
 */
typedef struct cs_out cs_out;

/* What happens to the text of the fields when the verb fails. */
enum cs_out_failure {
	CS_OUT_DROP = 0, /* the error alone is written */
	CS_OUT_ADVICE,   /* they follow the error on standard error */
	CS_OUT_RESULT,   /* they are written to standard output all the same */
	CS_OUT_ANSWER    /* they are the answer: standard output, no error */
};

cs_out *cs_out_new(bool ascii); /* gives; NULL when out of memory */
void cs_out_free(cs_out **o);
void cs_out_on_failure(cs_out *o, enum cs_out_failure how);

void cs_out_span(cs_out *o, const char *key, const char *label, cs_span v);
void cs_out_str(cs_out *o, const char *key, const char *label, const char *v);
void cs_out_printf(cs_out *o, const char *key, const char *label,
    const char *fmt, ...) CS_PRINTF(4, 5);
void cs_out_int(cs_out *o, const char *key, const char *label, int64_t v);
void cs_out_bool(cs_out *o, const char *key, const char *label, bool v);
void cs_out_null(cs_out *o, const char *key);
void cs_out_time(cs_out *o, const char *key, const char *label, int64_t v);
/* JSON: seconds. */
void cs_out_duration(cs_out *o, const char *key, const char *label, int64_t v);
void cs_out_hex(cs_out *o, const char *key, const char *label, cs_span v);
/* A SHA-256 key hash as a fingerprint. */
void cs_out_hash(cs_out *o, const char *key, const char *label, cs_span v);

/* A line of text, no field: what the text form says in other words. */
void cs_out_text(cs_out *o, const char *label, cs_span v);

/* A document: its bytes are the text, no label, nothing escaped: only what we
 * encoded ourselves. */
void cs_out_document(cs_out *o, const char *key, cs_span text);
/* Bytes that a person asked for by name, text form only, such as DER. */
void cs_out_raw(cs_out *o, cs_span bytes);

/* Nesting: objects and lists. `title` is a line of its own, NULL: none. */
void cs_out_object(cs_out *o, const char *key, const char *title);
void cs_out_list(cs_out *o, const char *key, const char *title);
void cs_out_close(cs_out *o);

/* Writes all of it, or the failure `e` of the verb `name` (NULL: the command's
 * own), and returns the exit code: -cls, or 9 when standard output cannot take
 * it. */
int cs_out_finish(cs_out *o, const char *name, bool json, int cls,
    const cs_err *e);
/* Writes an error of the verb `name` to standard error at once, in the words of
 * cs_out_finish(): one that does not end the verb. */
void cs_out_trouble(const cs_out *o, const char *name, const cs_err *e);
/* "refused", "usage" ... as --json names the class. */
const char *cs_class_name(int cls);

#endif
