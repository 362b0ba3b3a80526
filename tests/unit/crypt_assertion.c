/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "crypt/assertion.h"
#include "fmt/approval.h"
#include "fmt/clientdata.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define RP_ID "approve.corp.example"
#define ORIGIN "https://approve.corp.example"

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

/* The key whose hash the TBS has. */
static int
find_key(cs_span hash, cs_spki *out)
{
	uint8_t found[CS_SHA256_LEN];
	size_t i;

	for (i = 0; i < n_vectors; i++)
		if (vec_is(&vectors[i], "key-") &&
		    cs_spki_parse(cs_buf_span(vectors[i].der), out, NULL) ==
		    CS_OK && cs_key_hash(out, found, NULL) == CS_OK &&
		    cs_span_eq(hash, cs_span_of(found, sizeof(found))))
			return CS_OK;
	return CS_EBUG;
}

static int
verify(const cs_webauthn *w, cs_span key_hash, cs_err *e)
{
	cs_pubkey *k = NULL;
	cs_spki spki = {0};
	int r;

	if (find_key(key_hash, &spki) != CS_OK)
		return CS_BAD(e, CS_R_UNKNOWN_OWNER_KEY, "test", "no key");
	if ((r = cs_pubkey_new(&spki, &k, e)) == CS_OK)
		r = cs_assertion_verify(k, spki.kind, w->auth.der,
		    w->client_data, w->sig, e);
	if (r == CS_EREFUSED)
		e->detail = CS_R_SIGNATURE_INVALID;
	cs_pubkey_free(&k);
	return r;
}

static int
judge(const cs_approval *a, const char *rp_id, const char *origin, cs_err *e)
{
	uint8_t challenge[CS_SHA256_LEN];
	int r;

	if ((r = cs_assertion_rp(&a->webauthn.auth, cs_span_str(rp_id), e)) !=
	    CS_OK ||
	    (r = cs_assertion_challenge(a->tbs.der, challenge, e)) != CS_OK ||
	    (r = cs_clientdata_check(a->webauthn.client_data, cs_span_of(
	    challenge, sizeof(challenge)), cs_span_str(origin), e)) != CS_OK)
		return r;
	return verify(&a->webauthn, a->tbs.owner_key_hash, e);
}

/* The reason that refuses these bytes, CS_R_NONE when nothing does. */
static int
reason_of(cs_span der, const char *rp_id, const char *origin)
{
	cs_approval *a = NULL;
	cs_err e = {0};
	int r = cs_approval_parse(der, 0, &a, &e);

	if (r == CS_OK)
		r = judge(a, rp_id, origin, &e);
	cs_approval_free(&a);
	return r == CS_OK ? CS_R_NONE : e.detail;
}

static void
test_vectors(void)
{
	size_t i;
	int found;

	for (i = 0; i < n_vectors; i++) {
		if (vec_is(&vectors[i], "key-"))
			continue;
		found = reason_of(cs_buf_span(vectors[i].der), RP_ID, ORIGIN);
		if (!ok(found == vec_reason(vectors[i].name), "%s",
		    vectors[i].name))
			printf("# %s\n", cs_reason_name(found));
	}
}

/* Whatever is changed, nothing verifies. */
static enum vec_answer
probe(cs_span in)
{
	return reason_of(in, RP_ID, ORIGIN) == CS_R_NONE ? VEC_BROKEN :
	    VEC_REFUSED;
}

static void
test_flips(const char *name)
{
	cs_span good = vec_find(vectors, n_vectors, name);

	ok(vec_prefixes(good, probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(good, probe) == 0, "%s: trailing", name);
	ok(vec_flips(good, probe) == 0, "%s: flips", name);
}

/* Each of the anchor's words counts by itself. */
static void
test_anchor(void)
{
	cs_span good = vec_find(vectors, n_vectors, "es256");

	ok(reason_of(good, RP_ID, ORIGIN) == CS_R_NONE, "the anchor's");
	ok(reason_of(good, "corp.example", ORIGIN) == CS_R_SIGNATURE_INVALID,
	    "another RP ID");
	ok(reason_of(good, "", ORIGIN) == CS_R_SIGNATURE_INVALID,
	    "no RP ID");
	ok(reason_of(good, RP_ID, "https://corp.example") ==
	    CS_R_SIGNATURE_INVALID, "another origin");
	ok(reason_of(good, RP_ID, "") == CS_R_SIGNATURE_INVALID, "no origin");
	ok(reason_of(good, RP_ID, "https://approve.corp.exampl") ==
	    CS_R_SIGNATURE_INVALID, "an origin that is its beginning");
}

/* By python3: hashlib.sha256(b"countersign owner approval v1\0" + tbs). */
static void
test_challenge(void)
{
	cs_buf *expect[2] = {
	    vec_hex("f0d0c29e0779b9beb6f7c00a9d98760e"
	    "384049c07d7f15846da16e3189218e4c"),
	    vec_hex("fe129be17e45fabd2e955a48c7901205"
	    "fa01f2006790741f28936fb05bd72450")};
	uint8_t found[CS_SHA256_LEN];

	ok(cs_assertion_challenge(cs_span_of("", 0), found, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(expect[0]), cs_span_of(found,
	    sizeof(found))), "challenge of nothing");
	ok(cs_assertion_challenge(cs_span_str("tbs"), found, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(expect[1]), cs_span_of(found,
	    sizeof(found))), "challenge of a text");
	cs_buf_free(&expect[0]);
	cs_buf_free(&expect[1]);
}

static void
test_kinds(void)
{
	cs_span bytes = cs_span_str("x");
	cs_pubkey *k = NULL;
	cs_spki spki = {0};
	cs_err e = {0};

	ok(cs_spki_parse(vec_find(vectors, n_vectors, "key-es256"), &spki,
	    &e) == CS_OK && cs_pubkey_new(&spki, &k, &e) == CS_OK, "a key");
	ok(cs_assertion_verify(k, CS_KEY_NONE, bytes, bytes, bytes, &e) !=
	    CS_OK && e.detail == CS_R_UNSUPPORTED, "of no kind");
	ok(cs_assertion_verify(k, CS_KEY_ED25519, bytes, bytes, bytes, &e) ==
	    CS_EBUG, "of another kind");
	cs_pubkey_free(&k);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	n_vectors = vec_load("webauthn", vectors);
	if (!ok(n_vectors != 0, "vectors"))
		return done_testing();
	test_vectors();
	test_flips("es256");
	test_flips("eddsa");
	test_flips("es256-browser");
	test_flips("es256-extensions");
	test_anchor();
	test_challenge();
	test_kinds();
	vec_free(vectors, n_vectors);
	return done_testing();
}
