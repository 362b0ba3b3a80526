/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/dn.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"

/* CN=Alice, O=Corp + OU=Mail, 1.2.3.4.5=x */
static const uint8_t golden[] = {0x30, 0x39, 0x31, 0x0e, 0x30, 0x0c, 0x06,
    0x03, 0x55, 0x04, 0x03, 0x0c, 0x05, 'A', 'l', 'i', 'c', 'e', 0x31, 0x1a,
    0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x13, 0x04, 'C', 'o', 'r', 'p',
    0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x0b, 0x16, 0x04, 'M', 'a', 'i', 'l',
    0x31, 0x0b, 0x30, 0x09, 0x06, 0x04, 0x2a, 0x03, 0x04, 0x05, 0x0c, 0x01,
    'x'};

static int
collect(void *arg, cs_span type, cs_span value, cs_err *e)
{
	cs_buf *b = arg;
	int r = cs_dn_type(type, b, e);

	if (r != CS_OK)
		return r;
	return cs_buf_put_str(b, "=") == CS_OK &&
		cs_buf_put(b, value) == CS_OK &&
		cs_buf_put_str(b, ";") == CS_OK ? CS_OK : CS_EBUG;
}

static int
stop(void *arg, cs_span type, cs_span value, cs_err *e)
{
	(void)type;
	(void)value;
	++*(int *)arg;
	return cs_fail(e, CS_EREFUSED, "test", "enough");
}

static int
read_name(cs_span der, cs_buf *b, cs_err *e)
{
	cs_buf_reset(b);
	return cs_dn_each(der, collect, b, e);
}

/* An OBJECT IDENTIFIER that is none, or not in its one form. */
static void
one_type(cs_span type, const char *name)
{
	cs_buf *der = cs_buf_new(256), *b = cs_buf_new(256);
	size_t seq, set, atv;
	cs_err e = {0};

	seq = cs_der_begin(der, CS_DER_SEQ);
	set = cs_der_begin(der, CS_DER_SET);
	atv = cs_der_begin(der, CS_DER_SEQ);
	cs_der_put(der, CS_DER_OID, type);
	cs_der_put(der, CS_DER_UTF8, cs_span_str("x"));
	cs_der_close(der, atv);
	cs_der_close(der, set);
	cs_der_close(der, seq);
	ok(read_name(cs_buf_span(der), b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_NOT_DER, "%s", name);
	cs_buf_free(&der);
	cs_buf_free(&b);
}

static void
one_value(unsigned tag, cs_span value, int reason, const char *name)
{
	cs_buf *der = cs_buf_new(256), *b = cs_buf_new(256);
	const uint8_t cn[] = {0x55, 0x04, 0x03};
	size_t seq, set, atv;
	cs_err e = {0};
	int r;

	seq = cs_der_begin(der, CS_DER_SEQ);
	set = cs_der_begin(der, CS_DER_SET);
	atv = cs_der_begin(der, CS_DER_SEQ);
	cs_der_put(der, CS_DER_OID, cs_span_of(cn, sizeof(cn)));
	cs_der_put(der, tag, value);
	cs_der_close(der, atv);
	cs_der_close(der, set);
	cs_der_close(der, seq);
	r = read_name(cs_buf_span(der), b, &e);
	ok(reason == 0 ? r == CS_OK : r != CS_OK && e.detail == reason, "%s",
	    name);
	cs_buf_free(&der);
	cs_buf_free(&b);
}

static void
flips(cs_buf *b)
{
	uint8_t bad[sizeof(golden)];
	size_t i, refused = 0;

	for (i = 0; i < sizeof(golden); i++) {
		memcpy(bad, golden, sizeof(golden));
		bad[i] ^= 0x80;
		refused += read_name(cs_span_of(bad, sizeof(bad)), b, NULL) !=
		    CS_OK;
	}
	/* What a flip leaves valid: octets of OIDs. */
	ok(refused >= sizeof(golden) - 13, "every flip: %zu refused", refused);
}

int
main(void)
{
	cs_buf *b = cs_buf_new(256);
	uint8_t longer[sizeof(golden) + 1] = {0};
	size_t i, refused = 0;
	cs_err e = {0};
	int n = 0;

	ok(read_name(cs_span_of(golden, sizeof(golden)), b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "CN=Alice;O=Corp;OU=Mail;1.2.3.4.5=x;"),
	    "golden: %s", cs_buf_cstr(b));
	ok(read_name(cs_span_of("\x30\x00", 2), b, &e) == CS_OK &&
	    cs_buf_len(b) == 0, "an empty name");
	for (i = 0; i < sizeof(golden); i++)
		refused += read_name(cs_span_of(golden, i), b, NULL) != CS_OK;
	ok(refused == sizeof(golden), "every prefix is refused");
	memcpy(longer, golden, sizeof(golden));
	ok(read_name(cs_span_of(longer, sizeof(longer)), b, &e) ==
	    CS_EFORMAT, "a trailing byte");
	flips(b);
	ok(cs_dn_each(cs_span_of(golden, sizeof(golden)), stop, &n, &e) ==
	    CS_EREFUSED && n == 1, "the caller stops it");
	one_type(cs_span_of("", 0), "an empty type");
	one_type(cs_span_of("\x55\x04\x83", 3), "a type that is cut off");
	one_type(cs_span_of("\x55\x04\x80\x03", 4), "CN in one octet more");
	one_value(CS_DER_UTF8, cs_span_str("K\xc3\xa4the"), 0, "UTF8String");
	one_value(CS_DER_UTF8, cs_span_of("\xff", 1), CS_R_MALFORMED,
	    "a UTF8String that is not");
	one_value(CS_DER_IA5, cs_span_of("\xe4", 1), CS_R_MALFORMED,
	    "an IA5String with Latin-1");
	one_value(0x13, cs_span_of("\xe4", 1), CS_R_MALFORMED,
	    "a PrintableString with Latin-1");
	one_value(0x1e, cs_span_of("\x00" "a", 2), CS_R_UNSUPPORTED,
	    "BMPString");
	one_value(0x14, cs_span_str("a"), CS_R_UNSUPPORTED, "T61String");
	one_value(0x1c, cs_span_of("\0\0\0a", 4), CS_R_UNSUPPORTED,
	    "UniversalString");
	cs_buf_free(&b);
	return done_testing();
}
