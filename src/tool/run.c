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

const struct cs_verb *
cs_tool_verb(const cs_tool *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_verbs; i++)
		if (strcmp(t->verbs[i]->spec->verb, name) == 0)
			return t->verbs[i];
	return NULL;
}

int
cs_tool_unknown(const cs_tool *t, const char *name, cs_err *e)
{
	const char *names[MAX_VERBS], *near;
	size_t i, n = t->n_verbs < MAX_VERBS ? t->n_verbs : MAX_VERBS;

	for (i = 0; i < n; i++)
		names[i] = t->verbs[i]->spec->verb;
	near = cs_text_nearest(name, names, n);
	if (near != NULL)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "unknown verb %s; did you mean %s?", name, near);
	return cs_fail(e, CS_EUSAGE, "tool",
	    "unknown verb %s; countersign --help lists them", name);
}

int
cs_tool_usage(cs_err *e, const char *what)
{
	e->cls = CS_EUSAGE;
	e->detail = 0;
	return cs_wrap(e, "%s", what);
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
		return cs_help_put(t, NULL, out, e);
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
	const char *word = NULL;
	int i;

	for (i = 2; i < argc; i++)
		if (argv[i][0] != '-')
			word = argv[i];
	if (word == NULL)
		return cs_help_put(t, NULL, out, e);
	if ((v = cs_tool_verb(t, word)) == NULL)
		return cs_tool_unknown(t, word, e);
	return cs_help_put(t, v->spec, out, e);
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
		return cs_help_put(t, v->spec, out, e);
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

int
cs_tool_run(const cs_tool *t, int argc, char **argv)
{
	const struct cs_verb *v = NULL;
	const char *name = NULL;
	cs_err e = {0};
	cs_out *out = cs_out_new(t->ascii);
	/* Before the parser, which moves the operands to the front. */
	bool json = has_flag(argc, argv, "--json", NULL);
	int rc;

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
	else if ((v = cs_tool_verb(t, argv[1])) == NULL)
		rc = cs_tool_unknown(t, argv[1], &e);
	else
		rc = run_verb(t, v, argc - 1, argv + 1, out, &e);
out:
	if (v != NULL)
		name = v->spec->verb;
	rc = cs_out_finish(out, name, json, rc, &e);
	cs_out_free(&out);
	return rc;
}
