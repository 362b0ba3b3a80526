/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/ess.h>

#include "fmt/signingcert.h"
#include "fuzz.h"

/* OpenSSL, where it takes the name, reads all of it and writes it again. */
static void
check_oracle(cs_span in)
{
	const unsigned char *at = in.p;
	ESS_SIGNING_CERT_V2 *x = d2i_ESS_SIGNING_CERT_V2(NULL, &at,
	    (long)in.n);
	uint8_t *der = NULL;
	int n;

	if (x != NULL) {
		CHECK(at == in.p + in.n);
		n = i2d_ESS_SIGNING_CERT_V2(x, &der);
		CHECK(n > 0 && cs_span_eq(cs_span_of(der, (size_t)n), in));
	}
	OPENSSL_free(der);
	ESS_SIGNING_CERT_V2_free(x);
	ERR_clear_error();
}

/* There is one way to write what was read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const cs_span in = cs_span_of(data, n);
	cs_signing_cert c;
	cs_buf *b = NULL;
	cs_err e = {0};

	if (cs_signing_cert_parse(in, &c, &e) != CS_OK) {
		CHECK(e.cls == CS_EFORMAT && c.hash.p == NULL);
		return 0;
	}
	CHECK(c.hash.n >= 32 && c.hash.n <= 64);
	CHECK((c.issuer.p == NULL) == (c.serial.p == NULL));
	check_oracle(in);
	if ((b = cs_buf_new(n)) == NULL)
		return 0;
	CHECK(cs_signing_cert_put(&c, b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), in));
	cs_buf_free(&b);
	return 0;
}
