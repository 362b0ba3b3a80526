/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_AUDITLOG_H
#define CS_TOOL_AUDITLOG_H

#include <jansson.h>

#include "store/audit.h"
#include "tool/tool.h"

/* What the verbs of the audit log share. */

/* A log may be long: when to give up reading all of it. */
int64_t cs_auditlog_deadline(void);

const char *cs_auditlog_kind(int kind);      /* "x509" */
const char *cs_auditlog_role(unsigned role); /* "own" */
const char *cs_auditlog_of(int what);        /* "owner", what is revoked */

/* A record as a log gives it: the one of this number, CS_EFORMAT for another.
 * Gives. */
CS_USE int cs_auditlog_row(int64_t sequence, cs_span der,
    cs_audit_record **out, cs_err *e);

/* Every field, within an object that the caller has opened. Approvals are
 * checked again, and one field says how that ended. */
CS_USE int cs_describe_audit(const cs_audit_record *r, cs_out *out,
    cs_err *e);

/* Every field as JSON, the whole record in "der". Gives. */
CS_USE int cs_auditlog_json(const cs_audit_record *r, json_t **out,
    cs_err *e);
/* Back: the record that "der" holds. CS_EFORMAT also when another field does
 * not say the same. Gives. */
CS_USE int cs_auditlog_read(cs_span line, cs_audit_record **out, cs_err *e);

/* Bytes of which nobody knows how many they will be. */
typedef struct cs_growing {
	cs_buf *b; /* NULL: none yet; takes and frees with cs_buf_free */
} cs_growing;
CS_USE int cs_growing_put(cs_growing *g, cs_span s, cs_err *e);
/* One JSON object and a line's end, in ASCII. */
CS_USE int cs_growing_json(cs_growing *g, const json_t *v, cs_err *e);

#endif
