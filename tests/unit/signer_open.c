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
#include "fmt/reason.h"
#include "signer/signer.h"
#include "tests/unit/tap.h"

/* Owner keys by URI: the file back end, and how modules are found. */

static char dir[] = "signer_open.XXXXXX", path[64];

static bool
write_key(const char *kind)
{
	cs_privkey *k = NULL;
	cs_buf *pem = NULL;
	cs_err e = {0};
	bool good;

	good = cs_privkey_generate(kind, &k, &e) == CS_OK &&
	    cs_privkey_write(k, &pem, &e) == CS_OK &&
	    cs_file_write(path, cs_buf_span(pem), 0600, true, &e) == CS_OK;
	cs_privkey_free(&k);
	cs_buf_free(&pem);
	return good;
}

static int
open_only(const char *uri, const char *module_dir, cs_err *e)
{
	const cs_signer_env env = {.module_dir = module_dir};
	cs_signer *s = NULL;
	int rc;

	cs_err_clear(e);
	rc = cs_signer_open(uri, &env, &s, e);
	if (rc != CS_OK && (s != NULL || e->text[0] == '\0'))
		rc = 1;
	cs_signer_close(&s);
	return rc;
}

static void
test_file(void)
{
	const cs_signer_env env = {.module_dir = "/nonexistent"};
	const cs_to_sign text = {.tbs = cs_span_str("text")};
	const cs_signer_info *info;
	char uri[80];
	cs_signer *s = NULL;
	cs_spki spki;
	cs_buf *b = cs_buf_new(1024);
	cs_err e = {0};

	(void)snprintf(uri, sizeof(uri), "file:%s", path);
	ok(write_key("p384") && cs_signer_open(path, &env, &s, &e) == CS_OK,
	    "a plain path");
	if (s == NULL)
		return;
	info = cs_signer_describe(s);
	ok(strcmp(info->uri, uri) == 0 && strcmp(info->key, "P-384") == 0 &&
	    strncmp(info->where, "file ", 5) == 0 && info->is_software &&
	    !info->login_needed, "it is described: %s, %s", info->where,
	    info->key);
	ok(cs_signer_spki(s, b, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(b), &spki, &e) == CS_OK &&
	    spki.kind == CS_KEY_P384, "its public key");
	ok(cs_signer_sign(s, &text, b, &e) == CS_EFORMAT,
	    "it signs no text");
	ok(cs_signer_certs(s, b, &e) == CS_EUSAGE,
	    "and has no certificate: %s", e.text);
	cs_signer_close(&s);
	ok(open_only(uri, "/nonexistent", &e) == CS_OK, "the same by file:");
	ok(cs_signer_list("file:x", &env, NULL, NULL, &e) == CS_OK,
	    "files are not listed");
	cs_buf_free(&b);
}

static void
test_refused(void)
{
	cs_err e;

	ok(open_only("", dir, &e) == CS_EUSAGE, "nothing");
	ok(open_only("file:", dir, &e) == CS_EUSAGE, "no path");
	ok(open_only("C:\\key.pem", dir, &e) == CS_EUSAGE, "a drive");
	ok(open_only("PKCS11:token=a", dir, &e) == CS_EUSAGE, "upper case");
	ok(open_only("gpg:alice", dir, &e) == CS_EUSAGE &&
	    strstr(e.text, "gpg") != NULL, "an unknown scheme: %s", e.text);
	ok(open_only("../x:y", dir, &e) == CS_EDEVICE, "no such file");
	ok(open_only("pkcs11:token=a", dir, &e) == CS_EDEVICE &&
	    strstr(e.text, "countersign-pkcs11") != NULL,
	    "a module that is not there: %s", e.text);
	ok(open_only("fido2:alice", dir, &e) == CS_EDEVICE &&
	    strstr(e.text, "countersign-fido2") != NULL,
	    "another one: %s", e.text);
	ok(chmod(path, 0622) == 0 && open_only(path, dir, &e) == CS_EREFUSED,
	    "a key that others write: %s", e.text);
}

static const char *
built(const char *which, char out[PATH_MAX])
{
	const char *top = getenv("BUILDDIR");
	char file[PATH_MAX + 32];

	(void)snprintf(out, PATH_MAX, "%s/tests/unit/%s/.libs",
	    top == NULL ? "." : top, which);
	(void)snprintf(file, sizeof(file), "%s/signer-pkcs11.so", out);
	(void)chmod(file, 0755); /* whatever the umask was */
	return out;
}

static int
count(void *arg, const cs_signer_info *info, cs_err *e)
{
	(void)e;
	*(int *)arg += strcmp(info->uri, "pkcs11:token=a") == 0;
	return CS_OK;
}

static void
test_modules(void)
{
	char d[PATH_MAX];
	const cs_signer_env env = {.module_dir = built("this", d)};
	const cs_to_sign text = {.tbs = cs_span_str("+tbs")};
	cs_signer *s = NULL;
	cs_buf *b = cs_buf_new(64);
	cs_err e = {0};
	int n = 0;

	ok(cs_signer_open("pkcs11:token=a", &env, &s, &e) == CS_OK,
	    "a module of this build %s", e.text);
	if (s == NULL)
		return;
	ok(strcmp(cs_signer_describe(s)->uri, "pkcs11:token=a") == 0,
	    "it is given the whole URI");
	ok(cs_signer_spki(s, b, &e) == CS_OK &&
	    cs_signer_sign(s, &text, b, &e) == CS_OK &&
	    cs_signer_certs(s, b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "spki+tbs+certs"), "and called");
	ok(cs_signer_has("pkcs11", &env) && cs_signer_has("file", &env) &&
	    !cs_signer_has("fido2", &env) && !cs_signer_has("any", &env),
	    "what is there");
	ok(cs_signer_list("pkcs11:token=a", &env, count, &n, &e) == CS_OK &&
	    n == 1, "it lists");
	cs_signer_close(&s);
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
