/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/tpmcred.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypt/osslp.h"
#include "crypt/tpmkdf.h"
#include "crypt/tpmseed.h"
#include "fmt/reason.h"

#define AES_BLOCK 16
#define AES_KEY_MAX 32
#define CREDENTIAL_MAX (2 + CS_HASH_MAX)

static const char where[] = "crypt/tpmcred";

enum cs_hash
cs_tpm_hash(uint16_t alg)
{
	switch (alg) {
	case CS_TPM_ALG_SHA256:
		return CS_SHA256;
	case CS_TPM_ALG_SHA384:
		return CS_SHA384;
	case CS_TPM_ALG_SHA512:
		return CS_SHA512;
	default:
		return CS_HASH_NONE;
	}
}

int
cs_tpm_name(const cs_tpmpub *p, cs_tpmname *out, cs_err *e)
{
	const enum cs_hash h = cs_tpm_hash(p->name_alg);
	int r;

	memset(out, 0, sizeof(*out));
	if (h == CS_HASH_NONE)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "a key's Name by the hash 0x%04x", p->name_alg);
	if ((r = cs_hash(h, p->whole, out->octets + 2, e)) != CS_OK)
		return r;
	out->octets[0] = (uint8_t)(p->name_alg >> 8);
	out->octets[1] = (uint8_t)p->name_alg;
	out->n = 2 + cs_hash_len(h);
	return CS_OK;
}

int
cs_tpm_ek_check(const cs_tpmpub *ek, cs_err *e)
{
	if (ek->kind != CS_KEY_P256 && ek->kind != CS_KEY_P384 &&
	    (ek->kind != CS_KEY_RSA || ek->bits != 2048))
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected an "
		    "endorsement key of kind RSA-2048, P-256 or P-384, found "
		    "another, of %u bits", ek->bits);
	if (ek->name_alg != CS_TPM_ALG_SHA256 &&
	    ek->name_alg != CS_TPM_ALG_SHA384)
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected an "
		    "endorsement key with the hash SHA-256 or SHA-384, found "
		    "0x%04x", ek->name_alg);
	if (ek->sym != CS_TPM_ALG_AES || ek->sym_mode != CS_TPM_ALG_CFB ||
	    (ek->sym_bits != 128 && ek->sym_bits != 256))
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected an "
		    "endorsement key with AES-128 or AES-256 in CFB, found "
		    "cipher 0x%04x of %u bits, mode 0x%04x", ek->sym,
		    ek->sym_bits, ek->sym_mode);
	return CS_OK;
}

/* All of it at once, from an IV of zeros (Part 1, 24.4): each key is new. */
static int
cfb_run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *aes, cs_span key, cs_span in,
    uint8_t *out, cs_err *e)
{
	static const uint8_t zeros[AES_BLOCK];
	int n = 0;

	if (EVP_EncryptInit_ex2(ctx, aes, key.p, zeros, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &n, in.p, (int)in.n) != 1 ||
	    n < 0 || (size_t)n != in.n)
		return cs_ossl_fail(e, where, "cannot encrypt");
	return CS_OK;
}

