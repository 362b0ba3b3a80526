/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tsskey.h"

#include <string.h>

#include "base/text.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "tsskey", __VA_ARGS__)

/* TPM_HT and TPM_RH, Part 2, 7.2 and 7.4. */
#define HT_PERSISTENT 0x81
#define RH_OWNER 0x40000001
#define RH_NULL 0x40000007
#define RH_ENDORSEMENT 0x4000000b
#define RH_PLATFORM 0x4000000c

/* The members of a TPMKey that we read around, or cannot serve. */
enum member {
	EMPTY_AUTH,
	POLICY,
	SECRET,
	AUTH_POLICY,
	DESCRIPTION,
	RSA_PARENT,
	MEMBERS
};

static const char *const member_names[MEMBERS] = {
	[EMPTY_AUTH] = "emptyAuth",
	[POLICY] = "policy",
	[SECRET] = "secret",
	[AUTH_POLICY] = "authPolicy",
	[DESCRIPTION] = "description",
	[RSA_PARENT] = "rsaParent",
};

static int
read_type(cs_span *in, cs_err *e)
{
	cs_span oid = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_OID, &oid, e)) != CS_OK)
		return r;
	if (cs_oid_is(oid, CS_OID_TPM_LOADABLE_KEY))
		return CS_OK;
	return BAD(e, CS_R_UNSUPPORTED, "expected a loadable key, found %s",
	    cs_oid_is(oid, CS_OID_TPM_IMPORTABLE_KEY) ? "an importable one" :
	    cs_oid_is(oid, CS_OID_TPM_SEALED_DATA) ? "sealed data" :
	    "an unknown type");
}

/* Both tools write TRUE as 01, which is BER; DER has ff. */
static int
read_boolean(cs_span in, const char *what, bool *out, cs_err *e)
{
	cs_span b = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_BOOLEAN, &b, e)) != CS_OK ||
	    (r = cs_der_end(in, what, e)) != CS_OK)
		return r;
	if (b.n != 1 || (b.p[0] != 0x00 && b.p[0] != 0x01 && b.p[0] != 0xff))
		return BAD(e, CS_R_NOT_DER, "BOOLEAN %s is neither 00 nor 01 "
		    "nor FF", what);
	*out = b.p[0] != 0x00;
	return CS_OK;
}

static int
read_description(cs_span in, cs_tsskey *out, cs_err *e)
{
	int r;

	if ((r = cs_der_get(&in, CS_DER_UTF8, &out->description, e)) !=
	    CS_OK || (r = cs_der_end(in, "description", e)) != CS_OK)
		return r;
	if (out->description.n > CS_TSSKEY_DESCRIPTION_MAX)
		return BAD(e, CS_R_TOO_LARGE, "description of %zu octets, at "
		    "most %d", out->description.n, CS_TSSKEY_DESCRIPTION_MAX);
	return cs_utf8_valid(out->description) ? CS_OK :
	    BAD(e, CS_R_NOT_DER, "the description is not UTF-8");
}

static int
read_member(enum member m, cs_span body, cs_tsskey *out, cs_err *e)
{
	bool rsa_parent = false;
	int r;

	switch (m) {
	case EMPTY_AUTH:
		return read_boolean(body, member_names[m], &out->empty_auth,
		    e);
	case DESCRIPTION:
		return read_description(body, out, e);
	case RSA_PARENT:
		if ((r = read_boolean(body, member_names[m], &rsa_parent,
		    e)) != CS_OK || !rsa_parent)
			return r;
		return BAD(e, CS_R_UNSUPPORTED, "expected a key below the "
		    "hierarchy's ECC parent, found one below its RSA parent");
	default:
		return BAD(e, CS_R_UNSUPPORTED, "expected a key that its auth "
		    "value opens, found one with the member %s",
		    member_names[m]);
	}
}

static int
read_members(cs_span *in, cs_tsskey *out, cs_err *e)
{
	cs_span body = {0};
	unsigned m;
	int r;

	for (m = 0; m < MEMBERS; m++) {
		if ((r = cs_der_opt(in, CS_DER_CTXC(m), &body, e)) != CS_OK)
			return r;
		if (body.p != NULL &&
		    (r = read_member((enum member)m, body, out, e)) != CS_OK)
			return r;
	}
	if (in->n != 0 && (in->p[0] & 0xc0) == 0x80)
		return BAD(e, CS_R_UNSUPPORTED, "expected the parent, found "
		    "an optional member that is not known here, or not in its "
		    "place: tag 0x%02x", (unsigned)in->p[0]);
	return CS_OK;
}

static bool
is_parent(uint32_t handle)
{
	return handle >> 24 == HT_PERSISTENT || handle == RH_OWNER ||
	    handle == RH_NULL || handle == RH_ENDORSEMENT ||
	    handle == RH_PLATFORM;
}

