/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fmt/reason.h"

struct countersign_error {
	int cls, reason;
	cs_buf *text; /* room for every text, so that reporting cannot fail */
};

_Static_assert((int)COUNTERSIGN_EREFUSED == CS_EREFUSED &&
    (int)COUNTERSIGN_EUSAGE == CS_EUSAGE &&
    (int)COUNTERSIGN_EFORMAT == CS_EFORMAT &&
    (int)COUNTERSIGN_EIO == CS_EIO && (int)COUNTERSIGN_EBUG == CS_EBUG,
    "the classes are the command's");

const char *
countersign_version(void)
{
	return PACKAGE_VERSION;
}

void
countersign_free(void *octets)
{
	free(octets);
}

countersign_error *
countersign_error_new(void)
{
	countersign_error *error = calloc(1, sizeof(*error));
	size_t room = cs_text_escape_max(sizeof(((cs_err *)NULL)->text));

	if (error == NULL)
		return NULL;
	if ((error->text = cs_buf_new(room + 1)) == NULL) {
		free(error);
		return NULL;
	}
	return error;
}

void
countersign_error_free(countersign_error **error)
{
	if (error == NULL || *error == NULL)
		return;
	cs_buf_free(&(*error)->text);
	free(*error);
	*error = NULL;
}

int
countersign_error_class(const countersign_error *error)
{
	return error == NULL ? CS_OK : error->cls;
}

const char *
countersign_error_reason(const countersign_error *error)
{
	return cs_reason_name(error == NULL ? CS_R_NONE : error->reason);
}

const char *
countersign_error_text(const countersign_error *error)
{
	return error == NULL ? "" : cs_buf_cstr(error->text);
}

/* What the classes of the header do not name is this library's own failure. */
static int
class_of(int cls)
{
	switch (cls) {
	case CS_EREFUSED:
	case CS_EUSAGE:
	case CS_EFORMAT:
	case CS_EIO:
		return cls;
	default:
		return CS_EBUG;
	}
}

int
cs_lib_report(countersign_error *error, const cs_err *e)
{
	int cls = class_of(e->cls);

	if (error == NULL)
		return cls;
	error->cls = cls;
	error->reason = e->detail;
	cs_buf_reset(error->text);
	if (cs_text_escape(error->text, cs_span_str(e->text), true) != CS_OK)
		cs_buf_reset(error->text);
	return cls;
}

int
cs_lib_usage(countersign_error *error, const char *text)
{
	cs_err e = {0};

	(void)cs_fail(&e, CS_EUSAGE, "lib", "%s", text);
	return cs_lib_report(error, &e);
}

cs_buf *
cs_lib_escape(cs_span text)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(text.n) + 1);

	if (b != NULL && cs_text_escape(b, text, true) != CS_OK)
		cs_buf_free(&b);
	return b;
}

countersign_bytes
cs_lib_bytes(cs_span s)
{
	return (countersign_bytes){s.p, s.n};
}

cs_span
cs_lib_span(countersign_bytes b)
{
	return (cs_span){b.ptr, b.ptr == NULL ? 0 : b.len};
}

int
cs_lib_give(cs_span s, uint8_t **out, size_t *len, cs_err *e)
{
	uint8_t *p = malloc(s.n == 0 ? 1 : s.n);

	if (p == NULL)
		return cs_nomem(e, "lib");
	if (s.n != 0)
		memcpy(p, s.p, s.n);
	*out = p;
	*len = s.n;
	return CS_OK;
}
