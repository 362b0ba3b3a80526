/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "fmt/ssh.h"
#include "fmt/sshsig.h"
#include "tap.h"
#include "vec.h"

static struct vec values[VEC_FILES_MAX];
static size_t n_values;

static bool
is_good(const struct vec *v)
{
	return vec_is(v, "keygen-") || vec_is(v, "edited-");
}

/* What was read, written again. */
static bool
holds(cs_span tbs, const cs_sshsig *s, cs_span in)
{
	cs_buf *b = cs_buf_new(CS_SSHSIG_MAX), *v = cs_buf_new(in.n);
	cs_buf *sig = cs_buf_new(CS_SSHSIG_MAX);
	const char *type = s->key.type;
	bool same;

	if (s->key.kind == CS_KEY_RSA)
		type = s->rsa_sha512 ? "rsa-sha2-512" : "rsa-sha2-256";
	cs_ssh_put_string(sig, cs_span_str(type));
	cs_ssh_put_string(sig, s->sig);
	if (s->key.is_sk) {
		same = cs_buf_put_byte(sig, (uint8_t)((s->present ? 1 : 0) |
		    (s->verified ? 4 : 0))) == CS_OK;
		cs_ssh_put_u32(sig, s->counter);
	} else {
		same = !s->present && !s->verified && s->flags == 0;
	}
	same = same && cs_sshsig_put(s->key.blob, s->sha512, cs_buf_span(sig),
	    b, NULL) == CS_OK && cs_span_eq(cs_buf_span(b), s->blob) &&
	    cs_sshsig_put_value(tbs, cs_buf_span(b), v, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(v), in);
	cs_buf_free(&b);
	cs_buf_free(&v);
	cs_buf_free(&sig);
	return same;
}

static bool
has_spki(const cs_sshkey *k)
{
	cs_buf *b = cs_buf_new(1024);
	cs_spki spki;
	bool good = cs_sshkey_spki(k, b, NULL) == CS_OK &&
	    cs_spki_parse(cs_buf_span(b), &spki, NULL) == CS_OK &&
	    spki.kind == k->kind && (k->kind == CS_KEY_RSA ?
	    cs_span_eq(spki.modulus, k->modulus) :
	    cs_span_eq(spki.point, k->point));

	cs_buf_free(&b);
	return good;
}

static bool
has_pair(const cs_sshsig *s)
{
	cs_buf *b = cs_buf_new(128);
	bool good = cs_sshsig_ec(s, b, NULL) == CS_OK &&
	    cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK;

	cs_buf_free(&b);
	return good;
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};
	cs_span tbs;
	cs_sshsig s;
	int r;

	if ((r = cs_der_walk(in, 0, &e)) == CS_OK)
		r = cs_sshsig_read(in, &tbs, &s, &e);
	if (r != CS_OK)
		return e.cls == CS_EFORMAT && e.detail != CS_R_NONE ?
		    VEC_REFUSED : VEC_BROKEN;
	return holds(tbs, &s, in) && has_spki(&s.key) &&
	    (s.key.kind == CS_KEY_RSA || s.key.kind == CS_KEY_ED25519 ||
	    has_pair(&s)) ? VEC_ACCEPTED : VEC_BROKEN;
}

/* The blob alone, without a DER around that notices first. */
static enum vec_answer
probe_blob(cs_span in)
{
	cs_err e = {0};
	cs_sshsig s;

	if (cs_sshsig_parse(in, &s, &e) != CS_OK)
		return s.blob.p == NULL && s.key.type == NULL &&
		    e.cls == CS_EFORMAT && e.detail != CS_R_NONE ?
		    VEC_REFUSED : VEC_BROKEN;
	return cs_span_eq(s.blob, in) && has_spki(&s.key) ? VEC_ACCEPTED :
	    VEC_BROKEN;
}

static enum vec_answer
probe_key(cs_span in)
{
	cs_err e = {0};
	cs_sshkey k;

	if (cs_sshkey_parse(in, &k, &e) != CS_OK)
		return k.blob.p == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	return cs_span_eq(k.blob, in) && has_spki(&k) ? VEC_ACCEPTED :
	    VEC_BROKEN;
}

