/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/names.h"
#include "fmt/scan.h"
#include "tap.h"

#define S(s) cs_span_str(s)
/* As good as any other, from line `n` on. */
#define RULE(td, where, n) \
	{.trust_domain = S(td), .path = S(where), .max_lifetime = 1, \
	    .max_window = 1, .file = "policy", .line = (n)}

static const cs_policy *
made(const cs_rule *r, size_t n)
{
	static cs_policy *p;
	cs_err e = {0};

	cs_policy_free(&p);
	if (!ok(cs_policy_new(r, n, &p, &e) == CS_OK && p != NULL,
	    "%zu rules", n))
		printf("# %s\n", e.text);
	return p;
}

static void
refused(const cs_rule *r, size_t n, const char *why)
{
	cs_policy *p = NULL;
	cs_err e = {0};

	if (!ok(cs_policy_new(r, n, &p, &e) == CS_EFORMAT && p == NULL &&
	    strstr(e.text, why) != NULL, "refused: %s", why))
		printf("# %s\n", e.text);
	cs_policy_free(&p);
}

static void
finds(const cs_policy *p, const char *id, unsigned line)
{
	cs_span td = {0};
	const cs_rule *r = NULL;

	if (cs_agent_id_check(S(id), &td, NULL) == CS_OK)
		r = cs_policy_find(p, td, S(id));
	if (!ok((r == NULL ? 0 : r->line) == line, "%s: line %u", id, line))
		printf("# line %u\n", r == NULL ? 0 : r->line);
}

/* The longest path by whole segment, and no other rule beside it. */
static void
longest(void)
{
	const cs_rule rules[] = {RULE("corp.example", "/agent/ci/night", 1),
	    RULE("corp.example", "/agent", 2), RULE("corp.example", "/a", 3),
	    RULE("corp.example", "/agent/ci", 4),
	    RULE("corp.example", "/agent-x", 5),
	    RULE("other.example", "/", 6), RULE("corp.example", "/AGENT", 7),
	    RULE("other.example", "/agent/ci", 8),
	    RULE("deep.example", "/a/b/c", 9)};
	const cs_policy *p = made(rules, sizeof(rules) / sizeof(rules[0]));

	finds(p, "wimse://corp.example/agent", 2);
	finds(p, "spiffe://corp.example/agent", 2);
	finds(p, "wimse://corp.example/agent/c", 2);
	finds(p, "wimse://corp.example/agent/cix", 2);
	finds(p, "wimse://corp.example/agent/ci", 4);
	finds(p, "wimse://corp.example/agent/ci/nigh", 4);
	finds(p, "wimse://corp.example/agent/ci/night", 1);
	finds(p, "wimse://corp.example/agent/ci/night/x/y", 1);
	finds(p, "wimse://corp.example/agent-x/ci/night", 5);
	finds(p, "wimse://corp.example/agentx", 0);
	finds(p, "wimse://corp.example/a/agent/ci", 3);
	finds(p, "wimse://corp.example/Agent", 0);
	finds(p, "wimse://corp.example/AGENT/ci", 7);
	finds(p, "wimse://corp.example/x/agent", 0);
	finds(p, "wimse://corp.example.x/agent", 0);
	finds(p, "wimse://corp.exampl/agent", 0);
	finds(p, "wimse://other.example/x", 6);
	finds(p, "wimse://other.example/agent", 6);
	finds(p, "wimse://other.example/agent/ci", 8);
	finds(p, "wimse://deep.example/a/b", 0);
	finds(p, "wimse://deep.example/a/b/c/d", 9);
	ok(cs_policy_count(p) == 9, "nine");
	ok(cs_policy_serves(p, S("corp.example")) &&
	    cs_policy_serves(p, S("other.example")), "served");
	ok(!cs_policy_serves(p, S("corp.exampl")) &&
	    !cs_policy_serves(p, S("corp.example.")) &&
	    !cs_policy_serves(p, S("zzz")) && !cs_policy_serves(p, S("")) &&
	    !cs_policy_serves(p, (cs_span){0}), "not served");
}

