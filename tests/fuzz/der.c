/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fuzz.h"

#define BUF_MAX (1024 * 1024)

/* What a number, a time or an identifier reads as, it is written as. */
static void
check_primitive(unsigned tag, cs_span body, cs_span whole)
{
	cs_buf *b = cs_buf_new(whole.n + 1024);
	cs_span in = whole;
	int64_t v = 0;

	if (b == NULL)
		return;
	if ((tag == CS_DER_INTEGER || tag == CS_DER_ENUM) &&
	    cs_der_uint(&in, tag, 0, INT64_MAX, &v, NULL) == CS_OK) {
		cs_der_put_uint(b, tag, (uint64_t)v);
		CHECK(cs_span_eq(cs_buf_span(b), whole));
	} else if (tag == CS_DER_GENTIME &&
	    cs_der_gentime(&in, &v, NULL) == CS_OK) {
		cs_der_put_gentime(b, v);
		CHECK(cs_span_eq(cs_buf_span(b), whole));
	} else if (tag == CS_DER_UTCTIME) {
		if (cs_utctime_get(body, &v))
			CHECK(v >= -INT64_C(631152000) &&
			    v < INT64_C(2524608000));
	} else if (tag == CS_DER_OID) {
		(void)cs_oid_find(body);
		(void)cs_oid_name(body);
		if (cs_oid_text(b, body) != CS_OK)
			cs_buf_reset(b);
	}
	cs_buf_free(&b);
}

/* Writes the elements again, one by one. */
static void
rewrite(cs_span in, cs_buf *out)
{
	cs_span body = {0}, whole = {0};
	unsigned tag = 0;
	size_t mark;

	while (in.n > 0) {
		CHECK(cs_der_any(&in, &tag, &body, &whole, NULL) == CS_OK);
		mark = cs_der_begin(out, tag);
		if ((tag & 0x20) != 0) {
			rewrite(body, out);
		} else {
			check_primitive(tag, body, whole);
			cs_der_put_raw(out, body);
		}
		cs_der_close(out, mark);
	}
}

/* The readers are bounded whether or not the walker came first. */
static void
read_unwalked(cs_span all)
{
	cs_span in = all, body = {0}, whole = {0};
	unsigned tag = 0;
	int64_t v = 0;
	cs_err e = {0};
	size_t left;

	while (in.n > 0) {
		left = in.n;
		if (cs_der_sorted(in, &e) != CS_OK)
			CHECK(e.cls == CS_EFORMAT);
		if (cs_der_uint(&in, CS_DER_INTEGER, 0, INT64_MAX, &v, NULL) ==
		    CS_OK)
			CHECK(v >= 0);
		else if (cs_der_gentime(&in, &v, NULL) != CS_OK &&
		    cs_der_any(&in, &tag, &body, &whole, NULL) != CS_OK)
			return;
		CHECK(in.n < left);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_buf *out = NULL;

	read_unwalked(in);
	if (n > BUF_MAX || cs_der_walk(in, 0, NULL) != CS_OK)
		return 0;
	/* What holds at the top holds deeper, up to the limit. */
	CHECK(cs_der_walk(in, CS_DER_DEPTH, NULL) != CS_OK);
	if ((out = cs_buf_new(n)) == NULL)
		return 0;
	rewrite(in, out);
	CHECK(cs_der_done(out, NULL) == CS_OK);
	CHECK(cs_span_eq(cs_buf_span(out), in));
	cs_buf_free(&out);
	return 0;
}
