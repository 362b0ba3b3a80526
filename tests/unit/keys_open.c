/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "keys/keys.h"
#include "tests/unit/tap.h"

/* Keys of ours by URI: the file back end, and how modules are found. */

static char dir[] = "keys_open.XXXXXX", path[64];

static bool
write_key(void)
{
	cs_privkey *k = NULL;
	cs_buf *pem = NULL;
	cs_err e = {0};
	bool good;

	good = cs_privkey_generate("p256", &k, &e) == CS_OK &&
	    cs_privkey_write(k, &pem, &e) == CS_OK &&
	    cs_file_write(path, cs_buf_span(pem), 0600, true, &e) == CS_OK;
	cs_privkey_free(&k);
	cs_buf_free(&pem);
	return good;
}

static int
open_only(const char *uri, const char *module_dir, cs_err *e)
{
	const cs_keys_env env = {.module_dir = module_dir};
	cs_key *k = NULL;
	int rc;

	cs_err_clear(e);
	rc = cs_key_open(uri, &env, &k, e);
	if (rc != CS_OK && (k != NULL || e->text[0] == '\0'))
		rc = 1;
	cs_key_close(&k);
	return rc;
}

static void
test_file(void)
{
	const cs_alg *a = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10);
	const cs_keys_env env = {.module_dir = "/nonexistent"};
	cs_buf *spki = cs_buf_new(1024), *sig = cs_buf_new(512);
	cs_pubkey *pub = NULL;
	cs_key *k = NULL;
	cs_err e = {0};
	cs_spki s;

	ok(write_key() && cs_key_open(path, &env, &k, &e) == CS_OK,
	    "a plain path");
	ok(k != NULL && cs_key_spki(k, spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(spki), &s, &e) == CS_OK &&
	    cs_pubkey_new(&s, &pub, &e) == CS_OK, "its public key");
	ok(pub != NULL && cs_key_sign(k, a, cs_span_str("x"), sig, &e) ==
	    CS_OK && cs_pubkey_verify(pub, a, cs_span_str("x"),
	    cs_buf_span(sig), &e) == CS_OK, "it signs");
	cs_key_close(&k);
	cs_pubkey_free(&pub);
	cs_buf_free(&spki);
	cs_buf_free(&sig);
}

static void
test_refused(void)
{
	cs_err e;

	ok(open_only("", dir, &e) == CS_EUSAGE, "nothing");
	ok(open_only("c:key", dir, &e) == CS_EUSAGE, "a drive");
	ok(open_only("gpg:alice", dir, &e) == CS_EUSAGE,
	    "an unknown scheme: %s", e.text);
	ok(open_only("none/key.pem", dir, &e) == CS_EDEVICE, "no such file");
	ok(open_only("pkcs11:token=a", dir, &e) == CS_EDEVICE &&
	    strstr(e.text, "countersign-pkcs11") != NULL,
	    "a module that is not there: %s", e.text);
	ok(chmod(path, 0620) == 0 && open_only(path, dir, &e) == CS_EREFUSED,
	    "a key that others write: %s", e.text);
}

static const char *
built(const char *which, char out[PATH_MAX])
{
	const char *top = getenv("BUILDDIR");
	char file[PATH_MAX + 32];

	(void)snprintf(out, PATH_MAX, "%s/tests/unit/%s/.libs",
	    top == NULL ? "." : top, which);
	(void)snprintf(file, sizeof(file), "%s/keys-pkcs11.so", out);
	(void)chmod(file, 0755); /* whatever the umask was */
	return out;
}

static void
test_modules(void)
{
	char d[PATH_MAX];
	const cs_keys_env env = {.module_dir = built("this", d)};
	cs_key *k = NULL;
	cs_buf *b = cs_buf_new(64);
	cs_err e = {0};

	ok(cs_key_open("pkcs11:a", &env, &k, &e) == CS_OK,
	    "a module of this build %s", e.text);
	ok(k != NULL && cs_key_spki(k, b, &e) == CS_OK &&
	    cs_key_sign(k, NULL, cs_span_str("+x"), b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "pkcs11:a+x"),
	    "is given the whole URI, and called");
	cs_key_close(&k);
	ok(open_only("pkcs11:", built("other", d), &e) == CS_EDEVICE &&
	    strstr(e.text, "another build") != NULL,
	    "a module of another build: %s", e.text);
	cs_buf_free(&b);
}

int
main(void)
{
	if (!ok(mkdtemp(dir) != NULL, "a folder"))
		return done_testing();
	(void)snprintf(path, sizeof(path), "%s/key.pem", dir);
	test_file();
	test_refused();
	test_modules();
	(void)unlink(path);
	(void)rmdir(dir);
	return done_testing();
}