/* What is no identifier of the trust domain has no rule, not even "/". */
static void
strangers(void)
{
	static const char *const ids[] = {"wimse://other.example/x",
	    "wimse://corp.example", "wimse://corp.example/",
	    "wimse://corp.example/a//b", "http://corp.example/a",
	    "wimse://corp.examplex/a", "/a", "corp.example/a", ""};
	const cs_rule all[] = {RULE("corp.example", "/", 1)};
	const cs_policy *p = made(all, 1);
	size_t i;

	finds(p, "wimse://corp.example/a", 1);
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ok(cs_policy_find(p, S("corp.example"), S(ids[i])) == NULL,
		    "\"%s\"", ids[i]);
	ok(cs_policy_find(p, S("corp.example"), (cs_span){0}) == NULL &&
	    cs_policy_find(p, (cs_span){0}, S("wimse://corp.example/a")) ==
	    NULL, "absent");
	p = made(NULL, 0);
	ok(cs_policy_count(p) == 0 && !cs_policy_serves(p, S("a")) &&
	    cs_policy_find(p, S("corp.example"), S("wimse://corp.example/a")) ==
	    NULL, "an empty policy");
	(void)made(all, 1);
}

/* What cannot be meant is told with its line. */
static void
bad_rules(void)
{
	const cs_rule twice[] = {RULE("a.example", "/x", 3),
	    RULE("b.example", "/x", 4), RULE("a.example", "/x", 7)};
	static const struct {
		const char *td, *path, *why;
	} places[] = {
		{"a.example", "x", "policy:9: expected a path that begins"},
		{"a.example", "", "policy:9: expected a path that begins"},
		{"a.example", "/x/", "policy:9: agent identifier"},
		{"a.example", "//", "policy:9: agent identifier"},
		{"a.example", "/x//y", "policy:9: agent identifier"},
		{"a.example", "/x/../y", "policy:9: agent identifier"},
		{"a.example", "/.", "policy:9: agent identifier"},
		{"a.example", "/*", "policy:9: agent identifier"},
		{"a.example", "/x y", "policy:9: agent identifier"},
		{"A.example", "/x", "policy:9: trust domain"},
		{"", "/x", "policy:9: trust domain"},
		{"10.0.0.1", "/x", "policy:9: trust domain"},
		{"*", "/", "policy:9: trust domain"},
		{"a.example/x", "/y", "policy:9: expected a trust domain"},
	};
	size_t i;

	refused(twice, 3, "policy:7: a second rule for a.example/x, the other "
	    "is policy:3");
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const cs_rule r[] = {RULE(places[i].td, places[i].path, 9)};

		refused(r, 1, places[i].why);
	}
}

static void
bad_values(void)
{
	cs_rule r = RULE("a.example", "/x", 9);
	static cs_rule many[CS_RULES_MAX + 1];
	char path[CS_RULES_MAX + 1][8];
	size_t i;

	r.max_lifetime = 0;
	refused(&r, 1, "policy:9: expected a lifetime");
	r.max_lifetime = 1;
	r.max_window = -1;
	refused(&r, 1, "policy:9: expected a window");
	r.max_window = 1;
	r.quorum = 17;
	refused(&r, 1, "policy:9: expected a quorum of at most 16, found 17");
	r.quorum = 16;
	r.groups[0] = r.groups[1] = S("g");
	r.n_groups = 2;
	refused(&r, 1, "policy:9: expected a group once, found \"g\"");
	r.n_groups = 1;
	r.any_group = true;
	refused(&r, 1, "policy:9: expected \"*\" alone, or groups");
	r.any_group = false;
	r.groups[0] = S("");
	refused(&r, 1, "policy:9: expected the name of a group");
	r.n_groups = CS_RULE_GROUPS_MAX + 1;
	refused(&r, 1, "at most 32 groups, found 33");
	for (i = 0; i <= CS_RULES_MAX; i++) {
		(void)snprintf(path[i], sizeof(path[i]), "/%zu", i);
		many[i] = (cs_rule)RULE("a.example", path[i], 1);
	}
	refused(many, CS_RULES_MAX + 1, "at most 4096 rules, found 4097");
	ok(cs_policy_count(made(many, CS_RULES_MAX)) == CS_RULES_MAX, "most");
}

