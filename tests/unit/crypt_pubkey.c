/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "fmt/reason.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* Keys: ours sign, ours verify, and OpenSSL's own reading of the same
 * SubjectPublicKeyInfo agrees with each verdict. */

struct pair {
	cs_privkey *priv;
	cs_pubkey *pub;
	cs_buf *der;
	cs_spki spki;
};

static bool
pair_new(struct pair *p, const char *kind)
{
	cs_err e = {0};

	memset(p, 0, sizeof(*p));
	p->der = cs_buf_new(1024);
	return p->der != NULL &&
	    cs_privkey_generate(kind, &p->priv, &e) == CS_OK &&
	    cs_privkey_spki(p->priv, p->der, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(p->der), &p->spki, &e) == CS_OK &&
	    cs_pubkey_new(&p->spki, &p->pub, &e) == CS_OK;
}

static void
pair_free(struct pair *p)
{
	cs_privkey_free(&p->priv);
	cs_pubkey_free(&p->pub);
	cs_buf_free(&p->der);
}

static bool
openssl_verifies(const struct pair *p, const cs_alg *a, cs_span bytes,
    cs_span sig)
{
	const uint8_t *der = p->spki.der.p;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &der, (long)p->spki.der.n);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pc = NULL;
	bool good;

	good = k != NULL && c != NULL && EVP_DigestVerifyInit_ex(c, &pc,
	    a->key == CS_KEY_ED25519 ? NULL : cs_hash_name(a->hash), NULL,
	    NULL, k, NULL) == 1 && (a->salt == 0 ||
	    (EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, (int)a->salt) == 1)) &&
	    EVP_DigestVerify(c, sig.p, sig.n, bytes.p, bytes.n) == 1;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return good;
}

static const char text[] = "an owner says yes";
#define BYTES cs_span_of(text, sizeof(text))

static void
test_flips(struct pair *p, const cs_alg *a, cs_span sig, const char *kind)
{
	cs_buf *copy = cs_buf_dup(sig);
	cs_err e = {0};
	size_t i, refused = 0;
	uint8_t *q;

	q = copy == NULL ? NULL : cs_buf_tail(copy) - sig.n;
	for (i = 0; q != NULL && i < sig.n; i++) {
		q[i] ^= 1;
		if (sample_skips() || cs_pubkey_verify(p->pub, a, BYTES,
		    cs_buf_span(copy), &e) == CS_EREFUSED)
			refused++;
		q[i] ^= 1;
	}
	ok(refused == sig.n, "%s %s: every flipped byte is refused", kind,
	    a->name);
	for (i = 0, refused = 0; i < sig.n; i++)
		if (sample_skips() || cs_pubkey_verify(p->pub, a, BYTES,
		    cs_span_cut(sig, 0, i), &e) == CS_EREFUSED)
			refused++;
	ok(refused == sig.n, "%s %s: every prefix is refused", kind, a->name);
	cs_buf_free(&copy);
}

static cs_alg
with_hash(const cs_alg *a, enum cs_hash h)
{
	cs_alg b = *a;

	b.hash = h;
	if (a->salt != 0)
		b.salt = cs_hash_len(h);
	return b;
}

static void
test_signature(struct pair *p, struct pair *other, const cs_alg *a,
    const char *kind)
{
	const cs_alg wrong =
	    with_hash(a, a->hash == CS_SHA256 ? CS_SHA512 : CS_SHA256);
	const cs_span none = {NULL, 0};
	cs_buf *sig = cs_buf_new(1024), *more = NULL;
	cs_span s;
	cs_err e = {0};

	ok(cs_privkey_sign(p->priv, a, BYTES, sig, &e) == CS_OK,
	    "%s signs %s", kind, a->name);
	s = cs_buf_span(sig);
	ok(cs_pubkey_verify(p->pub, a, BYTES, s, &e) == CS_OK,
	    "%s verifies %s", kind, a->name);
	ok(openssl_verifies(p, a, BYTES, s), "OpenSSL agrees");
	ok(cs_pubkey_verify(p->pub, a, cs_span_str(text), s, &e) ==
	    CS_EREFUSED, "other bytes");
	ok(cs_pubkey_verify(p->pub, a, none, s, &e) == CS_EREFUSED, "no bytes");
	if (a->key != CS_KEY_ED25519)
		ok(cs_pubkey_verify(p->pub, &wrong, BYTES, s, &e) ==
		    CS_EREFUSED, "another hash");
	ok(cs_pubkey_verify(other->pub, a, BYTES, s, &e) == CS_EREFUSED,
	    "another key");
	ok(cs_pubkey_verify(p->pub, a, BYTES, none, &e) == CS_EREFUSED &&
	    cs_pubkey_verify(p->pub, a, BYTES, cs_span_of("", 0), &e) ==
	    CS_EREFUSED, "no signature");
	more = cs_buf_new(s.n + 1);
	(void)!cs_buf_put(more, s);
	(void)!cs_buf_put_byte(more, 0);
	ok(cs_pubkey_verify(p->pub, a, BYTES, cs_buf_span(more), &e) ==
	    CS_EREFUSED, "a byte behind");
	test_flips(p, a, s, kind);
	cs_buf_free(&sig);
	cs_buf_free(&more);
}

