/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "crypt/pubkey.h"
#include "fmt/reason.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* Project Wycheproof's signatures, from the folder $WYCHEPROOF_DIR: "valid"
 * ones must verify, "invalid" ones must not, "acceptable" ones may. */

static const struct {
	const char *file, *sha;
	enum cs_key_kind key;
	enum cs_hash hash;
	size_t least; /* cases that a whole file has */
	size_t salt;
} files[] = {
	{"ecdsa_secp256r1_sha256_test.json", "SHA-256", CS_KEY_P256, CS_SHA256,
	    400, 0},
	{"ecdsa_secp384r1_sha384_test.json", "SHA-384", CS_KEY_P384, CS_SHA384,
	    400, 0},
	{"rsa_signature_2048_sha256_test.json", "SHA-256", CS_KEY_RSA,
	    CS_SHA256, 200, 0},
	{"rsa_signature_3072_sha384_test.json", "SHA-384", CS_KEY_RSA,
	    CS_SHA384, 200, 0},
	{"rsa_signature_4096_sha512_test.json", "SHA-512", CS_KEY_RSA,
	    CS_SHA512, 200, 0},
	{"rsa_pss_2048_sha256_mgf1_32_test.json", "SHA-256", CS_KEY_RSA,
	    CS_SHA256, 100, 32},
	{"rsa_pss_3072_sha256_mgf1_32_test.json", "SHA-256", CS_KEY_RSA,
	    CS_SHA256, 100, 32},
	{"rsa_pss_4096_sha512_mgf1_32_test.json", "SHA-512", CS_KEY_RSA,
	    CS_SHA512, 150, 32},
	{"ed25519_test.json", NULL, CS_KEY_ED25519, CS_SHA512, 150, 0},
};

struct tally {
	size_t valid, invalid, acceptable, wrong, keys, other_keys;
};

static cs_buf *
unhex(const json_t *v)
{
	const char *s = json_string_value(v);
	const size_t n = s == NULL ? 0 : strlen(s);
	char pair[3] = "", *end = NULL;
	cs_buf *b = cs_buf_new(n / 2);
	size_t i;

	for (i = 0; b != NULL && i + 1 < n; i += 2) {
		memcpy(pair, s + i, 2);
		if (cs_buf_put_byte(b, (uint8_t)strtoul(pair, &end, 16)) !=
		    CS_OK || *end != '\0')
			cs_buf_free(&b);
	}
	if (s == NULL || n % 2 != 0)
		cs_buf_free(&b);
	return b;
}

static void
one(cs_pubkey *k, const cs_alg *a, const json_t *test, struct tally *t)
{
	const char *want = json_string_value(json_object_get(test, "result"));
	cs_buf *msg = unhex(json_object_get(test, "msg"));
	cs_buf *sig = unhex(json_object_get(test, "sig"));
	cs_err e = {0};
	bool good = true;
	int rc;

	if (msg == NULL || sig == NULL || want == NULL)
		want = "unreadable";
	rc = cs_pubkey_verify(k, a, cs_buf_span(msg), cs_buf_span(sig), &e);
	if (strcmp(want, "valid") == 0) {
		t->valid++;
		good = rc == CS_OK;
	} else if (strcmp(want, "invalid") == 0) {
		t->invalid++;
		good = rc == CS_EREFUSED;
	} else if (strcmp(want, "acceptable") == 0) {
		t->acceptable++;
		good = rc == CS_OK || rc == CS_EREFUSED;
	} else {
		good = false;
	}
	if (!good) {
		t->wrong++;
		printf("# case %lld, %s: %d %s\n", (long long)
		    json_integer_value(json_object_get(test, "tcId")), want,
		    rc, e.text);
	}
	cs_buf_free(&msg);
	cs_buf_free(&sig);
}

static void
group(size_t f, const json_t *g, struct tally *t)
{
	cs_buf *der = unhex(json_object_get(g, "publicKeyDer"));
	const char *sha = json_string_value(json_object_get(g, "sha"));
	cs_alg a = *cs_alg_for_key(files[f].key, CS_USE_CMS);
	cs_pubkey *k = NULL;
	cs_spki spki;
	json_t *test;
	cs_err e = {0};
	size_t i;

	a.hash = files[f].hash;
	a.salt = files[f].salt;
	if (cs_spki_parse(cs_buf_span(der), &spki, &e) != CS_OK) {
		t->other_keys += e.detail == CS_R_UNSUPPORTED;
		t->wrong += e.detail != CS_R_UNSUPPORTED;
		printf("# a key that is not of ours: %s\n", e.text);
	} else if ((sha == NULL) != (files[f].sha == NULL) ||
	    (sha != NULL && strcmp(sha, files[f].sha) != 0) ||
	    json_integer_value(json_object_get(g, "sLen")) !=
	    (json_int_t)files[f].salt ||
	    spki.kind != files[f].key || cs_pubkey_new(&spki, &k, &e) != CS_OK) {
		t->wrong++;
		printf("# a group's key: %s\n", e.text);
	} else {
		t->keys++;
		json_array_foreach(json_object_get(g, "tests"), i, test)
			if (!sample_skips())
				one(k, &a, test, t);
	}
	cs_pubkey_free(&k);
	cs_buf_free(&der);
}

static void
run(const char *dir, size_t f)
{
	struct tally t = {0};
	char path[4096];
	json_error_t why;
	json_t *root, *g;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, files[f].file);
	if ((root = json_load_file(path, 0, &why)) == NULL)
		printf("# %s\n", why.text);
	json_array_foreach(json_object_get(root, "testGroups"), i, g)
		group(f, g, &t);
	json_decref(root);
	ok(t.wrong == 0 && t.keys > 0 && (sample_on() || (t.valid > 0 &&
	    t.invalid > 0 &&
	    t.valid + t.invalid + t.acceptable >= files[f].least)),
	    "%s: %zu valid, %zu invalid, %zu acceptable, %zu judged wrongly; "
	    "%zu keys, %zu of a kind that is refused", files[f].file, t.valid,
	    t.invalid, t.acceptable, t.wrong, t.keys, t.other_keys);
}

int
main(void)
{
	const char *dir = getenv("WYCHEPROOF_DIR");
	size_t f;

	for (f = 0; f < sizeof(files) / sizeof(files[0]); f++)
		if (dir == NULL || dir[0] == '\0')
			skip("%s: WYCHEPROOF_DIR names no folder",
			    files[f].file);
		else
			run(dir, f);
	return done_testing();
}
