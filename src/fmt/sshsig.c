/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/sshsig.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "fmt/ssh.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "sshsig", __VA_ARGS__)

#define MAGIC "SSHSIG"
#define SSHSIG_VERSION 1
/* OpenSSH's sk-api.h. */
#define FLAG_PRESENT 0x01
#define FLAG_VERIFIED 0x04
#define ED25519_SIG 64

static const char rsa_sha256[] = "rsa-sha2-256", rsa_sha512[] = "rsa-sha2-512";

static const char *
hash_name(bool sha512)
{
	return sha512 ? "sha512" : "sha256";
}

/* What the types of signatures are called as a key's own is, but for RSA. */
static bool
is_type_known(cs_span type)
{
	static const char *const known[] = {rsa_sha256, rsa_sha512,
	    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cs_span_is(type, known[i]))
			return true;
	return false;
}

static int
read_type(cs_span *in, cs_sshsig *out, cs_err *e)
{
	cs_span type = {0};
	int r;

	if ((r = cs_ssh_string(in, &type, e)) != CS_OK)
		return r;
	out->rsa_sha512 = cs_span_is(type, rsa_sha512);
	if (out->key.kind == CS_KEY_RSA ?
	    out->rsa_sha512 || cs_span_is(type, rsa_sha256) :
	    cs_span_is(type, out->key.type))
		return CS_OK;
	/* "ssh-rsa" is SHA-1; webauthn-sk would have its own rules. */
	return BAD(e, is_type_known(type) ? CS_R_MALFORMED : CS_R_UNSUPPORTED,
	    "expected a signature of %s, found %.*s",
	    out->key.kind == CS_KEY_RSA ? "rsa-sha2" : out->key.type,
	    type.n > 64 ? 64 : (int)type.n, (const char *)type.p);
}

static size_t
curve_size(const cs_sshsig *s)
{
	return s->key.kind == CS_KEY_P256 ? 32 : 48;
}

static int
read_pair(const cs_sshsig *s, cs_span pair[2], cs_err *e)
{
	cs_span in = s->sig;
	int i, r;

	for (i = 0; i < 2; i++) {
		if ((r = cs_ssh_mpint(&in, &pair[i], e)) != CS_OK)
			return r;
		if (pair[i].n > curve_size(s))
			return BAD(e, CS_R_MALFORMED,
			    "a number of %zu octets, the curve has %zu",
			    pair[i].n, curve_size(s));
	}
	return cs_ssh_end(in, "two numbers", e);
}

static int
check_octets(const cs_sshsig *s, cs_err *e)
{
	cs_span pair[2];
	size_t n = ED25519_SIG;

	if (s->key.kind == CS_KEY_P256 || s->key.kind == CS_KEY_P384)
		return read_pair(s, pair, e);
	if (s->key.kind == CS_KEY_RSA)
		n = s->key.modulus.n;
	if (s->sig.n != n)
		return BAD(e, CS_R_MALFORMED,
		    "expected a signature of %zu octets, found %zu", n,
		    s->sig.n);
	return CS_OK;
}

/* PROTOCOL.u2f, "SSH U2F Signatures". */
static int
read_flags(cs_span *in, cs_sshsig *out, cs_err *e)
{
	int r;

	if ((r = cs_ssh_byte(in, &out->flags, e)) != CS_OK ||
	    (r = cs_ssh_u32(in, &out->counter, e)) != CS_OK)
		return r;
	if ((out->flags & ~(FLAG_PRESENT | FLAG_VERIFIED)) != 0)
		return BAD(e, CS_R_MALFORMED,
		    "flags other than presence and verification: 0x%02x",
		    out->flags);
	out->present = (out->flags & FLAG_PRESENT) != 0;
	out->verified = (out->flags & FLAG_VERIFIED) != 0;
	return CS_OK;
}

static int
read_signature(cs_span in, cs_sshsig *out, cs_err *e)
{
	int r;

	if ((r = read_type(&in, out, e)) != CS_OK ||
	    (r = cs_ssh_string(&in, &out->sig, e)) != CS_OK ||
	    (r = check_octets(out, e)) != CS_OK)
		return r;
	if (out->key.is_sk && (r = read_flags(&in, out, e)) != CS_OK)
		return r;
	return cs_ssh_end(in, "the signature", e);
}

static int
read_preamble(cs_span *in, cs_err *e)
{
	const size_t n = sizeof(MAGIC) - 1;
	uint32_t version = 0;
	int r;

	if (!cs_span_is(cs_span_cut(*in, 0, n), MAGIC))
		return BAD(e, CS_R_MALFORMED, "expected \"" MAGIC "\" first");
	*in = cs_span_cut(*in, n, in->n - n);
	if ((r = cs_ssh_u32(in, &version, e)) != CS_OK)
		return r;
	if (version != SSHSIG_VERSION)
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected version %d, found %lu", SSHSIG_VERSION,
		    (unsigned long)version);
	return CS_OK;
}

