/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complete.h"
#include "tool/tool.h"

struct opts {
	struct cs_common common;
};

static const struct cs_opt rows[] = {CS_COMMON_ROWS(struct opts)};

static const struct cs_opt_spec spec = {
    .verb = "completion",
    .synopsis = "SHELL",
    .summary = "print a completion script for a shell (bash)",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
};

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct cs_opt_spec **specs = NULL;
	cs_complete c = {.program = "countersign", .page = "countersign(1)",
	    .n = t->n_verbs, .more = "help --help --version"};
	char *text = NULL;
	size_t n = 0, i;
	FILE *f = NULL;

	(void)opts;
	if (strcmp(w->v[0], "bash") != 0)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "no completion for %s; there is bash", w->v[0]);
	if ((specs = calloc(t->n_verbs, sizeof(*specs))) == NULL ||
	    (f = open_memstream(&text, &n)) == NULL) {
		free(specs);
		return cs_nomem(e, "tool");
	}
	for (i = 0; i < t->n_verbs; i++)
		specs[i] = t->verbs[i]->spec;
	c.specs = specs;
	cs_complete_bash(&c, f);
	free(specs);
	if (fclose(f) != 0) {
		free(text);
		return cs_nomem(e, "tool");
	}
	cs_out_document(out, "script", cs_span_of(text, n));
	free(text);
	return CS_OK;
}

const struct cs_verb cs_cmd_completion = {&spec, sizeof(struct opts), NULL,
    run};
