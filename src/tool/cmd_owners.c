/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/names.h"
#include "tool/describe.h"
#include "tool/tool.h"
#include "verify/anchors.h"

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
		r = cs_owners_parse(path, cs_buf_span(b), w->each, w, e);
	cs_buf_free(&b);
	return r;
}

/* Loads `path` as a verifier does, before anything is said about its lines. */
static int
load(struct walk *w, const char *path, cs_err *e)
{
	cs_anchors *all = NULL;
	int r;

	w->now = w->o->at >= 0 ? w->o->at : cs_time_now();
	if ((r = cs_anchors_load(path, geteuid(), &all, e)) != CS_OK)
		return r;
	cs_out_str(w->out, "path", NULL, path);
	cs_out_int(w->out, "keys", NULL, (int64_t)cs_anchors_count(all));
	cs_anchors_free(&all);
	return CS_OK;
}

static int
walk_path(struct walk *w, const char *path, cs_err *e)
{
	return cs_is_dir(path) ? cs_dir_each_trusted(path, geteuid(), "owners",
	    walk_file, w, e) : walk_file(w, path, e);
}

static const char *
status(const cs_anchor *a, int64_t now)
{
	if (a->has_revoked && a->revoked <= now)
		return "revoked";
	if (a->has_valid_before && a->valid_before <= now)
		return "expired";
	if (a->has_valid_after && a->valid_after > now)
		return "not yet valid";
	return "valid";
}

static void
warn(struct walk *w, const cs_anchor *a, bool is_so, const char *warning,
    const char *text)
{
	if (!is_so)
		return;
	w->warnings++;
	cs_out_object(w->out, NULL, NULL);
	cs_out_str(w->out, "file", NULL, a->file);
	cs_out_int(w->out, "line", NULL, a->line);
	cs_out_str(w->out, "warning", NULL, warning);
	cs_out_printf(w->out, "text", "warning", "%s:%u: %s", a->file, a->line,
	    text);
	cs_out_close(w->out);
}

static bool
has_agents(const cs_anchor *a)
{
	size_t i;

	for (i = 0; i < a->agents.n; i++)
		if (a->agents.p[i] != ' ')
			return true;
	return false;
}

static int
check_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	struct walk *w = arg;
	const char *now = status(a, w->now);

	(void)e;
	w->lines++;
	warn(w, a, strcmp(now, "revoked") == 0, "revoked",
	    "the key is revoked");
	warn(w, a, strcmp(now, "expired") == 0, "expired",
	    "the key has expired");
	warn(w, a, !has_agents(a), "no-agents",
	    "no agents: the key can approve nothing");
	warn(w, a, a->type == CS_ANCHOR_SPKI && !a->no_touch_required &&
	    !a->touch_always, "touch-missing",
	    "no such key proves a touch: without no-touch-required its "
	    "approvals are refused, touch-missing");
	warn(w, a, a->shared_key, "shared-key",
	    "shared-key: the key signs other things, too");
	warn(w, a, a->hardware && a->proof == CS_PROOF_NONE,
	    "hardware-asserted", "hardware: said, not proven");
	warn(w, a, a->hardware_required && a->proof == CS_PROOF_NONE,
	    "not-hardware", "hardware-required without attested=: its "
	    "approvals are refused, not-hardware");
	return CS_OK;
}

static int
run_check(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	struct walk w = {.o = opts, .each = check_anchor, .out = out};
	int r;

	(void)t;
	if ((r = load(&w, words->v[0], e)) != CS_OK)
		return r;
	cs_out_list(out, "warnings", NULL);
	r = walk_path(&w, words->v[0], e);
	cs_out_close(out);
	cs_out_printf(out, NULL, "good", "%s (keys: %" PRId64
	    ", warnings: %" PRId64 ")", words->v[0], w.lines, w.warnings);
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
	cs_out_str(w->out, "status", "status", status(a, w->now));
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
