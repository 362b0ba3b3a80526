/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/attstmt.h"

#include <string.h>

#include "fmt/cbor.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "attestation", __VA_ARGS__)

#define COSE_ES256 (-7)

static const struct {
	const char *name;
	enum cs_attfmt format;
} formats[] = {
	{"none", CS_ATTFMT_NONE},
	{"packed", CS_ATTFMT_PACKED},
	{"fido-u2f", CS_ATTFMT_U2F},
};

static int
find_format(cs_span name, enum cs_attfmt *out, cs_err *e)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (cs_span_is(name, formats[i].name)) {
			*out = formats[i].format;
			return CS_OK;
		}
	return BAD(e, CS_R_UNSUPPORTED, "expected packed, fido-u2f or none, "
	    "found \"%.*s\"", (int)(name.n < 64 ? name.n : 64),
	    (const char *)name.p);
}

static int
read_certs(cs_span *in, cs_attstmt *out, cs_err *e)
{
	size_t n = 0;
	int r;

	if ((r = cs_cbor_begin(in, CS_CBOR_ARRAY, &n, e)) != CS_OK)
		return r;
	if (n == 0)
		return BAD(e, CS_R_MALFORMED, "x5c without a certificate");
	if (n > CS_ATTSTMT_CERTS)
		return BAD(e, CS_R_TOO_LARGE, "%zu certificates, at most %d",
		    n, CS_ATTSTMT_CERTS);
	for (out->n = 0; out->n < n; out->n++)
		if ((r = cs_cbor_bytes(in, &out->certs[out->n], e)) != CS_OK)
			return r;
	return CS_OK;
}

static int
read_member(cs_span *in, cs_attstmt *out, bool *has_alg, cs_err *e)
{
	cs_span name = {0};
	int r;

	if (cs_cbor_peek(*in) != CS_CBOR_TEXT)
		return BAD(e, CS_R_UNSUPPORTED, "a member without a name");
	if ((r = cs_cbor_text(in, &name, e)) != CS_OK)
		return r;
	if (cs_span_is(name, "alg")) {
		*has_alg = true;
		return cs_cbor_int(in, &out->alg, e);
	}
	if (cs_span_is(name, "sig"))
		return cs_cbor_bytes(in, &out->sig, e);
	if (cs_span_is(name, "x5c"))
		return read_certs(in, out, e);
	return BAD(e, CS_R_UNSUPPORTED, "a member \"%.*s\"",
	    (int)(name.n < 64 ? name.n : 64), (const char *)name.p);
}

static int
read_members(cs_span in, cs_attstmt *out, bool *has_alg, cs_err *e)
{
	cs_span whole = {0};
	size_t n = 0;
	int r;

	if ((r = cs_cbor_any(&in, &whole, e)) != CS_OK ||
	    (r = cs_cbor_end(in, "the statement", e)) != CS_OK ||
	    (r = cs_cbor_begin(&whole, CS_CBOR_MAP, &n, e)) != CS_OK)
		return r;
	if (out->format == CS_ATTFMT_NONE && n != 0)
		return BAD(e, CS_R_UNSUPPORTED, "%zu members in a statement "
		    "of none", n);
	for (; n > 0; n--)
		if ((r = read_member(&whole, out, has_alg, e)) != CS_OK)
			return r;
	return CS_OK;
}

/* WebAuthn section 8.6 has no alg in fido-u2f; libfido2 puts it there when it
 * makes the statement for a key that speaks U2F only. */
static int
check_members(const cs_attstmt *a, bool has_alg, cs_err *e)
{
	if (a->format == CS_ATTFMT_NONE)
		return CS_OK;
	if (a->sig.n == 0)
		return BAD(e, CS_R_MALFORMED, "no signature");
	if (a->format == CS_ATTFMT_PACKED && !has_alg)
		return BAD(e, CS_R_MALFORMED, "no algorithm");
	if (a->format == CS_ATTFMT_U2F && has_alg && a->alg != COSE_ES256)
		return BAD(e, CS_R_UNSUPPORTED, "fido-u2f of the algorithm "
		    "%lld", (long long)a->alg);
	if (a->format == CS_ATTFMT_U2F && a->n != 1)
		return BAD(e, CS_R_MALFORMED, "fido-u2f with %zu certificates",
		    a->n);
	return CS_OK;
}

int
cs_attstmt_parse(cs_span format, cs_span in, cs_attstmt *out, cs_err *e)
{
	bool has_alg = false;
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_ATTSTMT_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_ATTSTMT_MAX);
	if ((r = find_format(format, &out->format, e)) != CS_OK)
		return r;
	if ((r = read_members(in, out, &has_alg, e)) != CS_OK)
		return cs_wrap(e, "attestation statement");
	return check_members(out, has_alg, e);
}
