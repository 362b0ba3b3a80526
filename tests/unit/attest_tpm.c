/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/tpm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "attest/weakrsa.h"
#include "fmt/reason.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"
#include "tests/unit/tpmbed.h"

/* An agent without a TPM, or with one and a key outside of it, wants a line
 * that says otherwise. */

static char dir[] = "./attest_tpm.XXXXXX";
static struct bed bed, honest; /* honest: the plans as they were made */
static EVP_PKEY *p384, *rsa;

/* Everything as it was made. */
static void
reset(void)
{
	bed.key = honest.key;
	bed.ak = honest.ak;
	bed.ek = honest.ek;
	bed.plan = honest.plan;
	bed.issuer = &bed.middle;
	bed.between = 1;
	bed.now = NOW;
	bed.attest = honest.attest;
	bed.signer = NULL;
	bed.scheme = bed.hash = 0;
	bed.secret = bed.answered = (cs_span){0};
	cs_buf_free(&bed.key_area);
	cs_buf_free(&bed.ak_area);
	cs_buf_free(&bed.ek_area);
	att_free(&bed.cert);
}

static bool
is_empty(const cs_tpm_proof *p)
{
	static const cs_tpm_proof none;

	return memcmp(p, &none, sizeof(none)) == 0;
}

static bool
is_refusal(int r, const cs_err *e, const char *text)
{
	return (r == CS_EREFUSED || r == CS_EFORMAT) &&
	    e->detail != CS_R_NONE && (r != CS_EREFUSED ||
	    e->detail == CS_R_EVIDENCE_REFUSED) &&
	    strstr(e->text, text) != NULL && ERR_peek_error() == 0;
}

