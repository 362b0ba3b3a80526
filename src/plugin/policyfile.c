/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/policyfile.h"

#include <confuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/csr.h"
#include "fmt/scan.h"
#include "plugin/policyscan.h"

#define DAY INT64_C(86400)
#define DEFAULT_LIFETIME DAY
#define DEFAULT_WINDOW DAY
#define MAX_LIFETIME (365 * DAY) /* formats section 4: no approval has more */

/* libconfuse's lexer is one for the whole process. What it is asked for here is
 * short, and nobody holds it for longer. */
static pthread_mutex_t lexer = PTHREAD_MUTEX_INITIALIZER;

struct reading {
	const char *name;
	cs_policy_place *places;
	cs_rule *rules;
	size_t n_places, n;
	cs_err *e;
};

/* What a word of one block means in another. */
static const char *
home_of(const char *word)
{
	size_t i;

	if (strcmp(word, "domain") == 0)
		return "it stands outside of every block";
	if (strcmp(word, "path") == 0)
		return "it belongs into a domain";
	for (i = 0; i < CS_POLICY_NAMES; i++)
		if (strcmp(word, cs_policy_names[i]) == 0)
			return "it belongs into a path";
	return NULL;
}

/* The only word that a block within this one can begin with; NULL in a path. */
static const char *
only_word(const cfg_t *cfg)
{
	if (strcmp(cfg->name, "root") == 0)
		return "domain";
	return strcmp(cfg->name, "domain") == 0 ? "path" : NULL;
}

/* For someone who wrote a word that is not known here. */
static char *
hint(const cfg_t *cfg, const char *text, const char *word)
{
	const char *home = home_of(word), *only = only_word(cfg), *near;
	char *hinted = NULL;
	int n = -1;

	if (home != NULL)
		n = asprintf(&hinted, "%s here: %s", text, home);
	else if (only != NULL)
		n = asprintf(&hinted, "%s, expected %s", text, only);
	else if ((near = cs_text_nearest(word, cs_policy_names,
	    CS_POLICY_NAMES)) != NULL)
		n = asprintf(&hinted, "%s; did you mean %s?", text, near);
	return n < 0 ? NULL : hinted;
}

/* libconfuse hands its complaints to a function without an argument of ours:
 * the first one stays with its block, where it keeps remarks. */
CS_PRINTF(2, 0) static void
keep_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	const char *word = NULL;
	char *text = NULL, *hinted = NULL;
	va_list again;

	if (cfg->comment != NULL)
		return;
	va_copy(again, ap);
	if (strncmp(fmt, "no such option", 14) == 0)
		word = va_arg(again, const char *);
	va_end(again);
	if (vasprintf(&text, fmt, ap) < 0)
		return;
	if (word != NULL && (hinted = hint(cfg, text, word)) != NULL) {
		free(text);
		text = hinted;
	}
	cfg->comment = text;
}

/* Where it went wrong: the last block of the last one. */
static const cfg_t *
complaint(cfg_t *cfg)
{
	cfg_t *in = cfg, *last = cfg;

	while (in != NULL) {
		last = in;
		if (strcmp(in->name, "root") == 0)
			in = cfg_getnsec(in, "domain",
			    cfg_size(in, "domain") - 1);
		else if (strcmp(in->name, "domain") == 0)
			in = cfg_getnsec(in, "path", cfg_size(in, "path") - 1);
		else
			in = NULL;
		if (last->comment != NULL)
			break;
	}
	return last->comment != NULL ? last : cfg;
}

static int
value_fail(const struct reading *rd, enum cs_policy_name i, const char *want,
    const char *found)
{
	return cs_fail(rd->e, CS_EFORMAT, "policy",
	    "%s:%u: %s: expected %s, found \"%s\"", rd->name,
	    rd->places[rd->n].of[i], cs_policy_names[i], want, found);
}

static int
take_flag(const struct reading *rd, cfg_t *cfg, enum cs_policy_name i,
    bool *out)
{
	const char *v = cfg_getstr(cfg, cs_policy_names[i]);

	*out = v != NULL && strcmp(v, "yes") == 0;
	if (v == NULL || *out || strcmp(v, "no") == 0)
		return CS_OK;
	return value_fail(rd, i, "yes or no", v);
}

