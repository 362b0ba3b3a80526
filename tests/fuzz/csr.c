/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypt/hash.h"
#include "crypt/pubkey.h"
#include "fmt/csr.h"
#include "fmt/names.h"
#include "fuzz.h"

#define ROOM (1024 * 1024)

static cs_span
string_of(const ASN1_STRING *s)
{
	return cs_span_of(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s));
}

/* The one name in it is ours. */
static void
check_san(const cs_csr *c, X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	GENERAL_NAMES *names = X509V3_get_d2i(exts, NID_subject_alt_name,
	    NULL, NULL);
	const GENERAL_NAME *one;

	CHECK(names != NULL && sk_GENERAL_NAME_num(names) == 1);
	one = sk_GENERAL_NAME_value(names, 0);
	CHECK(one->type == GEN_URI);
	CHECK(cs_span_eq(string_of(one->d.uniformResourceIdentifier),
	    c->agent_id));
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

static void
check_key(const cs_csr *c, X509_REQ *req)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &der);

	CHECK(n > 0 && cs_span_eq(cs_span_of(der, (size_t)n), c->key.der));
	OPENSSL_free(der);
}

/* OpenSSL accepts what we accept and reads the same name, key, signature. */
static void
check_oracle(const cs_csr *c)
{
	const unsigned char *p = c->der.p;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)c->der.n);
	const ASN1_BIT_STRING *sig = NULL;

	CHECK(req != NULL && p == c->der.p + c->der.n);
	X509_REQ_get0_signature(req, &sig, NULL);
	CHECK(cs_span_eq(string_of(sig), c->sig));
	check_key(c, req);
	check_san(c, req);
	X509_REQ_free(req);
	ERR_clear_error();
}

static cs_csr *
again(const cs_csr *c, cs_span info)
{
	cs_buf *b = cs_buf_new(ROOM);
	cs_csr *back = NULL;

	if (b != NULL) {
		CHECK(cs_csr_put(info, c->sigalg, c->sig, b, NULL) == CS_OK);
		CHECK(cs_csr_parse(cs_buf_span(b), &back, NULL) == CS_OK);
	}
	cs_buf_free(&b);
	return back;
}

/* The base of a composite is a base request with the same digest, and the
 * approvals put back make the composite. */
static void
check_base(const cs_csr *c)
{
	cs_buf *base = cs_buf_new(ROOM), *whole = cs_buf_new(ROOM);
	cs_csr *back = NULL;
	uint8_t one[CS_SHA256_LEN], two[CS_SHA256_LEN];

	if (base == NULL || whole == NULL)
		goto out;
	CHECK(cs_csr_base_info(c, base, NULL) == CS_OK);
	CHECK((c->n_approvals == 0) ==
	    cs_span_eq(cs_buf_span(base), c->info));
	if ((back = again(c, cs_buf_span(base))) == NULL)
		goto out;
	CHECK(back->n_approvals == 0);
	CHECK(cs_span_eq(back->agent_id, c->agent_id));
	CHECK(cs_request_digest(c, one, NULL) == CS_OK);
	CHECK(cs_request_digest(back, two, NULL) == CS_OK);
	CHECK(cs_span_eq(cs_span_of(one, sizeof(one)),
	    cs_span_of(two, sizeof(two))));
	if (c->n_approvals != 0) {
		CHECK(cs_csr_composite_info(back, c->approvals, c->n_approvals,
		    whole, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(whole), c->info));
	}
out:
	cs_csr_free(&back);
	cs_buf_free(&base);
	cs_buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_csr *c = NULL;
	cs_err e = {0};

	if (cs_csr_parse(cs_span_of(data, n), &c, NULL) != CS_OK) {
		CHECK(c == NULL);
		return 0;
	}
	CHECK(cs_span_eq(c->der, cs_span_of(data, n)));
	CHECK(cs_agent_id_check(c->agent_id, NULL, NULL) == CS_OK);
	CHECK(c->n_approvals <= CS_APPROVALS_MAX);
	check_oracle(c);
	check_base(c);
	if (cs_csr_verify(c, &e) != CS_OK)
		CHECK(e.text[0] != '\0');
	cs_csr_free(&c);
	return 0;
}
