/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/softtpm.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#define DIGEST_MAX 64

static void
u16(cs_buf *b, uint16_t v)
{
	if (cs_buf_put_byte(b, (uint8_t)(v >> 8)) != CS_OK ||
	    cs_buf_put_byte(b, (uint8_t)v) != CS_OK)
		cs_buf_fail(b);
}

static void
u32(cs_buf *b, uint32_t v)
{
	u16(b, (uint16_t)(v >> 16));
	u16(b, (uint16_t)v);
}

static void
raw(cs_buf *b, cs_span s)
{
	if (cs_buf_put(b, s) != CS_OK)
		cs_buf_fail(b);
}

static void
sized(cs_buf *b, cs_span s)
{
	u16(b, (uint16_t)s.n);
	raw(b, s);
}

static const char *
digest(uint16_t alg)
{
	return alg == SOFT_SHA384 ? "SHA384" : alg == SOFT_SHA512 ? "SHA512" :
	    alg == SOFT_SHA1 ? "SHA1" : "SHA256";
}

static size_t
digest_len(uint16_t alg)
{
	return alg == SOFT_SHA384 ? 48 : alg == SOFT_SHA512 ? 64 :
	    alg == SOFT_SHA1 ? 20 : 32;
}

static size_t
field(EVP_PKEY *k)
{
	return (size_t)(EVP_PKEY_get_bits(k) + 7) / 8;
}

/* A number of the key, of n octets. */
static void
number(cs_buf *b, EVP_PKEY *k, const char *name, size_t n, bool is_short)
{
	uint8_t big[512] = {0};
	BIGNUM *v = NULL;

	if (EVP_PKEY_get_bn_param(k, name, &v) != 1 ||
	    BN_bn2binpad(v, big, (int)n) != (int)n)
		cs_buf_fail(b);
	else if (is_short)
		sized(b, cs_span_of(big + n - (size_t)BN_num_bytes(v),
		    (size_t)BN_num_bytes(v)));
	else
		sized(b, cs_span_of(big, n));
	BN_free(v);
}

static void
symmetric(cs_buf *b, const struct soft_area *a)
{
	u16(b, a->sym);
	if (a->sym == SOFT_NULL)
		return;
	u16(b, a->bits);
	u16(b, a->mode);
}

static void
scheme(cs_buf *b, const struct soft_area *a)
{
	u16(b, a->scheme);
	if (a->scheme != SOFT_NULL)
		u16(b, a->hash);
}

cs_buf *
soft_area(const struct soft_area *a)
{
	const bool rsa = EVP_PKEY_is_a(a->key, "RSA") == 1;
	cs_buf *b = cs_buf_new(SOFT_MAX);

	u16(b, rsa ? SOFT_RSA : SOFT_ECC);
	u16(b, a->name_alg);
	u32(b, a->attributes);
	sized(b, a->policy);
	symmetric(b, a);
	scheme(b, a);
	if (rsa) {
		u16(b, (uint16_t)EVP_PKEY_get_bits(a->key));
		u32(b, a->exponent);
		number(b, a->key, OSSL_PKEY_PARAM_RSA_N, field(a->key), false);
		return b;
	}
	u16(b, field(a->key) == 32 ? 3 : 4); /* TPM_ECC_NIST_P256, P384 */
	u16(b, SOFT_NULL);                   /* KDF */
	number(b, a->key, OSSL_PKEY_PARAM_EC_PUB_X, field(a->key), a->short_x);
	number(b, a->key, OSSL_PKEY_PARAM_EC_PUB_Y, field(a->key), a->short_x);
	return b;
}

cs_buf *
soft_name(const struct soft_area *a)
{
	cs_buf *area = soft_area(a), *b = cs_buf_new(SOFT_MAX);
	uint8_t hash[DIGEST_MAX];
	size_t n = 0;

	if (EVP_Q_digest(NULL, digest(a->name_alg), NULL,
	    cs_buf_span(area).p, cs_buf_len(area), hash, &n) == 1) {
		u16(b, a->name_alg);
		raw(b, cs_span_of(hash, n));
	}
	cs_buf_free(&area);
	return b;
}

