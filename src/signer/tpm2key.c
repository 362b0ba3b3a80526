/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2key.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/file.h"
#include "crypt/alg.h"
#include "signer/tpm2uri.h"

#define FILE_MAX 16384 /* what stands before the block counts, too */
#define SPKI_MAX 1024

static const char where[] = "signer/tpm2";

void
cs_tpm2_key_clear(cs_tpm2_key *k)
{
	cs_buf_free(&k->der);
	cs_buf_free(&k->object);
	cs_buf_free(&k->public_area);
	cs_buf_free(&k->spki);
	memset(k, 0, sizeof(*k));
}

/* What it signs has to be what was approved, and a PIN has to be all that it
 * wants: Part 2, 8.3.3. */
static int
check_attributes(const cs_tpm2_key *k, cs_err *e)
{
	const uint32_t a = k->pub.attributes;

	if ((a & CS_TPMA_SIGN) == 0)
		return cs_fail(e, CS_EDEVICE, where,
		    "%s is not a key to sign with", k->where);
	if ((a & CS_TPMA_RESTRICTED) != 0)
		return cs_fail(e, CS_EDEVICE, where, "%s is restricted: it "
		    "signs only what the TPM itself has made", k->where);
	if ((a & CS_TPMA_USER_WITH_AUTH) == 0)
		return cs_fail(e, CS_EDEVICE, where, "%s is used by a policy, "
		    "not by a PIN", k->where);
	return CS_OK;
}

static int
set_public(cs_tpm2_key *k, cs_span area, cs_err *e)
{
	int rc;

	if ((k->public_area = cs_buf_dup(area)) == NULL ||
	    (k->spki = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_tpmpub_parse(cs_buf_span(k->public_area), &k->pub, e)) !=
	    CS_OK ||
	    (rc = cs_tpmpub_spki(&k->pub, k->spki, e)) != CS_OK)
		return cs_wrap(e, "%s", k->where);
	return CS_OK;
}

static int
open_file(cs_tpm2_key *k, const char *path, cs_err *e)
{
	cs_buf *pem = NULL;
	int rc;

	(void)snprintf(k->where, sizeof(k->where), "TPM key %s", path);
	if ((rc = cs_file_read(path, FILE_MAX, &pem, e)) != CS_OK)
		return rc;
	if ((rc = cs_tsskey_read(cs_buf_span(pem), &k->file, &k->der, e)) !=
	    CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&pem);
	if (rc != CS_OK)
		return rc;
	k->no_pin = k->file.empty_auth;
	return set_public(k, k->file.pub.whole, e);
}

int
cs_tpm2_key_read(cs_tpm2_key *k, cs_tpm2 *t, cs_err *e)
{
	char what[64];
	ESYS_TR object = ESYS_TR_NONE;
	uint8_t *saved = NULL;
	size_t n = 0;
	cs_tpmpub pub;
	cs_span answer;
	TSS2_RC trc;
	int rc;

	(void)snprintf(what, sizeof(what), "read the key 0x%08x", k->handle);
	if ((trc = Esys_TR_FromTPMPublic(cs_tpm2_esys(t), k->handle,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object)) !=
	    TSS2_RC_SUCCESS)
		return cs_tpm2_rc(t, trc, what, e);
	/* TPM2_ReadPublic: ESYS has asked for it, and keeps it for itself. */
	answer = cs_tpm2_wire_answer(cs_tpm2_wire_of(t));
	answer = cs_span_cut(answer, 10, answer.n < 10 ? 0 : answer.n - 10);
	if ((rc = cs_tpmpub_sized(&answer, &pub, e)) != CS_OK)
		return cs_wrap(e, "%s", k->where);
	if ((rc = set_public(k, pub.whole, e)) != CS_OK)
		return rc;
	trc = Esys_TR_Serialize(cs_tpm2_esys(t), object, &saved, &n);
	if (trc != TSS2_RC_SUCCESS)
		return cs_tpm2_rc(t, trc, what, e);
	k->object = cs_buf_dup(cs_span_of(saved, n));
	Esys_Free(saved);
	return k->object == NULL ? cs_nomem(e, where) : CS_OK;
}

static int
open_handle(cs_tpm2_key *k, const cs_signer_env *env, cs_err *e)
{
	cs_tpm2 *t = NULL;
	int rc;

	(void)snprintf(k->where, sizeof(k->where), "TPM key 0x%08x",
	    k->handle);
	if ((rc = cs_tpm2_open(env, &t, e)) == CS_OK)
		rc = cs_tpm2_key_read(k, t, e);
	cs_tpm2_close(&t);
	return rc;
}

static uint16_t
tpm_hash(enum cs_hash h)
{
	return h == CS_SHA256 ? CS_TPM_ALG_SHA256 :
	    h == CS_SHA384 ? CS_TPM_ALG_SHA384 : CS_TPM_ALG_SHA512;
}

