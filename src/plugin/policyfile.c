/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/policyfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "fmt/csr.h"

#define DAY INT64_C(86400)
#define DEFAULT_LIFETIME DAY
#define DEFAULT_WINDOW DAY
#define MAX_LIFETIME (365 * DAY) /* formats section 4: no approval has more */

const cs_conf_word cs_policy_words[] = {
    {"groups", CS_CONF_LIST, NULL},
    {"quorum", CS_CONF_VALUE, NULL},
    {"hardware", CS_CONF_VALUE, NULL},
    {"presence", CS_CONF_VALUE, NULL},
    {"verification", CS_CONF_VALUE, NULL},
    {"max-lifetime", CS_CONF_VALUE, NULL},
    {"max-window", CS_CONF_VALUE, NULL},
    {"grants", CS_CONF_VALUE, NULL},
    {"batches", CS_CONF_VALUE, NULL},
    {"evidence", CS_CONF_VALUE, NULL},
    {"move-owner", CS_CONF_VALUE, NULL},
    {"move-key", CS_CONF_VALUE, NULL},
    {NULL, 0, NULL}};

static const cs_conf_word domain_words[] = {
    {"path", CS_CONF_TITLED, cs_policy_words}, {NULL, 0, NULL}};

static const cs_conf_word file_words[] = {
    {"domain", CS_CONF_TITLED, domain_words}, {NULL, 0, NULL}};

struct rules {
	cs_rule *all; /* CS_RULES_MAX of them */
	size_t n;
};

static int
take_groups(const cs_conf_block *b, cs_rule *r, cs_err *e)
{
	size_t i, n = cs_conf_count(b, "groups");
	const char *v;

	if (n > CS_RULE_GROUPS_MAX)
		return cs_conf_fail(b, "groups", e,
		    "expected at most %d, found %zu", CS_RULE_GROUPS_MAX, n);
	for (i = 0; i < n; i++) {
		v = cs_conf_item(b, "groups", i);
		if (!cs_text_plain(cs_span_str(v)))
			return cs_conf_expect(b, "groups", "visible UTF-8", v,
			    e);
		if (strcmp(v, "*") == 0 && n == 1)
			r->any_group = true;
		else if (strcmp(v, "*") == 0)
			return cs_conf_expect(b, "groups",
			    "\"*\" alone, or groups", v, e);
		else
			r->groups[r->n_groups++] = cs_span_str(v);
	}
	return CS_OK;
}

static int
take_quorum(const cs_conf_block *b, cs_rule *r, cs_err *e)
{
	int64_t n = 1;
	int rc = cs_conf_number(b, "quorum", 1, CS_APPROVALS_MAX, &n, e);

	r->quorum = (size_t)n;
	return rc;
}

static int
take_flags(const cs_conf_block *b, cs_rule *r, cs_err *e)
{
	const struct {
		const char *name;
		bool *to;
	} flags[] = {
		{"hardware", &r->hardware},
		{"presence", &r->presence},
		{"verification", &r->verification},
		{"grants", &r->grants},
		{"batches", &r->batches},
		{"evidence", &r->evidence},
		{"move-owner", &r->move_owner},
		{"move-key", &r->move_key},
	};
	int rc = CS_OK;
	size_t i;

	for (i = 0; rc == CS_OK && i < sizeof(flags) / sizeof(flags[0]); i++)
		rc = cs_conf_flag(b, flags[i].name, flags[i].to, e);
	return rc;
}

static int
take_rule(const char *name, const cs_conf_block *domain,
    const cs_conf_block *path, cs_rule *r, cs_err *e)
{
	int rc;

	r->trust_domain = cs_span_str(cs_conf_title(domain));
	r->path = cs_span_str(cs_conf_title(path));
	r->file = name;
	r->line = cs_conf_line(path);
	r->max_lifetime = DEFAULT_LIFETIME;
	r->max_window = DEFAULT_WINDOW;
	if ((rc = take_groups(path, r, e)) != CS_OK ||
	    (rc = take_quorum(path, r, e)) != CS_OK ||
	    (rc = take_flags(path, r, e)) != CS_OK ||
	    (rc = cs_conf_duration(path, "max-lifetime", MAX_LIFETIME,
	    &r->max_lifetime, e)) != CS_OK)
		return rc;
	return cs_conf_duration(path, "max-window", MAX_LIFETIME,
	    &r->max_window, e);
}

static int
take(const char *name, const cs_conf *file, struct rules *rules, cs_err *e)
{
	const cs_conf_block *root = cs_conf_root(file), *d = NULL, *p;
	int rc;

	while ((d = cs_conf_next(root, "domain", d)) != NULL)
		for (p = NULL; (p = cs_conf_next(d, "path", p)) != NULL;) {
			if (rules->n == CS_RULES_MAX)
				return cs_conf_fail(p, NULL, e,
				    "too many paths");
			if ((rc = take_rule(name, d, p, &rules->all[rules->n++],
			    e)) != CS_OK)
				return rc;
		}
	return CS_OK;
}

int
cs_policy_parse(const char *name, cs_span in, cs_policy **out, cs_err *e)
{
	struct rules rules = {0};
	cs_conf *file = NULL;
	int rc;

	*out = NULL;
	rc = cs_conf_parse(name, in, CS_POLICY_FILE_MAX, file_words, &file, e);
	if (rc != CS_OK)
		return rc;
	rules.all = calloc(CS_RULES_MAX, sizeof(*rules.all));
	if (rules.all == NULL)
		rc = cs_nomem(e, "policy");
	else if ((rc = take(name, file, &rules, e)) == CS_OK)
		rc = cs_policy_new(rules.all, rules.n, out, e);
	free(rules.all);
	cs_conf_free(&file);
	return rc;
}

int
cs_policy_load(const char *path, uid_t reader, cs_policy **out, cs_err *e)
{
	cs_buf *b = NULL;
	int rc;

	*out = NULL;
	if ((rc = cs_file_read_trusted(path, reader, CS_POLICY_FILE_MAX, &b,
	    e)) == CS_OK)
		rc = cs_policy_parse(path, cs_buf_span(b), out, e);
	cs_buf_free(&b);
	return rc;
}
