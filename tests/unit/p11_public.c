/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "crypt/cmscert.h"
#include "crypt/privkey.h"
#include "p11/public.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* Public keys in the forms that tokens give them. */

#define NOW 1790000000

static bool
same(const cs_p11_public *p, const cs_spki *k)
{
	switch (p->kind) {
	case CS_P11_EC_P256:
	case CS_P11_EC_P384:
		return cs_span_eq(cs_buf_span(p->point), k->point);
	case CS_P11_RSA:
		return cs_span_eq(cs_buf_span(p->modulus), k->modulus);
	default:
		return false;
	}
}

/* No prefix is a certificate; no flip crashes, and none that is accepted gives
 * what is not a whole key of its kind. */
static void
test_damage(const char *kind, cs_span der)
{
	uint8_t copy[4096];
	cs_p11_public p = {0};
	bool good = true;
	size_t i;

	for (i = 0; i < der.n; i++) {
		cs_buf *cut = cs_buf_dup(cs_span_cut(der, 0, i));

		good = good && (i == 0 || cs_p11_public_set_cert(&p,
		    cs_buf_span(cut), NULL) == CS_EDEVICE);
		cs_buf_free(&cut);
	}
	ok(good, "%s: every prefix is refused", kind);
	memcpy(copy, der.p, der.n);
	for (i = 0; i < der.n * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!sample_skips() && cs_p11_public_set_cert(&p,
		    cs_span_of(copy, der.n), NULL) == CS_OK)
			good = good && (p.kind == CS_P11_RSA ?
			    cs_buf_len(p.modulus) > 0 : cs_buf_len(p.point) ==
			    2 * cs_p11_kind_width(p.kind) + 1);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ok(good, "%s: every flipped bit", kind);
	cs_p11_public_clear(&p);
}

static void
test_certificate(const char *kind)
{
	cs_buf *der = cs_buf_new(1024), *cert = cs_buf_new(4096);
	cs_p11_public p = {0};
	cs_privkey *key = NULL;
	cs_err e = {0};
	cs_spki k;

	ok(cs_privkey_generate(kind, &key, &e) == CS_OK &&
	    cs_privkey_spki(key, der, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(der), &k, &e) == CS_OK &&
	    cs_cms_cert(&k, NOW, cert, &e) == CS_OK, "%s: made %s", kind,
	    e.text);
	ok(cs_p11_public_set_cert(&p, cs_buf_span(cert), &e) == CS_OK &&
	    same(&p, &k), "%s: its certificate %s", kind, e.text);
	test_damage(kind, cs_buf_span(cert));
	cs_p11_public_clear(&p);
	cs_privkey_free(&key);
	cs_buf_free(&cert);
	cs_buf_free(&der);
}

static bool
takes_point(enum cs_p11_kind kind, const uint8_t *p, size_t n)
{
	cs_p11_public out = {0};
	bool good = cs_p11_public_set_point(&out, kind, cs_span_of(p, n),
	    NULL) == CS_OK && out.kind == kind;

	cs_p11_public_clear(&out);
	return good;
}

static void
test_points(void)
{
	static const struct {
		const char *name;
		enum cs_p11_kind kind;
		size_t n; /* of the raw point */
	} all[] = {{"P-256", CS_P11_EC_P256, 65}, {"P-384", CS_P11_EC_P384, 97},
	    {"Ed25519", CS_P11_ED25519, 32}};
	size_t i, n, taken;

	for (i = 0; i < 3; i++) {
		uint8_t b[128] = {4, (uint8_t)all[i].n, 4};

		ok(takes_point(all[i].kind, b, all[i].n + 2), "%s: DER",
		    all[i].name);
		for (taken = 0, n = 0; n < sizeof(b); n++)
			taken += takes_point(all[i].kind, b, n);
		ok(taken == 2, "%s: DER and raw, no other length",
		    all[i].name);
		b[1]++;
		ok(!takes_point(all[i].kind, b, all[i].n + 2),
		    "%s: another length in the DER", all[i].name);
	}
	ok(!takes_point(CS_P11_EC_P256, (const uint8_t[65]){2}, 65),
	    "a compressed point");
	ok(!takes_point(CS_P11_RSA, (const uint8_t[1]){4}, 1), "no curve");
	ok(!takes_point(CS_P11_NONE, NULL, 0), "no kind");
}

static void
test_curves(void)
{
	static const uint8_t p521[] = {6, 5, 0x2b, 0x81, 4, 0, 0x23};
	static const char name[] = "\x13\x0c" "edwards25519";

	ok(cs_p11_curve(cs_span_of(name, 14)) == CS_P11_ED25519,
	    "edwards25519 by name");
	ok(cs_p11_curve(cs_span_of(name, 13)) == CS_P11_NONE, "half a name");
	ok(cs_p11_curve(cs_span_of(p521, sizeof(p521))) == CS_P11_NONE,
	    "P-521");
	ok(cs_p11_curve((cs_span){NULL, 0}) == CS_P11_NONE, "no parameters");
}

static void
test_rsa(void)
{
	static const uint8_t e3[] = {3}, f4[] = {0, 1, 0, 1}, m[2000] = {0, 9};
	cs_p11_public p = {0};

	ok(cs_p11_public_set_rsa(&p, cs_span_of(m, 100), cs_span_of(f4, 4),
	    NULL) == CS_OK && cs_buf_len(p.modulus) == 99,
	    "zeros before the modulus and the exponent");
	ok(cs_p11_public_set_rsa(&p, cs_span_of(m, 100), cs_span_of(e3, 1),
	    NULL) == CS_EDEVICE, "an exponent of 3");
	ok(cs_p11_public_set_rsa(&p, cs_span_of(m, 1), cs_span_of(f4, 4),
	    NULL) == CS_EDEVICE, "a modulus of 0");
	ok(cs_p11_public_set_rsa(&p, cs_span_of(m, 2000), cs_span_of(f4, 4),
	    NULL) == CS_EDEVICE, "a modulus of 1999 bytes");
	cs_p11_public_clear(&p);
}

int
main(void)
{
	test_certificate("p256");
	test_certificate("p384");
	test_certificate("rsa2048");
	test_points();
	test_curves();
	test_rsa();
	return done_testing();
}
