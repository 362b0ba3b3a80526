/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "crypt/tpmcred.h"
#include "fmt/tpmattest.h"
#include "signer/tpm2area.h"
#include "signer/tpm2ek.h"
#include "signer/tpm2key.h"

/* The owner's side of countersign-formats(5), section 10. */

static const char where[] = "signer/tpm2";

/* The attestation key: a primary key of the endorsement hierarchy, so that the
 * TPM makes the same one again for each step, and nothing has to be kept
 * between them. It signs only what the TPM itself has made. Nobody needs a PIN
 * for it, so wrong ones are not counted. Its `unique` is our own: no other
 * program's key is this one. */
static const TPM2B_PUBLIC ak_template = {.publicArea = {
	.type = TPM2_ALG_ECC,
	.nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
	    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
	    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
	    TPMA_OBJECT_SIGN_ENCRYPT,
	.parameters.eccDetail = {
		.symmetric.algorithm = TPM2_ALG_NULL,
		.scheme = {.scheme = TPM2_ALG_ECDSA,
		    .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
		.curveID = TPM2_ECC_NIST_P256,
		.kdf.scheme = TPM2_ALG_NULL},
	.unique.ecc = {
		.x = {.size = 32, .buffer = "countersign attestation key v1"},
		.y = {.size = 32}}}};

struct bench {
	const cs_tpm2_key *k;
	cs_tpm2 *t;
	cs_tpm2_ek ek;
	ESYS_TR ak;
	cs_buf *ak_area, *ek_area;
	cs_buf *offer; /* TPMKeyOffer */
};

static int
put_offer(struct bench *b, cs_err *e)
{
	cs_tpmoffer o = {.key = cs_buf_span(b->k->public_area),
	    .ak = cs_buf_span(b->ak_area), .ek = cs_buf_span(b->ek_area),
	    .n = b->ek.n};

	memcpy(o.certs, b->ek.certs, sizeof(o.certs));
	if ((b->offer = cs_buf_new(CS_TPM_EVIDENCE_MAX)) == NULL)
		return cs_nomem(e, where);
	return cs_tpmoffer_put(&o, b->offer, e);
}

/* Connects, and makes the keys that the offer names. */
static int
set_up(struct bench *b, const cs_tpm2_key *k, const cs_signer_env *env,
    cs_span certs, cs_err *e)
{
	TPM2B_PUBLIC area;
	int rc;

	memset(b, 0, sizeof(*b));
	b->k = k;
	b->ak = b->ek.handle = ESYS_TR_NONE;
	if ((rc = cs_tpm2_open(env, &b->t, e)) != CS_OK ||
	    (rc = cs_tpm2_ek_find(b->t, certs, &b->ek, e)) != CS_OK)
		return rc;
	if ((rc = cs_tpm2_primary(b->t, ESYS_TR_RH_ENDORSEMENT, &ak_template,
	    &b->ak, &area, e)) != CS_OK)
		return cs_wrap(e, "attestation key");
	if ((rc = cs_tpm2_area_put(&area, &b->ak_area, e)) == CS_OK &&
	    (rc = cs_tpm2_area_put(&b->ek.area, &b->ek_area, e)) == CS_OK)
		rc = put_offer(b, e);
	return rc;
}

static void
take_down(struct bench *b)
{
	if (b->t != NULL)
		cs_tpm2_ek_clear(b->t, &b->ek);
	cs_tpm2_close(&b->t);
	cs_buf_free(&b->ak_area);
	cs_buf_free(&b->ek_area);
	cs_buf_free(&b->offer);
}

/* The server would refuse it; who has such a key should hear of it at once. */
static int
check_key(const cs_tpm2_key *k, cs_err *e)
{
	const uint32_t wanted = CS_TPMA_FIXED_TPM | CS_TPMA_FIXED_PARENT |
	    CS_TPMA_SENSITIVE_DATA_ORIGIN;

	if ((k->pub.attributes & wanted) == wanted)
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, where, "%s was not made in this TPM, or "
	    "can leave it: it can sign, and there is no evidence for it",
	    k->where);
}

int
cs_tpm2_offer(const cs_tpm2_key *k, const cs_signer_env *env, cs_span certs,
    cs_buf *out, cs_err *e)
{
	struct bench b;
	int rc;

	if ((rc = check_key(k, e)) != CS_OK)
		return rc;
	if ((rc = set_up(&b, k, env, certs, e)) == CS_OK &&
	    cs_buf_put(out, cs_buf_span(b.offer)) != CS_OK)
		rc = cs_fail(e, CS_EBUG, where, "no room for an offer");
	take_down(&b);
	return rc;
}

