/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/sshverify.h"

#include "fmt/ssh.h"

static const char where[] = "crypt/sshverify";

#define SIGNED_MAX 256  /* an envelope around a hash */
#define EC_SIG_MAX 128

int
cs_sshsig_to_sign(bool sha512, cs_span message, cs_buf *out, cs_err *e)
{
	const enum cs_hash h = sha512 ? CS_SHA512 : CS_SHA256;
	uint8_t hash[CS_HASH_MAX];
	int r;

	if ((r = cs_hash(h, message, hash, e)) != CS_OK)
		return r;
	return cs_sshsig_put_signed(sha512, cs_span_of(hash, cs_hash_len(h)),
	    out, e);
}

/* PROTOCOL.u2f: what a security key signs for these bytes. */
static int
put_sk(const cs_sshsig *s, cs_span bytes, cs_buf *out, cs_err *e)
{
	uint8_t app[CS_SHA256_LEN], hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(s->key.application, app, e)) != CS_OK ||
	    (r = cs_sha256(bytes, hash, e)) != CS_OK)
		return r;
	if (cs_buf_put(out, cs_span_of(app, sizeof(app))) != CS_OK ||
	    cs_buf_put_byte(out, s->flags) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room");
	cs_ssh_put_u32(out, s->counter);
	if (cs_buf_put(out, cs_span_of(hash, sizeof(hash))) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room");
	return CS_OK;
}

static int
put_signed(const cs_sshsig *s, cs_span message, cs_buf *out, cs_err *e)
{
	cs_buf *b;
	int r;

	if (!s->key.is_sk)
		return cs_sshsig_to_sign(s->sha512, message, out, e);
	if ((b = cs_buf_new(SIGNED_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_sshsig_to_sign(s->sha512, message, b, e)) == CS_OK)
		r = put_sk(s, cs_buf_span(b), out, e);
	cs_buf_free(&b);
	return r;
}

static const cs_alg *
alg_of(const cs_sshsig *s)
{
	enum cs_hash h = CS_HASH_NONE;

	if (s->key.kind == CS_KEY_RSA)
		h = s->rsa_sha512 ? CS_SHA512 : CS_SHA256;
	return cs_alg_of(s->key.kind, CS_USE_SSHSIG, h);
}

static int
verify(cs_pubkey *k, const cs_sshsig *s, cs_span bytes, cs_err *e)
{
	const cs_alg *alg = alg_of(s);
	cs_buf *sig;
	int r;

	if (alg == NULL)
		return cs_fail(e, CS_EBUG, where, "%s has no algorithm",
		    s->key.type);
	if (s->key.kind != CS_KEY_P256 && s->key.kind != CS_KEY_P384)
		return cs_pubkey_verify(k, alg, bytes, s->sig, e);
	if ((sig = cs_buf_new(EC_SIG_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_sshsig_ec(s, sig, e)) == CS_OK)
		r = cs_pubkey_verify(k, alg, bytes, cs_buf_span(sig), e);
	cs_buf_free(&sig);
	return r;
}

int
cs_sshsig_verify(cs_pubkey *k, const cs_sshsig *s, cs_span message, cs_err *e)
{
	cs_buf *bytes = cs_buf_new(SIGNED_MAX);
	int r;

	if (bytes == NULL)
		return cs_nomem(e, where);
	if ((r = put_signed(s, message, bytes, e)) == CS_OK)
		r = verify(k, s, cs_buf_span(bytes), e);
	cs_buf_free(&bytes);
	return r;
}