static void
test_rows(const char *kind, bool pss)
{
	static const enum cs_hash hashes[] = {CS_SHA256, CS_SHA384, CS_SHA512};
	struct pair p, other;
	const cs_alg *a;
	cs_alg row, alien;
	size_t i;
	cs_err e = {0};

	if (!ok(pair_new(&p, kind) && pair_new(&other, kind), "%s keys", kind))
		return;
	if (!ok(cs_alg_choose(&p.spki, CS_USE_CMS, pss, &a, &e) == CS_OK,
	    "its row"))
		return;
	for (i = 0; i < (a->key == CS_KEY_ED25519 ? 1 : 3); i++) {
		row = with_hash(a, hashes[i]);
		test_signature(&p, &other, &row, kind);
	}
	alien = *a;
	alien.key = a->key == CS_KEY_P256 ? CS_KEY_P384 : CS_KEY_P256;
	ok(cs_pubkey_verify(p.pub, &alien, BYTES, BYTES, &e) == CS_EBUG,
	    "an algorithm of another key is a bug");
	pair_free(&p);
	pair_free(&other);
}

/* The salt's length is the message's word, and is held to it. */
static void
test_salt(void)
{
	struct pair p;
	const cs_alg *pkcs1;
	cs_alg a, b;
	cs_buf *sig = cs_buf_new(1024);
	cs_err e = {0};

	if (!ok(pair_new(&p, "rsa2048"), "rsa2048 key"))
		return;
	pkcs1 = cs_alg_for_key(CS_KEY_RSA, CS_USE_CMS);
	a = *pkcs1;
	a.salt = 40;
	ok(cs_privkey_sign(p.priv, &a, BYTES, sig, &e) == CS_OK &&
	    cs_pubkey_verify(p.pub, &a, BYTES, cs_buf_span(sig), &e) == CS_OK,
	    "PSS with a salt of 40");
	b = a;
	for (b.salt = 39; b.salt <= 41; b.salt += 2)
		ok(cs_pubkey_verify(p.pub, &b, BYTES, cs_buf_span(sig), &e) ==
		    CS_EREFUSED, "it is not one of %zu", b.salt);
	b.salt = 222;
	ok(cs_pubkey_verify(p.pub, &b, BYTES, cs_buf_span(sig), &e) ==
	    CS_EREFUSED, "nor of all that fits");
	b.salt = 512;
	ok(cs_pubkey_verify(p.pub, &b, BYTES, cs_buf_span(sig), &e) ==
	    CS_EREFUSED, "nor of more than fits: %s", e.text);
	ok(cs_pubkey_verify(p.pub, pkcs1, BYTES, cs_buf_span(sig), &e) ==
	    CS_EREFUSED, "nor PKCS #1");
	cs_buf_free(&sig);
	pair_free(&p);
}

static int
new_from(enum cs_key_kind kind, cs_span point, cs_span modulus, cs_err *e)
{
	const cs_spki s = {.kind = kind, .point = point, .modulus = modulus};
	cs_pubkey *k = NULL;
	int rc = cs_pubkey_new(&s, &k, e);

	if (rc != CS_OK && k != NULL)
		rc = 1; /* half a key must not come out */
	cs_pubkey_free(&k);
	return rc;
}

