/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypt/ossl.h"

static const char where[] = "crypt/hash";

static const struct {
	const char *name;
	size_t len;
	const EVP_MD *(*md)(void);
} hashes[] = {
	[CS_HASH_NONE] = {NULL, 0, NULL},
	[CS_SHA256] = {"SHA256", 32, EVP_sha256},
	[CS_SHA384] = {"SHA384", 48, EVP_sha384},
	[CS_SHA512] = {"SHA512", 64, EVP_sha512},
};
#define N_HASHES (sizeof(hashes) / sizeof(hashes[0]))

/* Looked up once and constant from then on: OpenSSL takes a lock and walks its
 * names for each hash that it is to find by itself, which it does for one that
 * is NULL here. */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *fetched[N_HASHES];

static void
fetch(void)
{
	size_t h;

	for (h = CS_SHA256; h < N_HASHES; h++)
		fetched[h] = EVP_MD_fetch(NULL, hashes[h].name, NULL);
}

static const EVP_MD *
algorithm(enum cs_hash h)
{
	if (CRYPTO_THREAD_run_once(&once, fetch) == 1 && fetched[h] != NULL)
		return fetched[h];
	return hashes[h].md();
}

size_t
cs_hash_len(enum cs_hash h)
{
	return hashes[h].len;
}

const char *
cs_hash_name(enum cs_hash h)
{
	return hashes[h].name;
}

int
cs_hash(enum cs_hash h, cs_span in, uint8_t *out, cs_err *e)
{
	unsigned n = 0;

	if (hashes[h].md == NULL)
		return cs_fail(e, CS_EBUG, where, "no hash was chosen");
	ERR_clear_error();
	if (EVP_Digest(in.p, in.n, out, &n, algorithm(h), NULL) != 1 ||
	    n != hashes[h].len)
		return cs_ossl_fail(e, where, "cannot hash");
	return CS_OK;
}

int
cs_sha256(cs_span in, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	return cs_hash(CS_SHA256, in, out, e);
}

int
cs_request_digest(const cs_csr *c, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	cs_buf *info = cs_buf_new(c->info.n);
	int rc;

	if (info == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_csr_base_info(c, info, e)) == CS_OK)
		rc = cs_sha256(cs_buf_span(info), out, e);
	cs_buf_free(&info);
	return rc;
}

int
cs_random(uint8_t *out, size_t n, cs_err *e)
{
	ssize_t got;

	for (; n > 0; out += got, n -= (size_t)got) {
		if ((got = getrandom(out, n, 0)) > 0)
			continue;
		if (got == 0 || errno != EINTR)
			return cs_fail(e, CS_EBUG, where,
			    "no random bytes: %s", strerror(errno));
		got = 0;
	}
	return CS_OK;
}

void
cs_fingerprint(const uint8_t hash[CS_SHA256_LEN], char out[52])
{
	memcpy(out, "SHA256:", 7);
	(void)EVP_EncodeBlock((unsigned char *)out + 7, hash, CS_SHA256_LEN);
	out[50] = '\0'; /* the one padding character */
}
