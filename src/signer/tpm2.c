/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/ossl.h"
#include "fmt/tpmattest.h"
#include "signer/plain.h"
#include "signer/tpm2key.h"
#include "signer/tpm2look.h"

/* The module of "tpm2:" owner keys. */

static const char where[] = "signer/tpm2";

struct owner_key {
	cs_tpm2_key key;
	cs_signer_env env; /* borrows what it points to */
	cs_buf *pin; /* one that was right: one login, many signatures */
};

static void
tpm_close(void *h)
{
	struct owner_key *k = h;

	if (k == NULL)
		return;
	cs_tpm2_key_clear(&k->key);
	cs_buf_free(&k->pin);
	free(k);
}

static int
tpm_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	struct owner_key *k;
	int rc;

	*h = NULL;
	if (env->verify)
		return cs_fail(e, CS_EUSAGE, where, "a key in a TPM has no "
		    "signed word for the PIN, and --verify-required asks for "
		    "one");
	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	k->env = *env;
	if ((rc = cs_tpm2_key_open(uri, env, &k->key, e)) == CS_OK &&
	    (rc = cs_tpm2_key_describe(&k->key, info, e)) == CS_OK) {
		*h = k;
		k = NULL; /* transferred */
	}
	tpm_close(k);
	return rc;
}

static int
tpm_spki(void *h, cs_buf *out, cs_err *e)
{
	struct owner_key *k = h;

	if (cs_buf_put(out, cs_buf_span(k->key.spki)) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

/* As messages carry it; that it is the right one is checked by the caller. */
static int
put_signature(const TPMT_SIGNATURE *s, const TPMT_SIG_SCHEME *scheme,
    cs_buf *out, cs_err *e)
{
	cs_tpmsig t = {.alg = s->sigAlg, .hash = s->signature.any.hashAlg};

	if (s->sigAlg != scheme->scheme)
		return cs_fail(e, CS_EDEVICE, where, "the TPM signed by "
		    "scheme 0x%04x, and 0x%04x was asked for", s->sigAlg,
		    scheme->scheme);
	if (s->sigAlg == TPM2_ALG_ECDSA) {
		const TPMS_SIGNATURE_ECC *ec = &s->signature.ecdsa;

		t.r = cs_span_of(ec->signatureR.buffer, ec->signatureR.size);
		t.s = cs_span_of(ec->signatureS.buffer, ec->signatureS.size);
	} else {
		const TPM2B_PUBLIC_KEY_RSA *rsa = &s->signature.rsassa.sig;

		t.sig = cs_span_of(rsa->buffer, rsa->size);
	}
	return cs_tpmsig_put(&t, out, e);
}

/* Some versions of tpm2_encodeobject write the contrary of what is so. */
static int
sign_failed(cs_tpm2 *t, const cs_tpm2_key *k, TSS2_RC trc, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(trc);
	const int rc = cs_tpm2_rc(t, trc, "sign", e);

	if (!k->no_pin ||
	    (code != TPM2_RC_AUTH_FAIL && code != TPM2_RC_BAD_AUTH))
		return rc;
	return cs_wrap(e, "%s has a PIN, and its %s says that it has no PIN",
	    k->where, k->handle == 0 ? "file" : "name, by ;no-pin,");
}

static int
use_key(cs_tpm2 *t, const cs_tpm2_key *k, cs_span pin, const cs_alg *alg,
    const TPM2B_DIGEST *digest, cs_buf *sig, cs_err *e)
{
	/* Part 3, 20.2: a key that is not restricted wants no proof. */
	const TPMT_TK_HASHCHECK no_proof = {.tag = TPM2_ST_HASHCHECK,
		.hierarchy = TPM2_RH_NULL};
	const TPMT_SIG_SCHEME scheme = cs_tpm2_scheme(alg);
	TPMT_SIGNATURE *made = NULL;
	ESYS_TR key, session;
	TSS2_RC trc;
	int rc;

	if ((rc = cs_tpm2_key_load(k, t, pin, &key, &session, e)) != CS_OK)
		return rc;
	trc = Esys_Sign(cs_tpm2_esys(t), key, session, ESYS_TR_NONE,
	    ESYS_TR_NONE, digest, &scheme, &no_proof, &made);
	if (trc != TSS2_RC_SUCCESS)
		return sign_failed(t, k, trc, e);
	rc = put_signature(made, &scheme, sig, e);
	Esys_Free(made);
	return rc;
}

static int
raw_sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	struct owner_key *k = arg;
	TPM2B_DIGEST digest = {.size = (UINT16)cs_hash_len(alg->hash)};
	cs_tpm2 *t = NULL;
	int rc;

	if ((rc = cs_hash(alg->hash, bytes, digest.buffer, e)) != CS_OK ||
	    (k->pin == NULL && (rc = cs_tpm2_key_pin(&k->key, &k->env,
	    &k->pin, e)) != CS_OK))
		return rc;
	if ((rc = cs_tpm2_open(&k->env, &t, e)) == CS_OK)
		rc = use_key(t, &k->key, cs_buf_span(k->pin), alg, &digest,
		    sig, e);
	cs_tpm2_close(&t);
	if (rc != CS_OK)
		cs_buf_free(&k->pin);
	return rc;
}

static int
tpm_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	struct owner_key *k = h;
	const cs_plain p = {.what = what,
	    .spki = cs_buf_span(k->key.spki),
	    .pss = k->env.pss,
	    .sign = raw_sign,
	    .arg = k};

	return cs_plain_sign(&p, out, e);
}

static int
tpm_offer(void *h, cs_span certs, cs_buf *out, cs_err *e)
{
	const struct owner_key *k = h;

	return cs_tpm2_offer(&k->key, &k->env, certs, out, e);
}

static int
tpm_respond(void *h, const cs_to_respond *what, cs_buf *out, cs_err *e)
{
	const struct owner_key *k = h;

	return cs_tpm2_respond(&k->key, &k->env, what, out, e);
}

extern const struct cs_signer_ops countersign_signer;
const struct cs_signer_ops countersign_signer = {
	.abi = CS_SIGNER_ABI,
	.scheme = "tpm2",
	.open = tpm_open,
	.spki = tpm_spki,
	.sign = tpm_sign,
	.list = cs_tpm2_keys_list,
	.look = cs_tpm2_keys_look,
	.close = tpm_close,
	.make = cs_tpm2_make,
	.offer = tpm_offer,
	.respond = tpm_respond,
};
