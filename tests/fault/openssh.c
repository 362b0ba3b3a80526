/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/openssh.h"

#include "crypt/sshverify.h"
#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/ssh.h"

#define APPLICATION "ssh:"

static const struct {
	const char *key, *sig, *curve;
	bool is_sk;
} types[] = {
	[CS_KEY_P256] = {"sk-ecdsa-sha2-nistp256@openssh.com",
	    "sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", true},
	[CS_KEY_P384] = {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384",
	    "nistp384", false},
	[CS_KEY_RSA] = {"ssh-rsa", "rsa-sha2-512", NULL, false},
	[CS_KEY_ED25519] = {"sk-ssh-ed25519@openssh.com",
	    "sk-ssh-ed25519@openssh.com", NULL, true},
};

static bool
put_key(const cs_spki *k, cs_buf *out)
{
	static const uint8_t f4[] = {1, 0, 1};
	cs_buf *n = cs_buf_new(600);
	bool good = cs_buf_put_byte(n, 0) == CS_OK;

	cs_ssh_put_string(out, cs_span_str(types[k->kind].key));
	if (types[k->kind].curve != NULL)
		cs_ssh_put_string(out, cs_span_str(types[k->kind].curve));
	if (k->kind == CS_KEY_RSA) {
		cs_ssh_put_string(out, cs_span_of(f4, sizeof(f4)));
		good = good && cs_buf_put(n, k->modulus) == CS_OK;
		cs_ssh_put_string(out, cs_buf_span(n));
	} else {
		cs_ssh_put_string(out, k->point);
	}
	if (types[k->kind].is_sk)
		cs_ssh_put_string(out, cs_span_str(APPLICATION));
	cs_buf_free(&n);
	return good && !cs_buf_failed(out);
}

/* What the token of a security key signs for these bytes. */
static bool
put_token(cs_span bytes, cs_buf *out)
{
	uint8_t app[CS_SHA256_LEN], hash[CS_SHA256_LEN];

	return cs_sha256(cs_span_str(APPLICATION), app, NULL) == CS_OK &&
	    cs_sha256(bytes, hash, NULL) == CS_OK &&
	    cs_buf_put(out, cs_span_of(app, sizeof(app))) == CS_OK &&
	    cs_buf_put(out, cs_span_of("\1\0\0\0\3", 5)) == CS_OK &&
	    cs_buf_put(out, cs_span_of(hash, sizeof(hash))) == CS_OK;
}

static bool
put_pair(cs_span der, cs_buf *out)
{
	cs_span body = {0}, r = {0}, s = {0};

	if (cs_der_get(&der, CS_DER_SEQ, &body, NULL) != CS_OK ||
	    cs_der_get(&body, CS_DER_INTEGER, &r, NULL) != CS_OK ||
	    cs_der_get(&body, CS_DER_INTEGER, &s, NULL) != CS_OK)
		return false;
	cs_ssh_put_string(out, r); /* an INTEGER's content is an mpint's */
	cs_ssh_put_string(out, s);
	return !cs_buf_failed(out);
}

static bool
put_signature(struct fixture *f, const cs_spki *k, cs_buf *out)
{
	cs_buf *bytes = cs_buf_new(256), *token = cs_buf_new(256);
	cs_buf *sig = cs_buf_new(1024), *pair = cs_buf_new(256);
	const bool ec = types[k->kind].curve != NULL;
	bool good;

	good = cs_sshsig_to_sign(true, cs_buf_span(f->tbs), bytes, NULL) ==
	    CS_OK && put_token(cs_buf_span(bytes), token) &&
	    cs_privkey_sign(f->owner, cs_alg_of(k->kind, CS_USE_SSHSIG,
	    k->kind == CS_KEY_RSA ? CS_SHA512 : CS_HASH_NONE),
	    cs_buf_span(types[k->kind].is_sk ? token : bytes), sig, NULL) ==
	    CS_OK && (!ec || put_pair(cs_buf_span(sig), pair));
	cs_ssh_put_string(out, cs_span_str(types[k->kind].sig));
	cs_ssh_put_string(out, cs_buf_span(ec ? pair : sig));
	if (types[k->kind].is_sk)
		good = good && cs_buf_put(out, cs_span_of("\1\0\0\0\3", 5)) ==
		    CS_OK;
	cs_buf_free(&bytes);
	cs_buf_free(&token);
	cs_buf_free(&sig);
	cs_buf_free(&pair);
	return good && !cs_buf_failed(out);
}

bool
openssh_put(struct fixture *f, cs_buf *out)
{
	cs_buf *key = cs_buf_new(CS_SSHKEY_MAX), *sig = cs_buf_new(1024);
	cs_buf *blob = cs_buf_new(CS_SSHSIG_MAX);
	cs_buf *value = cs_buf_new(CS_APPROVAL_MAX);
	cs_spki k = {0};
	bool good;

	good = cs_spki_parse(cs_buf_span(f->owner_spki), &k, NULL) == CS_OK &&
	    put_key(&k, key) && put_signature(f, &k, sig) &&
	    cs_sshsig_put(cs_buf_span(key), true, cs_buf_span(sig), blob,
	    NULL) == CS_OK &&
	    cs_sshsig_put_value(cs_buf_span(f->tbs), cs_buf_span(blob), value,
	    NULL) == CS_OK &&
	    cs_approval_put_sshsig(cs_buf_span(value), out, NULL) == CS_OK;
	cs_buf_free(&key);
	cs_buf_free(&sig);
	cs_buf_free(&blob);
	cs_buf_free(&value);
	return good;
}
