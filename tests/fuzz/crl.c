/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "issue/crl.h"

/* OpenSSL reads what we read, and as many entries. */
static void
check_oracle(cs_span whole, const cs_crl *c)
{
	const unsigned char *p = whole.p;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)whole.n);
	STACK_OF(X509_REVOKED) *all;

	CHECK(x != NULL && p == whole.p + whole.n);
	all = X509_CRL_get_REVOKED(x);
	CHECK((size_t)(all == NULL ? 0 : sk_X509_REVOKED_num(all)) == c->n);
	X509_CRL_free(x);
	ERR_clear_error();
}

static void
check(cs_span in, bool whole)
{
	cs_buf *out = NULL;
	cs_crl *c = NULL;
	size_t i;

	if (cs_crl_parse(in, whole, &c, NULL) != CS_OK) {
		CHECK(c == NULL);
		return;
	}
	CHECK(c->number >= 1 && c->this_update < c->next_update);
	for (i = 0; i < c->n; i++)
		CHECK(cs_crl_find(c, c->at[i].serial) == &c->at[i]);
	if ((out = cs_buf_new(in.n + 16)) != NULL) {
		CHECK(cs_crl_put(c, out, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(out), c->body));
	}
	if (whole)
		check_oracle(in, c);
	cs_buf_free(&out);
	cs_crl_free(&c);
}

/* A revocation list's body, or the whole list. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check(cs_span_of(data, n), false);
	check(cs_span_of(data, n), true);
	return 0;
}
