/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_DN_H
#define CS_FMT_DN_H

#include "base/buf.h"

/* Distinguished names (RFC 5280 4.1.2.4), to be shown: nothing here decides
 * by a subject. */

/* Is one whole element, walked before, a Name? CS_R_MALFORMED; `what` names it
 * in the text. */
CS_USE int cs_dn_check(cs_span name, const char *what, cs_err *e);

/* Calls `each` for every attribute of a Name, in its order; stops at the first
 * that does not return CS_OK and returns that. `type`: content octets of the
 * OBJECT IDENTIFIER; `value`: UTF-8. Types of string that cannot be taken as
 * UTF-8 (T61String, BMPString, UniversalString) are CS_R_UNSUPPORTED, text
 * that breaks its type's rules CS_R_MALFORMED. */
CS_USE int cs_dn_each(cs_span name, int (*each)(void *arg, cs_span type,
    cs_span value, cs_err *e), void *arg, cs_err *e);
/* "CN", "O" ... or the dotted form. Appends. */
CS_USE int cs_dn_type(cs_span type, cs_buf *out, cs_err *e);

#endif
