/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "fmt/pss.h"
#include "fmt/reason.h"
#include "fuzz.h"

/* OpenSSL reads the same, all of it, and writes the same bytes again. */
static void
check_oracle(cs_span in, const cs_pss *p)
{
	const unsigned char *at = in.p;
	X509_ALGOR *a = d2i_X509_ALGOR(NULL, &at, (long)in.n);
	RSA_PSS_PARAMS *x;
	uint8_t *der = NULL;
	int n;

	CHECK(a != NULL && at == in.p + in.n);
	CHECK(OBJ_obj2nid(a->algorithm) == NID_rsassaPss);
	x = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS),
	    a->parameter);
	CHECK(x != NULL && x->hashAlgorithm != NULL &&
	    x->maskGenAlgorithm != NULL && x->trailerField == NULL);
	CHECK(OBJ_obj2nid(x->hashAlgorithm->algorithm) ==
	    (p->bits == 256 ? NID_sha256 : p->bits == 384 ? NID_sha384 :
	    NID_sha512));
	CHECK(OBJ_obj2nid(x->maskGenAlgorithm->algorithm) == NID_mgf1);
	CHECK(ASN1_INTEGER_get(x->saltLength) == (long)p->salt);
	n = i2d_X509_ALGOR(a, &der);
	CHECK(n > 0 && cs_span_eq(cs_span_of(der, (size_t)n), in));
	OPENSSL_free(der);
	RSA_PSS_PARAMS_free(x);
	X509_ALGOR_free(a);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const cs_span in = cs_span_of(data, n);
	cs_err e = {0};
	cs_pss p;

	if (cs_pss_parse(in, &p, &e) != CS_OK) {
		CHECK(e.cls == CS_EFORMAT && p.salt == 0);
		return 0;
	}
	CHECK(cs_pss_is(in));
	CHECK(p.bits == 256 || p.bits == 384 || p.bits == 512);
	CHECK(p.salt >= p.bits / 8 && p.salt <= 512);
	check_oracle(in, &p);
	return 0;
}
