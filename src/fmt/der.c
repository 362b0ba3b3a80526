/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/der.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_NOT_DER, "der", __VA_ARGS__)

#define YEAR_2000 INT64_C(946684800)
#define YEAR_2050 INT64_C(2524608000)

/* X.690 8.1.3 and 10.1: definite, and in the fewest octets. */
static int
read_length(cs_span *in, size_t *out, cs_err *e)
{
	size_t n, i, v = 0;

	if (in->n == 0)
		return BAD(e, "length missing at the end");
	n = *in->p++;
	in->n--;
	if (n < 0x80) {
		*out = n;
		return CS_OK;
	}
	n &= 0x7f;
	if (n == 0)
		return BAD(e, "indefinite length");
	if (n > 4 || n > in->n)
		return BAD(e, "length of %zu octets, %zu at hand", n, in->n);
	for (i = 0; i < n; i++)
		v = v << 8 | in->p[i];
	if (v < 0x80 || in->p[0] == 0)
		return BAD(e, "length %zu not in the fewest octets", v);
	in->p += n;
	in->n -= n;
	*out = v;
	return CS_OK;
}

int
cs_der_any(cs_span *in, unsigned *tag, cs_span *body, cs_span *whole,
    cs_err *e)
{
	cs_span c = *in;
	size_t n = 0;
	unsigned t;
	int r;

	if (c.n == 0)
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "expected an element, found the end");
	t = *c.p++;
	c.n--;
	if ((t & 0x1f) == 0x1f)
		return BAD(e, "tag number above 30");
	if ((r = read_length(&c, &n, e)) != CS_OK)
		return r;
	if (n > c.n)
		return BAD(e, "element of %zu octets, %zu at hand", n, c.n);
	if (tag != NULL)
		*tag = t;
	if (body != NULL)
		*body = (cs_span){c.p, n};
	if (whole != NULL)
		*whole = (cs_span){in->p, (size_t)(c.p - in->p) + n};
	in->p = c.p + n;
	in->n = c.n - n;
	return CS_OK;
}

static int
expect(cs_span *in, unsigned want, cs_span *body, cs_span *whole, cs_err *e)
{
	cs_span c = *in;
	unsigned tag = 0;
	int r;

	if ((r = cs_der_any(&c, &tag, body, whole, e)) != CS_OK)
		return r;
	if (tag != want)
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "expected tag 0x%02x, found 0x%02x", want, tag);
	*in = c;
	return CS_OK;
}

int
cs_der_get(cs_span *in, unsigned tag, cs_span *body, cs_err *e)
{
	return expect(in, tag, body, NULL, e);
}

int
cs_der_sized(cs_span *in, unsigned tag, size_t min, size_t max, cs_span *body,
    const char *what, cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, tag, body, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	if (body->n >= min && body->n <= max)
		return CS_OK;
	return min == max ? CS_BAD(e, CS_R_MALFORMED, "der",
	    "%s: expected %zu octets, found %zu", what, min, body->n) :
	    CS_BAD(e, CS_R_MALFORMED, "der",
	    "%s: expected %zu to %zu octets, found %zu", what, min, max,
	    body->n);
}

int
cs_der_whole(cs_span *in, unsigned tag, cs_span *whole, cs_err *e)
{
	return expect(in, tag, NULL, whole, e);
}

bool
cs_der_peek(cs_span in, unsigned tag)
{
	return in.n != 0 && in.p[0] == tag;
}

int
cs_der_opt(cs_span *in, unsigned tag, cs_span *body, cs_err *e)
{
	*body = (cs_span){NULL, 0};
	if (!cs_der_peek(*in, tag))
		return CS_OK;
	return cs_der_get(in, tag, body, e);
}

int
cs_der_end(cs_span in, const char *what, cs_err *e)
{
	if (in.n == 0)
		return CS_OK;
	return CS_BAD(e, CS_R_MALFORMED, "der", "%zu octets behind %s", in.n,
	    what);
}

int
cs_der_uint(cs_span *in, unsigned tag, int64_t min, int64_t max, int64_t *out,
    cs_err *e)
{
	cs_span b = {0};
	int64_t v = 0;
	size_t i;
	int r;

	if ((r = cs_der_get(in, tag, &b, e)) != CS_OK)
		return r;
	if (b.n == 0 || b.n > 8 || (b.p[0] & 0x80) != 0)
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "INTEGER outside %lld..%lld", (long long)min,
		    (long long)max);
	if (b.n > 1 && b.p[0] == 0 && (b.p[1] & 0x80) == 0)
		return BAD(e, "INTEGER not in the fewest octets");
	for (i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	if (v < min || v > max)
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "INTEGER %lld outside %lld..%lld", (long long)v,
		    (long long)min, (long long)max);
	*out = v;
	return CS_OK;
}

