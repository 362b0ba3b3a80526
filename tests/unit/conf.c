/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "conf/conf.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sample.h"
#include "tap.h"

#define CAP 4096

static const cs_conf_word limit_words[] = {{"body", CS_CONF_VALUE, NULL},
    {"wait", CS_CONF_VALUE, NULL}, {NULL, 0, NULL}};
static const cs_conf_word path_words[] = {{"groups", CS_CONF_LIST, NULL},
    {"hardware", CS_CONF_VALUE, NULL}, {NULL, 0, NULL}};
static const cs_conf_word domain_words[] = {
    {"path", CS_CONF_TITLED, path_words}, {NULL, 0, NULL}};
static const cs_conf_word words[] = {{"listen", CS_CONF_LIST, NULL},
    {"socket", CS_CONF_VALUE, NULL}, {"workers", CS_CONF_VALUE, NULL},
    {"limits", CS_CONF_BLOCK, limit_words},
    {"ca", CS_CONF_BLOCKS, limit_words},
    {"domain", CS_CONF_TITLED, domain_words}, {NULL, 0, NULL}};

static const char golden[] =
    "# all of it\n"
    "listen = {\"[::]:8443\", 127.0.0.1:8443,} # two\n"
    "socket = /run/x//y.sock\r\n"
    "workers = 4 limits { body = 64k\n"
    "\twait='30s' }\n"
    "domain a.example {\n"
    "\tpath \"/x\" { hardware = yes }\n"
    "\tpath '/y' { groups = staff }\n"
    "}\n"
    "domain b.example { path / { groups = {} } }\n";

static int
parse(const char *text, size_t n, cs_conf **c, cs_err *e)
{
	return cs_conf_parse("f", cs_span_of(text, n), CAP, words, c, e);
}

static cs_conf *
good(const char *text)
{
	cs_conf *c = NULL;
	cs_err e = {0};

	if (!ok(parse(text, strlen(text), &c, &e) == CS_OK && c != NULL,
	    "good")) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return c;
}

static bool
is(const char *found, const char *want)
{
	return found != NULL && strcmp(found, want) == 0;
}

static void
all_of_it(void)
{
	cs_conf *c = good(golden);
	const cs_conf_block *r = cs_conf_root(c), *l, *a, *b, *p;

	ok(cs_conf_count(r, "listen") == 2 && is(cs_conf_item(r, "listen", 0),
	    "[::]:8443") && is(cs_conf_item(r, "listen", 1),
	    "127.0.0.1:8443") && cs_conf_item(r, "listen", 2) == NULL,
	    "a list");
	ok(is(cs_conf_text(r, "socket"), "/run/x//y.sock") &&
	    cs_conf_where(r, "socket") == 3, "no comment in a word");
	l = cs_conf_next(r, "limits", NULL);
	ok(l != NULL && cs_conf_line(l) == 4 && cs_conf_title(l) == NULL &&
	    is(cs_conf_text(l, "body"), "64k") && cs_conf_where(l, "wait") ==
	    5 && cs_conf_next(r, "limits", l) == NULL, "a block");
	a = cs_conf_next(r, "domain", NULL);
	b = a == NULL ? NULL : cs_conf_next(r, "domain", a);
	ok(b != NULL && is(cs_conf_title(a), "a.example") &&
	    is(cs_conf_title(b), "b.example") && cs_conf_line(b) == 10 &&
	    cs_conf_next(r, "domain", b) == NULL, "titles");
	if (b == NULL)
		exit(1);
	p = cs_conf_next(a, "path", NULL);
	ok(p != NULL && is(cs_conf_title(p), "/x") && cs_conf_where(p,
	    "groups") == 0 && cs_conf_count(p, "groups") == 0 &&
	    cs_conf_text(p, "nothing") == NULL, "what is not set");
	p = p == NULL ? NULL : cs_conf_next(a, "path", p);
	ok(p != NULL && is(cs_conf_title(p), "/y") && is(cs_conf_item(p,
	    "groups", 0), "staff") && cs_conf_next(a, "path", p) == NULL,
	    "each in its own block");
	p = cs_conf_next(b, "path", NULL);
	ok(p != NULL && cs_conf_where(p, "groups") == 10 && cs_conf_count(p,
	    "groups") == 0, "an empty list is set");
	cs_conf_free(&c);
	ok(c == NULL, "gone");
	c = good("");
	ok(cs_conf_next(cs_conf_root(c), "domain", NULL) == NULL, "empty");
	cs_conf_free(&c);
	cs_conf_free(&c);
}

