/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/fixture.h"

#include <string.h>

#include <openssl/pem.h>

#include "base/enc.h"
#include "crypt/assertion.h"
#include "fmt/approval.h"
#include "fmt/clientdata.h"
#include "fmt/pem.h"
#include "signer/plain.h"
#include "tests/fault/openssh.h"

#define AGENT "wimse://corp.example/agent/a"
#define OWNER "mailto:alice@corp.example"
#define RP_ID "approve.corp.example"

static bool
make_key(const char *kind, cs_privkey **k, cs_buf **spki)
{
	cs_err e = {0};

	*spki = cs_buf_new(1024);
	return *spki != NULL && cs_privkey_generate(kind, k, &e) == CS_OK &&
	    cs_privkey_spki(*k, *spki, &e) == CS_OK;
}

static int
raw_sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	return cs_privkey_sign(arg, alg, bytes, sig, e);
}

/* The other request is signed by the owner's key instead of the agent's. */
static bool
make_request(const struct fixture *f, cs_privkey *signer, cs_buf **out)
{
	const cs_csr_new n = {.spki = cs_buf_span(f->agent_spki),
	    .agent_id = cs_span_str(AGENT)};
	cs_buf *info = cs_buf_new(4096), *sig = cs_buf_new(1024);
	const cs_alg *a;
	cs_spki key;
	cs_err e = {0};
	bool good;

	*out = cs_buf_new(8192);
	good = cs_csr_put_info(&n, info, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(f->agent_spki), &key, &e) == CS_OK &&
	    cs_alg_choose(&key, CS_USE_PKCS10, f->pss, &a, &e) == CS_OK &&
	    cs_privkey_sign(signer, a, cs_buf_span(info), sig, &e) == CS_OK &&
	    cs_csr_put(cs_buf_span(info), a->sig_alg, cs_buf_span(sig), *out,
	    &e) == CS_OK;
	cs_buf_free(&info);
	cs_buf_free(&sig);
	return good;
}

static bool
put_tbs(struct fixture *f, const uint8_t owner[32], const uint8_t agent[32],
    const uint8_t digest[32])
{
	static const uint8_t id[16] = {1};
	static cs_tbs t;
	cs_err e = {0};

	t.approval_id = cs_span_of(id, sizeof(id));
	t.decision = CS_APPROVE;
	t.owner = cs_span_str(OWNER);
	t.owner_key_hash = cs_span_of(owner, 32);
	t.authority = cs_span_str(FIXTURE_AUTHORITY);
	t.not_before = FIXTURE_NOW - 300;
	t.not_after = FIXTURE_NOW + 900;
	t.n_subjects = 1;
	t.subjects[0].kind = CS_SUBJECT_REQUEST;
	t.subjects[0].agent_id = cs_span_str(AGENT);
	t.subjects[0].agent_key_hash = cs_span_of(agent, 32);
	t.subjects[0].request_digest = cs_span_of(digest, 32);
	t.max_lifetime = 3600;
	t.max_issuances = 1;
	f->tbs = cs_buf_new(CS_TBS_MAX);
	return f->tbs != NULL && cs_tbs_put(&t, f->tbs, &e) == CS_OK;
}

static bool
make_approval(struct fixture *f, cs_span certs, cs_buf **out)
{
	uint8_t owner[32], agent[32], digest[32];
	cs_to_sign what = {.now = FIXTURE_NOW, .certs = certs};
	cs_plain p = {.what = &what,
	    .pss = f->pss,
	    .sign = raw_sign,
	    .arg = f->owner};
	cs_csr *c = NULL;
	cs_err e = {0};
	bool good;

	*out = cs_buf_new(CS_APPROVAL_MAX);
	cs_buf_free(&f->tbs);
	good = cs_csr_parse(cs_buf_span(f->request), &c, &e) == CS_OK &&
	    cs_request_digest(c, digest, &e) == CS_OK &&
	    cs_key_hash(&c->key, agent, &e) == CS_OK &&
	    cs_sha256(cs_buf_span(f->owner_spki), owner, &e) == CS_OK &&
	    put_tbs(f, owner, agent, digest);
	what.tbs = cs_buf_span(f->tbs);
	p.spki = cs_buf_span(f->owner_spki);
	good = good && cs_plain_sign(&p, *out, &e) == CS_OK;
	cs_csr_free(&c);
	return good;
}

