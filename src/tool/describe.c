/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/describe.h"

#include "base/enc.h"
#include "crypt/pubkey.h"
#include "tool/subject.h"

int
cs_describe_key(cs_span der, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_spki k = {0};
	char name[16];
	int r;

	if ((r = cs_sha256(der, hash, e)) != CS_OK)
		return r;
	if (cs_spki_parse(der, &k, NULL) == CS_OK) {
		cs_spki_name(&k, name);
		cs_out_str(out, "key_type", "key", name);
	} else
		cs_out_str(out, "key_type", "key",
		    "of a kind that is not used here");
	cs_out_hash(out, "key_hash", "key hash",
	    cs_span_of(hash, sizeof(hash)));
	return CS_OK;
}

int
cs_describe_owner_key(cs_span der, cs_out *out, cs_err *e)
{
	cs_buf *b = NULL;
	cs_spki k = {0};
	int r;

	if ((r = cs_describe_key(der, out, e)) != CS_OK ||
	    cs_spki_parse(der, &k, NULL) != CS_OK)
		return r;
	b = cs_buf_new(der.n / 3 * 4 + 4);
	if (b == NULL || cs_base64_put(b, der, 0) != CS_OK)
		r = cs_nomem(e, "describe");
	else
		cs_out_span(out, "spki", "for an owners file",
		    cs_buf_span(b));
	cs_buf_free(&b);
	return r;
}

static void
put_holder(cs_span der, cs_out *out)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_spki k = {0};
	char name[16];

	cs_out_hex(out, "holder_key", NULL, der);
	if (cs_spki_parse(der, &k, NULL) != CS_OK ||
	    cs_sha256(der, hash, NULL) != CS_OK)
		return;
	cs_spki_name(&k, name);
	cs_out_str(out, "holder_key_type", "holder's key", name);
	cs_out_hash(out, "holder_key_hash", "holder's key hash",
	    cs_span_of(hash, sizeof(hash)));
}

static void
put_subject(const cs_subject *s, cs_out *out)
{
	static const char *const kinds[] = {"request", "key", "grant"};

	switch (s->kind) {
	case CS_SUBJECT_REQUEST:
		cs_out_object(out, NULL, "for one request");
		break;
	case CS_SUBJECT_KEY:
		cs_out_object(out, NULL, "for one key");
		break;
	case CS_SUBJECT_GRANT:
		cs_out_object(out, NULL,
		    "for requests that a holder approves");
		break;
	}
	cs_out_str(out, "kind", NULL, kinds[s->kind]);
	cs_out_span(out, "agent", s->kind == CS_SUBJECT_GRANT ?
	    "agents below" : "agent", s->agent_id);
	if (s->agent_key_hash.p != NULL)
		cs_out_hash(out, "agent_key", "agent's key hash",
		    s->agent_key_hash);
	if (s->request_digest.p != NULL)
		cs_out_hex(out, "request_digest", "request digest",
		    s->request_digest);
	if (s->holder_key.p != NULL)
		put_holder(s->holder_key, out);
	cs_out_close(out);
}

int
cs_describe_tbs(const cs_tbs *t, cs_out *out, cs_err *e)
{
	bool deny = t->decision == CS_DENY;
	uint8_t hash[CS_SHA256_LEN];
	size_t i;
	int r;

	if ((r = cs_sha256(t->der, hash, e)) != CS_OK)
		return r;
	cs_out_str(out, "decision", "decision",
	    t->decision == CS_APPROVE ? "approve" : "deny");
	cs_out_span(out, "owner", "owner", t->owner);
	cs_out_hash(out, "owner_key", "owner's key hash", t->owner_key_hash);
	cs_out_span(out, "authority", "authority", t->authority);
	cs_out_time(out, "not_before", deny ? "counts from" :
	    "can be used from", t->not_before);
	cs_out_time(out, "not_after", deny ? "counts until" :
	    "can be used until", t->not_after);
	cs_out_duration(out, "max_lifetime", deny ? NULL :
	    "each credential at most", t->max_lifetime);
	cs_out_int(out, "max_issuances", deny ? NULL : "times of each kind",
	    t->max_issuances);
	cs_out_list(out, "subjects", NULL);
	for (i = 0; i < t->n_subjects; i++)
		put_subject(&t->subjects[i], out);
	cs_out_close(out);
	if (t->purpose.p != NULL)
		cs_out_span(out, "purpose", "owner says", t->purpose);
	if (t->nonce.p != NULL)
		cs_out_hex(out, "nonce", "nonce", t->nonce);
	if (t->under_grant.p != NULL)
		cs_out_hex(out, "under_grant", "under grant", t->under_grant);
	if (t->extensions.p != NULL)
		cs_out_hex(out, "extensions", "extensions", t->extensions);
	cs_out_hex(out, "approval_id", "approval id", t->approval_id);
	cs_out_hex(out, "tbs_sha256", "TBS hash",
	    cs_span_of(hash, sizeof(hash)));
	return CS_OK;
}