static bool
unsupported(enum cs_key_kind kind, cs_span point, cs_span modulus)
{
	cs_err e = {0};

	return new_from(kind, point, modulus, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED && e.text[0] != '\0';
}

static void
test_points(const char *kind)
{
	const cs_span none = {NULL, 0};
	uint8_t point[97], zero[97] = {4}, ones[97];
	struct pair p;
	size_t i, n, off = 0;
	cs_err e = {0};

	if (!ok(pair_new(&p, kind), "%s key", kind))
		return;
	n = p.spki.point.n;
	memcpy(point, p.spki.point.p, n);
	ok(new_from(p.spki.kind, cs_span_of(point, n), none, &e) == CS_OK,
	    "%s: the point itself", kind);
	for (i = 1; i < n; i++) {
		point[i] ^= 1;
		off += sample_skips() ||
		    unsupported(p.spki.kind, cs_span_of(point, n), none);
		point[i] ^= 1;
	}
	ok(off == n - 1, "%s: off the curve, %zu of %zu", kind, off, n - 1);
	memset(ones, 0xff, sizeof(ones));
	ones[0] = 4;
	ok(unsupported(p.spki.kind, cs_span_of(ones, n), none),
	    "%s: coordinates above the field", kind);
	ok(unsupported(p.spki.kind, cs_span_of(zero, n), none), "%s: (0, 0)",
	    kind);
	ok(unsupported(p.spki.kind, cs_span_of("", 1), none),
	    "%s: the point at infinity in one byte", kind);
	memset(zero, 0, sizeof(zero));
	ok(unsupported(p.spki.kind, cs_span_of(zero, n), none),
	    "%s: the same, filled up", kind);
	point[0] = 2 | (point[n - 1] & 1);
	ok(unsupported(p.spki.kind, cs_span_of(point, 1 + n / 2), none),
	    "%s: compressed", kind);
	point[0] = 6 | (point[n - 1] & 1);
	ok(unsupported(p.spki.kind, cs_span_of(point, n), none), "%s: hybrid",
	    kind);
	ok(unsupported(p.spki.kind, cs_span_of(p.spki.point.p, n - 1), none) &&
	    unsupported(p.spki.kind, none, none), "%s: too short", kind);
	ok(unsupported(p.spki.kind == CS_KEY_P256 ? CS_KEY_P384 : CS_KEY_P256,
	    p.spki.point, none), "%s: on another curve", kind);
	pair_free(&p);
}

static void
test_moduli(void)
{
	static const struct {
		size_t bytes;
		uint8_t first, last;
		bool good;
	} t[] = {{128, 0x80, 1, false}, {255, 0xff, 1, false},
	    {256, 0x7f, 1, false}, {256, 0x80, 1, true}, {256, 0x80, 2, false},
	    {384, 0xc0, 3, true}, {512, 0xff, 1, true}, {513, 1, 1, false},
	    {513, 0, 1, false}, {1024, 0x80, 1, false}, {0, 0, 0, false}};
	const cs_span none = {NULL, 0};
	uint8_t n[1025];
	size_t i;
	cs_err e = {0};

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(n, 0x55, sizeof(n));
		n[0] = t[i].first;
		if (t[i].bytes != 0)
			n[t[i].bytes - 1] = t[i].last;
		ok(t[i].good ? new_from(CS_KEY_RSA, none,
		    cs_span_of(n, t[i].bytes), &e) == CS_OK :
		    unsupported(CS_KEY_RSA, none, cs_span_of(n, t[i].bytes)),
		    "modulus of %zu bytes, %02x...%02x", t[i].bytes, t[i].first,
		    t[i].last);
	}
	ok(unsupported(CS_KEY_RSA, none, none), "no modulus");
}

static void
test_kinds(void)
{
	const cs_span none = {NULL, 0}, x = cs_span_str(text);

	ok(unsupported(CS_KEY_ED25519, x, none), "Ed25519 of another length");
	ok(unsupported(CS_KEY_ED25519, none, none), "Ed25519 without a point");
	ok(unsupported(CS_KEY_NONE, none, none), "no kind");
}

/* Ed25519 points with one signature for any bytes, and second encodings. */
static void
test_weak(void)
{
	static const uint8_t order8[2][32] = {
	    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
		0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3,
		0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc,
		0x05},
	    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
		0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c,
		0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03,
		0x7a}};
	const cs_span none = {NULL, 0};
	uint8_t y[32];
	cs_err e = {0};
	size_t i;
	unsigned sign;

	for (sign = 0; sign <= 0x80; sign += 0x80) {
		for (i = 0; i < 2; i++) {
			memset(y, 0, sizeof(y));
			y[0] = (uint8_t)i;
			y[31] = (uint8_t)sign;
			ok(unsupported(CS_KEY_ED25519, cs_span_of(y, 32),
			    none), "y = %zu, sign %02x", i, sign);
			memcpy(y, order8[i], sizeof(y));
			y[31] |= (uint8_t)sign;
			ok(unsupported(CS_KEY_ED25519, cs_span_of(y, 32),
			    none), "of order 8: %zu, sign %02x", i, sign);
		}
		memset(y, 0xff, sizeof(y));
		y[31] = (uint8_t)(0x7f | sign);
		for (i = 0xec; i <= 0xff; i++) {
			y[0] = (uint8_t)i;
			if (!unsupported(CS_KEY_ED25519, cs_span_of(y, 32),
			    none))
				break;
		}
		ok(i == 0x100, "p - 1 and above, sign %02x", sign);
		y[0] = 0xeb;
		ok(new_from(CS_KEY_ED25519, cs_span_of(y, 32), none, &e) ==
		    CS_OK, "p - 2, sign %02x", sign);
	}
	y[0] = 0xed;
	y[15] = 0xfe;
	ok(new_from(CS_KEY_ED25519, cs_span_of(y, 32), none, &e) == CS_OK,
	    "a smaller y");
}

