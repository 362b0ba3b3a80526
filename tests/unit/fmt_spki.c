/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "fmt/csr.h"
#include "fmt/der.h"
#include "fmt/ecsig.h"
#include "fmt/reason.h"
#include "fmt/spki.h"
#include "tap.h"
#include "vec.h"

#define ALG_P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define ALG_P384 "301006072a8648ce3d020106052b81040022"
#define ALG_RSA "300d06092a864886f70d0101010500"
#define ALG_ED25519 "300506032b6570"

/* Writes a key again from what was read. */
static int
put_again(const cs_spki *k, cs_buf *out)
{
	switch (k->kind) {
	case CS_KEY_RSA:
		return cs_spki_put_rsa(out, k->modulus, NULL);
	case CS_KEY_ED25519:
		return cs_spki_put_ed25519(out, k->point, NULL);
	default:
		return cs_spki_put_ec(out, k->kind, k->point, NULL);
	}
}

/* One key has one encoding: what is accepted is written back the same; and
 * OpenSSL, where the point is one, agrees. */
static enum vec_answer
probe(cs_span in)
{
	const unsigned char *p = in.p;
	cs_buf *out = cs_buf_new(in.n + 8);
	cs_err e = {0};
	X509_PUBKEY *pub;
	bool fine;
	cs_spki k;

	if (cs_spki_parse(in, &k, &e) != CS_OK) {
		cs_buf_free(&out);
		return e.cls == CS_EFORMAT && (e.detail == CS_R_UNSUPPORTED ||
		    e.detail == CS_R_NOT_DER || e.detail == CS_R_MALFORMED) &&
		    k.kind == CS_KEY_NONE ? VEC_REFUSED : VEC_BROKEN;
	}
	pub = d2i_X509_PUBKEY(NULL, &p, (long)in.n);
	ERR_clear_error();
	fine = pub != NULL && p == in.p + in.n && put_again(&k, out) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), in) && cs_span_eq(k.der, in);
	X509_PUBKEY_free(pub);
	cs_buf_free(&out);
	return fine ? VEC_ACCEPTED : VEC_BROKEN;
}

static const struct {
	const char *file, *name;
	enum cs_key_kind kind;
	unsigned bits;
} stock[] = {
	{"openssl-p256", "P-256", CS_KEY_P256, 256},
	{"openssl-p384", "P-384", CS_KEY_P384, 384},
	{"openssl-rsa2048", "RSA-2048", CS_KEY_RSA, 2048},
	{"openssl-rsa3072-pss", "RSA-3072", CS_KEY_RSA, 3072},
	{"openssl-ed25519", "Ed25519", CS_KEY_ED25519, 255},
};

static void
test_stock(const struct vec *v, size_t n)
{
	cs_csr *c = NULL;
	char name[16];
	cs_span der;
	cs_spki k;
	size_t i;

	for (i = 0; i < sizeof(stock) / sizeof(stock[0]); i++) {
		if (!ok(cs_csr_parse(vec_find(v, n, stock[i].file), &c,
		    NULL) == CS_OK, "%s", stock[i].file))
			continue;
		der = c->key.der;
		ok(cs_spki_parse(der, &k, NULL) == CS_OK &&
		    k.kind == stock[i].kind && k.bits == stock[i].bits,
		    "%s: kind and size", stock[i].file);
		cs_spki_name(&k, name);
		ok(strcmp(name, stock[i].name) == 0, "is %s", name);
		ok(probe(der) == VEC_ACCEPTED, "%s: one encoding", name);
		ok(vec_prefixes(der, probe) == 0, "%s: prefixes", name);
		ok(vec_trailing(der, probe) == 0, "%s: trailing", name);
		ok(vec_flips(der, probe) == 0, "%s: flips", name);
		ok(vec_trees(der, probe) == 0, "%s: elements", name);
		cs_csr_free(&c);
	}
}

/* SubjectPublicKeyInfo of an algorithm, and a key in a BIT STRING. */
static cs_buf *
info(const char *alg, uint8_t unused, cs_span key)
{
	cs_buf *a = vec_hex(alg), *b = cs_buf_new(2048);
	size_t m = cs_der_begin(b, CS_DER_SEQ), bits;

	cs_der_put_raw(b, cs_buf_span(a));
	bits = cs_der_begin(b, CS_DER_BITSTRING);
	cs_der_put_raw(b, cs_span_of(&unused, 1));
	cs_der_put_raw(b, key);
	cs_der_close(b, bits);
	cs_der_close(b, m);
	cs_buf_free(&a);
	return b;
}

