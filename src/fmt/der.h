/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_DER_H
#define CS_FMT_DER_H

#include "base/buf.h"

/*
 * DER (X.690), read by hand because it stands on the attack side. First
 * cs_der_walk() holds the whole message to the rules that need no schema; then
 * readers take it apart element by element, always bounded by the bytes at
 * hand, and end with cs_der_end().
 */

#define CS_DER_DEPTH 32

enum cs_der_tag {
	CS_DER_BOOLEAN = 0x01,
	CS_DER_INTEGER = 0x02,
	CS_DER_BITSTRING = 0x03,
	CS_DER_OCTETS = 0x04,
	CS_DER_NULL = 0x05,
	CS_DER_OID = 0x06,
	CS_DER_ENUM = 0x0a,
	CS_DER_UTF8 = 0x0c,
	CS_DER_RELOID = 0x0d,
	CS_DER_NUMERIC = 0x12,
	CS_DER_PRINTABLE = 0x13,
	CS_DER_TELETEX = 0x14,
	CS_DER_IA5 = 0x16,
	CS_DER_UTCTIME = 0x17,
	CS_DER_GENTIME = 0x18,
	CS_DER_UNIVERSAL = 0x1c,
	CS_DER_BMP = 0x1e,
	CS_DER_SEQ = 0x30,
	CS_DER_SET = 0x31
};
#define CS_DER_CTX(n) (0x80 | (n))  /* context-specific, primitive */
#define CS_DER_CTXC(n) (0xa0 | (n)) /* context-specific, constructed */

/* Walks exactly one element that fills `in`, nested at `depth` levels already.
 * Minimal definite lengths, low tag numbers, BOOLEAN 00/FF, minimal INTEGER,
 * ENUMERATED and OBJECT IDENTIFIER, zero padding bits, empty NULL, UTCTime and
 * GeneralizedTime with seconds and Z, whole characters in UTF8String, BMPString
 * and UniversalString, universal SETs sorted, depth at most CS_DER_DEPTH over
 * everything embedded. OCTET STRINGs and primitive context-specific values are
 * opaque. Refusals are CS_R_NOT_DER. */
CS_USE int cs_der_walk(cs_span in, unsigned depth, cs_err *e);

/* Any next element: its tag, content, and the whole with tag and length. Each
 * out may be NULL. Advances *in. */
CS_USE int cs_der_any(cs_span *in, unsigned *tag, cs_span *body,
    cs_span *whole, cs_err *e);
/* The next element, which must have this tag. CS_R_MALFORMED otherwise. */
CS_USE int cs_der_get(cs_span *in, unsigned tag, cs_span *body, cs_err *e);
/* The same, of `min` to `max` octets; `what` begins the text of a refusal. */
CS_USE int cs_der_sized(cs_span *in, unsigned tag, size_t min, size_t max,
    cs_span *body, const char *what, cs_err *e);
/* The same, whole element. */
CS_USE int cs_der_whole(cs_span *in, unsigned tag, cs_span *whole, cs_err *e);
/* The next element when it has this tag, else *body is absent. */
CS_USE int cs_der_opt(cs_span *in, unsigned tag, cs_span *body, cs_err *e);
/* Cursor at end, or CS_R_MALFORMED "bytes behind ...". */
CS_USE int cs_der_end(cs_span in, const char *what, cs_err *e);
/* Is the next element's tag this one? False at the end. */
bool cs_der_peek(cs_span in, unsigned tag);

/* INTEGER (or ENUMERATED) in min..max, 0 <= min. */
CS_USE int cs_der_uint(cs_span *in, unsigned tag, int64_t min, int64_t max,
    int64_t *out, cs_err *e);
/* A GeneralizedTime of formats section 4. */
CS_USE int cs_der_gentime(cs_span *in, int64_t *out, cs_err *e);
/* A Time of RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
 * CS_R_MALFORMED. */
CS_USE int cs_der_time(cs_span *in, int64_t *out, cs_err *e);
/* Elements of an implicitly tagged SET OF: sorted as DER wants? */
CS_USE int cs_der_sorted(cs_span body, cs_err *e);

/*
 * Writer: cs_der_begin() puts the tag, cs_der_close() goes back and inserts the
 * length. Failures stick to the buf (cs_buf_failed), so a chain is checked once
 * at its end, with cs_der_done().
 */
size_t cs_der_begin(cs_buf *b, unsigned tag); /* a mark for cs_der_close */
void cs_der_close(cs_buf *b, size_t mark);
void cs_der_put(cs_buf *b, unsigned tag, cs_span body);
void cs_der_put_raw(cs_buf *b, cs_span whole); /* already encoded */
void cs_der_put_uint(cs_buf *b, unsigned tag, uint64_t v);
/* A positive INTEGER from big-endian bytes, leading zeros dropped. */
void cs_der_put_bigint(cs_buf *b, cs_span big);
void cs_der_put_bits(cs_buf *b, cs_span bytes); /* BIT STRING, no unused bits */
void cs_der_put_gentime(cs_buf *b, int64_t t);
void cs_der_put_time(cs_buf *b, int64_t t); /* as cs_der_time() reads */
/* Sorts the elements in b[from..] as DER wants of a SET OF. */
void cs_der_sort(cs_buf *b, size_t from);
CS_USE int cs_der_done(const cs_buf *b, cs_err *e);

#endif