/* Signatures that are DER but hold numbers that no signature may. */
static void
test_numbers(void)
{
	static const char *const bad[] = {"\x30\x06\x02\x01\x00\x02\x01\x00",
	    "\x30\x06\x02\x01\x01\x02\x01\x00",
	    "\x30\x06\x02\x01\x00\x02\x01\x01",
	    "\x30\x06\x02\x01\xff\x02\x01\x01",
	    "\x30\x06\x02\x01\x01\x02\x01\x01",
	    "\x31\x06\x02\x01\x01\x02\x01\x01",
	    "\x30\x06\x02\x01\x01\x04\x01\x01"};
	struct pair p;
	const cs_alg *a;
	cs_err e = {0};
	size_t i;

	if (!ok(pair_new(&p, "p256"), "p256 key"))
		return;
	a = cs_alg_for_key(CS_KEY_P256, CS_USE_CMS);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cs_pubkey_verify(p.pub, a, BYTES, cs_span_of(bad[i], 8),
		    &e) == CS_EREFUSED, "signature of odd numbers %zu", i);
	pair_free(&p);
}

/* A key made for one message: with d = n - e and r = s = 1 the sum of points is
 * the one at infinity, which OpenSSL reports as a failure of its own. */
static void
test_infinity(void)
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *q = EC_POINT_new(g);
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *d = BN_new();
	const cs_alg *a = cs_alg_for_key(CS_KEY_P256, CS_USE_CMS);
	cs_spki s = {.kind = CS_KEY_P256};
	uint8_t hash[32], point[65];
	cs_pubkey *k = NULL;
	cs_err e = {0};

	ok(cs_sha256(BYTES, hash, &e) == CS_OK &&
	    BN_bin2bn(hash, sizeof(hash), d) != NULL &&
	    BN_sub(d, EC_GROUP_get0_order(g), d) == 1 &&
	    BN_nnmod(d, d, EC_GROUP_get0_order(g), ctx) == 1 &&
	    EC_POINT_mul(g, q, d, NULL, NULL, ctx) == 1 &&
	    EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, point,
	    sizeof(point), ctx) == sizeof(point), "a key for one message");
	s.point = cs_span_of(point, sizeof(point));
	ok(cs_pubkey_new(&s, &k, &e) == CS_OK && cs_pubkey_verify(k, a, BYTES,
	    cs_span_of("\x30\x06\x02\x01\x01\x02\x01\x01", 8), &e) ==
	    CS_EREFUSED, "the point at infinity while verifying: %s", e.text);
	cs_pubkey_free(&k);
	BN_free(d);
	BN_CTX_free(ctx);
	EC_POINT_free(q);
	EC_GROUP_free(g);
}

static void
test_key_hash(void)
{
	uint8_t ours[32], theirs[32];
	unsigned n = 0;
	struct pair p;
	cs_err e = {0};

	if (!ok(pair_new(&p, "p384"), "p384 key"))
		return;
	ok(cs_key_hash(&p.spki, ours, &e) == CS_OK &&
	    EVP_Digest(p.spki.der.p, p.spki.der.n, theirs, &n, EVP_sha256(),
	    NULL) == 1 && memcmp(ours, theirs, 32) == 0,
	    "the key hash is over the whole SubjectPublicKeyInfo");
	pair_free(&p);
}

int
main(void)
{
	test_rows("p256", false);
	test_rows("p384", false);
	test_rows("rsa2048", false);
	test_rows("rsa2048", true);
	test_rows("ed25519", false);
	test_salt();
	test_weak();
	test_points("p256");
	test_points("p384");
	test_moduli();
	test_kinds();
	test_numbers();
	test_infinity();
	test_key_hash();
	return done_testing();
}
