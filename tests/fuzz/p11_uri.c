/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <string.h>

#include "fuzz.h"
#include "p11/uri.h"

/* A URI that is made of the values gives the same values. */
static void
check_put(const cs_p11_uri *u)
{
	cs_buf *b = cs_buf_new(4 * CS_P11_URI_MAX);
	cs_p11_uri back = {0};
	const char *sep = "";
	int a;

	if (b == NULL)
		return;
	CHECK(cs_buf_put_str(b, "pkcs11:") == CS_OK);
	for (a = 0; a < CS_P11_A_END; a++) {
		if (a == CS_P11_A_MODULE_PATH)
			sep = "?"; /* the query begins */
		if (u->attr[a] == NULL)
			continue;
		CHECK(cs_p11_uri_put(b, sep, (enum cs_p11_uri_attr)a,
		    cs_p11_uri_get(u, (enum cs_p11_uri_attr)a)) == CS_OK);
		sep = a < CS_P11_A_MODULE_PATH ? ";" : "&";
	}
	/* Percent signs may make it longer than a URI may be. */
	if (cs_buf_len(b) <= CS_P11_URI_MAX) {
		CHECK(cs_p11_uri_parse(cs_buf_cstr(b), &back, NULL) == CS_OK);
		for (a = 0; a < CS_P11_A_END; a++)
			CHECK(u->attr[a] == NULL ? back.attr[a] == NULL :
			    cs_span_eq(cs_buf_span(u->attr[a]),
			    cs_buf_span(back.attr[a])));
	}
	cs_p11_uri_clear(&back);
	cs_buf_free(&b);
}

static void
check_oracle(const char *s)
{
	P11KitUri *uri = p11_kit_uri_new();

	CHECK(uri != NULL);
	CHECK(p11_kit_uri_parse(s, P11_KIT_URI_FOR_ANY, uri) ==
	    P11_KIT_URI_OK);
	CHECK(!p11_kit_uri_any_unrecognized(uri));
	p11_kit_uri_free(uri);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_p11_uri u = {0};
	cs_err e = {0};
	char *s = malloc(n + 1);

	if (s == NULL)
		return 0;
	if (n > 0)
		memcpy(s, data, n);
	s[n] = '\0';
	if (cs_p11_uri_parse(s, &u, &e) == CS_OK) {
		check_put(&u);
		check_oracle(s);
	} else {
		CHECK(e.cls == CS_EUSAGE);
	}
	cs_p11_uri_clear(&u);
	free(s);
	return 0;
}
