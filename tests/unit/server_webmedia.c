/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webmedia.h"

#include <string.h>

#include "tap.h"

/* Content-Type and Accept. */

static const char *const types[] = {"application/pem-certificate-chain",
    "application/json", "application/wit+jwt"};
#define PEM "application/pem-certificate-chain"

static const struct {
	const char *value;
	int is;
} content[] = {
	{"application/json", 1},
	{"APPLICATION/Json", 1},
	{" application/json\t", 1},
	{"application/json; charset=utf-8", 1},
	{"application/json;charset=\"a;\\\",b\"; x=y", 1},
	{"application/json;", 1},
	{"application/json;;a=b", 1},
	{"application/wit+jwt", 2},
	{"application/jso", -1},
	{"application/jsonn", -1},
	{"application/*", -1},
	{"*/*", -1},
	{"application/json, application/json", -1},
	{"application/json x", -1},
	{"application/json; charset", -1},
	{"application/json; =x", -1},
	{"application/json; a=\"x", -1},
	{"application/json; a=\"x\\\"", -1},
	{"application /json", -1},
	{"application/", -1},
	{"/json", -1},
	{"json", -1},
	{"", -1},
};

static const struct {
	const char *accept;
	int is;
} accepts[] = {
	{"", 0},
	{"*/*", 0},
	{"application/*", 0},
	{"application/json", 1},
	{"Application/JSON", 1},
	{"application/wit+jwt", 2},
	{"application/json;charset=utf-8", 1},
	{"text/html", -1},
	{"text/*", -1},
	{"text/html, application/json", 1},
	{"application/json, application/wit+jwt", 1},
	{"application/wit+jwt, application/json", 1},
	{"application/json;q=0.5, application/wit+jwt", 2},
	{"application/json;q=0.5, application/wit+jwt;q=0.6", 2},
	{"application/json; q=0.501 ,application/wit+jwt; q=0.5", 1},
	{"application/json;q=1, */*;q=0.1", 1},
	{"*/*;q=0.1, application/wit+jwt;q=0.2", 2},
	{PEM ";q=0, */*", 1},
	{PEM ";q=0, application/json;q=0.000, */*", 2},
	{"*/*, " PEM ";q=0.9", 1},
	{"application/*;q=0.2, */*;q=0.8", 0},
	{"*/*;q=0", -1},
	{"*/*;q=0, application/json", 1},
	{"application/*;q=0, application/json;q=0.001", 1},
	{"application/json;q=1.000", 1},
	/* what cannot be read asks for nothing */
	{"application/json;q=1.001", -1},
	{"application/json;q=2", -1},
	{"application/json;q=-1", -1},
	{"application/json;q=0.1234", -1},
	{"application/json;q=", -1},
	{"application/json;q=.", -1},
	{"application/json;q=\"0.5\"", 1},
	{"application/json;q=x, application/wit+jwt", 2},
	{"application/json application/wit+jwt", -1},
	{"*/json", -1},
	{"*", -1},
	{"json", -1},
	{",", -1},
	{" ", -1},
	{", ,application/wit+jwt,,", 2},
	{"a/b;c=\",application/json,\", application/wit+jwt", 2},
	{"a/b;c=\"application/json", -1},
	{"a/b;c=\"\\\", application/wit+jwt\", application/json", 1},
	/* as Java's HttpURLConnection writes it */
	{"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 0},
};

/* Every piece and every changed octet is read to its end. */
static void
test_pieces(void)
{
	static const char whole[] =
	    "a/b;c=\"x\\\",y\";q=0.5 , */*;q=.25,application/json;q=1";
	uint8_t copy[sizeof(whole) - 1];
	size_t n, bit, wrong = 0;
	int is;

	for (n = 0; n <= sizeof(copy); n++) {
		memcpy(copy, whole, n);
		is = cs_media_accept(cs_span_of(copy, n), types, 3);
		wrong += is < -1 || is > 2;
	}
	for (n = 0; n < sizeof(copy); n++)
		for (bit = 0; bit < 256; bit++) {
			memcpy(copy, whole, sizeof(copy));
			copy[n] = (uint8_t)bit;
			is = cs_media_accept(cs_span_of(copy, sizeof(copy)),
			    types, 3);
			wrong += is < -1 || is > 2;
			(void)cs_media_type(cs_span_of(copy, sizeof(copy)),
			    types, 3);
		}
	ok(wrong == 0, "pieces of one, and every octet changed");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(content) / sizeof(content[0]); i++)
		ok(cs_media_type(cs_span_str(content[i].value), types, 3) ==
		    content[i].is, "Content-Type: %s", content[i].value);
	ok(cs_media_type(cs_span_of(NULL, 0), types, 3) == -1,
	    "no Content-Type");
	for (i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++)
		ok(cs_media_accept(cs_span_str(accepts[i].accept), types, 3)
		    == accepts[i].is, "Accept: %s", accepts[i].accept);
	ok(cs_media_accept(cs_span_of(NULL, 0), types, 3) == 0, "no Accept");
	ok(cs_media_accept(cs_span_str("application/wit+jwt"), types, 2) ==
	    -1, "what is not offered");
	test_pieces();
	return done_testing();
}
