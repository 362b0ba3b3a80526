/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/tpm.h"

#include <stdio.h>
#include <string.h>

#include "attest/tpmek.h"
#include "attest/weakrsa.h"
#include "crypt/pubkey.h"
#include "crypt/tpmcred.h"
#include "fmt/reason.h"
#include "fmt/tpmattest.h"

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_EVIDENCE_REFUSED, where, \
	    __VA_ARGS__)

#define SPKI_ROOM 1024
#define BLOB_ROOM 256
#define SEED_ROOM 512

static const char where[] = "tpm";

enum role { KEY, AK, EK, N_ROLES };

static const char *const roles[N_ROLES] = {[KEY] = "the owner's key",
    [AK] = "the attestation key", [EK] = "the endorsement key"};

struct work {
	struct {
		cs_tpmpub pub;
		cs_buf *buf;
		cs_spki spki;
	} keys[N_ROLES];
};

static void
work_clear(struct work *w)
{
	size_t i;

	for (i = 0; i < N_ROLES; i++)
		cs_buf_free(&w->keys[i].buf);
}

void
cs_tpm_proof_clear(cs_tpm_proof *p)
{
	cs_buf_free(&p->spki);
	memset(p, 0, sizeof(*p));
}

/*
 * What the attributes of each key have to say, Part 2, 8.3. A TPM lets nobody
 * set fixedTPM and fixedParent of what has come from outside, nor restricted of
 * a key whose private half it was given. But it loads any public area alone,
 * with any attributes; a policy is the one authorization that needs no more
 * than that. Whether a TPM then takes it is its maker's reading of the
 * specification, and a key with a policy may sign without its PIN.
 */
#define FOR(r) (1U << (r))
#define EACH (FOR(KEY) | FOR(AK) | FOR(EK))
#define SIGNERS (FOR(KEY) | FOR(AK))

static const struct rule {
	uint32_t bit;
	bool set;
	unsigned roles;
	const char *name, *why;
} rules[] = {
	{CS_TPMA_FIXED_TPM, true, EACH, "fixedTPM", "it may leave its TPM"},
	{CS_TPMA_FIXED_PARENT, true, EACH, "fixedParent",
	    "it may leave its TPM"},
	{CS_TPMA_SENSITIVE_DATA_ORIGIN, true, EACH, "sensitiveDataOrigin",
	    "the TPM did not make it: it may have been imported"},
	{CS_TPMA_RESTRICTED, false, FOR(KEY), "restricted",
	    "it cannot sign approvals"},
	{CS_TPMA_RESTRICTED, true, FOR(AK), "restricted",
	    "it signs whatever it is given"},
	{CS_TPMA_RESTRICTED, true, FOR(EK), "restricted",
	    "it decrypts whatever it is given"},
	{CS_TPMA_SIGN, true, SIGNERS, "sign", "it cannot sign"},
	{CS_TPMA_SIGN, false, FOR(EK), "sign",
	    "an endorsement key does not sign"},
	{CS_TPMA_DECRYPT, false, FOR(AK), "decrypt",
	    "an attestation key does not decrypt"},
	{CS_TPMA_DECRYPT, true, FOR(EK), "decrypt", "it cannot decrypt"},
	{CS_TPMA_USER_WITH_AUTH, true, SIGNERS, "userWithAuth",
	    "it is not used with a PIN alone"},
	{CS_TPMA_ADMIN_WITH_POLICY, false, SIGNERS, "adminWithPolicy",
	    "a policy may stand in for the PIN"},
};

static int
attributes_check(const cs_tpmpub *p, enum role role, cs_err *e)
{
	const struct rule *u;

	for (u = rules; u < rules + sizeof(rules) / sizeof(rules[0]); u++)
		if ((u->roles & FOR(role)) != 0 &&
		    ((p->attributes & u->bit) != 0) != u->set)
			return REFUSE(e, "expected the attribute %s to be %s, "
			    "found it %s: %s", u->name, u->set ? "set" :
			    "clear", u->set ? "clear" : "set", u->why);
	if (role != EK && p->policy.n != 0)
		return REFUSE(e, "expected a key without a policy, found one "
		    "with: the policy may stand in for the PIN");
	return CS_OK;
}