static int
take_quorum(const struct reading *rd, cfg_t *cfg, size_t *out)
{
	const char *v = cfg_getstr(cfg, cs_policy_names[CS_POLICY_QUORUM]);
	size_t n = 0, i;

	*out = 1;
	if (v == NULL)
		return CS_OK;
	for (i = 0; i < 3 && v[i] >= '0' && v[i] <= '9'; i++)
		n = n * 10 + (size_t)(v[i] - '0');
	if (i == 0 || v[i] != '\0' || v[0] == '0' || n > CS_APPROVALS_MAX)
		return value_fail(rd, CS_POLICY_QUORUM, "1 to 16", v);
	*out = n;
	return CS_OK;
}

static int
take_duration(const struct reading *rd, cfg_t *cfg, enum cs_policy_name i,
    int64_t most, int64_t *out)
{
	const char *v = cfg_getstr(cfg, cs_policy_names[i]);

	if (v == NULL)
		return CS_OK;
	if (cs_duration_parse(v, out, NULL) != CS_OK)
		return value_fail(rd, i, "a duration such as 90s, 15m, 24h or "
		    "30d", v);
	return *out <= most ? CS_OK : value_fail(rd, i, "at most 365d", v);
}

static int
take_groups(const struct reading *rd, cfg_t *cfg, cs_rule *r)
{
	const char *name = cs_policy_names[CS_POLICY_GROUPS], *v;
	unsigned i, n = cfg_size(cfg, name);

	if (n > CS_RULE_GROUPS_MAX)
		return cs_fail(rd->e, CS_EFORMAT, "policy", "%s:%u: groups: "
		    "expected at most %d, found %u", rd->name,
		    rd->places[rd->n].of[CS_POLICY_GROUPS],
		    CS_RULE_GROUPS_MAX, n);
	for (i = 0; i < n; i++) {
		v = cfg_getnstr(cfg, name, i);
		if (!cs_text_plain(cs_span_str(v)))
			return value_fail(rd, CS_POLICY_GROUPS,
			    "visible UTF-8", v);
		if (strcmp(v, "*") == 0 && n == 1)
			r->any_group = true;
		else if (strcmp(v, "*") == 0)
			return value_fail(rd, CS_POLICY_GROUPS,
			    "\"*\" alone, or groups", v);
		else
			r->groups[r->n_groups++] = cs_span_str(v);
	}
	return CS_OK;
}

static int
take_flags(const struct reading *rd, cfg_t *cfg, cs_rule *r)
{
	const struct {
		enum cs_policy_name name;
		bool *to;
	} flags[] = {
		{CS_POLICY_HARDWARE, &r->hardware},
		{CS_POLICY_PRESENCE, &r->presence},
		{CS_POLICY_VERIFICATION, &r->verification},
		{CS_POLICY_GRANTS, &r->grants},
		{CS_POLICY_BATCHES, &r->batches},
		{CS_POLICY_EVIDENCE, &r->evidence},
		{CS_POLICY_MOVE_OWNER, &r->move_owner},
		{CS_POLICY_MOVE_KEY, &r->move_key},
	};
	int rc = CS_OK;
	size_t i;

	for (i = 0; rc == CS_OK && i < sizeof(flags) / sizeof(flags[0]); i++)
		rc = take_flag(rd, cfg, flags[i].name, flags[i].to);
	return rc;
}

static int
take_rule(struct reading *rd, cfg_t *domain, cfg_t *path)
{
	cs_rule *r = &rd->rules[rd->n];
	int rc;

	r->trust_domain = cs_span_str(cfg_title(domain));
	r->path = cs_span_str(cfg_title(path));
	r->file = rd->name;
	r->line = rd->places[rd->n].line;
	r->max_lifetime = DEFAULT_LIFETIME;
	r->max_window = DEFAULT_WINDOW;
	if ((rc = take_groups(rd, path, r)) != CS_OK ||
	    (rc = take_quorum(rd, path, &r->quorum)) != CS_OK ||
	    (rc = take_flags(rd, path, r)) != CS_OK ||
	    (rc = take_duration(rd, path, CS_POLICY_MAX_LIFETIME,
	    MAX_LIFETIME, &r->max_lifetime)) != CS_OK)
		return rc;
	rc = take_duration(rd, path, CS_POLICY_MAX_WINDOW, MAX_LIFETIME,
	    &r->max_window);
	rd->n++;
	return rc;
}

