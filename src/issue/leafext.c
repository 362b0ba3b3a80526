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

/* RFC 5280 4.2 gives their order no meaning, and each is there at most once:
 * they are found first, and then read in an order of ours. */

#define BAD(e, reason, ...) CS_BAD(e, reason, "leaf", __VA_ARGS__)

/* A constant extension: its octets are the only ones. */
static int
read_constant(cs_span raw, enum cs_oid id, unsigned tag, cs_span want,
    cs_err *e)
{
	cs_span found = {0};
	int r;

	if ((r = cs_body_open(raw, id, tag, &found, e)) != CS_OK)
		return r;
	if (!cs_span_eq(found, want))
		return BAD(e, CS_R_MALFORMED, "%s: another value than a "
		    "credential has", cs_oid_name(cs_oid(id)));
	return CS_OK;
}

static int
read_usage(cs_span raw, cs_leaf *l, cs_err *e)
{
	(void)l;
	return read_constant(raw, CS_OID_CE_KEY_USAGE, CS_DER_BITSTRING,
	    cs_leaf_usage(), e);
}

static int
read_basic(cs_span raw, cs_leaf *l, cs_err *e)
{
	(void)l;
	return read_constant(raw, CS_OID_CE_BASIC_CONSTRAINTS, CS_DER_SEQ,
	    cs_span_str(""), e);
}

/* Exactly clientAuth and serverAuth. */
static int
read_uses(cs_span raw, cs_leaf *l, cs_err *e)
{
	cs_span in = {0}, one = {0}, other = {0};
	int r;

	(void)l;
	if ((r = cs_body_open(raw, CS_OID_CE_EXT_KEY_USAGE, CS_DER_SEQ, &in,
	    e)) != CS_OK)
		return r;
	if ((r = cs_der_get(&in, CS_DER_OID, &one, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, &other, e)) != CS_OK ||
	    (r = cs_der_end(in, "two uses", e)) != CS_OK)
		return cs_wrap(e, "extendedKeyUsage");
	if ((cs_oid_is(one, CS_OID_KP_CLIENT_AUTH) &&
	    cs_oid_is(other, CS_OID_KP_SERVER_AUTH)) ||
	    (cs_oid_is(one, CS_OID_KP_SERVER_AUTH) &&
	    cs_oid_is(other, CS_OID_KP_CLIENT_AUTH)))
		return CS_OK;
	return BAD(e, CS_R_MALFORMED, "extendedKeyUsage: expected clientAuth "
	    "and serverAuth");
}

/* How it is made is its issuer's affair (RFC 5280 4.2.1.2). */
static int
read_key_id(cs_span raw, cs_leaf *l, cs_err *e)
{
	int r;

	if ((r = cs_body_open(raw, CS_OID_CE_SUBJECT_KEY_ID, CS_DER_OCTETS,
	    &l->key_id, e)) != CS_OK)
		return r;
	if (l->key_id.n < 1 || l->key_id.n > CS_KEY_ID_MAX)
		return BAD(e, CS_R_MALFORMED, "subjectKeyIdentifier: expected "
		    "1 to %d octets, found %zu", CS_KEY_ID_MAX, l->key_id.n);
	return CS_OK;
}

static int
read_issuer_key_id(cs_span raw, cs_leaf *l, cs_err *e)
{
	return cs_body_issuer_key_id(raw, &l->authority_key_id, e);
}

static int
read_name(cs_span raw, cs_leaf *l, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_body_open(raw, CS_OID_CE_SUBJECT_ALT_NAME, CS_DER_SEQ, &in,
	    e)) != CS_OK)
		return r;
	if ((r = cs_der_get(&in, CS_DER_CTX(6), &l->agent_id, e)) != CS_OK ||
	    (r = cs_der_end(in, "one URI", e)) != CS_OK ||
	    (r = cs_agent_id_check(l->agent_id, NULL, e)) != CS_OK)
		return cs_wrap(e, "subjectAltName");
	return CS_OK;
}

