/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/fido.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypt/assertion.h"
#include "fmt/attstmt.h"
#include "fmt/cose.h"
#include "fmt/der.h"
#include "fmt/dn.h"
#include "fmt/reason.h"

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_EVIDENCE_REFUSED, where, \
	    __VA_ARGS__)

#define SPKI_ROOM 1024
#define AAGUID_LEN 16

static const char where[] = "fido";

/* One credential and what was found of it. */
struct work {
	const cs_fido_claim *claim;
	const cs_roots *roots;
	int64_t now;
	cs_authdata auth;
	cs_buf *spki;
	cs_spki key;
	cs_attstmt stmt;
	cs_fido_proof *out;
};

/* The statement is no lie, and no proof. */
CS_PRINTF(2, 3) static int
unproven(cs_fido_proof *out, const char *fmt, ...)
{
	va_list ap;

	out->proof = CS_PROOF_NONE;
	out->attested[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(out->why, sizeof(out->why), fmt, ap);
	va_end(ap);
	return CS_OK;
}

/* What a failure says is why nothing is proven, unless it is our own. */
static int
unproven_by(cs_fido_proof *out, int r, cs_err *e)
{
	if (r != CS_EREFUSED && r != CS_EFORMAT)
		return r;
	r = unproven(out, "%s", e->text);
	cs_err_clear(e);
	return r;
}

/* WebAuthn 7.1, steps 13 to 20, as far as it is the device's answer. */
static int
answer_check(const struct work *w, cs_err *e)
{
	const cs_fido_claim *c = w->claim;
	char found[16], asked[16];
	const cs_spki other = {.kind = c->kind,
	    .bits = c->kind == CS_KEY_P256 ? 256 : 255};
	int r;

	if ((r = cs_assertion_rp(&w->auth, c->rp_id, e)) == CS_EFORMAT)
		return REFUSE(e, "expected a key for the RP ID %.*s, found "
		    "one for another", (int)c->rp_id.n,
		    (const char *)c->rp_id.p);
	if (r != CS_OK)
		return r;
	if (!w->auth.present)
		return REFUSE(e, "expected a key that was made with a touch, "
		    "found one without");
	if (c->verify && !w->auth.verified)
		return REFUSE(e, "expected a key that was made with PIN or "
		    "fingerprint, found one without");
	if (w->key.kind == c->kind)
		return CS_OK;
	cs_spki_name(&w->key, found);
	cs_spki_name(&other, asked);
	return REFUSE(e, "expected a key of kind %s, found %s", asked, found);
}

static int
answer_read(struct work *w, cs_err *e)
{
	cs_pubkey *k = NULL;
	int r;

	if ((w->spki = cs_buf_new(SPKI_ROOM)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_authdata_parse(w->claim->authdata, CS_AUTHDATA_CREDENTIAL,
	    &w->auth, e)) != CS_OK ||
	    (r = cs_cose_spki(w->auth.cose_key, w->spki, e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(w->spki), &w->key, e)) != CS_OK ||
	    (r = cs_pubkey_new(&w->key, &k, e)) != CS_OK)
		return r;
	cs_pubkey_free(&k);
	return answer_check(w, e);
}

/* The kind of key of a COSE algorithm (RFC 9053, RFC 9864, RFC 8812). */
static enum cs_key_kind
kind_of(int64_t alg)
{
	static const struct {
		int64_t alg;
		enum cs_key_kind kind;
	} rows[] = {{-7, CS_KEY_P256}, {-9, CS_KEY_P256}, {-35, CS_KEY_P384},
	    {-51, CS_KEY_P384}, {-8, CS_KEY_ED25519}, {-19, CS_KEY_ED25519},
	    {-257, CS_KEY_RSA}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].alg == alg)
			return rows[i].kind;
	return CS_KEY_NONE;
}

