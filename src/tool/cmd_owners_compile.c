/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/tool.h"
#include "verify/anchors.h"

/* The index that verifiers look up in, countersign-owners(5). */

struct opts {
	struct cs_common common;
};

/* What was written, as a verifier finds it. */
static int
count(const char *path, int64_t *keys, cs_err *e)
{
	cs_anchors *a = NULL;
	int r;

	if ((r = cs_anchors_load(path, geteuid(), &a, e)) != CS_OK)
		return r;
	*keys = (int64_t)cs_anchors_count(a);
	cs_anchors_free(&a);
	return CS_OK;
}

static int
run(const cs_tool *t, const void *opts, const cs_words *words, cs_out *out,
    cs_err *e)
{
	const char *path = words->v[0];
	mode_t strict = umask(0777 & ~t->doc_mode);
	char *index = NULL;
	int64_t keys = 0;
	int r;

	(void)opts;
	r = cs_anchors_compile(path, geteuid(), e);
	(void)umask(strict);
	if (r == CS_OK && (r = count(path, &keys, e)) == CS_OK &&
	    (r = cs_anchors_index(path, &index, e)) == CS_OK) {
		cs_out_str(out, "path", NULL, path);
		cs_out_int(out, "keys", NULL, keys);
		cs_out_str(out, "index", NULL, index);
		cs_out_printf(out, NULL, "compiled", "%s (keys: %" PRId64 ")",
		    index, keys);
	}
	free(index);
	return r;
}

static const struct cs_opt rows[] = {CS_COMMON_ROWS(struct opts)};

static const struct cs_opt_spec spec = {
    .verb = "owners compile",
    .synopsis = "PATH",
    .summary = "write the index of an owners file, for very many keys",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

const struct cs_verb cs_cmd_owners_compile = {
    &spec, sizeof(struct opts), NULL, run};