static void
expect(const char *alg, cs_span key, int reason, const char *what)
{
	cs_buf *b = info(alg, 0, key);
	cs_err e = {0};
	cs_spki k;
	int r = cs_spki_parse(cs_buf_span(b), &k, &e);

	if (!ok(reason == CS_R_NONE ? r == CS_OK :
	    r == CS_EFORMAT && e.detail == reason, "%s", what))
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	if (reason == CS_R_NONE)
		ok(probe(cs_buf_span(b)) == VEC_ACCEPTED, "%s, and back", what);
	cs_buf_free(&b);
}

static void
test_points(void)
{
	static const char infinity[] = ALG_P256;
	uint8_t raw[98];

	memset(raw, 0x22, sizeof(raw));
	raw[0] = 0x04;
	expect(ALG_P256, cs_span_of(raw, 65), CS_R_NONE, "P-256");
	expect(ALG_P384, cs_span_of(raw, 97), CS_R_NONE, "P-384");
	expect(ALG_ED25519, cs_span_of(raw, 32), CS_R_NONE, "Ed25519");
	expect(ALG_P256, cs_span_of(raw, 64), CS_R_UNSUPPORTED, "short");
	expect(ALG_P256, cs_span_of(raw, 66), CS_R_UNSUPPORTED, "long");
	expect(ALG_P256, cs_span_of(raw, 97), CS_R_UNSUPPORTED,
	    "P-384 point, P-256");
	expect(ALG_P384, cs_span_of(raw, 65), CS_R_UNSUPPORTED,
	    "P-256 point, P-384");
	expect(ALG_ED25519, cs_span_of(raw, 31), CS_R_UNSUPPORTED, "31 octets");
	expect(ALG_ED25519, cs_span_of(raw, 33), CS_R_UNSUPPORTED, "33 octets");
	raw[0] = 0x02;
	expect(ALG_P256, cs_span_of(raw, 33), CS_R_UNSUPPORTED, "compressed");
	expect(ALG_P256, cs_span_of(raw, 65), CS_R_UNSUPPORTED, "02 and 64");
	raw[0] = 0x06;
	expect(ALG_P256, cs_span_of(raw, 65), CS_R_UNSUPPORTED, "hybrid");
	raw[0] = 0x00;
	expect(infinity, cs_span_of(raw, 1), CS_R_UNSUPPORTED, "infinity");
	expect(infinity, cs_span_of(raw, 0), CS_R_UNSUPPORTED, "no octet");
	expect("300906072a8648ce3d0201", cs_span_of(raw, 65), CS_R_UNSUPPORTED,
	    "no curve");
	expect("300b06072a8648ce3d02010500", cs_span_of(raw, 65),
	    CS_R_UNSUPPORTED, "implicit curve");
	expect("300706032b65700500", cs_span_of(raw, 32), CS_R_UNSUPPORTED,
	    "Ed25519 with NULL");
	expect("300506032b656f", cs_span_of(raw, 56), CS_R_UNSUPPORTED,
	    "X448");
}

/* RSAPublicKey of a modulus with `bits` bits; then more octets. */
static void
rsa(unsigned bits, uint64_t exponent, const char *tail, int reason,
    const char *what)
{
	size_t n = (bits + 7) / 8;
	uint8_t raw[1024];
	cs_buf *b = cs_buf_new(2048), *more = vec_hex(tail);
	size_t m = cs_der_begin(b, CS_DER_SEQ);

	memset(raw, 0xff, sizeof(raw));
	raw[0] = (uint8_t)(0xff >> (8 * n - bits));
	cs_der_put_bigint(b, cs_span_of(raw, n));
	cs_der_put_uint(b, CS_DER_INTEGER, exponent);
	cs_der_put_raw(b, cs_buf_span(more));
	cs_der_close(b, m);
	expect(ALG_RSA, cs_buf_span(b), reason, what);
	cs_buf_free(&more);
	cs_buf_free(&b);
}

static void
rsa_raw(const char *hex, int reason, const char *what)
{
	cs_buf *b = vec_hex(hex);

	expect(ALG_RSA, cs_buf_span(b), reason, what);
	cs_buf_free(&b);
}