/* An approval does not carry its key, so that any kind may do. */
static const char *
alg_name(enum cs_alg_use use, cs_span sig_alg, cs_span digest_alg)
{
	unsigned k;
	cs_alg a;

	for (k = CS_KEY_NONE; k <= CS_KEY_ED25519; k++)
		if (cs_alg_match((enum cs_key_kind)k, use, sig_alg, digest_alg,
		    &a, NULL) == CS_OK)
			return a.name;
	return "of a kind that is not used here";
}

int
cs_describe_approval(const cs_approval *a, cs_out *out, cs_err *e)
{
	int r;

	cs_out_str(out, "carrier", "carried as", cs_carrier_name(a->carrier));
	if (a->carrier == CS_CARRIER_CMS)
		cs_out_str(out, "algorithm", "signed with",
		    alg_name(CS_USE_CMS, a->cms.sig_alg, a->cms.digest_alg));
	if ((r = cs_describe_tbs(&a->tbs, out, e)) != CS_OK)
		return r;
	switch (a->carrier) {
	case CS_CARRIER_CMS:
		return cs_describe_carried(&a->cms, out, e);
	case CS_CARRIER_WEBAUTHN:
		return cs_describe_webauthn(&a->webauthn, out, e);
	case CS_CARRIER_SSHSIG:
		return cs_describe_sshsig(&a->sshsig, out, e);
	case CS_CARRIER_NONE:
		break;
	}
	return CS_OK;
}

static int
put_approvals(const cs_csr *c, cs_out *out, cs_err *e)
{
	cs_approval *a = NULL;
	cs_err why = {0};
	size_t i;
	int r = CS_OK;

	if (c->n_approvals == 0)
		return CS_OK;
	cs_out_list(out, "approvals", NULL);
	for (i = 0; r == CS_OK && i < c->n_approvals; i++) {
		cs_out_object(out, NULL, "approval");
		if (cs_approval_parse(c->approvals[i], 0, &a, &why) == CS_OK)
			r = cs_describe_approval(a, out, e);
		else
			cs_out_str(out, "broken", "broken", why.text);
		cs_approval_free(&a);
		cs_out_close(out);
	}
	cs_out_close(out);
	return r;
}

static int
put_digest(const cs_csr *c, cs_out *out, cs_err *e)
{
	uint8_t digest[CS_SHA256_LEN];
	int r = cs_request_digest(c, digest, e);

	if (r == CS_OK)
		cs_out_hex(out, "request_digest", "request digest",
		    cs_span_of(digest, sizeof(digest)));
	return r;
}

int
cs_describe_request(const cs_csr *c, cs_out *out, cs_err *e)
{
	const cs_span none = {NULL, 0};
	cs_err why = {0};
	int r;

	cs_out_span(out, "agent", "agent", c->agent_id);
	if ((r = cs_describe_key(c->key.der, out, e)) != CS_OK ||
	    (r = put_digest(c, out, e)) != CS_OK)
		return r;
	cs_out_str(out, "algorithm", "signed with",
	    alg_name(CS_USE_PKCS10, c->sigalg, none));
	r = cs_csr_verify(c, &why);
	cs_out_bool(out, "proof_of_possession", NULL, r == CS_OK);
	cs_out_str(out, NULL, "own signature", r == CS_OK ? "good" : why.text);
	cs_out_int(out, "ignored", "attributes not read",
	    (int64_t)c->n_ignored);
	if (c->evidence.p != NULL)
		cs_out_int(out, "evidence_octets", "evidence, octets",
		    (int64_t)c->evidence.n);
	cs_out_object(out, "agent_says",
	    "the agent says, which nobody has checked");
	cs_subject_put("subject", c->subject, out);
	if (c->purpose.p != NULL)
		cs_out_span(out, "purpose", "purpose", c->purpose);
	if (c->intended_owner.p != NULL)
		cs_out_span(out, "asks", "asks", c->intended_owner);
	cs_out_close(out);
	return put_approvals(c, out, e);
}

