/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/alg.h"

#include <string.h>

#include "fmt/pss.h"
#include "fmt/reason.h"

static const char where[] = "crypt/alg";

#define BYTES(...)                                             \
	{                                                      \
		(const uint8_t[]){__VA_ARGS__},                \
		    sizeof((const uint8_t[]){__VA_ARGS__})     \
	}

/* RFC 5758 3.2: ECDSA without parameters. RFC 4055 5 and RFC 3279 2.3.1: RSA
 * with NULL. RFC 5754 2: SHA-2, which we write without parameters. */
#define ECDSA(last) \
	BYTES(0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last)
#define RSA(last)                                                       \
	BYTES(0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, \
	    last, 5, 0)
#define SHA2(last) \
	BYTES(0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last)
#define SHA2_NULL(last)                                               \
	BYTES(0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, 5, 0)
/* DigestInfo up to the digest, RFC 8017 9.2 note 1. */
#define DIGEST_INFO(last, len)                                             \
	BYTES(0x30, 17 + (len), 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, \
	    4, 2, last, 5, 0, 4, len)

/* RFC 4055 3.1: NULL behind each hash, as everybody writes it; the trailer has
 * its DEFAULT. */
#define PSS_HASH(last) \
	0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, 5, 0
#define PSS_ALG(last, salt)                                                  \
	BYTES(0x30, 65, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10,  \
	    0x30, 52, 0xa0, 15, PSS_HASH(last), 0xa1, 28, 0x30, 26, 6, 9,    \
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, PSS_HASH(last),     \
	    0xa2, 3, 2, 1, salt)
/* RFC 8410 3. */
#define ED25519 BYTES(0x30, 5, 6, 3, 0x2b, 0x65, 0x70)

#define BOTH (CS_USE_PKCS10 | CS_USE_CMS)
/* WebAuthn section 5.8.5 and RFC 5656 6.2.1: a curve has its own hash there. */
#define ALL (BOTH | CS_USE_WEBAUTHN | CS_USE_SSHSIG | CS_USE_TPM)

