/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpm.h"

#include "fmt/reason.h"
#include "tap.h"

static const uint8_t raw[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
    0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

static void
test_numbers(void)
{
	cs_span in = cs_span_of(raw, sizeof(raw));
	uint8_t a = 0;
	uint16_t b = 0;
	uint32_t c = 0;
	uint64_t d = 0;

	ok(cs_tpm_u8(&in, &a, NULL) == CS_OK && a == 0x01, "an octet");
	ok(cs_tpm_u16(&in, &b, NULL) == CS_OK && b == 0x0203, "16 bits");
	ok(cs_tpm_u32(&in, &c, NULL) == CS_OK && c == 0x04050607, "32 bits");
	ok(cs_tpm_u64(&in, &d, NULL) == CS_OK && d == 0x08090a0b0c0d0e0f,
	    "64 bits");
	ok(cs_tpm_end(in, "it", NULL) == CS_OK, "and no more");
	ok(cs_tpm_u8(&in, &a, NULL) == CS_EFORMAT && a == 0,
	    "no octet at the end");
}

/* One octet too few, for each width. */
static void
test_short(void)
{
	cs_span in;
	cs_err e = {0};
	uint16_t b = 1;
	uint32_t c = 1;
	uint64_t d = 1;

	in = cs_span_of(raw, 1);
	ok(cs_tpm_u16(&in, &b, &e) == CS_EFORMAT && b == 0 && in.n == 1 &&
	    e.detail == CS_R_MALFORMED, "16 bits in one octet");
	in = cs_span_of(raw, 3);
	ok(cs_tpm_u32(&in, &c, &e) == CS_EFORMAT && c == 0 && in.n == 3,
	    "32 bits in three");
	in = cs_span_of(raw, 7);
	ok(cs_tpm_u64(&in, &d, &e) == CS_EFORMAT && d == 0 && in.n == 7,
	    "64 bits in seven");
	ok(cs_tpm_end(in, "it", &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "not the end");
}

static void
test_sized(void)
{
	cs_span in, s;
	cs_err e = {0};

	in = cs_span_of("\0\3abc", 5);
	ok(cs_tpm_sized(&in, 3, &s, NULL) == CS_OK && cs_span_is(s, "abc") &&
	    in.n == 0, "three octets");
	in = cs_span_of("\0\0", 2);
	ok(cs_tpm_sized(&in, 3, &s, NULL) == CS_OK && s.p != NULL && s.n == 0,
	    "none");
	in = cs_span_of("\0\3abc", 5);
	ok(cs_tpm_sized(&in, 2, &s, &e) == CS_EFORMAT && s.p == NULL &&
	    in.n == 5 && e.detail == CS_R_MALFORMED, "over the limit");
	in = cs_span_of("\0\4abc", 5);
	ok(cs_tpm_sized(&in, 9, &s, &e) == CS_EFORMAT && s.p == NULL &&
	    in.n == 5, "cut off");
	in = cs_span_of("\xff\xff", 2);
	ok(cs_tpm_sized(&in, SIZE_MAX, &s, &e) == CS_EFORMAT, "64 KiB");
	in = cs_span_of("\0", 1);
	ok(cs_tpm_sized(&in, 9, &s, &e) == CS_EFORMAT && in.n == 1,
	    "half a size");
}

static void
test_put(void)
{
	cs_buf *b = cs_buf_new(11);
	static const uint8_t big[UINT16_MAX + 1];

	cs_tpm_put_u16(b, 0x0102);
	cs_tpm_put_u32(b, 0x03040506);
	cs_tpm_put_sized(b, cs_span_str("abc"));
	ok(!cs_buf_failed(b) && cs_span_eq(cs_buf_span(b),
	    cs_span_of("\1\2\3\4\5\6\0\3abc", 11)), "written");
	cs_tpm_put_u16(b, 0);
	ok(cs_buf_failed(b), "no room");
	cs_buf_free(&b);
	b = cs_buf_new(2 * sizeof(big));
	cs_tpm_put_sized(b, cs_span_of(big, sizeof(big)));
	ok(cs_buf_failed(b), "too long for its size");
	cs_buf_free(&b);
}

int
main(void)
{
	test_numbers();
	test_short();
	test_sized();
	test_put();
	ok(cs_tpm_digest_len(CS_TPM_ALG_SHA256) == 32 &&
	    cs_tpm_digest_len(CS_TPM_ALG_SHA384) == 48 &&
	    cs_tpm_digest_len(CS_TPM_ALG_SHA512) == 64 &&
	    cs_tpm_digest_len(0x0004) == 0 &&
	    cs_tpm_digest_len(CS_TPM_ALG_NULL) == 0, "digests");
	return done_testing();
}
