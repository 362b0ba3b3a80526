/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/tpmcred.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "fmt/reason.h"
#include "tests/unit/softtpm.h"
#include "tests/unit/tap.h"

/* What the software TPM of tests/unit undoes. That a TPM does, too, is for
 * tests/regress/tpm-credential.sh. */

#define SECRET "thirty-two octets of a credential"

static const cs_span secret = {(const uint8_t *)SECRET, 32};
static EVP_PKEY *ak_key;

static cs_buf *
ak_name(void)
{
	const struct soft_area ak = {.key = ak_key, .name_alg = SOFT_SHA256,
	    .attributes = SOFT_AK, .sym = SOFT_NULL, .scheme = SOFT_ECDSA,
	    .hash = SOFT_SHA256};

	return soft_name(&ak);
}

static int
make(const struct soft_area *ek, cs_span s, cs_buf *blob, cs_buf *seed,
    cs_err *e)
{
	cs_buf *area = soft_area(ek), *n = ak_name();
	cs_tpmname name = {.n = cs_buf_len(n)};
	cs_tpmpub p = {0};
	int r;

	memcpy(name.octets, cs_buf_span(n).p, name.n);
	cs_err_clear(e);
	if ((r = cs_tpmpub_parse(cs_buf_span(area), &p, e)) == CS_OK)
		r = cs_tpm_credential(&p, &name, s, blob, seed, e);
	cs_buf_free(&area);
	cs_buf_free(&n);
	return r;
}

/* For the one Name, from untouched octets, by the one key. */
static void
check_open(const struct soft_area *ek, const struct soft_area *other,
    cs_buf *blob, cs_buf *seed, const char *what)
{
	cs_buf *name = ak_name(), *got;
	cs_span s = cs_buf_span(blob);

	got = soft_activate(ek, cs_buf_span(name), s, cs_buf_span(seed));
	ok(cs_span_eq(cs_buf_span(got), secret), "%s: opens", what);
	cs_buf_free(&got);
	got = soft_activate(other, cs_buf_span(name), s, cs_buf_span(seed));
	ok(cs_buf_len(got) == 0, "%s: not for another key", what);
	cs_buf_free(&got);
	((uint8_t *)(uintptr_t)cs_buf_span(name).p)[5] ^= 1;
	got = soft_activate(ek, cs_buf_span(name), s, cs_buf_span(seed));
	ok(cs_buf_len(got) == 0, "%s: not for another Name", what);
	cs_buf_free(&got);
	cs_buf_free(&name);
}

static void
test_kind(const char *what, struct soft_area *ek, EVP_PKEY *other)
{
	struct soft_area wrong = *ek;
	cs_buf *blob = cs_buf_new(1024), *seed = cs_buf_new(1024);
	cs_buf *again = cs_buf_new(1024), *second = cs_buf_new(1024);
	cs_err e = {0};

	wrong.key = other;
	ok(make(ek, secret, blob, seed, &e) == CS_OK, "%s: a credential: %s",
	    what, e.text);
	check_open(ek, &wrong, blob, seed, what);
	ok(make(ek, secret, again, second, &e) == CS_OK &&
	    !cs_span_eq(cs_buf_span(blob), cs_buf_span(again)) &&
	    !cs_span_eq(cs_buf_span(seed), cs_buf_span(second)),
	    "%s: each is new", what);
	ok(ERR_peek_error() == 0, "%s: nothing left over", what);
	cs_buf_free(&blob);
	cs_buf_free(&seed);
	cs_buf_free(&again);
	cs_buf_free(&second);
}

static struct soft_area
ek_of(EVP_PKEY *key, uint16_t name_alg, uint16_t bits)
{
	const struct soft_area ek = {.key = key, .name_alg = name_alg,
	    .attributes = SOFT_EK, .sym = SOFT_AES, .bits = bits,
	    .mode = SOFT_CFB, .scheme = SOFT_NULL};

	return ek;
}

static EVP_PKEY *
short_key(void)
{
	uint8_t x[33] = {1};
	EVP_PKEY *k = NULL;
	BIGNUM *n = NULL;

	while (x[0] != 0) {
		EVP_PKEY_free(k);
		k = EVP_EC_gen("P-256");
		(void)EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_EC_PUB_X, &n);
		(void)BN_bn2binpad(n, x, 32);
		BN_free(n);
		n = NULL;
	}
	return k;
}

static void
test_kinds(EVP_PKEY *rsa)
{
	EVP_PKEY *k[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-256"),
	    EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_EC_gen("P-384"),
	    short_key()};
	struct soft_area ek;
	size_t i;

	ek = ek_of(rsa, SOFT_SHA256, 128);
	test_kind("RSA-2048", &ek, k[0]);
	ek = ek_of(rsa, SOFT_SHA384, 256);
	test_kind("RSA-2048, SHA-384", &ek, k[0]);
	ek = ek_of(k[1], SOFT_SHA256, 128);
	test_kind("P-256", &ek, k[2]);
	ek = ek_of(k[3], SOFT_SHA384, 256);
	test_kind("P-384", &ek, k[4]);
	ek = ek_of(k[3], SOFT_SHA256, 256);
	test_kind("P-384, SHA-256", &ek, k[4]);
	ek = ek_of(k[5], SOFT_SHA256, 128);
	test_kind("P-256, filled up", &ek, k[2]);
	ek.short_x = true;
	test_kind("P-256, not filled up", &ek, k[2]);
	for (i = 0; i < sizeof(k) / sizeof(k[0]); i++)
		EVP_PKEY_free(k[i]);
}