static void
refused(const char *text, size_t n, const char *why)
{
	cs_conf *c = NULL;
	cs_err e = {0};

	if (!ok(parse(text, n, &c, &e) == CS_EFORMAT && c == NULL &&
	    strcmp(e.text, why) == 0, "refused: %s", why))
		printf("# %s\n", e.text);
	cs_conf_free(&c);
}

#define REFUSED(text, why) refused(text, sizeof(text) - 1, why)

static void
names(void)
{
	REFUSED("sockt = x", "f:1: no such option 'sockt'; did you mean "
	    "socket?");
	REFUSED("\nzzzzzzzz = x", "f:2: no such option 'zzzzzzzz'");
	REFUSED("body = 1", "f:1: no such option 'body' here: it belongs into "
	    "limits { }");
	REFUSED("limits {\nsocket = x }", "f:2: no such option 'socket' here: "
	    "it stands outside of every block");
	REFUSED("domain x { pth { } }", "f:1: no such option 'pth', expected "
	    "path");
	REFUSED("socket = a\nsocket = b", "f:2: socket is set twice, before in "
	    "line 1");
	REFUSED("limits { }\n\nlimits { }", "f:3: limits is set twice, before "
	    "in line 1");
	REFUSED("domain a { }\ndomain b { }\ndomain 'a' { }", "f:3: domain a "
	    "stands twice, before in line 1");
	REFUSED("domain a { path / { }\npath / { } }", "f:2: path / stands "
	    "twice, before in line 1");
	REFUSED("domain { }", "f:1: domain: expected a title, found {");
	REFUSED("domain a b { }", "f:1: domain: expected {, found b");
	REFUSED("limits a { }", "f:1: limits: expected {, found a");
	REFUSED("limits = { }", "f:1: limits: expected {, found =");
	REFUSED("socket x", "f:1: socket: expected =, found x");
	REFUSED("socket { }", "f:1: socket: expected =, found {");
	REFUSED("socket =", "f:1: socket: expected a value, found the end of "
	    "the file");
	REFUSED("socket = { a }", "f:1: socket: expected a value, found {");
	REFUSED("socket = }", "f:1: socket: expected a value, found }");
	REFUSED("socket = = a", "f:1: socket: expected a value, found =");
	REFUSED("listen = {a b}", "f:1: listen: expected , or }, found b");
	REFUSED("listen = {,}", "f:1: listen: expected a value or }, found ,");
	REFUSED("listen = {{a}}", "f:1: listen: expected a value or }, found "
	    "{");
	REFUSED("listen = {a\n", "f:2: listen: expected , or }, found the end "
	    "of the file");
	REFUSED("limits {\n\n", "f:3: expected }, found the end of the file; "
	    "its { is in line 1");
	REFUSED("limits { } }", "f:1: a } without its {");
	REFUSED("{ }", "f:1: expected a name, found {");
	REFUSED("\"socket\" = x", "f:1: expected a name, found socket");
	REFUSED("socket = a b", "f:1: no such option 'b'");
	REFUSED("= a", "f:1: expected a name, found =");
}