#define EC(name, key, h, uses, last, preferred) \
	{name, key, CS_SHA##h, uses, ECDSA(last), SHA2(last - 1), 0, preferred}
#define PKCS1(name, h, uses, first, last, preferred) \
	{name, CS_KEY_RSA, CS_SHA##h, uses, RSA(first), SHA2(last), 0, \
	    preferred}
#define PSS(name, h, last, preferred) \
	{name, CS_KEY_RSA, CS_SHA##h, BOTH, PSS_ALG(last, h / 8), \
	    SHA2(last), h / 8, preferred}

static const cs_alg rows[] = {
	EC("ecdsa-with-SHA256", CS_KEY_P256, 256, ALL, 2, true),
	EC("ecdsa-with-SHA384", CS_KEY_P256, 384, BOTH, 3, false),
	EC("ecdsa-with-SHA512", CS_KEY_P256, 512, BOTH, 4, false),
	EC("ecdsa-with-SHA256", CS_KEY_P384, 256, BOTH, 2, false),
	EC("ecdsa-with-SHA384", CS_KEY_P384, 384, ALL, 3, true),
	EC("ecdsa-with-SHA512", CS_KEY_P384, 512, BOTH, 4, false),
	/* RFC 8332: rsa-sha2-256 and rsa-sha2-512 of OpenSSH. */
	PKCS1("sha256WithRSAEncryption", 256, ALL, 11, 1, true),
	PKCS1("sha384WithRSAEncryption", 384, BOTH, 12, 2, false),
	PKCS1("sha512WithRSAEncryption", 512, BOTH | CS_USE_SSHSIG, 13, 3,
	    false),
	/* RFC 3370 3.2: the digest stands beside it. */
	PKCS1("rsaEncryption with SHA256", 256, CS_USE_CMS, 1, 1, false),
	PKCS1("rsaEncryption with SHA384", 384, CS_USE_CMS, 1, 2, false),
	PKCS1("rsaEncryption with SHA512", 512, CS_USE_CMS, 1, 3, false),
	PSS("RSASSA-PSS with SHA256", 256, 1, true),
	PSS("RSASSA-PSS with SHA384", 384, 2, false),
	PSS("RSASSA-PSS with SHA512", 512, 3, false),
	/* RFC 8419 3.1: SHA-512 makes the digest of CMS. */
	{"Ed25519", CS_KEY_ED25519, CS_SHA512, ALL & ~CS_USE_TPM, ED25519,
	    SHA2(3), 0, true},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* RFC 5754 2: receivers take SHA-2 with and without NULL. */
static const cs_span with_null[] = {
	[CS_HASH_NONE] = {NULL, 0},
	[CS_SHA256] = SHA2_NULL(1),
	[CS_SHA384] = SHA2_NULL(2),
	[CS_SHA512] = SHA2_NULL(3),
};

static const cs_span digest_infos[] = {
	[CS_HASH_NONE] = {NULL, 0},
	[CS_SHA256] = DIGEST_INFO(1, 32),
	[CS_SHA384] = DIGEST_INFO(2, 48),
	[CS_SHA512] = DIGEST_INFO(3, 64),
};

static bool
digest_fits(const cs_alg *a, enum cs_alg_use use, cs_span digest_alg)
{
	if (use == CS_USE_PKCS10)
		return digest_alg.p == NULL;
	return cs_span_eq(digest_alg, a->digest_alg) ||
	    cs_span_eq(digest_alg, with_null[a->hash]);
}

static const cs_alg *
find(enum cs_key_kind key, enum cs_alg_use use, cs_span sig_alg,
    cs_span digest_alg)
{
	const cs_alg *a;

	for (a = rows; a < rows + N_ROWS; a++)
		if (a->key == key && (a->uses & use) != 0 && a->salt == 0 &&
		    cs_span_eq(a->sig_alg, sig_alg) &&
		    digest_fits(a, use, digest_alg))
			return a;
	return NULL;
}

/* By what is read instead of by its bytes: NULL may be missing in two places,
 * and the salt may be longer than ours. */
static const cs_alg *
find_pss(enum cs_alg_use use, const cs_pss *p, cs_span digest_alg)
{
	const cs_alg *a;

	for (a = rows; a < rows + N_ROWS; a++)
		if (a->salt != 0 && (a->uses & use) != 0 &&
		    cs_hash_len(a->hash) * 8 == p->bits &&
		    digest_fits(a, use, digest_alg))
			return a;
	return NULL;
}

int
cs_alg_match(enum cs_key_kind key, enum cs_alg_use use, cs_span sig_alg,
    cs_span digest_alg, cs_alg *out, cs_err *e)
{
	const bool pss = key == CS_KEY_RSA && cs_pss_is(sig_alg);
	cs_err why = {0};
	const cs_alg *a;
	cs_pss p = {0};

	memset(out, 0, sizeof(*out));
	if (pss && cs_pss_parse(sig_alg, &p, &why) != CS_OK)
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "%s", why.text);
	a = pss ? find_pss(use, &p, digest_alg) :
	    find(key, use, sig_alg, digest_alg);
	if (a == NULL)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "the signature's algorithm, or its digest's, is not one "
		    "of the table for this kind of key");
	*out = *a;
	if (pss)
		out->salt = p.salt;
	return CS_OK;
}

static const cs_alg *
preferred(enum cs_key_kind key, enum cs_alg_use use, bool pss)
{
	const cs_alg *a;

	for (a = rows; a < rows + N_ROWS; a++)
		if (a->key == key && (a->uses & use) != 0 && a->preferred &&
		    (a->salt != 0) == pss)
			return a;
	return NULL;
}

const cs_alg *
cs_alg_for_key(enum cs_key_kind key, enum cs_alg_use use)
{
	return preferred(key, use, false);
}

int
cs_alg_choose(const cs_spki *k, enum cs_alg_use use, bool pss,
    const cs_alg **out, cs_err *e)
{
	char name[16];

	if ((*out = preferred(k->kind, use, pss)) != NULL)
		return CS_OK;
	cs_spki_name(k, name);
	if (pss)
		return cs_fail(e, CS_EUSAGE, where,
		    "RSASSA-PSS needs an RSA key, found %s", name);
	return CS_BAD(e, CS_R_UNSUPPORTED, where,
	    "expected a key that can sign, found %s", name);
}

const cs_alg *
cs_alg_of(enum cs_key_kind key, enum cs_alg_use use, enum cs_hash hash)
{
	const cs_alg *a, *found = NULL;

	for (a = rows; a < rows + N_ROWS; a++)
		if (a->key == key && (a->uses & use) != 0 && a->salt == 0 &&
		    (hash == CS_HASH_NONE || a->hash == hash)) {
			if (found != NULL)
				return NULL;
			found = a;
		}
	return found;
}

cs_span
cs_alg_digest_info(enum cs_hash h)
{
	return digest_infos[h];
}

enum cs_hash
cs_alg_hash(cs_span digest_alg)
{
	const cs_alg *a;

	for (a = rows; a < rows + N_ROWS; a++)
		if (cs_span_eq(digest_alg, a->digest_alg) ||
		    cs_span_eq(digest_alg, with_null[a->hash]))
			return a->hash;
	return CS_HASH_NONE;
}
