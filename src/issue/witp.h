/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_WITP_H
#define CS_ISSUE_WITP_H

#include "issue/wit.h"

/* Between the reader and the writer of a token. */

#define CS_WIT_TYPE "wit+jwt"
#define CS_WIT_ALG "ES256"
#define CS_WIT_KID_LEN 43
#define CS_WIT_JTI_LEN 16
#define CS_WIT_HASH_LEN 32

/* What a bit of assurance is called (RFC 8176). */
struct cs_wit_amr {
	const char *name;
	enum cs_bound bound;
};
#define CS_WIT_AMRS 3
extern const struct cs_wit_amr cs_wit_amrs[CS_WIT_AMRS];

/* The name of the owners' claim, in the sub's trust domain; a C string. */
CS_USE int cs_wit_claim(cs_span sub, cs_buf **out, cs_err *e);
/* kid, sub, times, jti. CS_R_MALFORMED, CS_R_BAD_IDENTIFIER. */
CS_USE int cs_wit_check(const cs_wit *w, cs_err *e);

#endif
