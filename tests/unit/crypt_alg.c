/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypt/alg.h"
#include "fmt/reason.h"
#include "tests/unit/tap.h"

/* OpenSSL writes the identifiers; the table must know exactly those. */

static const cs_span none = {NULL, 0};

struct ident {
	uint8_t der[128];
	cs_span s;
};

static cs_span
ident(struct ident *out, int nid, int type)
{
	X509_ALGOR *a = X509_ALGOR_new();
	uint8_t *p = out->der;
	int n;

	out->s = none;
	if (a == NULL)
		return none;
	if (X509_ALGOR_set0(a, OBJ_nid2obj(nid), type, NULL) == 1 &&
	    (n = i2d_X509_ALGOR(a, NULL)) > 0 && n <= (int)sizeof(out->der)) {
		(void)i2d_X509_ALGOR(a, &p);
		out->s = cs_span_of(out->der, (size_t)n);
	}
	X509_ALGOR_free(a);
	return out->s;
}

static const struct {
	enum cs_key_kind key;
	int sig, digest;
	enum cs_hash hash;
	bool pkcs10;
} want[] = {
	{CS_KEY_P256, NID_ecdsa_with_SHA256, NID_sha256, CS_SHA256, true},
	{CS_KEY_P256, NID_ecdsa_with_SHA384, NID_sha384, CS_SHA384, true},
	{CS_KEY_P256, NID_ecdsa_with_SHA512, NID_sha512, CS_SHA512, true},
	{CS_KEY_P384, NID_ecdsa_with_SHA256, NID_sha256, CS_SHA256, true},
	{CS_KEY_P384, NID_ecdsa_with_SHA384, NID_sha384, CS_SHA384, true},
	{CS_KEY_P384, NID_ecdsa_with_SHA512, NID_sha512, CS_SHA512, true},
	{CS_KEY_RSA, NID_sha256WithRSAEncryption, NID_sha256, CS_SHA256, true},
	{CS_KEY_RSA, NID_sha384WithRSAEncryption, NID_sha384, CS_SHA384, true},
	{CS_KEY_RSA, NID_sha512WithRSAEncryption, NID_sha512, CS_SHA512, true},
	{CS_KEY_RSA, NID_rsaEncryption, NID_sha256, CS_SHA256, false},
	{CS_KEY_RSA, NID_rsaEncryption, NID_sha384, CS_SHA384, false},
	{CS_KEY_RSA, NID_rsaEncryption, NID_sha512, CS_SHA512, false},
	{CS_KEY_ED25519, NID_ED25519, NID_sha512, CS_SHA512, true},
};

static bool
matches(enum cs_key_kind key, enum cs_alg_use use, cs_span sig_alg,
    cs_span digest_alg, cs_alg *out)
{
	cs_err e = {0};
	const int rc = cs_alg_match(key, use, sig_alg, digest_alg, out, &e);

	if (rc != CS_OK && (e.detail != CS_R_UNSUPPORTED || out->name != NULL))
		ok(false, "a refusal is CS_R_UNSUPPORTED and gives nothing");
	return rc == CS_OK;
}

static void
test_row(size_t i)
{
	const bool rsa = want[i].key == CS_KEY_RSA;
	const char *name = OBJ_nid2sn(want[i].sig);
	struct ident good, bad, d, dn;
	cs_alg a, b;

	(void)ident(&good, want[i].sig, rsa ? V_ASN1_NULL : V_ASN1_UNDEF);
	(void)ident(&bad, want[i].sig, rsa ? V_ASN1_UNDEF : V_ASN1_NULL);
	(void)ident(&d, want[i].digest, V_ASN1_UNDEF);
	(void)ident(&dn, want[i].digest, V_ASN1_NULL);
	ok(matches(want[i].key, CS_USE_CMS, good.s, d.s, &a) &&
	    a.hash == want[i].hash && a.key == want[i].key,
	    "row %zu: %s in CMS", i, name);
	ok(matches(want[i].key, CS_USE_CMS, good.s, dn.s, &b) &&
	    b.name == a.name, "row %zu: digest with NULL", i);
	ok(cs_span_eq(a.digest_alg, d.s),
	    "row %zu: digest written without parameters", i);
	ok(matches(want[i].key, CS_USE_PKCS10, good.s, none, &b) ==
	    want[i].pkcs10, "row %zu: %s in PKCS#10", i, name);
	ok(!matches(want[i].key, CS_USE_PKCS10, good.s, d.s, &b),
	    "row %zu: PKCS#10 has no digest", i);
	ok(!matches(want[i].key, CS_USE_CMS, good.s, none, &b),
	    "row %zu: CMS has one", i);
	ok(!matches(want[i].key, CS_USE_CMS, bad.s, d.s, &b),
	    "row %zu: parameters the other way", i);
	ok(!matches(want[i].key, CS_USE_CMS,
	    cs_span_cut(good.s, 0, good.s.n - 1), d.s, &b),
	    "row %zu: cut short", i);
}

