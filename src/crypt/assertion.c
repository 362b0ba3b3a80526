/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/assertion.h"

#include "fmt/reason.h"

static const char where[] = "crypt/assertion";

/* With its NUL, which parts it from the TBS. */
static const char label[] = "countersign owner approval v1";

int
cs_assertion_challenge(cs_span tbs, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	cs_buf *b = cs_buf_new(sizeof(label) + tbs.n);
	int r;

	if (b == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put(b, cs_span_of(label, sizeof(label))) != CS_OK ||
	    cs_buf_put(b, tbs) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for a challenge");
	else
		r = cs_sha256(cs_buf_span(b), out, e);
	cs_buf_free(&b);
	return r;
}

int
cs_assertion_rp(const cs_authdata *a, cs_span rp_id, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(rp_id, hash, e)) != CS_OK)
		return r;
	if (!cs_span_eq(a->rp_id_hash, cs_span_of(hash, sizeof(hash))))
		return CS_BAD(e, CS_R_SIGNATURE_INVALID, where,
		    "the RP ID hash is not that of %.*s", (int)rp_id.n,
		    (const char *)rp_id.p);
	return CS_OK;
}

/* WebAuthn section 6.3.3. */
static int
put_signed(cs_span auth, cs_span client_data, cs_buf *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(client_data, hash, e)) != CS_OK)
		return r;
	if (cs_buf_put(out, auth) != CS_OK ||
	    cs_buf_put(out, cs_span_of(hash, sizeof(hash))) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room to verify");
	return CS_OK;
}

int
cs_assertion_verify(cs_pubkey *k, enum cs_key_kind kind, cs_span auth,
    cs_span client_data, cs_span sig, cs_err *e)
{
	const cs_alg *alg = cs_alg_of(kind, CS_USE_WEBAUTHN, CS_HASH_NONE);
	cs_buf *b = NULL;
	int r;

	if (alg == NULL)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "a key of this kind signs no assertions");
	if ((b = cs_buf_new(auth.n + CS_SHA256_LEN)) == NULL)
		return cs_nomem(e, where);
	if ((r = put_signed(auth, client_data, b, e)) == CS_OK)
		r = cs_pubkey_verify(k, alg, cs_buf_span(b), sig, e);
	cs_buf_free(&b);
	return r;
}
