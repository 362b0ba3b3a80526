/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <libp11.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "crypt/rawsig.h"
#include "fmt/reason.h"
#include "keys/keys.h"
#include "p11/p11.h"

/*
 * The module of "pkcs11:" keys that OpenSSL uses. p11/ resolves the URI and
 * logs in; libp11, on the same module in the same process, makes an EVP_PKEY
 * of the key. Not where the signature needs a PIN of its own: after a wrong one
 * libp11 cannot use the key again. Not where libp11 lists no keys at all, as
 * on a token that holds an Ed25519 key, unknown to it. Not for RSASSA-PSS. Then
 * C_Sign signs.
 */

#define SPKI_MAX 1024
#define SIG_MAX 1024

static const char where[] = "keys/pkcs11";

struct token_key {
	cs_p11 *p11;
	cs_buf *spki;
	cs_spki key; /* borrows from spki */
	cs_pubkey *pub;
	bool tried;  /* libp11 was asked */
	PKCS11_CTX *ctx;
	bool loaded;
	PKCS11_SLOT *slots;
	unsigned n_slots;
	EVP_PKEY *pkey; /* NULL: C_Sign */
};

/* In any other order libp11 0.4.12 uses what it has freed. */
static void
libp11_close(struct token_key *k)
{
	EVP_PKEY_free(k->pkey);
	if (k->slots != NULL)
		PKCS11_release_all_slots(k->ctx, k->slots, k->n_slots);
	if (k->loaded)
		PKCS11_CTX_unload(k->ctx);
	if (k->ctx != NULL)
		PKCS11_CTX_free(k->ctx);
	ERR_clear_error();
}

static void
token_close(void *h)
{
	struct token_key *k = h;

	if (k == NULL)
		return;
	if (k->p11 != NULL)
		cs_p11_logout(k->p11);
	libp11_close(k);
	cs_p11_close(&k->p11);
	cs_pubkey_free(&k->pub);
	cs_buf_free(&k->spki);
	free(k);
}

static int
put_spki(const cs_p11_public *p, cs_buf *out, cs_err *e)
{
	switch (p->kind) {
	case CS_P11_EC_P256:
		return cs_spki_put_ec(out, CS_KEY_P256, cs_buf_span(p->point),
		    e);
	case CS_P11_EC_P384:
		return cs_spki_put_ec(out, CS_KEY_P384, cs_buf_span(p->point),
		    e);
	case CS_P11_RSA:
		return cs_spki_put_rsa(out, cs_buf_span(p->modulus), e);
	case CS_P11_ED25519:
		return cs_spki_put_ed25519(out, cs_buf_span(p->point), e);
	case CS_P11_NONE:
		break;
	}
	return CS_BAD(e, CS_R_UNSUPPORTED, where,
	    "expected a P-256, P-384, RSA or Ed25519 key");
}

static int
read_spki(struct token_key *k, cs_err *e)
{
	cs_p11_public p = {0};
	int rc;

	if ((k->spki = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_p11_public_key(k->p11, &p, e)) == CS_OK &&
	    (rc = put_spki(&p, k->spki, e)) == CS_OK &&
	    (rc = cs_spki_parse(cs_buf_span(k->spki), &k->key, e)) == CS_OK)
		rc = cs_pubkey_new(&k->key, &k->pub, e);
	cs_p11_public_clear(&p);
	return rc;
}

static int
token_open(const char *uri, const cs_keys_env *env, void **h, cs_err *e)
{
	const cs_p11_env p11_env = {env->ui, env->allow_last_try};
	struct token_key *k;
	int rc;

	*h = NULL;
	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_p11_open(uri, &p11_env, &k->p11, e)) == CS_OK &&
	    (rc = read_spki(k, e)) == CS_OK) {
		*h = k;
		k = NULL; /* transferred */
	}
	token_close(k);
	return rc;
}

