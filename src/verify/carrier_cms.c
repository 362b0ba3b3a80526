/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/carrier.h"

#include "crypt/pubkey.h"

static int
check_digest(const cs_cms *c, enum cs_hash h, cs_err *e)
{
	uint8_t md[CS_HASH_MAX] = {0};
	int r;

	if ((r = cs_hash(h, c->tbs, md, e)) != CS_OK)
		return r;
	if (!cs_span_eq(c->message_digest, cs_span_of(md, cs_hash_len(h))))
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "messageDigest is not the hash of what was approved");
	return CS_OK;
}

static int
verify_bytes(const struct cs_step *s, const cs_approved *a, const cs_alg *alg,
    cs_span bytes, cs_err *e)
{
	cs_pubkey *own = NULL, *key = NULL;
	int r;

	if ((r = cs_carrier_key(s, a, &own, &key, e)) == CS_OK)
		r = cs_pubkey_verify(key, alg, bytes, a->approval->cms.sig, e);
	cs_pubkey_free(&own);
	return r;
}

/* RFC 5652 5.4: the signature is over the attributes, which hold the hash. */
static int
check_signed_bytes(const struct cs_step *s, const cs_approved *a,
    const cs_alg *alg, cs_err *e)
{
	const cs_cms *c = &a->approval->cms;
	cs_buf *bytes = cs_buf_new(c->signed_attrs.n);
	int r;

	if (bytes == NULL)
		return cs_nomem(e, "verify");
	if ((r = cs_cms_signed_bytes(c, bytes, e)) != CS_OK)
		goto out;
	r = verify_bytes(s, a, alg, cs_buf_span(bytes), e);
	if (r == CS_EREFUSED)
		r = CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "the owner's signature (%s) does not verify", alg->name);
out:
	cs_buf_free(&bytes);
	return r;
}

int
cs_carrier_cms(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_cms *c = &a->approval->cms;
	const cs_spki *key = &a->key;
	cs_err why = {0};
	cs_alg alg;
	char name[16];
	int r;

	if (cs_alg_match(key->kind, CS_USE_CMS, c->sig_alg, c->digest_alg,
	    &alg, &why) != CS_OK) {
		cs_spki_name(key, name);
		return CS_REFUSE(e, CS_R_UNSUPPORTED, "expected an algorithm "
		    "of the table for a %s key, %s:%u: %s", name,
		    CS_ANCHOR_AT(&a->anchor), why.text);
	}
	if ((r = cs_cms_check_protection(c, e)) != CS_OK ||
	    (r = check_digest(c, alg.hash, e)) != CS_OK)
		return r;
	return check_signed_bytes(s, a, &alg, e);
}
