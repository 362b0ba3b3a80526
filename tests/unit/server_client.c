/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "server/client.h"
#include "tap.h"

static bool
is(const char *address, const char *cert, const char *want)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	bool good = cs_client_name(cs_span_str(address), cs_span_str(cert), &b,
	    &e) == CS_OK && cs_span_is(cs_buf_span(b), want);

	if (!good)
		printf("# %s%s\n", e.text, b == NULL ? "" : cs_buf_cstr(b));
	cs_buf_free(&b);
	return good;
}

int
main(void)
{
	char many[301];
	cs_buf *b = NULL;
	cs_err e = {0};

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	ok(is("192.0.2.7", NULL, "192.0.2.7"), "an address");
	ok(is("2001:db8:0:1:2:3:4:5", NULL, "2001:db8:0:1::/64"),
	    "one of IPv6 has its /64");
	ok(is("2001:db8:0:1:ffff::9", NULL, "2001:db8:0:1::/64"),
	    "and its neighbour the same");
	ok(is("2001:db8:0:2::9", NULL, "2001:db8:0:2::/64"), "not another's");
	ok(is("::ffff:192.0.2.7", NULL, "::ffff:192.0.2.7"),
	    "but what is one of IPv4");
	ok(is("", NULL, ""), "none: a unix socket");
	ok(is(NULL, NULL, ""), "none at all");
	ok(is("192.0.2.7", "abc", "cert:ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad"), "a certificate, from anywhere");
	ok(is("somewhere", NULL, "somewhere"), "what is no address");
	ok(cs_client_name(cs_span_str(many), (cs_span){0}, &b, &e) ==
	    CS_EUSAGE && b == NULL, "what nobody has");
	return done_testing();
}
