/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_OWNERSAN_H
#define CS_FMT_OWNERSAN_H

#include "base/buf.h"

/* owner-san= of an x509-ca line (countersign-owners(5)): which owners a CA may
 * name. "email:*@DOMAIN" or "uri:PREFIX", a URI that stands for itself and what
 * is below it by whole segments. */

#define CS_OWNER_SAN_EMAIL "email:*@"
#define CS_OWNER_SAN_URI "uri:"

/* CS_R_MALFORMED or CS_R_BAD_IDENTIFIER. */
CS_USE int cs_owner_san_check(cs_span pattern, cs_err *e);
/* Of a pattern that was checked: does it ask for an email address? */
bool cs_owner_san_is_email(cs_span pattern);
bool cs_owner_san_match(cs_span pattern, cs_span owner);

#endif
