/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "fmt/reason.h"
#include "tap.h"
#include "verify/anchors.h"

#define A "MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define B "MCowBQYDK2VwAyEAz1DrFC9idedho7k4qAxepo54Zw8+lqdLN3run12CHZ4="
#define ALICE "mailto:alice@c - spki " A "\n"
#define BOB "mailto:bob@c - spki " B "\n"
#define MANY 3000
#define KEY_LEN 44

/* A list of the vectors' CA "root"; nobody asks here whether it is current. */
#define CRL_PEM \
    "-----BEGIN X509 CRL-----\n" \
    "MIHsMIGTAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHJvb3QXDTI2MDEwMTAw\n" \
    "MDAwMFoXDTM2MDEwMTAwMDAwMFowIjAgAgFNFw0yNjAxMDIwMDAwMDBaMAwwCgYD\n" \
    "VR0VBAMKAQGgLzAtMB8GA1UdIwQYMBaAFPFXhPz9UZBDOWhhrCQ0RdI9g6VUMAoG\n" \
    "A1UdFAQDAgEDMAoGCCqGSM49BAMCA0gAMEUCIQD4oQglQ4fqE3J/qvB6KCazIAwG\n" \
    "3G7opzHO1vxcLNFCFgIgfBrku1EjK3GGK8qgSYwhUXVVQfrAHBTEk+aZ80NrhO4=\n" \
    "-----END X509 CRL-----\n"

static char root[] = "/tmp/countersign-anchors-XXXXXX";

static const char *
at(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", root, name);
	return p;
}

static bool
put(const char *name, const char *text, mode_t mode)
{
	return cs_file_write(at(name), cs_span_str(text), mode, true, NULL) ==
	    CS_OK;
}

/* The hash of a key, given as base64. */
static void
hash_of(const char *base64, uint8_t hash[CS_SHA256_LEN])
{
	cs_buf *b = cs_buf_new(strlen(base64));

	memset(hash, 0, CS_SHA256_LEN);
	if (b == NULL || cs_base64_get(b, cs_span_str(base64), false, NULL) !=
	    CS_OK || cs_sha256(cs_buf_span(b), hash, NULL) != CS_OK)
		ok(false, "hash of a key");
	cs_buf_free(&b);
}

static bool
find_hash(const cs_anchors *a, const uint8_t hash[CS_SHA256_LEN],
    cs_anchor *out)
{
	bool found = false;
	cs_err e = {0};

	if (cs_anchors_find(a, hash, out, &found, &e) != CS_OK)
		ok(false, "find %s", e.text);
	return found;
}

static bool
find(const cs_anchors *a, const char *base64, cs_anchor *found)
{
	uint8_t hash[CS_SHA256_LEN];

	hash_of(base64, hash);
	return find_hash(a, hash, found);
}

static void
lookups(void)
{
	cs_anchors *a = NULL;
	cs_anchor found = {0}, other = {0};
	uint8_t hash[CS_SHA256_LEN];
	cs_err e = {0};
	size_t i;

	ok(cs_anchors_parse("x", cs_span_str("\n" ALICE), &a, &e) == CS_OK &&
	    cs_anchors_count(a) == 1, "one anchor %s", e.text);
	ok(find(a, A, &found) && cs_span_is(found.owner, "mailto:alice@c") &&
	    found.line == 2 && strcmp(found.file, "x") == 0 &&
	    found.type == CS_ANCHOR_SPKI, "found");
	other = found;
	ok(!find(a, B, &other) && other.owner.p == NULL,
	    "another is not, and nothing is left of the last");
	hash_of(A, hash);
	for (i = 0; i < sizeof(hash); i++) {
		hash[i] ^= 1;
		if (find_hash(a, hash, &other))
			ok(false, "hash that differs in byte %zu", i);
		hash[i] ^= 1;
	}
	ok(find_hash(a, hash, &other) && other.line == found.line,
	    "the whole hash counts");
	cs_anchors_free(&a);
	ok(a == NULL, "freed");
	ok(cs_anchors_parse("x", cs_span_str(""), &a, &e) == CS_OK &&
	    cs_anchors_count(a) == 0 && !find(a, A, &found), "no anchor");
	cs_anchors_free(&a);
	cs_anchors_free(&a);
}

