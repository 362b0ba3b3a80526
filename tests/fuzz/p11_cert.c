/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "p11/public.h"

/* The certificate on a token is the token's word. Where OpenSSL reads it too,
 * it has the same key bits. */
static void
check_oracle(const cs_p11_public *k, cs_span in)
{
	const unsigned char *p = in.p;
	X509 *x = d2i_X509(NULL, &p, (long)in.n);
	const ASN1_BIT_STRING *bits;
	cs_span point = cs_buf_span(k->point);

	if (x != NULL && k->point != NULL) {
		bits = X509_get0_pubkey_bitstr(x);
		CHECK(bits != NULL && cs_span_eq(point, cs_span_of(
		    ASN1_STRING_get0_data(bits),
		    (size_t)ASN1_STRING_length(bits))));
	}
	X509_free(x);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum cs_p11_kind kinds[] = {CS_P11_EC_P256,
	    CS_P11_EC_P384, CS_P11_ED25519};
	cs_span in = cs_span_of(data, n);
	cs_p11_public k = {0};
	size_t i;

	if (cs_p11_public_set_cert(&k, in, NULL) == CS_OK) {
		CHECK(k.kind != CS_P11_NONE);
		CHECK((k.point == NULL) != (k.modulus == NULL));
		check_oracle(&k, in);
	}
	cs_p11_public_clear(&k);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (cs_p11_public_set_point(&k, kinds[i], in, NULL) == CS_OK)
			CHECK(k.kind == kinds[i] && k.point != NULL);
		cs_p11_public_clear(&k);
	}
	(void)cs_p11_curve(in);
	return 0;
}