static int
check_offer(const struct bench *b, const cs_tpmchallenge *c, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int rc;

	if ((rc = cs_sha256(cs_buf_span(b->offer), hash, e)) != CS_OK)
		return rc;
	if (cs_span_eq(cs_span_of(hash, sizeof(hash)), c->offer))
		return CS_OK;
	return cs_fail(e, CS_EREFUSED, where, "the challenge is not for what "
	    "%s offers: it is for another key or another TPM, or other "
	    "certificates went along then", b->k->where);
}

/* The PIN is asked while nothing of the TPM is held, so all is made twice. */
static int
check_first(const cs_tpm2_key *k, const cs_signer_env *env,
    const cs_to_respond *what, const cs_tpmchallenge *c, cs_err *e)
{
	struct bench b;
	int rc;

	if ((rc = set_up(&b, k, env, what->certs, e)) == CS_OK)
		rc = check_offer(&b, c, e);
	take_down(&b);
	return rc;
}

/* Says the TPM that a parameter is wrong? Part 2, 6.6.2: a response code of
 * format one with the bit P. */
static bool
is_parameter(TSS2_RC answer)
{
	return (cs_tpm2_code(answer) & TPM2_RC_FMT1) != 0 &&
	    (answer & TPM2_RC_P) != 0;
}

static int
fill(const cs_tpmchallenge *c, TPM2B_ID_OBJECT *blob,
    TPM2B_ENCRYPTED_SECRET *seed, cs_err *e)
{
	if (c->blob.n > sizeof(blob->credential) ||
	    c->secret.n > sizeof(seed->secret))
		return cs_fail(e, CS_EREFUSED, where, "the challenge is none "
		    "that a TPM could take");
	memset(blob, 0, sizeof(*blob));
	memset(seed, 0, sizeof(*seed));
	blob->size = (UINT16)c->blob.n;
	memcpy(blob->credential, c->blob.p, c->blob.n);
	seed->size = (UINT16)c->secret.n;
	memcpy(seed->secret, c->secret.p, c->secret.n);
	return CS_OK;
}

static int
take_secret(const TPM2B_DIGEST *found, cs_buf **out, cs_err *e)
{
	if (found->size != CS_TPM_SECRET_LEN)
		return cs_fail(e, CS_EREFUSED, where, "the challenge holds a "
		    "secret of %u octets, expected %d", found->size,
		    CS_TPM_SECRET_LEN);
	if ((*out = cs_secret_new(CS_TPM_SECRET_LEN)) == NULL)
		return cs_nomem(e, where);
	return cs_buf_put(*out, cs_span_of(found->buffer, found->size));
}

/* No PIN was used here, so that none can be wrong. */
static int
activate_rc(cs_tpm2 *t, TSS2_RC answer, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(answer);

	if (is_parameter(answer))
		return cs_fail(e, CS_EREFUSED, where, "this TPM cannot decrypt "
		    "the challenge: it is not for its endorsement key, not "
		    "for this attestation key, or altered (0x%08x)", answer);
	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL)
		return cs_fail(e, CS_EDEVICE, where, "the TPM's endorsement "
		    "key has an auth value, which countersign does not ask "
		    "for, or what was sent was altered on its way (0x%08x)",
		    answer);
	return cs_tpm2_rc(t, answer, "answer the challenge", e);
}

/* TPM2_ActivateCredential. Its answer is encrypted on its way here, for a
 * session that is salted with the endorsement key. */
static int
activate(struct bench *b, const cs_tpmchallenge *c, cs_buf **secret,
    cs_err *e)
{
	ESYS_TR use = ESYS_TR_NONE, cover = ESYS_TR_NONE;
	TPM2B_ENCRYPTED_SECRET seed;
	TPM2B_DIGEST *found = NULL;
	TPM2B_ID_OBJECT blob;
	TSS2_RC answer;
	int rc;

	if ((rc = fill(c, &blob, &seed, e)) != CS_OK ||
	    (rc = cs_tpm2_session(b->t, b->ek.handle, &cover, e)) != CS_OK ||
	    (rc = cs_tpm2_ek_session(b->t, &b->ek, &use, e)) != CS_OK)
		return rc;
	answer = Esys_ActivateCredential(cs_tpm2_esys(b->t), b->ak,
	    b->ek.handle, ESYS_TR_PASSWORD, use, cover, &blob, &seed,
	    &found);
	if ((rc = activate_rc(b->t, answer, e)) == CS_OK)
		rc = take_secret(found, secret, e);
	if (found != NULL)
		explicit_bzero(found, sizeof(*found));
	Esys_Free(found);
	if (use != ESYS_TR_PASSWORD && use != ESYS_TR_NONE)
		cs_tpm2_flush(b->t, &use);
	cs_tpm2_flush(b->t, &cover);
	cs_tpm2_ek_release(b->t, &b->ek);
	return rc;
}