/* Every pair of the names below that is not a row is refused. */
static void
test_others(void)
{
	static const int sigs[] = {NID_ecdsa_with_SHA1, NID_ecdsa_with_SHA224,
	    NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384,
	    NID_ecdsa_with_SHA512, NID_sha1WithRSAEncryption,
	    NID_md5WithRSAEncryption, NID_sha256WithRSAEncryption,
	    NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption,
	    NID_rsaEncryption, NID_rsassaPss, NID_ED25519};
	static const int digests[] = {NID_sha1, NID_md5, NID_sha224,
	    NID_sha256, NID_sha384, NID_sha512, NID_sha3_256};
	size_t found = 0, s, d;
	unsigned k, t;
	struct ident si, di;
	cs_alg a;

	for (s = 0; s < sizeof(sigs) / sizeof(sigs[0]); s++)
		for (d = 0; d < sizeof(digests) / sizeof(digests[0]); d++)
			for (k = CS_KEY_NONE; k <= CS_KEY_ED25519; k++)
				for (t = 0; t < 4; t++) {
					(void)ident(&si, sigs[s], (t & 1) != 0 ?
					    V_ASN1_NULL : V_ASN1_UNDEF);
					(void)ident(&di, digests[d],
					    (t & 2) != 0 ? V_ASN1_NULL :
					    V_ASN1_UNDEF);
					if (matches(k, CS_USE_CMS, si.s, di.s,
					    &a))
						found++;
				}
	ok(found == 2 * sizeof(want) / sizeof(want[0]),
	    "of all combinations %zu are known", found);
}

static void
test_preferred(void)
{
	const cs_alg *a;

	a = cs_alg_for_key(CS_KEY_P256, CS_USE_CMS);
	ok(a != NULL && a->hash == CS_SHA256, "P-256 signs with SHA-256");
	a = cs_alg_for_key(CS_KEY_P384, CS_USE_PKCS10);
	ok(a != NULL && a->hash == CS_SHA384, "P-384 signs with SHA-384");
	a = cs_alg_for_key(CS_KEY_RSA, CS_USE_CMS);
	ok(a != NULL && a->hash == CS_SHA256 &&
	    strcmp(a->name, "sha256WithRSAEncryption") == 0,
	    "RSA signs with SHA-256 by its full name");
	a = cs_alg_for_key(CS_KEY_ED25519, CS_USE_CMS);
	ok(a != NULL && a->hash == CS_SHA512, "Ed25519 goes with SHA-512");
	ok(cs_alg_for_key(CS_KEY_NONE, CS_USE_PKCS10) == NULL,
	    "other keys do not sign");
}

static void
test_choice(void)
{
	static const enum cs_key_kind others[] = {CS_KEY_P256, CS_KEY_P384,
	    CS_KEY_ED25519, CS_KEY_NONE};
	cs_spki k = {.kind = CS_KEY_RSA, .bits = 2048};
	const cs_alg *a = NULL;
	cs_err e = {0};
	size_t i;

	ok(cs_alg_choose(&k, CS_USE_CMS, false, &a, &e) == CS_OK &&
	    a == cs_alg_for_key(CS_KEY_RSA, CS_USE_CMS) && a->salt == 0,
	    "RSA: PKCS #1 by itself");
	ok(cs_alg_choose(&k, CS_USE_PKCS10, true, &a, &e) == CS_OK &&
	    a->hash == CS_SHA256 && a->salt == 32, "RSA: PSS when asked");
	for (i = 0; i < 4; i++) {
		k.kind = others[i];
		ok(cs_alg_choose(&k, CS_USE_CMS, true, &a, &e) == CS_EUSAGE &&
		    a == NULL, "PSS with another key: %s", e.text);
	}
	ok(cs_alg_choose(&k, CS_USE_CMS, false, &a, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED && a == NULL, "no key");
}

/* The identifier that OpenSSL writes under a request. */
static cs_span
openssl_pss(EVP_PKEY *k, const EVP_MD *md, int salt, struct ident *out)
{
	X509_REQ *r = X509_REQ_new();
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pc = NULL;
	const X509_ALGOR *a = NULL;
	uint8_t *p = out->der;

	out->s = none;
	if (X509_REQ_set_pubkey(r, k) == 1 &&
	    EVP_DigestSignInit(c, &pc, md, NULL, k) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, salt) == 1 &&
	    X509_REQ_sign_ctx(r, c) > 0) {
		X509_REQ_get0_signature(r, NULL, &a);
		out->s = cs_span_of(out->der,
		    (size_t)i2d_X509_ALGOR(a, &p));
	}
	EVP_MD_CTX_free(c);
	X509_REQ_free(r);
	return out->s;
}

