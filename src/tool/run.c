/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypt/ossl.h"
#include "tool/tool.h"

#define MAX_VERBS 32

/* The second word of a verb in `group`, or NULL. */
static const char *
second_word(const struct cs_verb *v, const char *group)
{
	size_t n = strlen(group);
	const char *name = v->spec->verb;

	return strncmp(name, group, n) == 0 && name[n] == ' ' ? name + n + 1 :
	    NULL;
}

const struct cs_verb *
cs_tool_verb(const cs_tool *t, int n, char *const *words, int *used)
{
	const char *second;
	size_t i;

	for (i = 0; i < t->n_verbs; i++) {
		second = second_word(t->verbs[i], words[0]);
		if (second == NULL ? strcmp(t->verbs[i]->spec->verb, words[0]) :
			n < 2 || strcmp(second, words[1]) != 0)
			continue;
		if (used != NULL)
			*used = second == NULL ? 1 : 2;
		return t->verbs[i];
	}
	return NULL;
}

bool
cs_tool_is_group(const cs_tool *t, const char *word)
{
	size_t i;

	for (i = 0; i < t->n_verbs; i++)
		if (second_word(t->verbs[i], word) != NULL)
			return true;
	return false;
}

/* Verbs as they stand at this place: all, or the second words of a group. */
static size_t
candidates(const cs_tool *t, const char *group, const char *names[MAX_VERBS])
{
	size_t i, n = 0;

	for (i = 0; i < t->n_verbs && n < MAX_VERBS; i++) {
		names[n] = group == NULL ? t->verbs[i]->spec->verb :
		    second_word(t->verbs[i], group);
		if (names[n] != NULL)
			n++;
	}
	return n;
}

int
cs_tool_unknown(const cs_tool *t, int n, char *const *words, cs_err *e)
{
	const char *group = cs_tool_is_group(t, words[0]) ? words[0] : NULL;
	const char *names[MAX_VERBS], *near, *word = words[group != NULL];

	if (group != NULL && n < 2)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "%s what? countersign %s --help lists it", group, group);
	near = cs_text_nearest(word, names, candidates(t, group, names));
	if (near != NULL)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "unknown verb %s%s%s; did you mean %s?",
		    group == NULL ? "" : group, group == NULL ? "" : " ", word,
		    near);
	return cs_fail(e, CS_EUSAGE, "tool",
	    "unknown verb %s%s%s; countersign --help lists them",
	    group == NULL ? "" : group, group == NULL ? "" : " ", word);
}

int
cs_tool_usage(cs_err *e, const char *what)
{
	e->cls = CS_EUSAGE;
	e->detail = 0;
	return cs_wrap(e, "%s", what);
}

int
cs_tool_goes(const struct cs_goes *rules, size_t n, cs_err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rules[i].alone)
			return cs_fail(e, CS_EUSAGE, "tool",
			    "--%s goes with --%s", rules[i].name,
			    rules[i].with);
	return CS_OK;
}

int
cs_tool_clash(const struct cs_clash *rules, size_t n, const char *with,
    cs_err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rules[i].given)
			return cs_fail(e, CS_EUSAGE, "tool",
			    "--%s does not go with --%s", rules[i].name, with);
	return CS_OK;
}

/* Looks for a flag before the options are parsed: how to report an error in
 * them. It may as well be the value of an option. */
static bool
has_flag(int argc, char **argv, const char *name, const char *letter)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], name) == 0 ||
		    (letter != NULL && strcmp(argv[i], letter) == 0))
			return true;
	return false;
}

static int
version(cs_out *out)
{
	cs_out_str(out, "version", NULL, PACKAGE_VERSION);
	cs_out_str(out, "oid_arc", NULL, CS_OID_ARC);
	cs_out_raw(out, cs_span_str("countersign " PACKAGE_VERSION "\n"));
	return CS_OK;
}

