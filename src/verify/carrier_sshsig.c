/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/carrier.h"

#include "crypt/sshverify.h"

/* By the SubjectPublicKeyInfo, where that is all that is known of the key. */
static int
check_spki(const cs_approved *a, cs_err *e)
{
	const cs_sshkey *found = &a->approval->sshsig.key;
	cs_buf *spki = cs_buf_new(CS_SSHKEY_MAX);
	int r;

	if (spki == NULL)
		return cs_nomem(e, "verify");
	if ((r = cs_sshkey_spki(found, spki, e)) == CS_OK &&
	    !cs_span_eq(cs_buf_span(spki), a->key.der))
		r = CS_REFUSE(e, CS_R_SIGNATURE_INVALID, "expected a signature "
		    "by the key that is named, found one by another, %s:%u",
		    CS_ANCHOR_AT(&a->anchor));
	cs_buf_free(&spki);
	return r;
}

/* The embedded key is a claim; whose it is says the anchor or the grant. An
 * anchor's counts by all of its bytes: type and application are in them. */
static int
check_key(const cs_approved *a, cs_err *e)
{
	if (a->role == CS_ROLE_USE)
		return check_spki(a, e);
	if (!cs_span_eq(a->approval->sshsig.key.blob, a->anchor.ssh.blob))
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID, "expected a "
		    "signature by the owner's key, found one by another, "
		    "%s:%u", CS_ANCHOR_AT(&a->anchor));
	return CS_OK;
}

static int
check_signature(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	cs_pubkey *own = NULL, *key = NULL;
	int r;

	if ((r = cs_carrier_key(s, a, &own, &key, e)) == CS_OK)
		r = cs_sshsig_verify(key, &a->approval->sshsig,
		    a->approval->tbs.der, e);
	cs_pubkey_free(&own);
	return r;
}

int
cs_carrier_sshsig(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	cs_err why = {0};
	int r;

	if ((r = check_key(a, e)) != CS_OK)
		return r;
	if ((r = check_signature(s, a, &why)) == CS_EREFUSED)
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "the signature by OpenSSH's key does not verify, %s:%u",
		    CS_ANCHOR_AT(&a->anchor));
	return r == CS_OK ? CS_OK : cs_carrier_refuse(a, r, &why, e);
}

int
cs_carrier_sshsig_bare(cs_approved *a, cs_err *e)
{
	a->anchor.ssh = a->approval->sshsig.key;
	a->anchor.type = a->anchor.ssh.is_sk ? CS_ANCHOR_SK : CS_ANCHOR_SSH;
	return check_spki(a, e);
}