/* Our own reader has to find in it what the server's will look for. */
static int
check_attest(const TPM2B_ATTEST *found, cs_span extra, const cs_tpm2_key *k,
    cs_err *e)
{
	cs_tpmattest a;
	cs_tpmname name;
	int rc;

	if ((rc = cs_tpmattest_parse(cs_span_of(found->attestationData,
	    found->size), &a, e)) != CS_OK ||
	    (rc = cs_tpm_name(&k->pub, &name, e)) != CS_OK)
		return cs_wrap(e, "what the TPM says of the key");
	if (cs_span_eq(a.extra, extra) &&
	    cs_span_eq(a.name, cs_span_of(name.octets, name.n)))
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, where, "the TPM has certified "
	    "something else than %s", k->where);
}

struct proof {
	TPM2B_ATTEST *attest;
	TPMT_SIGNATURE *sig;
};

static int
certify(struct bench *b, cs_span pin, cs_span extra, struct proof *p,
    cs_err *e)
{
	static const TPMT_SIG_SCHEME keys_own = {.scheme = TPM2_ALG_NULL};
	ESYS_TR key = ESYS_TR_NONE, session = ESYS_TR_NONE;
	TPM2B_DATA data = {.size = (UINT16)extra.n};
	int rc;

	memcpy(data.buffer, extra.p, extra.n);
	if ((rc = cs_tpm2_key_load(b->k, b->t, pin, &key, &session, e)) !=
	    CS_OK)
		return rc;
	rc = cs_tpm2_rc(b->t, Esys_Certify(cs_tpm2_esys(b->t), key, b->ak,
	    session, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &keys_own,
	    &p->attest, &p->sig), "certify the key", e);
	return rc == CS_OK ? check_attest(p->attest, extra, b->k, e) : rc;
}

static int
put_evidence(const struct bench *b, const cs_tpmchallenge *c,
    const struct proof *p, cs_buf *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_tpmevidence v = {0};
	cs_buf *sig = NULL;
	int rc;

	v.offer.whole = cs_buf_span(b->offer);
	v.challenge = cs_span_of(hash, sizeof(hash));
	v.attest = cs_span_of(p->attest->attestationData, p->attest->size);
	if ((rc = cs_sha256(c->whole, hash, e)) == CS_OK &&
	    (rc = cs_tpm2_signature_put(p->sig, &sig, e)) == CS_OK) {
		v.signature = cs_buf_span(sig);
		rc = cs_tpmevidence_put(&v, out, e);
	}
	cs_buf_free(&sig);
	return rc;
}

static int
prove(struct bench *b, const cs_tpmchallenge *c, cs_span pin, cs_buf *out,
    cs_err *e)
{
	uint8_t extra[CS_SHA256_LEN];
	struct proof p = {0};
	cs_buf *secret = NULL;
	int rc;

	if ((rc = activate(b, c, &secret, e)) == CS_OK &&
	    (rc = cs_tpm_extra(c->whole, cs_buf_span(secret), extra, e)) ==
	    CS_OK &&
	    (rc = certify(b, pin, cs_span_of(extra, sizeof(extra)), &p, e)) ==
	    CS_OK)
		rc = put_evidence(b, c, &p, out, e);
	cs_buf_free(&secret);
	Esys_Free(p.attest);
	Esys_Free(p.sig);
	return rc;
}

int
cs_tpm2_respond(const cs_tpm2_key *k, const cs_signer_env *env,
    const cs_to_respond *what, cs_buf *out, cs_err *e)
{
	cs_tpmchallenge c;
	cs_buf *pin = NULL;
	struct bench b;
	int rc;

	if ((rc = cs_tpmchallenge_parse(what->challenge, &c, e)) != CS_OK ||
	    (rc = check_first(k, env, what, &c, e)) != CS_OK ||
	    (rc = cs_tpm2_key_pin(k, env, &pin, e)) != CS_OK)
		return rc;
	if ((rc = set_up(&b, k, env, what->certs, e)) == CS_OK &&
	    (rc = check_offer(&b, &c, e)) == CS_OK)
		rc = prove(&b, &c, cs_buf_span(pin), out, e);
	take_down(&b);
	cs_buf_free(&pin);
	return rc;
}
