/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/tpmkdf.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypt/osslp.h"
#include "fmt/tpm.h"

#define INPUT_MAX 256

static const char where[] = "crypt/tpmkdf";

int
cs_tpm_hmac(enum cs_hash h, cs_span key, cs_span data, uint8_t *out,
    cs_err *e)
{
	OSSL_LIB_CTX *ctx = NULL;
	size_t n = 0;
	int r;

	if ((r = cs_ossl_context(&ctx, e)) != CS_OK)
		return r;
	ERR_clear_error();
	if (EVP_Q_mac(ctx, "HMAC", NULL, cs_hash_name(h), NULL, key.p, key.n,
	    data.p, data.n, out, cs_hash_len(h), &n) == NULL ||
	    n != cs_hash_len(h))
		return cs_ossl_fail(e, where, "cannot make an HMAC");
	return CS_OK;
}

/* The label's NUL stands there, too (11.4.10.2, 11.4.10.3). */
static int
put_label(cs_buf *b, const char *label)
{
	return cs_buf_put_str(b, label) == CS_OK ? cs_buf_put_byte(b, 0) :
	    CS_EBUG;
}

/* The first `n` octets of a hash that is wiped then. */
static int
hand_over(uint8_t hash[CS_HASH_MAX], size_t n, cs_buf *out, cs_err *e)
{
	int r = CS_OK;

	if (cs_buf_put(out, cs_span_of(hash, n)) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for %zu octets", n);
	OPENSSL_cleanse(hash, CS_HASH_MAX);
	return r;
}

int
cs_tpm_kdfa(enum cs_hash h, cs_span key, const char *label, cs_span context,
    size_t n, cs_buf *out, cs_err *e)
{
	cs_buf *in = cs_buf_new(INPUT_MAX);
	uint8_t hash[CS_HASH_MAX];
	int r;

	if (in == NULL)
		return cs_nomem(e, where);
	cs_tpm_put_u32(in, 1);
	if (put_label(in, label) != CS_OK || cs_buf_put(in, context) != CS_OK)
		cs_buf_fail(in);
	cs_tpm_put_u32(in, (uint32_t)(n * 8));
	if (cs_buf_failed(in) || n > cs_hash_len(h))
		r = cs_fail(e, CS_EBUG, where, "no %zu octets for \"%s\"", n,
		    label);
	else if ((r = cs_tpm_hmac(h, key, cs_buf_span(in), hash, e)) == CS_OK)
		r = hand_over(hash, n, out, e);
	cs_buf_free(&in);
	return r;
}

int
cs_tpm_kdfe(enum cs_hash h, cs_span z, const char *label, cs_span u, cs_span v,
    cs_buf *out, cs_err *e)
{
	cs_buf *in = cs_secret_new(INPUT_MAX);
	uint8_t hash[CS_HASH_MAX];
	int r;

	if (in == NULL)
		return cs_nomem(e, where);
	cs_tpm_put_u32(in, 1);
	if (cs_buf_put(in, z) != CS_OK || put_label(in, label) != CS_OK ||
	    cs_buf_put(in, u) != CS_OK || cs_buf_put(in, v) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for \"%s\"", label);
	else if ((r = cs_hash(h, cs_buf_span(in), hash, e)) == CS_OK)
		r = hand_over(hash, cs_hash_len(h), out, e);
	cs_buf_free(&in);
	return r;
}