/* The forgery is one bit in the approval's signature, its last bytes. */
static bool
make_messages(const struct fixture *f, const cs_buf *approval, cs_buf **good,
    cs_buf **forgery)
{
	const size_t n = cs_buf_len(approval);
	cs_buf *forged = cs_buf_dup(cs_buf_span(approval));
	cs_err e = {0};
	bool made;

	*good = cs_buf_new(32768);
	*forgery = cs_buf_new(32768);
	cs_buf_tail(forged)[-1] ^= 1;
	made = cs_buf_len(forged) == n &&
	    cs_pem_put(*good, CS_PEM_REQUEST, cs_buf_span(f->request), &e) ==
	    CS_OK && cs_pem_put(*good, CS_PEM_APPROVAL, cs_buf_span(approval),
	    &e) == CS_OK && cs_pem_put(*forgery, CS_PEM_REQUEST,
	    cs_buf_span(f->request), &e) == CS_OK &&
	    cs_pem_put(*forgery, CS_PEM_APPROVAL, cs_buf_span(forged), &e) ==
	    CS_OK;
	cs_buf_free(&forged);
	return made;
}

static bool
make_owners(const struct fixture *f, const char *how, cs_buf **out)
{
	*out = cs_buf_new(4096);
	return cs_buf_printf(*out, "%s agents=\"wimse://corp.example/agent\","
	    "%s ", OWNER, how) == CS_OK &&
	    cs_base64_put(*out, cs_buf_span(f->owner_spki), 0) == CS_OK &&
	    cs_buf_put_str(*out, " a key\n") == CS_OK;
}

static bool
make_ca(struct fixture *f)
{
	cs_buf *approval = NULL;
	bool good;

	f->ca_owners = cs_buf_new(4096);
	good = authority_make(&f->ca, cs_buf_span(f->owner_spki), f->pss) &&
	    cs_buf_put_str(f->ca_owners, "* agents=\"wimse://corp.example"
	    "/agent\",owner-san=\"email:*@corp.example\",no-revocation,"
	    "no-touch-required x509-ca ") == CS_OK &&
	    cs_base64_put(f->ca_owners, cs_buf_span(f->ca.root), 0) == CS_OK &&
	    cs_buf_put_str(f->ca_owners, " a CA\n") == CS_OK &&
	    make_approval(f, cs_buf_span(f->ca.certs), &approval) &&
	    make_messages(f, approval, &f->ca_message, &f->forged_ca_message);
	cs_buf_free(&approval);
	return good;
}

static bool
make_pem(struct fixture *f)
{
	static char word[] = FIXTURE_WORD;
	BIO *in = NULL, *out = BIO_new(BIO_s_mem());
	EVP_PKEY *k = NULL;
	char *p = NULL;
	cs_err e = {0};
	bool good;

	good = cs_privkey_write(f->owner, &f->pem, &e) == CS_OK &&
	    (in = BIO_new_mem_buf(cs_buf_span(f->pem).p,
	    (int)cs_buf_len(f->pem))) != NULL &&
	    (k = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL)) != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(out, k, EVP_aes_128_cbc(), word,
	    (int)sizeof(word) - 1, NULL, NULL) == 1;
	if (good) {
		const long n = BIO_get_mem_data(out, &p);

		f->encrypted_pem = cs_buf_dup(cs_span_of(p, (size_t)n));
	}
	EVP_PKEY_free(k);
	BIO_free(in);
	BIO_free(out);
	return good && f->encrypted_pem != NULL;
}

