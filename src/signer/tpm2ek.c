/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2ek.h"

#include <string.h>

#include "crypt/attestpath.h"
#include "crypt/x509.h"
#include "fmt/der.h"
#include "signer/tpm2area.h"
#include "signer/tpm2ektpl.h"

/* Where certificates, what leads up from them, and keys are kept: EK Credential
 * Profile, 2.2.1.4 and 2.2.1.5; Registry of Reserved TPM 2.0 Handles. */
#define CERT_FIRST 0x01c00000u
#define CHAIN_FIRST 0x01c00100u
#define CHAIN_LAST 0x01c001ffu
#define KEY_FIRST 0x81010000u
#define KEY_LAST 0x8101ffffu

#define RSA_BITS 2048
#define SPKI_MAX 1024

static const char where[] = "signer/tpm2";

struct search {
	cs_tpm2 *t;
	cs_span given[CS_TPM_CERTS_MAX];
	bool is_ca[CS_TPM_CERTS_MAX];
	size_t n, n_leaves;
	cs_tpm2_handles keys, nv;
	size_t n_held; /* certificates found in NV */
	cs_tpm2_ek *out;
	cs_err why; /* the first failure, where nothing is found */
};

/* The BIT STRING alone: certificates say of RSA keys that they are for OAEP, or
 * say nothing. */
static int
bits_of(const cs_buf *spki, cs_span *out, cs_err *e)
{
	cs_span in = cs_buf_span(spki), body, skipped;
	int rc;

	if ((rc = cs_der_get(&in, CS_DER_SEQ, &body, e)) == CS_OK &&
	    (rc = cs_der_get(&body, CS_DER_SEQ, &skipped, e)) == CS_OK)
		rc = cs_der_get(&body, CS_DER_BITSTRING, out, e);
	return rc;
}

static bool
has_key(const TPM2B_PUBLIC *area, cs_span bits)
{
	cs_buf *own = NULL, *spki = NULL;
	cs_span found;
	cs_tpmpub p;
	bool same;

	same = (spki = cs_buf_new(SPKI_MAX)) != NULL &&
	    cs_tpm2_area_put(area, &own, NULL) == CS_OK &&
	    cs_tpmpub_parse(cs_buf_span(own), &p, NULL) == CS_OK &&
	    cs_tpmpub_spki(&p, spki, NULL) == CS_OK &&
	    bits_of(spki, &found, NULL) == CS_OK && cs_span_eq(found, bits);
	cs_buf_free(&own);
	cs_buf_free(&spki);
	return same;
}

/* Could a key of this template have this number? Its octets, with the count of
 * unused bits: 04 || x || y, or RSAPublicKey. */
static bool
fits(const cs_tpm2_ekrow *r, cs_span bits)
{
	if (r->curve == TPM2_ECC_NIST_P384)
		return bits.n == 1 + 1 + 2 * 48;
	if (r->curve == TPM2_ECC_NIST_P256)
		return bits.n == 1 + 1 + 2 * 32;
	return bits.n > RSA_BITS / 8 && bits.n < RSA_BITS / 8 + 32;
}

/* Is it over, or may what fails here be passed over for another key? */
static bool
is_over(int rc)
{
	return rc == CS_ETIMEOUT || rc == CS_EINTR;
}

static int
pass(struct search *s, int rc, const cs_err *why, cs_err *e)
{
	if (is_over(rc)) {
		if (e != NULL)
			*e = *why;
		return rc;
	}
	if (s->why.cls == CS_OK)
		s->why = *why;
	return CS_OK;
}

static int
try_persistent(struct search *s, uint32_t handle, cs_span bits, cs_err *e)
{
	ESYS_CONTEXT *esys = cs_tpm2_esys(s->t);
	TPM2B_PUBLIC *area = NULL;
	ESYS_TR key = ESYS_TR_NONE;
	int rc;

	rc = cs_tpm2_rc(s->t, Esys_TR_FromTPMPublic(esys, handle,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &key),
	    "find a persistent key", e);
	if (rc == CS_OK)
		rc = cs_tpm2_rc(s->t, Esys_ReadPublic(esys, key, ESYS_TR_NONE,
		    ESYS_TR_NONE, ESYS_TR_NONE, &area, NULL, NULL),
		    "read a persistent key", e);
	if (rc == CS_OK && has_key(area, bits)) {
		s->out->handle = key;
		s->out->is_kept = true;
		s->out->area = *area;
		key = ESYS_TR_NONE; /* transferred */
	}
	if (key != ESYS_TR_NONE)
		(void)Esys_TR_Close(esys, &key);
	Esys_Free(area);
	return rc;
}

static int
try_template(struct search *s, const cs_tpm2_ekrow *r, cs_span bits, cs_err *e)
{
	TPM2B_PUBLIC in, area;
	ESYS_TR key = ESYS_TR_NONE;
	int rc;

	if ((rc = cs_tpm2_ek_template(s->t, &s->nv, r, &in, e)) != CS_OK ||
	    (rc = cs_tpm2_primary(s->t, ESYS_TR_RH_ENDORSEMENT, &in, &key,
	    &area, e)) != CS_OK)
		return cs_wrap(e, "endorsement key of template %s", r->name);
	if (!has_key(&area, bits)) {
		cs_tpm2_flush(s->t, &key);
		return CS_OK;
	}
	s->out->handle = key;
	s->out->area = area;
	return CS_OK;
}