cs_buf *
soft_attest(const struct soft_attest *a)
{
	static const uint8_t clock[8 + 4 + 4 + 1 + 8] = {0};
	cs_buf *b = cs_buf_new(SOFT_MAX);

	u32(b, a->magic);
	u16(b, a->type);
	sized(b, a->signer);
	sized(b, a->extra);
	raw(b, cs_span_of(clock, sizeof(clock)));
	sized(b, a->name);
	sized(b, a->signer);
	return b;
}

static void
ecdsa(cs_buf *b, const uint8_t *der, size_t n, size_t len)
{
	const uint8_t *p = der;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
	uint8_t big[48];

	if (s == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(s), big, (int)len) < 0)
		cs_buf_fail(b);
	sized(b, cs_span_of(big, len));
	if (s == NULL || BN_bn2binpad(ECDSA_SIG_get0_s(s), big, (int)len) < 0)
		cs_buf_fail(b);
	sized(b, cs_span_of(big, len));
	ECDSA_SIG_free(s);
}

cs_buf *
soft_sign(EVP_PKEY *key, uint16_t alg, uint16_t hash, cs_span in)
{
	cs_buf *b = cs_buf_new(SOFT_MAX);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *with = NULL;
	uint8_t sig[512];
	size_t n = sizeof(sig);

	u16(b, alg);
	u16(b, hash);
	if (EVP_DigestSignInit_ex(ctx, &with, digest(hash), NULL, NULL, key,
	    NULL) != 1 || (alg == SOFT_RSAPSS &&
	    EVP_PKEY_CTX_set_rsa_padding(with, RSA_PKCS1_PSS_PADDING) != 1) ||
	    EVP_DigestSign(ctx, sig, &n, in.p, in.n) != 1)
		cs_buf_fail(b);
	else if (EVP_PKEY_is_a(key, "RSA") == 1)
		sized(b, cs_span_of(sig, n));
	else
		ecdsa(b, sig, n, field(key));
	EVP_MD_CTX_free(ctx);
	return b;
}

/* SP 800-108 with a counter before, which is what KDFa is. */
static bool
kdfa(uint16_t alg, cs_span seed, const char *label, cs_span context,
    uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[8], *next = p;
	bool good;

	*next++ = OSSL_PARAM_construct_utf8_string("mac", (char *)"HMAC", 0);
	*next++ = OSSL_PARAM_construct_utf8_string("digest",
	    (char *)(uintptr_t)digest(alg), 0);
	*next++ = OSSL_PARAM_construct_octet_string("key",
	    (void *)(uintptr_t)seed.p, seed.n);
	*next++ = OSSL_PARAM_construct_octet_string("salt",
	    (void *)(uintptr_t)label, strlen(label));
	if (context.n != 0)
		*next++ = OSSL_PARAM_construct_octet_string("info",
		    (void *)(uintptr_t)context.p, context.n);
	*next = OSSL_PARAM_construct_end();
	good = EVP_KDF_derive(ctx, out, n, p) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

/* The one-step KDF of SP 800-56A, which is what KDFe is. */
static bool
kdfe(uint16_t alg, cs_span z, cs_span info, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string("digest",
	    (char *)(uintptr_t)digest(alg), 0),
	    OSSL_PARAM_construct_octet_string("key",
	    (void *)(uintptr_t)z.p, z.n),
	    OSSL_PARAM_construct_octet_string("info",
	    (void *)(uintptr_t)info.p, info.n), OSSL_PARAM_construct_end()};
	bool good = EVP_KDF_derive(ctx, out, n, p) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

static cs_span
take(cs_span *in)
{
	size_t n = in->n < 2 ? 0 : (size_t)in->p[0] << 8 | in->p[1];
	cs_span s = cs_span_cut(*in, 2, n);

	*in = cs_span_cut(*in, 2 + n, in->n - 2 - n);
	return s;
}

static bool
rsa_seed(const struct soft_area *ek, cs_span in, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->key, NULL);
	const EVP_MD *md = EVP_get_digestbyname(digest(ek->name_alg));
	uint8_t plain[512];
	size_t n = sizeof(plain);
	bool good;

	good = EVP_PKEY_decrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("IDENTITY"),
	    9) == 1 && EVP_PKEY_decrypt(ctx, plain, &n, in.p, in.n) == 1 &&
	    n == digest_len(ek->name_alg);
	if (good)
		memcpy(out, plain, n);
	EVP_PKEY_CTX_free(ctx);
	return good;
}

