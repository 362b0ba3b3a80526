/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "crypt/privkey.h"
#include "signer/fido2file.h"
#include "signer/fido2look.h"
#include "signer/fido2node.h"
#include "tests/unit/tap.h"

/* What the fido2 module does before there is a device: names of key files,
 * what may stand in them, and the rule for a device that may not be opened. */

static char dir[] = "signer_fido2.XXXXXX", path[80], line[2048];

static bool
path_is(const char *uri, const char *key_dir, const char *expected)
{
	char *got = NULL;
	cs_err e = {0};
	int rc = cs_fido_path(uri, key_dir, &got, &e);
	bool good;

	if (expected == NULL)
		good = rc == CS_EUSAGE && got == NULL && e.text[0] != '\0';
	else
		good = rc == CS_OK && strcmp(got, expected) == 0;
	free(got);
	return good;
}

static void
test_names(void)
{
	ok(path_is("fido2:alice", "/k", "/k/alice"), "a name");
	ok(path_is("fido2:a-B_1.x", "/k", "/k/a-B_1.x"), "all its letters");
	ok(path_is("fido2:/etc/alice", "/k", "/etc/alice"), "a path");
	ok(path_is("fido2:./alice", NULL, "./alice"), "a relative one");
	ok(path_is("fido2:alice", NULL, NULL), "no home");
	ok(path_is("fido2:", "/k", NULL), "no name");
	ok(path_is("fido2:.", "/k", NULL) && path_is("fido2:..", "/k", NULL) &&
	    path_is("fido2:.alice", "/k", NULL), "a dot in front");
	ok(path_is("fido2:a b", "/k", NULL) &&
	    path_is("fido2:a\\b", "/k", NULL) &&
	    path_is("fido2:\xc3\xa9", "/k", NULL) &&
	    path_is("fido2:a\n", "/k", NULL), "other letters");
}

static bool
make_key(const char *kind)
{
	cs_buf *der = cs_buf_new(1024), *base64 = cs_buf_new(2048);
	cs_privkey *k = NULL;
	cs_err e = {0};
	bool good;

	good = cs_privkey_generate(kind, &k, &e) == CS_OK &&
	    cs_privkey_spki(k, der, &e) == CS_OK &&
	    cs_base64_put(base64, cs_buf_span(der), 0) == CS_OK;
	if (good)
		(void)snprintf(line, sizeof(line), "%s",
		    cs_buf_cstr(base64));
	cs_privkey_free(&k);
	cs_buf_free(&der);
	cs_buf_free(&base64);
	return good;
}

/* Writes a key file of these options and type, around the key. */
static int
read_file(const char *before, const char *after, cs_fido_file *f, cs_err *e)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "%s %s%s", before, line, after);
	cs_err_clear(e);
	memset(f, 0, sizeof(*f));
	if (cs_file_write(path, cs_span_str(text), 0600, true, e) != CS_OK)
		return 1;
	return cs_fido_file_read(path, f, e);
}

static bool
is_refused(const char *before, const char *after)
{
	cs_fido_file f;
	cs_err e;
	int rc = read_file(before, after, &f, &e);
	bool good = rc == CS_EFORMAT && e.text[0] != '\0' && f.der == NULL &&
	    f.path == NULL;

	if (!good)
		printf("# %d %s\n", rc, e.text);
	else
		printf("# %s\n", e.text);
	cs_fido_file_clear(&f);
	return good;
}

#define OWNER "mailto:alice@corp.example "
#define RP "rp-id=\"approve.corp.example\""
#define ID "credential-id=\"AAECAwQFBgc\""

