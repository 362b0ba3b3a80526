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

#include "crypt/osslp.h"

static const char where[] = "crypt/hash";

static const struct {
	const char *name;
	size_t len;
} hashes[] = {
	[CS_HASH_NONE] = {NULL, 0},
	[CS_SHA256] = {"SHA256", 32},
	[CS_SHA384] = {"SHA384", 48},
	[CS_SHA512] = {"SHA512", 64},
};
#define N_HASHES (sizeof(hashes) / sizeof(hashes[0]))

/* Looked up once and constant from then on: OpenSSL takes a lock and walks its
 * names for each hash that it is to find by itself. */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *fetched[N_HASHES];

static void
fetch(void)
{
	OSSL_LIB_CTX *ctx = NULL;
	size_t h;

	if (cs_ossl_context(&ctx, NULL) != CS_OK)
		return;
	for (h = CS_SHA256; h < N_HASHES; h++)
		fetched[h] = EVP_MD_fetch(ctx, hashes[h].name, NULL);
}

/* One that could not be kept is looked up again. */
static bool
digest(OSSL_LIB_CTX *ctx, enum cs_hash h, cs_span in, uint8_t *out)
{
	unsigned n = 0;
	size_t len = 0;

	if (CRYPTO_THREAD_run_once(&once, fetch) == 1 && fetched[h] != NULL)
		return EVP_Digest(in.p, in.n, out, &n, fetched[h], NULL) == 1 &&
		    n == hashes[h].len;
	return EVP_Q_digest(ctx, hashes[h].name, NULL, in.p, in.n, out,
	    &len) == 1 && len == hashes[h].len;
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
	OSSL_LIB_CTX *ctx = NULL;
	int rc;

	if (hashes[h].name == NULL)
		return cs_fail(e, CS_EBUG, where, "no hash was chosen");
	ERR_clear_error();
	if ((rc = cs_ossl_context(&ctx, e)) != CS_OK)
		return rc;
	if (!digest(ctx, h, in, out))
		return cs_ossl_fail(e, where, "cannot hash");
	return CS_OK;
}

int
cs_sha256(cs_span in, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	return cs_hash(CS_SHA256, in, out, e);
}

int
cs_hmac_sha256(cs_span key, cs_span in, uint8_t out[CS_SHA256_LEN], cs_err *e)
{
	static const char none[1] = "";
	OSSL_LIB_CTX *ctx = NULL;
	size_t n = 0;
	int rc;

	ERR_clear_error();
	if ((rc = cs_ossl_context(&ctx, e)) != CS_OK)
		return rc;
	/* A key that is not there would be that of the call before. */
	if (EVP_Q_mac(ctx, "HMAC", NULL, hashes[CS_SHA256].name, NULL,
	    key.p == NULL ? (const void *)none : key.p, key.n, in.p, in.n,
	    out, CS_SHA256_LEN, &n) == NULL || n != CS_SHA256_LEN)
		return cs_ossl_fail(e, where, "cannot make an HMAC");
	return CS_OK;
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
