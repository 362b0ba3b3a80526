/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ecsig.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"

int
cs_ecsig_put(cs_span rs, cs_buf *out, cs_err *e)
{
	size_t half = rs.n / 2, m;

	if (rs.n == 0 || rs.n % 2 != 0)
		return CS_BAD(e, CS_R_MALFORMED, "ecsig",
		    "r || s of %zu octets", rs.n);
	m = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_bigint(out, cs_span_cut(rs, 0, half));
	cs_der_put_bigint(out, cs_span_cut(rs, half, half));
	cs_der_close(out, m);
	return cs_der_done(out, e);
}

/* A positive INTEGER, right in its half. */
static int
get_half(cs_span *in, uint8_t *out, size_t half, cs_err *e)
{
	cs_span v = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_INTEGER, &v, e)) != CS_OK)
		return r;
	if (v.n > 1 && v.p[0] == 0)
		v = cs_span_cut(v, 1, v.n - 1);
	else if ((v.p[0] & 0x80) != 0)
		return CS_BAD(e, CS_R_MALFORMED, "ecsig", "a negative half");
	if (v.n > half)
		return CS_BAD(e, CS_R_MALFORMED, "ecsig",
		    "a half of %zu octets, at most %zu", v.n, half);
	memset(out, 0, half - v.n);
	memcpy(out + half - v.n, v.p, v.n);
	return CS_OK;
}

int
cs_ecsig_get(cs_span der, uint8_t *rs, size_t n, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_der_walk(der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&der, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = get_half(&in, rs, n / 2, e)) != CS_OK ||
	    (r = get_half(&in, rs + n / 2, n / 2, e)) != CS_OK)
		return r;
	return cs_der_end(in, "Ecdsa-Sig-Value", e);
}
