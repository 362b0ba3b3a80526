/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/carrier.h"

#include <string.h>

#include "crypt/assertion.h"
#include "fmt/clientdata.h"

#define SCHEME "https://"

/* Where the line says nothing the RP ID does. */
static int
check_client_data(const cs_approved *a, cs_span challenge, cs_err *e)
{
	cs_span in = a->approval->webauthn.client_data;
	cs_span rp_id = a->anchor.rp_id;
	cs_buf *origin;
	int r;

	if (a->anchor.origins.p != NULL)
		return cs_clientdata_check_any(in, challenge,
		    a->anchor.origins, e);
	if ((origin = cs_buf_new(sizeof(SCHEME) + rp_id.n)) == NULL)
		return cs_nomem(e, "verify");
	if (cs_buf_put_str(origin, SCHEME) != CS_OK ||
	    cs_buf_put(origin, rp_id) != CS_OK)
		r = cs_nomem(e, "verify");
	else
		r = cs_clientdata_check(in, challenge, cs_buf_span(origin), e);
	cs_buf_free(&origin);
	return r;
}

/* For what, and from where: WebAuthn 7.2, steps 11 to 14. */
static int
check_said(const cs_approved *a, cs_err *e)
{
	uint8_t challenge[CS_SHA256_LEN];
	int r;

	if ((r = cs_assertion_challenge(a->approval->webauthn.tbs, challenge,
	    e)) != CS_OK)
		return r;
	return check_client_data(a, cs_span_of(challenge, sizeof(challenge)),
	    e);
}

/* And for whom: step 15. */
static int
check_terms(const cs_approved *a, cs_err *e)
{
	int r = cs_assertion_rp(&a->approval->webauthn.auth, a->anchor.rp_id,
	    e);

	return r == CS_OK ? check_said(a, e) : r;
}

static int
check_signature(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_webauthn *w = &a->approval->webauthn;
	cs_pubkey *own = NULL, *key = NULL;
	int r;

	if ((r = cs_carrier_key(s, a, &own, &key, e)) == CS_OK)
		r = cs_assertion_verify(key, a->key.kind, w->auth.der,
		    w->client_data, w->sig, e);
	cs_pubkey_free(&own);
	return r;
}

static int
check_both(const struct cs_step *s, const cs_approved *a,
    int (*check)(const cs_approved *a, cs_err *e), cs_err *e)
{
	cs_err why = {0};
	int r;

	if ((r = check(a, &why)) != CS_OK) {
		(void)cs_wrap(&why, "expected an assertion for this approval, "
		    "found another");
		return cs_carrier_refuse(a, r, &why, e);
	}
	if ((r = check_signature(s, a, &why)) == CS_EREFUSED)
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "the security key's signature does not verify, %s:%u",
		    CS_ANCHOR_AT(&a->anchor));
	return r == CS_OK ? CS_OK : cs_carrier_refuse(a, r, &why, e);
}

int
cs_carrier_webauthn(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	return check_both(s, a, check_terms, e);
}

int
cs_carrier_webauthn_recorded(const struct cs_step *s, cs_approved *a,
    cs_err *e)
{
	a->anchor.type = CS_ANCHOR_FIDO2;
	a->anchor.origins = cs_clientdata_origin(
	    a->approval->webauthn.client_data);
	return check_both(s, a, check_said, e);
}

/* The host of an origin, which no port follows. */
static cs_span
host_of(cs_span origin)
{
	size_t from = 0, to;

	while (from < origin.n && origin.p[from] != '/')
		from++;
	from += strlen("//");
	for (to = from; to < origin.n && origin.p[to] != ':'; to++)
		continue;
	return cs_span_cut(origin, from, to - from);
}

/* WebAuthn 5.1.4.1: the RP ID is the host's name, or that of a domain that it
 * is in. */
static int
find_rp_id(const cs_approved *a, cs_span host, cs_span *rp_id, cs_err *e)
{
	const uint8_t *dot;
	int r;

	while (host.p != NULL) {
		*rp_id = host;
		r = cs_assertion_rp(&a->approval->webauthn.auth, host, e);
		if (r != CS_EFORMAT)
			return r;
		if ((dot = memchr(host.p, '.', host.n)) == NULL)
			break;
		host = cs_span_of(dot + 1,
		    host.n - (size_t)(dot + 1 - host.p));
	}
	return CS_REFUSE(e, CS_R_SIGNATURE_INVALID, "the RP ID hash is not "
	    "that of the origin's host or domain, %s:%u",
	    CS_ANCHOR_AT(&a->anchor));
}

int
cs_carrier_webauthn_bare(cs_approved *a, cs_err *e)
{
	cs_span origin = cs_clientdata_origin(
	    a->approval->webauthn.client_data);

	a->anchor.type = CS_ANCHOR_FIDO2;
	a->anchor.origins = origin;
	return find_rp_id(a, host_of(origin), &a->anchor.rp_id, e);
}