static int
token_spki(void *h, cs_buf *out, cs_err *e)
{
	struct token_key *k = h;

	if (cs_buf_put(out, cs_buf_span(k->spki)) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static PKCS11_TOKEN *
find_token(struct token_key *k)
{
	const cs_p11_info *i = cs_p11_describe(k->p11);
	unsigned n;

	for (n = 0; n < k->n_slots; n++)
		if (PKCS11_get_slotid_from_slot(&k->slots[n]) == i->slot_id)
			return k->slots[n].token;
	return NULL;
}

static bool
is_key(struct token_key *k, const PKCS11_KEY *key)
{
	cs_span id = cs_p11_id(k->p11);

	if (id.p != NULL)
		return cs_span_eq(id, cs_span_of(key->id, key->id_len));
	return key->id_len == 0 && key->label != NULL &&
	    strcmp(key->label, cs_p11_describe(k->p11)->label) == 0;
}

/* Leaves k->pkey NULL where libp11 does not show exactly this one key. */
static void
libp11_open(struct token_key *k)
{
	const char *module = cs_p11_module(k->p11);
	PKCS11_KEY *keys = NULL, *found = NULL;
	PKCS11_TOKEN *token;
	unsigned i, n = 0, hits = 0;

	if (module == NULL || (k->ctx = PKCS11_CTX_new()) == NULL)
		return;
	k->loaded = PKCS11_CTX_load(k->ctx, module) == 0;
	if (!k->loaded || PKCS11_enumerate_slots(k->ctx, &k->slots,
	    &k->n_slots) != 0 || (token = find_token(k)) == NULL ||
	    PKCS11_enumerate_keys(token, &keys, &n) != 0)
		return;
	for (i = 0; i < n; i++)
		if (is_key(k, &keys[i])) {
			found = &keys[i];
			hits++;
		}
	if (hits == 1)
		k->pkey = PKCS11_get_private_key(found);
}

static int
evp_sign(struct token_key *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[SIG_MAX];
	size_t n = sizeof(sig);
	const char *why;
	int rc = CS_OK;

	if (c == NULL)
		return cs_nomem(e, where);
	ERR_clear_error();
	if (EVP_DigestSignInit_ex(c, NULL, cs_hash_name(alg->hash), NULL, NULL,
	    k->pkey, NULL) != 1 ||
	    EVP_DigestSign(c, sig, &n, bytes.p, bytes.n) != 1) {
		why = ERR_reason_error_string(ERR_peek_error());
		rc = cs_fail(e, CS_EDEVICE, where, "libp11 cannot sign: %s",
		    why == NULL ? "no reason given" : why);
	} else if (cs_buf_put(out, cs_span_of(sig, n)) != CS_OK)
		rc = cs_fail(e, CS_EBUG, where, "no room for a signature");
	EVP_MD_CTX_free(c);
	ERR_clear_error();
	return rc;
}

static enum cs_p11_mech
mechanism(const cs_alg *alg)
{
	if (alg->key == CS_KEY_ED25519)
		return CS_P11_EDDSA;
	if (alg->key == CS_KEY_RSA)
		return alg->salt != 0 ? CS_P11_RSA_PSS : CS_P11_RSA_PKCS;
	return CS_P11_ECDSA;
}

static int
raw_sign(struct token_key *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	cs_buf *in = NULL, *raw = cs_buf_new(SIG_MAX);
	int rc;

	if (raw == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_rawsig_input(alg, bytes, &in, e)) == CS_OK &&
	    (rc = cs_p11_sign(k->p11, mechanism(alg), cs_buf_span(in), raw,
	    e)) == CS_OK)
		rc = cs_rawsig_output(alg, cs_buf_span(raw), out, e);
	cs_buf_free(&raw);
	cs_buf_free(&in);
	return rc;
}

static int
sign(struct token_key *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	int rc;

	if ((rc = cs_p11_login(k->p11, e)) != CS_OK)
		return rc;
	if (alg->key == CS_KEY_ED25519 || alg->salt != 0 ||
	    cs_p11_describe(k->p11)->always_authenticate)
		return raw_sign(k, alg, bytes, out, e);
	if (!k->tried) {
		k->tried = true;
		libp11_open(k);
		ERR_clear_error();
	}
	return k->pkey != NULL ? evp_sign(k, alg, bytes, out, e) :
	    raw_sign(k, alg, bytes, out, e);
}

static int
token_sign(void *h, const cs_alg *alg, cs_span bytes, cs_buf *out, cs_err *e)
{
	struct token_key *k = h;
	cs_buf *sig = cs_buf_new(SIG_MAX);
	int rc;

	if (sig == NULL)
		return cs_nomem(e, where);
	if ((rc = sign(k, alg, bytes, sig, e)) == CS_OK)
		rc = cs_pubkey_verify(k->pub, alg, bytes, cs_buf_span(sig), e);
	if (rc == CS_EREFUSED)
		rc = cs_fail(e, CS_EDEVICE, where, "the token gave a "
		    "signature that its own public key does not verify");
	if (rc == CS_OK && cs_buf_put(out, cs_buf_span(sig)) != CS_OK)
		rc = cs_fail(e, CS_EBUG, where, "no room for a signature");
	cs_buf_free(&sig);
	return rc;
}

extern const struct cs_key_ops countersign_keys;
const struct cs_key_ops countersign_keys = {
	.abi = CS_KEYS_ABI,
	.scheme = "pkcs11",
	.open = token_open,
	.spki = token_spki,
	.sign = token_sign,
	.close = token_close,
};