static void
refusals(void)
{
	cs_anchors *a = NULL;
	cs_err e = {0};

	ok(cs_anchors_parse("x", cs_span_str(ALICE BOB "bad\n"), &a, &e) ==
	    CS_EFORMAT && a == NULL && strncmp(e.text, "x:3: ", 5) == 0,
	    "one bad line refuses all");
	ok(cs_anchors_parse("x", cs_span_str(ALICE "\n" BOB
	    "mailto:c@c - spki " A "\n"), &a, &e) == CS_EFORMAT && a == NULL &&
	    e.detail == CS_R_DUPLICATE && strncmp(e.text, "x:4: ", 5) == 0 &&
	    strstr(e.text, "x:1") != NULL, "a key twice, both lines named");
}

/* MANY keys that differ in their points alone. */
static cs_buf *
many(void)
{
	cs_buf *text = cs_buf_new(MANY * 128), *der = cs_buf_new(64);
	uint8_t key[KEY_LEN] = {0};
	uint32_t i;
	bool good;

	good = cs_base64_get(der, cs_span_str(A), false, NULL) == CS_OK &&
	    cs_buf_len(der) == KEY_LEN;
	if (good)
		memcpy(key, cs_buf_span(der).p, KEY_LEN);
	for (i = 0; i < MANY && good; i++) {
		memcpy(key + 20, &i, sizeof(i));
		good = cs_buf_printf(text, "urn:x:%u - spki ", i) == CS_OK &&
		    cs_base64_put(text, cs_span_of(key, KEY_LEN), 0) ==
		    CS_OK && cs_buf_put_str(text, "\n") == CS_OK;
	}
	ok(good, "text of many anchors");
	cs_buf_free(&der);
	return text;
}

/* For cs_owners_parse: how many of these lines are found, and no other key. */
struct seek {
	const cs_anchors *a;
	size_t right;
};

static int
seek(void *arg, const cs_anchor *line, cs_err *e)
{
	struct seek *s = arg;
	uint8_t hash[CS_SHA256_LEN];
	cs_anchor found = {0};
	int r;

	if ((r = cs_sha256(line->key.der, hash, e)) != CS_OK)
		return r;
	if (find_hash(s->a, hash, &found) && found.line == line->line &&
	    cs_span_eq(found.owner, line->owner) &&
	    cs_span_eq(found.key.der, line->key.der))
		s->right++;
	hash[31] ^= 1;
	if (find_hash(s->a, hash, &found))
		s->right--;
	return CS_OK;
}

static void
crowd(void)
{
	cs_buf *text = many();
	struct seek s = {0};
	cs_anchors *a = NULL;
	cs_err e = {0};

	ok(cs_anchors_parse("x", cs_buf_span(text), &a, &e) == CS_OK &&
	    cs_anchors_count(a) == MANY, "many anchors %s", e.text);
	s.a = a;
	ok(cs_owners_parse("x", cs_buf_span(text), seek, &s, &e) == CS_OK,
	    "the same lines");
	ok(s.right == MANY, "each found, and no other: %zu", s.right);
	cs_anchors_free(&a);
	cs_buf_free(&text);
}

static int
load(const char *name, cs_anchors **a, cs_err *e)
{
	cs_err_clear(e);
	return cs_anchors_load(at(name), geteuid(), a, e);
}

static bool
refused(const char *name, int cls, const char *words)
{
	cs_anchors *a = NULL;
	cs_err e = {0};
	int r = load(name, &a, &e);

	if (r == cls && a == NULL && strstr(e.text, words) != NULL)
		return true;
	printf("# %d %s\n", r, e.text);
	cs_anchors_free(&a);
	return false;
}

static void
files(void)
{
	cs_anchors *a = NULL;
	cs_anchor found = {0};
	cs_err e = {0};

	ok(put("owners", ALICE, 0644), "a file");
	ok(load("owners", &a, &e) == CS_OK && find(a, A, &found) &&
	    strcmp(found.file, at("owners")) == 0, "read %s", e.text);
	cs_anchors_free(&a);
	ok(refused("nothing", CS_EIO, "nothing"), "a file that is missing");
	ok(chmod(at("owners"), 0664) == 0 && refused("owners", CS_EIO,
	    "group"), "a file that its group may write");
	ok(chmod(at("owners"), 0646) == 0 && refused("owners", CS_EIO,
	    "others"), "a file that others may write");
	ok(chmod(at("owners"), 0600) == 0 && chmod(root, 0777) == 0 &&
	    refused("owners", CS_EIO, "others"), "in a directory of all");
	ok(chmod(root, 0770) == 0 && refused("owners", CS_EIO, "group"),
	    "in a directory of a group");
	ok(chmod(root, 0700) == 0 && load("owners", &a, &e) == CS_OK,
	    "and again as it should be");
	cs_anchors_free(&a);
}