/* The blocks stand in the order in which they were scanned. */
static int
take(struct reading *rd, cfg_t *cfg)
{
	cfg_t *domain;
	unsigned i, k;
	int rc;

	for (i = 0; i < cfg_size(cfg, "domain"); i++) {
		domain = cfg_getnsec(cfg, "domain", i);
		for (k = 0; k < cfg_size(domain, "path"); k++) {
			if (rd->n == rd->n_places)
				return cs_fail(rd->e, CS_EBUG, "policy",
				    "%s: more paths than were seen", rd->name);
			if ((rc = take_rule(rd, domain, cfg_getnsec(domain,
			    "path", k))) != CS_OK)
				return rc;
		}
	}
	return CS_OK;
}

static int
read_text(struct reading *rd, const char *text, cs_policy **out)
{
	cfg_opt_t rule[] = {CFG_STR_LIST("groups", NULL, CFGF_NODEFAULT),
	    CFG_STR("quorum", NULL, CFGF_NODEFAULT),
	    CFG_STR("hardware", NULL, CFGF_NODEFAULT),
	    CFG_STR("presence", NULL, CFGF_NODEFAULT),
	    CFG_STR("verification", NULL, CFGF_NODEFAULT),
	    CFG_STR("max-lifetime", NULL, CFGF_NODEFAULT),
	    CFG_STR("max-window", NULL, CFGF_NODEFAULT),
	    CFG_STR("grants", NULL, CFGF_NODEFAULT),
	    CFG_STR("batches", NULL, CFGF_NODEFAULT),
	    CFG_STR("evidence", NULL, CFGF_NODEFAULT),
	    CFG_STR("move-owner", NULL, CFGF_NODEFAULT),
	    CFG_STR("move-key", NULL, CFGF_NODEFAULT), CFG_END()};
	cfg_opt_t domain[] = {CFG_SEC("path", rule,
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES), CFG_END()};
	cfg_opt_t all[] = {CFG_SEC("domain", domain,
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES), CFG_END()};
	cfg_t *cfg = cfg_init(all, CFGF_NONE);
	const cfg_t *at;
	int rc;

	if (cfg == NULL)
		return cs_nomem(rd->e, "policy");
	(void)cfg_set_error_function(cfg, keep_error);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		at = complaint(cfg);
		rc = cs_fail(rd->e, CS_EFORMAT, "policy", "%s:%d: %s",
		    rd->name, at->line,
		    at->comment == NULL ? "syntax error" : at->comment);
	} else if ((rc = take(rd, cfg)) == CS_OK) {
		rc = cs_policy_new(rd->rules, rd->n, out, rd->e);
	}
	(void)cfg_free(cfg);
	return rc;
}

int
cs_policy_parse(const char *name, cs_span in, cs_policy **out, cs_err *e)
{
	struct reading rd = {.name = name, .e = e};
	cs_buf *text = NULL;
	int rc;

	*out = NULL;
	if (in.n > CS_POLICY_FILE_MAX)
		return cs_fail(e, CS_EFORMAT, "policy",
		    "%s: expected at most %d bytes, found %zu", name,
		    CS_POLICY_FILE_MAX, in.n);
	rd.places = calloc(CS_RULES_MAX, sizeof(*rd.places));
	rd.rules = calloc(CS_RULES_MAX, sizeof(*rd.rules));
	text = cs_buf_new(in.n);
	if (rd.places == NULL || rd.rules == NULL || text == NULL) {
		rc = cs_nomem(e, "policy");
	} else if ((rc = cs_policy_scan(name, in, text, rd.places,
	    CS_RULES_MAX, &rd.n_places, e)) == CS_OK) {
		(void)pthread_mutex_lock(&lexer);
		rc = read_text(&rd, cs_buf_cstr(text), out);
		(void)pthread_mutex_unlock(&lexer);
	}
	cs_buf_free(&text);
	free(rd.rules);
	free(rd.places);
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
