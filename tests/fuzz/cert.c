/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "fmt/bindings.h"
#include "fmt/cert.h"
#include "fuzz.h"

/* OpenSSL accepts what we accept, and reads the same key and signature. */
static void
check_oracle(const cs_cert *c)
{
	const unsigned char *p = c->der.p;
	X509 *x = d2i_X509(NULL, &p, (long)c->der.n);
	const ASN1_BIT_STRING *sig = NULL;
	unsigned char *der = NULL;
	int n;

	CHECK(x != NULL && p == c->der.p + c->der.n);
	X509_get0_signature(&sig, NULL, x);
	CHECK(cs_span_eq(cs_span_of(ASN1_STRING_get0_data(sig),
	    (size_t)ASN1_STRING_length(sig)), c->sig));
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	CHECK(n > 0 && cs_span_eq(cs_span_of(der, (size_t)n), c->key.der));
	OPENSSL_free(der);
	X509_free(x);
	ERR_clear_error();
}

static void
check_bindings(cs_span in)
{
	cs_bindings *b = NULL;
	cs_approval *a = NULL;
	cs_buf *out = NULL;
	size_t i;

	if (cs_bindings_parse(in, CS_CERT_VALUE_DEPTH, &b, NULL) != CS_OK) {
		CHECK(b == NULL);
		return;
	}
	CHECK(b->n > 0 && b->n <= CS_BINDINGS_MAX);
	if ((out = cs_buf_new(in.n + 16)) != NULL) {
		CHECK(cs_bindings_put(b->at, b->n, out, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(out), in));
	}
	for (i = 0; i < b->n; i++) {
		if (cs_binding_approval(&b->at[i], CS_CERT_VALUE_DEPTH, &a,
		    NULL) == CS_OK)
			CHECK((a != NULL) == (b->at[i].full.p != NULL));
		cs_approval_free(&a);
	}
	cs_buf_free(&out);
	cs_bindings_free(&b);
}

/* A certificate, or the bindings of one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_cert *c = NULL;

	check_bindings(cs_span_of(data, n));
	if (cs_cert_parse(cs_span_of(data, n), &c, NULL) != CS_OK) {
		CHECK(c == NULL);
		return 0;
	}
	CHECK(cs_span_eq(c->der, cs_span_of(data, n)));
	CHECK(c->not_before <= c->not_after);
	check_oracle(c);
	if (c->bindings.p != NULL)
		check_bindings(c->bindings);
	cs_cert_free(&c);
	return 0;
}