TPMT_SIG_SCHEME
cs_tpm2_scheme(const cs_alg *alg)
{
	TPMT_SIG_SCHEME s = {.scheme = TPM2_ALG_ECDSA};

	if (alg->key == CS_KEY_RSA)
		s.scheme = alg->salt != 0 ? TPM2_ALG_RSAPSS : TPM2_ALG_RSASSA;
	s.details.any.hashAlg = tpm_hash(alg->hash);
	return s;
}

/* A key that has no scheme of its own takes ours. */
static int
check_scheme(const cs_tpm2_key *k, const cs_signer_env *env, cs_err *e)
{
	const cs_alg *alg = NULL;
	TPMT_SIG_SCHEME s;
	cs_spki spki;
	int rc;

	if ((rc = cs_spki_parse(cs_buf_span(k->spki), &spki, e)) != CS_OK ||
	    (rc = cs_alg_choose(&spki, CS_USE_CMS, env->pss, &alg, e)) !=
	    CS_OK)
		return rc;
	s = cs_tpm2_scheme(alg);
	if (k->pub.scheme == CS_TPM_ALG_NULL ||
	    (k->pub.scheme == s.scheme &&
	    k->pub.scheme_hash == s.details.any.hashAlg))
		return CS_OK;
	if (k->pub.scheme == CS_TPM_ALG_RSAPSS && !env->pss)
		return cs_fail(e, CS_EUSAGE, where, "%s was made for "
		    "RSASSA-PSS alone: use --pss", k->where);
	return cs_fail(e, CS_EDEVICE, where, "%s was made for another scheme "
	    "(0x%04x with hash 0x%04x) than %s", k->where, k->pub.scheme,
	    k->pub.scheme_hash, alg->name);
}

int
cs_tpm2_key_check(const cs_tpm2_key *k, const cs_signer_env *env, cs_err *e)
{
	int rc;

	if ((rc = check_attributes(k, e)) != CS_OK)
		return rc;
	return check_scheme(k, env, e);
}

int
cs_tpm2_key_fetch(const char *uri, const cs_signer_env *env, cs_tpm2_key *out,
    cs_err *e)
{
	cs_tpm2_uri u;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = cs_tpm2_uri_parse(uri, &u, e)) != CS_OK)
		return rc;
	if (strlen(uri) >= sizeof(out->uri))
		return cs_fail(e, CS_EUSAGE, where, "the name of a key is "
		    "longer than %zu octets", sizeof(out->uri) - 1);
	(void)snprintf(out->uri, sizeof(out->uri), "%s", uri);
	out->handle = u.handle;
	out->no_pin = u.no_pin;
	rc = u.path != NULL ? open_file(out, u.path, e) :
	    open_handle(out, env, e);
	if (rc != CS_OK)
		cs_tpm2_key_clear(out);
	return rc;
}

int
cs_tpm2_key_open(const char *uri, const cs_signer_env *env, cs_tpm2_key *out,
    cs_err *e)
{
	int rc;

	if ((rc = cs_tpm2_key_fetch(uri, env, out, e)) != CS_OK)
		return rc;
	if ((rc = cs_tpm2_key_check(out, env, e)) != CS_OK)
		cs_tpm2_key_clear(out);
	return rc;
}

static int
may_try(const cs_tpm2_key *k, const cs_signer_env *env,
    struct cs_pin_ask *ask, cs_err *e)
{
	cs_tpm2_tries n = {0};
	cs_tpm2 *t = NULL;
	int rc;

	if ((k->pub.attributes & CS_TPMA_NO_DA) != 0)
		return CS_OK;
	if ((rc = cs_tpm2_open(env, &t, e)) == CS_OK)
		rc = cs_tpm2_tries_read(t, &n, e);
	cs_tpm2_close(&t);
	if (rc != CS_OK)
		return rc;
	if (n.failed >= n.max)
		return cs_tpm2_lockout(&n, e);
	ask->tries_left = n.max - n.failed > 99 ? 99 : (int)(n.max - n.failed);
	ask->last_try = ask->tries_left == 1;
	if (!ask->last_try || env->allow_last_try)
		return CS_OK;
	return cs_fail(e, CS_EAUTH, where, "last try: one more wrong PIN locks "
	    "the TPM out, for every key that counts them; use "
	    "--allow-last-try, or wait %u seconds for another one",
	    n.interval);
}

/* Part 1, 19.4.3: no longer than the digest of the key's own hash. */
static int
check_pin(const cs_tpm2_key *k, cs_span pin, cs_err *e)
{
	const size_t max = k->pub.name_alg == CS_TPM_ALG_SHA256 ? 32 :
	    k->pub.name_alg == CS_TPM_ALG_SHA384 ? 48 : 64;

	if (pin.n == 0)
		return cs_fail(e, CS_EAUTH, where, "no PIN was entered");
	if (pin.n > max)
		return cs_fail(e, CS_EAUTH, where, "the PIN is longer than "
		    "the %zu octets that %s can have; nothing was tried", max,
		    k->where);
	return CS_OK;
}