/* How it signs: it is restricted, so that its area tells. NULL: as none of the
 * table does. A hash that is shorter than the Name's would be the weaker of the
 * two. */
static const cs_alg *
ak_alg(const cs_tpmpub *ak)
{
	const enum cs_hash h = cs_tpm_hash(ak->scheme_hash);
	const uint16_t scheme = ak->kind == CS_KEY_RSA ? CS_TPM_ALG_RSASSA :
	    CS_TPM_ALG_ECDSA;

	if (ak->scheme != scheme || h == CS_HASH_NONE ||
	    cs_hash_len(h) < cs_hash_len(cs_tpm_hash(ak->name_alg)))
		return NULL;
	return cs_alg_of(ak->kind, CS_USE_TPM, h);
}

static int
role_check(const cs_tpmpub *p, enum role role, cs_err *e)
{
	int r;

	if ((r = attributes_check(p, role, e)) != CS_OK)
		return r;
	if (role == EK)
		return cs_tpm_ek_check(p, e);
	if (role == AK && ak_alg(p) == NULL)
		return REFUSE(e, "expected one that signs with ECDSA and "
		    "SHA-256 (P-256), ECDSA and SHA-384 (P-384) or RSASSA and "
		    "SHA-256, a hash as long as its Name's, found scheme "
		    "0x%04x, hash 0x%04x, Name 0x%04x", p->scheme,
		    p->scheme_hash, p->name_alg);
	return CS_OK;
}

/* Its number is one of a key, too, and of one that stays where it is. */
static int
number_check(const cs_spki *s, cs_err *e)
{
	cs_pubkey *k = NULL;
	int r = cs_pubkey_new(s, &k, e);

	cs_pubkey_free(&k);
	if (r == CS_OK && s->kind == CS_KEY_RSA && cs_rsa_is_weak(s->modulus))
		return REFUSE(e, "an RSA key of this shape can be computed "
		    "from its public half (CVE-2017-15361); use an EC key");
	return r;
}

static int
key_read(struct work *w, enum role role, cs_span area, cs_err *e)
{
	cs_tpmpub *p = &w->keys[role].pub;
	cs_spki *spki = &w->keys[role].spki;
	int r;

	if ((w->keys[role].buf = cs_buf_new(SPKI_ROOM)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_tpmpub_parse(area, p, e)) != CS_OK ||
	    (r = role_check(p, role, e)) != CS_OK ||
	    (r = cs_tpmpub_spki(p, w->keys[role].buf, e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(w->keys[role].buf), spki, e)) !=
	    CS_OK || (r = number_check(spki, e)) != CS_OK)
		return cs_wrap(e, "%s", roles[role]);
	return CS_OK;
}

/* One key twice is one that does what another is trusted not to do. */
static int
keys_differ(const struct work *w, cs_err *e)
{
	size_t i, j;

	for (i = 0; i < N_ROLES; i++)
		for (j = i + 1; j < N_ROLES; j++)
			if (cs_span_eq(w->keys[i].spki.der,
			    w->keys[j].spki.der))
				return REFUSE(e, "expected three keys, found "
				    "that %s is %s, too", roles[i], roles[j]);
	return CS_OK;
}

static int
offer_read(struct work *w, const cs_tpmoffer *o, cs_err *e)
{
	int r;

	if ((r = key_read(w, KEY, o->key, e)) != CS_OK ||
	    (r = key_read(w, AK, o->ak, e)) != CS_OK ||
	    (r = key_read(w, EK, o->ek, e)) != CS_OK)
		return r;
	return keys_differ(w, e);
}

static int
proof_fill(struct work *w, const cs_ekname *name, cs_tpm_proof *out, cs_err *e)
{
	const cs_spki *ek = &w->keys[EK].spki;
	int n, r;

	if ((r = cs_key_hash(ek, out->ek_hash, e)) != CS_OK)
		return r;
	cs_spki_name(ek, out->ek);
	n = snprintf(out->attested, sizeof(out->attested), "tpm2:%s",
	    name->manufacturer);
	if (n < 0 || (size_t)n >= sizeof(out->attested))
		return cs_fail(e, CS_EBUG, where, "a proof of %d characters",
		    n);
	out->no_da = (w->keys[KEY].pub.attributes & CS_TPMA_NO_DA) != 0;
	out->spki = w->keys[KEY].buf;
	w->keys[KEY].buf = NULL; /* transferred */
	return CS_OK;
}

