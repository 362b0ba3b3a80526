/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/sshkey.h"

#include <string.h>

#include "fmt/reason.h"
#include "fmt/ssh.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "sshkey", __VA_ARGS__)

static const struct type {
	const char *name;
	enum cs_key_kind kind;
	const char *curve; /* NULL: none is named */
	bool is_sk;
} types[] = {
	{"ssh-ed25519", CS_KEY_ED25519, NULL, false},
	{"ecdsa-sha2-nistp256", CS_KEY_P256, "nistp256", false},
	{"ecdsa-sha2-nistp384", CS_KEY_P384, "nistp384", false},
	{"ssh-rsa", CS_KEY_RSA, NULL, false},
	{"sk-ssh-ed25519@openssh.com", CS_KEY_ED25519, NULL, true},
	{"sk-ecdsa-sha2-nistp256@openssh.com", CS_KEY_P256, "nistp256", true},
};

static const struct type *
type_of(cs_span name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (cs_span_is(name, types[i].name))
			return &types[i];
	return NULL;
}

static int
read_rsa(cs_span *in, cs_sshkey *out, cs_err *e)
{
	static const uint8_t f4[] = {1, 0, 1};
	cs_span exponent = {0};
	int r;

	if ((r = cs_ssh_mpint(in, &exponent, e)) != CS_OK ||
	    (r = cs_ssh_mpint(in, &out->modulus, e)) != CS_OK)
		return r;
	if (!cs_span_eq(exponent, cs_span_of(f4, sizeof(f4))))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected the RSA exponent 65537");
	return cs_spki_check(CS_KEY_RSA, out->modulus, NULL, e);
}

static int
read_point(const struct type *t, cs_span *in, cs_sshkey *out, cs_err *e)
{
	cs_span curve = {0};
	int r;

	if (t->curve != NULL) {
		if ((r = cs_ssh_string(in, &curve, e)) != CS_OK)
			return r;
		if (!cs_span_is(curve, t->curve))
			return BAD(e, CS_R_MALFORMED,
			    "expected the curve %s of %s, found another",
			    t->curve, t->name);
	}
	if ((r = cs_ssh_string(in, &out->point, e)) != CS_OK)
		return r;
	return cs_spki_check(t->kind, out->point, NULL, e);
}

static bool
is_printable(cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static int
read_application(cs_span *in, cs_sshkey *out, cs_err *e)
{
	int r = cs_ssh_string(in, &out->application, e);

	if (r != CS_OK)
		return r;
	if (out->application.n == 0 ||
	    out->application.n > CS_SSHKEY_APPLICATION_MAX ||
	    !is_printable(out->application))
		return BAD(e, CS_R_MALFORMED,
		    "expected an application of 1 to %d characters of "
		    "printable ASCII", CS_SSHKEY_APPLICATION_MAX);
	return CS_OK;
}

static int
read_key(cs_span in, cs_sshkey *out, cs_err *e)
{
	const struct type *t;
	cs_span name = {0};
	int r;

	if ((r = cs_ssh_string(&in, &name, e)) != CS_OK)
		return r;
	if ((t = type_of(name)) == NULL)
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected Ed25519, ECDSA on P-256 or P-384, RSA, or one of "
		    "them of a security key, found %.*s",
		    name.n > 64 ? 64 : (int)name.n, (const char *)name.p);
	r = t->kind == CS_KEY_RSA ? read_rsa(&in, out, e) :
	    read_point(t, &in, out, e);
	if (r == CS_OK && t->is_sk)
		r = read_application(&in, out, e);
	if (r != CS_OK || (r = cs_ssh_end(in, "the key", e)) != CS_OK)
		return cs_wrap(e, "%s", t->name);
	out->type = t->name;
	out->kind = t->kind;
	out->is_sk = t->is_sk;
	return CS_OK;
}

int
cs_sshkey_parse(cs_span blob, cs_sshkey *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (blob.n > CS_SSHKEY_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", blob.n,
		    CS_SSHKEY_MAX);
	if ((r = read_key(blob, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return r;
	}
	out->blob = blob;
	return CS_OK;
}

int
cs_sshkey_spki(const cs_sshkey *k, cs_buf *out, cs_err *e)
{
	if (k->kind == CS_KEY_RSA)
		return cs_spki_put_rsa(out, k->modulus, e);
	if (k->kind == CS_KEY_ED25519)
		return cs_spki_put_ed25519(out, k->point, e);
	return cs_spki_put_ec(out, k->kind, k->point, e);
}
