/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

static bool
is_in(const struct cs_opt_spec *s, const char *group)
{
	size_t n = group == NULL ? 0 : strlen(group);

	return n == 0 || (strncmp(s->verb, group, n) == 0 && s->verb[n] == ' ');
}

static void
list_verbs(const cs_tool *t, const char *group, FILE *f)
{
	const struct cs_opt_spec *s;
	size_t i;

	(void)fputs("usage: countersign VERB [OPTION...] [WORD...]\n"
		    "       countersign help VERB\n"
		    "       countersign --version\n\n"
		    "verbs:\n", f);
	for (i = 0; i < t->n_verbs; i++) {
		s = t->verbs[i]->spec;
		if (is_in(s, group))
			(void)fprintf(f, "  %-17s %s\n", s->verb, s->summary);
	}
	(void)fputs("\ncountersign(7) is the tutorial, countersign-exit(7) "
		    "lists the exit codes.\n", f);
}

static int
put_text(const cs_tool *t, const struct cs_opt_spec *s, const char *group,
    cs_out *out, cs_err *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		return cs_nomem(e, "tool");
	if (s == NULL)
		list_verbs(t, group, f);
	else
		cs_opt_help(s, "countersign", f);
	if (fclose(f) != 0) {
		free(text);
		return cs_nomem(e, "tool");
	}
	cs_out_raw(out, cs_span_of(text, n));
	free(text);
	return CS_OK;
}

static void
put_row(const struct cs_opt *r, cs_out *out)
{
	static const char *const kinds[] = {[CS_OPT_FLAG] = "flag",
	    [CS_OPT_STRING] = "string", [CS_OPT_DURATION] = "duration",
	    [CS_OPT_TIME] = "time", [CS_OPT_COUNT] = "count",
	    [CS_OPT_CHOICE] = "choice", [CS_OPT_LIST] = "list"};
	char letter[2] = {r->letter, '\0'};

	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "name", NULL, r->name);
	if (r->letter != 0)
		cs_out_str(out, "letter", NULL, letter);
	cs_out_str(out, "kind", NULL, kinds[r->kind]);
	if (r->arg != NULL)
		cs_out_str(out, "argument", NULL, r->arg);
	if (r->kind == CS_OPT_COUNT) {
		cs_out_int(out, "min", NULL, r->min);
		cs_out_int(out, "max", NULL, r->max);
	}
	cs_out_str(out, "help", NULL, r->help);
	cs_out_close(out);
}

static void
put_spec(const struct cs_opt_spec *s, cs_out *out)
{
	size_t i;

	cs_out_str(out, "name", NULL, s->verb);
	cs_out_str(out, "synopsis", NULL, s->synopsis);
	cs_out_str(out, "summary", NULL, s->summary);
	cs_out_list(out, "options", NULL);
	for (i = 0; i < s->n; i++)
		put_row(&s->rows[i], out);
	cs_out_close(out);
}

int
cs_help_put(const cs_tool *t, const struct cs_opt_spec *s, const char *group,
    cs_out *out, cs_err *e)
{
	size_t i;

	if (s != NULL)
		put_spec(s, out);
	else {
		cs_out_list(out, "verbs", NULL);
		for (i = 0; i < t->n_verbs; i++) {
			if (!is_in(t->verbs[i]->spec, group))
				continue;
			cs_out_object(out, NULL, NULL);
			put_spec(t->verbs[i]->spec, out);
			cs_out_close(out);
		}
		cs_out_close(out);
	}
	return put_text(t, s, group, out, e);
}
