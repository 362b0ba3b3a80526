/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/authority.h"

#include "crypt/ca.h"
#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/leafp.h"

/* What a CA's certificate says of those below it is found out before anything
 * is issued, not by whoever verifies it. */

#define TRIAL_MAX 4096
#define SERIAL "\x01" "the trial of CA"
#define EMPTY "\x30\x00" /* a SEQUENCE of nothing */

static const char where[] = "authority";

/* Is it among these PolicyInformation, RFC 5280 4.2.1.4? */
static int
has_policy(cs_span list, enum cs_oid policy, bool *out, cs_err *e)
{
	cs_span one = {0}, oid = {0};
	int r;

	*out = false;
	while (list.n != 0) {
		if ((r = cs_der_get(&list, CS_DER_SEQ, &one, e)) != CS_OK ||
		    (r = cs_der_get(&one, CS_DER_OID, &oid, e)) != CS_OK)
			return r;
		if (cs_oid_is(oid, policy) || cs_oid_is(oid, CS_OID_CP_ANY))
			*out = true;
	}
	return CS_OK;
}

static int
lacks(enum cs_oid policy, cs_err *e)
{
	cs_buf *text = cs_buf_new(128);
	int r;

	if (text == NULL || cs_oid_text(text, cs_oid(policy)) != CS_OK)
		r = cs_nomem(e, where);
	else
		r = cs_fail_detail(e, CS_EREFUSED, CS_R_PATH_INVALID, where,
		    "its certificatePolicies have neither anyPolicy nor %s: "
		    "what it issues would not have that policy",
		    cs_buf_cstr(text));
	cs_buf_free(&text);
	return r;
}

/* RFC 5280 6.1.3 (d): below a CA that names policies no others hold. */
static int
try_policies(const cs_authority *a, cs_err *e)
{
	cs_span in = a->policies, list = {0};
	bool found;
	int i, r;

	if (in.p == NULL)
		return CS_OK;
	if ((r = cs_der_walk(in, CS_CERT_VALUE_DEPTH, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &list, e)) != CS_OK ||
	    (r = cs_der_end(in, "certificatePolicies", e)) != CS_OK)
		return cs_wrap(e, "certificatePolicies");
	for (i = 0; i < CS_LEAF_POLICIES; i++) {
		if ((r = has_policy(list, cs_leaf_policy(i), &found, e)) !=
		    CS_OK)
			return cs_wrap(e, "certificatePolicies");
		if (!found)
			return lacks(cs_leaf_policy(i), e);
	}
	return CS_OK;
}

/* Its key is the CA's own, and its signature is none. */
static int
put_trial(const cs_authority *a, cs_span agent_id, cs_buf *body, cs_buf *out,
    cs_err *e)
{
	const cs_alg *alg = cs_alg_for_key(a->key.kind, CS_USE_PKCS10);
	cs_leaf l = {.serial = cs_span_of(SERIAL, CS_SERIAL_LEN),
	    .issuer = a->name, .not_before = a->not_before,
	    .not_after = a->not_after, .key = a->key, .agent_id = agent_id,
	    .authority_key_id = a->key_id,
	    .policies = (1u << CS_LEAF_POLICIES) - 1,
	    .bindings = cs_span_of(EMPTY, 2)};
	int r;

	if (alg == NULL)
		return cs_fail(e, CS_EBUG, where, "a CA's key signs nothing");
	l.sig_alg = alg->sig_alg;
	if ((r = cs_leaf_write(&l, body, e)) != CS_OK)
		return r;
	return cs_signed_put(cs_buf_span(body), alg->sig_alg,
	    cs_span_str("none"), out, e);
}

static int
try_path(const cs_authority *a, cs_span cert, cs_err *e)
{
	cs_ca *ca = NULL;
	int r;

	if ((r = cs_ca_new(a->der, &ca, e)) == CS_OK)
		r = cs_ca_would_issue(ca, cert, a->not_before, e);
	cs_ca_free(&ca);
	return r == CS_OK ? CS_OK : cs_wrap(e, "what it would issue");
}

int
cs_authority_try(const cs_authority *a, cs_span trust_domain, cs_err *e)
{
	cs_buf *id = cs_buf_new(trust_domain.n + 32);
	cs_buf *body = cs_buf_new(TRIAL_MAX), *cert = cs_buf_new(TRIAL_MAX);
	int r;

	if (id == NULL || body == NULL || cert == NULL ||
	    cs_buf_printf(id, "spiffe://%.*s/agent", (int)trust_domain.n,
	    (const char *)trust_domain.p) != CS_OK)
		r = cs_nomem(e, where);
	else if ((r = try_policies(a, e)) == CS_OK &&
	    (r = put_trial(a, cs_buf_span(id), body, cert, e)) == CS_OK)
		r = try_path(a, cs_buf_span(cert), e);
	cs_buf_free(&id);
	cs_buf_free(&body);
	cs_buf_free(&cert);
	return r;
}
