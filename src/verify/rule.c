/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/rule.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/csr.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define AT(r) (r)->file, (r)->line

struct cs_policy {
	cs_buf *text;    /* all that the rules borrow */
	size_t n;
	cs_rule rules[]; /* sorted by trust domain, then path */
};

/* Bytes, and the shorter of two that begin alike first. */
static int
order(cs_span a, cs_span b)
{
	size_t i;

	for (i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i] ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static int
compare(const void *a, const void *b)
{
	const cs_rule *x = a, *y = b;
	int d = order(x->trust_domain, y->trust_domain);

	return d != 0 ? d : order(x->path, y->path);
}

static int
bad(const cs_rule *r, cs_err *e, const char *what, cs_span found)
{
	return cs_fail(e, CS_EFORMAT, "rule", "%s:%u: %s, found \"%.*s\"",
	    AT(r), what, CS_SHOW(found));
}

/* An agent may be called so: "/" stands for any path. */
static int
check_place(const cs_rule *r, cs_err *e)
{
	cs_buf *id = cs_buf_new(r->trust_domain.n + r->path.n + 16);
	bool all = cs_span_is(r->path, "/");
	cs_span td = {0};
	cs_err why = {0};
	int rc;

	if (id == NULL)
		return cs_nomem(e, "rule");
	if (!cs_scan_starts(r->path, "/"))
		rc = bad(r, e, "expected a path that begins with \"/\"",
		    r->path);
	else if (cs_buf_put_str(id, "wimse://") != CS_OK ||
	    cs_buf_put(id, r->trust_domain) != CS_OK ||
	    cs_buf_put(id, r->path) != CS_OK ||
	    (all && cs_buf_put_str(id, "x") != CS_OK))
		rc = cs_nomem(e, "rule");
	else if ((rc = cs_agent_id_check(cs_buf_span(id), &td, &why)) != CS_OK)
		rc = cs_fail(e, CS_EFORMAT, "rule", "%s:%u: %s", AT(r),
		    why.text);
	else if (!cs_span_eq(td, r->trust_domain))
		rc = bad(r, e, "expected a trust domain", r->trust_domain);
	cs_buf_free(&id);
	return rc;
}

static int
check_groups(const cs_rule *r, cs_err *e)
{
	size_t i, j;

	if (r->n_groups > CS_RULE_GROUPS_MAX)
		return cs_fail(e, CS_EFORMAT, "rule", "%s:%u: expected at most "
		    "%d groups, found %zu", AT(r), CS_RULE_GROUPS_MAX,
		    r->n_groups);
	if (r->any_group && r->n_groups != 0)
		return bad(r, e, "expected \"*\" alone, or groups",
		    r->groups[0]);
	for (i = 0; i < r->n_groups; i++) {
		if (r->groups[i].n == 0)
			return bad(r, e, "expected the name of a group",
			    r->groups[i]);
		for (j = 0; j < i; j++)
			if (cs_span_eq(r->groups[i], r->groups[j]))
				return bad(r, e, "expected a group once",
				    r->groups[i]);
	}
	return CS_OK;
}

static int
check_rule(const cs_rule *r, cs_err *e)
{
	int rc;

	if ((rc = check_place(r, e)) != CS_OK ||
	    (rc = check_groups(r, e)) != CS_OK)
		return rc;
	if (r->quorum > CS_APPROVALS_MAX)
		return cs_fail(e, CS_EFORMAT, "rule", "%s:%u: expected a "
		    "quorum of at most %d, found %zu", AT(r), CS_APPROVALS_MAX,
		    r->quorum);
	if (r->max_lifetime < 1 || r->max_window < 1)
		return cs_fail(e, CS_EFORMAT, "rule", "%s:%u: expected a %s of "
		    "at least one second", AT(r), r->max_lifetime < 1 ?
		    "lifetime" : "window");
	return CS_OK;
}

static size_t
room(const cs_rule *r)
{
	size_t i, n = r->trust_domain.n + r->path.n + strlen(r->file) + 1;

	for (i = 0; i < r->n_groups; i++)
		n += r->groups[i].n;
	return n;
}

/* Puts the bytes into `text`, where they stay, and shows them there. */
static int
keep(cs_buf *text, cs_span *s)
{
	size_t at = cs_buf_len(text), n = s->n;
	int rc = cs_buf_put(text, *s);

	*s = cs_span_cut(cs_buf_span(text), at, n);
	return rc;
}

static int
copy(cs_buf *text, cs_rule *r)
{
	cs_span file = cs_span_of(r->file, strlen(r->file) + 1);
	int rc = CS_OK;
	size_t i;

	if (keep(text, &r->trust_domain) != CS_OK ||
	    keep(text, &r->path) != CS_OK || keep(text, &file) != CS_OK)
		return CS_EBUG;
	r->file = (const char *)file.p;
	for (i = 0; rc == CS_OK && i < r->n_groups; i++)
		rc = keep(text, &r->groups[i]);
	return rc;
}

static int
copy_all(struct cs_policy *p, const cs_rule *rules, size_t n, cs_err *e)
{
	size_t i, sum = 0;

	for (i = 0; i < n; i++)
		sum += room(&rules[i]);
	if ((p->text = cs_buf_new(sum)) == NULL)
		return cs_nomem(e, "rule");
	for (i = 0; i < n; i++) {
		p->rules[i] = rules[i];
		if (copy(p->text, &p->rules[i]) != CS_OK)
			return cs_fail(e, CS_EBUG, "rule", "no room");
	}
	p->n = n;
	qsort(p->rules, n, sizeof(p->rules[0]), compare);
	return CS_OK;
}

static int
check_once(const struct cs_policy *p, cs_err *e)
{
	const cs_rule *a, *b;
	size_t i;

	for (i = 1; i < p->n; i++) {
		a = &p->rules[i - 1];
		b = &p->rules[i];
		if (compare(a, b) == 0)
			return cs_fail(e, CS_EFORMAT, "rule", "%s:%u: a second "
			    "rule for %.*s%.*s, the other is %s:%u",
			    a->line > b->line ? a->file : b->file,
			    a->line > b->line ? a->line : b->line,
			    CS_SHOW(a->trust_domain), CS_SHOW(a->path),
			    a->line > b->line ? b->file : a->file,
			    a->line > b->line ? b->line : a->line);
	}
	return CS_OK;
}

int
cs_policy_new(const cs_rule *rules, size_t n, cs_policy **out, cs_err *e)
{
	struct cs_policy *p = NULL;
	int rc = CS_OK;
	size_t i;

	*out = NULL;
	if (n > CS_RULES_MAX)
		return cs_fail(e, CS_EFORMAT, "rule",
		    "expected at most %d rules, found %zu", CS_RULES_MAX, n);
	for (i = 0; i < n; i++)
		if ((rc = check_rule(&rules[i], e)) != CS_OK)
			return rc;
	if ((p = calloc(1, sizeof(*p) + n * sizeof(p->rules[0]))) == NULL)
		return cs_nomem(e, "rule");
	if ((rc = copy_all(p, rules, n, e)) == CS_OK &&
	    (rc = check_once(p, e)) == CS_OK) {
		*out = p;
		p = NULL; /* transferred */
	}
	cs_policy_free(&p);
	return rc;
}

void
cs_policy_free(cs_policy **p)
{
	if (p == NULL || *p == NULL)
		return;
	cs_buf_free(&(*p)->text);
	free(*p);
	*p = NULL;
}

size_t
cs_policy_count(const cs_policy *p)
{
	return p->n;
}

/* The first rule that is not before this place. */
static size_t
seek(const cs_policy *p, cs_span trust_domain, cs_span path)
{
	const cs_rule want = {.trust_domain = trust_domain, .path = path};
	size_t low = 0, high = p->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare(&p->rules[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
cs_policy_serves(const cs_policy *p, cs_span trust_domain)
{
	size_t i = seek(p, trust_domain, cs_span_str(""));

	return i < p->n &&
	    cs_span_eq(p->rules[i].trust_domain, trust_domain);
}

static const cs_rule *
at(const cs_policy *p, cs_span trust_domain, cs_span path)
{
	const cs_rule want = {.trust_domain = trust_domain, .path = path};
	size_t i = seek(p, trust_domain, path);

	return i < p->n && compare(&p->rules[i], &want) == 0 ? &p->rules[i] :
							       NULL;
}

/* "/agent/ci" of "wimse://corp.example/agent/ci"; absent of what is not an
 * identifier in this trust domain. */
static cs_span
path_of(cs_span trust_domain, cs_span agent_id)
{
	cs_span td = {0};

	if (cs_agent_id_check(agent_id, &td, NULL) != CS_OK ||
	    !cs_span_eq(td, trust_domain))
		return (cs_span){0};
	return cs_scan_from(agent_id,
	    (size_t)(td.p - agent_id.p) + td.n);
}

const cs_rule *
cs_policy_find(const cs_policy *p, cs_span trust_domain, cs_span agent_id)
{
	cs_span path = path_of(trust_domain, agent_id);
	const cs_rule *r;

	while (path.n > 1) {
		if ((r = at(p, trust_domain, path)) != NULL)
			return r;
		while (path.p[--path.n] != '/')
			continue;
	}
	return path.p == NULL ? NULL : at(p, trust_domain, cs_span_str("/"));
}

bool
cs_rule_has(const cs_rule *r, cs_span group)
{
	size_t i;

	if (r->any_group)
		return true;
	for (i = 0; i < r->n_groups; i++)
		if (cs_span_eq(r->groups[i], group))
			return true;
	return false;
}
