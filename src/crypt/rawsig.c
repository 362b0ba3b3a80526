/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/rawsig.h"

#include "fmt/ecsig.h"

#define INPUT_MAX 128

static const char where[] = "crypt/rawsig";

static int
put_hash(const cs_alg *alg, cs_span bytes, cs_buf *out, cs_err *e)
{
	uint8_t hash[CS_HASH_MAX];
	int rc;

	if ((rc = cs_hash(alg->hash, bytes, hash, e)) != CS_OK)
		return rc;
	if ((alg->key == CS_KEY_RSA && alg->salt == 0 &&
	    cs_buf_put(out, cs_alg_digest_info(alg->hash)) != CS_OK) ||
	    cs_buf_put(out, cs_span_of(hash, cs_hash_len(alg->hash))) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a hash");
	return CS_OK;
}

int
cs_rawsig_input(const cs_alg *alg, cs_span bytes, cs_buf **out, cs_err *e)
{
	cs_buf *b = NULL;
	int rc = CS_OK;

	*out = NULL;
	if (alg->key == CS_KEY_ED25519)
		b = cs_buf_dup(bytes);
	else if ((b = cs_buf_new(INPUT_MAX)) != NULL)
		rc = put_hash(alg, bytes, b, e);
	if (b == NULL)
		return cs_nomem(e, where);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

int
cs_rawsig_output(const cs_alg *alg, cs_span raw, cs_buf *out, cs_err *e)
{
	if (alg->key == CS_KEY_P256 || alg->key == CS_KEY_P384)
		return cs_ecsig_put(raw, out, e);
	if (cs_buf_put(out, raw) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a signature");
	return CS_OK;
}
