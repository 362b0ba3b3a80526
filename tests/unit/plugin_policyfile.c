/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/policyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sample.h"
#include "tap.h"

static const char golden[] =
    "# who may approve what\n"
    "domain \"corp.example\" {\n"
    "\tpath \"/\" { }\n"
    "\tpath \"/agent\" {\r\n"
    "\t\tgroups = {\"staff\", 'ops'} # these two\n"
    "\t\tquorum = 2\n"
    "\t\thardware = yes presence = yes\n"
    "\t\tverification = \"yes\"\n"
    "\t\tmax-lifetime = 90m\n"
    "\t\tmax-window = \"30d\"\n"
    "\t\tgrants = yes\n\t\tbatches = yes\n\t\tevidence = yes\n"
    "\t\tmove-owner = yes\n\t\tmove-key = yes\n"
    "\t}\n"
    "}\n"
    "domain other.example { path \"/x/y\" { groups = {\n\"*\" # all\n} } }\n";

static const cs_rule *
rule(const cs_policy *p, const char *td, const char *id)
{
	return p == NULL ? NULL : cs_policy_find(p, cs_span_str(td),
	    cs_span_str(id));
}

static cs_policy *
parse(const char *text)
{
	cs_policy *p = NULL;
	cs_err e = {0};

	if (!ok(cs_policy_parse("policy", cs_span_str(text), &p, &e) == CS_OK,
	    "good"))
		printf("# %s\n", e.text);
	return p;
}

static void
all_of_it(void)
{
	cs_policy *p = parse(golden);
	const cs_rule *r = rule(p, "corp.example",
	    "wimse://corp.example/agent/a");

	ok(r != NULL && cs_policy_count(p) == 3 && r->n_groups == 2 &&
	    cs_span_is(r->groups[0], "staff") &&
	    cs_span_is(r->groups[1], "ops") && !r->any_group &&
	    r->quorum == 2 && r->hardware && r->presence &&
	    r->verification && r->max_lifetime == 5400 &&
	    r->max_window == 30 * 86400 && r->grants && r->batches &&
	    r->evidence && r->move_owner && r->move_key, "every name");
	ok(r != NULL && strcmp(r->file, "policy") == 0 && r->line == 4,
	    "FILE:LINE");
	r = rule(p, "corp.example", "wimse://corp.example/x");
	ok(r != NULL && r->line == 3 && r->n_groups == 0 && !r->any_group &&
	    r->quorum == 1 && !r->hardware && !r->presence &&
	    !r->verification && r->max_lifetime == 86400 &&
	    r->max_window == 86400 && !r->grants && !r->batches &&
	    !r->evidence && !r->move_owner && !r->move_key, "the defaults");
	r = rule(p, "other.example", "wimse://other.example/x/y");
	ok(r != NULL && r->any_group && r->n_groups == 0 && r->line == 18,
	    "any group");
	cs_policy_free(&p);
	p = parse("");
	ok(p != NULL && cs_policy_count(p) == 0, "empty");
	cs_policy_free(&p);
	p = parse("domain a.example{path'/x'{groups=staff quorum=16}}");
	r = rule(p, "a.example", "spiffe://a.example/x");
	ok(r != NULL && cs_span_is(r->groups[0], "staff") && r->quorum == 16,
	    "no blank where none is needed");
	cs_policy_free(&p);
	p = parse("domain \"a.example\" { path \"/x\" { groups = {} } }");
	r = rule(p, "a.example", "spiffe://a.example/x");
	ok(r != NULL && r->n_groups == 0 && !r->any_group, "no group");
	cs_policy_free(&p);
}

/* In a path block, in line 3. */
static void
in_path(const char *text, const char *why)
{
	char all[512];
	cs_policy *p = NULL;
	cs_err e = {0};

	(void)snprintf(all, sizeof(all), "domain \"a.example\" {\n"
	    "path \"/x\" {\n%s\n}\n}\n", text);
	if (!ok(cs_policy_parse("policy", cs_span_str(all), &p, &e) ==
	    CS_EFORMAT && p == NULL && strstr(e.text, why) == e.text,
	    "%s: %s", text, why))
		printf("# %s\n", e.text);
	cs_policy_free(&p);
}

static void
refused(const char *text, size_t n, const char *why)
{
	cs_policy *p = NULL;
	cs_err e = {0};

	if (!ok(cs_policy_parse("policy", cs_span_of(text, n), &p, &e) ==
	    CS_EFORMAT && p == NULL && strstr(e.text, why) == e.text,
	    "refused: %s", why))
		printf("# %s\n", e.text);
	cs_policy_free(&p);
}

#define REFUSED(text, why) refused(text, sizeof(text) - 1, why)

