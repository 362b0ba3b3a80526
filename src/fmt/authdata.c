/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/authdata.h"

#include <string.h>

#include "fmt/cbor.h"
#include "fmt/reason.h"

#define BAD(e, ...) \
	CS_BAD(e, CS_R_MALFORMED, "authenticator data", __VA_ARGS__)

#define HASH_LEN 32
#define HEAD_LEN 37 /* hash, flags, counter */
#define AAGUID_LEN 16
#define CREDENTIAL_ID_MAX 1023 /* WebAuthn section 4 */

enum flag { /* WebAuthn section 6.1 */
	PRESENT = 0x01,
	VERIFIED = 0x04,
	BACKUP_ELIGIBLE = 0x08,
	BACKED_UP = 0x10,
	CREDENTIAL = 0x40,
	EXTENSIONS = 0x80,
	RESERVED = 0x22
};

/* Takes `n` octets off *in. */
static int
get_octets(cs_span *in, size_t n, const char *what, cs_span *out, cs_err *e)
{
	if (in->n < n)
		return BAD(e, "%zu octets of %s are missing", n - in->n, what);
	*out = cs_span_of(in->p, n);
	*in = cs_span_of(in->p + n, in->n - n);
	return CS_OK;
}

static int
check_flags(uint8_t flags, enum cs_authdata_kind kind, cs_err *e)
{
	const bool wants = kind == CS_AUTHDATA_CREDENTIAL;

	if ((flags & RESERVED) != 0)
		return BAD(e, "reserved flags: %02x", flags & RESERVED);
	if ((flags & BACKED_UP) != 0 && (flags & BACKUP_ELIGIBLE) == 0)
		return BAD(e, "backed up, and not eligible for backup");
	if (((flags & CREDENTIAL) != 0) != wants)
		return BAD(e, "credential data %s",
		    wants ? "is missing" : "in an assertion");
	return CS_OK;
}

static int
read_head(cs_span *in, enum cs_authdata_kind kind, uint8_t *flags,
    cs_authdata *out, cs_err *e)
{
	cs_span head = {0};
	int r;

	if ((r = get_octets(in, HEAD_LEN, "hash, flags and counter", &head,
	    e)) != CS_OK)
		return r;
	*flags = head.p[HASH_LEN];
	if ((r = check_flags(*flags, kind, e)) != CS_OK)
		return r;
	out->rp_id_hash = cs_span_cut(head, 0, HASH_LEN);
	out->present = (*flags & PRESENT) != 0;
	out->verified = (*flags & VERIFIED) != 0;
	out->backup_eligible = (*flags & BACKUP_ELIGIBLE) != 0;
	out->backed_up = (*flags & BACKED_UP) != 0;
	out->counter = (uint32_t)head.p[33] << 24 | (uint32_t)head.p[34] << 16 |
	    (uint32_t)head.p[35] << 8 | head.p[36];
	return CS_OK;
}

static int
get_map(cs_span *in, const char *what, cs_span *out, cs_err *e)
{
	const int type = cs_cbor_peek(*in);

	if (type >= 0 && type != CS_CBOR_MAP)
		return BAD(e, "%s are not a CBOR map", what);
	if (cs_cbor_any(in, out, e) != CS_OK)
		return cs_wrap(e, "%s", what);
	return CS_OK;
}

/* WebAuthn section 6.5.1. */
static int
read_credential(cs_span *in, cs_authdata *out, cs_err *e)
{
	cs_span size = {0};
	size_t n;
	int r;

	if ((r = get_octets(in, AAGUID_LEN, "the AAGUID", &out->aaguid, e)) !=
	    CS_OK ||
	    (r = get_octets(in, 2, "the credential ID's length", &size, e)) !=
	    CS_OK)
		return r;
	n = (size_t)size.p[0] << 8 | size.p[1];
	if (n == 0 || n > CREDENTIAL_ID_MAX)
		return BAD(e, "a credential ID of %zu octets, 1 to %d are "
		    "possible", n, CREDENTIAL_ID_MAX);
	if ((r = get_octets(in, n, "the credential ID", &out->credential_id,
	    e)) != CS_OK)
		return r;
	return get_map(in, "the members of the public key", &out->cose_key, e);
}

int
cs_authdata_parse(cs_span in, enum cs_authdata_kind kind, cs_authdata *out,
    cs_err *e)
{
	cs_span left = in;
	uint8_t flags = 0;
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_AUTHDATA_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "authenticator data",
		    "%zu octets, at most %d", in.n, CS_AUTHDATA_MAX);
	if ((r = read_head(&left, kind, &flags, out, e)) != CS_OK)
		return r;
	if ((flags & CREDENTIAL) != 0 &&
	    (r = read_credential(&left, out, e)) != CS_OK)
		return r;
	if ((flags & EXTENSIONS) != 0 &&
	    (r = get_map(&left, "the extensions", &out->extensions, e)) !=
	    CS_OK)
		return r;
	if (left.n != 0)
		return BAD(e, "%zu octets behind its end", left.n);
	out->der = in;
	return CS_OK;
}
