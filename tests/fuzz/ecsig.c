/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "fmt/ecsig.h"
#include "fuzz.h"

/* OpenSSL reads the same two numbers from what is written. */
static void
check_oracle(cs_span der, cs_span rs)
{
	const unsigned char *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	int half = (int)(rs.n / 2);
	BIGNUM *r = BN_bin2bn(rs.p, half, NULL);
	BIGNUM *s = BN_bin2bn(rs.p + half, half, NULL);

	CHECK(sig != NULL && p == der.p + der.n && r != NULL && s != NULL);
	CHECK(BN_cmp(ECDSA_SIG_get0_r(sig), r) == 0);
	CHECK(BN_cmp(ECDSA_SIG_get0_s(sig), s) == 0);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
}

static void
check_back(cs_span der, cs_span rs)
{
	uint8_t back[1024];

	check_oracle(der, rs);
	CHECK(cs_ecsig_get(der, back, rs.n, NULL) == CS_OK);
	CHECK(cs_span_eq(cs_span_of(back, rs.n), rs));
	CHECK(rs.n < 4 || rs.p[0] == 0 ||
	    cs_ecsig_get(der, back, rs.n - 2, NULL) != CS_OK);
}

/* Whatever is read is written back as the same. */
static void
check_read(cs_span der)
{
	cs_buf *b = cs_buf_new(128);
	uint8_t rs[64];

	if (b != NULL && cs_ecsig_get(der, rs, sizeof(rs), NULL) == CS_OK) {
		CHECK(cs_ecsig_put(cs_span_of(rs, sizeof(rs)), b, NULL) ==
		    CS_OK);
		CHECK(cs_span_eq(cs_buf_span(b), der));
	}
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span rs = cs_span_of(data, n);
	cs_buf *b = NULL;

	if (n > 1024 || (b = cs_buf_new(n + 32)) == NULL)
		return 0;
	check_read(rs);
	if (cs_ecsig_put(rs, b, NULL) == CS_OK)
		check_back(cs_buf_span(b), rs);
	cs_buf_free(&b);
	return 0;
}
