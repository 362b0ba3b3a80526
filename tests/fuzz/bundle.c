/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "issue/authority.h"
#include "issue/bundle.h"

static void
check_same(const cs_bundle *b, cs_span text)
{
	cs_bundle *back = NULL;
	size_t i;

	CHECK(cs_bundle_parse(text, &back, NULL) == CS_OK);
	CHECK(back->n_certs == b->n_certs && back->n_keys == b->n_keys);
	CHECK(back->sequence == b->sequence && back->refresh == b->refresh);
	for (i = 0; i < b->n_certs; i++)
		CHECK(cs_span_eq(b->certs[i], back->certs[i]));
	for (i = 0; i < b->n_keys; i++)
		CHECK(cs_span_eq(b->keys[i].der, back->keys[i].der) &&
		    strcmp(b->kids[i], back->kids[i]) == 0);
	cs_bundle_free(&back);
}

/* A bundle, or the certificate of a CA. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_buf *out = cs_buf_new(CS_BUNDLE_LEN_MAX);
	cs_authority *a = NULL;
	cs_bundle *b = NULL;

	if (cs_authority_parse(cs_span_of(data, n), &a, NULL) == CS_OK)
		CHECK(a->key_id.n >= 1 && a->key_id.n <= 32 &&
		    a->name.n > 2 && cs_span_eq(a->der, cs_span_of(data, n)));
	else
		CHECK(a == NULL);
	if (out == NULL || cs_bundle_parse(cs_span_of(data, n), &b, NULL) !=
	    CS_OK)
		CHECK(b == NULL);
	else if (cs_bundle_put(b, out, NULL) == CS_OK)
		check_same(b, cs_buf_span(out));
	cs_authority_free(&a);
	cs_bundle_free(&b);
	cs_buf_free(&out);
	return 0;
}