/* The command itself, without a verb. */
static int
run_bare(const cs_tool *t, int argc, char **argv, cs_out *out, cs_err *e)
{
	if (has_flag(argc, argv, "--help", "-h"))
		return cs_help_put(t, NULL, NULL, out, e);
	if (has_flag(argc, argv, "--version", "-V"))
		return version(out);
	if (argc < 2)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "no verb; countersign --help lists them");
	return cs_fail(e, CS_EUSAGE, "tool",
	    "unknown option %s; options of a verb stand behind it", argv[1]);
}

/* countersign help [VERB]: the same as --help. */
static int
run_help(const cs_tool *t, int argc, char **argv, cs_out *out, cs_err *e)
{
	const struct cs_verb *v = NULL;
	char *words[2] = {NULL, NULL};
	int i, n = 0;

	for (i = 2; i < argc && n < 2; i++)
		if (argv[i][0] != '-')
			words[n++] = argv[i];
	if (n == 0)
		return cs_help_put(t, NULL, NULL, out, e);
	if ((v = cs_tool_verb(t, n, words, NULL)) != NULL)
		return cs_help_put(t, v->spec, NULL, out, e);
	if (n == 1 && cs_tool_is_group(t, words[0]))
		return cs_help_put(t, NULL, words[0], out, e);
	return cs_tool_unknown(t, n, words, e);
}

/* --help, alone or with --json: beside other words it may be one of them that
 * came from outside (a file's name), and exit code 0 says "approved". */
static bool
is_help(int argc, char **argv)
{
	int n = has_flag(argc, argv, "--json", NULL) ? 3 : 2;

	return argc == n && has_flag(argc, argv, "--help", "-h");
}

/* argv[0] is the verb. */
static int
run_verb(const cs_tool *t, const struct cs_verb *v, int argc, char **argv,
    cs_out *out, cs_err *e)
{
	cs_words words = {0, argv + 1};
	void *opts = NULL;
	int rc;

	if (is_help(argc, argv))
		return cs_help_put(t, v->spec, NULL, out, e);
	if ((opts = calloc(1, v->opts_size)) == NULL)
		return cs_nomem(e, "tool");
	if (v->defaults != NULL)
		memcpy(opts, v->defaults, v->opts_size);
	rc = cs_opt_parse(v->spec, argc, argv, opts, &words.n, e);
	if (((const struct cs_common *)opts)->help)
		rc = cs_fail(e, CS_EUSAGE, "tool", "--help stands alone: "
		    "countersign help %s", v->spec->verb);
	if (rc == CS_OK)
		rc = v->run(t, opts, &words, out, e);
	free(opts);
	return rc;
}

/* The words begin with a group, and no verb of it. */
static int
run_group(const cs_tool *t, int argc, char **argv, cs_out *out, cs_err *e)
{
	if (is_help(argc, argv) && cs_tool_is_group(t, argv[0]))
		return cs_help_put(t, NULL, argv[0], out, e);
	return cs_tool_unknown(t, argc, argv, e);
}

int
cs_tool_run(const cs_tool *t, int argc, char **argv)
{
	const struct cs_verb *v = NULL;
	const char *name = NULL;
	cs_err e = {0};
	cs_out *out = cs_out_new(t->ascii);
	/* Before the parser, which moves the operands to the front. */
	bool json = has_flag(argc, argv, "--json", NULL);
	int rc, used = 0;

	if (out == NULL) {
		(void)fputs("countersign: out of memory\n", stderr);
		return -CS_EBUG;
	}
	if ((rc = cs_ossl_start(&e)) != CS_OK)
		goto out;
	if (argc < 2 || argv[1][0] == '-')
		rc = run_bare(t, argc, argv, out, &e);
	else if (strcmp(argv[1], "help") == 0)
		rc = run_help(t, argc, argv, out, &e);
	else if ((v = cs_tool_verb(t, argc - 1, argv + 1, &used)) == NULL)
		rc = run_group(t, argc - 1, argv + 1, out, &e);
	else
		rc = run_verb(t, v, argc - used, argv + used, out, &e);
out:
	if (v != NULL)
		name = v->spec->verb;
	rc = cs_out_finish(out, name, json, rc, &e);
	cs_out_free(&out);
	return rc;
}
