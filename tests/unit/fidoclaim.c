/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/fidoclaim.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>

static void
put(cs_buf *b, const void *p, size_t n)
{
	(void)!cs_buf_put(b, cs_span_of(p, n));
}

static void
put_byte(cs_buf *b, unsigned c)
{
	(void)!cs_buf_put_byte(b, (uint8_t)c);
}

/* The head of a CBOR item. */
static void
put_head(cs_buf *b, unsigned type, size_t n)
{
	if (n < 24) {
		put_byte(b, type << 5 | (unsigned)n);
	} else if (n < 256) {
		put_byte(b, type << 5 | 24);
		put_byte(b, (unsigned)n);
	} else {
		put_byte(b, type << 5 | 25);
		put_byte(b, (unsigned)(n >> 8));
		put_byte(b, n & 0xff);
	}
}

static void
put_text(cs_buf *b, const char *s)
{
	put_head(b, 3, strlen(s));
	(void)!cs_buf_put_str(b, s);
}

static void
put_bytes(cs_buf *b, cs_span s)
{
	put_head(b, 2, s.n);
	(void)!cs_buf_put(b, s);
}

/* 04 x y, or 32 octets. */
static size_t
point_get(EVP_PKEY *k, uint8_t out[65])
{
	size_t n = 65;

	if (EVP_PKEY_get_octet_string_param(k, OSSL_PKEY_PARAM_PUB_KEY, out,
	    65, &n) == 1 && EVP_PKEY_is_a(k, "EC"))
		return n;
	n = 65;
	(void)EVP_PKEY_get_raw_public_key(k, out, &n);
	return n;
}

static void
put_cose(cs_buf *b, EVP_PKEY *k)
{
	uint8_t p[65] = {0};
	bool ec = EVP_PKEY_is_a(k, "EC");

	(void)point_get(k, p);
	put(b, ec ? "\xa5\x01\x02\x03\x26\x20\x01\x21" :
	    "\xa4\x01\x01\x03\x27\x20\x06\x21", 8);
	put_bytes(b, cs_span_of(ec ? p + 1 : p, 32));
	if (!ec)
		return;
	put(b, "\x22", 1);
	put_bytes(b, cs_span_of(p + 33, 32));
}

static void
put_auth(struct fc_answer *a)
{
	uint8_t hash[CS_SHA256_LEN] = {0};

	(void)!cs_sha256(cs_span_str(a->rp_id), hash, NULL);
	put(a->auth, hash, sizeof(hash));
	put_byte(a->auth, a->flags);
	put(a->auth, "\0\0\0\7", 4);
	put(a->auth, a->aaguid, sizeof(a->aaguid));
	put_byte(a->auth, 0);
	put_byte(a->auth, (unsigned)strlen(a->id));
	(void)!cs_buf_put_str(a->auth, a->id);
	put_cose(a->auth, a->key);
}

/* What the signature is over, WebAuthn 8.2 and 8.6. */
static cs_buf *
signed_bytes(const struct fc_answer *a)
{
	cs_buf *b = cs_buf_new(2048);
	cs_span auth = cs_buf_span(a->auth);
	uint8_t p[65] = {0};
	size_t n = point_get(a->key, p);

	if (strcmp(a->format, "fido-u2f") == 0) {
		put_byte(b, 0);
		put(b, auth.p, 32);
		put(b, a->claim.client_data_hash, CS_SHA256_LEN);
		put(b, a->id, strlen(a->id));
		put(b, p, n);
		return b;
	}
	(void)!cs_buf_put(b, auth);
	put(b, a->claim.client_data_hash, CS_SHA256_LEN);
	return b;
}

static cs_buf *
make_signature(const struct fc_answer *a)
{
	EVP_PKEY *by = a->by == NULL ? a->key : a->by;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cs_buf *in = signed_bytes(a), *sig;
	cs_span s = cs_buf_span(in);
	uint8_t out[512];
	size_t n = sizeof(out);

	(void)EVP_DigestSignInit(ctx, NULL, EVP_PKEY_is_a(by, "ED25519") ?
	    NULL : a->alg == -35 ? EVP_sha384() : EVP_sha256(), NULL, by);
	if (EVP_DigestSign(ctx, out, &n, s.p, s.n) != 1)
		n = 0;
	if (a->break_sig)
		out[n - 1] ^= 1;
	sig = cs_buf_dup(cs_span_of(out, n));
	EVP_MD_CTX_free(ctx);
	cs_buf_free(&in);
	return sig;
}

static void
put_stmt(struct fc_answer *a)
{
	bool packed = strcmp(a->format, "packed") == 0;
	cs_buf *sig = make_signature(a);
	size_t i;

	put_head(a->stmt, 5, 1 + (size_t)packed + (a->n != 0));
	if (packed) {
		put_text(a->stmt, "alg");
		put_head(a->stmt, 1, (size_t)(-1 - a->alg));
	}
	put_text(a->stmt, "sig");
	put_bytes(a->stmt, cs_buf_span(sig));
	if (a->n != 0) {
		put_text(a->stmt, "x5c");
		put_head(a->stmt, 4, a->n);
		for (i = 0; i < a->n; i++)
			put_bytes(a->stmt, a->certs[i]);
	}
	cs_buf_free(&sig);
}

void
fc_make(struct fc_answer *a)
{
	cs_fido_claim *c = &a->claim;

	cs_buf_free(&a->auth);
	cs_buf_free(&a->stmt);
	a->auth = cs_buf_new(1024);
	if (a->key == NULL)
		a->key = strcmp(a->kind, "P-256") == 0 ? EVP_EC_gen("P-256") :
		    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	put_auth(a);
	*c = (cs_fido_claim){.authdata = cs_buf_span(a->auth),
	    .format = cs_span_str(a->format), .rp_id = cs_span_str(RP_ID),
	    .kind = strcmp(a->kind, "P-256") == 0 ? CS_KEY_P256 :
	    CS_KEY_ED25519};
	memset(c->client_data_hash, 0x5a, sizeof(c->client_data_hash));
	if (strcmp(a->format, "none") == 0)
		return;
	a->stmt = cs_buf_new(8192);
	put_stmt(a);
	c->statement = cs_buf_span(a->stmt);
}

void
fc_free(struct fc_answer *a)
{
	EVP_PKEY_free(a->key);
	a->key = NULL;
	cs_buf_free(&a->auth);
	cs_buf_free(&a->stmt);
}
