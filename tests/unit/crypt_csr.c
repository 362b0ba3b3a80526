/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "fmt/reason.h"
#include "tests/unit/tap.h"

/* Proof of possession and the request digest, against OpenSSL both ways. */

#define AGENT "wimse://corp.example/agent/a"

/* A request as `openssl req` makes it, signed by `signer`. */
static cs_buf *
openssl_request(EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *md)
{
	X509_REQ *r = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_subject_alt_name, "URI:" AGENT);
	uint8_t *der = NULL;
	cs_buf *out = NULL;
	int n;

	if (san != NULL && sk_X509_EXTENSION_push(exts, san) == 1 &&
	    X509_REQ_set_version(r, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_pubkey(r, key) == 1 &&
	    X509_REQ_add_extensions(r, exts) == 1 &&
	    X509_REQ_sign(r, signer, md) > 0 && (n = i2d_X509_REQ(r, &der)) > 0)
		out = cs_buf_dup(cs_span_of(der, (size_t)n));
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(r);
	return out;
}

static int
judge(cs_span der, cs_err *e)
{
	cs_csr *c = NULL;
	int rc;

	cs_err_clear(e);
	if ((rc = cs_csr_parse(der, &c, e)) == CS_OK)
		rc = cs_csr_verify(c, e);
	cs_csr_free(&c);
	return rc;
}

static void
test_theirs(EVP_PKEY *k, const EVP_MD *md, const char *name)
{
	cs_buf *der = openssl_request(k, k, md);
	cs_err e = {0};

	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_OK,
	    "%s with %s: OpenSSL's request is taken %s", name,
	    EVP_MD_get0_name(md), e.text);
	cs_buf_free(&der);
}

static void
test_refused(EVP_PKEY *k, EVP_PKEY *other, const char *name)
{
	cs_buf *der = openssl_request(k, other, EVP_sha256());
	cs_err e = {0};

	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_EFORMAT &&
	    e.detail == CS_R_POP_INVALID, "%s: another key's signature: %s",
	    name, e.text);
	cs_buf_free(&der);
	der = openssl_request(k, k, EVP_sha1());
	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "%s: SHA-1: %s", name, e.text);
	cs_buf_free(&der);
	der = openssl_request(k, k, EVP_sha224());
	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "%s: SHA-224", name);
	cs_buf_free(&der);
}

static void
test_flips(EVP_PKEY *k, const EVP_MD *md, const char *name)
{
	cs_buf *der = openssl_request(k, k, md);
	const size_t n = cs_buf_len(der);
	size_t i, refused = 0, pop = 0;
	cs_err e = {0};
	uint8_t *p;

	if (!ok(der != NULL, "%s: a request", name))
		return;
	p = cs_buf_tail(der) - n;
	for (i = 0; i < n; i++) {
		p[i] ^= 1;
		refused += judge(cs_buf_span(der), &e) == CS_EFORMAT &&
		    e.detail != CS_R_NONE;
		pop += e.detail == CS_R_POP_INVALID;
		p[i] ^= 1;
	}
	ok(refused == n && pop > n / 4,
	    "%s: each of %zu flipped bytes is refused, %zu by the signature",
	    name, n, pop);
	cs_buf_free(&der);
}

/* RFC 8410. */
static void
test_ed25519(void)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	cs_buf *der = openssl_request(k, k, NULL);
	cs_err e = {0};

	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_OK,
	    "Ed25519: OpenSSL's request is taken %s", e.text);
	cs_buf_free(&der);
	der = openssl_request(k, other, NULL);
	ok(der != NULL && judge(cs_buf_span(der), &e) == CS_EFORMAT &&
	    e.detail == CS_R_POP_INVALID, "Ed25519: another key's: %s",
	    e.text);
	cs_buf_free(&der);
	test_flips(k, NULL, "Ed25519");
	EVP_PKEY_free(k);
	EVP_PKEY_free(other);
}

/* Appends a request of ours, signed. */
static bool
our_request(cs_privkey *k, cs_span info, cs_buf *out)
{
	cs_buf *sig = cs_buf_new(1024);
	const cs_alg *a = cs_alg_for_key(CS_KEY_P384, CS_USE_PKCS10);
	cs_err e = {0};
	bool good;

	good = cs_privkey_sign(k, a, info, sig, &e) == CS_OK &&
	    cs_csr_put(info, a->sig_alg, cs_buf_span(sig), out, &e) == CS_OK;
	cs_buf_free(&sig);
	return good;
}

static void
test_ours(void)
{
	cs_csr_new n = {.agent_id = cs_span_str(AGENT)};
	cs_buf *spki = cs_buf_new(1024), *info = cs_buf_new(4096);
	cs_buf *out = cs_buf_new(8192);
	const uint8_t *p;
	cs_privkey *k = NULL;
	X509_REQ *r;
	cs_err e = {0};

	ok(cs_privkey_generate("p384", &k, &e) == CS_OK &&
	    cs_privkey_spki(k, spki, &e) == CS_OK, "a key");
	n.spki = cs_buf_span(spki);
	ok(cs_csr_put_info(&n, info, &e) == CS_OK &&
	    our_request(k, cs_buf_span(info), out) &&
	    judge(cs_buf_span(out), &e) == CS_OK, "our own request");
	p = cs_buf_span(out).p;
	r = d2i_X509_REQ(NULL, &p, (long)cs_buf_len(out));
	ok(r != NULL && X509_REQ_verify(r, X509_REQ_get0_pubkey(r)) == 1,
	    "OpenSSL takes it");
	X509_REQ_free(r);
	cs_privkey_free(&k);
	cs_buf_free(&spki);
	cs_buf_free(&info);
	cs_buf_free(&out);
}

