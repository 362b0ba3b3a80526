/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/tpmseed.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypt/osslp.h"
#include "crypt/pubkeyp.h"
#include "crypt/tpmkdf.h"

#define SPKI_MAX 1024
#define FIELD_MAX 48 /* octets of a coordinate */
#define POINT_MAX (1 + 2 * FIELD_MAX)

static const char where[] = "crypt/tpmseed";

static OSSL_PARAM
text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name,
	    (char *)(uintptr_t)value, 0);
}

/* RSAES-OAEP; the label's NUL belongs to it (B.4). */
static int
oaep(EVP_PKEY_CTX *ctx, enum cs_hash h, const char *label, cs_span seed,
    cs_buf *shared, cs_err *e)
{
	const char *md = cs_hash_name(h);
	OSSL_PARAM p[] = {
	    text(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP),
	    text(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, md),
	    text(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, md),
	    OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
	    (void *)(uintptr_t)label, strlen(label) + 1),
	    OSSL_PARAM_construct_end()};
	size_t n = cs_buf_room(shared);

	if (EVP_PKEY_encrypt_init_ex(ctx, p) != 1 ||
	    EVP_PKEY_encrypt(ctx, cs_buf_tail(shared), &n, seed.p, seed.n) !=
	    1)
		return cs_ossl_fail(e, where, "cannot encrypt a seed");
	return cs_buf_grew(shared, n) == CS_OK ? CS_OK :
	    cs_fail(e, CS_EBUG, where, "no room for a seed");
}

static int
rsa_seed(OSSL_LIB_CTX *lib, EVP_PKEY *ek, enum cs_hash h, const char *label,
    cs_buf *seed, cs_buf *shared, cs_err *e)
{
	const size_t n = cs_hash_len(h), at = cs_buf_len(seed);
	EVP_PKEY_CTX *ctx = NULL;
	int r;

	if (cs_buf_room(seed) < n)
		return cs_fail(e, CS_EBUG, where, "no room for a seed");
	if ((r = cs_random(cs_buf_tail(seed), n, e)) != CS_OK ||
	    (r = cs_buf_grew(seed, n)) != CS_OK)
		return r;
	if ((ctx = EVP_PKEY_CTX_new_from_pkey(lib, ek, NULL)) == NULL)
		return cs_ossl_fail(e, where, "cannot encrypt a seed");
	r = oaep(ctx, h, label, cs_span_cut(cs_buf_span(seed), at, n), shared,
	    e);
	EVP_PKEY_CTX_free(ctx);
	return r;
}

/* The shared point's x, as long as the field's numbers are. */
static int
agree(OSSL_LIB_CTX *lib, EVP_PKEY *own, EVP_PKEY *ek, cs_buf *z, cs_err *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, own, NULL);
	size_t n = cs_buf_room(z);
	int r;

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, ek) != 1 ||
	    EVP_PKEY_derive(ctx, cs_buf_tail(z), &n) != 1)
		r = cs_ossl_fail(e, where, "cannot agree on a seed");
	else
		r = cs_buf_grew(z, n);
	EVP_PKEY_CTX_free(ctx);
	return r;
}

/* TPMS_ECC_POINT of our key's point. */
static int
point_put(EVP_PKEY *own, size_t field, uint8_t point[POINT_MAX],
    cs_buf *shared, cs_err *e)
{
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY,
	    point, POINT_MAX, &n) != 1 || n != 1 + 2 * field || point[0] != 4)
		return cs_ossl_fail(e, where, "cannot tell a point");
	cs_tpm_put_sized(shared, cs_span_of(point + 1, field));
	cs_tpm_put_sized(shared, cs_span_of(point + 1 + field, field));
	return !cs_buf_failed(shared) ? CS_OK :
	    cs_fail(e, CS_EBUG, where, "no room for a point");
}

/* The EK's coordinate goes in as its TPM has it in the public area, which is
 * what the TPM itself takes, filled up or not. */
static int
ecc_seed(OSSL_LIB_CTX *lib, const cs_tpmpub *ek, EVP_PKEY *pkey,
    enum cs_hash h, const char *label, cs_buf *seed, cs_buf *shared,
    cs_err *e)
{
	const bool p256 = ek->kind == CS_KEY_P256;
	const size_t field = p256 ? 32 : FIELD_MAX;
	cs_buf *z = cs_secret_new(FIELD_MAX);
	uint8_t point[POINT_MAX];
	EVP_PKEY *own = NULL;
	int r;

	if (z == NULL)
		return cs_nomem(e, where);
	if ((own = EVP_PKEY_Q_keygen(lib, NULL, "EC", p256 ? "P-256" :
	    "P-384")) == NULL)
		r = cs_ossl_fail(e, where, "cannot generate a key");
	else if ((r = point_put(own, field, point, shared, e)) == CS_OK &&
	    (r = agree(lib, own, pkey, z, e)) == CS_OK)
		r = cs_tpm_kdfe(h, cs_buf_span(z), label,
		    cs_span_of(point + 1, field), ek->x, seed, e);
	EVP_PKEY_free(own);
	cs_buf_free(&z);
	return r;
}

static int
key_make(const cs_tpmpub *ek, cs_pubkey **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(SPKI_MAX);
	cs_spki key = {0};
	int r;

	if (b == NULL)
		return cs_nomem(e, where);
	if ((r = cs_tpmpub_spki(ek, b, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(b), &key, e)) == CS_OK)
		r = cs_pubkey_new(&key, out, e);
	cs_buf_free(&b);
	return r;
}

int
cs_tpm_seed(const cs_tpmpub *ek, enum cs_hash h, const char *label,
    cs_buf *seed, cs_buf *shared, cs_err *e)
{
	OSSL_LIB_CTX *lib = NULL;
	cs_pubkey *k = NULL;
	int r;

	if ((r = cs_ossl_context(&lib, e)) != CS_OK ||
	    (r = key_make(ek, &k, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if (ek->kind == CS_KEY_RSA)
		r = rsa_seed(lib, cs_pubkey_pkey(k), h, label, seed, shared,
		    e);
	else
		r = ecc_seed(lib, ek, cs_pubkey_pkey(k), h, label, seed,
		    shared, e);
	cs_pubkey_free(&k);
	return r;
}
