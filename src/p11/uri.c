/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/uri.h"

#include <limits.h>
#include <string.h>

#define WHERE "p11 uri"

/* RFC 7512 section 2.3; a value cannot be longer than what it is compared
 * with (the field widths of CK_TOKEN_INFO, CK_SLOT_INFO, CK_INFO). */
static const struct attr_row {
	const char *name;
	bool query;
	size_t max;
	bool literal; /* its grammar has no percent-encoding */
} rows[CS_P11_A_END] = {
	[CS_P11_A_TOKEN] = {"token", false, 32, false},
	[CS_P11_A_MANUFACTURER] = {"manufacturer", false, 32, false},
	[CS_P11_A_SERIAL] = {"serial", false, 16, false},
	[CS_P11_A_MODEL] = {"model", false, 16, false},
	[CS_P11_A_LIBRARY_MANUFACTURER] = {"library-manufacturer", false, 32, false},
	[CS_P11_A_LIBRARY_DESCRIPTION] = {"library-description", false, 32, false},
	[CS_P11_A_LIBRARY_VERSION] = {"library-version", false, 7, true},
	[CS_P11_A_SLOT_MANUFACTURER] = {"slot-manufacturer", false, 32, false},
	[CS_P11_A_SLOT_DESCRIPTION] = {"slot-description", false, 64, false},
	[CS_P11_A_SLOT_ID] = {"slot-id", false, 20, true},
	[CS_P11_A_OBJECT] = {"object", false, CS_P11_LABEL_MAX, false},
	[CS_P11_A_ID] = {"id", false, CS_P11_ID_MAX, false},
	[CS_P11_A_TYPE] = {"type", false, 16, true},
	[CS_P11_A_MODULE_PATH] = {"module-path", true, 1024, false},
	[CS_P11_A_MODULE_NAME] = {"module-name", true, 64, false},
	[CS_P11_A_PIN_SOURCE] = {"pin-source", true, 1024, false},
};

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* strchr() that does not find the NUL. */
static bool
is_in(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

/* pk11-pchar and pk11-qchar without the percent sign. */
static bool
is_value_char(uint8_t c, bool query)
{
	if (is_alnum(c) || is_in(c, "-._~:[]@!$'()*+,="))
		return true;
	return query ? is_in(c, "/?|") : c == '&';
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The decoded byte at *at, which moves behind it; -1 when malformed. */
static int
decode_byte(cs_span in, bool query, size_t *at)
{
	uint8_t c = in.p[*at];
	int hi, lo;

	if (c != '%') {
		(*at)++;
		return is_value_char(c, query) ? c : -1;
	}
	if (in.n - *at < 3)
		return -1;
	hi = hex_value(in.p[*at + 1]);
	lo = hex_value(in.p[*at + 2]);
	*at += 3;
	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

static int
bad_value(enum cs_p11_uri_attr a, const char *why, cs_err *e)
{
	return cs_fail(e, CS_EUSAGE, WHERE, "PKCS#11 URI: %s= %s", rows[a].name,
	    why);
}

static int
decode(enum cs_p11_uri_attr a, cs_span in, cs_buf **out, cs_err *e)
{
	size_t at = 0;
	int c;

	if (in.n == 0)
		return bad_value(a, "is empty", e);
	if ((*out = cs_buf_new(rows[a].max)) == NULL)
		return cs_nomem(e, WHERE);
	while (at < in.n) {
		if ((c = decode_byte(in, rows[a].query, &at)) < 0)
			return bad_value(a,
			    "holds a character that a URI writes as %XX", e);
		if (c == 0 && a != CS_P11_A_ID)
			return bad_value(a, "holds a NUL", e);
		if (cs_buf_put_byte(*out, (uint8_t)c) != CS_OK)
			return bad_value(a, "is too long", e);
	}
	return CS_OK;
}

/* A decimal number without sign; the whole span. */
static bool
number(cs_span in, unsigned long max, unsigned long *out)
{
	unsigned long v = 0;
	size_t i;

	if (in.n == 0)
		return false;
	for (i = 0; i < in.n; i++) {
		unsigned d = (unsigned)in.p[i] - '0';

		if (d > 9 || v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

/* "MAJOR" or "MAJOR.MINOR", each one byte as in CK_VERSION. */
static bool
version(cs_span in, unsigned *major, unsigned *minor)
{
	const uint8_t *dot = memchr(in.p, '.', in.n);
	size_t n = dot == NULL ? in.n : (size_t)(dot - in.p);
	unsigned long a, b = 0;

	if (!number(cs_span_of(in.p, n), 255, &a))
		return false;
	if (dot != NULL && !number(cs_span_of(dot + 1, in.n - n - 1), 255, &b))
		return false;
	*major = (unsigned)a;
	*minor = (unsigned)b;
	return true;
}

static int
check_pin_source(cs_span v, cs_err *e)
{
	if (v.p[0] == '|')
		return bad_value(CS_P11_A_PIN_SOURCE,
		    "names a command, which is never run: name a file", e);
	return CS_OK;
}

/* What a decoded value must be beyond its characters. */
static int
check_value(enum cs_p11_uri_attr a, cs_p11_uri *u, cs_err *e)
{
	cs_span v = cs_buf_span(u->attr[a]);

	if (a == CS_P11_A_TYPE && !cs_span_is(v, "private"))
		return bad_value(a, "must be private, or left out", e);
	if (a == CS_P11_A_SLOT_ID && !number(v, ULONG_MAX, &u->slot_id))
		return bad_value(a, "is not a number", e);
	if (a == CS_P11_A_LIBRARY_VERSION &&
	    !version(v, &u->version_major, &u->version_minor))
		return bad_value(a, "is not MAJOR.MINOR", e);
	if (a == CS_P11_A_MODULE_PATH && v.p[0] != '/')
		return bad_value(a, "must be an absolute path", e);
	if (a == CS_P11_A_PIN_SOURCE)
		return check_pin_source(v, e);
	return CS_OK;
}

static int
unknown(cs_span name, bool query, cs_err *e)
{
	int n = name.n > 40 ? 40 : (int)name.n;

	if (cs_span_is(name, "pin-value"))
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "PKCS#11 URI: pin-value= is refused, a PIN in a URI ends in "
		    "process lists and logs; name a file with pin-source=, or "
		    "leave it out to be asked");
	return cs_fail(e, CS_EUSAGE, WHERE,
	    "PKCS#11 URI: unknown %s attribute \"%.*s\"",
	    query ? "query" : "path", n, (const char *)name.p);
}

/* One "name=value" */
static int
parse_attr(cs_span in, bool query, cs_p11_uri *u, cs_err *e)
{
	const uint8_t *eq = in.n == 0 ? NULL : memchr(in.p, '=', in.n);
	size_t n = eq == NULL ? in.n : (size_t)(eq - in.p);
	cs_span name = cs_span_of(in.p, n), value = {0};
	int a, r;

	for (a = 0; a < CS_P11_A_END; a++)
		if (rows[a].query == query && cs_span_is(name, rows[a].name))
			break;
	if (a == CS_P11_A_END)
		return unknown(name, query, e);
	if (eq == NULL)
		return bad_value(a, "has no value", e);
	if (u->attr[a] != NULL)
		return bad_value(a, "is given twice", e);
	value = cs_span_of(eq + 1, in.n - n - 1);
	if (rows[a].literal && memchr(value.p, '%', value.n) != NULL)
		return bad_value(a, "is written without %", e);
	r = decode(a, value, &u->attr[a], e);
	return r == CS_OK ? check_value(a, u, e) : r;
}

static int
parse_list(cs_span in, char sep, bool query, cs_p11_uri *u, cs_err *e)
{
	size_t i, from = 0;
	int r;

	for (i = 0; i <= in.n; i++) {
		if (i < in.n && in.p[i] != sep)
			continue;
		r = parse_attr(cs_span_of(in.p + from, i - from), query, u, e);
		if (r != CS_OK)
			return r;
		from = i + 1;
	}
	return CS_OK;
}

static int
check_text(cs_span in, cs_err *e)
{
	size_t i;

	if (!cs_span_is(cs_span_cut(in, 0, 7), "pkcs11:"))
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "a PKCS#11 URI begins with \"pkcs11:\"");
	if (in.n > CS_P11_URI_MAX)
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "PKCS#11 URI of %zu bytes, the limit is %d", in.n,
		    CS_P11_URI_MAX);
	for (i = 0; i < in.n; i++)
		if (in.p[i] <= ' ' || in.p[i] >= 0x7f)
			return cs_fail(e, CS_EUSAGE, WHERE,
			    "PKCS#11 URI: byte %zu is 0x%02x, a URI writes "
			    "that as %%%02X", i + 1, in.p[i], in.p[i]);
	return CS_OK;
}

int
cs_p11_uri_parse(const char *s, cs_p11_uri *out, cs_err *e)
{
	cs_span in = cs_span_str(s), path, query = {NULL, 0};
	const uint8_t *mark;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = check_text(in, e)) != CS_OK)
		return r;
	path = cs_span_cut(in, 7, in.n - 7);
	if ((mark = memchr(path.p, '?', path.n)) != NULL) {
		size_t n = (size_t)(mark - path.p);

		query = cs_span_of(mark + 1, path.n - n - 1);
		path.n = n;
	}
	if (path.n > 0 && (r = parse_list(path, ';', false, out, e)) != CS_OK)
		return r;
	if (query.p != NULL &&
	    (r = parse_list(query, '&', true, out, e)) != CS_OK)
		return r;
	if ((out->text = cs_buf_dup(in)) == NULL)
		return cs_nomem(e, WHERE);
	return CS_OK;
}

void
cs_p11_uri_clear(cs_p11_uri *u)
{
	size_t i;

	cs_buf_free(&u->text);
	for (i = 0; i < CS_P11_A_END; i++)
		cs_buf_free(&u->attr[i]);
}

cs_span
cs_p11_uri_get(const cs_p11_uri *u, enum cs_p11_uri_attr a)
{
	return cs_buf_span(u->attr[a]);
}

bool
cs_p11_uri_takes(const cs_p11_uri *u, enum cs_p11_uri_attr a, cs_span v)
{
	return u->attr[a] == NULL || cs_span_eq(cs_buf_span(u->attr[a]), v);
}

int
cs_p11_uri_put(cs_buf *out, const char *sep, enum cs_p11_uri_attr a, cs_span v)
{
	size_t i;
	int r;

	if (v.n == 0)
		return CS_OK;
	r = cs_buf_printf(out, "%s%s=", sep, rows[a].name);
	for (i = 0; i < v.n && r == CS_OK; i++) {
		bool plain = is_alnum(v.p[i]) || is_in(v.p[i], "-._~") ||
		    (rows[a].query && v.p[i] == '/');

		if (plain && a != CS_P11_A_ID)
			r = cs_buf_put_byte(out, v.p[i]);
		else
			r = cs_buf_printf(out, "%%%02X", v.p[i]);
	}
	return r;
}
