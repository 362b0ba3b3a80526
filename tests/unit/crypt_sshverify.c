/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/sshverify.h"
#include "tap.h"
#include "vec.h"

/* Blobs that ssh-keygen and python3-cryptography have signed. */

static struct vec values[VEC_FILES_MAX];
static size_t n_values;

static int
verify_with(const cs_sshkey *key, const cs_sshsig *s, cs_span message)
{
	cs_buf *b = cs_buf_new(1024);
	cs_pubkey *k = NULL;
	cs_spki spki;
	cs_err e = {0};
	int r;

	if ((r = cs_sshkey_spki(key, b, &e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(b), &spki, &e)) == CS_OK &&
	    (r = cs_pubkey_new(&spki, &k, &e)) == CS_OK)
		r = cs_sshsig_verify(k, s, message, &e);
	if (r != CS_OK && r != CS_EREFUSED)
		printf("# %s\n", e.text);
	cs_pubkey_free(&k);
	cs_buf_free(&b);
	return r;
}

static int
verify(const cs_sshsig *s, cs_span message)
{
	return verify_with(&s->key, s, message);
}

/* Any other octet of the signature, or of the message, is another one. */
static size_t
flips(const cs_sshsig *s, cs_span message)
{
	uint8_t *blob = malloc(s->blob.n);
	size_t i, bad = 0, start = (size_t)(s->sig.p - s->blob.p);
	cs_sshsig t;

	if (blob == NULL)
		abort();
	for (i = start; i < s->blob.n; i += 1 + i % 3) {
		memcpy(blob, s->blob.p, s->blob.n);
		blob[i] ^= 1;
		if (cs_sshsig_parse(cs_span_of(blob, s->blob.n), &t, NULL) ==
		    CS_OK && verify(&t, message) != CS_EREFUSED)
			bad++;
	}
	free(blob);
	return bad;
}

static void
test_good(const char *name, cs_span in)
{
	cs_span tbs;
	cs_sshsig s, t;

	if (!ok(cs_sshsig_read(in, &tbs, &s, NULL) == CS_OK, "%s", name))
		return;
	ok(verify(&s, tbs) == CS_OK, "%s: verifies", name);
	ok(verify(&s, cs_span_cut(tbs, 0, tbs.n - 1)) == CS_EREFUSED,
	    "%s: not a shorter message", name);
	ok(verify(&s, cs_span_of("", 0)) == CS_EREFUSED, "%s: nor an empty one",
	    name);
	t = s;
	t.sha512 = !s.sha512;
	ok(verify(&t, tbs) == CS_EREFUSED, "%s: nor another hash", name);
	ok(flips(&s, tbs) == 0, "%s: flips", name);
	if (s.key.kind == CS_KEY_RSA) {
		t = s;
		t.rsa_sha512 = !s.rsa_sha512;
		ok(verify(&t, tbs) == CS_EREFUSED,
		    "%s: nor another algorithm", name);
	}
	if (!s.key.is_sk)
		return;
	t = s;
	t.key.application = cs_span_str("ssh:other");
	ok(verify(&t, tbs) == CS_EREFUSED, "%s: nor another application",
	    name);
	t = s;
	t.flags ^= 4;
	ok(verify(&t, tbs) == CS_EREFUSED, "%s: nor other flags", name);
	t = s;
	t.counter++;
	ok(verify(&t, tbs) == CS_EREFUSED, "%s: nor another counter", name);
	t = s;
	t.key.is_sk = false;
	ok(verify(&t, tbs) == CS_EREFUSED, "%s: nor as a plain key's", name);
}

static void
test_other_key(void)
{
	cs_span tbs, one = vec_find(values, n_values, "keygen-ed25519");
	cs_span two = vec_find(values, n_values, "keygen-ed25519-sha256");
	cs_span three = vec_find(values, n_values, "keygen-p256");
	cs_sshsig a, b, c;

	if (!ok(cs_sshsig_read(one, &tbs, &a, NULL) == CS_OK &&
	    cs_sshsig_read(two, &tbs, &b, NULL) == CS_OK &&
	    cs_sshsig_read(three, &tbs, &c, NULL) == CS_OK, "three keys"))
		return;
	ok(verify_with(&b.key, &a, tbs) == CS_EREFUSED, "another key");
	ok(verify_with(&c.key, &a, tbs) == CS_EBUG, "a key of another kind");
}

static void
test_to_sign(void)
{
	/* SHA-256 of "abc", FIPS 180-4. */
	cs_buf *want = vec_hex("535348534947"
	    "0000001a 6f776e65722d617070726f76616c40636f756e7465727369676e"
	    "00000000 00000006 736861323536 00000020"
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	cs_buf *b = cs_buf_new(256);

	ok(cs_sshsig_to_sign(false, cs_span_str("abc"), b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), cs_buf_span(want)), "what is signed");
	cs_buf_free(&want);
	cs_buf_free(&b);
}

int
main(void)
{
	size_t i, n = 0;

	n_values = vec_load("sshsig", values);
	for (i = 0; i < n_values; i++)
		if (vec_is(&values[i], "keygen-") ||
		    vec_is(&values[i], "edited-")) {
			test_good(values[i].name, cs_buf_span(values[i].der));
			n++;
		}
	ok(n >= 14, "vectors");
	test_other_key();
	test_to_sign();
	vec_free(values, n_values);
	return done_testing();
}
