/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ecsig.h"

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
