/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

#include "p11/uri.h"
#include "tap.h"

static const char whole[] = "pkcs11:token=My%20Token;manufacturer=SoftHSM;"
    "serial=0123456789abcdef;model=SoftHSM%20v2;library-manufacturer=a;"
    "library-description=b;library-version=2.6;slot-manufacturer=c;"
    "slot-description=d;slot-id=7;object=%c3%a4&(x);id=%01%00%FF;type=private"
    "?module-path=/usr/lib/x.so&module-name=softhsm2&pin-source=file:/a?b";

static int
parse(const char *s, cs_err *e)
{
	cs_p11_uri u;
	int r = cs_p11_uri_parse(s, &u, e);

	cs_p11_uri_clear(&u);
	return r;
}

static void
test_whole(void)
{
	cs_err e = {0};
	cs_p11_uri u;

	ok(cs_p11_uri_parse(whole, &u, &e) == CS_OK, "every attribute: %s",
	    e.text);
	ok(cs_span_is(cs_p11_uri_get(&u, CS_P11_A_TOKEN), "My Token"),
	    "token is decoded");
	ok(cs_span_is(cs_p11_uri_get(&u, CS_P11_A_OBJECT), "\xc3\xa4&(x)"),
	    "object is decoded");
	ok(cs_span_eq(cs_p11_uri_get(&u, CS_P11_A_ID),
	    cs_span_of("\x01\x00\xff", 3)), "id is decoded, NUL included");
	ok(u.slot_id == 7, "slot-id");
	ok(u.version_major == 2 && u.version_minor == 6, "library-version");
	ok(cs_span_is(cs_p11_uri_get(&u, CS_P11_A_PIN_SOURCE), "file:/a?b"),
	    "pin-source keeps its question mark");
	ok(cs_p11_uri_takes(&u, CS_P11_A_SERIAL,
	    cs_span_str("0123456789abcdef")), "takes the same");
	ok(!cs_p11_uri_takes(&u, CS_P11_A_SERIAL, cs_span_str("")),
	    "does not take another");
	cs_p11_uri_clear(&u);
	ok(parse("pkcs11:", &e) == CS_OK, "the empty URI");
	ok(parse("pkcs11:?module-path=/x", &e) == CS_OK, "a query alone");
}