int
cs_tpm2_key_pin(const cs_tpm2_key *k, const cs_signer_env *env, cs_buf **pin,
    cs_err *e)
{
	struct cs_pin_ask ask = {.tries_left = -1};
	char what[160];
	int rc;

	*pin = NULL;
	if (k->no_pin)
		return CS_OK;
	if (env->ui == NULL || env->ui->pin == NULL)
		return cs_fail(e, CS_ENEEDED, where,
		    "a PIN is needed and nobody can be asked");
	(void)snprintf(what, sizeof(what), "PIN for %s", k->where);
	ask.what = what;
	if ((rc = may_try(k, env, &ask, e)) != CS_OK)
		return rc;
	if ((rc = env->ui->pin(env->ui->arg, &ask, pin, e)) == CS_OK)
		rc = check_pin(k, cs_buf_span(*pin), e);
	if (rc != CS_OK)
		cs_buf_free(pin);
	return rc;
}

static int
load_parent(const cs_tpm2_key *k, cs_tpm2 *t, ESYS_TR *out, cs_err *e)
{
	char what[64];
	TSS2_RC rc;

	if (k->handle != 0)
		return cs_tpm2_srk(t, TPM2_RH_OWNER, out, e);
	if (k->file.parent < CS_TPM2_FIRST || k->file.parent > CS_TPM2_LAST)
		return cs_tpm2_srk(t, k->file.parent, out, e);
	(void)snprintf(what, sizeof(what), "read the key's parent 0x%08x",
	    k->file.parent);
	rc = Esys_TR_FromTPMPublic(cs_tpm2_esys(t), k->file.parent,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
	return cs_tpm2_rc(t, rc, what, e);
}

static int
load_failed(const cs_tpm2_key *k, cs_tpm2 *t, TSS2_RC rc, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(rc);

	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL)
		return cs_fail(e, CS_EDEVICE, where, "%s: its parent 0x%08x "
		    "has an auth value of its own, which countersign does not "
		    "ask for", k->where, k->file.parent);
	if (cs_tpm2_rc(t, rc, "load the key", e) == CS_OK)
		return CS_OK;
	return cs_wrap(e, "%s", k->where);
}

static int
load_file(const cs_tpm2_key *k, cs_tpm2 *t, ESYS_TR parent, ESYS_TR *key,
    cs_err *e)
{
	const cs_span pub = k->file.public_area, priv = k->file.private_area;
	TPM2B_PRIVATE private = {0};
	TPM2B_PUBLIC public = {0};
	size_t at = 0, n = 0;
	TSS2_RC rc;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(pub.p, pub.n, &at, &public) !=
	    TSS2_RC_SUCCESS || at != pub.n ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(priv.p, priv.n, &n, &private) !=
	    TSS2_RC_SUCCESS || n != priv.n)
		return cs_fail(e, CS_EDEVICE, where, "%s holds what the TPM's "
		    "library cannot read", k->where);
	rc = Esys_Load(cs_tpm2_esys(t), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, &private, &public, key);
	if (rc != TSS2_RC_SUCCESS)
		*key = ESYS_TR_NONE;
	return load_failed(k, t, rc, e);
}

static int
load_key(const cs_tpm2_key *k, cs_tpm2 *t, ESYS_TR parent, ESYS_TR *key,
    cs_err *e)
{
	const cs_span saved = cs_buf_span(k->object);

	if (k->handle == 0)
		return load_file(k, t, parent, key, e);
	return cs_tpm2_rc(t, Esys_TR_Deserialize(cs_tpm2_esys(t), saved.p,
	    saved.n, key), "find the key again", e);
}

/* A key without a PIN has no secret that could be overheard, and its
 * signatures are checked. */
int
cs_tpm2_key_load(const cs_tpm2_key *k, cs_tpm2 *t, cs_span pin, ESYS_TR *key,
    ESYS_TR *session, cs_err *e)
{
	const bool secret = pin.n > 0;
	ESYS_TR parent = ESYS_TR_NONE;
	int rc;

	*key = ESYS_TR_NONE;
	*session = ESYS_TR_PASSWORD;
	if (((secret || k->handle == 0) &&
	    (rc = load_parent(k, t, &parent, e)) != CS_OK) ||
	    (rc = load_key(k, t, parent, key, e)) != CS_OK)
		return rc;
	if (!secret)
		return CS_OK;
	if ((rc = cs_tpm2_auth(t, *key, pin, e)) != CS_OK)
		return rc;
	return cs_tpm2_session(t, parent, session, e);
}
