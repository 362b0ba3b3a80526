/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fuzz.h"
#include "tpmback.h"

static void
check_spki(const cs_tpmpub *p)
{
	cs_buf *b = cs_buf_new(CS_TPMPUB_MAX);
	cs_err e = {0};
	cs_spki s;

	CHECK(b != NULL);
	if (cs_tpmpub_spki(p, b, &e) == CS_OK) {
		CHECK(cs_spki_parse(cs_buf_span(b), &s, NULL) == CS_OK);
		CHECK(s.kind == p->kind && s.bits == p->bits);
	} else {
		CHECK(p->kind == CS_KEY_RSA && cs_buf_len(b) == 0);
	}
	cs_buf_free(&b);
}

static void
check_sized(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPMPUB_MAX + 4);
	cs_span rest;
	cs_tpmpub p;

	CHECK(b != NULL);
	cs_tpm_put_sized(b, in);
	cs_tpm_put_u16(b, 0);
	rest = cs_buf_span(b);
	CHECK(cs_tpmpub_sized(&rest, &p, NULL) == CS_OK);
	CHECK(rest.n == 2 && cs_span_eq(p.whole, in));
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_tpmpub p;

	if (cs_tpmpub_parse(in, &p, NULL) != CS_OK) {
		CHECK(p.whole.p == NULL && p.kind == CS_KEY_NONE);
		return 0;
	}
	CHECK(cs_span_eq(p.whole, in));
	CHECK(tpmpub_goes_back(&p, 0) || tpmpub_goes_back(&p, 65537));
	check_spki(&p);
	check_sized(in);
	return 0;
}