static void
test_pss_hash(EVP_PKEY *k, const EVP_MD *md, enum cs_hash h, int nid)
{
	const char *name = cs_hash_name(h);
	const int len = (int)cs_hash_len(h);
	struct ident own, longer, shorter, d, dn, other;
	cs_alg a, b;

	(void)openssl_pss(k, md, RSA_PSS_SALTLEN_DIGEST, &own);
	(void)openssl_pss(k, md, len + 5, &longer);
	(void)openssl_pss(k, md, len - 1, &shorter);
	(void)ident(&d, nid, V_ASN1_UNDEF);
	(void)ident(&dn, nid, V_ASN1_NULL);
	(void)ident(&other, h == CS_SHA256 ? NID_sha512 : NID_sha256,
	    V_ASN1_UNDEF);
	ok(matches(CS_KEY_RSA, CS_USE_CMS, own.s, d.s, &a) && a.hash == h &&
	    a.salt == (size_t)len, "PSS %s in CMS", name);
	ok(cs_span_eq(a.sig_alg, own.s), "PSS %s: OpenSSL writes the same",
	    name);
	ok(matches(CS_KEY_RSA, CS_USE_CMS, own.s, dn.s, &b) &&
	    b.name == a.name, "PSS %s: digest with NULL", name);
	ok(matches(CS_KEY_RSA, CS_USE_PKCS10, longer.s, none, &b) &&
	    b.salt == (size_t)len + 5, "PSS %s: a longer salt", name);
	ok(shorter.s.p != NULL && !matches(CS_KEY_RSA, CS_USE_PKCS10,
	    shorter.s, none, &b), "PSS %s: a shorter one", name);
	ok(!matches(CS_KEY_RSA, CS_USE_CMS, own.s, other.s, &b),
	    "PSS %s: another digest", name);
	ok(!matches(CS_KEY_RSA, CS_USE_CMS, own.s, none, &b) &&
	    !matches(CS_KEY_RSA, CS_USE_PKCS10, own.s, d.s, &b),
	    "PSS %s: the other use", name);
	ok(!matches(CS_KEY_P256, CS_USE_CMS, own.s, d.s, &b) &&
	    !matches(CS_KEY_ED25519, CS_USE_CMS, own.s, d.s, &b),
	    "PSS %s: another key", name);
}

static void
test_pss(void)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	test_pss_hash(k, EVP_sha256(), CS_SHA256, NID_sha256);
	test_pss_hash(k, EVP_sha384(), CS_SHA384, NID_sha384);
	test_pss_hash(k, EVP_sha512(), CS_SHA512, NID_sha512);
	EVP_PKEY_free(k);
}

/* RFC 8017 9.2 note 1, against OpenSSL's X509_SIG. */
static void
test_digest_info(enum cs_hash h, int nid)
{
	const cs_span s = cs_alg_digest_info(h);
	uint8_t der[128] = {0}, *p = der;
	X509_SIG *x = X509_SIG_new();
	X509_ALGOR *a = NULL;
	ASN1_OCTET_STRING *o = NULL;
	uint8_t zero[64] = {0};
	int n = -1;

	X509_SIG_getm(x, &a, &o);
	if (X509_ALGOR_set0(a, OBJ_nid2obj(nid), V_ASN1_NULL, NULL) == 1 &&
	    ASN1_OCTET_STRING_set(o, zero, (int)cs_hash_len(h)) == 1)
		n = i2d_X509_SIG(x, &p);
	X509_SIG_free(x);
	ok(n == (int)(s.n + cs_hash_len(h)) && s.p != NULL &&
	    memcmp(der, s.p, s.n) == 0, "DigestInfo of %s", cs_hash_name(h));
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		test_row(i);
	test_others();
	test_preferred();
	test_choice();
	test_pss();
	test_digest_info(CS_SHA256, NID_sha256);
	test_digest_info(CS_SHA384, NID_sha384);
	test_digest_info(CS_SHA512, NID_sha512);
	ok(cs_alg_digest_info(CS_HASH_NONE).p == NULL, "none without a hash");
	return done_testing();
}
