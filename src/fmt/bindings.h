/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_BINDINGS_H
#define CS_FMT_BINDINGS_H

#include "fmt/approval.h"
#include "fmt/spki.h"

/* OwnerBindings, the extension of a credential that says who approved it:
 * countersign-formats(5), section 7. */

#define CS_BINDINGS_MAX 16
#define CS_BOUND_TBS_MAX (4 * 1024) /* of an approval that is there in full */

enum cs_bound { /* bit n of assurance as 1 << n */
	CS_BOUND_HARDWARE = 1 << 0, /* proven */
	CS_BOUND_ASSERTED = 1 << 1, /* the operator's word */
	CS_BOUND_PRESENT = 1 << 2,
	CS_BOUND_VERIFIED = 1 << 3
};

/* The next element as a set of these, of bytes that were walked. */
CS_USE int cs_bound_get(cs_span *in, unsigned *out, cs_err *e);
void cs_bound_put(cs_buf *out, unsigned assurance);

typedef struct cs_binding { /* borrows from the parsed bytes */
	cs_span owner;
	cs_spki key;          /* ownerKey */
	unsigned assurance;   /* of enum cs_bound */
	cs_span approval_id;  /* 16 bytes */
	cs_span full;         /* content of OwnerApproval; or absent, and */
	cs_span digest;       /* SHA-256 of the TBS, 32 bytes */
} cs_binding;

typedef struct cs_bindings { /* immutable; spans borrow from der */
	cs_buf *own;
	cs_span der;
	size_t n;             /* 1..CS_BINDINGS_MAX, the principal owner first */
	cs_binding at[CS_BINDINGS_MAX];
} cs_bindings;

/* Copies and parses. `depth`: nesting of `in` within its message. An approval
 * in full is walked and cut, not parsed. CS_R_MALFORMED, CS_R_NOT_DER,
 * CS_R_TOO_LARGE, CS_R_BAD_IDENTIFIER, CS_R_UNSUPPORTED (version, key). */
CS_USE int cs_bindings_parse(cs_span in, unsigned depth, cs_bindings **out,
    cs_err *e);
void cs_bindings_free(cs_bindings **b);
/* Parses the approval that is there in full; *out is NULL and the call CS_OK
 * when only its digest is. `depth` as above. CS_R_MALFORMED also when it has
 * more than one subject or more than CS_BOUND_TBS_MAX octets. */
CS_USE int cs_binding_approval(const cs_binding *b, unsigned depth,
    cs_approval **out, cs_err *e);
/* Appends OwnerBindings. What it writes parses. */
CS_USE int cs_bindings_put(const cs_binding *b, size_t n, cs_buf *out,
    cs_err *e);

#endif