static EVP_PKEY *
peer(EVP_PKEY *like, cs_span x, cs_span y)
{
	uint8_t point[97] = {4};
	EVP_PKEY *k = EVP_PKEY_new();

	if (x.n != field(like) || y.n != field(like) ||
	    EVP_PKEY_copy_parameters(k, like) != 1) {
		EVP_PKEY_free(k);
		return NULL;
	}
	memcpy(point + 1, x.p, x.n);
	memcpy(point + 1 + x.n, y.p, y.n);
	if (EVP_PKEY_set1_encoded_public_key(k, point, 1 + 2 * x.n) == 1)
		return k;
	EVP_PKEY_free(k);
	return NULL;
}

static bool
ecc_seed(const struct soft_area *ek, cs_span in, uint8_t *out)
{
	cs_span x = take(&in), y = take(&in), own;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->key, NULL);
	cs_buf *info = cs_buf_new(SOFT_MAX), *b = cs_buf_new(SOFT_MAX);
	EVP_PKEY *k = peer(ek->key, x, y);
	uint8_t z[48];
	size_t n = sizeof(z);
	bool good;

	number(b, ek->key, OSSL_PKEY_PARAM_EC_PUB_X, field(ek->key),
	    ek->short_x);
	own = cs_buf_span(b);
	raw(info, cs_span_of("IDENTITY", 9));
	raw(info, x);
	raw(info, take(&own));
	good = in.n == 0 && k != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, k) == 1 &&
	    EVP_PKEY_derive(ctx, z, &n) == 1 && kdfe(ek->name_alg,
	    cs_span_of(z, n), cs_buf_span(info), out,
	    digest_len(ek->name_alg));
	cs_buf_free(&info);
	cs_buf_free(&b);
	EVP_PKEY_free(k);
	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* Whatever is behind the HMAC belongs to the identity, and the Name. */
static bool
integrity(uint16_t alg, cs_span seed, cs_span mac, cs_span rest, cs_span name)
{
	cs_buf *b = cs_buf_new(SOFT_MAX);
	uint8_t key[DIGEST_MAX], found[DIGEST_MAX];
	size_t n = 0;
	bool good;

	raw(b, rest);
	raw(b, name);
	good = kdfa(alg, seed, "INTEGRITY", (cs_span){0}, key,
	    digest_len(alg)) && EVP_Q_mac(NULL, "HMAC", NULL, digest(alg),
	    NULL, key, digest_len(alg), cs_buf_span(b).p, cs_buf_len(b), found,
	    sizeof(found), &n) != NULL && cs_span_eq(mac,
	    cs_span_of(found, n));
	cs_buf_free(&b);
	return good;
}

static bool
decrypt(const struct soft_area *ek, cs_span seed, cs_span name, cs_span in,
    uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t key[32], iv[16] = {0};
	int n = 0;
	bool good;

	good = kdfa(ek->name_alg, seed, "STORAGE", name, key,
	    ek->bits / 8U) && EVP_DecryptInit_ex(ctx, ek->bits == 256 ?
	    EVP_aes_256_cfb128() : EVP_aes_128_cfb128(), NULL, key, iv) == 1 &&
	    EVP_DecryptUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
	    n == (int)in.n;
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

cs_buf *
soft_activate(const struct soft_area *ek, cs_span name, cs_span blob,
    cs_span in)
{
	cs_buf *out = cs_buf_new(SOFT_MAX);
	uint8_t octets[DIGEST_MAX], plain[SOFT_MAX];
	cs_span seed = cs_span_of(octets, digest_len(ek->name_alg));
	cs_span mac = take(&blob), rest = blob;

	if (EVP_PKEY_is_a(ek->key, "RSA") == 1 ? !rsa_seed(ek, in, octets) :
	    !ecc_seed(ek, in, octets))
		return out;
	if (rest.n <= sizeof(plain) &&
	    integrity(ek->name_alg, seed, mac, rest, name) &&
	    decrypt(ek, seed, name, rest, plain)) {
		rest = cs_span_of(plain, rest.n);
		raw(out, take(&rest));
		if (rest.n != 0)
			cs_buf_fail(out);
	}
	return out;
}