/* What an authenticator would say, signed by the owner's key. */
static bool
put_assertion(struct fixture *f, cs_buf *auth, cs_buf *text, cs_buf *out)
{
	static const uint8_t behind[5] = {0x05};
	const cs_span rp_id = cs_span_str(RP_ID);
	cs_buf *sig = cs_buf_new(1024), *value = cs_buf_new(CS_APPROVAL_MAX);
	cs_buf *bytes = cs_buf_new(128);
	uint8_t hash[32];
	cs_spki k = {0};
	bool good;

	good = cs_assertion_challenge(cs_buf_span(f->tbs), hash, NULL) ==
	    CS_OK && cs_clientdata_put(cs_span_of(hash, 32), cs_span_str(
	    "https://" RP_ID), text, NULL) == CS_OK &&
	    cs_sha256(rp_id, hash, NULL) == CS_OK &&
	    cs_buf_put(auth, cs_span_of(hash, 32)) == CS_OK &&
	    cs_buf_put(auth, cs_span_of(behind, sizeof(behind))) == CS_OK &&
	    cs_sha256(cs_buf_span(text), hash, NULL) == CS_OK &&
	    cs_buf_put(bytes, cs_buf_span(auth)) == CS_OK &&
	    cs_buf_put(bytes, cs_span_of(hash, 32)) == CS_OK &&
	    cs_spki_parse(cs_buf_span(f->owner_spki), &k, NULL) == CS_OK &&
	    cs_privkey_sign(f->owner, cs_alg_of(k.kind, CS_USE_WEBAUTHN,
	    CS_HASH_NONE), cs_buf_span(bytes), sig, NULL) == CS_OK &&
	    cs_webauthn_put(cs_buf_span(f->tbs), cs_buf_span(auth),
	    cs_buf_span(text), cs_buf_span(sig), value, NULL) == CS_OK &&
	    cs_approval_put_webauthn(cs_buf_span(value), out, NULL) == CS_OK;
	cs_buf_free(&bytes);
	cs_buf_free(&value);
	cs_buf_free(&sig);
	return good;
}

static bool
make_assertion(struct fixture *f)
{
	cs_buf *auth = cs_buf_new(64), *text = cs_buf_new(CS_CLIENTDATA_MAX);
	cs_buf *approval = cs_buf_new(CS_APPROVAL_MAX);
	bool good;

	good = put_assertion(f, auth, text, approval) &&
	    make_messages(f, approval, &f->fido_message,
	    &f->forged_fido_message) &&
	    make_owners(f, "rp-id=\"" RP_ID "\" fido2", &f->fido_owners);
	cs_buf_free(&approval);
	cs_buf_free(&auth);
	cs_buf_free(&text);
	return good;
}

bool
fixture_make(struct fixture *f, const char *kind)
{
	f->pss = strcmp(kind, "rsa2048-pss") == 0;
	if (f->pss)
		kind = "rsa2048";
	return make_key(kind, &f->owner, &f->owner_spki) &&
	    make_key(kind, &f->agent, &f->agent_spki) &&
	    make_request(f, f->agent, &f->request) &&
	    make_request(f, f->owner, &f->forged_request) &&
	    make_approval(f, (cs_span){0}, &f->approval) &&
	    make_messages(f, f->approval, &f->message, &f->forged_message) &&
	    (f->openssh = cs_buf_new(CS_APPROVAL_MAX)) != NULL &&
	    openssh_put(f, f->openssh) &&
	    make_owners(f, "no-touch-required spki", &f->owners) &&
	    make_assertion(f) && make_pem(f) && make_ca(f);
}

void
fixture_free(struct fixture *f)
{
	cs_privkey_free(&f->owner);
	cs_privkey_free(&f->agent);
	cs_buf_free(&f->owner_spki);
	cs_buf_free(&f->agent_spki);
	cs_buf_free(&f->request);
	cs_buf_free(&f->forged_request);
	cs_buf_free(&f->tbs);
	cs_buf_free(&f->approval);
	cs_buf_free(&f->message);
	cs_buf_free(&f->forged_message);
	cs_buf_free(&f->fido_owners);
	cs_buf_free(&f->fido_message);
	cs_buf_free(&f->forged_fido_message);
	cs_buf_free(&f->openssh);
	cs_buf_free(&f->owners);
	cs_buf_free(&f->pem);
	cs_buf_free(&f->encrypted_pem);
	authority_free(&f->ca);
	cs_buf_free(&f->ca_owners);
	cs_buf_free(&f->ca_message);
	cs_buf_free(&f->forged_ca_message);
}
