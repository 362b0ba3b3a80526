/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/pss.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_UNSUPPORTED, "pss", __VA_ARGS__)

#define SALT_MAX 512 /* octets of the longest modulus */

bool
cs_pss_is(cs_span alg)
{
	cs_span seq = {0}, oid = {0};

	return cs_der_get(&alg, CS_DER_SEQ, &seq, NULL) == CS_OK &&
	    cs_der_get(&seq, CS_DER_OID, &oid, NULL) == CS_OK &&
	    cs_oid_is(oid, CS_OID_RSASSA_PSS);
}

static unsigned
hash_bits(cs_span oid)
{
	switch (cs_oid_find(oid)) {
	case CS_OID_SHA256:
		return 256;
	case CS_OID_SHA384:
		return 384;
	case CS_OID_SHA512:
		return 512;
	default:
		return 0;
	}
}

/* RFC 4055 2.1: NULL and nothing are the same behind SHA-2. */
static int
read_hash(cs_span *in, unsigned *bits, cs_err *e)
{
	cs_span seq = {0}, oid = {0}, null = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK ||
	    (r = cs_der_opt(&seq, CS_DER_NULL, &null, e)) != CS_OK ||
	    (r = cs_der_end(seq, "a hash algorithm", e)) != CS_OK)
		return r;
	if ((*bits = hash_bits(oid)) == 0)
		return BAD(e, "PSS with another hash than SHA-256, SHA-384 or "
		    "SHA-512");
	return CS_OK;
}

static int
read_mask(cs_span *in, unsigned *bits, cs_err *e)
{
	cs_span seq = {0}, oid = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK)
		return r;
	if (!cs_oid_is(oid, CS_OID_MGF1))
		return BAD(e, "PSS with another mask than MGF1");
	if ((r = read_hash(&seq, bits, e)) != CS_OK)
		return r;
	return cs_der_end(seq, "a mask", e);
}

/* [0] hash, [1] mask, [2] salt length, each explicit; [3] trailerField has one
 * value that is in use, and DER leaves it out. */
static int
read_fields(cs_span in, cs_pss *out, cs_err *e)
{
	cs_span hash = {0}, mask = {0}, salt = {0};
	unsigned mask_bits = 0;
	int64_t n = 0;
	int r;

	if ((r = cs_der_opt(&in, CS_DER_CTXC(0), &hash, e)) != CS_OK ||
	    (r = cs_der_opt(&in, CS_DER_CTXC(1), &mask, e)) != CS_OK ||
	    (r = cs_der_opt(&in, CS_DER_CTXC(2), &salt, e)) != CS_OK)
		return r;
	if (hash.p == NULL || mask.p == NULL)
		return BAD(e, "PSS with SHA-1, which is meant where no hash "
		    "is named");
	if (cs_der_peek(in, CS_DER_CTXC(3)))
		return BAD(e, "PSS with a trailer field");
	if ((r = cs_der_end(in, "the parameters of PSS", e)) != CS_OK ||
	    (r = read_hash(&hash, &out->bits, e)) != CS_OK ||
	    (r = cs_der_end(hash, "a hash algorithm", e)) != CS_OK ||
	    (r = read_mask(&mask, &mask_bits, e)) != CS_OK ||
	    (r = cs_der_end(mask, "a mask", e)) != CS_OK)
		return r;
	if (mask_bits != out->bits)
		return BAD(e, "PSS with SHA-%u but MGF1 with SHA-%u",
		    out->bits, mask_bits);
	if (salt.p == NULL)
		return BAD(e, "PSS without a salt length, which is 20 then; "
		    "expected at least %u", out->bits / 8);
	if (cs_der_uint(&salt, CS_DER_INTEGER, out->bits / 8, SALT_MAX, &n,
	    NULL) != CS_OK)
		return BAD(e, "PSS with another salt length than %u to %d",
		    out->bits / 8, SALT_MAX);
	out->salt = (size_t)n;
	return cs_der_end(salt, "a salt length", e);
}

int
cs_pss_parse(cs_span alg, cs_pss *out, cs_err *e)
{
	cs_span in = alg, seq = {0}, oid = {0}, fields = {0};
	cs_pss found = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = cs_der_walk(alg, 0, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK)
		return r;
	if (!cs_oid_is(oid, CS_OID_RSASSA_PSS))
		return BAD(e, "expected RSASSA-PSS");
	if ((r = cs_der_get(&seq, CS_DER_SEQ, &fields, e)) != CS_OK ||
	    (r = cs_der_end(seq, "RSASSA-PSS", e)) != CS_OK ||
	    (r = read_fields(fields, &found, e)) != CS_OK)
		return r;
	*out = found;
	return CS_OK;
}