static int
read_parent(cs_span *in, cs_tsskey *out, cs_err *e)
{
	int64_t v = 0;
	int r;

	if ((r = cs_der_uint(in, CS_DER_INTEGER, 0, UINT32_MAX, &v, e)) !=
	    CS_OK)
		return cs_wrap(e, "parent");
	out->parent = (uint32_t)v;
	return is_parent(out->parent) ? CS_OK :
	    BAD(e, CS_R_UNSUPPORTED, "expected a parent that stays, "
	    "0x81000000 to 0x81ffffff or a hierarchy, found 0x%08lx",
	    (unsigned long)out->parent);
}

static int
read_areas(cs_span *in, cs_tsskey *out, cs_err *e)
{
	cs_span rest = {0}, private = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_OCTETS, &out->public_area, e)) !=
	    CS_OK ||
	    (r = cs_der_get(in, CS_DER_OCTETS, &out->private_area, e)) !=
	    CS_OK)
		return r;
	rest = out->public_area;
	if ((r = cs_tpmpub_sized(&rest, &out->pub, e)) != CS_OK ||
	    (r = cs_tpm_end(rest, "the public area", e)) != CS_OK)
		return r;
	rest = out->private_area;
	if ((r = cs_tpm_sized(&rest, CS_TSSKEY_MAX, &private, e)) != CS_OK ||
	    (r = cs_tpm_end(rest, "the private area", e)) != CS_OK)
		return cs_wrap(e, "TPM private area");
	return private.n != 0 ? CS_OK :
	    BAD(e, CS_R_MALFORMED, "the private area is empty");
}

static int
read_key(cs_span in, cs_tsskey *out, cs_err *e)
{
	cs_span seq = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_end(in, "the key", e)) != CS_OK ||
	    (r = read_type(&seq, e)) != CS_OK ||
	    (r = read_members(&seq, out, e)) != CS_OK ||
	    (r = read_parent(&seq, out, e)) != CS_OK ||
	    (r = read_areas(&seq, out, e)) != CS_OK)
		return r;
	return cs_der_end(seq, "the private area", e);
}

int
cs_tsskey_parse(cs_span in, cs_tsskey *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_TSSKEY_MAX)
		return BAD(e, CS_R_TOO_LARGE, "TSS2 private key of %zu octets, "
		    "at most %d", in.n, CS_TSSKEY_MAX);
	if ((r = read_key(in, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TSS2 private key");
	}
	return CS_OK;
}

/* The only block, of our label. */
static int
read_block(cs_span pem, cs_buf **der, cs_err *e)
{
	cs_span label = {0}, other = {0};
	cs_buf *rest = NULL;
	int r;

	if ((r = cs_pem_next(&pem, &label, der, e)) != CS_OK)
		return r;
	if (*der == NULL)
		return BAD(e, CS_R_MALFORMED, "expected a PEM block \"%s\", "
		    "found none", CS_PEM_TSSKEY);
	if (!cs_span_is(label, CS_PEM_TSSKEY))
		return BAD(e, CS_R_UNSUPPORTED, "expected a PEM block \"%s\", "
		    "found \"%.*s\"", CS_PEM_TSSKEY, CS_SHOW(label));
	if ((r = cs_pem_next(&pem, &other, &rest, e)) != CS_OK)
		return r;
	if (rest != NULL)
		r = BAD(e, CS_R_MALFORMED, "expected one PEM block, found "
		    "\"%.*s\" behind it", CS_SHOW(other));
	cs_buf_free(&rest);
	return r;
}

int
cs_tsskey_read(cs_span pem, cs_tsskey *out, cs_buf **der, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	*der = NULL;
	if ((r = read_block(pem, &b, e)) == CS_OK &&
	    (r = cs_tsskey_parse(cs_buf_span(b), out, e)) == CS_OK) {
		*der = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

/* emptyAuth is written in any case: not every reader takes its absence for
 * FALSE. */
int
cs_tsskey_put(const cs_tsskey *k, cs_buf *out, cs_err *e)
{
	static const uint8_t truth[] = {0x00, 0xff};
	const size_t all = cs_der_begin(out, CS_DER_SEQ);
	size_t m;

	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_TPM_LOADABLE_KEY));
	m = cs_der_begin(out, CS_DER_CTXC(EMPTY_AUTH));
	cs_der_put(out, CS_DER_BOOLEAN, cs_span_of(&truth[k->empty_auth], 1));
	cs_der_close(out, m);
	if (k->description.p != NULL) {
		m = cs_der_begin(out, CS_DER_CTXC(DESCRIPTION));
		cs_der_put(out, CS_DER_UTF8, k->description);
		cs_der_close(out, m);
	}
	cs_der_put_uint(out, CS_DER_INTEGER, k->parent);
	cs_der_put(out, CS_DER_OCTETS, k->public_area);
	cs_der_put(out, CS_DER_OCTETS, k->private_area);
	cs_der_close(out, all);
	return cs_der_done(out, e);
}