int
cs_tpm_offer_check(const cs_tpmoffer *o, const cs_roots *roots, int64_t now,
    cs_tpm_proof *out, cs_err *e)
{
	cs_ekname name = {{0}};
	struct work w = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = offer_read(&w, o, e)) == CS_OK &&
	    (r = cs_tpmek_check(o, w.keys[EK].spki.der, roots, now, &name,
	    out->root, e)) == CS_OK)
		r = proof_fill(&w, &name, out, e);
	work_clear(&w);
	if (r != CS_OK)
		cs_tpm_proof_clear(out);
	return r;
}

/* The credential, and the messages around it. */
static int
challenge_put(cs_tpmchallenge *c, const cs_tpmpub *ek, const cs_tpmname *ak,
    cs_span secret, cs_buf *challenge, cs_buf *kept, cs_err *e)
{
	const size_t at = cs_buf_len(challenge);
	cs_buf *blob = cs_buf_new(BLOB_ROOM), *seed = cs_buf_new(SEED_ROOM);
	cs_tpmsecret s = {.secret = secret};
	int r;

	if (blob == NULL || seed == NULL)
		r = cs_nomem(e, where);
	else if ((r = cs_tpm_credential(ek, ak, secret, blob, seed, e)) ==
	    CS_OK) {
		c->blob = cs_buf_span(blob);
		c->secret = cs_buf_span(seed);
		if ((r = cs_tpmchallenge_put(c, challenge, e)) == CS_OK) {
			s.challenge = *c;
			s.challenge.whole = cs_span_cut(cs_buf_span(challenge),
			    at, cs_buf_len(challenge) - at);
			r = cs_tpmsecret_put(&s, kept, e);
		}
	}
	if (r != CS_OK)
		cs_buf_truncate(challenge, at);
	cs_buf_free(&blob);
	cs_buf_free(&seed);
	return r;
}

/* What nobody else knows: appends to `out`, a secret buf. */
static int
secret_make(cs_buf *out, cs_err *e)
{
	int r = cs_random(cs_buf_tail(out), CS_TPM_SECRET_LEN, e);

	return r == CS_OK ? cs_buf_grew(out, CS_TPM_SECRET_LEN) : r;
}

int
cs_tpm_challenge(const cs_tpmoffer *o, int64_t not_after, cs_buf *challenge,
    cs_buf *kept, cs_err *e)
{
	uint8_t offer[CS_SHA256_LEN] = {0}, nonce[CS_TPM_NONCE_LEN] = {0};
	cs_tpmchallenge c = {.not_after = not_after,
	    .offer = cs_span_of(offer, sizeof(offer)),
	    .nonce = cs_span_of(nonce, sizeof(nonce))};
	cs_buf *secret = cs_secret_new(CS_TPM_SECRET_LEN);
	cs_tpmname name = {{0}, 0};
	cs_tpmpub ak = {0}, ek = {0};
	int r;

	if (secret == NULL)
		return cs_nomem(e, where);
	if ((r = cs_tpmpub_parse(o->ak, &ak, e)) == CS_OK &&
	    (r = cs_tpmpub_parse(o->ek, &ek, e)) == CS_OK &&
	    (r = cs_tpm_name(&ak, &name, e)) == CS_OK &&
	    (r = cs_sha256(o->whole, offer, e)) == CS_OK &&
	    (r = cs_random(nonce, sizeof(nonce), e)) == CS_OK &&
	    (r = secret_make(secret, e)) == CS_OK)
		r = challenge_put(&c, &ek, &name, cs_buf_span(secret),
		    challenge, kept, e);
	cs_buf_free(&secret);
	return r;
}

static int
hash_check(cs_span whole, cs_span expected, const char *what, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(whole, hash, e)) != CS_OK)
		return r;
	if (!cs_span_eq(cs_span_of(hash, sizeof(hash)), expected))
		return REFUSE(e, "the evidence is for another %s than the "
		    "challenge that was kept", what);
	return CS_OK;
}