static void
refused(const char *what, const struct soft_area *ek, cs_span s, int cls)
{
	cs_buf *blob = cs_buf_new(1024), *seed = cs_buf_new(1024);
	cs_err e = {0};

	ok(make(ek, s, blob, seed, &e) == cls && cs_buf_len(blob) == 0 &&
	    cs_buf_len(seed) == 0 && (cls != CS_EFORMAT ||
	    e.detail == CS_R_UNSUPPORTED), "%s: %s", what, e.text);
	cs_buf_free(&blob);
	cs_buf_free(&seed);
}

static void
test_refusals(EVP_PKEY *rsa)
{
	struct soft_area ek = ek_of(rsa, SOFT_SHA512, 128);
	EVP_PKEY *long_rsa = EVP_RSA_gen(3072);

	refused("nameAlg SHA-512", &ek, secret, CS_EFORMAT);
	ek = ek_of(rsa, SOFT_SHA256, 192);
	refused("AES-192", &ek, secret, CS_EFORMAT);
	ek = ek_of(rsa, SOFT_SHA256, 128);
	ek.sym = SOFT_NULL;
	refused("no cipher", &ek, secret, CS_EFORMAT);
	ek = ek_of(long_rsa, SOFT_SHA256, 128);
	refused("RSA-3072", &ek, secret, CS_EFORMAT);
	ek = ek_of(rsa, SOFT_SHA256, 128);
	refused("an empty secret", &ek, cs_span_of(SECRET, 0), CS_EBUG);
	refused("a secret longer than the hash", &ek, cs_span_of(SECRET, 33),
	    CS_EBUG);
	EVP_PKEY_free(long_rsa);
}

static void
test_names(void)
{
	static const uint16_t algs[] = {SOFT_SHA256, SOFT_SHA384,
	    SOFT_SHA512};
	struct soft_area ak = {.key = ak_key, .attributes = SOFT_AK,
	    .sym = SOFT_NULL, .scheme = SOFT_ECDSA, .hash = SOFT_SHA256};
	cs_buf *area, *expected;
	cs_tpmname name;
	cs_tpmpub p = {0};
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		ak.name_alg = algs[i];
		area = soft_area(&ak);
		expected = soft_name(&ak);
		ok(cs_tpmpub_parse(cs_buf_span(area), &p, &e) == CS_OK &&
		    cs_tpm_name(&p, &name, &e) == CS_OK &&
		    cs_span_eq(cs_span_of(name.octets, name.n),
		    cs_buf_span(expected)), "a Name by 0x%04x: %s", algs[i],
		    e.text);
		cs_buf_free(&area);
		cs_buf_free(&expected);
	}
	p.name_alg = SOFT_SHA1;
	ok(cs_tpm_name(&p, &name, &e) == CS_EFORMAT && name.n == 0,
	    "no Name by SHA-1: %s", e.text);
	ok(cs_tpm_hash(SOFT_SHA384) == CS_SHA384 &&
	    cs_tpm_hash(SOFT_SHA1) == CS_HASH_NONE, "hashes by their ids");
}

static void
test_extra(void)
{
	static const char text[] = "countersign tpm evidence v1\0CHALLENGE"
	    SECRET;
	const cs_span challenge = cs_span_str("CHALLENGE");
	uint8_t extra[CS_SHA256_LEN] = {0}, expected[CS_SHA256_LEN];
	cs_err e = {0};
	bool same = true;

	(void)EVP_Q_digest(NULL, "SHA256", NULL, text, 28 + 9 + 32, expected,
	    NULL);
	ok(cs_tpm_extra(challenge, secret, extra, &e) == CS_OK &&
	    memcmp(extra, expected, sizeof(extra)) == 0, "extraData");
	ok(cs_tpm_extra_is(challenge, secret, cs_span_of(expected, 32), &same,
	    &e) == CS_OK && same, "is it");
	ok(cs_tpm_extra_is(challenge, secret, cs_span_of(expected, 31), &same,
	    &e) == CS_OK && !same, "not when it is short");
	ok(cs_tpm_extra_is(challenge, secret, (cs_span){0}, &same, &e) ==
	    CS_OK && !same, "not when it is absent");
	expected[31] ^= 1;
	ok(cs_tpm_extra_is(challenge, secret, cs_span_of(expected, 32), &same,
	    &e) == CS_OK && !same, "not when it differs");
}

int
main(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	ak_key = EVP_EC_gen("P-256");
	test_kinds(rsa);
	test_refusals(rsa);
	test_names();
	test_extra();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ak_key);
	return done_testing();
}