static void
test_reasons(void)
{
	cs_err e;
	cs_span tbs;
	cs_sshsig s;
	size_t i;
	int want;

	for (i = 0; i < n_values; i++) {
		memset(&e, 0, sizeof(e));
		want = vec_reason(values[i].name);
		if (!ok(cs_sshsig_read(cs_buf_span(values[i].der), &tbs, &s,
		    &e) == (want == CS_R_NONE ? CS_OK : CS_EFORMAT) &&
		    e.detail == want && (want != CS_R_NONE) !=
		    is_good(&values[i]), "%s", values[i].name))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	}
}

static void
sweep(const char *what, const char *name, cs_span in, vec_probe *p)
{
	ok(p(in) == VEC_ACCEPTED, "%s: %s", name, what);
	ok(vec_prefixes(in, p) == 0, "%s: %s: prefixes", name, what);
	ok(vec_trailing(in, p) == 0, "%s: %s: trailing", name, what);
	ok(vec_flips(in, p) == 0, "%s: %s: flips", name, what);
}

static void
test_sweeps(void)
{
	cs_span in, tbs;
	cs_sshsig s;
	size_t i;

	for (i = 0; i < n_values; i++) {
		if (!is_good(&values[i]))
			continue;
		in = cs_buf_span(values[i].der);
		if (!ok(cs_sshsig_read(in, &tbs, &s, NULL) == CS_OK, "%s",
		    values[i].name))
			continue;
		sweep("blob", values[i].name, s.blob, probe_blob);
		sweep("key", values[i].name, s.key.blob, probe_key);
		ok(probe(in) == VEC_ACCEPTED, "%s: value", values[i].name);
		ok(vec_trees(in, probe) == 0, "%s: elements", values[i].name);
	}
}

static const struct {
	const char *name, *type;
	enum cs_key_kind kind;
	bool is_sk, sha512, rsa_sha512, present, verified;
	uint32_t counter;
} facts[] = {
	{"keygen-ed25519", "ssh-ed25519", CS_KEY_ED25519, false, true, false,
	    false, false, 0},
	{"keygen-ed25519-sha256", "ssh-ed25519", CS_KEY_ED25519, false, false,
	    false, false, false, 0},
	{"keygen-p256", "ecdsa-sha2-nistp256", CS_KEY_P256, false, true, false,
	    false, false, 0},
	{"keygen-p384", "ecdsa-sha2-nistp384", CS_KEY_P384, false, false,
	    false, false, false, 0},
	{"keygen-rsa3072", "ssh-rsa", CS_KEY_RSA, false, true, true, false,
	    false, 0},
	{"edited-rsa-sha2-256", "ssh-rsa", CS_KEY_RSA, false, true, false,
	    false, false, 0},
	{"edited-sk-ed25519", "sk-ssh-ed25519@openssh.com", CS_KEY_ED25519,
	    true, true, false, true, false, 7},
	{"edited-sk-ed25519-verified", "sk-ssh-ed25519@openssh.com",
	    CS_KEY_ED25519, true, true, false, true, true, 0xfffffffe},
	{"edited-sk-ed25519-untouched", "sk-ssh-ed25519@openssh.com",
	    CS_KEY_ED25519, true, true, false, false, false, 0},
	{"edited-sk-ecdsa-verified", "sk-ecdsa-sha2-nistp256@openssh.com",
	    CS_KEY_P256, true, true, false, true, true, 7},
};