/* Nothing is borrowed from who made it, and all of it is there. */
static void
copies(void)
{
	char td[] = "a.example", path[] = "/x", file[] = "policy",
	    one[] = "staff", two[] = "ops";
	cs_rule r = {.trust_domain = S(td), .path = S(path), .file = file,
	    .line = 5, .groups = {S(one), S(two)}, .n_groups = 2,
	    .quorum = 2, .hardware = true, .presence = true,
	    .max_lifetime = 60, .max_window = 70, .grants = true,
	    .move_key = true};
	const cs_policy *p = made(&r, 1);
	const cs_rule *f;

	memset(td, 'z', sizeof(td) - 1);
	memset(path, 'z', sizeof(path) - 1);
	memset(file, 'z', sizeof(file) - 1);
	memset(one, 'z', sizeof(one) - 1);
	memset(two, 'z', sizeof(two) - 1);
	f = cs_policy_find(p, S("a.example"), S("wimse://a.example/x/y"));
	ok(f != NULL && cs_span_is(f->path, "/x") &&
	    strcmp(f->file, "policy") == 0 && f->line == 5 &&
	    cs_span_is(f->groups[0], "staff") &&
	    cs_span_is(f->groups[1], "ops") && f->quorum == 2 &&
	    f->max_lifetime == 60 && f->max_window == 70 && f->hardware &&
	    f->presence && !f->verification && f->grants && !f->batches &&
	    !f->evidence && !f->move_owner && f->move_key, "a copy");
	ok(cs_rule_has(f, S("staff")) && cs_rule_has(f, S("ops")) &&
	    !cs_rule_has(f, S("op")) && !cs_rule_has(f, S("opsx")) &&
	    !cs_rule_has(f, S("")) && !cs_rule_has(f, (cs_span){0}) &&
	    !cs_rule_has(f, S("*")), "its groups");
	r.n_groups = 0;
	ok(!cs_rule_has(&r, S("staff")) && !cs_rule_has(&r, S("")) &&
	    !cs_rule_has(&r, (cs_span){0}), "no group, nobody");
	r.any_group = true;
	ok(cs_rule_has(&r, S("x")) && cs_rule_has(&r, (cs_span){0}),
	    "any group, everybody");
	(void)made(NULL, 0);
}

static const char *const segments[] = {"a", "b", "ab", "a-b", "A", "a.b"};
#define SEGMENTS (sizeof(segments) / sizeof(segments[0]))

/* The identifier of a number: up to four segments. */
static void
name_of(size_t k, char out[64])
{
	char *at = out + snprintf(out, 64, "wimse://c");

	for (; k != 0; k /= SEGMENTS + 1)
		if (k % (SEGMENTS + 1) != 0)
			at += snprintf(at, 8, "/%s",
			    segments[k % (SEGMENTS + 1) - 1]);
}

/* All identifiers of few segments, against rules looked through one by one. */
static void
model(unsigned seed)
{
	static char ids[2500][64];
	static cs_rule rules[2500];
	size_t i, j, k, n = 0, wrong = 0;
	const cs_rule *want, *found;
	const cs_policy *p;

	for (i = 1; i < 2401; i++) {
		name_of(i, ids[i]);
		for (j = 1; j < i && strcmp(ids[i], ids[j]) != 0; j++)
			continue;
		seed = seed * 1103515245 + 12345;
		if (j == i && (seed >> 16) % 7 == 0)
			rules[n++] = (cs_rule)RULE("c", ids[i] + 9,
			    (unsigned)i);
	}
	p = made(rules, n);
	for (i = 1; i < 2401; i++) {
		want = NULL;
		for (k = 0; k < n; k++)
			if (cs_agent_id_under(S(ids[i]),
			    S(ids[rules[k].line])) &&
			    (want == NULL || want->path.n < rules[k].path.n))
				want = &rules[k];
		found = cs_policy_find(p, S("c"), S(ids[i]));
		wrong += (want == NULL ? 0 : want->line) !=
		    (found == NULL ? 0 : found->line);
	}
	ok(n > 100 && wrong == 0, "%zu rules as one by one", n);
	(void)made(NULL, 0);
}

int
main(void)
{
	longest();
	strangers();
	bad_rules();
	bad_values();
	copies();
	model(1);
	model(2);
	return done_testing();
}
