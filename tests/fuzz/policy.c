/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "plugin/policyfile.h"

#define YEAR (INT64_C(365) * 86400)

static bool
is_policy(cs_span in)
{
	cs_policy *p = NULL;
	bool good = cs_policy_parse("policy", in, &p, NULL) == CS_OK;

	CHECK((p != NULL) == good);
	cs_policy_free(&p);
	return good;
}

/* Read to its end: whatever stands behind is seen, and a block that is open or
 * closed once too often is no policy. */
static void
check_end(cs_span in)
{
	static const char *const behind[] = {"\n}", "\n{", "\nx", "\n=", "\n,",
	    "\ndomain", "\ndomain x {", "\ndomain x { path \"/\" {", "\n\"",
	    "\n${X}", "\n\\"};
	cs_buf *b = cs_buf_new(in.n + 64);
	size_t i;

	for (i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		cs_buf_reset(b);
		CHECK(cs_buf_put(b, in) == CS_OK &&
		    cs_buf_put_str(b, behind[i]) == CS_OK);
		CHECK(!is_policy(cs_buf_span(b)));
	}
	cs_buf_free(&b);
}

static unsigned
count_lines(cs_span in)
{
	unsigned n = 1;
	size_t i;

	for (i = 0; i < in.n; i++)
		n += in.p[i] == '\n';
	return n;
}

static void
check_rule(const cs_rule *r, cs_span in)
{
	size_t i;

	CHECK(r->line >= 1 && r->line <= count_lines(in));
	CHECK(strcmp(r->file, "policy") == 0);
	CHECK(r->quorum >= 1 && r->quorum <= 16);
	CHECK(r->max_lifetime >= 1 && r->max_lifetime <= YEAR);
	CHECK(r->max_window >= 1 && r->max_window <= YEAR);
	CHECK(!r->any_group || r->n_groups == 0);
	CHECK(r->n_groups <= CS_RULE_GROUPS_MAX);
	for (i = 0; i < r->n_groups; i++)
		CHECK(r->groups[i].n > 0 && memmem(in.p, in.n,
		    r->groups[i].p, r->groups[i].n) != NULL);
	CHECK(memmem(in.p, in.n, r->path.p, r->path.n) != NULL);
	CHECK(memmem(in.p, in.n, r->trust_domain.p, r->trust_domain.n) !=
	    NULL);
}

static void
check_policy(const cs_policy *p, cs_span in)
{
	static const char *const ids[] = {"wimse://corp.example/agent/a",
	    "wimse://corp.example/x", "spiffe://a/b/c", "wimse://a/b"};
	static const char *const domains[] = {"corp.example", "corp.example",
	    "a", "a"};
	const cs_rule *r;
	size_t i;

	CHECK(cs_policy_count(p) <= CS_RULES_MAX);
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		r = cs_policy_find(p, cs_span_str(domains[i]),
		    cs_span_str(ids[i]));
		CHECK(r == NULL || cs_policy_serves(p,
		    cs_span_str(domains[i])));
		if (r != NULL)
			check_rule(r, in);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_policy *p = NULL;
	cs_err e = {0};

	if (n > CS_POLICY_FILE_MAX - 64)
		return 0;
	if (cs_policy_parse("policy", in, &p, &e) == CS_OK) {
		check_policy(p, in);
		check_end(in);
	} else {
		CHECK(p == NULL && e.cls == CS_EFORMAT && e.text[0] != '\0');
	}
	cs_policy_free(&p);
	return 0;
}