/* libconfuse would read all of these. */
static void
lexer(void)
{
	static const char quotes[] = "what is not a letter, a digit or one of "
	    "_ . - : / @ needs quotes, found 0x";
	char why[128];

	REFUSED("socket = \"${HOME}\"", "f:1: ${...}: the environment is not "
	    "expanded here");
	REFUSED("socket = \"a\nb\"", "f:1: expected a string that ends on its "
	    "line and has no \\");
	REFUSED("socket = 'a\\'b'", "f:1: expected a string that ends on its "
	    "line and has no \\");
	REFUSED("socket = \"a", "f:1: expected a string that ends on its line "
	    "and has no \\");
	REFUSED("// socket = x", "f:1: no such option '//'");
	REFUSED("a\n\n#\0", "f:3: a NUL byte");
	(void)snprintf(why, sizeof(why), "f:1: %s24", quotes);
	REFUSED("socket = ${HOME}", why);
	(void)snprintf(why, sizeof(why), "f:1: %s2a", quotes);
	REFUSED("/* x */", "f:1: no such option '/'");
	REFUSED("socket = *", why);
	(void)snprintf(why, sizeof(why), "f:1: %s2b", quotes);
	REFUSED("listen += {a}", why);
	(void)snprintf(why, sizeof(why), "f:1: %s28", quotes);
	REFUSED("include(\"/etc/passwd\")", "f:1: no such option 'include'");
	REFUSED("socket(\"/etc/passwd\")", why);
	(void)snprintf(why, sizeof(why), "f:1: %sc3", quotes);
	REFUSED("socket = \xc3\xa4", why);
}

enum meaning { FLAG, NUMBER, SIZE, DURATION, STRING, PATH };

static int
mean(const cs_conf_block *b, enum meaning m, int64_t *n, char **s, cs_err *e)
{
	bool flag = false;
	int r = CS_EBUG;

	switch (m) {
	case FLAG:
		r = cs_conf_flag(b, "socket", &flag, e);
		*n = r == CS_OK ? flag : *n;
		break;
	case NUMBER:
		r = cs_conf_number(b, "socket", 0, 4096, n, e);
		break;
	case SIZE:
		r = cs_conf_size(b, "socket", 16, INT64_C(4) << 30, n, e);
		break;
	case DURATION:
		r = cs_conf_duration(b, "socket", 86400, n, e);
		break;
	case STRING:
		r = cs_conf_string(b, "socket", s, e);
		break;
	case PATH:
		r = cs_conf_path(b, "socket", s, e);
		break;
	}
	return r;
}

static void
value(enum meaning m, const char *text, int64_t number, const char *string)
{
	char all[128] = "", *s = NULL;
	cs_conf *c = NULL;
	int64_t n = -7;
	cs_err e = {0};

	(void)snprintf(all, sizeof(all), "socket = \"%s\"", text);
	c = good(all);
	if (!ok(mean(cs_conf_root(c), m, &n, &s, &e) == CS_OK &&
	    n == number && (string == NULL ? s == NULL : is(s, string)),
	    "%s", all))
		printf("# %s, %lld\n", e.text, (long long)n);
	free(s);
	cs_conf_free(&c);
}

static void
wrong(enum meaning m, const char *text, const char *why)
{
	char all[128] = "", *s = NULL;
	cs_conf *c = NULL;
	int64_t n = -7;
	cs_err e = {0};

	(void)snprintf(all, sizeof(all), "\nsocket = \"%s\"", text);
	c = good(all);
	if (!ok(mean(cs_conf_root(c), m, &n, &s, &e) == CS_EFORMAT &&
	    n == -7 && s == NULL && strncmp(e.text, "f:2: socket: ", 13) ==
	    0 && strstr(e.text, why) == e.text + 13, "%s: %s", text, why))
		printf("# %s\n", e.text);
	cs_conf_free(&c);
}

static void
numbers(void)
{
	static const char *const no[] = {"", "010", "00", "0x10", "+1", "-1",
	    " 1", "1 ", "1.0", "4097", "1e3", "999999999999999999",
	    "9999999999999999999", "18446744073709551617", "1k"};
	static const char *const none[] = {"", "k", "15", "0", "010k", "1K",
	    "1m", "1kk", "1 k", "5G", "4194305k", "8589934592G", "-16",
	    "999999999999999999G"};
	size_t i;

	value(NUMBER, "0", 0, NULL);
	value(NUMBER, "10", 10, NULL);
	value(NUMBER, "4096", 4096, NULL);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		wrong(NUMBER, no[i], "expected 0 to 4096, found \"");
	value(SIZE, "16", 16, NULL);
	value(SIZE, "64k", 65536, NULL);
	value(SIZE, "16M", INT64_C(16) << 20, NULL);
	value(SIZE, "4G", INT64_C(4) << 30, NULL);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		wrong(SIZE, none[i], "expected 16 to 4294967296 bytes");
}