static void
put_flag(cs_out *out, const char *name, bool v)
{
	cs_out_bool(out, name, v ? name : NULL, v);
}

static void
put_limit(cs_out *out, const char *name, int64_t v, bool is_duration)
{
	if (v == 0)
		return;
	if (is_duration)
		cs_out_duration(out, name, name, v);
	else
		cs_out_int(out, name, name, v);
}

static void
put_when(cs_out *out, const char *name, bool has, int64_t t)
{
	if (has)
		cs_out_time(out, name, name, t);
}

static void
put_authority(const cs_anchor *a, cs_out *out)
{
	cs_out_span(out, "owner-san", "owner-san", a->owner_san);
	if (a->eku.p != NULL)
		cs_out_span(out, "eku", "eku", a->eku);
	if (a->crl.p != NULL)
		cs_out_span(out, "crl", "crl", a->crl);
	put_flag(out, "no-revocation", a->no_revocation);
}

static void
put_fido(const cs_anchor *a, cs_out *out)
{
	cs_out_span(out, "rp-id", "rp-id", a->rp_id);
	if (a->credential_id.p != NULL)
		cs_out_span(out, "credential-id", "credential-id",
		    a->credential_id);
	if (a->origins.p != NULL)
		cs_out_span(out, "origins", "origins", a->origins);
}

static void
put_type(const cs_anchor *a, cs_out *out)
{
	static const struct {
		enum cs_anchor_type type;
		const char *name;
	} types[] = {{CS_ANCHOR_SPKI, "spki"}, {CS_ANCHOR_FIDO2, "fido2"},
	    {CS_ANCHOR_X509, "x509-ca"}};
	const char *name = a->ssh.type;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == a->type)
			name = types[i].name;
	if (name != NULL)
		cs_out_str(out, "type", a->type == CS_ANCHOR_FIDO2 ? "type" :
		    NULL, name);
}

static void
put_proof(const cs_anchor *a, cs_out *out)
{
	bool tpm = a->proof == CS_PROOF_TPM2;

	cs_out_span(out, "attested", tpm ? NULL : "attested", a->proof_text);
	if (tpm)
		cs_out_printf(out, NULL, "attested", "%.*s, hardware; a TPM "
		    "never proves presence", (int)a->proof_text.n,
		    a->proof_text.p);
}

int
cs_describe_anchor(const cs_anchor *a, cs_out *out, cs_err *e)
{
	int r;

	cs_out_int(out, "line", "line", a->line);
	cs_out_span(out, "owner", "owner", a->owner);
	put_type(a, out);
	if ((r = cs_describe_key(a->key.der, out, e)) != CS_OK)
		return r;
	if (a->ssh.blob.p != NULL &&
	    (r = cs_describe_sshkey(&a->ssh, out, e)) != CS_OK)
		return r;
	cs_out_span(out, "agents", "agents", a->agents);
	if (a->group.p != NULL)
		cs_out_span(out, "group", "group", a->group);
	if (a->type == CS_ANCHOR_X509)
		put_authority(a, out);
	if (a->type == CS_ANCHOR_FIDO2)
		put_fido(a, out);
	put_flag(out, "grants", a->grants);
	put_flag(out, "shared-key", a->shared_key);
	put_flag(out, "hardware", a->hardware);
	put_flag(out, "hardware-required", a->hardware_required);
	put_flag(out, "verify-required", a->verify_required);
	put_flag(out, "no-touch-required", a->no_touch_required);
	put_flag(out, "counter-strict", a->counter_strict);
	if (a->proof_text.p != NULL)
		put_proof(a, out);
	put_limit(out, "max-lifetime", a->max_lifetime, true);
	put_limit(out, "max-issuances", a->max_issuances, false);
	put_limit(out, "max-window", a->max_window, true);
	put_when(out, "valid-after", a->has_valid_after, a->valid_after);
	put_when(out, "valid-before", a->has_valid_before, a->valid_before);
	put_when(out, "revoked", a->has_revoked, a->revoked);
	if (a->comment.p != NULL && a->comment.n != 0)
		cs_out_span(out, "comment", "comment", a->comment);
	return CS_OK;
}
