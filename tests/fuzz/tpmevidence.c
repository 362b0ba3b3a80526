/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmevidence.h"
#include "fuzz.h"

/* A message that was read goes back to its octets. */
static void
check_back(int put, cs_buf *b, cs_span in)
{
	CHECK(put == CS_OK && cs_span_eq(cs_buf_span(b), in));
	cs_buf_reset(b);
}

static int
try_offer(cs_span in, cs_buf *b)
{
	cs_tpmoffer o;

	if (cs_tpmoffer_parse(in, &o, NULL) != CS_OK) {
		CHECK(o.whole.p == NULL && o.key.p == NULL && o.n == 0);
		return 0;
	}
	CHECK(o.n >= 1 && o.n <= CS_TPM_CERTS_MAX);
	CHECK(o.key.n != 0 && o.ak.n != 0 && o.ek.n != 0);
	check_back(cs_tpmoffer_put(&o, b, NULL), b, in);
	return 1;
}

static int
try_challenge(cs_span in, cs_buf *b)
{
	cs_tpmchallenge c;

	if (cs_tpmchallenge_parse(in, &c, NULL) != CS_OK) {
		CHECK(c.whole.p == NULL && c.offer.p == NULL);
		return 0;
	}
	CHECK(c.offer.n == 32 && c.nonce.n == CS_TPM_NONCE_LEN);
	CHECK(c.blob.n != 0 && c.secret.n != 0);
	check_back(cs_tpmchallenge_put(&c, b, NULL), b, in);
	return 1;
}

static int
try_secret(cs_span in, cs_buf *b)
{
	cs_tpmsecret s;

	if (cs_tpmsecret_parse(in, &s, NULL) != CS_OK) {
		CHECK(s.secret.p == NULL && s.challenge.whole.p == NULL);
		return 0;
	}
	CHECK(s.secret.n == CS_TPM_SECRET_LEN);
	CHECK(try_challenge(s.challenge.whole, b) == 1);
	check_back(cs_tpmsecret_put(&s, b, NULL), b, in);
	return 1;
}

static int
try_evidence(cs_span in, cs_buf *b)
{
	cs_tpmevidence v;

	if (cs_tpmevidence_parse(in, &v, NULL) != CS_OK) {
		CHECK(v.attest.p == NULL && v.offer.whole.p == NULL);
		return 0;
	}
	CHECK(v.challenge.n == 32 && v.attest.n != 0 && v.signature.n != 0);
	CHECK(try_offer(v.offer.whole, b) == 1);
	check_back(cs_tpmevidence_put(&v, b, NULL), b, in);
	return 1;
}

/* Each input is read as each message, and is not two of them. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_buf *b = cs_buf_new(CS_TPM_EVIDENCE_MAX);

	CHECK(b != NULL);
	CHECK(try_offer(in, b) + try_challenge(in, b) + try_secret(in, b) +
	    try_evidence(in, b) <= 1);
	cs_buf_free(&b);
	return 0;
}
