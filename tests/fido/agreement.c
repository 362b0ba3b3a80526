/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"
#include "tests/fido/agreement.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

#define BLOCK 16

static bool
coordinate(struct span cose, int64_t key, uint8_t *out)
{
	struct span v, s;

	if (!cbor_find(cose, key, &v) ||
	    !cbor_get_string(v, CBOR_BYTES, &s) || s.n != 32)
		return false;
	memcpy(out, s.p, s.n);
	return true;
}

static EVP_PKEY *
peer_of(struct span cose)
{
	uint8_t point[65] = {4};
	char group[] = "P-256";
	OSSL_PARAM p[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group,
		0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
		sizeof(point)), OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *c;
	EVP_PKEY *key = NULL;

	if (!coordinate(cose, -2, point + 1) ||
	    !coordinate(cose, -3, point + 33))
		return NULL;
	c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, p) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	return key;
}

static bool
ecdh(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *z)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own, NULL);
	size_t n = HASH_LEN;
	bool done = c != NULL && EVP_PKEY_derive_init(c) == 1 &&
	    EVP_PKEY_derive_set_peer(c, peer) == 1 &&
	    EVP_PKEY_derive(c, z, &n) == 1 && n == HASH_LEN;

	EVP_PKEY_CTX_free(c);
	return done;
}

static void
hkdf(const uint8_t *z, const char *info, uint8_t *out)
{
	uint8_t salt[HASH_LEN] = {0};
	size_t n = HASH_LEN;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

	if (c == NULL || EVP_PKEY_derive_init(c) != 1 ||
	    EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set1_hkdf_salt(c, salt, sizeof(salt)) != 1 ||
	    EVP_PKEY_CTX_set1_hkdf_key(c, z, HASH_LEN) != 1 ||
	    EVP_PKEY_CTX_add1_hkdf_info(c, (const uint8_t *)info,
	    (int)strlen(info)) != 1 || EVP_PKEY_derive(c, out, &n) != 1)
		die("HKDF");
	EVP_PKEY_CTX_free(c);
}

bool
shared_derive(EVP_PKEY *own, int protocol, struct span cose,
    struct shared *out)
{
	EVP_PKEY *peer = peer_of(cose);
	uint8_t z[HASH_LEN];
	bool done = peer != NULL && ecdh(own, peer, z);

	EVP_PKEY_free(peer);
	if (!done)
		return false;
	out->protocol = protocol;
	if (protocol == 1) {
		sha256(z, sizeof(z), out->aes);
		memcpy(out->mac, out->aes, HASH_LEN);
	} else {
		hkdf(z, "CTAP2 HMAC key", out->mac);
		hkdf(z, "CTAP2 AES key", out->aes);
	}
	return true;
}

bool
mac_fits(int protocol, const uint8_t *key, struct span m, struct span mac)
{
	uint8_t want[HASH_LEN];

	hmac(key, m.p, m.n, want);
	return mac.n == (protocol == 1 ? HASH_LEN / 2 : HASH_LEN) &&
	    CRYPTO_memcmp(want, mac.p, mac.n) == 0;
}

static bool
aes(const struct shared *s, const uint8_t *iv, struct span in, uint8_t *out,
    bool encrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	bool done = in.n % BLOCK == 0 && c != NULL &&
	    EVP_CipherInit_ex(c, EVP_aes_256_cbc(), NULL, s->aes, iv,
	    encrypt) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
	    EVP_CipherUpdate(c, out, &n, in.p, (int)in.n) == 1;

	EVP_CIPHER_CTX_free(c);
	return done;
}

size_t
shared_decrypt(const struct shared *s, struct span in, uint8_t *out,
    size_t max)
{
	uint8_t iv[BLOCK] = {0};

	if (s->protocol == 2) {
		if (in.n < BLOCK)
			return 0;
		memcpy(iv, in.p, BLOCK);
		in.p += BLOCK;
		in.n -= BLOCK;
	}
	return in.n <= max && aes(s, iv, in, out, false) ? in.n : 0;
}

void
put_encrypted(struct out *o, const struct shared *s, const uint8_t *p,
    size_t n)
{
	uint8_t b[BLOCK + 64] = {0};
	size_t at = s->protocol == 2 ? BLOCK : 0;

	if (n > 64 || (at > 0 && RAND_bytes(b, BLOCK) != 1))
		die("no random bytes");
	if (at == 0) {
		uint8_t zero[BLOCK] = {0};

		(void)aes(s, zero, (struct span){p, n}, b, true);
	} else {
		(void)aes(s, b, (struct span){p, n}, b + at, true);
	}
	put_bytes(o, b, at + n);
}