static void
test_facts(void)
{
	cs_span tbs;
	cs_sshsig s;
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!ok(cs_sshsig_read(vec_find(values, n_values,
		    facts[i].name), &tbs, &s, NULL) == CS_OK, "%s",
		    facts[i].name))
			continue;
		ok(strcmp(s.key.type, facts[i].type) == 0 &&
		    s.key.kind == facts[i].kind &&
		    s.key.is_sk == facts[i].is_sk &&
		    s.sha512 == facts[i].sha512 &&
		    s.rsa_sha512 == facts[i].rsa_sha512 &&
		    s.present == facts[i].present &&
		    s.verified == facts[i].verified &&
		    s.counter == facts[i].counter, "%s: facts", facts[i].name);
		ok((s.key.application.p != NULL) == facts[i].is_sk,
		    "%s: application", facts[i].name);
	}
	ok(cs_sshsig_read(vec_find(values, n_values,
	    "edited-sk-ecdsa-verified"), &tbs, &s, NULL) == CS_OK &&
	    cs_span_is(s.key.application, "ssh:alice"), "ssh:alice");
}

static void
mpint(const char *hex, const char *want)
{
	cs_buf *in = vec_hex(hex), *w = want == NULL ? NULL : vec_hex(want);
	cs_span rest = cs_buf_span(in), n;
	cs_err e = {0};
	int r = cs_ssh_mpint(&rest, &n, &e);

	ok(want == NULL ? r == CS_EFORMAT && e.detail == CS_R_MALFORMED &&
	    n.p == NULL : r == CS_OK && cs_span_eq(n, cs_buf_span(w)) &&
	    rest.n == 0, "mpint %s", hex);
	cs_buf_free(&in);
	cs_buf_free(&w);
}

static void
test_mpints(void)
{
	mpint("00000001 01", "01");
	mpint("00000001 7f", "7f");
	mpint("00000002 0080", "80");
	mpint("00000003 010001", "010001");
	mpint("00000000", NULL);
	mpint("00000001 00", NULL);
	mpint("00000001 80", NULL);
	mpint("00000002 007f", NULL);
	mpint("00000002 0000", NULL);
	mpint("00000003 000080", NULL);
	mpint("00000002 01", NULL);
	mpint("ffffffff 01", NULL);
	mpint("000000", NULL);
	mpint("", NULL);
}

static void
test_readers(void)
{
	static const uint8_t raw[] = {1, 2, 3, 4, 5};
	cs_span in = cs_span_of(raw, sizeof(raw)), s;
	uint32_t n = 0;
	uint8_t b = 0;
	cs_err e = {0};

	ok(cs_ssh_byte(&in, &b, &e) == CS_OK && b == 1 &&
	    cs_ssh_u32(&in, &n, &e) == CS_OK && n == 0x02030405 && in.n == 0 &&
	    cs_ssh_end(in, "all", &e) == CS_OK, "a byte and a number");
	ok(cs_ssh_byte(&in, &b, &e) == CS_EFORMAT &&
	    cs_ssh_u32(&in, &n, &e) == CS_EFORMAT &&
	    cs_ssh_string(&in, &s, &e) == CS_EFORMAT, "and no more");
	in = cs_span_of(raw, sizeof(raw));
	ok(cs_ssh_string(&in, &s, &e) == CS_EFORMAT && s.p == NULL,
	    "a string of 16 MiB");
	ok(cs_ssh_end(in, "it", &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "not the end");
	in = cs_span_of("\0\0\0\0", 4);
	ok(cs_ssh_string(&in, &s, &e) == CS_OK && s.p != NULL && s.n == 0,
	    "an empty string");
}

static void
test_no_room(void)
{
	cs_buf *b = cs_buf_new(8);
	cs_err e = {0};

	ok(cs_sshsig_put_signed(true, cs_span_str("?"), b, &e) == CS_EBUG,
	    "no room for what is signed");
	cs_buf_reset(b);
	ok(cs_sshsig_put(cs_span_str("?"), true, cs_span_str("?"), b, &e) ==
	    CS_EBUG, "no room for a blob");
	cs_buf_free(&b);
}

int
main(void)
{
	n_values = vec_load("sshsig", values);
	if (!ok(n_values > 60, "vectors"))
		return done_testing();
	test_reasons();
	test_sweeps();
	test_facts();
	test_mpints();
	test_readers();
	test_no_room();
	vec_free(values, n_values);
	return done_testing();
}