static void
offer_refused(const char *what, const char *text)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};
	int r = bed_offer(&bed) ? cs_tpm_offer_check(&bed.o, bed.roots,
	    bed.now, &p, &e) : CS_EBUG;

	ok(is_refusal(r, &e, text) && is_empty(&p), "%s: %s", what, e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

static void
offer_taken(const char *what)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};

	ok(bed_offer(&bed) && cs_tpm_offer_check(&bed.o, bed.roots, bed.now,
	    &p, &e) == CS_OK && p.spki != NULL && ERR_peek_error() == 0,
	    "%s: %s", what, e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

/* The whole way, and what it says at its end. */
static void
test_way(const char *key, const char *ak, const char *ek, const char *ek_name)
{
	struct bed b;
	cs_tpm_proof p = {0}, q = {0};
	cs_buf *secret = NULL;
	cs_err e = {0};

	ok(bed_make(&b, key, ak, ek, dir) && cs_tpm_offer_check(&b.o, b.roots,
	    NOW, &p, &e) == CS_OK, "%s, %s, %s: the offer: %s", key, ak, ek,
	    e.text);
	ok(bed_challenge(&b, NOW + 60, &e) == CS_OK, "the challenge: %s",
	    e.text);
	secret = bed_activate(&b);
	ok(cs_span_eq(cs_buf_span(secret), b.k.secret), "the secret is out");
	ok(bed_answer(&b) && cs_tpm_evidence_check(&b.v, &b.k, b.roots,
	    NOW + 60, &q, &e) == CS_OK, "the evidence: %s", e.text);
	ok(strcmp(q.attested, "tpm2:INTC") == 0 && strcmp(q.ek, ek_name) ==
	    0 && strcmp(p.attested, q.attested) == 0 &&
	    memcmp(p.ek_hash, q.ek_hash, 32) == 0 &&
	    memcmp(p.root, q.root, 32) == 0 && !q.no_da &&
	    cs_span_eq(cs_buf_span(p.spki), cs_buf_span(q.spki)),
	    "the proof: %s, %s", q.attested, q.ek);
	cs_buf_free(&secret);
	cs_tpm_proof_clear(&p);
	cs_tpm_proof_clear(&q);
	bed_free(&b);
}

static void
test_attributes(void)
{
	static const struct {
		const char *what;
		struct soft_area *area;
		uint32_t flip;
		const char *text;
	} rows[] = {
		{"a key that may leave", &bed.key, 1 << 1, "fixedTPM"},
		{"a key below one that may leave", &bed.key, 1 << 4,
		    "fixedParent"},
		{"an imported key", &bed.key, 1 << 5, "sensitiveDataOrigin"},
		{"a key without a PIN's use", &bed.key, 1 << 6,
		    "userWithAuth"},
		{"a key with adminWithPolicy", &bed.key, 1 << 7,
		    "adminWithPolicy"},
		{"a restricted key", &bed.key, 1 << 16, "restricted"},
		{"a key that does not sign", &bed.key, 1 << 18, "sign"},
		{"a key with a reserved attribute", &bed.key, 1 << 3,
		    "owner's key"},
		{"an AK that may leave", &bed.ak, 1 << 1, "fixedTPM"},
		{"an AK below one that may leave", &bed.ak, 1 << 4,
		    "fixedParent"},
		{"an imported AK", &bed.ak, 1 << 5, "sensitiveDataOrigin"},
		{"an AK without authorization", &bed.ak, 1 << 6,
		    "userWithAuth"},
		{"an AK with adminWithPolicy", &bed.ak, 1 << 7,
		    "adminWithPolicy"},
		{"an unrestricted AK", &bed.ak, 1 << 16, "restricted"},
		{"an AK that decrypts", &bed.ak, 1 << 17, "decrypt"},
		{"an AK that does not sign", &bed.ak, 1 << 18, "sign"},
		{"an EK that may leave", &bed.ek, 1 << 1, "fixedTPM"},
		{"an EK below one that may leave", &bed.ek, 1 << 4,
		    "fixedParent"},
		{"an imported EK", &bed.ek, 1 << 5, "sensitiveDataOrigin"},
		{"an unrestricted EK", &bed.ek, 1 << 16, "restricted"},
		{"an EK that does not decrypt", &bed.ek, 1 << 17, "decrypt"},
		{"an EK that signs", &bed.ek, 1 << 18, "sign"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].area->attributes ^= rows[i].flip;
		offer_refused(rows[i].what, rows[i].text);
	}
	bed.key.attributes |= 1 << 17;
	offer_taken("a key that may decrypt, too");
	bed.ek.attributes ^= 1 << 7 | 1 << 6;
	offer_taken("an EK with userWithAuth");
}

static void
test_policies(void)
{
	static const uint8_t any[32] = {1};

	bed.key.policy = cs_span_of(any, sizeof(any));
	offer_refused("a key with a policy", "owner's key: expected a key "
	    "without a policy");
	bed.ak.policy = cs_span_of(any, sizeof(any));
	offer_refused("an AK with a policy", "attestation key: expected a key "
	    "without a policy");
	bed.ek.policy = cs_span_of(any, sizeof(any));
	offer_taken("an EK with a policy, as the profile has it");
}

static void
ak_as(const char *what, EVP_PKEY *key, uint16_t name_alg, uint16_t scheme,
    uint16_t hash, bool good)
{
	bed.ak.key = key;
	bed.ak.name_alg = name_alg;
	bed.ak.scheme = scheme;
	bed.ak.hash = hash;
	if (good)
		offer_taken(what);
	else
		offer_refused(what, "the attestation key");
}

static void
test_algorithms(void)
{
	EVP_PKEY *p256 = honest.ak.key;

	ak_as("an AK of P-384", p384, SOFT_SHA384, SOFT_ECDSA, SOFT_SHA384,
	    true);
	ak_as("an AK of RSA", rsa, SOFT_SHA256, SOFT_RSASSA, SOFT_SHA256,
	    true);
	ak_as("an AK without a scheme", p256, SOFT_SHA256, SOFT_NULL, 0,
	    false);
	ak_as("an AK with RSAPSS", rsa, SOFT_SHA256, SOFT_RSAPSS,
	    SOFT_SHA256, false);
	ak_as("an AK of RSA with ECDSA", rsa, SOFT_SHA256, SOFT_ECDSA,
	    SOFT_SHA256, false);
	ak_as("an AK with SHA-1", p256, SOFT_SHA256, SOFT_ECDSA, SOFT_SHA1,
	    false);
	ak_as("an AK of P-256 with SHA-384", p256, SOFT_SHA256, SOFT_ECDSA,
	    SOFT_SHA384, false);
	ak_as("an AK of P-384 with SHA-256", p384, SOFT_SHA256, SOFT_ECDSA,
	    SOFT_SHA256, false);
	ak_as("an AK with a hash weaker than its Name's", p256, SOFT_SHA384,
	    SOFT_ECDSA, SOFT_SHA256, false);
	ak_as("an AK with a Name by SHA-1", p256, SOFT_SHA1, SOFT_ECDSA,
	    SOFT_SHA256, false);
	bed.key.name_alg = SOFT_SHA512;
	offer_taken("a key with a Name by SHA-512");
	bed.key.name_alg = SOFT_SHA1;
	offer_refused("a key with a Name by SHA-1", "nameAlg");
	bed.key.key = rsa;
	offer_taken("a key of RSA");
	bed.key.key = rsa;
	bed.key.exponent = 65537;
	offer_taken("a key of RSA that tells its exponent");
	bed.key.key = rsa;
	bed.key.exponent = 3;
	offer_refused("a key of RSA with the exponent 3", "exponent");
}

static void
test_ek_ciphers(void)
{
	EVP_PKEY *long_rsa = EVP_RSA_gen(3072);

	bed.ek.bits = 192;
	offer_refused("an EK with AES-192", "endorsement key: expected");
	bed.ek.sym = SOFT_NULL;
	offer_refused("an EK without a cipher", "endorsement key: expected");
	bed.ek.mode = 0x0044;
	offer_refused("an EK with ECB", "endorsement key: ");
	bed.ek.name_alg = SOFT_SHA512;
	offer_refused("an EK with SHA-512", "endorsement key: expected");
	bed.ek.key = long_rsa;
	offer_refused("an EK of RSA-3072", "endorsement key: expected");
	EVP_PKEY_free(long_rsa);
}

static void
test_same_keys(void)
{
	bed.key.key = honest.ak.key;
	offer_refused("the AK as the owner's key", "three keys");
	bed.key.key = honest.ek.key;
	offer_refused("the EK as the owner's key", "three keys");
	bed.ak.key = honest.ek.key;
	offer_refused("the EK as AK", "three keys");
}

/* A point that no private key can have. */
static void
test_points(void)
{
	struct {
		const char *what;
		cs_buf **kept;
		const struct soft_area *area;
	} rows[] = {{"the owner's key", &bed.key_area, &honest.key},
	    {"the attestation key", &bed.ak_area, &honest.ak},
	    {"the endorsement key", &bed.ek_area, &honest.ek}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*rows[i].kept = soft_area(rows[i].area);
		((uint8_t *)(uintptr_t)cs_buf_span(*rows[i].kept).p)[cs_buf_len(
		    *rows[i].kept) - 1] ^= 1;
		offer_refused("a point beside its curve", rows[i].what);
	}
}

/* A multiple of the small primes' product, and one: each residue is a power. */
static void
weak_modulus(uint8_t out[256])
{
	static const unsigned primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73,
	    79, 97, 103, 107, 109, 127, 151, 157};
	BIGNUM *m = BN_new(), *n = BN_new(), *rest = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	size_t i;

	(void)BN_set_word(m, 2);
	for (i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
		(void)BN_mul_word(m, primes[i]);
	(void)BN_set_bit(n, 2047);
	(void)BN_mod(rest, n, m, ctx);
	(void)BN_sub(rest, m, rest);
	(void)BN_add(n, n, rest);
	(void)BN_add_word(n, 1);
	(void)BN_bn2binpad(n, out, 256);
	BN_free(m);
	BN_free(n);
	BN_free(rest);
	BN_CTX_free(ctx);
}

static void
test_weak_keys(void)
{
	struct soft_area area = honest.key;
	uint8_t n[256], *end;
	cs_buf *b;

	weak_modulus(n);
	ok(cs_rsa_is_weak(cs_span_of(n, sizeof(n))), "a weak modulus");
	n[1] ^= 1;
	ok(!cs_rsa_is_weak(cs_span_of(n, sizeof(n))), "and one beside it");
	n[1] ^= 1;
	area.key = rsa;
	b = soft_area(&area);
	end = (uint8_t *)(uintptr_t)cs_buf_span(b).p + cs_buf_len(b);
	memcpy(end - sizeof(n), n, sizeof(n));
	bed.key_area = b;
	offer_refused("a key that anybody can compute", "CVE-2017-15361");
}

static void
test_certificates(void)
{
	static const struct att_ext names = BED_NAMES, usage = BED_USAGE;
	static const struct att_ext strange = {"1.2.3.4", "0500", true};
	static const struct {
		const char *what, *bc, *usage, *text;
		struct att_ext a, b;
		int version; /* 3, said aloud: and an extension more */
		int64_t from, until;
	} rows[] = {
		{"a CA's", "CA:TRUE", NULL, "found a CA's", BED_NAMES, BED_USAGE, 0,
		    0, 0},
		{"one that signs certificates", NULL, "keyCertSign", "a CA's",
		    BED_NAMES, BED_USAGE, 0, 0, 0},
		{"of version 1", NULL, NULL, "another version", {NULL, NULL, false},
		    {NULL, NULL, false}, 1, 0, 0},
		{"for signatures", NULL, "digitalSignature", "key usages",
		    BED_NAMES, BED_USAGE, 0, 0, 0},
		{"for signatures, too", NULL,
		    "keyEncipherment,digitalSignature", "key usages",
		    BED_NAMES, BED_USAGE, 0, 0, 0},
		{"of an AK", NULL, "digitalSignature", "key usages", BED_NAMES,
		    {"2.5.29.37", "3007060567810508" "03", true}, 0, 0, 0},
		{"for another purpose", NULL, NULL, "2.23.133.8.1), found "
		    "others", BED_NAMES, {"2.5.29.37", "3007060567810508" "03",
		    false}, 0, 0, 0},
		{"for any purpose", NULL, NULL, "found others", BED_NAMES,
		    {"2.5.29.37", "30060604551d2500", false}, 0, 0, 0},
		{"without a purpose", NULL, NULL, "found none", BED_NAMES,
		    {NULL, NULL, false}, 0, 0, 0},
		{"without a manufacturer", NULL, NULL, "subjectAltName",
		    BED_USAGE, {NULL, NULL, false}, 0, 0, 0},
		{"with a mailbox for a manufacturer", NULL, NULL,
		    "directoryName", {"2.5.29.17", "30058103614062", false},
		    BED_USAGE, 0, 0, 0},
		{"for key agreement that only deciphers", NULL,
		    "keyAgreement,decipherOnly", "key usages", BED_NAMES,
		    BED_USAGE, 0, 0, 0},
		{"for what nobody says", NULL, NULL, "keyUsage",
		    {"2.5.29.15", "030205200500", true}, BED_USAGE, 0, 0, 0},
		{"with two purposes' lists", NULL, NULL, "certificate",
		    BED_USAGE, BED_USAGE, 0, 0, 0},
		{"with what nobody knows", NULL, NULL, "unhandled critical",
		    BED_NAMES, BED_USAGE, 3, 0, 0},
		{"of tomorrow", NULL, NULL, "not yet valid", BED_NAMES,
		    BED_USAGE, 0, NOW + 1, NOW + DAY},
		{"of yesterday", NULL, NULL, "expired", BED_NAMES, BED_USAGE,
		    0, NOW - DAY, NOW - 1},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&bed.plan, 0, sizeof(bed.plan));
		bed.plan.bc = rows[i].bc;
		bed.plan.usage = rows[i].usage;
		bed.plan.ext[0] = rows[i].a;
		bed.plan.ext[1] = rows[i].b;
		bed.plan.version = rows[i].version;
		if (rows[i].version == 3)
			bed.plan.ext[2] = strange;
		bed.plan.from = rows[i].from;
		bed.plan.until = rows[i].until;
		offer_refused(rows[i].what, rows[i].text);
	}
	bed.plan.usage = "keyAgreement";
	offer_taken("for key agreement");
	bed.plan.usage = bed.plan.bc = NULL;
	offer_taken("that leaves its usage open");
	bed.plan.ext[0] = usage;
	bed.plan.ext[0].critical = true;
	bed.plan.ext[1] = names;
	bed.plan.ext[1].critical = false;
	offer_taken("with a critical purpose");
	bed.plan.sha1 = true;
	offer_refused("signed with SHA-1", "no path");
}

