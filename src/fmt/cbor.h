/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_CBOR_H
#define CS_FMT_CBOR_H

#include "base/buf.h"

/*
 * CBOR (RFC 8949) as far as FIDO2 has it, in the canonical form of CTAP 2.1
 * section 8: definite lengths, the shortest heads, keys of a map sorted and
 * different, no tags, at most CS_CBOR_DEPTH levels. Nothing is allocated;
 * every length is held against the octets at hand before it is used. Refusals
 * are CS_R_MALFORMED.
 */

#define CS_CBOR_DEPTH 4

enum cs_cbor_type {
	CS_CBOR_UINT = 0,
	CS_CBOR_NINT = 1,
	CS_CBOR_BYTES = 2,
	CS_CBOR_TEXT = 3,
	CS_CBOR_ARRAY = 4,
	CS_CBOR_MAP = 5,
	CS_CBOR_SIMPLE = 7 /* false, true, null */
};

/* Takes one whole item off *in, everything in it included; *whole may be
 * NULL. */
CS_USE int cs_cbor_any(cs_span *in, cs_span *whole, cs_err *e);
/* The next item, which must be of this type: how many items an array or map
 * has; what follows are they. */
CS_USE int cs_cbor_begin(cs_span *in, enum cs_cbor_type type, size_t *n,
    cs_err *e);
CS_USE int cs_cbor_bytes(cs_span *in, cs_span *out, cs_err *e);
CS_USE int cs_cbor_text(cs_span *in, cs_span *out, cs_err *e); /* UTF-8 */
/* A number, of either sign, within int64_t. */
CS_USE int cs_cbor_int(cs_span *in, int64_t *out, cs_err *e);
/* The next item's type without taking it; -1 at the end and for no item. */
int cs_cbor_peek(cs_span in);
/* Cursor at end, or "octets behind ...". */
CS_USE int cs_cbor_end(cs_span in, const char *what, cs_err *e);

#endif
