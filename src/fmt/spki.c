/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/spki.h"

#include <stdio.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"

/* AlgorithmIdentifiers whole, as RFC 5480, RFC 3279 and RFC 8410 write them:
 * compared as bytes, so that one key has one encoding and one hash. */
static const uint8_t alg_p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07};
static const uint8_t alg_p384[] = {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
    0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t alg_ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
    0x70};

static const struct kind {
	enum cs_key_kind kind;
	const uint8_t *alg;
	size_t alg_n, point_n; /* point_n 0: RSA */
	unsigned bits;
} kinds[] = {
	{CS_KEY_P256, alg_p256, sizeof(alg_p256), 65, 256},
	{CS_KEY_P384, alg_p384, sizeof(alg_p384), 97, 384},
	{CS_KEY_RSA, alg_rsa, sizeof(alg_rsa), 0, 0},
	{CS_KEY_ED25519, alg_ed25519, sizeof(alg_ed25519), 32, 255},
};

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

static const struct kind *
kind_by_alg(cs_span alg)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (cs_span_eq(alg, cs_span_of(kinds[i].alg, kinds[i].alg_n)))
			return &kinds[i];
	return NULL;
}

static const struct kind *
kind_of(enum cs_key_kind kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

static unsigned
bit_length(cs_span big)
{
	unsigned n = (unsigned)big.n * 8;
	unsigned top;

	for (top = 0x80; top != 0 && (big.p[0] & top) == 0; top >>= 1)
		n--;
	return n;
}

static int
check_modulus(cs_span n, unsigned *bits, cs_err *e)
{
	const bool even = n.n != 0 && (n.p[n.n - 1] & 1) == 0;

	*bits = n.n == 0 || n.n > RSA_BITS_MAX ? 0 : bit_length(n);
	if (*bits < RSA_BITS_MIN || *bits > RSA_BITS_MAX || even)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "expected an odd RSA modulus of %d to %d bits, found %s "
		    "of %u", RSA_BITS_MIN, RSA_BITS_MAX,
		    even ? "an even one" : "one", *bits);
	return CS_OK;
}

int
cs_spki_check(enum cs_key_kind kind, cs_span number, unsigned *bits, cs_err *e)
{
	const struct kind *k = kind_of(kind);
	unsigned found = k == NULL ? 0 : k->bits;
	int r = CS_OK;

	if (kind == CS_KEY_RSA)
		r = check_modulus(number, &found, e);
	else if (k == NULL || number.n != k->point_n ||
	    (kind != CS_KEY_ED25519 && number.p[0] != 0x04))
		r = CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "expected an uncompressed point of %zu octets, found %s "
		    "of %zu", k == NULL ? 0 : k->point_n,
		    k != NULL && number.n == k->point_n ? "another form" :
		    "one", number.n);
	if (r == CS_OK && bits != NULL)
		*bits = found;
	return r;
}

/* RSAPublicKey, RFC 8017 A.1.1; e = 65537 and nothing else. */
static int
parse_rsa(cs_span bits, cs_spki *out, cs_err *e)
{
	cs_span in = bits, seq = {0}, n = {0};
	int64_t exponent = 0;
	int r;

	if ((r = cs_der_walk(bits, 0, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_INTEGER, &n, e)) != CS_OK)
		return r;
	if (cs_der_uint(&seq, CS_DER_INTEGER, 65537, 65537, &exponent, NULL) !=
	    CS_OK)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "expected the RSA exponent 65537");
	if ((r = cs_der_end(seq, "RSAPublicKey", e)) != CS_OK)
		return r;
	if ((n.p[0] & 0x80) != 0)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki", "negative modulus");
	if (n.p[0] == 0)
		n = cs_span_cut(n, 1, n.n - 1);
	if ((r = cs_spki_check(CS_KEY_RSA, n, &out->bits, e)) == CS_OK)
		out->modulus = n;
	return r;
}

static int
parse_point(const struct kind *k, cs_span bits, cs_spki *out, cs_err *e)
{
	int r = cs_spki_check(k->kind, bits, &out->bits, e);

	if (r == CS_OK)
		out->point = bits;
	return r;
}

int
cs_spki_parse(cs_span der, cs_spki *out, cs_err *e)
{
	cs_span in = der, seq = {0}, alg = {0}, bits = {0};
	const struct kind *k;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = cs_der_walk(der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_whole(&seq, CS_DER_SEQ, &alg, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_der_end(seq, "SubjectPublicKeyInfo", e)) != CS_OK)
		return cs_wrap(e, "SubjectPublicKeyInfo");
	if ((k = kind_by_alg(alg)) == NULL)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "expected a P-256, P-384, RSA or Ed25519 key, found "
		    "another algorithm or other parameters");
	if (bits.n < 2 || bits.p[0] != 0)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "expected a key of whole octets");
	bits = cs_span_cut(bits, 1, bits.n - 1);
	r = k->kind == CS_KEY_RSA ? parse_rsa(bits, out, e) :
	    parse_point(k, bits, out, e);
	if (r != CS_OK)
		return r;
	out->kind = k->kind;
	out->der = der;
	return CS_OK;
}

static int
put_point(cs_buf *out, const struct kind *k, cs_span point, cs_err *e)
{
	size_t m;

	if (k == NULL || k->point_n == 0 || point.n != k->point_n)
		return CS_BAD(e, CS_R_UNSUPPORTED, "spki",
		    "a point of %zu octets is none of this kind", point.n);
	m = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_raw(out, cs_span_of(k->alg, k->alg_n));
	cs_der_put_bits(out, point);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}

int
cs_spki_put_ec(cs_buf *out, enum cs_key_kind kind, cs_span point, cs_err *e)
{
	return put_point(out, kind_of(kind), point, e);
}

int
cs_spki_put_ed25519(cs_buf *out, cs_span point, cs_err *e)
{
	return put_point(out, kind_of(CS_KEY_ED25519), point, e);
}

int
cs_spki_put_rsa(cs_buf *out, cs_span modulus, cs_err *e)
{
	cs_buf *key = cs_buf_new(modulus.n + 32);
	size_t m;
	int r;

	if (key == NULL)
		return cs_nomem(e, "spki");
	m = cs_der_begin(key, CS_DER_SEQ);
	cs_der_put_bigint(key, modulus);
	cs_der_put_uint(key, CS_DER_INTEGER, 65537);
	cs_der_close(key, m);
	m = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_raw(out, cs_span_of(alg_rsa, sizeof(alg_rsa)));
	cs_der_put_bits(out, cs_buf_span(key));
	cs_der_close(out, m);
	if ((r = cs_der_done(key, e)) == CS_OK)
		r = cs_der_done(out, e);
	cs_buf_free(&key);
	return r;
}

void
cs_spki_name(const cs_spki *k, char out[16])
{
	static const char *const ec[] = {
		[CS_KEY_NONE] = "none",
		[CS_KEY_P256] = "P-256",
		[CS_KEY_P384] = "P-384",
		[CS_KEY_ED25519] = "Ed25519",
	};

	if (k->kind == CS_KEY_RSA)
		(void)snprintf(out, 16, "RSA-%u", k->bits);
	else
		(void)snprintf(out, 16, "%s", ec[k->kind]);
}
