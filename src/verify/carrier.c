/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "crypt/pubkey.h"
#include "fmt/owners_opt.h"

int
cs_step_supported(const cs_tbs *t, cs_err *e)
{
	if (t->critical_extension)
		return CS_REFUSE(e, CS_R_UNSUPPORTED,
		    "an unknown extension of the approval is critical");
	return CS_OK;
}

int
cs_step_anchor(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	bool known = false;
	char found[52];
	int r;

	if (a->role == CS_ROLE_USE)
		return CS_OK; /* cs_step_holder */
	if ((r = cs_anchors_find(s->in->anchors, t->owner_key_hash.p,
	    &a->anchor, &known, e)) != CS_OK)
		return r;
	if ((!known || a->anchor.type == CS_ANCHOR_X509) &&
	    cs_anchors_authorities(s->in->anchors)->n != 0 &&
	    a->approval->carrier == CS_CARRIER_CMS)
		return cs_step_path(s, a, e);
	if (!known || a->anchor.type == CS_ANCHOR_X509) {
		cs_fingerprint(t->owner_key_hash.p, found);
		return CS_REFUSE(e, CS_R_UNKNOWN_OWNER_KEY,
		    "expected a key of the owners file, found %s", found);
	}
	a->key = a->anchor.key;
	return CS_OK;
}

/* Section 4; a holder's sshsig is for a later release. */
static int
check_use_type(const cs_approved *a, cs_err *e)
{
	enum cs_carrier found = a->approval->carrier;

	if (found == CS_CARRIER_CMS)
		return CS_OK;
	return CS_REFUSE(e, found == CS_CARRIER_SSHSIG ? CS_R_UNSUPPORTED :
	    CS_R_WRONG_TYPE, "expected cms of a holder's key, found %s, %s:%u",
	    cs_carrier_name(found), CS_ANCHOR_AT(&a->anchor));
}

/* A kind of key has one carrier: no signature made for one format may pass for
 * one in another. */
static enum cs_carrier
carrier_of(enum cs_anchor_type type)
{
	switch (type) {
	case CS_ANCHOR_SPKI:
	case CS_ANCHOR_X509:
		return CS_CARRIER_CMS;
	case CS_ANCHOR_FIDO2:
		return CS_CARRIER_WEBAUTHN;
	case CS_ANCHOR_SSH:
	case CS_ANCHOR_SK:
		return CS_CARRIER_SSHSIG;
	case CS_ANCHOR_NONE:
		break;
	}
	return CS_CARRIER_NONE;
}

int
cs_step_type(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	enum cs_carrier found = a->approval->carrier, want;

	(void)s;
	if (a->role == CS_ROLE_USE)
		return check_use_type(a, e);
	want = carrier_of(a->anchor.type);
	if (want == CS_CARRIER_NONE || found != want)
		return CS_REFUSE(e, CS_R_WRONG_TYPE,
		    "expected %s of a key of type %s, found %s, %s:%u",
		    cs_carrier_name(want), cs_anchor_type_name(a->anchor.type),
		    cs_carrier_name(found), CS_ANCHOR_AT(&a->anchor));
	if (found != CS_CARRIER_CMS)
		return CS_REFUSE(e, CS_R_UNSUPPORTED,
		    "this version does not verify %s, %s:%u",
		    cs_carrier_name(found), CS_ANCHOR_AT(&a->anchor));
	return CS_OK;
}

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

/* By the owner's key; one that is kept was found by the same bytes. A holder's
 * is not kept: nobody has vouched for it yet. */
static int
verify_bytes(const struct cs_step *s, const cs_approved *a, const cs_alg *alg,
    cs_span bytes, cs_err *e)
{
	const cs_spki *key = &a->key;
	cs_span sig = a->approval->cms.sig;
	cs_pubkey *own = NULL, *pub = NULL;
	int r;

	if (s->in->keys != NULL && a->role != CS_ROLE_USE) {
		r = cs_keycache_get(s->in->keys, key,
		    a->approval->tbs.owner_key_hash.p, &pub, e);
	} else {
		r = cs_pubkey_new(key, &own, e);
		pub = own;
	}
	if (r == CS_OK)
		r = cs_pubkey_verify(pub, alg, bytes, sig, e);
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
cs_step_signature(const struct cs_step *s, cs_approved *a, cs_err *e)
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