/* Is it the answer to this challenge, and in time? */
static int
challenge_check(const cs_tpmevidence *v, const cs_tpmchallenge *c, int64_t now,
    cs_err *e)
{
	int r;

	if ((r = hash_check(c->whole, v->challenge, "challenge", e)) != CS_OK ||
	    (r = hash_check(v->offer.whole, c->offer, "offer", e)) != CS_OK)
		return r;
	if (now > c->not_after)
		return REFUSE(e, "the challenge has expired, %lld seconds ago; "
		    "make another", (long long)(now - c->not_after));
	return CS_OK;
}

/* The algorithm is the attestation key's, which the signature repeats. */
static int
signature_bytes(const cs_tpmpub *ak, cs_span in, cs_buf *out, cs_err *e)
{
	cs_tpmsig s = {0};
	int r;

	if ((r = cs_tpmsig_parse(in, &s, e)) != CS_OK)
		return r;
	if (s.alg != ak->scheme || s.hash != ak->scheme_hash)
		return REFUSE(e, "expected scheme 0x%04x and hash 0x%04x, "
		    "which are the attestation key's, found 0x%04x and 0x%04x",
		    ak->scheme, ak->scheme_hash, s.alg, s.hash);
	return cs_tpmsig_put(&s, out, e);
}

static int
signature_check(const cs_tpmpub *ak, const cs_spki *spki,
    const cs_tpmevidence *v, cs_err *e)
{
	const cs_alg *alg = ak_alg(ak);
	cs_buf *sig = cs_buf_new(SPKI_ROOM);
	cs_pubkey *k = NULL;
	int r;

	if (sig == NULL)
		r = cs_nomem(e, where);
	else if (alg == NULL)
		r = cs_fail(e, CS_EBUG, where, "no algorithm");
	else if ((r = signature_bytes(ak, v->signature, sig, e)) == CS_OK &&
	    (r = cs_pubkey_new(spki, &k, e)) == CS_OK)
		r = cs_pubkey_verify(k, alg, v->attest, cs_buf_span(sig), e);
	cs_pubkey_free(&k);
	cs_buf_free(&sig);
	if (r == CS_OK)
		return CS_OK;
	if (r == CS_EREFUSED && e != NULL)
		e->detail = CS_R_EVIDENCE_REFUSED;
	return cs_wrap(e, "the attestation's signature");
}

/* What the TPM has signed: our question, and the owner's key. */
static int
attest_check(const cs_tpmevidence *v, const cs_tpmsecret *kept,
    const cs_tpmpub *key, cs_err *e)
{
	cs_tpmname name = {{0}, 0};
	cs_tpmattest a = {0};
	bool same = false;
	int r;

	if ((r = cs_tpmattest_parse(v->attest, &a, e)) != CS_OK)
		return cs_wrap(e, "the attestation");
	if ((r = cs_tpm_extra_is(kept->challenge.whole, kept->secret, a.extra,
	    &same, e)) != CS_OK || (r = cs_tpm_name(key, &name, e)) != CS_OK)
		return r;
	if (!same)
		return REFUSE(e, "the attestation's extraData does not prove "
		    "that the TPM has decrypted the challenge's secret");
	if (!cs_span_eq(a.name, cs_span_of(name.octets, name.n)))
		return REFUSE(e, "the attestation is about another key than "
		    "the owner's: the Name differs");
	return CS_OK;
}

static int
evidence_check(const cs_tpmevidence *v, const cs_tpmsecret *kept, int64_t now,
    cs_err *e)
{
	struct work w = {0};
	int r;

	if ((r = challenge_check(v, &kept->challenge, now, e)) == CS_OK &&
	    (r = offer_read(&w, &v->offer, e)) == CS_OK &&
	    (r = signature_check(&w.keys[AK].pub, &w.keys[AK].spki, v, e)) ==
	    CS_OK)
		r = attest_check(v, kept, &w.keys[KEY].pub, e);
	work_clear(&w);
	return r;
}

int
cs_tpm_evidence_check(const cs_tpmevidence *v, const cs_tpmsecret *kept,
    const cs_roots *roots, int64_t now, cs_tpm_proof *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_offer_check(&v->offer, roots, now, out, e)) == CS_OK &&
	    (r = evidence_check(v, kept, now, e)) != CS_OK)
		cs_tpm_proof_clear(out);
	return r;
}