static void
directories(void)
{
	cs_anchors *a = NULL;
	cs_anchor first = {0}, second = {0};
	cs_err e = {0};

	ok(mkdir(at("d"), 0755) == 0 && load("d", &a, &e) == CS_OK &&
	    cs_anchors_count(a) == 0, "an empty directory");
	cs_anchors_free(&a);
	ok(put("d/20.owners", BOB, 0644) && put("d/10.owners", ALICE, 0644) &&
	    put("d/README", "not for us\n", 0644) &&
	    put("d/30.owners.bak", "nor this\n", 0644), "two files");
	ok(load("d", &a, &e) == CS_OK && cs_anchors_count(a) == 2 &&
	    find(a, A, &first) && find(a, B, &second) &&
	    strcmp(first.file, at("d/10.owners")) == 0 &&
	    strcmp(second.file, at("d/20.owners")) == 0, "both read");
	cs_anchors_free(&a);
	ok(put("d/15.owners", "\n" BOB, 0644), "a third");
	ok(refused("d", CS_EFORMAT, "d/20.owners:1: key") &&
	    refused("d", CS_EFORMAT, "d/15.owners:2"),
	    "a key in two files: the later name is the duplicate");
	ok(put("d/15.owners", "bad\n", 0644) && put("d/20.owners", "bad\n",
	    0644) && refused("d", CS_EFORMAT, "d/15.owners:1: "),
	    "the first bad file is named");
	ok(put("d/15.owners", "", 0664) && put("d/20.owners", BOB, 0644) &&
	    refused("d", CS_EIO, "15.owners"), "one file that is not safe");
	ok(chmod(at("d/15.owners"), 0644) == 0 && chmod(at("d"), 0777) == 0 &&
	    refused("d", CS_EIO, "others"), "a directory of all");
	ok(chmod(at("d"), 0755) == 0 && load("d", &a, &e) == CS_OK,
	    "and again as it should be");
	cs_anchors_free(&a);
}

static void
clean_up(void)
{
	static const char *const names[] = {"d/10.owners", "d/15.owners",
	    "d/20.owners", "d/README", "d/30.owners.bak", "owners", "c.crl"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(at(names[i]));
	(void)rmdir(at("d"));
	(void)rmdir(root);
}

/* A list is its reader's or root's, like the owners file. */
static void
lists(void)
{
	uid_t me = geteuid() == 0 ? 65534 : geteuid();
	const char *src = getenv("SRCDIR");
	cs_buf *der = NULL, *line = cs_buf_new(8192);
	cs_anchors *a = NULL;
	char name[1024];
	cs_err e = {0};

	(void)snprintf(name, sizeof(name), "%s/tests/vectors/verdict/"
	    "ca-root.der", src == NULL ? "." : src);
	if (!ok(cs_file_read(name, 8192, &der, &e) == CS_OK &&
	    cs_buf_put_str(line, "* owner-san=\"email:*@c\",crl=\"c.crl\" "
	    "x509-ca ") == CS_OK &&
	    cs_base64_put(line, cs_buf_span(der), 0) == CS_OK &&
	    put("c.crl", CRL_PEM, 0644) && (geteuid() == me ||
	    (chown(at("c.crl"), me, (gid_t)-1) == 0 &&
	    chown(root, me, (gid_t)-1) == 0)), "a list %s", e.text))
		return;
	ok(cs_anchors_parse_as(at("owners"), cs_buf_span(line), me, &a, &e) ==
	    CS_OK && cs_anchors_authorities(a)->n == 1 &&
	    cs_ca_has_crls(cs_anchors_authorities(a)->v[0].ca),
	    "of the reader %s", e.text);
	cs_anchors_free(&a);
	ok(cs_anchors_parse(at("owners"), cs_buf_span(line), &a, &e) ==
	    CS_EIO && a == NULL && strstr(e.text, "owner root") != NULL,
	    "of somebody: %s", e.text);
	cs_buf_free(&line);
	cs_buf_free(&der);
}

int
main(void)
{
	lookups();
	refusals();
	crowd();
	if (!ok(mkdtemp(root) != NULL, "a directory for the files"))
		return done_testing();
	files();
	directories();
	lists();
	clean_up();
	return done_testing();
}
