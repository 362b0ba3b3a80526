/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ssh.h"

#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "ssh", __VA_ARGS__)

static int
take(cs_span *in, size_t n, cs_span *out, cs_err *e)
{
	if (n > in->n)
		return BAD(e, "expected %zu octets more, found %zu", n, in->n);
	*out = cs_span_cut(*in, 0, n);
	*in = cs_span_cut(*in, n, in->n - n);
	return CS_OK;
}

int
cs_ssh_byte(cs_span *in, uint8_t *out, cs_err *e)
{
	cs_span b = {0};
	int r;

	*out = 0;
	if ((r = take(in, 1, &b, e)) == CS_OK)
		*out = b.p[0];
	return r;
}

int
cs_ssh_u32(cs_span *in, uint32_t *out, cs_err *e)
{
	cs_span b = {0};
	int r;

	*out = 0;
	if ((r = take(in, 4, &b, e)) == CS_OK)
		*out = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 |
		    (uint32_t)b.p[2] << 8 | b.p[3];
	return r;
}

int
cs_ssh_string(cs_span *in, cs_span *out, cs_err *e)
{
	uint32_t n = 0;
	int r;

	*out = (cs_span){0};
	if ((r = cs_ssh_u32(in, &n, e)) == CS_OK)
		r = take(in, n, out, e);
	return r;
}

int
cs_ssh_mpint(cs_span *in, cs_span *out, cs_err *e)
{
	cs_span n = {0};
	int r;

	*out = (cs_span){0};
	if ((r = cs_ssh_string(in, &n, e)) != CS_OK)
		return r;
	if (n.n == 0 || (n.p[0] & 0x80) != 0)
		return BAD(e, "expected a positive number, found %s",
		    n.n == 0 ? "zero" : "a negative one");
	if (n.p[0] == 0) {
		n = cs_span_cut(n, 1, n.n - 1);
		if (n.n == 0 || (n.p[0] & 0x80) == 0)
			return BAD(e, "a number is not in its shortest form");
	}
	*out = n;
	return CS_OK;
}

int
cs_ssh_end(cs_span in, const char *what, cs_err *e)
{
	return in.n == 0 ? CS_OK :
	    BAD(e, "%zu octets behind %s", in.n, what);
}

void
cs_ssh_put_u32(cs_buf *b, uint32_t v)
{
	const uint8_t raw[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v};

	if (cs_buf_put(b, cs_span_of(raw, sizeof(raw))) != CS_OK)
		cs_buf_fail(b);
}

void
cs_ssh_put_string(cs_buf *b, cs_span s)
{
	cs_ssh_put_u32(b, (uint32_t)s.n);
	if (s.n > UINT32_MAX || cs_buf_put(b, s) != CS_OK)
		cs_buf_fail(b);
}
