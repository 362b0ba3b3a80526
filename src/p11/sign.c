/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/key.h"

#define WHERE "p11 sign"

struct mechanism {
	CK_MECHANISM m;
	CK_RSA_PKCS_PSS_PARAMS pss;
};

/* The hash is made on the host and known by its length. */
static bool
pss_params(size_t hash_len, CK_RSA_PKCS_PSS_PARAMS *out)
{
	static const struct {
		size_t len;
		CK_MECHANISM_TYPE hash;
		CK_ULONG mgf;
	} hashes[] = {{32, CKM_SHA256, CKG_MGF1_SHA256},
	    {48, CKM_SHA384, CKG_MGF1_SHA384},
	    {64, CKM_SHA512, CKG_MGF1_SHA512}};
	size_t i;

	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (hashes[i].len == hash_len) {
			out->hash_alg = hashes[i].hash;
			out->mgf = hashes[i].mgf;
			out->s_len = hash_len;
			return true;
		}
	return false;
}

/* The mechanism for C_Sign; false when the key is of another kind, or the input
 * cannot be one. */
static bool
mechanism(const cs_p11 *k, enum cs_p11_mech mech, size_t len,
    struct mechanism *out)
{
	enum cs_p11_kind kind = k->pub.kind;

	*out = (struct mechanism){.m = {.mechanism = CKM_ECDSA}};
	switch (mech) {
	case CS_P11_ECDSA:
		return kind == CS_P11_EC_P256 || kind == CS_P11_EC_P384;
	case CS_P11_RSA_PKCS:
		out->m.mechanism = CKM_RSA_PKCS;
		return kind == CS_P11_RSA;
	case CS_P11_RSA_PSS:
		out->m.mechanism = CKM_RSA_PKCS_PSS;
		out->m.pParameter = &out->pss;
		out->m.ulParameterLen = sizeof(out->pss);
		return kind == CS_P11_RSA && pss_params(len, &out->pss);
	case CS_P11_EDDSA:
		out->m.mechanism = CKM_EDDSA;
		return kind == CS_P11_ED25519;
	}
	return false;
}

static size_t
signature_len(const cs_p11 *k)
{
	if (k->pub.kind == CS_P11_RSA)
		return cs_buf_len(k->pub.modulus);
	return 2 * cs_p11_kind_width(k->pub.kind);
}

/* CKA_ALWAYS_AUTHENTICATE: the PIN belongs to this one signature, and is asked
 * between C_SignInit and C_Sign. */
static int
begin(cs_p11 *k, const cs_ck_session *s, CK_MECHANISM *m, cs_err *e)
{
	cs_p11_seen key;
	CK_RV rv;
	int r;

	if ((r = cs_p11_private(k, s, &key, e)) != CS_OK)
		return r;
	if ((rv = k->f->C_SignInit(s->h, m, key.object)) != CKR_OK)
		return cs_ck_fail(e, "C_SignInit", rv);
	if (!key.always_authenticate)
		return CS_OK;
	return cs_p11_authenticate(k, s, CKU_CONTEXT_SPECIFIC, e);
}

static int
sign(cs_p11 *k, const cs_ck_session *s, CK_MECHANISM *m, cs_span in,
    cs_buf *out, cs_err *e)
{
	uint8_t sig[CS_P11_MODULUS_MAX];
	CK_ULONG n = sizeof(sig);
	CK_RV rv;
	int r;

	if ((r = begin(k, s, m, e)) != CS_OK)
		return r;
	rv = k->f->C_Sign(s->h, (CK_BYTE_PTR)(uintptr_t)in.p, in.n, sig, &n);
	if (rv == CKR_FUNCTION_CANCELED || rv == CKR_FUNCTION_REJECTED)
		return cs_fail(e, CS_EREFUSED, WHERE,
		    "the signature was declined on the token");
	if (rv != CKR_OK)
		return cs_ck_fail(e, "C_Sign", rv);
	if (n != signature_len(k))
		return cs_fail(e, CS_EDEVICE, WHERE, "the token gave a "
		    "signature of %lu bytes, expected %zu", (unsigned long)n,
		    signature_len(k));
	if (cs_buf_put(out, cs_span_of(sig, n)) != CS_OK)
		return cs_fail(e, CS_EBUG, WHERE, "no room for a signature");
	return CS_OK;
}

int
cs_p11_sign(cs_p11 *k, enum cs_p11_mech mech, cs_span in, cs_buf *out,
    cs_err *e)
{
	cs_ck_session s = {0};
	struct mechanism m;
	int r;

	if (k->pub.kind == CS_P11_NONE) {
		cs_p11_public ignored = {0};

		r = cs_p11_public_key(k, &ignored, e);
		cs_p11_public_clear(&ignored);
		if (r != CS_OK)
			return r;
	}
	if (!mechanism(k, mech, in.n, &m))
		return cs_fail(e, CS_EBUG, WHERE,
		    "this mechanism is not one of the key's");
	if ((r = cs_p11_enter(k, e)) == CS_OK &&
	    (r = cs_ck_session_open(k->f, k->slot, &s, e)) == CS_OK)
		r = sign(k, &s, &m.m, in, out, e);
	cs_ck_session_close(&s);
	return r;
}
