/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/leaf.h"

#include "fmt/der.h"

/* One whole SEQUENCE and nothing behind it. */
static int
check_seq(cs_span in, const char *what, cs_err *e)
{
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, NULL, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	return cs_der_end(in, what, e);
}

int
cs_signed_put(cs_span body, cs_span sig_alg, cs_span sig, cs_buf *out,
    cs_err *e)
{
	size_t all;
	int r;

	if ((r = check_seq(body, "the body", e)) != CS_OK ||
	    (r = check_seq(sig_alg, "the algorithm", e)) != CS_OK)
		return r;
	if (sig.n == 0)
		return cs_fail(e, CS_EUSAGE, "signed", "an empty signature");
	all = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_raw(out, body);
	cs_der_put_raw(out, sig_alg);
	cs_der_put_bits(out, sig);
	cs_der_close(out, all);
	return cs_der_done(out, e);
}
