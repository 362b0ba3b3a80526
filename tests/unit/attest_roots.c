/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/roots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/reason.h"
#include "tests/unit/attcerts.h"
#include "tests/unit/tap.h"

static const struct att_plan root_plan = {.cn = "Root", .bc = "CA:TRUE"};
static const struct att_plan leaf_plan = {.cn = "Leaf", .bc = "CA:FALSE"};
static const struct att_plan orphan_plan = {.cn = "Orphan", .bc = "CA:FALSE"};

static struct att_cert one, two, leaf, orphan;

static bool
text_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0;
}

static int
load(cs_roots **roots, cs_err *e)
{
	cs_err_clear(e);
	return cs_roots_load("d", roots, e);
}

static int
ask(const cs_roots *roots, const struct att_cert *c, uint8_t *hash, cs_err *e)
{
	const cs_attpath p = {.leaf = att_der(c), .now = NOW,
	    .bare_unless = CS_OID_END};

	cs_err_clear(e);
	return cs_roots_verify(roots, &p, hash, e);
}

static bool
is_key_of(const uint8_t hash[CS_SHA256_LEN], const struct att_cert *c)
{
	uint8_t own[CS_SHA256_LEN] = {0};
	cs_buf *spki = att_spki(c);
	bool same = cs_sha256(cs_buf_span(spki), own, NULL) == CS_OK &&
	    memcmp(own, hash, sizeof(own)) == 0;

	cs_buf_free(&spki);
	return same;
}

static void
test_good(void)
{
	uint8_t hash[CS_SHA256_LEN] = {0};
	cs_roots *roots = NULL;
	cs_err e = {0};

	(void)text_write("d/any name", "roots of a test\n");
	(void)text_write("d/.hidden", "not read\n");
	(void)!(att_write(&one, "d", "any name") &&
	    att_write(&two, "d", "any name"));
	ok(load(&roots, &e) == CS_OK, "files of any name: %s", e.text);
	ok(ask(roots, &one, hash, &e) == CS_OK && is_key_of(hash, &one),
	    "a root for itself");
	ok(ask(roots, &two, hash, &e) == CS_OK && is_key_of(hash, &two),
	    "and the second of its file");
	ok(ask(roots, &leaf, hash, &e) == CS_OK && is_key_of(hash, &one),
	    "below a root: %s", e.text);
	ok(ask(roots, &orphan, hash, &e) == CS_EREFUSED &&
	    e.detail == CS_R_EVIDENCE_REFUSED && e.text[0] != '\0',
	    "one of nobody's: %s", e.text);
	cs_roots_free(&roots);
	(void)unlink("d/.hidden");
	(void)unlink("d/any name");
	(void)!att_write(&leaf, "d", "any name");
	ok(load(&roots, &e) == CS_OK &&
	    ask(roots, &leaf, hash, &e) == CS_OK && is_key_of(hash, &leaf),
	    "a certificate that is trusted as it stands: %s", e.text);
	ok(ask(roots, &one, hash, &e) == CS_EREFUSED,
	    "which makes nothing else so: %s", e.text);
	cs_roots_free(&roots);
}

static bool
fails(int cls, const char *text)
{
	cs_roots *roots = NULL;
	cs_err e = {0};
	int r = load(&roots, &e);

	printf("# %s\n", e.text);
	return r == cls && roots == NULL && strstr(e.text, text) != NULL;
}

static void
test_bad(void)
{
	(void)text_write("d/z", "-----BEGIN PUBLIC KEY-----\n"
	    "MAA=\n-----END PUBLIC KEY-----\n");
	ok(fails(CS_EFORMAT, "d/z"), "a key among them");
	(void)text_write("d/z", "read me\n");
	ok(fails(CS_EFORMAT, "found none"), "a file without any");
	(void)text_write("d/z", "-----BEGIN CERTIFICATE-----\n"
	    "MAA=\n-----END CERTIFICATE-----\n");
	ok(fails(CS_EFORMAT, "not a certificate"), "what is none");
	(void)text_write("d/z", "-----BEGIN CERTIFICATE-----\nMAA=\n");
	ok(fails(CS_EFORMAT, "d/z"), "one that does not end");
	(void)unlink("d/z");
	(void)chmod("d/any name", 0664);
	ok(fails(CS_EIO, "any name"), "a file that others could have written");
	(void)chmod("d/any name", 0644);
	(void)chmod("d", 0777);
	ok(fails(CS_EIO, "d"), "a folder that others could have written to");
	(void)chmod("d", 0755);
	(void)unlink("d/any name");
	ok(fails(CS_EFORMAT, "found none"), "an empty folder");
	(void)rmdir("d");
	ok(fails(CS_EIO, "d"), "no folder");
}

int
main(void)
{
	char dir[] = "./attest_roots.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("d", 0755) != 0)
		return 99;
	att_make(&one, "P-256", &root_plan, NULL);
	att_make(&two, "RSA", &orphan_plan, NULL);
	att_make(&leaf, "P-256", &leaf_plan, &one);
	att_make(&orphan, "P-256", &orphan_plan, NULL);
	test_good();
	test_bad();
	att_free(&one);
	att_free(&two);
	att_free(&leaf);
	att_free(&orphan);
	if (chdir("..") == 0)
		(void)rmdir(dir);
	return done_testing();
}
