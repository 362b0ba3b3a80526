/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/agentowner.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "fmt/der.h"
#include "fmt/ssh.h"

static void
put_der_pair(cs_buf *out, cs_span der)
{
	cs_span body, n;

	if (cs_der_get(&der, CS_DER_SEQ, &body, NULL) != CS_OK)
		abort();
	while (body.n != 0) { /* an INTEGER's content is an mpint's */
		if (cs_der_get(&body, CS_DER_INTEGER, &n, NULL) != CS_OK)
			abort();
		cs_ssh_put_string(out, n);
	}
}

static void
put_sk(const struct owner *o, cs_span data, cs_buf *out)
{
	uint8_t app[CS_SHA256_LEN], hash[CS_SHA256_LEN];
	cs_err e;

	if (cs_sha256(cs_span_str(OWNER_APPLICATION), app, &e) != CS_OK ||
	    cs_sha256(data, hash, &e) != CS_OK ||
	    cs_buf_put(out, cs_span_of(app, 32)) != CS_OK ||
	    cs_buf_put_byte(out, o->flags) != CS_OK)
		abort();
	cs_ssh_put_u32(out, 9);
	if (cs_buf_put(out, cs_span_of(hash, 32)) != CS_OK)
		abort();
}

static void
raw_signature(struct owner *o, cs_span data, cs_buf *out)
{
	const bool rsa = o->pub.kind == CS_KEY_RSA;
	const cs_alg *alg = cs_alg_of(o->pub.kind, CS_USE_SSHSIG,
	    rsa ? CS_SHA512 : CS_HASH_NONE);
	cs_buf *sig = cs_buf_new(1024), *bytes = cs_buf_new(1024);
	cs_err e = {0};

	if (o->is_sk)
		put_sk(o, data, bytes);
	else if (cs_buf_put(bytes, data) != CS_OK)
		abort();
	if (o->other_data && cs_buf_put_byte(bytes, 0) != CS_OK)
		abort();
	if (cs_privkey_sign(o->signs != NULL ? o->signs : o->key, alg,
	    cs_buf_span(bytes), sig, &e) != CS_OK)
		abort();
	if (o->pub.kind == CS_KEY_P256 || o->pub.kind == CS_KEY_P384)
		put_der_pair(out, cs_buf_span(sig));
	else if (cs_buf_put(out, cs_buf_span(sig)) != CS_OK)
		abort();
	cs_buf_free(&sig);
	cs_buf_free(&bytes);
}

static void
agent_signs(void *arg, cs_span blob, cs_span data, uint32_t flags, cs_buf *out)
{
	struct owner *o = arg;
	const bool rsa = o->pub.kind == CS_KEY_RSA;
	const char *type = rsa ? "rsa-sha2-512" : o->type;
	cs_buf *sig, *inner, *body;

	if (o->raw.p != NULL) {
		if (o->raw.n != 0 && cs_buf_put(out, o->raw) != CS_OK)
			abort();
		return;
	}
	sig = cs_buf_new(1024);
	inner = cs_buf_new(1024);
	body = cs_buf_new(1100);
	if (!cs_span_eq(blob, cs_buf_span(o->blob)) ||
	    flags != (rsa ? 4U : 0U))
		abort();
	raw_signature(o, data, inner);
	cs_ssh_put_string(sig, cs_span_str(o->sig_type != NULL ? o->sig_type :
	    type));
	cs_ssh_put_string(sig, cs_buf_span(inner));
	if (o->is_sk) {
		if (cs_buf_put_byte(sig, o->said != 0 ? o->said : o->flags) !=
		    CS_OK)
			abort();
		cs_ssh_put_u32(sig, 9);
	}
	cs_ssh_put_string(body, cs_buf_span(sig));
	fake_put_message(out, 14, cs_buf_span(body));
	cs_buf_free(&sig);
	cs_buf_free(&inner);
	cs_buf_free(&body);
}