static void
values(void)
{
	static const char *const flags[] = {"hardware", "presence",
	    "verification", "grants", "batches", "evidence", "move-owner",
	    "move-key"};
	static const char *const no[] = {"true", "Yes", "YES", "1", "on",
	    "\"\"", "\"yes \"", "maybe"};
	char text[64], why[96];
	size_t i, k;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		for (k = 0; k < sizeof(no) / sizeof(no[0]); k++) {
			(void)snprintf(text, sizeof(text), "%s = %s",
			    flags[i], no[k]);
			(void)snprintf(why, sizeof(why), "policy:3: %s: "
			    "expected yes or no, found", flags[i]);
			in_path(text, why);
		}
	in_path("quorum = 0", "policy:3: quorum: expected 1 to 16, found");
	in_path("quorum = 17", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = 02", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = 0x2", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = -1", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = \"\"", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = 1.5", "policy:3: quorum: expected 1 to 16");
	in_path("quorum = 99999999999999999999", "policy:3: quorum: expected");
	in_path("max-lifetime = 24", "policy:3: max-lifetime: expected a dur");
	in_path("max-lifetime = 0s", "policy:3: max-lifetime: expected a dur");
	in_path("max-lifetime = \"\"", "policy:3: max-lifetime: expected a d");
	in_path("max-lifetime = 366d", "policy:3: max-lifetime: expected at "
	    "most 365d, found \"366d\"");
	in_path("max-window = 24hours", "policy:3: max-window: expected a d");
	in_path("max-window = 366d", "policy:3: max-window: expected at most");
	in_path("groups = {\"a\",\n\"a\"}", "policy:2: expected a group once");
	in_path("groups = {\"*\", \"a\"}", "policy:3: groups: expected \"*\" "
	    "alone");
	in_path("groups = {\"a\", \"*\"}", "policy:3: groups: expected \"*\" "
	    "alone");
	in_path("groups = {\"\"}", "policy:2: expected the name of a group");
	in_path("groups = {\"a\xe2\x80\xae\"}", "policy:3: groups: expected "
	    "visible UTF-8");
	in_path("groups = {a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,"
	    "A,B,C,D,E,F,G}", "policy:3: groups: expected at most 32, found "
	    "33");
}

/* A word that is not known, in a place where it is not, or twice. */
static void
names(void)
{
	in_path("hardwear = yes", "policy:3: no such option 'hardwear'; did "
	    "you mean hardware?");
	in_path("max_window = 1h", "policy:3: no such option 'max_window'; "
	    "did you mean max-window?");
	in_path("zzzzzzz = yes", "policy:3: no such option 'zzzzzzz'");
	in_path("groups = {a}\ngroups = {b}", "policy:4: groups is set twice, "
	    "before in line 3");
	in_path("path \"/y\" { }", "policy:3: no such option 'path' here: it "
	    "belongs into domain { }");
	in_path("domain \"b.example\" { }", "policy:3: no such option 'domain' "
	    "here: it stands outside");
	in_path("quorum = {1, 2}", "policy:3: quorum: expected a value");
	REFUSED("quorum = 2\n", "policy:1: no such option 'quorum' here: it "
	    "belongs into path { }");
	REFUSED("\npath \"/x\" { }\n", "policy:2: no such option 'path' here: "
	    "it belongs into domain { }");
	REFUSED("domian \"x\" { }\n", "policy:1: no such option 'domian', "
	    "expected domain");
	REFUSED("domain \"a.example\" {\n paht \"/x\" { } }", "policy:2: no "
	    "such option 'paht', expected path");
	REFUSED("domain \"a.example\" {\n domain \"b.example\" { } }",
	    "policy:2: no such option 'domain' here: it stands outside");
	REFUSED("domain \"a.example\" { }\ndomain \"a.example\" { }",
	    "policy:2: domain a.example stands twice");
	REFUSED("domain \"a.example\" { path \"/x\" { }\npath \"/x\" { } }",
	    "policy:2: path /x stands twice");
	REFUSED("domain \"A.example\" { path \"/x\" { } }", "policy:1: trust "
	    "domain");
	REFUSED("domain \"a.example\" {\npath \"x\" { } }", "policy:2: "
	    "expected a path that begins with \"/\"");
	REFUSED("domain \"a.example\" {\npath \"/x/\" { } }", "policy:2: agent "
	    "identifier");
}

/* Nothing leaks, and a part of the file is never taken for the whole: only
 * where a block of the outermost level ends may it be cut. */
static void
survives(void)
{
	static const char end[] = "\n}\n";
	size_t i, n = strlen(golden), good = 0, first;
	char bad[sizeof(golden)];
	cs_policy *p = NULL;

	first = (size_t)(strstr(golden, end) - golden) + 2;
	for (i = strlen("# who may approve what\n") + 1; i < n - 2; i++) {
		if (!sample_skips() && cs_policy_parse("policy",
		    cs_span_of(golden, i), &p, NULL) == CS_OK)
			good += i != first && i != first + 1;
		cs_policy_free(&p);
	}
	ok(good == 0, "no prefix is a policy");
	for (i = 0; i < n; i++) {
		memcpy(bad, golden, sizeof(golden));
		bad[i] = (char)(bad[i] ^ 0x40);
		if (!sample_skips())
			(void)!cs_policy_parse("policy", cs_span_of(bad, n),
			    &p, NULL);
		cs_policy_free(&p);
	}
	memcpy(bad, golden, sizeof(golden));
	bad[n] = 'x';
	refused(bad, n + 1, "policy:21: no such option 'x', expected domain");
	bad[n] = '\0';
	refused(bad, n + 1, "policy:21: a NUL byte");
}

static void
limits(void)
{
	size_t n = CS_POLICY_FILE_MAX, i;
	char *text = malloc(n + 1);
	cs_policy *p = NULL;
	cs_buf *many = cs_buf_new(n);
	cs_err e = {0};

	if (text == NULL || many == NULL)
		exit(99);
	memset(text, '\n', n + 1);
	ok(cs_policy_parse("policy", cs_span_of(text, n), &p, &e) == CS_OK,
	    "the largest file");
	cs_policy_free(&p);
	refused(text, n + 1, "policy: expected at most 1048576 bytes");
	(void)!cs_buf_put_str(many, "domain \"a.example\" {\n");
	for (i = 0; i < CS_RULES_MAX; i++)
		(void)!cs_buf_printf(many, "path \"/%zu\" { }\n", i);
	(void)!cs_buf_put_str(many, "}\n");
	ok(cs_policy_parse("policy", cs_buf_span(many), &p, &e) == CS_OK &&
	    cs_policy_count(p) == CS_RULES_MAX &&
	    rule(p, "a.example", "wimse://a.example/4095")->line == 4097,
	    "the most rules");
	cs_policy_free(&p);
	cs_buf_truncate(many, cs_buf_len(many) - 2);
	(void)!cs_buf_put_str(many, "path \"/x\" { } }\n");
	refused((const char *)cs_buf_span(many).p, cs_buf_len(many),
	    "policy:4098: too many paths");
	cs_buf_free(&many);
	free(text);
}

static char path[] = "/tmp/policyfile.XXXXXX/policy";

/* The file and its directory are held to the rules of trusted files. */
static void
trusted(void)
{
	cs_policy *p = NULL;
	cs_err e = {0};
	char *slash = strrchr(path, '/');

	*slash = '\0';
	if (!ok(mkdtemp(path) != NULL, "a directory"))
		return;
	*slash = '/';
	ok(cs_policy_load(path, geteuid(), &p, &e) == CS_EIO && p == NULL,
	    "no file");
	ok(cs_file_write(path, cs_span_str(golden), 0644, false, &e) == CS_OK &&
	    cs_policy_load(path, geteuid(), &p, &e) == CS_OK &&
	    cs_policy_count(p) == 3 && strcmp(rule(p, "corp.example",
	    "wimse://corp.example/x")->file, path) == 0, "a file");
	cs_policy_free(&p);
	ok(chmod(path, 0664) == 0 && cs_policy_load(path, geteuid(), &p,
	    &e) == CS_EIO && p == NULL, "that a group may write: %s", e.text);
	ok(cs_file_write(path, cs_span_str("qourum"), 0644, true, &e) ==
	    CS_OK && cs_policy_load(path, geteuid(), &p, &e) == CS_EFORMAT &&
	    strstr(e.text, path) == e.text, "a broken one: %s", e.text);
	(void)unlink(path);
	*slash = '\0';
	(void)rmdir(path);
}

static cs_buf *
page(void)
{
	const char *src = getenv("SRCDIR");
	cs_buf *b = NULL;
	char name[4200];

	(void)snprintf(name, sizeof(name), "%s/man/countersign-policy.5",
	    src == NULL ? "." : src);
	if (cs_file_read(name, 1 << 20, &b, NULL) != CS_OK)
		exit(99);
	return b;
}

/* The page's example is a policy, and means what the page says of it; every
 * name has its paragraph. */
static void
manual(void)
{
	cs_buf *b = page();
	const char *text = cs_buf_cstr(b), *at, *end;
	cs_policy *p = NULL;
	const cs_rule *r;
	const cs_conf_word *w;
	char item[64];
	cs_err e = {0};

	for (w = cs_policy_words; w->name != NULL; w++) {
		(void)snprintf(item, sizeof(item), "\n.It Ic %s\n", w->name);
		ok(strstr(text, item) != NULL, "%s: countersign-policy(5)",
		    w->name);
	}
	at = strstr(strstr(text, ".\\\" policy: example\n"), "indent\n") + 7;
	end = strstr(at, ".Ed\n");
	ok(cs_policy_parse("page", cs_span_of(at, (size_t)(end - at)), &p,
	    &e) == CS_OK, "the example: %s", e.text);
	r = rule(p, "corp.example", "wimse://corp.example/agent/treasury/eu");
	ok(r != NULL && r->quorum == 2 && r->evidence &&
	    cs_rule_has(r, cs_span_str("finance")) &&
	    !cs_rule_has(r, cs_span_str("staff")), "finance alone");
	ok(rule(p, "corp.example", "wimse://corp.example/other") == NULL,
	    "no rule");
	cs_policy_free(&p);
	cs_buf_free(&b);
}

int
main(void)
{
	all_of_it();
	values();
	names();
	survives();
	if (!sample_on())
		limits();
	trusted();
	manual();
	return done_testing();
}
