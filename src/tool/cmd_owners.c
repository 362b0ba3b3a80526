/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/names.h"
#include "tool/describe.h"
#include "tool/ownerscheck.h"
#include "tool/ownerswarn.h"
#include "tool/tool.h"
#include "verify/anchors.h"
#include "verify/sources.h"

/* Reading an owners file: what a verifier would make of it, and who may
 * approve what. */

struct opts {
	struct cs_common common;
	const char *owner, *agent;
	int64_t at;
};

static const struct opts defaults = {.at = -1};

/* One walk over the anchors of a path, in the order of the lines. */
struct walk {
	const struct opts *o;
	cs_owners_each *each;
	cs_owners_bad *bad; /* NULL: what is bad ends it */
	cs_out *out;
	int64_t now;
	int64_t lines, shown, warnings;
};

static int
walk_file(void *arg, const char *path, cs_err *e)
{
	struct walk *w = arg;
	cs_buf *b = NULL;
	int r;

	r = cs_file_read_trusted(path, geteuid(), CS_OWNERS_FILE_MAX, &b, e);
	if (r == CS_OK)
		r = cs_owners_check(path, cs_buf_span(b), w->each, w->bad, w,
		    e);
	else if (w->bad != NULL && r != CS_EBUG)
		r = CS_OK;
	cs_buf_free(&b);
	return r;
}

static void
start(struct walk *w, const char *path)
{
	w->now = w->o->at >= 0 ? w->o->at : cs_time_now();
	cs_out_str(w->out, "path", NULL, path);
}

/* As a verifier does, from an index where there is one. */
static int
load(struct walk *w, const char *path, cs_err *e)
{
	cs_anchors *all = NULL;
	int r;

	if ((r = cs_anchors_load(path, geteuid(), &all, e)) != CS_OK)
		return r;
	cs_out_int(w->out, "keys", NULL, (int64_t)cs_anchors_count(all));
	cs_anchors_free(&all);
	return CS_OK;
}

static int
walk_path(struct walk *w, const char *path, cs_err *e)
{
	return cs_is_dir(path) ? cs_dir_each_trusted(path, geteuid(),
	    CS_OWNERS_SUFFIX, walk_file, w, e) : walk_file(w, path, e);
}

static void
warn(void *arg, const cs_anchor *a, const char *warning, const char *text)
{
	struct walk *w = arg;

	w->warnings++;
	cs_out_object(w->out, NULL, NULL);
	cs_out_str(w->out, "file", NULL, a->file);
	cs_out_int(w->out, "line", NULL, a->line);
	cs_out_str(w->out, "warning", NULL, warning);
	cs_out_printf(w->out, "text", "warning", "%s:%u: %s", a->file, a->line,
	    text);
	cs_out_close(w->out);
}

static int
check_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	struct walk *w = arg;

	w->lines++;
	return cs_owners_warnings(a, geteuid(), w->now, warn, w, e);
}

/* Told already, as an error. */
static int
pass_over(void *arg, unsigned line, const cs_err *why, cs_err *e)
{
	(void)arg;
	(void)line;
	(void)why;
	(void)e;
	return CS_OK;
}

static int
check(struct walk *w, const cs_complaints *c, const char *path, cs_err *e)
{
	int r;

	cs_complaints_put(c, w->out);
	cs_out_list(w->out, "warnings", NULL);
	r = walk_path(w, path, e);
	cs_out_close(w->out);
	return r == CS_OK ? cs_complaints_fail(c, path, e) : r;
}

static int
run_check(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	struct walk w = {.o = opts, .each = check_anchor, .bad = pass_over,
	    .out = out};
	const char *path = words->v[0];
	cs_complaints *c = NULL;
	int r;

	(void)t;
	start(&w, path);
	cs_out_on_failure(out, CS_OUT_ADVICE);
	if ((r = cs_complaints_find(path, geteuid(), &c, e)) != CS_OK ||
	    (r = check(&w, c, path, e)) != CS_OK ||
	    (r = load(&w, path, e)) != CS_OK)
		goto out;
	cs_out_printf(out, NULL, "good", "%s (keys: %" PRId64
	    ", warnings: %" PRId64 ")", path, w.lines, w.warnings);
out:
	cs_complaints_free(&c);
	return r;
}

static int
list_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	struct walk *w = arg;
	int r;

	if (w->o->owner != NULL && !cs_span_is(a->owner, w->o->owner))
		return CS_OK;
	if (w->o->agent != NULL &&
	    !cs_anchor_allows(a, cs_span_str(w->o->agent)))
		return CS_OK;
	w->shown++;
	cs_out_object(w->out, NULL, "anchor");
	cs_out_str(w->out, "file", "file", a->file);
	cs_out_str(w->out, "status", "status",
	    cs_owners_status(a, w->now));
	r = cs_describe_anchor(a, w->out, e);
	cs_out_close(w->out);
	return r;
}

static int
run_list(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	const struct opts *o = opts;
	struct walk w = {.o = opts, .each = list_anchor, .out = out};
	int r;

	(void)t;
	if (o->agent != NULL &&
	    cs_agent_id_check(cs_span_str(o->agent), NULL, e) != CS_OK)
		return cs_tool_usage(e, "--agent");
	start(&w, words->v[0]);
	if ((r = load(&w, words->v[0], e)) != CS_OK)
		return r;
	cs_out_list(out, "list", NULL);
	r = walk_path(&w, words->v[0], e);
	cs_out_close(out);
	if (r == CS_OK && w.shown == 0)
		cs_out_text(out, "", cs_span_str("no key fits"));
	return r;
}

#define AT_ROW \
	{"at", 0, CS_OPT_TIME, offsetof(struct opts, at), "TIME", \
	    "judge as of this time instead of now", 0, 0, CS_COMPLETE_NONE}

static const struct cs_opt check_rows[] = {
    AT_ROW,
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec check_spec = {
    .verb = "owners check",
    .synopsis = "PATH",
    .summary = "load an owners file as a verifier would",
    .rows = check_rows,
    .n = sizeof(check_rows) / sizeof(check_rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

const struct cs_verb cs_cmd_owners_check = {
    &check_spec, sizeof(struct opts), &defaults, run_check};

static const struct cs_opt list_rows[] = {
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "OWNER",
	"only this owner's keys", 0, 0, CS_COMPLETE_NONE},
    {"agent", 0, CS_OPT_STRING, offsetof(struct opts, agent), "ID",
	"only keys that may approve this agent", 0, 0, CS_COMPLETE_NONE},
    AT_ROW,
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec list_spec = {
    .verb = "owners list",
    .synopsis = "PATH",
    .summary = "list the keys of an owners file",
    .rows = list_rows,
    .n = sizeof(list_rows) / sizeof(list_rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

const struct cs_verb cs_cmd_owners_list = {
    &list_spec, sizeof(struct opts), &defaults, run_list};