int
cs_der_gentime(cs_span *in, int64_t *out, cs_err *e)
{
	cs_span b = {0};
	int64_t t = 0;
	int r;

	if ((r = cs_der_get(in, CS_DER_GENTIME, &b, e)) != CS_OK)
		return r;
	if (!cs_gentime_get(b, &t) || t < YEAR_2000)
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "GeneralizedTime is not YYYYMMDDHHMMSSZ, 2000 to 9999");
	*out = t;
	return CS_OK;
}

int
cs_der_time(cs_span *in, int64_t *out, cs_err *e)
{
	cs_span body = {0};
	unsigned tag = 0;
	int64_t t = 0;
	int r;

	if ((r = cs_der_any(in, &tag, &body, NULL, e)) != CS_OK)
		return r;
	if (!(tag == CS_DER_UTCTIME && cs_utctime_get(body, &t)) &&
	    !(tag == CS_DER_GENTIME && cs_gentime_get(body, &t) &&
	    t >= YEAR_2050))
		return CS_BAD(e, CS_R_MALFORMED, "der",
		    "no time of a certificate");
	*out = t;
	return CS_OK;
}

/* X.690 11.6: ascending, the shorter padded with zeros for the comparison. */
static bool
is_ascending(cs_span a, cs_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = memcmp(a.p, b.p, n);

	return d < 0 || (d == 0 && a.n <= b.n);
}

int
cs_der_sorted(cs_span body, cs_err *e)
{
	cs_span prev = {0}, cur = {0};
	int r;

	while (body.n != 0) {
		if ((r = cs_der_any(&body, NULL, NULL, &cur, e)) != CS_OK)
			return r;
		if (prev.p != NULL && !is_ascending(prev, cur))
			return BAD(e, "SET OF not in ascending order");
		prev = cur;
	}
	return CS_OK;
}

static int
walk_integer(cs_span b, cs_err *e)
{
	if (b.n == 0)
		return BAD(e, "empty INTEGER");
	if (b.n > 1 && ((b.p[0] == 0x00 && (b.p[1] & 0x80) == 0) ||
	    (b.p[0] == 0xff && (b.p[1] & 0x80) != 0)))
		return BAD(e, "INTEGER not in the fewest octets");
	return CS_OK;
}

static int
walk_boolean(cs_span b, cs_err *e)
{
	if (b.n != 1 || (b.p[0] != 0x00 && b.p[0] != 0xff))
		return BAD(e, "BOOLEAN is neither 00 nor FF");
	return CS_OK;
}

/* X.690 11.2.1: unused bits are zero. */
static int
walk_bits(cs_span b, cs_err *e)
{
	unsigned unused;

	if (b.n == 0 || (unused = b.p[0]) > 7 || (b.n == 1 && unused != 0))
		return BAD(e, "BIT STRING has a bad count of unused bits");
	if ((b.p[b.n - 1] & ((1u << unused) - 1)) != 0 && b.n > 1)
		return BAD(e, "BIT STRING has unused bits that are set");
	return CS_OK;
}

static int
walk_null(cs_span b, cs_err *e)
{
	return b.n == 0 ? CS_OK : BAD(e, "NULL with content");
}

/* X.690 8.19.2: no sub-identifier starts with 0x80, the last one ends. */
static int
walk_oid(cs_span b, cs_err *e)
{
	bool first = true;
	size_t i;

	if (b.n == 0 || (b.p[b.n - 1] & 0x80) != 0)
		return BAD(e, "OBJECT IDENTIFIER empty or cut off");
	for (i = 0; i < b.n; i++) {
		if (first && b.p[i] == 0x80)
			return BAD(e,
			    "OBJECT IDENTIFIER not in the fewest octets");
		first = (b.p[i] & 0x80) == 0;
	}
	return CS_OK;
}

/* X.690 11.7, 11.8: seconds and Z; no fractions in what we read. */
static int
walk_time(cs_span b, size_t digits, cs_err *e)
{
	size_t i;

	if (b.n != digits + 1 || b.p[digits] != 'Z')
		return BAD(e, "time without seconds or Z, or with a fraction");
	for (i = 0; i < digits; i++)
		if (b.p[i] < '0' || b.p[i] > '9')
			return BAD(e, "time with something else than digits");
	return CS_OK;
}

