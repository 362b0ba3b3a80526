/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/public.h"

/* The one thing wanted of a certificate on a token is its key. What is made of
 * it is parsed again by fmt/, and a signature must verify with it: this reader
 * only has to be safe. */

#define WHERE "p11 certificate"

#define TAG_INTEGER 0x02
#define TAG_BITS 0x03
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30
#define TAG_VERSION 0xa0

/* Takes the next element off *in; false when it is not whole, or its tag is
 * not `tag` (then *in stays). */
static bool
take(cs_span *in, uint8_t tag, cs_span *body, cs_span *whole)
{
	size_t n, head = 2, i;

	if (in->n < 2 || in->p[0] != tag)
		return false;
	if ((n = in->p[1]) > 0x82 || n == 0x80)
		return false;
	if (n > 0x80) {
		head += n - 0x80;
		if (in->n < head)
			return false;
		for (n = 0, i = 2; i < head; i++)
			n = n << 8 | in->p[i];
	}
	if (n > in->n - head)
		return false;
	*body = cs_span_of(in->p + head, n);
	if (whole != NULL)
		*whole = cs_span_of(in->p, head + n);
	*in = cs_span_of(in->p + head + n, in->n - head - n);
	return true;
}

static bool
skip(cs_span *in, uint8_t tag)
{
	cs_span body;

	return take(in, tag, &body, NULL);
}

/* Certificate to the content of its SubjectPublicKeyInfo, RFC 5280 4.1. */
static bool
find_spki(cs_span der, cs_span *spki)
{
	cs_span cert, tbs;

	if (!take(&der, TAG_SEQUENCE, &cert, NULL) ||
	    !take(&cert, TAG_SEQUENCE, &tbs, NULL))
		return false;
	(void)skip(&tbs, TAG_VERSION);
	return skip(&tbs, TAG_INTEGER) && skip(&tbs, TAG_SEQUENCE) &&
	    skip(&tbs, TAG_SEQUENCE) && skip(&tbs, TAG_SEQUENCE) &&
	    skip(&tbs, TAG_SEQUENCE) && take(&tbs, TAG_SEQUENCE, spki, NULL);
}

static int
set_rsa(cs_p11_public *out, cs_span key, cs_err *e)
{
	cs_span seq, modulus, exponent;

	if (!take(&key, TAG_SEQUENCE, &seq, NULL) ||
	    !take(&seq, TAG_INTEGER, &modulus, NULL) ||
	    !take(&seq, TAG_INTEGER, &exponent, NULL))
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "the token's certificate holds a broken RSA key");
	return cs_p11_public_set_rsa(out, modulus, exponent, e);
}

int
cs_p11_public_set_cert(cs_p11_public *out, cs_span der, cs_err *e)
{
	/* rsaEncryption, id-ecPublicKey, id-Ed25519 */
	static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
	    1}, ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1},
	    ed[] = {0x2b, 0x65, 0x70};
	cs_span spki, alg, oid, key, body, params = {NULL, 0};

	if (!find_spki(der, &spki) || !take(&spki, TAG_SEQUENCE, &alg, NULL) ||
	    !take(&alg, TAG_OID, &oid, NULL) ||
	    !take(&spki, TAG_BITS, &key, NULL) || key.n < 1 || key.p[0] != 0)
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "the token's certificate is malformed");
	key = cs_span_of(key.p + 1, key.n - 1);
	if (cs_span_eq(oid, cs_span_of(rsa, sizeof(rsa))))
		return set_rsa(out, key, e);
	if (cs_span_eq(oid, cs_span_of(ed, sizeof(ed))))
		return cs_p11_public_set_point(out, CS_P11_ED25519, key, e);
	if (cs_span_eq(oid, cs_span_of(ec, sizeof(ec))) &&
	    take(&alg, TAG_OID, &body, &params) &&
	    cs_p11_curve(params) != CS_P11_NONE)
		return cs_p11_public_set_point(out, cs_p11_curve(params), key,
		    e);
	return cs_fail(e, CS_EDEVICE, WHERE, "the token's certificate holds a "
	    "key of a kind that is not supported");
}