static void
test_refused(void)
{
	static const struct {
		const char *uri, *says;
	} bad[] = {
		{"", "begins with"},
		{"PKCS11:", "begins with"},
		{"pkcs11", "begins with"},
		{"pkcs11:token", "token= has no value"},
		{"pkcs11:token=", "token= is empty"},
		{"pkcs11:;token=a", "unknown path attribute \"\""},
		{"pkcs11:token=a;", "unknown path attribute \"\""},
		{"pkcs11:token=a?", "unknown query attribute \"\""},
		{"pkcs11:token=a;token=a", "token= is given twice"},
		{"pkcs11:x-vendor=a", "unknown path attribute \"x-vendor\""},
		{"pkcs11:objecttype=private", "unknown path attribute"},
		{"pkcs11:module-path=/x", "unknown path attribute"},
		{"pkcs11:?token=a", "unknown query attribute"},
		{"pkcs11:?pinfile=/x", "unknown query attribute"},
		{"pkcs11:?pin-value=8642", "pin-source="},
		{"pkcs11:type=public", "type= must be private"},
		{"pkcs11:type=privat", "type= must be private"},
		{"pkcs11:slot-id=-1", "slot-id= is not a number"},
		{"pkcs11:slot-id=18446744073709551616", "not a number"},
		{"pkcs11:slot-id=5%37", "slot-id= is written without %"},
		{"pkcs11:type=%70rivate", "type= is written without %"},
		{"pkcs11:library-version=2%2E1", "is written without %"},
		{"pkcs11:library-version=2.", "library-version="},
		{"pkcs11:library-version=256", "library-version="},
		{"pkcs11:token=a%2", "token= holds a character"},
		{"pkcs11:token=a%zz", "token= holds a character"},
		{"pkcs11:token=a%00", "token= holds a NUL"},
		{"pkcs11:token=a b", "a URI writes that as %20"},
		{"pkcs11:token=a\tb", "a URI writes that as %09"},
		{"pkcs11:token=\xc3\xa4", "a URI writes that as %C3"},
		{"pkcs11:token=a/b", "token= holds a character"},
		{"pkcs11:token=a#b", "token= holds a character"},
		{"pkcs11:serial=0123456789abcdef0", "serial= is too long"},
		{"pkcs11:?module-path=x.so", "must be an absolute path"},
		{"pkcs11:?pin-source=%7Ccat", "names a command"},
		{"pkcs11:?pin-source=|cat", "names a command"},
		{"pkcs11:?module-path=/x?module-name=y", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cs_err e = {0};
		int r = parse(bad[i].uri, &e);

		if (bad[i].says == NULL) {
			ok(r == CS_OK, "one long module-path");
			continue;
		}
		ok(r == CS_EUSAGE && strstr(e.text, bad[i].says) != NULL &&
		    strstr(e.text, "8642") == NULL, "%s: %s", bad[i].says,
		    e.text);
	}
}

static void
test_length(void)
{
	char s[CS_P11_URI_MAX + 2] = "pkcs11:token=";
	cs_err e = {0};

	memset(s + strlen(s), 'a', sizeof(s) - 1 - strlen(s));
	ok(parse(s, &e) == CS_EUSAGE && strstr(e.text, "limit") != NULL,
	    "a URI that is too long");
}

/* No cut and no flip may crash; what passes, p11-kit can read as well. */
static bool
agrees(const char *s)
{
	P11KitUri *u;
	bool good;

	if (parse(s, NULL) != CS_OK)
		return true;
	u = p11_kit_uri_new();
	good = p11_kit_uri_parse(s, P11_KIT_URI_FOR_ANY, u) == P11_KIT_URI_OK &&
	    !p11_kit_uri_any_unrecognized(u);
	p11_kit_uri_free(u);
	return good;
}

static void
test_cut_and_flip(void)
{
	char s[sizeof(whole)];
	size_t i, bit;
	bool good = true;

	for (i = 0; i < sizeof(whole); i++) {
		memcpy(s, whole, i);
		s[i] = 0;
		good = agrees(s) && good;
	}
	ok(good, "every prefix");
	for (good = true, i = 0; i + 1 < sizeof(whole); i++) {
		memcpy(s, whole, sizeof(whole));
		for (bit = 0; bit < 8; bit++) {
			s[i] = (char)(whole[i] ^ (1 << bit));
			if (!agrees(s))
				printf("# %s\n", s);
			good = agrees(s) && good;
		}
	}
	ok(good, "every flipped bit");
}

static void
test_put(void)
{
	cs_buf *b = cs_buf_new(200);

	ok(cs_p11_uri_put(b, "pkcs11:", CS_P11_A_TOKEN,
	    cs_span_str("a'; b\x1b\xff")) == CS_OK &&
	    cs_p11_uri_put(b, ";", CS_P11_A_SERIAL, cs_span_str("")) == CS_OK &&
	    cs_p11_uri_put(b, ";", CS_P11_A_ID, cs_span_str("A")) == CS_OK &&
	    cs_p11_uri_put(b, "?", CS_P11_A_MODULE_PATH,
	    cs_span_str("/a b.so")) == CS_OK, "put");
	ok(cs_span_is(cs_buf_span(b), "pkcs11:token=a%27%3B%20b%1B%FF;id=%41"
	    "?module-path=/a%20b.so"), "what was put: %s", cs_buf_cstr(b));
	cs_buf_free(&b);
	b = cs_buf_new(8);
	ok(cs_p11_uri_put(b, ":", CS_P11_A_ID, cs_span_str("AAAA")) != CS_OK,
	    "no room");
	cs_buf_free(&b);
}

int
main(void)
{
	test_whole();
	test_refused();
	test_length();
	test_cut_and_flip();
	test_put();
	return done_testing();
}
