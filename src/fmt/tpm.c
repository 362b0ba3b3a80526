/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpm.h"

#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "tpm", __VA_ARGS__)

size_t
cs_tpm_digest_len(uint16_t alg)
{
	switch (alg) {
	case CS_TPM_ALG_SHA256:
		return 32;
	case CS_TPM_ALG_SHA384:
		return 48;
	case CS_TPM_ALG_SHA512:
		return 64;
	default:
		return 0;
	}
}

static int
take(cs_span *in, size_t n, cs_span *out, cs_err *e)
{
	if (n > in->n)
		return BAD(e, "expected %zu octets more, found %zu", n, in->n);
	*out = cs_span_cut(*in, 0, n);
	*in = cs_span_cut(*in, n, in->n - n);
	return CS_OK;
}

static int
number(cs_span *in, size_t n, uint64_t *out, cs_err *e)
{
	cs_span b = {0};
	size_t i;
	int r;

	*out = 0;
	if ((r = take(in, n, &b, e)) != CS_OK)
		return r;
	for (i = 0; i < n; i++)
		*out = *out << 8 | b.p[i];
	return CS_OK;
}

int
cs_tpm_u8(cs_span *in, uint8_t *out, cs_err *e)
{
	uint64_t v = 0;
	int r = number(in, 1, &v, e);

	*out = (uint8_t)v;
	return r;
}

int
cs_tpm_u16(cs_span *in, uint16_t *out, cs_err *e)
{
	uint64_t v = 0;
	int r = number(in, 2, &v, e);

	*out = (uint16_t)v;
	return r;
}

int
cs_tpm_u32(cs_span *in, uint32_t *out, cs_err *e)
{
	uint64_t v = 0;
	int r = number(in, 4, &v, e);

	*out = (uint32_t)v;
	return r;
}

int
cs_tpm_u64(cs_span *in, uint64_t *out, cs_err *e)
{
	return number(in, 8, out, e);
}

int
cs_tpm_sized(cs_span *in, size_t max, cs_span *out, cs_err *e)
{
	cs_span rest = *in;
	uint16_t n = 0;
	int r;

	*out = (cs_span){0};
	if ((r = cs_tpm_u16(&rest, &n, e)) != CS_OK)
		return r;
	if (n > max)
		return BAD(e, "expected at most %zu octets, found %u", max,
		    (unsigned)n);
	if ((r = take(&rest, n, out, e)) == CS_OK)
		*in = rest;
	return r;
}

int
cs_tpm_end(cs_span in, const char *what, cs_err *e)
{
	return in.n == 0 ? CS_OK :
	    BAD(e, "%zu octets behind %s", in.n, what);
}

static void
put(cs_buf *b, cs_span s)
{
	if (cs_buf_put(b, s) != CS_OK)
		cs_buf_fail(b);
}

void
cs_tpm_put_u16(cs_buf *b, uint16_t v)
{
	const uint8_t raw[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(b, cs_span_of(raw, sizeof(raw)));
}

void
cs_tpm_put_u32(cs_buf *b, uint32_t v)
{
	cs_tpm_put_u16(b, (uint16_t)(v >> 16));
	cs_tpm_put_u16(b, (uint16_t)v);
}

void
cs_tpm_put_sized(cs_buf *b, cs_span s)
{
	if (s.n > UINT16_MAX) {
		cs_buf_fail(b);
		return;
	}
	cs_tpm_put_u16(b, (uint16_t)s.n);
	put(b, s);
}
