/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/carrier.h"

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

/* Section 4: by a key that needs no line to be read. */
static int
check_use_type(const cs_approved *a, cs_err *e)
{
	const cs_approval *found = a->approval;
	bool sshsig = found->carrier == CS_CARRIER_SSHSIG;

	if (found->carrier == CS_CARRIER_CMS ||
	    (sshsig && !found->sshsig.key.is_sk))
		return CS_OK;
	return CS_REFUSE(e, CS_R_WRONG_TYPE,
	    "expected cms, or sshsig of a plain key, of the grant's holder, "
	    "found %s%s, %s:%u", cs_carrier_name(found->carrier),
	    sshsig ? " of a security key" : "", CS_ANCHOR_AT(&a->anchor));
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
	return CS_OK;
}

int
cs_step_bare(cs_approved *a, cs_err *e)
{
	switch (a->approval->carrier) {
	case CS_CARRIER_WEBAUTHN:
		return cs_carrier_webauthn_bare(a, e);
	case CS_CARRIER_SSHSIG:
		return cs_carrier_sshsig_bare(a, e);
	case CS_CARRIER_CMS:
	case CS_CARRIER_NONE:
		break;
	}
	return CS_OK;
}

int
cs_carrier_key(const struct cs_step *s, const cs_approved *a, cs_pubkey **own,
    cs_pubkey **lent, cs_err *e)
{
	int r;

	*own = *lent = NULL;
	if (s->in->keys != NULL && a->role != CS_ROLE_USE)
		return cs_keycache_get(s->in->keys, &a->key,
		    a->approval->tbs.owner_key_hash.p, lent, e);
	if ((r = cs_pubkey_new(&a->key, own, e)) == CS_OK)
		*lent = *own;
	return r;
}

int
cs_carrier_refuse(const cs_approved *a, int r, const cs_err *why, cs_err *e)
{
	if (r == CS_EFORMAT || r == CS_EREFUSED)
		return CS_REFUSE(e, why->detail, "%s, %s:%u", why->text,
		    CS_ANCHOR_AT(&a->anchor));
	*e = *why;
	return r;
}

int
cs_step_signature(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	switch (a->approval->carrier) {
	case CS_CARRIER_CMS:
		return cs_carrier_cms(s, a, e);
	case CS_CARRIER_WEBAUTHN:
		return cs_carrier_webauthn(s, a, e);
	case CS_CARRIER_SSHSIG:
		return cs_carrier_sshsig(s, a, e);
	case CS_CARRIER_NONE:
		break;
	}
	return CS_REFUSE(e, CS_R_INTERNAL, "a carrier without a verifier");
}