/* Whose certificate, and whose root. */
static void
test_paths(void)
{
	static const struct att_plan root = {.cn = "EK Root",
	    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};
	struct att_cert own = {0};
	struct bed b;

	bed.cert.key = EVP_EC_gen("P-256");
	offer_refused("another TPM's certificate", "another key");
	bed.between = 0;
	offer_refused("without the one between", "no path");
	att_make(&own, "P-256", &root, NULL);
	bed.issuer = &own;
	offer_refused("by a root of one's own", "no path");
	att_free(&own);
	bed.issuer = NULL;
	offer_refused("by itself", "no path");
	bed.now = NOW + 2 * DAY;
	offer_refused("when all are expired", "expired");
	ok(bed_make(&b, "P-256", "P-256", "P-256", dir), "another maker");
	bed.key = b.key;
	offer_taken("a key of any TPM is told apart by the evidence alone");
	bed_free(&b);
}

static void
test_no_da(void)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};

	bed.key.attributes |= 1 << 10;
	ok(bed_offer(&bed) && cs_tpm_offer_check(&bed.o, bed.roots, NOW, &p,
	    &e) == CS_OK && p.no_da, "wrong PINs are not counted: %s", e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

/* A challenge is new each time, and for one AK. */
static void
test_challenge(void)
{
	uint8_t nonce[CS_TPM_NONCE_LEN] = {0};
	cs_err e = {0};
	cs_buf *first = NULL, *got = NULL;

	(void)bed_offer(&bed);
	ok(bed_challenge(&bed, NOW + 60, &e) == CS_OK &&
	    bed.k.challenge.not_after == NOW + 60 && bed.k.secret.n == 32 &&
	    cs_span_eq(bed.k.challenge.whole, cs_buf_span(bed.challenge)),
	    "a challenge, and what is kept of it: %s", e.text);
	first = cs_buf_dup(cs_buf_span(bed.kept));
	memcpy(nonce, bed.k.challenge.nonce.p, sizeof(nonce));
	bed.ak.key = p384;
	got = bed_activate(&bed);
	ok(cs_buf_len(got) == 0, "no secret for another AK");
	cs_buf_free(&got);
	ok(bed_challenge(&bed, NOW + 60, &e) == CS_OK &&
	    !cs_span_eq(cs_buf_span(first), cs_buf_span(bed.kept)) &&
	    !cs_span_eq(cs_span_of(nonce, sizeof(nonce)),
	    bed.k.challenge.nonce), "the next is another, nonce and all");
	cs_buf_free(&first);
	reset();
}

static void
evidence_refused(const char *what, const char *text)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};
	int r = bed_answer(&bed) ? cs_tpm_evidence_check(&bed.v, &bed.k,
	    bed.roots, bed.now, &p, &e) : CS_EBUG;

	ok(is_refusal(r, &e, text) && is_empty(&p), "%s: %s", what, e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

static void
evidence_taken(const char *what)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};

	ok(bed_answer(&bed) && cs_tpm_evidence_check(&bed.v, &bed.k,
	    bed.roots, bed.now, &p, &e) == CS_OK && p.attested[0] != '\0',
	    "%s: %s", what, e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

/* The offer and the challenge stay; the answers are many. */
static void
test_attests(void)
{
	static const uint8_t zeros[32];
	cs_buf *name = soft_name(&honest.ak), *other;

	evidence_taken("as it should be");
	bed.attest.magic = 0xff544346;
	evidence_refused("not made by a TPM", "magic");
	bed.attest.type = 0x8018;
	evidence_refused("a quote", "TPM2_Certify");
	bed.attest.type = 0x801a;
	evidence_refused("a creation", "TPM2_Certify");
	bed.attest.name = cs_buf_span(name);
	evidence_refused("of the AK itself", "another key");
	cs_buf_free(&name);
	bed.key.attributes |= 1 << 17;
	name = soft_name(&bed.key);
	bed.key = honest.key;
	bed.attest.name = cs_buf_span(name);
	evidence_refused("of the key with other attributes", "another key");
	bed.key.name_alg = SOFT_SHA384;
	other = soft_name(&bed.key);
	bed.key = honest.key;
	bed.attest.name = cs_buf_span(other);
	evidence_refused("of the Name by another hash", "another key");
	cs_buf_free(&other);
	cs_buf_free(&name);
	bed.attest.extra = cs_span_of(zeros, 32);
	evidence_refused("with other extraData", "extraData");
	bed.attest.extra = cs_span_of(zeros, 0);
	evidence_refused("without extraData", "extraData");
	bed.secret = cs_span_of(zeros, 32);
	evidence_refused("without the secret", "extraData");
}

static void
test_signatures(void)
{
	EVP_PKEY *soft = EVP_EC_gen("P-256");

	bed.signer = soft;
	evidence_refused("by a key of software", "signature is not valid");
	bed.signer = honest.key.key;
	evidence_refused("by the owner's key", "signature is not valid");
	bed.hash = SOFT_SHA384;
	evidence_refused("with another hash", "attestation key's");
	bed.hash = SOFT_SHA1;
	evidence_refused("with SHA-1", "SHA-256");
	bed.signer = rsa;
	bed.scheme = SOFT_RSASSA;
	evidence_refused("with another scheme", "attestation key's");
	bed.signer = p384;
	evidence_refused("of another curve", "signature");
	EVP_PKEY_free(soft);
}

static void
test_challenges(void)
{
	static const uint8_t zeros[32];
	cs_tpmsecret stale = {0};
	cs_tpm_proof p = {0};
	cs_buf *old = NULL;
	cs_err e = {0};

	bed.answered = cs_span_of(zeros, 32);
	evidence_refused("for another challenge", "another challenge");
	bed.now = NOW + 61;
	evidence_refused("too late", "expired");
	bed.now = NOW + 60;
	evidence_taken("in the last second");
	(void)bed_answer(&bed);
	old = cs_buf_dup(cs_buf_span(bed.evidence));
	(void)bed_challenge(&bed, NOW + 60, &e);
	ok(cs_tpmevidence_parse(cs_buf_span(old), &bed.v, &e) == CS_OK &&
	    is_refusal(cs_tpm_evidence_check(&bed.v, &bed.k, bed.roots, NOW,
	    &p, &e), &e, "another challenge"), "yesterday's answer: %s",
	    e.text);
	cs_buf_free(&old);
	/* What is kept is the server's own; a file of another owner's is not
	 * for this offer. */
	old = cs_buf_dup(cs_buf_span(bed.kept));
	bed.key.attributes |= 1 << 10;
	(void)bed_offer(&bed);
	ok(cs_tpmsecret_parse(cs_buf_span(old), &stale, &e) == CS_OK &&
	    bed_answer(&bed) && is_refusal(cs_tpm_evidence_check(&bed.v,
	    &stale, bed.roots, NOW, &p, &e), &e, "another offer"),
	    "for another offer: %s", e.text);
	cs_buf_free(&old);
	reset();
}

/* No octet is free. */
static void
test_flips(void)
{
	cs_buf *copy;
	cs_tpmevidence v;
	cs_tpm_proof p = {0};
	cs_err e = {0};
	size_t i, taken = 0, silent = 0;
	uint8_t *at;

	(void)bed_offer(&bed);
	(void)bed_challenge(&bed, NOW + 60, &e);
	(void)bed_answer(&bed);
	copy = cs_buf_dup(cs_buf_span(bed.evidence));
	at = (uint8_t *)(uintptr_t)cs_buf_span(copy).p;
	for (i = 0; i < cs_buf_len(copy); i++) {
		if (sample_skips())
			continue;
		at[i] ^= 1;
		cs_err_clear(&e);
		if (cs_tpmevidence_parse(cs_buf_span(copy), &v, &e) == CS_OK &&
		    cs_tpm_evidence_check(&v, &bed.k, bed.roots, NOW, &p,
		    &e) == CS_OK)
			taken++;
		silent += e.text[0] == '\0' || !is_empty(&p);
		cs_tpm_proof_clear(&p);
		at[i] ^= 1;
	}
	ok(taken == 0 && silent == 0, "each octet flipped, %zu: %zu taken, "
	    "%zu in silence", cs_buf_len(copy), taken, silent);
	ok(cs_tpmevidence_parse(cs_buf_span(copy), &v, &e) == CS_OK &&
	    cs_tpm_evidence_check(&v, &bed.k, bed.roots, NOW, &p, &e) ==
	    CS_OK, "and none: %s", e.text);
	cs_tpm_proof_clear(&p);
	cs_buf_free(&copy);
	reset();
}

static void
test_offers(void)
{
	offer_taken("as it should be");
	test_attributes();
	test_policies();
	test_algorithms();
	test_ek_ciphers();
	test_same_keys();
	test_points();
	test_weak_keys();
	test_certificates();
	test_paths();
	test_no_da();
}

static void
test_evidence(void)
{
	cs_err e = {0};

	(void)bed_offer(&bed);
	ok(bed_challenge(&bed, NOW + 60, &e) == CS_OK, "a challenge");
	reset();
	test_attests();
	test_signatures();
	test_challenges();
	test_flips();
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	p384 = EVP_EC_gen("P-384");
	rsa = EVP_RSA_gen(2048);
	test_way("P-256", "P-256", "RSA", "RSA-2048");
	test_way("P-384", "P-256", "P-256", "P-256");
	test_way("RSA", "P-384", "P-384", "P-384");
	test_way("P-256", "RSA", "P-384", "P-384");
	ok(bed_make(&bed, "P-256", "P-256", "P-256", dir), "a bed");
	honest = bed;
	reset();
	test_offers();
	test_challenge();
	test_evidence();
	bed_free(&bed);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	(void)rmdir(dir);
	return done_testing();
}
