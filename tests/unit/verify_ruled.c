/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "sample.h"
#include "tap.h"
#include "vec.h"
#include "verify/verify.h"

/* tests/vectors/verdict/rules: messages under a rule, and the verdict that
 * another reader of the pages has reached. */

static cs_anchors *anchors;
static char loaded[64];

static void
owners(const char *name)
{
	cs_buf *b = NULL;
	cs_err e = {0};

	if (strcmp(name, loaded) == 0)
		return;
	b = expect_file(name, "");
	(void)snprintf(loaded, sizeof(loaded), "%s", name);
	cs_anchors_free(&anchors);
	if (cs_anchors_parse(name, cs_buf_span(b), &anchors, &e) != CS_OK) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	cs_buf_free(&b);
}

static int64_t
number(const char *words, const char *key, int64_t without)
{
	char text[32];

	return expect_option(words, key, text, sizeof(text)).p == NULL ?
	    without : strtoll(text, NULL, 10);
}

/* Names that the rule does not have are lax here, but for the groups. */
struct row {
	char domain[64], path[64], groups[64], evidence[64];
	cs_rule r;
};

static void
read_groups(struct row *w, const char *words)
{
	char *one, *save = NULL;

	if (expect_option(words, "groups=", w->groups,
	    sizeof(w->groups)).p == NULL)
		return;
	w->r.any_group = strcmp(w->groups, "*") == 0;
	for (one = strtok_r(w->groups, "+", &save);
	    one != NULL && !w->r.any_group; one = strtok_r(NULL, "+", &save))
		w->r.groups[w->r.n_groups++] = cs_span_str(one);
}

static void
read_rule(const char *words, struct row *w)
{
	cs_rule *r = &w->r;

	*w = (struct row){.r = {.file = "rules", .line = 1}};
	r->trust_domain = expect_option(words, "domain=", w->domain,
	    sizeof(w->domain));
	if (r->trust_domain.p == NULL)
		r->trust_domain = cs_span_str("corp.example");
	r->path = expect_option(words, "path=", w->path, sizeof(w->path));
	if (r->path.p == NULL)
		r->path = cs_span_str("/agent");
	read_groups(w, words);
	r->quorum = (size_t)number(words, "quorum=", 1);
	r->max_lifetime = number(words, "lifetime=", 31536000);
	r->max_window = number(words, "window=", 31536000);
	r->grants = strstr(words, "no-grants") == NULL;
	r->batches = strstr(words, "no-batches") == NULL;
	r->evidence = strstr(words, "evidence") != NULL;
	r->presence = strstr(words, "present") != NULL;
	r->verification = strstr(words, "verified") != NULL;
	r->hardware = strstr(words, "hardware") != NULL;
	(void)expect_option(words, "evidence=", w->evidence,
	    sizeof(w->evidence));
}

static const char *
name_of(const cs_verdict *v)
{
	if (cs_verdict_state(v) == CS_APPROVED)
		return "approved";
	return cs_verdict_state(v) == CS_DENIED ? "denied" :
	    cs_reason_name(cs_verdict_error(v)->detail);
}

static void
check(const char *name, const char *words, const char *want)
{
	cs_buf *file = expect_file(name, ".pem");
	struct expect_asked asked;
	cs_verify_in in = expect_input(&asked, "-", cs_buf_span(file),
	    anchors);
	cs_policy *p = NULL;
	cs_verdict *v = NULL;
	struct row w;
	cs_err e = {0};

	read_rule(words, &w);
	in.evidence_given = w.evidence[0] != '\0';
	in.evidence_affirmed = strcmp(w.evidence, "affirmed") == 0;
	if (cs_policy_new(&w.r, 1, &p, &e) != CS_OK) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	in.policy = p;
	if (!ok(cs_verify(&in, &v, &e) == CS_OK &&
	    strcmp(name_of(v), want) == 0, "%s under %s: %s", name, words,
	    want))
		printf("# %s: %s\n", v == NULL ? e.text : name_of(v),
		    v == NULL ? "" : cs_verdict_error(v)->text);
	cs_verdict_free(&v);
	cs_policy_free(&p);
	cs_buf_free(&file);
}

int
main(void)
{
	cs_buf *b = NULL;
	char *text = NULL, *line, *save = NULL;
	char kind[64], name[128], words[128], want[64];
	size_t n = 0;

	if (!vec_has_arc())
		return 0;
	b = expect_file("rules", "");
	text = strdup(cs_buf_cstr(b));
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '#' || sscanf(line, "%63s %127s %127s %63s",
		    kind, name, words, want) != 4)
			continue;
		owners(kind);
		if (!sample_skips())
			check(name, words, want);
		n++;
	}
	ok(n > 1000, "%zu lines", n);
	free(text);
	cs_buf_free(&b);
	cs_anchors_free(&anchors);
	return done_testing();
}