/* A signature that is wrong is a lie, whoever made it. */
static int
signature_check(const cs_spki *key, const struct work *w, cs_span bytes,
    cs_err *e)
{
	const cs_alg *alg = cs_alg_of(key->kind, CS_USE_WEBAUTHN,
	    CS_HASH_NONE);
	cs_pubkey *k = NULL;
	int r;

	if (alg == NULL)
		return CS_BAD(e, CS_R_UNSUPPORTED, where,
		    "a kind of key that signs no attestations");
	if ((r = cs_pubkey_new(key, &k, e)) != CS_OK)
		return r;
	if ((r = cs_pubkey_verify(k, alg, bytes, w->stmt.sig, e)) ==
	    CS_EREFUSED) {
		r = cs_wrap(e, "the attestation's signature");
		if (e != NULL)
			e->detail = CS_R_EVIDENCE_REFUSED;
	}
	cs_pubkey_free(&k);
	return r;
}

/* WebAuthn 8.2: authenticator data and client data's hash. */
static int
packed_signature_check(const cs_spki *key, const struct work *w, cs_err *e)
{
	cs_span auth = w->claim->authdata;
	cs_buf *b;
	int r;

	if (kind_of(w->stmt.alg) != key->kind)
		return REFUSE(e, "the attestation's algorithm (%lld) is not "
		    "that of the key which signed it",
		    (long long)w->stmt.alg);
	if ((b = cs_buf_new(auth.n + CS_SHA256_LEN)) == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put(b, auth) != CS_OK || cs_buf_put(b,
	    cs_span_of(w->claim->client_data_hash, CS_SHA256_LEN)) != CS_OK)
		r = cs_nomem(e, where);
	else
		r = signature_check(key, w, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

/* WebAuthn 8.6: 0x00, RP ID hash, client data's hash, credential, point. */
static int
u2f_signature_check(const cs_spki *key, const struct work *w, cs_err *e)
{
	const cs_span parts[] = {cs_span_of("", 1), w->auth.rp_id_hash,
	    cs_span_of(w->claim->client_data_hash, CS_SHA256_LEN),
	    w->auth.credential_id, w->key.point};
	size_t i, n = 0;
	cs_buf *b;
	int r = CS_OK;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		n += parts[i].n;
	if ((b = cs_buf_new(n)) == NULL)
		return cs_nomem(e, where);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (cs_buf_put(b, parts[i]) != CS_OK)
			r = cs_nomem(e, where);
	if (r == CS_OK)
		r = signature_check(key, w, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

/* The extension is an OCTET STRING of 16 within its own (WebAuthn 8.2.1). One
 * that names another model than the device does is a lie. */
static int
model_check(const struct work *w, const cs_attcert *c, bool *named, cs_err *e)
{
	cs_span v = {0}, aaguid = {0};
	int r;

	*named = false;
	if ((r = cs_attcert_extension(c, CS_OID_FIDO_AAGUID, &v, NULL, e)) !=
	    CS_OK || v.p == NULL)
		return r;
	if ((r = cs_der_walk(v, 0, e)) != CS_OK ||
	    (r = cs_der_get(&v, CS_DER_OCTETS, &aaguid, e)) != CS_OK ||
	    (r = cs_der_end(v, "the AAGUID", e)) != CS_OK)
		return cs_wrap(e, "the attestation's certificate: AAGUID");
	if (!cs_span_eq(aaguid, w->auth.aaguid))
		return REFUSE(e, "the attestation's certificate names another "
		    "model (AAGUID) than the device does");
	*named = true;
	return CS_OK;
}

/* WebAuthn 8.2.1: C, O, OU and CN, each once. */
struct subject {
	unsigned c, o, ou, cn;
	bool right;
};

static int
subject_part(void *arg, cs_span type, cs_span value, cs_err *e)
{
	struct subject *s = arg;
	const char *name = cs_oid_name(type);

	(void)e;
	if (name == NULL)
		return CS_OK;
	s->c += strcmp(name, "C") == 0;
	s->o += strcmp(name, "O") == 0;
	s->cn += strcmp(name, "CN") == 0;
	if (strcmp(name, "OU") == 0) {
		s->ou++;
		s->right = cs_span_is(value, "Authenticator Attestation");
	}
	return CS_OK;
}

/* CS_EREFUSED: not what 8.2.1 asks of an attestation certificate. The absence
 * of basicConstraints is let pass: what counts is that it is no CA's. */
static int
profile_check(const cs_attcert *c, cs_err *e)
{
	cs_span name = cs_attcert_subject(c);
	struct subject s = {0};
	int r;

	if (!cs_attcert_is_v3(c) || cs_attcert_is_ca(c))
		return REFUSE(e, "its certificate is %s (WebAuthn 8.2.1)",
		    cs_attcert_is_ca(c) ? "a CA's" : "not of version 3");
	if ((r = cs_der_walk(name, 0, e)) != CS_OK ||
	    (r = cs_dn_each(name, subject_part, &s, e)) != CS_OK)
		return cs_wrap(e, "its certificate's subject");
	if (s.c != 1 || s.o != 1 || s.cn != 1 || s.ou != 1 || !s.right)
		return REFUSE(e, "its certificate's subject is not that of an "
		    "attestation (WebAuthn 8.2.1)");
	return CS_OK;
}

static bool
is_zero(cs_span s)
{
	uint8_t all = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		all |= s.p[i];
	return all == 0;
}

/* "fido2:" and the AAGUID as models are listed, RFC 9562 section 4. */
static int
model_put(const struct work *w, cs_err *e)
{
	const uint8_t *a = w->auth.aaguid.p;
	int n;

	n = snprintf(w->out->attested, sizeof(w->out->attested),
	    "fido2:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", a[0], a[1], a[2], a[3], a[4], a[5],
	    a[6], a[7], a[8], a[9], a[10], a[11], a[12], a[13], a[14], a[15]);
	if (n < 0 || (size_t)n >= sizeof(w->out->attested))
		return cs_fail(e, CS_EBUG, where, "an AAGUID of %d letters",
		    n);
	w->out->proof = CS_PROOF_FIDO2;
	return CS_OK;
}

static int
root_put(const struct work *w, const uint8_t root[CS_SHA256_LEN])
{
	char *p = w->out->attested;
	size_t i, n = 0;

	n += (size_t)snprintf(p, sizeof(w->out->attested), "u2f:");
	for (i = 0; i < CS_SHA256_LEN; i++)
		n += (size_t)snprintf(p + n, sizeof(w->out->attested) - n,
		    "%02x", root[i]);
	w->out->proof = CS_PROOF_U2F;
	return CS_OK;
}

static int
path_find(const struct work *w, uint8_t root[CS_SHA256_LEN], cs_err *e)
{
	const cs_attpath p = {.leaf = w->stmt.certs[0],
	    .between = w->stmt.certs + 1, .n = w->stmt.n - 1, .now = w->now,
	    .bare_unless = CS_OID_END};

	return cs_roots_verify(w->roots, &p, root, e);
}

/* What the manufacturer's certificate makes of a statement that holds. A model
 * that only the device names, with a key of a manufacturer who may have many
 * models, is not proven. */
static int
packed_rate(const struct work *w, const cs_attcert *c, bool named, cs_err *e)
{
	uint8_t root[CS_SHA256_LEN];
	int r;

	if (w->roots == NULL)
		return unproven(w->out, "no roots were given that its "
		    "attestation could lead to");
	if ((r = profile_check(c, e)) != CS_OK ||
	    (r = path_find(w, root, e)) != CS_OK)
		return unproven_by(w->out, r, e);
	if (!named || is_zero(w->auth.aaguid))
		return unproven(w->out, "its certificate names no model "
		    "(id-fido-gen-ce-aaguid, WebAuthn 8.2.1)");
	return model_put(w, e);
}

static int
packed_check(const struct work *w, const cs_attcert *c, cs_err *e)
{
	cs_spki key = {0};
	bool named = false;
	int r;

	if ((r = cs_attcert_key(c, &key, e)) != CS_OK)
		return unproven_by(w->out, r, e);
	if (key.kind == CS_KEY_RSA)
		return unproven(w->out, "its attestation is signed with RSA, "
		    "which is not looked at");
	if ((r = packed_signature_check(&key, w, e)) != CS_OK ||
	    (r = model_check(w, c, &named, e)) != CS_OK)
		return r;
	return packed_rate(w, c, named, e);
}

static int
u2f_check(const struct work *w, const cs_attcert *c, cs_err *e)
{
	uint8_t root[CS_SHA256_LEN];
	cs_spki key = {0};
	int r;

	if (w->stmt.n != 1 || w->key.kind != CS_KEY_P256)
		return REFUSE(e, "expected one certificate and a key of kind "
		    "P-256 in an attestation of fido-u2f, found others");
	if ((r = cs_attcert_key(c, &key, e)) != CS_OK)
		return r;
	if (key.kind != CS_KEY_P256)
		return REFUSE(e, "expected an attestation key of kind P-256, "
		    "found another");
	if ((r = u2f_signature_check(&key, w, e)) != CS_OK)
		return r;
	if (w->roots == NULL)
		return unproven(w->out, "no roots were given that its "
		    "attestation could lead to");
	if (cs_attcert_is_ca(c))
		return unproven(w->out, "its certificate is a CA's");
	/* CTAP 2.1 section 7.1 has zeros, and the signature has none. */
	if (!is_zero(w->auth.aaguid))
		return unproven(w->out, "it names a model (AAGUID), which "
		    "fido-u2f does not know");
	if ((r = path_find(w, root, e)) != CS_OK)
		return unproven_by(w->out, r, e);
	return root_put(w, root);
}

static int
certified_check(const struct work *w, cs_err *e)
{
	cs_attcert *c = NULL;
	int r;

	if ((r = cs_attcert_new(w->stmt.certs[0], &c, e)) == CS_OK)
		r = w->stmt.format == CS_ATTFMT_PACKED ?
		    packed_check(w, c, e) : u2f_check(w, c, e);
	cs_attcert_free(&c);
	return r;
}

static int
statement_check(const struct work *w, cs_err *e)
{
	int r;

	if (w->stmt.format == CS_ATTFMT_NONE)
		return unproven(w->out, "it comes without attestation");
	if (w->stmt.n != 0)
		return certified_check(w, e);
	if (w->stmt.format != CS_ATTFMT_PACKED)
		return CS_BAD(e, CS_R_MALFORMED, where, "an attestation of "
		    "fido-u2f without a certificate");
	if ((r = packed_signature_check(&w->key, w, e)) != CS_OK)
		return r;
	return unproven(w->out, "only the key itself attests it (self "
	    "attestation)");
}

/* A format that is not read here may be as honest as any. */
static int
statement_read(struct work *w, cs_err *e)
{
	const cs_fido_claim *c = w->claim;
	int r;

	if (c->statement.p == NULL && cs_span_is(c->format, "none"))
		return statement_check(w, e);
	r = cs_attstmt_parse(c->format, c->statement, &w->stmt, e);
	if (r == CS_EFORMAT && e->detail == CS_R_UNSUPPORTED)
		return unproven_by(w->out, r, e);
	return r == CS_OK ? statement_check(w, e) : r;
}

int
cs_fido_attest(const cs_fido_claim *c, const cs_roots *roots, int64_t now,
    cs_fido_proof *out, cs_err *e)
{
	struct work w = {.claim = c, .roots = roots, .now = now, .out = out};
	cs_err own = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if (e == NULL)
		e = &own;
	if ((r = answer_read(&w, e)) == CS_OK)
		r = statement_read(&w, e);
	if (r == CS_OK && out->proof != CS_PROOF_NONE &&
	    w.auth.backup_eligible)
		r = unproven(out, "the key may leave its device (backup "
		    "eligible)");
	if (r != CS_OK)
		memset(out, 0, sizeof(*out));
	cs_buf_free(&w.spki);
	return r;
}