static void
test_rsa(void)
{
	uint8_t even[256];
	cs_buf *b = cs_buf_new(512);
	size_t m = cs_der_begin(b, CS_DER_SEQ);

	rsa(2047, 65537, "", CS_R_UNSUPPORTED, "2047 bits");
	rsa(2048, 65537, "", CS_R_NONE, "2048 bits");
	rsa(2049, 65537, "", CS_R_NONE, "2049 bits");
	rsa(4095, 65537, "", CS_R_NONE, "4095 bits");
	rsa(4096, 65537, "", CS_R_NONE, "4096 bits");
	rsa(4097, 65537, "", CS_R_UNSUPPORTED, "4097 bits");
	rsa(8, 65537, "", CS_R_UNSUPPORTED, "8 bits");
	rsa(2048, 3, "", CS_R_UNSUPPORTED, "e = 3");
	rsa(2048, 1, "", CS_R_UNSUPPORTED, "e = 1");
	rsa(2048, 65536, "", CS_R_UNSUPPORTED, "e = 65536");
	rsa(2048, 65539, "", CS_R_UNSUPPORTED, "e = 65539");
	rsa(2048, UINT64_MAX, "", CS_R_UNSUPPORTED, "e of 64 bits");
	rsa(2048, 65537, "0500", CS_R_MALFORMED, "a third number");
	rsa_raw("30080201000203010001", CS_R_UNSUPPORTED, "modulus 0");
	rsa_raw("30080201ff0203010001", CS_R_UNSUPPORTED, "modulus -1");
	rsa_raw("30070200 0203010001", CS_R_NOT_DER, "modulus empty");
	rsa_raw("3009 0202007f 0203010001", CS_R_NOT_DER, "modulus padded");
	rsa_raw("3009 02017f 020400010001", CS_R_NOT_DER, "e padded");
	rsa_raw("3003 02017f", CS_R_UNSUPPORTED, "no exponent");
	rsa_raw("3008 04017f 0203010001", CS_R_MALFORMED, "no INTEGER");
	rsa_raw("3000", CS_R_MALFORMED, "nothing within");
	rsa_raw("30080201010203010001 00", CS_R_NOT_DER, "octets behind");
	rsa_raw("ff", CS_R_NOT_DER, "no DER");
	memset(even, 0xfe, sizeof(even));
	cs_der_put_bigint(b, cs_span_of(even, sizeof(even)));
	cs_der_put_uint(b, CS_DER_INTEGER, 65537);
	cs_der_close(b, m);
	expect(ALG_RSA, cs_buf_span(b), CS_R_UNSUPPORTED, "an even modulus");
	expect("300b06092a864886f70d010101", cs_buf_span(b), CS_R_UNSUPPORTED,
	    "without NULL");
	cs_buf_free(&b);
}

static void
test_put(void)
{
	uint8_t raw[97] = {0x04};
	cs_buf *b = cs_buf_new(256);
	cs_spki none = {.kind = CS_KEY_NONE};
	char name[16];
	cs_err e = {0};

	ok(cs_spki_put_ec(b, CS_KEY_P256, cs_span_of(raw, 97), &e) ==
	    CS_EFORMAT && e.detail == CS_R_UNSUPPORTED, "another length");
	ok(cs_spki_put_ec(b, CS_KEY_RSA, cs_span_of(raw, 65), &e) ==
	    CS_EFORMAT, "a point of RSA");
	ok(cs_spki_put_ec(b, CS_KEY_NONE, cs_span_of(raw, 65), &e) ==
	    CS_EFORMAT, "a point of nothing");
	ok(cs_spki_put_ed25519(b, cs_span_of(raw, 31), &e) == CS_EFORMAT,
	    "Ed25519 of 31");
	ok(cs_buf_len(b) == 0, "nothing written");
	cs_spki_name(&none, name);
	ok(strcmp(name, "none") == 0, "none");
	cs_buf_free(&b);
}

static void
sig(const char *rs, const char *want)
{
	cs_buf *in = vec_hex(rs), *out = cs_buf_new(256), *w;
	cs_err e = {0};
	int r = cs_ecsig_put(cs_buf_span(in), out, &e);

	if (want == NULL) {
		ok(r == CS_EFORMAT && e.detail == CS_R_MALFORMED,
		    "refused r || s %s", rs);
	} else {
		w = vec_hex(want);
		ok(r == CS_OK && cs_span_eq(cs_buf_span(out), cs_buf_span(w)) &&
		    cs_der_walk(cs_buf_span(out), 0, NULL) == CS_OK,
		    "r || s %s", rs);
		cs_buf_free(&w);
	}
	cs_buf_free(&in);
	cs_buf_free(&out);
}

static void
test_ecsig(void)
{
	sig("0102", "3006 020101 020102");
	sig("00800001", "3007 02020080 020101");
	sig("007f8000", "3008 02017f 0203008000");
	sig("0000", "3006 020100 020100");
	sig("", NULL);
	sig("010203", NULL);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("csr", v);

	test_stock(v, n);
	test_points();
	test_rsa();
	test_put();
	test_ecsig();
	vec_free(v, n);
	return done_testing();
}