/* Sets out->handle where the TPM has the key of this certificate. */
static int
try_key(struct search *s, const cs_tpm2_ekrow *r, cs_span bits, cs_err *e)
{
	cs_err why = {0};
	size_t i;
	int rc;

	for (i = 0; i < s->keys.n && s->out->handle == ESYS_TR_NONE; i++)
		if ((rc = try_persistent(s, s->keys.v[i], bits, &why)) !=
		    CS_OK && (rc = pass(s, rc, &why, e)) != CS_OK)
			return rc;
	if (s->out->handle != ESYS_TR_NONE ||
	    (rc = try_template(s, r, bits, &why)) == CS_OK)
		return CS_OK;
	return pass(s, rc, &why, e);
}

static int
try_cert(struct search *s, const cs_tpm2_ekrow *r, cs_span cert, cs_err *e)
{
	cs_buf *spki = NULL;
	cs_err why = {0};
	cs_span bits;
	int rc;

	if ((spki = cs_buf_new(CS_TPM_CERT_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_cert_spki(cert, spki, &why)) != CS_OK ||
	    (rc = bits_of(spki, &bits, &why)) != CS_OK)
		rc = pass(s, rc, &why, e);
	else if (fits(r, bits))
		rc = try_key(s, r, bits, e);
	if (s->out->handle != ESYS_TR_NONE)
		s->out->certs[s->out->n++] = cert;
	cs_buf_free(&spki);
	return rc;
}

static int
try_given(struct search *s, cs_err *e)
{
	size_t i, j;
	int rc = CS_OK;

	for (i = 0; i < CS_TPM2_EKROWS; i++)
		for (j = 0; j < s->n && s->out->handle == ESYS_TR_NONE; j++)
			if (!s->is_ca[j] && (rc = try_cert(s, &cs_tpm2_ekrows[i],
			    s->given[j], e)) != CS_OK)
				return rc;
	if (s->n_leaves == 0 || s->out->handle != ESYS_TR_NONE)
		return rc;
	return cs_fail(e, CS_EDEVICE, where, "the certificate that is given is "
	    "of no endorsement key of this TPM%s%.800s",
	    s->why.cls == CS_OK ? "" : "; ", s->why.text);
}

/* What stands in an index may be longer than the certificate. */
static int
read_cert(struct search *s, uint32_t index, cs_span *cert, cs_err *e)
{
	cs_buf *own = s->out->own;
	size_t at = cs_buf_len(own);
	cs_span in;
	int rc;

	if ((rc = cs_tpm2_nv_read(s->t, index, own, e)) != CS_OK)
		return rc;
	in = cs_buf_span(own);
	in = cs_span_cut(in, at, in.n - at);
	if ((rc = cs_der_whole(&in, CS_DER_SEQ, cert, e)) != CS_OK)
		return cs_wrap(e, "no certificate in NV index 0x%08x", index);
	return rc;
}

static int
try_held(struct search *s, cs_err *e)
{
	cs_err why = {0};
	cs_span cert;
	size_t i;
	int rc;

	for (i = 0; i < CS_TPM2_EKROWS && s->out->handle == ESYS_TR_NONE; i++) {
		if (!cs_tpm2_is_in_use(&s->nv, cs_tpm2_ekrows[i].cert))
			continue;
		if ((rc = read_cert(s, cs_tpm2_ekrows[i].cert, &cert, &why)) != CS_OK)
			rc = pass(s, rc, &why, e);
		else if (++s->n_held > 0)
			rc = try_cert(s, &cs_tpm2_ekrows[i], cert, e);
		if (rc != CS_OK)
			return rc;
	}
	return CS_OK;
}

static int
nothing(const struct search *s, cs_err *e)
{
	const char *sep = s->why.cls == CS_OK ? "" : "; ";

	if (s->n_held != 0)
		return cs_fail(e, CS_EDEVICE, where, "this TPM holds %zu "
		    "certificates of endorsement keys, and no key of any of "
		    "them%s%.800s", s->n_held, sep, s->why.text);
	return cs_fail(e, CS_EDEVICE, where, "this TPM holds no certificate "
	    "of an endorsement key; where its manufacturer gives one "
	    "elsewhere, --ek-cert takes it%s%.800s", sep, s->why.text);
}

static void
add_once(cs_tpm2_ek *ek, cs_span cert)
{
	size_t i;

	for (i = 0; i < ek->n; i++)
		if (cs_span_eq(ek->certs[i], cert))
			return;
	if (ek->n < CS_TPM_CERTS_MAX)
		ek->certs[ek->n++] = cert;
}

/* One certificate behind the other, over as many indices as they need. What is
 * behind the last of them, or no certificate, is not missed here: the server
 * says when nothing leads to its roots. */
static int
add_chain(struct search *s, cs_err *e)
{
	cs_buf *own = s->out->own;
	size_t i, at = cs_buf_len(own);
	cs_err why = {0};
	cs_span in, cert;
	int rc;

	for (i = 0; i < s->nv.n; i++)
		if (s->nv.v[i] >= CHAIN_FIRST && (rc = cs_tpm2_nv_read(s->t,
		    s->nv.v[i], own, &why)) != CS_OK &&
		    (rc = pass(s, rc, &why, e)) != CS_OK)
			return rc;
	in = cs_buf_span(own);
	in = cs_span_cut(in, at, in.n - at);
	while (in.n != 0 &&
	    cs_der_whole(&in, CS_DER_SEQ, &cert, NULL) == CS_OK)
		add_once(s->out, cert);
	return CS_OK;
}

/* An authority's certificate is none of an endorsement key: no key of its kind
 * need be made. */
static bool
is_ca(cs_span cert)
{
	cs_attcert *c = NULL;
	bool yes;

	yes = cs_attcert_new(cert, &c, NULL) == CS_OK && cs_attcert_is_ca(c);
	cs_attcert_free(&c);
	return yes;
}

static int
split(struct search *s, cs_span given, cs_err *e)
{
	int rc;

	while (given.n != 0) {
		if (s->n == CS_TPM_CERTS_MAX)
			return cs_fail(e, CS_EUSAGE, where, "expected at most "
			    "%d certificates of an endorsement key, found "
			    "more", CS_TPM_CERTS_MAX);
		if ((rc = cs_der_whole(&given, CS_DER_SEQ, &s->given[s->n],
		    e)) != CS_OK)
			return rc;
		s->is_ca[s->n] = is_ca(s->given[s->n]);
		s->n_leaves += !s->is_ca[s->n];
		s->n++;
	}
	return CS_OK;
}

int
cs_tpm2_ek_find(cs_tpm2 *t, cs_span given, cs_tpm2_ek *out, cs_err *e)
{
	struct search s = {.t = t, .out = out};
	size_t i;
	int rc;

	memset(out, 0, sizeof(*out));
	out->handle = ESYS_TR_NONE;
	if ((out->own = cs_buf_new((size_t)CS_TPM_CERTS_MAX *
	    CS_TPM_CERT_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = split(&s, given, e)) != CS_OK ||
	    (rc = cs_tpm2_in_use(t, KEY_FIRST, KEY_LAST, &s.keys, e)) !=
	    CS_OK ||
	    (rc = cs_tpm2_in_use(t, CERT_FIRST, CHAIN_LAST, &s.nv, e)) !=
	    CS_OK ||
	    (rc = try_given(&s, e)) != CS_OK)
		return rc;
	if (out->handle == ESYS_TR_NONE && (rc = try_held(&s, e)) != CS_OK)
		return rc;
	if (out->handle == ESYS_TR_NONE)
		return nothing(&s, e);
	for (i = 0; i < s.n; i++)
		if (s.is_ca[i])
			add_once(out, s.given[i]);
	return add_chain(&s, e);
}

void
cs_tpm2_ek_release(cs_tpm2 *t, cs_tpm2_ek *ek)
{
	if (!ek->is_kept)
		cs_tpm2_flush(t, &ek->handle);
	else if (ek->handle != ESYS_TR_NONE)
		(void)Esys_TR_Close(cs_tpm2_esys(t), &ek->handle);
	ek->handle = ESYS_TR_NONE;
}

void
cs_tpm2_ek_clear(cs_tpm2 *t, cs_tpm2_ek *ek)
{
	cs_tpm2_ek_release(t, ek);
	cs_buf_free(&ek->own);
	ek->n = 0;
}

static int
start_policy(cs_tpm2 *t, TPMI_ALG_HASH hash, ESYS_TR *out, cs_err *e)
{
	static const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};

	return cs_tpm2_rc(t, Esys_StartAuthSession(cs_tpm2_esys(t),
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, hash, out),
	    "start a session", e);
}

int
cs_tpm2_ek_session(cs_tpm2 *t, const cs_tpm2_ek *ek, ESYS_TR *out, cs_err *e)
{
	const TPMT_PUBLIC *p = &ek->area.publicArea;
	TSS2_RC answer, code;
	int rc;

	*out = ESYS_TR_PASSWORD;
	if ((p->objectAttributes & TPMA_OBJECT_USERWITHAUTH) != 0)
		return CS_OK;
	if ((rc = start_policy(t, p->nameAlg, out, e)) != CS_OK)
		return rc;
	answer = Esys_PolicySecret(cs_tpm2_esys(t), ESYS_TR_RH_ENDORSEMENT,
	    *out, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL,
	    NULL, 0, NULL, NULL);
	code = cs_tpm2_code(answer);
	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL)
		return cs_fail(e, CS_EDEVICE, where, "the TPM's endorsement "
		    "hierarchy has an auth value, which countersign does not "
		    "ask for");
	return cs_tpm2_rc(t, answer, "use the endorsement hierarchy", e);
}
