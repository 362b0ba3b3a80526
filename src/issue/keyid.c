/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/authority.h"

#include <string.h>

#include "fmt/der.h"

int
cs_key_id(const cs_spki *k, uint8_t out[CS_KEY_ID_LEN], cs_err *e)
{
	cs_span in = k->der, seq = {0}, bits = {0};
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_SEQ, NULL, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_sha256(cs_span_cut(bits, 1, bits.n - 1), hash, e)) !=
	    CS_OK)
		return r;
	memcpy(out, hash, CS_KEY_ID_LEN);
	return CS_OK;
}

bool
cs_authority_signs(cs_span sig_alg)
{
	static const enum cs_key_kind kinds[] = {CS_KEY_P256, CS_KEY_P384,
	    CS_KEY_RSA};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (cs_span_eq(sig_alg,
		    cs_alg_for_key(kinds[i], CS_USE_PKCS10)->sig_alg))
			return true;
	return false;
}
