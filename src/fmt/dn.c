/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/dn.h"

#include "base/text.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "dn", __VA_ARGS__)

#define TAG_NUMERIC 0x12
#define TAG_PRINTABLE 0x13

static bool
is_ascii(cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] > 0x7f)
			return false;
	return true;
}

static int
check_value(unsigned tag, cs_span value, cs_err *e)
{
	switch (tag) {
	case CS_DER_UTF8:
		if (!cs_utf8_valid(value))
			return BAD(e, CS_R_MALFORMED,
			    "a name's UTF8String is not UTF-8");
		return CS_OK;
	case CS_DER_IA5:
	case TAG_NUMERIC:
	case TAG_PRINTABLE:
		if (!is_ascii(value))
			return BAD(e, CS_R_MALFORMED,
			    "a name's ASCII string has other bytes");
		return CS_OK;
	default:
		return BAD(e, CS_R_UNSUPPORTED,
		    "a name has a string of type %u, which cannot be shown",
		    tag);
	}
}

/* AttributeTypeAndValue */
static int
read_attribute(cs_span *rdn, int (*each)(void *arg, cs_span type,
    cs_span value, cs_err *e), void *arg, cs_err *e)
{
	cs_span seq = {0}, whole = {0}, type = {0}, value = {0};
	unsigned tag = 0;
	int r;

	/* Walked: a name in a certificate was not, and no two forms of a type
	 * may be shown alike. */
	if ((r = cs_der_get(rdn, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_any(&seq, NULL, NULL, &whole, e)) != CS_OK ||
	    (r = cs_der_walk(whole, 0, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_OID, &type, e)) != CS_OK ||
	    (r = cs_der_any(&seq, &tag, &value, NULL, e)) != CS_OK ||
	    (r = cs_der_end(seq, "a name's attribute", e)) != CS_OK ||
	    (r = check_value(tag, value, e)) != CS_OK)
		return r;
	return each(arg, type, value, e);
}

int
cs_dn_each(cs_span name, int (*each)(void *arg, cs_span type, cs_span value,
    cs_err *e), void *arg, cs_err *e)
{
	cs_span seq = {0}, rdn = {0};
	int r;

	if ((r = cs_der_get(&name, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_end(name, "a name", e)) != CS_OK)
		return r;
	while (r == CS_OK && seq.n != 0) {
		r = cs_der_get(&seq, CS_DER_SET, &rdn, e);
		while (r == CS_OK && rdn.n != 0)
			r = read_attribute(&rdn, each, arg, e);
	}
	return r;
}

int
cs_dn_type(cs_span type, cs_buf *out, cs_err *e)
{
	const char *name = cs_oid_name(type);

	if (name != NULL)
		return cs_buf_put_str(out, name) == CS_OK ? CS_OK :
		    cs_nomem(e, "dn");
	if (cs_oid_text(out, type) != CS_OK)
		return BAD(e, CS_R_UNSUPPORTED,
		    "a name has a type that cannot be shown");
	return CS_OK;
}

/* The types of RFC 5280 appendix A.1 that a Name may hold, and the BIT STRING
 * of x500UniqueIdentifier. */
static bool
is_name_value(unsigned tag)
{
	switch (tag) {
	case CS_DER_BITSTRING:
	case CS_DER_UTF8:
	case CS_DER_NUMERIC:
	case CS_DER_PRINTABLE:
	case CS_DER_TELETEX:
	case CS_DER_IA5:
	case CS_DER_UNIVERSAL:
	case CS_DER_BMP:
		return true;
	default:
		return false;
	}
}

/* AttributeTypeAndValue */
static int
check_part(cs_span *set, cs_err *e)
{
	cs_span in = {0};
	unsigned tag = 0;
	int r;

	if ((r = cs_der_get(set, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, NULL, e)) != CS_OK ||
	    (r = cs_der_any(&in, &tag, NULL, NULL, e)) != CS_OK ||
	    (r = cs_der_end(in, "a part of the name", e)) != CS_OK)
		return r;
	if (!is_name_value(tag))
		return BAD(e, CS_R_MALFORMED, "no value of a name: tag 0x%02x",
		    tag);
	return CS_OK;
}

int
cs_dn_check(cs_span name, const char *what, cs_err *e)
{
	cs_span in = {0}, set = {0};
	int r;

	if ((r = cs_der_get(&name, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_end(name, "a name", e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	while (in.n != 0) {
		if ((r = cs_der_get(&in, CS_DER_SET, &set, e)) != CS_OK)
			return cs_wrap(e, "%s", what);
		do {
			if ((r = check_part(&set, e)) != CS_OK)
				return cs_wrap(e, "%s", what);
		} while (set.n != 0);
	}
	return CS_OK;
}