/* in.n octets out. */
static int
cfb(cs_span key, cs_span in, uint8_t *out, cs_err *e)
{
	EVP_CIPHER_CTX *ctx = NULL;
	OSSL_LIB_CTX *lib = NULL;
	EVP_CIPHER *aes = NULL;
	int r;

	if ((r = cs_ossl_context(&lib, e)) != CS_OK)
		return r;
	ERR_clear_error();
	aes = EVP_CIPHER_fetch(lib, key.n == AES_KEY_MAX ? "AES-256-CFB" :
	    "AES-128-CFB", NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (aes == NULL || ctx == NULL)
		r = cs_ossl_fail(e, where, "cannot encrypt");
	else
		r = cfb_run(ctx, aes, key, in, out, e);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(aes);
	return r;
}

/* encIdentity: the credential with its size, encrypted. */
static int
identity_make(cs_span key, cs_span secret, uint8_t out[CREDENTIAL_MAX],
    cs_err *e)
{
	cs_buf *plain = cs_secret_new(CREDENTIAL_MAX);
	int r;

	if (plain == NULL)
		return cs_nomem(e, where);
	cs_tpm_put_sized(plain, secret);
	if (cs_buf_failed(plain))
		r = cs_fail(e, CS_EBUG, where, "a credential of %zu octets",
		    secret.n);
	else
		r = cfb(key, cs_buf_span(plain), out, e);
	cs_buf_free(&plain);
	return r;
}

/* The HMAC over it and the Name, which binds it to the one key (24.5). */
static int
object_put(enum cs_hash h, cs_span key, cs_span identity, cs_span name,
    cs_buf *blob, cs_err *e)
{
	cs_buf *in = cs_buf_new(identity.n + name.n);
	uint8_t mac[CS_HASH_MAX];
	int r;

	if (in == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put(in, identity) != CS_OK || cs_buf_put(in, name) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for an HMAC's input");
	else if ((r = cs_tpm_hmac(h, key, cs_buf_span(in), mac, e)) == CS_OK) {
		cs_tpm_put_sized(blob, cs_span_of(mac, cs_hash_len(h)));
		if (cs_buf_put(blob, identity) != CS_OK)
			r = cs_fail(e, CS_EBUG, where,
			    "no room for a credential");
	}
	cs_buf_free(&in);
	return r;
}

/* The two keys of a seed: TPM 2.0 Library, Part 1, 24.4 and 24.5. */
static int
seal(const cs_tpmpub *ek, cs_span seed, cs_span name, cs_span secret,
    cs_buf *blob, cs_err *e)
{
	const enum cs_hash h = cs_tpm_hash(ek->name_alg);
	uint8_t identity[CREDENTIAL_MAX];
	cs_buf *sym, *mac;
	int r;

	sym = cs_secret_new(AES_KEY_MAX);
	mac = cs_secret_new(CS_HASH_MAX);
	if (sym == NULL || mac == NULL)
		r = cs_nomem(e, where);
	else if ((r = cs_tpm_kdfa(h, seed, "STORAGE", name, ek->sym_bits / 8U,
	    sym, e)) == CS_OK && (r = cs_tpm_kdfa(h, seed, "INTEGRITY",
	    (cs_span){0}, cs_hash_len(h), mac, e)) == CS_OK &&
	    (r = identity_make(cs_buf_span(sym), secret, identity, e)) ==
	    CS_OK)
		r = object_put(h, cs_buf_span(mac), cs_span_of(identity,
		    2 + secret.n), name, blob, e);
	cs_buf_free(&sym);
	cs_buf_free(&mac);
	return r;
}

int
cs_tpm_credential(const cs_tpmpub *ek, const cs_tpmname *name,
    cs_span secret, cs_buf *blob, cs_buf *seed, cs_err *e)
{
	cs_buf *inner = NULL;
	int r;

	if ((r = cs_tpm_ek_check(ek, e)) != CS_OK)
		return r;
	if (secret.n == 0 || secret.n > cs_hash_len(cs_tpm_hash(
	    ek->name_alg)))
		return cs_fail(e, CS_EBUG, where, "a credential of %zu octets",
		    secret.n);
	if ((inner = cs_secret_new(CS_HASH_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_tpm_seed(ek, cs_tpm_hash(ek->name_alg), "IDENTITY",
	    inner, seed, e)) == CS_OK)
		r = seal(ek, cs_buf_span(inner), cs_span_of(name->octets,
		    name->n), secret, blob, e);
	cs_buf_free(&inner);
	return r;
}

/* fmt/tpmevidence.h; its NUL ends the label. */
int
cs_tpm_extra(cs_span challenge, cs_span secret, uint8_t out[CS_SHA256_LEN],
    cs_err *e)
{
	static const char label[] = "countersign tpm evidence v1";
	cs_buf *in = cs_secret_new(sizeof(label) + challenge.n + secret.n);
	int r;

	if (in == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put(in, cs_span_of(label, sizeof(label))) != CS_OK ||
	    cs_buf_put(in, challenge) != CS_OK ||
	    cs_buf_put(in, secret) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for extraData");
	else
		r = cs_sha256(cs_buf_span(in), out, e);
	cs_buf_free(&in);
	return r;
}

int
cs_tpm_extra_is(cs_span challenge, cs_span secret, cs_span found, bool *same,
    cs_err *e)
{
	uint8_t extra[CS_SHA256_LEN];
	int r;

	*same = false;
	if ((r = cs_tpm_extra(challenge, secret, extra, e)) == CS_OK)
		*same = found.n == sizeof(extra) &&
		    CRYPTO_memcmp(found.p, extra, sizeof(extra)) == 0;
	OPENSSL_cleanse(extra, sizeof(extra));
	return r;
}