static void
test_content(void)
{
	static const uint8_t id[] = {0, 1, 2, 3, 4, 5, 6, 7};
	cs_fido_file f;
	cs_err e;

	ok(read_file(OWNER RP "," ID " fido2", " alice's key\n", &f, &e) ==
	    CS_OK, "a key file %s", e.text);
	ok(strcmp(f.rp_id, "approve.corp.example") == 0 &&
	    f.key.kind == CS_KEY_P256 && !f.verify_required &&
	    cs_span_eq(cs_buf_span(f.id), cs_span_of(id, sizeof(id))),
	    "RP ID, key and credential");
	cs_fido_file_clear(&f);
	ok(read_file("# a comment\n" OWNER RP ",verify-required fido2", "",
	    &f, &e) == CS_OK && f.verify_required && cs_buf_len(f.id) == 0,
	    "one of a resident key, without an identifier %s", e.text);
	cs_fido_file_clear(&f);
	ok(is_refused(OWNER ID " fido2", ""), "no RP ID");
	ok(is_refused(OWNER RP " spki", "") ||
	    is_refused(OWNER "- spki", ""), "another type");
	ok(is_refused(OWNER RP ",credential-id=\"AAEC AwQF\" fido2", "") &&
	    is_refused(OWNER RP ",credential-id=\"A\" fido2", ""),
	    "an identifier that is no base64url");
	ok(is_refused(OWNER RP ",frobnicate fido2", ""), "an unknown option");
	ok(is_refused(OWNER RP " fido2", "\nxx"), "something behind it");
	ok(is_refused("", ""), "a key alone");
	line[0] = '\0';
	ok(is_refused("", ""), "nothing");
	ok(make_key("rsa2048") && is_refused(OWNER RP " fido2", ""),
	    "a key of RSA");
	ok(make_key("p256"), "a key again");
}

static void
test_trust(void)
{
	cs_fido_file f;
	cs_err e;
	char other[100];

	ok(read_file(OWNER RP " fido2", "", &f, &e) == CS_OK, "a good file");
	cs_fido_file_clear(&f);
	ok(chmod(path, 0620) == 0 && cs_fido_file_read(path, &f, &e) == CS_EIO,
	    "others write it: %s", e.text);
	ok(chmod(path, 0600) == 0 && chmod(dir, 0770) == 0 &&
	    cs_fido_file_read(path, &f, &e) == CS_EIO,
	    "others write its folder: %s", e.text);
	ok(chmod(dir, 0700) == 0 &&
	    cs_fido_file_read(dir, &f, &e) == CS_EIO, "a folder: %s", e.text);
	(void)snprintf(other, sizeof(other), "%s/none", dir);
	ok(cs_fido_file_read(other, &f, &e) == CS_EDEVICE,
	    "none: %s", e.text);
	(void)snprintf(other, sizeof(other), "%s/open/link", dir);
	other[strlen(other) - 5] = '\0';
	ok(mkdir(other, 0700) == 0 && chmod(other, 0777) == 0,
	    "a folder for everybody");
	other[strlen(other)] = '/';
	ok(symlink("../key", other) == 0 &&
	    cs_fido_file_read(other, &f, &e) == CS_EIO,
	    "a link in it: %s", e.text);
	(void)unlink(other);
	other[strlen(other) - 5] = '\0';
	(void)rmdir(other);
}

struct seen {
	int n;
	char uri[40], where[40];
	int troubles;
};

static int
count(void *arg, const cs_signer_info *info, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	s->n++;
	(void)snprintf(s->uri, sizeof(s->uri), "%.39s", info->uri);
	(void)snprintf(s->where, sizeof(s->where), "%.39s", info->where);
	return CS_OK;
}

static int
count_entry(void *arg, const cs_signer_entry *k, cs_err *e)
{
	if (!k->has_hash || k->touch != CS_PROVES_ALWAYS ||
	    strcmp(k->rp_id, "approve.corp.example") != 0)
		return cs_fail(e, CS_EBUG, "test", "another entry");
	return count(arg, &k->info, e);
}

static void
count_trouble(void *arg, const cs_err *why)
{
	struct seen *s = arg;

	s->troubles += why->text[0] != '\0';
}