static void
put_blob(struct owner *o)
{
	static const uint8_t f4[] = {1, 0, 1};
	cs_buf *n = cs_buf_new(600);

	cs_ssh_put_string(o->blob, cs_span_str(o->type));
	if (o->pub.kind == CS_KEY_P256 || o->pub.kind == CS_KEY_P384)
		cs_ssh_put_string(o->blob, cs_span_str(
		    o->pub.kind == CS_KEY_P256 ? "nistp256" : "nistp384"));
	if (o->pub.kind == CS_KEY_RSA) {
		cs_ssh_put_string(o->blob, cs_span_of(f4, sizeof(f4)));
		if (cs_buf_put_byte(n, 0) != CS_OK ||
		    cs_buf_put(n, o->pub.modulus) != CS_OK)
			abort();
		cs_ssh_put_string(o->blob, cs_buf_span(n));
	} else {
		cs_ssh_put_string(o->blob, o->pub.point);
	}
	if (o->is_sk)
		cs_ssh_put_string(o->blob, cs_span_str(OWNER_APPLICATION));
	cs_buf_free(&n);
}

static void
put_list(struct owner *o)
{
	cs_buf *body = cs_buf_new(2048);

	cs_ssh_put_u32(body, 1);
	cs_ssh_put_string(body, cs_buf_span(o->blob));
	cs_ssh_put_string(body, cs_span_str("alice@laptop"));
	fake_put_message(o->list, 12, cs_buf_span(body));
	o->agent.list = cs_buf_span(o->list);
	cs_buf_free(&body);
}

void
owner_asks(struct owner *o, const uint8_t hash[CS_SHA256_LEN])
{
	static const uint8_t id[16] = {1}, digest[32] = {2};
	static cs_tbs t;

	t.approval_id = cs_span_of(id, sizeof(id));
	t.decision = CS_APPROVE;
	t.owner = cs_span_str("mailto:alice@corp.example");
	t.owner_key_hash = cs_span_of(hash, CS_SHA256_LEN);
	t.authority = cs_span_str("https://corp.example");
	t.not_before = OWNER_NOW - 300;
	t.not_after = OWNER_NOW + 900;
	t.n_subjects = 1;
	t.subjects[0].agent_id = cs_span_str("wimse://corp.example/agent/a");
	t.subjects[0].agent_key_hash = cs_span_of(digest, 32);
	t.subjects[0].request_digest = cs_span_of(digest, 32);
	t.max_lifetime = 3600;
	t.max_issuances = 1;
	t.under_grant = o->under_grant ? cs_span_of(digest, 32) : (cs_span){0};
	cs_buf_reset(o->tbs);
	if (cs_tbs_put(&t, o->tbs, NULL) != CS_OK)
		abort();
}

bool
owner_new(struct owner *o, const char *kind, const char *type)
{
	cs_err e = {0};

	memset(o, 0, sizeof(*o));
	o->type = type;
	o->is_sk = strncmp(type, "sk-", 3) == 0;
	o->flags = 1;
	o->spki = cs_buf_new(1024);
	o->blob = cs_buf_new(1024);
	o->list = cs_buf_new(2048);
	o->tbs = cs_buf_new(CS_TBS_MAX);
	if (cs_privkey_generate(kind, &o->key, &e) != CS_OK ||
	    cs_privkey_spki(o->key, o->spki, &e) != CS_OK ||
	    cs_spki_parse(cs_buf_span(o->spki), &o->pub, &e) != CS_OK ||
	    cs_key_hash(&o->pub, o->hash, &e) != CS_OK)
		return false;
	put_blob(o);
	put_list(o);
	owner_asks(o, o->hash);
	o->agent.sign = agent_signs;
	o->agent.arg = o;
	return fake_agent_start(&o->agent);
}

void
owner_free(struct owner *o)
{
	fake_agent_stop(&o->agent);
	cs_privkey_free(&o->key);
	cs_buf_free(&o->spki);
	cs_buf_free(&o->blob);
	cs_buf_free(&o->list);
	cs_buf_free(&o->tbs);
}