static int
read_terms(cs_span *in, cs_sshsig *out, cs_err *e)
{
	cs_span name = {0}, reserved = {0}, hash = {0};
	int r;

	if ((r = cs_ssh_string(in, &name, e)) != CS_OK ||
	    (r = cs_ssh_string(in, &reserved, e)) != CS_OK ||
	    (r = cs_ssh_string(in, &hash, e)) != CS_OK)
		return r;
	if (!cs_span_is(name, CS_SSHSIG_NAMESPACE))
		return BAD(e, CS_R_MALFORMED,
		    "expected the namespace " CS_SSHSIG_NAMESPACE
		    ", found %.*s", name.n > 64 ? 64 : (int)name.n,
		    (const char *)name.p);
	if (reserved.n != 0)
		return BAD(e, CS_R_MALFORMED, "the reserved field has %zu "
		    "octets", reserved.n);
	out->sha512 = cs_span_is(hash, hash_name(true));
	if (!out->sha512 && !cs_span_is(hash, hash_name(false)))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected the hash sha256 or sha512, found %.*s",
		    hash.n > 16 ? 16 : (int)hash.n, (const char *)hash.p);
	return CS_OK;
}

static int
read_blob(cs_span in, cs_sshsig *out, cs_err *e)
{
	cs_span key = {0}, sig = {0};
	int r;

	if ((r = read_preamble(&in, e)) != CS_OK ||
	    (r = cs_ssh_string(&in, &key, e)) != CS_OK ||
	    (r = cs_sshkey_parse(key, &out->key, e)) != CS_OK ||
	    (r = read_terms(&in, out, e)) != CS_OK ||
	    (r = cs_ssh_string(&in, &sig, e)) != CS_OK ||
	    (r = cs_ssh_end(in, "the SSHSIG", e)) != CS_OK)
		return r;
	return read_signature(sig, out, e);
}

int
cs_sshsig_parse(cs_span blob, cs_sshsig *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (blob.n > CS_SSHSIG_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", blob.n,
		    CS_SSHSIG_MAX);
	if ((r = read_blob(blob, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "sshsig");
	}
	out->blob = blob;
	return CS_OK;
}

static int
done(const cs_buf *out, cs_err *e)
{
	return !cs_buf_failed(out) ? CS_OK :
	    cs_fail(e, CS_EBUG, "sshsig", "no room");
}

int
cs_sshsig_put_signed(bool sha512, cs_span hash, cs_buf *out, cs_err *e)
{
	if (cs_buf_put_str(out, MAGIC) != CS_OK)
		return done(out, e);
	cs_ssh_put_string(out, cs_span_str(CS_SSHSIG_NAMESPACE));
	cs_ssh_put_string(out, cs_span_str(""));
	cs_ssh_put_string(out, cs_span_str(hash_name(sha512)));
	cs_ssh_put_string(out, hash);
	return done(out, e);
}

int
cs_sshsig_put(cs_span key_blob, bool sha512, cs_span signature, cs_buf *out,
    cs_err *e)
{
	if (cs_buf_put_str(out, MAGIC) != CS_OK)
		return done(out, e);
	cs_ssh_put_u32(out, SSHSIG_VERSION);
	cs_ssh_put_string(out, key_blob);
	cs_ssh_put_string(out, cs_span_str(CS_SSHSIG_NAMESPACE));
	cs_ssh_put_string(out, cs_span_str(""));
	cs_ssh_put_string(out, cs_span_str(hash_name(sha512)));
	cs_ssh_put_string(out, signature);
	return done(out, e);
}

int
cs_sshsig_ec(const cs_sshsig *s, cs_buf *out, cs_err *e)
{
	cs_span pair[2];
	size_t m;
	int r;

	if ((r = read_pair(s, pair, e)) != CS_OK)
		return r;
	m = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_bigint(out, pair[0]);
	cs_der_put_bigint(out, pair[1]);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}

int
cs_sshsig_read(cs_span walked, cs_span *tbs, cs_sshsig *out, cs_err *e)
{
	cs_span seq = {0}, blob = {0};
	int r;

	*tbs = (cs_span){0};
	memset(out, 0, sizeof(*out));
	if ((r = cs_der_get(&walked, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_end(walked, "the value", e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, tbs, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, &blob, e)) != CS_OK ||
	    (r = cs_der_end(seq, "the SSHSIG", e)) != CS_OK)
		return cs_wrap(e, "sshsig");
	return cs_sshsig_parse(blob, out, e);
}

int
cs_sshsig_put_value(cs_span tbs, cs_span blob, cs_buf *out, cs_err *e)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OCTETS, tbs);
	cs_der_put(out, CS_DER_OCTETS, blob);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}
