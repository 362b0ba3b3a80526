/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_SUBJECT_H
#define CS_TOOL_SUBJECT_H

#include "tool/out.h"

/* Distinguished names for a person: a list of type and value, one a line, so
 * that no value can pass for the next attribute. */

/* A name as a field; one that cannot be shown says so instead. */
void cs_subject_put(const char *key, cs_span name, cs_out *out);
/* The same, strictly: fails where something cannot be shown. label: of its
 * lines of text; NULL for none, as everywhere in out.h. */
CS_USE int cs_subject_list(const char *key, const char *label, cs_span name,
    cs_out *out, cs_err *e);

/* CS_EREFUSED when a name cannot be shown, or takes more characters. */
#define CS_SUBJECT_SHOWN_MAX 2048
CS_USE int cs_subject_check(cs_span name, cs_err *e);

#endif
