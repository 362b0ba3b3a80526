/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/der.h"
#include "fuzz.h"
#include "tpmback.h"

static void
check_put(const cs_tpmsig *s)
{
	cs_buf *b = cs_buf_new(CS_TPMSIG_MAX);

	CHECK(b != NULL);
	CHECK(cs_tpmsig_put(s, b, NULL) == CS_OK);
	CHECK(s->alg == CS_TPM_ALG_ECDSA ?
	    cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK :
	    cs_span_eq(cs_buf_span(b), s->sig));
	cs_buf_free(&b);
}

/* Each input is read as both: a magic is no algorithm. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_tpmattest a;
	cs_tpmsig s;
	int r = cs_tpmattest_parse(in, &a, NULL);

	if (r == CS_OK)
		CHECK(cs_span_eq(a.whole, in) && tpmattest_fills(&a));
	else
		CHECK(a.whole.p == NULL && a.name.p == NULL);
	if (cs_tpmsig_parse(in, &s, NULL) != CS_OK) {
		CHECK(s.alg == 0 && s.sig.p == NULL && s.r.p == NULL);
		return 0;
	}
	CHECK(r != CS_OK);
	CHECK(tpmsig_goes_back(&s, in));
	check_put(&s);
	return 0;
}