static void
meanings(void)
{
	static const char *const no[] = {"", "true", "Yes", "NO", "1", "yes "};
	size_t i;

	value(FLAG, "yes", 1, NULL);
	value(FLAG, "no", 0, NULL);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		wrong(FLAG, no[i], "expected yes or no, found \"");
	value(DURATION, "24h", 86400, NULL);
	wrong(DURATION, "2d", "expected at most 1d, found \"2d\"");
	wrong(DURATION, "15", "expected a duration such as 90s, 15m, 24h or");
	wrong(DURATION, "0s", "expected a duration such as");
	value(STRING, "a b", -7, "a b");
	wrong(STRING, "", "it is empty");
	wrong(STRING, "a\tb", "expected visible UTF-8, found");
	wrong(STRING, "a\xe2\x80\xae", "expected visible UTF-8, found");
	wrong(STRING, "a\xff", "expected visible UTF-8, found");
	value(PATH, "/run/x y", -7, "/run/x y");
	wrong(PATH, "run/x", "expected an absolute path, found \"run/x\"");
	wrong(PATH, "", "it is empty");
}

/* What is not set stays as it was, whatever that is. */
static void
unset(void)
{
	cs_conf *c = good("\n\nlimits { }");
	const cs_conf_block *b = cs_conf_next(cs_conf_root(c), "limits", NULL);
	int64_t n = -7;
	char *s = NULL;
	cs_err e = {0};
	int m;

	for (m = FLAG; m <= PATH; m++)
		ok(mean(b, (enum meaning)m, &n, &s, &e) == CS_OK && s == NULL,
		    "not set: %d", m);
	ok(n == -7 || n == 0, "and stays");
	ok(cs_conf_fail(b, "body", &e, "it is %s", "missing") == CS_EFORMAT &&
	    strcmp(e.text, "f:3: body: it is missing") == 0, "%s", e.text);
	ok(cs_conf_fail(b, NULL, &e, "too many") == CS_EFORMAT &&
	    strcmp(e.text, "f:3: too many") == 0, "%s", e.text);
	cs_conf_free(&c);
}

/* A part of the file is never taken for the whole: only behind a block may it
 * be cut. */
static void
survives(void)
{
	char bad[sizeof(golden)];
	cs_conf *c = NULL;
	size_t i, n = strlen(golden), read = 0, from, end;

	from = (size_t)(strstr(golden, "domain a") - golden) + 1;
	end = (size_t)(strstr(golden, "\n}\n") - golden) + 2;
	for (i = 0; i < n; i++) {
		if (sample_skips())
			continue;
		read += parse(golden, i, &c, NULL) == CS_OK && i >= from &&
		    i != end && i != end + 1 && i != n - 1;
		cs_conf_free(&c);
		memcpy(bad, golden, sizeof(golden));
		bad[i] = (char)(bad[i] ^ 0x40);
		(void)!parse(bad, n, &c, NULL);
		cs_conf_free(&c);
	}
	ok(read == 0, "no prefix is the file");
	memcpy(bad, golden, sizeof(golden));
	bad[n] = 'x';
	refused(bad, n + 1, "f:11: no such option 'x'");
	bad[n] = '}';
	refused(bad, n + 1, "f:11: a } without its {");
	bad[n] = '\0';
	refused(bad, n + 1, "f:11: a NUL byte");
}

/* Blocks without titles, of one name. */
static void
many(void)
{
	cs_conf *c = good("ca { body = 1k }\nca { }\nlimits { }\n"
	    "ca {\nbody = 3k\n}\n");
	const cs_conf_block *r = cs_conf_root(c), *a, *b, *d;

	a = cs_conf_next(r, "ca", NULL);
	b = a == NULL ? NULL : cs_conf_next(r, "ca", a);
	d = b == NULL ? NULL : cs_conf_next(r, "ca", b);
	ok(d != NULL && cs_conf_next(r, "ca", d) == NULL &&
	    cs_conf_title(a) == NULL && cs_conf_line(d) == 4, "three blocks");
	ok(is(cs_conf_text(a, "body"), "1k") &&
	    cs_conf_text(b, "body") == NULL &&
	    is(cs_conf_text(d, "body"), "3k") &&
	    cs_conf_where(d, "body") == 5, "each has its own");
	cs_conf_free(&c);
	REFUSED("ca a { }", "f:1: ca: expected {, found a");
	REFUSED("ca { body = 1 body = 2 }", "f:1: body is set twice, before in "
	    "line 1");
}

