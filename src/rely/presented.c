/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "rely/presented.h"

#include "fmt/pem.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "presented", __VA_ARGS__)

#define DER_SEQUENCE 0x30

/* What stands above the agent's certificate is not needed: CAs are the
 * bundle's. */
static int
take_first(void *arg, cs_span der, cs_err *e)
{
	cs_presented *p = arg;

	if (p->own != NULL)
		return CS_OK;
	if ((p->own = cs_buf_dup(der)) == NULL)
		return cs_nomem(e, "presented");
	p->certificate = cs_buf_span(p->own);
	return CS_OK;
}

/* Of what JWS's compact form is made (RFC 7515 7.1). */
static bool
is_token_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static cs_span
trim(cs_span in)
{
	if (in.n > 0 && in.p[in.n - 1] == '\n')
		in.n--;
	if (in.n > 0 && in.p[in.n - 1] == '\r')
		in.n--;
	return in;
}

static bool
is_token(cs_span in)
{
	size_t i;

	for (i = 0; i < in.n; i++)
		if (!is_token_char(in.p[i]))
			return false;
	return in.n > 0;
}

static int
take_whole(cs_span in, cs_presented *out, cs_span *which, cs_err *e)
{
	if ((out->own = cs_buf_dup(in)) == NULL)
		return cs_nomem(e, "presented");
	*which = cs_buf_span(out->own);
	return CS_OK;
}

int
cs_presented_read(cs_span in, cs_presented *out, cs_err *e)
{
	int r;

	*out = (cs_presented){.own = NULL};
	if (in.n > CS_PRESENTED_MAX)
		return BAD(e, CS_R_TOO_LARGE, "a credential of %zu octets, at "
		    "most %d", in.n, CS_PRESENTED_MAX);
	if (in.n > 0 && in.p[0] == DER_SEQUENCE)
		return take_whole(in, out, &out->certificate, e);
	if (is_token(trim(in)))
		return take_whole(trim(in), out, &out->token, e);
	r = cs_pem_each(in, CS_PEM_CERTIFICATE, take_first, out, e);
	if (r != CS_OK)
		cs_presented_clear(out);
	return r;
}

void
cs_presented_clear(cs_presented *p)
{
	cs_buf_free(&p->own);
	*p = (cs_presented){.own = NULL};
}
