/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "sample.h"
#include "tap.h"
#include "verify/anchors.h"
#include "verify/compiled.h"

/* The compiled index: when it counts, and that nothing damaged in it leads to
 * another answer than the text's. */

#define A "MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define B "MCowBQYDK2VwAyEAz1DrFC9idedho7k4qAxepo54Zw8+lqdLN3run12CHZ4="
#define ALICE "mailto:alice@c - spki " A "\n"
#define REVOKED "mailto:alice@c revoked=20260101Z spki " A "\n"
#define PADDED "mailto:alice@c grants            spki " A "\n" /* as long */
#define BOB "mailto:bob@c - spki " B "\n"
#define P256 "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
#define MANY 100000
#define BYTES_MAX 300

static char root[] = "/tmp/countersign-index-XXXXXX";

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
put(const char *name, cs_span s, mode_t mode)
{
	return cs_file_write(at(name), s, mode, true, NULL) == CS_OK;
}

static bool
text(const char *name, const char *s)
{
	return put(name, cs_span_str(s), 0644);
}

static bool
compile(const char *name)
{
	cs_err e = {0};

	if (cs_anchors_compile(at(name), geteuid(), &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

static int
load(const char *name, cs_anchors **a, cs_err *e)
{
	cs_err_clear(e);
	return cs_anchors_load(at(name), geteuid(), a, e);
}

/* Is a file of that name mapped into this process? */
static bool
mapped(const char *name)
{
	char line[1024];
	bool yes = false;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		yes = yes || strstr(line, at(name)) != NULL;
	if (f != NULL)
		(void)fclose(f);
	return yes;
}

static int
find(const cs_anchors *a, const char *base64, cs_anchor *out, bool *found)
{
	uint8_t hash[CS_SHA256_LEN] = {0};
	cs_buf *b = cs_buf_new(strlen(base64));
	int r = CS_EBUG;

	if (b != NULL && cs_base64_get(b, cs_span_str(base64), false, NULL) ==
	    CS_OK && cs_sha256(cs_buf_span(b), hash, NULL) == CS_OK)
		r = cs_anchors_find(a, hash, out, found, NULL);
	cs_buf_free(&b);
	return r;
}

/* Loads `name` and says how: 'i'ndex, 't'ext, '!' for a failure. *a is the
 * first line's revocation, which the text alone may decide. */
static char
how(const char *name, const char *index, bool *revoked)
{
	cs_anchors *a = NULL;
	cs_anchor alice = {0};
	bool found = false;
	cs_err e = {0};
	char c;

	if (load(name, &a, &e) != CS_OK) {
		printf("# %s\n", e.text);
		return '!';
	}
	c = mapped(index) ? 'i' : 't';
	if (find(a, A, &alice, &found) != CS_OK || !found ||
	    !cs_span_is(alice.owner, "mailto:alice@c"))
		c = '?';
	*revoked = alice.has_revoked;
	cs_anchors_free(&a);
	return c;
}

static void
used(void)
{
	cs_anchors *a = NULL;
	cs_anchor bob = {0};
	bool revoked = true, found = false;
	struct stat st = {0};
	cs_err e = {0};
	mode_t mask = umask(027);

	ok(text("f", ALICE "\n" BOB) && how("f", "f.idx", &revoked) == 't',
	    "without an index the text is read");
	ok(compile("f") && stat(at("f.idx"), &st) == 0 &&
	    (st.st_mode & 07777) == 0640, "compiled, by the umask");
	(void)umask(mask);
	ok(put("p", cs_span_str(BOB), 0600) && compile("p") &&
	    stat(at("p.idx"), &st) == 0 && (st.st_mode & 07777) == 0600,
	    "and not for more readers than the text has");
	ok(how("f", "f.idx", &revoked) == 'i' && !revoked, "used");
	ok(load("f", &a, &e) == CS_OK && cs_anchors_count(a) == 2 &&
	    find(a, B, &bob, &found) == CS_OK && found && bob.line == 3 &&
	    strcmp(bob.file, at("f")) == 0 &&
	    cs_span_is(bob.owner, "mailto:bob@c"), "its second line");
	cs_anchors_free(&a);
	ok(!mapped("f.idx"), "and let go");
	ok(compile("f") && how("f", "f.idx", &revoked) == 'i', "once more");
}

static void
stale(void)
{
	struct timespec times[2];
	bool revoked = false;
	struct stat st = {0};
	int fd;

	ok(text("f", REVOKED) && how("f", "f.idx", &revoked) == 't' &&
	    revoked, "a text that was replaced wins");
	ok(text("f", PADDED) && compile("f") &&
	    how("f", "f.idx", &revoked) == 'i' && !revoked, "as it is now");
	fd = open(at("f"), O_WRONLY);
	if (!ok(fd >= 0 && fstat(fd, &st) == 0 &&
	    st.st_size == sizeof(REVOKED) - 1 && write(fd, REVOKED,
	    sizeof(REVOKED) - 1) == sizeof(REVOKED) - 1, "written over"))
		return;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ok(futimens(fd, times) == 0 && how("f", "f.idx", &revoked) == 't' &&
	    revoked, "the same size, time and inode do not deceive");
	(void)close(fd);
	ok(text("f", "bad\n") && !compile("f") &&
	    how("f", "f.idx", &revoked) == '!', "a bad text refuses");
	ok(text("f", ALICE) && how("f", "f.idx", &revoked) == 't',
	    "an old index stays and does not count");
	ok(compile("f") && text("f", ALICE) &&
	    how("f", "f.idx", &revoked) == 't', "equal text in a new file");
}

static void
trust(void)
{
	bool revoked = false;

	ok(text("f", ALICE) && compile("f") &&
	    how("f", "f.idx", &revoked) == 'i', "an index");
	ok(chmod(at("f.idx"), 0664) == 0 &&
	    how("f", "f.idx", &revoked) == 't', "its group may write");
	ok(chmod(at("f.idx"), 0646) == 0 &&
	    how("f", "f.idx", &revoked) == 't', "others may");
	ok(chmod(at("f.idx"), 0644) == 0 &&
	    how("f", "f.idx", &revoked) == 'i', "only its owner may");
	if (geteuid() == 0)
		ok(chown(at("f.idx"), 4711, (gid_t)-1) == 0 &&
		    how("f", "f.idx", &revoked) == 't', "another's");
	ok(chmod(at("f"), 0664) == 0 && how("f", "f.idx", &revoked) == '!' &&
	    cs_anchors_compile(at("f"), geteuid(), NULL) == CS_EIO,
	    "a text that its group may write");
	ok(chmod(at("f"), 0644) == 0 && chmod(root, 0770) == 0 &&
	    how("f", "f.idx", &revoked) == '!' && chmod(root, 0700) == 0,
	    "a directory that its group may write to");
	(void)unlink(at("f.idx"));
	ok(cs_anchors_compile(at("nothing"), geteuid(), NULL) == CS_EIO,
	    "nothing to compile");
}

/* Damaged bytes in the index's place; in place of a new file, for speed. */
static bool
spoil(const uint8_t *p, size_t n)
{
	int fd = open(at("f.idx"), O_WRONLY);
	bool good = fd >= 0 && ftruncate(fd, (off_t)n) == 0 &&
	    pwrite(fd, p, n, 0) == (ssize_t)n;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* 'r'ight answers, '!' a failure that says so, '?' anything else. */
static char
answers(void)
{
	static const char *const keys[] = {A, B};
	cs_anchors *a = NULL;
	cs_anchor view = {0};
	bool found = false;
	cs_err e = {0};
	char c = 'r';
	size_t i;
	int r = load("f", &a, &e);

	if (r != CS_OK)
		return r == CS_EIO && strstr(e.text, "f.idx") != NULL ?
		    '!' : '?';
	for (i = 0; i < 2; i++) {
		r = find(a, keys[i], &view, &found);
		if (r == CS_EIO)
			c = c == 'r' ? '!' : c;
		else if (r != CS_OK || !found || view.line != i + 1 ||
		    !cs_span_is(view.owner, i == 0 ? "mailto:alice@c" :
		    "mailto:bob@c") || view.has_revoked)
			c = '?';
	}
	cs_anchors_free(&a);
	return c;
}

static void
damaged(void)
{
	size_t i, n, refused = 0, wrong = 0;
	cs_buf *b = NULL;
	uint8_t *copy;
	cs_span s;
	int bit;

	if (!ok(text("f", ALICE BOB) && compile("f") &&
	    cs_file_read(at("f.idx"), 65536, &b, NULL) == CS_OK &&
	    (copy = malloc(cs_buf_len(b) + 4)) != NULL, "an index to spoil"))
		return;
	s = cs_buf_span(b);
	memcpy(copy, s.p, s.n);
	ok(spoil(copy, s.n) && answers() == 'r' && how("f", "f.idx",
	    &(bool){false}) == 'i', "the same bytes");
	for (i = 0; i < s.n; i++) {
		for (bit = 0; bit < 8; bit++) {
			if (sample_skips())
				continue;
			copy[i] ^= (uint8_t)(1 << bit);
			if (!spoil(copy, s.n) || answers() == '?') {
				printf("# flip %zu.%d\n", i, bit);
				wrong++;
			}
			refused += answers() == '!';
			copy[i] ^= (uint8_t)(1 << bit);
		}
	}
	ok(wrong == 0 && (sample_on() || refused > s.n * 6), "no flipped bit leads astray, "
	    "%zu of %zu refuse", refused, s.n * 8);
	for (n = 0, wrong = 0; n < s.n; n++)
		wrong += !sample_skips() && (!spoil(copy, n) ||
		    answers() != (n < 20 ? 'r' : '!'));
	ok(wrong == 0, "no beginning counts: %zu", wrong);
	copy[s.n] = 0;
	ok(spoil(copy, s.n + 1) && answers() == '!', "a byte behind it");
	memset(copy + s.n - 32, 0, 32);
	ok(spoil(copy, s.n) && answers() == '!',
	    "slots that were wiped are not taken for free");
	(void)unlink(at("f.idx"));
	free(copy);
	cs_buf_free(&b);
}

static void
directories(void)
{
	bool revoked = false;
	cs_anchors *a = NULL;
	cs_anchor bob = {0};
	bool found = false;
	cs_err e = {0};

	ok(mkdir(at("d"), 0755) == 0 && compile("d") &&
	    load("d", &a, &e) == CS_OK && cs_anchors_count(a) == 0 &&
	    mapped("d/owners.idx"), "of nothing");
	cs_anchors_free(&a);
	ok(text("d/10.owners", ALICE) && text("d/20.owners", BOB) &&
	    how("d", "d/owners.idx", &revoked) == 't', "files came");
	ok(compile("d") && how("d", "d/owners.idx", &revoked) == 'i',
	    "compiled, and read as no owners file");
	ok(load("d", &a, &e) == CS_OK && cs_anchors_count(a) == 2 &&
	    find(a, B, &bob, &found) == CS_OK && found && bob.line == 1 &&
	    strcmp(bob.file, at("d/20.owners")) == 0, "a file's name");
	cs_anchors_free(&a);
	ok(text("d/15.owners", "#\n") &&
	    how("d", "d/owners.idx", &revoked) == 't', "one more");
	ok(compile("d") && unlink(at("d/15.owners")) == 0 &&
	    how("d", "d/owners.idx", &revoked) == 't', "one less");
	ok(compile("d") && rename(at("d/20.owners"), at("d/30.owners")) ==
	    0 && how("d", "d/owners.idx", &revoked) == 't', "another name");
	ok(compile("d") && text("d/10.owners", REVOKED) &&
	    how("d", "d/owners.idx", &revoked) == 't' && revoked,
	    "a revocation in one of them");
	ok(compile("d") && how("d", "d/owners.idx", &revoked) == 'i' &&
	    revoked, "and compiled");
}

/* What an anchor takes: arena and slots are in memory as in the file. */
static void
memory(void)
{
	const int many = sample_on() ? MANY / 64 : MANY;
	cs_buf *s = cs_buf_new((size_t)many * 320);
	cs_buf *der = cs_buf_new(128);
	struct stat st = {0};
	uint8_t key[91] = {0};
	int i, j;
	long each;
	bool good = s != NULL && der != NULL;

	for (i = 0; i < 27; i++) {
		static const char hex[] = P256;

		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		key[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	for (i = 0; i < many && good; i++) {
		for (j = 0; j < 64; j++)
			key[27 + j] = (uint8_t)(i >> (8 * (j % 4)));
		good = cs_buf_printf(s, "mailto:owner-%06d@corp.example "
		    "agents=\"wimse://corp.example/agent/owner-%06d\","
		    "no-touch-required,max-lifetime=8h spki ", i, i) ==
		    CS_OK &&
		    cs_base64_put(s, cs_span_of(key, sizeof(key)), 0) ==
		    CS_OK && cs_buf_printf(s, " token of %06d\n", i) == CS_OK;
	}
	ok(good && put("many", cs_buf_span(s), 0644) && compile("many") &&
	    stat(at("many.idx"), &st) == 0, "many anchors");
	each = (long)st.st_size / many;
	ok(each > 100 && each <= BYTES_MAX,
	    "%ld bytes for each of %d anchors", each, many);
	cs_buf_free(&der);
	cs_buf_free(&s);
}

static bool
same(cs_span a, cs_span b)
{
	return a.p == NULL ? b.p == NULL : cs_span_eq(a, b);
}

/* Does the index, `arg`, tell of this line's key what the line says? */
static int
compare(void *arg, const cs_anchor *line, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_anchor a = {0};
	bool found = false;
	int r;

	if ((r = cs_sha256(line->key.der, hash, e)) != CS_OK ||
	    (r = cs_anchors_find(arg, hash, &a, &found, e)) != CS_OK)
		return r;
	ok(found && a.type == line->type && a.line == line->line &&
	    a.key.kind == line->key.kind && same(a.rp_id, line->rp_id) &&
	    same(a.origins, line->origins) &&
	    same(a.credential_id, line->credential_id) &&
	    a.counter_strict == line->counter_strict &&
	    a.proof == line->proof && same(a.ssh.blob, line->ssh.blob) &&
	    a.ssh.type == line->ssh.type && a.ssh.is_sk == line->ssh.is_sk &&
	    same(a.ssh.application, line->ssh.application),
	    "line %u from the index", line->line);
	return CS_OK;
}

/* Lines of fido2 and of OpenSSH's keys. */
static void
security_keys(void)
{
	const char *src = getenv("SRCDIR");
	char name[1024];
	cs_anchors *a = NULL;
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(name, sizeof(name), "%s/tests/vectors/verdict/owners-sk",
	    src == NULL ? "." : src);
	ok(cs_file_read(name, 65536, &b, &e) == CS_OK &&
	    put("sk", cs_buf_span(b), 0644) && compile("sk") &&
	    load("sk", &a, &e) == CS_OK && mapped("sk.idx"),
	    "security keys %s", e.text);
	if (a != NULL)
		ok(cs_owners_parse("sk", cs_buf_span(b), compare, a, &e) ==
		    CS_OK && cs_anchors_count(a) > 30, "all of them %s",
		    e.text);
	cs_anchors_free(&a);
	cs_buf_free(&b);
}

static void
clean_up(void)
{
	static const char *const names[] = {"d/10.owners", "d/30.owners",
	    "d/owners.idx", "ca", "ca.idx", "f", "f.idx", "many", "many.idx",
	    "p", "p.idx", "sk", "sk.idx"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(at(names[i]));
	(void)rmdir(at("d"));
	ok(rmdir(root) == 0, "nothing is left behind");
}

/* How often the words stand in the text. */
static size_t
times(const cs_buf *b, const char *words)
{
	const char *at = cs_buf_cstr(b);
	size_t n = 0;

	for (; (at = strstr(at, words)) != NULL; at++)
		n++;
	return n;
}

/* Lines of CAs stand behind others in the text and count from an index, too. */
static void
authorities(void)
{
	const char *src = getenv("SRCDIR");
	char name[1024];
	cs_buf *b = NULL, *all = cs_buf_new(65536);
	cs_anchors *a = NULL;
	const cs_authorities *l;
	cs_err e = {0};
	size_t cas, keys;
	int i;

	(void)snprintf(name, sizeof(name), "%s/tests/vectors/verdict/owners-ca",
	    src == NULL ? "." : src);
	if (!ok(cs_file_read(name, 32768, &b, &e) == CS_OK &&
	    cs_buf_put_str(all, ALICE) == CS_OK &&
	    cs_buf_put(all, cs_buf_span(b)) == CS_OK &&
	    cs_buf_put_str(all, BOB) == CS_OK &&
	    put("ca", cs_buf_span(all), 0644), "lines of CAs"))
		return;
	cas = times(all, " x509-ca ");
	keys = cas + times(all, " spki ");
	for (i = 0; i < 2; i++) {
		cs_anchor bob = {0};
		bool found = false;

		ok(load("ca", &a, &e) == CS_OK && mapped("ca.idx") == (i == 1),
		    "%s: %s", i == 0 ? "text" : "index", e.text);
		l = cs_anchors_authorities(a);
		ok(l->n == cas && cas > 2 && l->v[0].line.line == 4 &&
		    l->v[1].line.line == 5 && l->v[2].line.has_revoked &&
		    l->v[0].ca != NULL &&
		    strcmp(l->v[1].line.file, at("ca")) == 0,
		    "CAs in their order");
		ok(l->n == cas && cs_span_is(l->v[1].line.eku,
		    "1.3.6.1.5.5.7.3.4") && l->v[1].line.no_revocation &&
		    l->v[0].line.eku.p == NULL, "with their options");
		ok(cs_anchors_count(a) == keys && find(a, B, &bob, &found) ==
		    CS_OK && found && bob.line == keys + 1 /* a comment */,
		    "the others are there");
		found = false;
		ok(l->n == cas && cs_anchors_find(a,
		    cs_ca_key_hash(l->v[0].ca), &bob, &found, &e) == CS_OK &&
		    found && bob.type == CS_ANCHOR_X509, "a CA's key is known");
		cs_anchors_free(&a);
		if (i == 0)
			ok(compile("ca"), "compiled");
	}
	cs_buf_free(&all);
	cs_buf_free(&b);
}

int
main(void)
{
	if (!ok(mkdtemp(root) != NULL, "a directory for the files"))
		return done_testing();
	used();
	stale();
	trust();
	damaged();
	directories();
	authorities();
	memory();
	security_keys();
	clean_up();
	return done_testing();
}