static void
limits(void)
{
	char *text = malloc(CAP + 1);
	cs_conf *c = NULL;
	cs_err e = {0};

	if (text == NULL)
		exit(99);
	memset(text, '\n', CAP + 1);
	ok(parse(text, CAP, &c, &e) == CS_OK, "the largest file");
	cs_conf_free(&c);
	refused(text, CAP + 1, "f: expected at most 4096 bytes, found 4097");
	free(text);
}

/* libconfuse looks through all that are there for each one. */
static void
blocks(void)
{
	cs_buf *many = cs_buf_new(1 << 20);
	cs_conf *c = NULL;
	cs_err e = {0};
	int i;

	if (many == NULL)
		exit(99);
	(void)!cs_buf_put_str(many, "domain a {\n");
	for (i = 1; i < CS_CONF_BLOCKS_MAX; i++)
		(void)!cs_buf_printf(many, "path %d { }\n", i);
	(void)!cs_buf_put_str(many, "}\n");
	ok(cs_conf_parse("f", cs_buf_span(many), 1 << 20, words, &c, &e) ==
	    CS_OK, "the most blocks %s", e.text);
	cs_conf_free(&c);
	(void)!cs_buf_put_str(many, "limits { }\n");
	ok(cs_conf_parse("f", cs_buf_span(many), 1 << 20, words, &c, &e) ==
	    CS_EFORMAT && strcmp(e.text, "f:8194: more than 8192 blocks") == 0,
	    "%s", e.text);
	cs_buf_free(&many);
}

static char path[] = "/tmp/conf.XXXXXX/f";

static void
trusted(void)
{
	char *slash = strrchr(path, '/');
	cs_conf *c = NULL;
	cs_err e = {0};

	*slash = '\0';
	if (!ok(mkdtemp(path) != NULL, "a directory"))
		return;
	*slash = '/';
	ok(cs_conf_load(path, geteuid(), CAP, words, &c, &e) == CS_EIO &&
	    c == NULL, "no file");
	ok(cs_file_write(path, cs_span_str(golden), 0644, false, &e) == CS_OK &&
	    cs_conf_load(path, geteuid(), CAP, words, &c, &e) == CS_OK,
	    "a file");
	cs_conf_free(&c);
	ok(cs_conf_load(path, geteuid(), 16, words, &c, &e) == CS_EFORMAT &&
	    c == NULL, "a large one: %s", e.text);
	ok(chmod(path, 0664) == 0 && cs_conf_load(path, geteuid(), CAP, words,
	    &c, &e) == CS_EIO && c == NULL, "that a group may write: %s",
	    e.text);
	(void)unlink(path);
	*slash = '\0';
	(void)rmdir(path);
}

static void *
again(void *arg)
{
	size_t *bad = arg;
	cs_conf *c = NULL;
	int i;

	for (i = 0; i < 200; i++) {
		*bad += parse(golden, strlen(golden), &c, NULL) != CS_OK ||
		    !is(cs_conf_text(cs_conf_root(c), "workers"), "4");
		cs_conf_free(&c);
	}
	return NULL;
}

/* libconfuse keeps what it reads in one place for all. */
static void
threads(void)
{
	size_t bad[4] = {0}, i;
	pthread_t t[4];

	for (i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, again, &bad[i]) != 0)
			exit(99);
	for (i = 0; i < 4; i++)
		(void)pthread_join(t[i], NULL);
	ok(bad[0] + bad[1] + bad[2] + bad[3] == 0, "four at once");
}

int
main(void)
{
	all_of_it();
	names();
	lexer();
	numbers();
	meanings();
	unset();
	survives();
	many();
	limits();
	if (!sample_on())
		blocks();
	trusted();
	threads();
	return done_testing();
}