static int
read_policy(cs_span *in, int *policy, cs_err *e)
{
	cs_span one = {0}, oid = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &one, e)) != CS_OK ||
	    (r = cs_der_get(&one, CS_DER_OID, &oid, e)) != CS_OK ||
	    (r = cs_der_end(one, "a policy", e)) != CS_OK)
		return cs_wrap(e, "certificatePolicies");
	for (*policy = 0; *policy < CS_LEAF_POLICIES; (*policy)++)
		if (cs_oid_is(oid, cs_leaf_policy(*policy)))
			return CS_OK;
	return BAD(e, CS_R_MALFORMED, "certificatePolicies: none of ours");
}

/* Of ours, none twice; which they have to be, the bindings say. */
static int
read_policies(cs_span raw, cs_leaf *l, cs_err *e)
{
	cs_span in = {0};
	int r, i = 0;

	if ((r = cs_body_open(raw, CS_OID_CE_CERTIFICATE_POLICIES, CS_DER_SEQ,
	    &in, e)) != CS_OK)
		return r;
	while (in.n != 0) {
		if ((r = read_policy(&in, &i, e)) != CS_OK)
			return r;
		if ((l->policies & 1u << i) != 0)
			return BAD(e, CS_R_MALFORMED,
			    "certificatePolicies: one is repeated");
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
read_crl_url(cs_span raw, cs_leaf *l, cs_err *e)
{
	static const unsigned tags[] = {CS_DER_SEQ, CS_DER_CTXC(0),
	    CS_DER_CTXC(0), CS_DER_CTX(6)};
	cs_span in = {0}, box = {0};
	size_t i;
	int r;

	if ((r = cs_body_open(raw, CS_OID_CE_CRL_DISTRIBUTION_POINTS,
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
read_bindings(cs_span raw, cs_leaf *l, cs_err *e)
{
	cs_bindings *b = NULL;
	unsigned want;
	int r;

	l->bindings = raw;
	if ((r = cs_bindings_parse(l->bindings, CS_CERT_VALUE_DEPTH, &b,
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

static const struct field {
	enum cs_oid id;
	bool critical, optional;
	int (*read)(cs_span raw, cs_leaf *l, cs_err *e);
} fields[] = {
	{CS_OID_CE_KEY_USAGE, true, false, read_usage},
	{CS_OID_CE_BASIC_CONSTRAINTS, true, false, read_basic},
	{CS_OID_CE_EXT_KEY_USAGE, false, false, read_uses},
	{CS_OID_CE_SUBJECT_KEY_ID, false, false, read_key_id},
	{CS_OID_CE_AUTHORITY_KEY_ID, false, false, read_issuer_key_id},
	{CS_OID_CE_SUBJECT_ALT_NAME, true, false, read_name},
	{CS_OID_CE_CERTIFICATE_POLICIES, false, false, read_policies},
	{CS_OID_CE_CRL_DISTRIBUTION_POINTS, false, true, read_crl_url},
	{CS_OID_PE_OWNER_BINDINGS, false, false, read_bindings},
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int
place(const cs_ext *x, cs_span raw[N_FIELDS], cs_err *e)
{
	const char *name = cs_oid_name(x->oid);
	size_t i;

	for (i = 0; i < N_FIELDS; i++)
		if (cs_oid_is(x->oid, fields[i].id))
			break;
	if (i == N_FIELDS)
		return BAD(e, CS_R_MALFORMED, "%s: a credential has none",
		    name == NULL ? "another extension" : name);
	if (x->critical != fields[i].critical)
		return BAD(e, CS_R_MALFORMED, "%s: expected to be %s", name,
		    fields[i].critical ? "critical" : "not critical");
	raw[i] = x->value;
	return CS_OK;
}

int
cs_leaf_read_extensions(cs_span list, cs_leaf *l, cs_err *e)
{
	cs_span raw[N_FIELDS] = {{0}};
	cs_seen seen = {.n = 0};
	cs_ext x;
	size_t i;
	int r;

	while (list.n != 0)
		if ((r = cs_ext_next(&list, &seen, &x, e)) != CS_OK ||
		    (r = place(&x, raw, e)) != CS_OK)
			return r;
	for (i = 0; i < N_FIELDS; i++) {
		if (raw[i].p == NULL && fields[i].optional)
			continue;
		if (raw[i].p == NULL)
			return BAD(e, CS_R_MALFORMED, "expected %s, found none",
			    cs_oid_name(cs_oid(fields[i].id)));
		if ((r = fields[i].read(raw[i], l, e)) != CS_OK)
			return r;
	}
	return CS_OK;
}
