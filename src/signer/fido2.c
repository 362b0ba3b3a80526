/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/assertion.h"
#include "crypt/ossl.h"
#include "fmt/clientdata.h"
#include "signer/fido2assert.h"
#include "signer/fido2dev.h"
#include "signer/fido2look.h"
#include "signer/tbskey.h"

/* The module of "fido2:" owner keys: countersign-formats(5), section 5, carrier
 * webauthn. */

#define ORIGIN_MAX 280
#define AROUND_MAX 64 /* what the carrier puts around its four parts */

static const char where[] = "signer/fido2";

struct owner_key {
	cs_fido_file file;
	cs_signer_env env; /* borrows what it points to */
};

struct job {
	const struct owner_key *k;
	const cs_to_sign *what;
	bool verify;
	cs_buf *client_data, *value;
	char device[128];
};

static void
fido_close(void *h)
{
	struct owner_key *k = h;

	if (k == NULL)
		return;
	cs_fido_file_clear(&k->file);
	free(k);
}

/* The key file alone: no device is needed before there is something to sign. */
static int
fido_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	struct owner_key *k;
	int rc;

	*h = NULL;
	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	k->env = *env;
	if ((rc = cs_fido_file_open(uri, env->key_dir, &k->file, e)) != CS_OK)
		goto out;
	cs_fido_describe(&k->file, uri, info);
	if (env->pss) {
		rc = cs_fail(e, CS_EUSAGE, where,
		    "RSASSA-PSS needs an RSA key, found %s", info->key);
		goto out;
	}
	*h = k;
	k = NULL; /* transferred */
out:
	fido_close(k);
	return rc;
}

static int
fido_spki(void *h, cs_buf *out, cs_err *e)
{
	struct owner_key *k = h;

	if (cs_buf_put(out, k->file.key.der) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static int
check_signature(const struct job *j, cs_span auth, cs_span sig, cs_err *e)
{
	const cs_spki *key = &j->k->file.key;
	cs_pubkey *pub = NULL;
	int rc;

	if ((rc = cs_pubkey_new(key, &pub, e)) != CS_OK)
		return rc;
	rc = cs_assertion_verify(pub, key->kind, auth,
	    cs_buf_span(j->client_data), sig, e);
	cs_pubkey_free(&pub);
	if (rc != CS_EREFUSED)
		return rc;
	return cs_fail(e, rc, where,
	    "its signature does not verify with the key file's public key");
}

/* All that a verifier will look at. */
static int
check(const struct job *j, cs_span auth, cs_span sig, cs_err *e)
{
	cs_authdata a;
	int rc;

	if ((rc = cs_authdata_parse(auth, CS_AUTHDATA_ASSERTION, &a, e)) !=
	    CS_OK ||
	    (rc = cs_assertion_rp(&a, cs_span_str(j->k->file.rp_id), e)) !=
	    CS_OK)
		return rc;
	if (!a.present)
		return cs_fail(e, CS_EREFUSED, where, "nobody touched it");
	if (j->verify && !a.verified)
		return cs_fail(e, CS_EREFUSED, where,
		    "it does not say that it verified who touched it");
	return check_signature(j, auth, sig, e);
}

static int
put(struct job *j, cs_span auth, cs_span sig, cs_err *e)
{
	size_t n = j->what->tbs.n + auth.n + cs_buf_len(j->client_data) +
	    sig.n + AROUND_MAX;

	cs_buf_free(&j->value);
	if ((j->value = cs_buf_new(n)) == NULL)
		return cs_nomem(e, where);
	return cs_webauthn_put(j->what->tbs, auth,
	    cs_buf_span(j->client_data), sig, j->value, e);
}

/* Nothing leaves unchecked: a device can lie, and be another one. */
static int
take(void *arg, cs_span auth, cs_span sig, cs_err *e)
{
	struct job *j = arg;
	cs_err why = {0};
	int rc;

	rc = check(j, auth, sig, &why);
	if (rc == CS_OK)
		return put(j, auth, sig, e);
	if (rc == CS_EBUG) {
		*e = why;
		return rc;
	}
	return cs_fail(e, CS_EDEVICE, where, "%s gave an answer that is not "
	    "right: %.900s; it was discarded", j->device, why.text);
}

static int
make_client_data(struct job *j, uint8_t hash[CS_SHA256_LEN], cs_err *e)
{
	uint8_t challenge[CS_SHA256_LEN];
	char origin[ORIGIN_MAX];
	int rc;

	(void)snprintf(origin, sizeof(origin), "https://%s",
	    j->k->file.rp_id);
	if ((j->client_data = cs_buf_new(CS_CLIENTDATA_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_assertion_challenge(j->what->tbs, challenge, e)) !=
	    CS_OK ||
	    (rc = cs_clientdata_put(cs_span_of(challenge, sizeof(challenge)),
	    cs_span_str(origin), j->client_data, e)) != CS_OK)
		return rc;
	return cs_sha256(cs_buf_span(j->client_data), hash, e);
}

static int
check_tbs(const struct job *j, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int rc;

	if (j->what->certs.p != NULL)
		return cs_fail(e, CS_EUSAGE, where, "an approval by a security "
		    "key carries no certificates");
	if ((rc = cs_key_hash(&j->k->file.key, hash, e)) != CS_OK)
		return rc;
	return cs_tbs_key_check(j->what->tbs, hash, false, e);
}

static int
fido_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	const struct owner_key *k = h;
	struct job j = {.k = k, .what = what,
	    .verify = k->file.verify_required || k->env.verify};
	uint8_t hash[CS_SHA256_LEN];
	const cs_fido_wish w = {.file = &k->file, .client_data_hash = hash,
	    .verify = j.verify, .device = j.device, .take = take, .arg = &j};
	int rc;

	if ((rc = check_tbs(&j, e)) == CS_OK &&
	    (rc = make_client_data(&j, hash, e)) == CS_OK &&
	    (rc = cs_fido_assert(&w, &k->env, e)) == CS_OK)
		rc = cs_approval_put_webauthn(cs_buf_span(j.value), out, e);
	cs_buf_free(&j.client_data);
	cs_buf_free(&j.value);
	return rc;
}

static void
tell_device(const cs_signer_survey *s, const char *name)
{
	cs_err why = {0};

	(void)cs_fail(&why, CS_EDEVICE, where, "%s is plugged in, and there "
	    "is no key file; countersign enroll --fido2 makes a key and its "
	    "file", name);
	s->trouble(s->arg, &why);
}

/* Which credentials a security key holds it does not tell: somebody who has no
 * key file yet hears what is plugged in. */
static int
fido_look(const cs_signer_survey *s, const cs_signer_env *env, cs_err *e)
{
	cs_fido_keys all;
	size_t i, n = 0;
	int rc;

	if ((rc = cs_fido_look(s, env, cs_fido_where, &n, e)) != CS_OK ||
	    n != 0 || (rc = cs_fido_find(&all, e)) != CS_OK)
		return rc;
	for (i = 0; i < all.n; i++)
		tell_device(s, all.key[i].name);
	return CS_OK;
}

extern const struct cs_signer_ops countersign_signer;
const struct cs_signer_ops countersign_signer = {
	.abi = CS_SIGNER_ABI,
	.scheme = "fido2",
	.open = fido_open,
	.spki = fido_spki,
	.sign = fido_sign,
	.list = cs_fido_list,
	.look = fido_look,
	.close = fido_close,
	.enroll = cs_fido_enroll,
};