static int
at_device(const cs_fido_file *f, cs_fido_seen *out, cs_err *e)
{
	(void)e;
	(void)f;
	(void)snprintf(out->device, sizeof(out->device), "\"Key\" (/dev/x)");
	return CS_OK;
}

static void
test_list(void)
{
	cs_signer_env env = {.key_dir = dir};
	struct seen seen = {0}, look = {0}, one = {0};
	cs_signer_survey s = {.uri = "fido2:", .arg = &look,
	    .each = count_entry, .trouble = count_trouble};
	char broken[100];
	cs_err e = {0};
	size_t n = 9;

	(void)snprintf(broken, sizeof(broken), "%s/broken", dir);
	ok(cs_file_write(broken, cs_span_str("x\n"), 0600, true, &e) == CS_OK,
	    "a broken file beside it");
	ok(cs_fido_list("fido2:", &env, count, &seen, &e) == CS_OK &&
	    seen.n == 1 && strcmp(seen.uri, "fido2:key") == 0,
	    "the good one is listed: %s %s", seen.uri, e.text);
	ok(cs_fido_look(&s, &env, NULL, &n, &e) == CS_OK && look.n == 1 &&
	    look.troubles == 1 && n == 2, "and the broken one told in a survey %s",
	    e.text);
	s.uri = "fido2:key";
	s.arg = &one;
	ok(cs_fido_look(&s, &env, at_device, &n, &e) == CS_OK && one.n == 1 &&
	    one.troubles == 0 && n == 1 &&
	    strcmp(one.where, "\"Key\" (/dev/x)") == 0,
	    "one alone, and where it is: %s", one.where);
	env.key_dir = "/nonexistent";
	ok(cs_fido_list("fido2:", &env, count, &seen, &e) == CS_OK &&
	    seen.n == 1, "no folder, no keys");
	(void)unlink(broken);
}

static bool
rule_is(const char *uevent, const char *expected)
{
	cs_buf *b = cs_buf_new(300);
	bool good = cs_fido_rule(cs_span_str(uevent), b) == CS_OK &&
	    strstr(cs_buf_cstr(b), expected) != NULL &&
	    strstr(cs_buf_cstr(b), "TAG+=\"uaccess\"") != NULL;

	if (!good)
		printf("# %s\n", cs_buf_cstr(b));
	cs_buf_free(&b);
	return good;
}

static void
test_rule(void)
{
	static const uint8_t mouse[] = {0x05, 0x01, 0x09, 0x02},
	    key[] = {0x06, 0xd0, 0xf1, 0x09, 0x01};
	const char *any = "ENV{ID_SECURITY_TOKEN}";

	ok(cs_fido_is_descriptor(cs_span_of(key, sizeof(key))) &&
	    !cs_fido_is_descriptor(cs_span_of(mouse, sizeof(mouse))) &&
	    !cs_fido_is_descriptor(cs_span_of(key, 2)) &&
	    !cs_fido_is_descriptor((cs_span){0}), "which device is a key");
	ok(rule_is("DRIVER=hid-generic\nHID_ID=0003:00001050:0000040A\n"
	    "HID_NAME=x\n", "ATTRS{idVendor}==\"1050\", "
	    "ATTRS{idProduct}==\"040a\","), "its udev rule");
	ok(rule_is("", any) && rule_is("HID_ID=0003:00001050:0000", any) &&
	    rule_is("HID_ID=0003:00011050:00000407", any) &&
	    rule_is("HID_ID=0003:00001050:0000\"407", any) &&
	    rule_is("XHID_ID=0003:00001050:00000407", any),
	    "a rule for all when it cannot be told");
}

int
main(void)
{
	if (!ok(mkdtemp(dir) != NULL && make_key("p256"), "a folder, a key"))
		return done_testing();
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	test_names();
	test_content();
	test_trust();
	test_list();
	test_rule();
	(void)unlink(path);
	(void)rmdir(dir);
	return done_testing();
}