static int
walk_utf8(cs_span b, cs_err *e)
{
	return cs_utf8_valid(b) ? CS_OK :
	    BAD(e, "UTF8String that is not UTF-8");
}

/* X.690 8.23.8 and 8.23.9: BMPString of two octets a character,
 * UniversalString of four; no surrogates, nothing beyond Unicode. */
static int
walk_wide(cs_span b, size_t width, cs_err *e)
{
	uint32_t cp = 0;
	size_t i;

	if (b.n % width != 0)
		return BAD(e, "string of %zu octets, %zu a character", b.n,
		    width);
	for (i = 0; i < b.n; i++) {
		cp = i % width == 0 ? b.p[i] : cp << 8 | b.p[i];
		if (i % width == width - 1 && (cp > 0x10ffff ||
		    (cp >= 0xd800 && cp <= 0xdfff)))
			return BAD(e, "string with 0x%x, which is no character",
			    (unsigned int)cp);
	}
	return CS_OK;
}

static int
walk_primitive(unsigned tag, cs_span b, cs_err *e)
{
	switch (tag) {
	case CS_DER_BOOLEAN:
		return walk_boolean(b, e);
	case CS_DER_INTEGER:
	case CS_DER_ENUM:
		return walk_integer(b, e);
	case CS_DER_BITSTRING:
		return walk_bits(b, e);
	case CS_DER_NULL:
		return walk_null(b, e);
	case CS_DER_OID:
	case CS_DER_RELOID: /* 8.20.2 has the rule of 8.19.2 */
		return walk_oid(b, e);
	case CS_DER_UTF8:
		return walk_utf8(b, e);
	case CS_DER_UNIVERSAL:
		return walk_wide(b, 4, e);
	case CS_DER_BMP:
		return walk_wide(b, 2, e);
	case CS_DER_UTCTIME:
		return walk_time(b, 12, e);
	case CS_DER_GENTIME:
		return walk_time(b, 14, e);
	default:
		return CS_OK; /* opaque octets, strings of one octet a
			       * character */
	}
}

/* The universal primitive types of X.680 that certificates and CMS know: no
 * REAL, EXTERNAL, EMBEDDED PDV, no reserved number. */
static bool
is_known_universal(unsigned tag)
{
	static const uint32_t known = 1u << 0x01 | 1u << 0x02 | 1u << 0x03 |
	    1u << 0x04 | 1u << 0x05 | 1u << 0x06 | 1u << 0x0a | 1u << 0x0c |
	    1u << 0x0d | 1u << 0x12 | 1u << 0x13 | 1u << 0x14 | 1u << 0x15 |
	    1u << 0x16 | 1u << 0x17 | 1u << 0x18 | 1u << 0x19 | 1u << 0x1a |
	    1u << 0x1b | 1u << 0x1c | 1u << 0x1e;

	return tag < 0x20 && (known >> tag & 1) != 0;
}

static int
walk_element(unsigned tag, cs_span body, cs_err *e)
{
	bool universal = (tag & 0xc0) == 0;

	if ((tag & 0x20) != 0) {
		if (universal && tag != CS_DER_SEQ && tag != CS_DER_SET)
			return BAD(e, "constructed form of tag 0x%02x", tag);
		return tag == CS_DER_SET ? cs_der_sorted(body, e) : CS_OK;
	}
	if (!universal)
		return CS_OK;
	if (!is_known_universal(tag))
		return BAD(e, "universal tag 0x%02x", tag);
	return walk_primitive(tag, body, e);
}

int
cs_der_walk(cs_span in, unsigned depth, cs_err *e)
{
	cs_span rest[CS_DER_DEPTH + 1] = {{0}};
	unsigned level = depth, tag = 0;
	cs_span body = {0};
	int r;

	if (in.n == 0 || depth >= CS_DER_DEPTH)
		return BAD(e, "empty, or nested deeper than %d", CS_DER_DEPTH);
	rest[level] = in;
	for (;;) {
		if ((r = cs_der_any(&rest[level], &tag, &body, NULL, e)) !=
		    CS_OK || (r = walk_element(tag, body, e)) != CS_OK)
			return r;
		if (level == depth && rest[level].n != 0)
			return BAD(e, "%zu octets behind the element",
			    rest[level].n);
		if ((tag & 0x20) != 0 && body.n != 0) {
			if (++level >= CS_DER_DEPTH)
				return BAD(e, "nested deeper than %d",
				    CS_DER_DEPTH);
			rest[level] = body;
		}
		while (rest[level].n == 0) {
			if (level == depth)
				return CS_OK;
			level--;
		}
	}
}
