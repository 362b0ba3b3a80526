/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/leafp.h"

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "issue/authority.h"
#include "issue/body.h"
#include "issue/owners.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "leaf", __VA_ARGS__)

/* A constant extension: its octets are the only ones. */
static int
read_constant(cs_span *list, enum cs_oid id, bool critical, unsigned tag,
    cs_span want, cs_err *e)
{
	cs_span found = {0};
	int r;

	if ((r = cs_body_ext(list, id, critical, tag, &found, e)) != CS_OK)
		return r;
	if (!cs_span_eq(found, want))
		return BAD(e, CS_R_MALFORMED, "%s: another value than a "
		    "credential has", cs_oid_name(cs_oid(id)));
	return CS_OK;
}

/* Exactly clientAuth and serverAuth. */
static int
read_uses(cs_span *list, cs_err *e)
{
	cs_span in = {0}, client = {0}, server = {0};
	int r;

	if ((r = cs_body_ext(list, CS_OID_CE_EXT_KEY_USAGE, false, CS_DER_SEQ,
	    &in, e)) != CS_OK)
		return r;
	if ((r = cs_der_get(&in, CS_DER_OID, &client, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, &server, e)) != CS_OK ||
	    (r = cs_der_end(in, "two uses", e)) != CS_OK)
		return cs_wrap(e, "extendedKeyUsage");
	if (!cs_oid_is(client, CS_OID_KP_CLIENT_AUTH) ||
	    !cs_oid_is(server, CS_OID_KP_SERVER_AUTH))
		return BAD(e, CS_R_MALFORMED, "extendedKeyUsage: expected "
		    "clientAuth and serverAuth");
	return CS_OK;
}

static int
read_key_ids(cs_span *list, cs_leaf *l, cs_err *e)
{
	uint8_t id[CS_KEY_ID_LEN];
	int r;

	if ((r = cs_body_ext(list, CS_OID_CE_SUBJECT_KEY_ID, false,
	    CS_DER_OCTETS, &l->key_id, e)) != CS_OK ||
	    (r = cs_key_id(&l->key, id, e)) != CS_OK)
		return r;
	if (!cs_span_eq(l->key_id, cs_span_of(id, sizeof(id))))
		return BAD(e, CS_R_MALFORMED,
		    "subjectKeyIdentifier: not the one of this key");
	return cs_body_issuer_key_id(list, &l->authority_key_id, e);
}

static int
read_name(cs_span *list, cs_leaf *l, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_body_ext(list, CS_OID_CE_SUBJECT_ALT_NAME, true, CS_DER_SEQ,
	    &in, e)) != CS_OK)
		return r;
	if ((r = cs_der_get(&in, CS_DER_CTX(6), &l->agent_id, e)) != CS_OK ||
	    (r = cs_der_end(in, "one URI", e)) != CS_OK ||
	    (r = cs_agent_id_check(l->agent_id, NULL, e)) != CS_OK)
		return cs_wrap(e, "subjectAltName");
	return CS_OK;
}

/* In the order of section 1, none twice, ownerApproved always. */
static int
read_policies(cs_span *list, cs_leaf *l, cs_err *e)
{
	cs_span in = {0}, one = {0}, oid = {0};
	int r, i = -1;

	if ((r = cs_body_ext(list, CS_OID_CE_CERTIFICATE_POLICIES, false,
	    CS_DER_SEQ, &in, e)) != CS_OK)
		return r;
	while (in.n != 0) {
		if ((r = cs_der_get(&in, CS_DER_SEQ, &one, e)) != CS_OK ||
		    (r = cs_der_get(&one, CS_DER_OID, &oid, e)) != CS_OK ||
		    (r = cs_der_end(one, "a policy", e)) != CS_OK)
			return cs_wrap(e, "certificatePolicies");
		for (i++; i < CS_LEAF_POLICIES; i++)
			if (cs_oid_is(oid, cs_leaf_policy(i)))
				break;
		if (i == CS_LEAF_POLICIES)
			return BAD(e, CS_R_MALFORMED, "certificatePolicies: "
			    "none of ours, or not in their order");
		l->policies |= 1u << i;
	}
	return CS_OK;
}

static int
check_url(cs_span url, cs_err *e)
{
	if (!cs_span_is(cs_span_cut(url, 0, 7), "http://") &&
	    !cs_span_is(cs_span_cut(url, 0, 8), "https://"))
		return BAD(e, CS_R_MALFORMED,
		    "expected a http: or https: URL");
	return cs_authority_check(url, e);
}

/* DistributionPoint { [0] { fullName [0] { URI [6] } } }, once. */
static int
read_crl_url(cs_span *list, cs_leaf *l, cs_err *e)
{
	static const unsigned tags[] = {CS_DER_SEQ, CS_DER_CTXC(0),
	    CS_DER_CTXC(0), CS_DER_CTX(6)};
	cs_span in = {0}, box = {0};
	size_t i;
	int r;

	if (!cs_body_ext_is(*list, CS_OID_CE_CRL_DISTRIBUTION_POINTS))
		return CS_OK;
	if ((r = cs_body_ext(list, CS_OID_CE_CRL_DISTRIBUTION_POINTS, false,
	    CS_DER_SEQ, &in, e)) != CS_OK)
		return r;
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]) && r == CS_OK; i++)
		if ((r = cs_der_get(&in, tags[i], &box, e)) == CS_OK &&
		    (r = cs_der_end(in, "one URI", e)) == CS_OK)
			in = box;
	if (r == CS_OK)
		r = check_url(in, e);
	if (r != CS_OK)
		return cs_wrap(e, "cRLDistributionPoints");
	l->crl_url = in;
	return CS_OK;
}

static int
read_bindings(cs_span *list, cs_leaf *l, cs_err *e)
{
	cs_bindings *b = NULL;
	unsigned want;
	int r;

	if ((r = cs_body_ext_raw(list, CS_OID_PE_OWNER_BINDINGS, false,
	    &l->bindings, e)) != CS_OK ||
	    (r = cs_bindings_parse(l->bindings, CS_CERT_VALUE_DEPTH, &b,
	    e)) != CS_OK ||
	    (r = cs_bindings_check(b, CS_CERT_VALUE_DEPTH, e)) != CS_OK)
		goto out;
	if ((want = cs_leaf_policies(b)) != l->policies)
		r = BAD(e, CS_R_MALFORMED, "certificatePolicies: the bindings "
		    "say 0x%x, found 0x%x", want, l->policies);
out:
	cs_bindings_free(&b);
	return r;
}

int
cs_leaf_read_extensions(cs_span list, cs_leaf *l, cs_err *e)
{
	int r;

	if ((r = read_constant(&list, CS_OID_CE_KEY_USAGE, true,
	    CS_DER_BITSTRING, cs_leaf_usage(), e)) != CS_OK ||
	    (r = read_constant(&list, CS_OID_CE_BASIC_CONSTRAINTS, true,
	    CS_DER_SEQ, cs_span_str(""), e)) != CS_OK ||
	    (r = read_uses(&list, e)) != CS_OK ||
	    (r = read_key_ids(&list, l, e)) != CS_OK ||
	    (r = read_name(&list, l, e)) != CS_OK ||
	    (r = read_policies(&list, l, e)) != CS_OK ||
	    (r = read_crl_url(&list, l, e)) != CS_OK ||
	    (r = read_bindings(&list, l, e)) != CS_OK)
		return r;
	return cs_der_end(list, "the extensions of a credential", e);
}
