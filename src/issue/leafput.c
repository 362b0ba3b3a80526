/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/leafp.h"

#include "fmt/der.h"
#include "issue/authority.h"
#include "issue/body.h"

/* Bit n of enum cs_policy_bit. */
static const enum cs_oid policy_oids[CS_LEAF_POLICIES] = {
	CS_OID_CP_OWNER_APPROVED,
	CS_OID_CP_OWNER_APPROVED_HARDWARE,
	CS_OID_CP_OWNER_APPROVED_PRESENCE,
	CS_OID_CP_OWNER_APPROVED_VERIFIED,
};

/* Content of keyUsage's BIT STRING, bit 0 alone: digitalSignature. */
static const uint8_t key_usage[] = {0x07, 0x80};

enum cs_oid
cs_leaf_policy(int i)
{
	return policy_oids[i];
}

cs_span
cs_leaf_usage(void)
{
	return cs_span_of(key_usage, sizeof(key_usage));
}

static void
put_uses(cs_buf *out)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_EXT_KEY_USAGE, false);
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_KP_CLIENT_AUTH));
	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_KP_SERVER_AUTH));
	cs_der_close(out, seq);
	cs_ext_close(out, x);
}

void
cs_leaf_put_policies(cs_buf *out, unsigned policies)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_CERTIFICATE_POLICIES,
	    false);
	size_t seq = cs_der_begin(out, CS_DER_SEQ), one;
	int i;

	for (i = 0; i < CS_LEAF_POLICIES; i++) {
		if ((policies >> i & 1) == 0)
			continue;
		one = cs_der_begin(out, CS_DER_SEQ);
		cs_der_put(out, CS_DER_OID, cs_oid(policy_oids[i]));
		cs_der_close(out, one);
	}
	cs_der_close(out, seq);
	cs_ext_close(out, x);
}

static void
put_crl_url(cs_buf *out, cs_span url)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_CRL_DISTRIBUTION_POINTS,
	    false);
	size_t list = cs_der_begin(out, CS_DER_SEQ);
	size_t point = cs_der_begin(out, CS_DER_SEQ);
	size_t name = cs_der_begin(out, CS_DER_CTXC(0));
	size_t full = cs_der_begin(out, CS_DER_CTXC(0));

	cs_der_put(out, CS_DER_CTX(6), url);
	cs_der_close(out, full);
	cs_der_close(out, name);
	cs_der_close(out, point);
	cs_der_close(out, list);
	cs_ext_close(out, x);
}

static void
put_name(cs_buf *out, cs_span agent_id)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_SUBJECT_ALT_NAME, true);
	size_t names = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_CTX(6), agent_id);
	cs_der_close(out, names);
	cs_ext_close(out, x);
}

static void
put_extensions(const cs_leaf *l, cs_span key_id, cs_buf *out)
{
	size_t box = cs_der_begin(out, CS_DER_CTXC(3));
	size_t list = cs_der_begin(out, CS_DER_SEQ);

	cs_body_put_ext(out, CS_OID_CE_KEY_USAGE, true, CS_DER_BITSTRING,
	    cs_leaf_usage());
	cs_body_put_ext(out, CS_OID_CE_BASIC_CONSTRAINTS, true, CS_DER_SEQ,
	    cs_span_str(""));
	put_uses(out);
	cs_body_put_ext(out, CS_OID_CE_SUBJECT_KEY_ID, false, CS_DER_OCTETS,
	    key_id);
	cs_body_put_issuer_key_id(out, l->authority_key_id);
	put_name(out, l->agent_id);
	cs_leaf_put_policies(out, l->policies);
	if (l->crl_url.p != NULL)
		put_crl_url(out, l->crl_url);
	cs_body_put_ext_raw(out, CS_OID_PE_OWNER_BINDINGS, l->bindings);
	cs_der_close(out, list);
	cs_der_close(out, box);
}

int
cs_leaf_write(const cs_leaf *l, cs_buf *out, cs_err *e)
{
	uint8_t key_id[CS_KEY_ID_LEN];
	size_t body, mark;
	int r;

	if ((r = cs_key_id(&l->key, key_id, e)) != CS_OK)
		return r;
	body = cs_der_begin(out, CS_DER_SEQ);
	cs_body_put_head(out, l->serial, l->sig_alg, l->issuer);
	cs_body_put_validity(out, l->not_before, l->not_after);
	mark = cs_der_begin(out, CS_DER_SEQ);
	cs_der_close(out, mark);
	cs_der_put_raw(out, l->key.der);
	put_extensions(l, cs_span_of(key_id, sizeof(key_id)), out);
	cs_der_close(out, body);
	return cs_der_done(out, e);
}