/* Section 3: the digest is over what the request was before its approvals. */
static void
test_digest(EVP_PKEY *k)
{
	static const uint8_t made_up[] = {0x30, 5, 6, 1, 0x2a, 5, 0};
	const cs_span approval = cs_span_of(made_up, sizeof(made_up));
	cs_buf *der = openssl_request(k, k, EVP_sha256());
	cs_buf *info = cs_buf_new(4096), *whole = cs_buf_new(8192);
	uint8_t ours[32], theirs[32], again[32];
	cs_csr *c = NULL, *d = NULL;
	cs_err e = {0};

	ok(der != NULL && cs_csr_parse(cs_buf_span(der), &c, &e) == CS_OK &&
	    cs_request_digest(c, ours, &e) == CS_OK &&
	    EVP_Digest(c->info.p, c->info.n, theirs, NULL, EVP_sha256(),
	    NULL) == 1 && memcmp(ours, theirs, 32) == 0,
	    "a base request's digest is its CertificationRequestInfo's");
	ok(c != NULL && cs_csr_composite_info(c, &approval, 1, info, &e) ==
	    CS_OK && cs_csr_put(cs_buf_span(info), c->sigalg, c->sig, whole,
	    &e) == CS_OK && cs_csr_parse(cs_buf_span(whole), &d, &e) ==
	    CS_OK && d->n_approvals == 1 &&
	    cs_request_digest(d, again, &e) == CS_OK &&
	    memcmp(ours, again, 32) == 0,
	    "the composite request has the same %s", e.text);
	ok(d != NULL && cs_csr_verify(d, &e) == CS_EFORMAT &&
	    e.detail == CS_R_POP_INVALID, "but needs a signature of its own");
	cs_csr_free(&c);
	cs_csr_free(&d);
	cs_buf_free(&der);
	cs_buf_free(&info);
	cs_buf_free(&whole);
}

static int
judge_at(EVP_PKEY *k, EVP_PKEY *signer, cs_pubkey **place)
{
	cs_buf *der = openssl_request(k, signer, EVP_sha256());
	cs_csr *c = NULL;
	cs_err e = {0};
	int rc;

	rc = der == NULL || cs_csr_parse(cs_buf_span(der), &c, &e) != CS_OK ?
	    CS_EBUG : cs_csr_verify_at(c, place, &e);
	if (rc == CS_EFORMAT && e.detail != CS_R_POP_INVALID)
		rc = CS_EBUG;
	cs_csr_free(&c);
	cs_buf_free(&der);
	return rc;
}

/* A request whose point is off its curve by one bit. */
static int
judge_off(EVP_PKEY *k, cs_pubkey **place)
{
	cs_buf *der = openssl_request(k, k, EVP_sha256());
	cs_csr *c = NULL, off;
	cs_err e = {0};
	uint8_t point[65];
	int rc;

	if (der == NULL || cs_csr_parse(cs_buf_span(der), &c, &e) != CS_OK ||
	    c->key.point.n != sizeof(point))
		return CS_EBUG;
	off = *c;
	memcpy(point, c->key.point.p, sizeof(point));
	point[64] ^= 1;
	off.key.point.p = point;
	rc = cs_csr_verify_at(&off, place, &e);
	cs_csr_free(&c);
	cs_buf_free(&der);
	return rc == CS_EFORMAT && e.detail == CS_R_UNSUPPORTED ? rc : CS_EBUG;
}

/* The key of one request takes the place of another's, and is never it. */
static void
test_place(EVP_PKEY *a, EVP_PKEY *b, EVP_PKEY *p384, EVP_PKEY *rsa)
{
	cs_pubkey *place = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		ok(judge_at(a, a, &place) == CS_OK &&
		    judge_at(b, b, &place) == CS_OK, "one, and another");
		ok(judge_at(a, b, &place) == CS_EFORMAT &&
		    judge_at(a, a, &place) == CS_OK &&
		    judge_at(b, a, &place) == CS_EFORMAT && place != NULL,
		    "but not by the key of the one before");
		ok(judge_at(i == 1 ? rsa : p384, i == 1 ? rsa : p384, &place)
		    == CS_OK, "one of another kind");
	}
	ok(judge_at(a, a, &place) == CS_OK && judge_off(a, &place) ==
	    CS_EFORMAT && place == NULL, "what is no key leaves none");
	ok(judge_at(a, a, &place) == CS_OK, "and the next one is made");
	cs_pubkey_free(&place);
}

int
main(void)
{
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *rsa2 = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	test_theirs(p256, EVP_sha256(), "P-256");
	test_theirs(p256, EVP_sha512(), "P-256");
	test_theirs(p384, EVP_sha256(), "P-384");
	test_theirs(p384, EVP_sha384(), "P-384");
	test_theirs(rsa, EVP_sha256(), "RSA");
	test_theirs(rsa, EVP_sha384(), "RSA");
	test_refused(p256, other, "P-256");
	test_refused(p384, other, "P-384");
	test_refused(rsa, rsa2, "RSA");
	test_place(p256, other, p384, rsa);
	test_flips(p256, EVP_sha256(), "P-256");
	test_flips(rsa, EVP_sha256(), "RSA");
	test_ed25519();
	test_ours();
	test_digest(p256);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa2);
	EVP_PKEY_free(other);
	return done_testing();
}
