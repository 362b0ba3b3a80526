/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/file.h"
#include "base/time.h"
#include "tool/storeverb.h"

/* The life of a store: made once, looked at, copied, made a store again. */

struct opts {
	struct cs_common common;
	const char *store, *authority, *output;
};

static int
put_info(cs_store *s, const char *uri, int64_t now, const char *title,
    cs_out *out, cs_err *e)
{
	cs_store_info info = {0};
	int r;

	if ((r = cs_store_look(s, now, cs_store_verb_deadline(), &info, e)) !=
	    CS_OK)
		return r;
	cs_out_str(out, "store", title, uri);
	cs_store_verb_put(&info, out);
	return CS_OK;
}

static int
open_and_put(const cs_tool *t, const struct opts *o, enum cs_db_mode mode,
    const char *title, cs_out *out, cs_err *e)
{
	int64_t now = cs_time_now();
	cs_store *s = NULL;
	int r;

	r = cs_store_verb_open(t, o->store, o->authority, mode, now, &s, e);
	if (r == CS_OK)
		r = put_info(s, o->store, now, title, out, e);
	cs_store_close(&s);
	return r;
}

static int
run_init(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	const struct opts *o = opts;

	(void)words;
	if (o->authority == NULL)
		return cs_fail(e, CS_EUSAGE, "store",
		    "--authority is missing");
	return open_and_put(t, o, CS_DB_CREATE, "made", out, e);
}

static int
run_check(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	(void)words;
	return open_and_put(t, opts, CS_DB_READ, "good", out, e);
}

static int
run_backup(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	const struct opts *o = opts;
	int64_t now = cs_time_now();
	cs_store *s = NULL;
	int r;

	(void)words;
	if (o->output == NULL)
		return cs_fail(e, CS_EUSAGE, "store", "--out is missing");
	if (cs_file_exists(o->output))
		return cs_fail(e, CS_EIO, "store", "%s exists; a copy is a "
		    "new file", o->output);
	r = cs_store_verb_open(t, o->store, o->authority, CS_DB_READ, now, &s,
	    e);
	if (r == CS_OK)
		r = cs_store_backup(s, o->output, now,
		    cs_store_verb_deadline(), e);
	cs_store_close(&s);
	if (r != CS_OK)
		return r;
	cs_out_str(out, "store", NULL, o->store);
	cs_out_str(out, "file", "copied to", o->output);
	return CS_OK;
}

static int
run_restore(const cs_tool *t, const void *opts, const cs_words *words,
    cs_out *out, cs_err *e)
{
	const struct opts *o = opts;
	cs_store_env env;
	int r;

	(void)words;
	if ((r = cs_store_verb_env(t, o->store, o->authority, cs_time_now(),
		 &env, e)) != CS_OK ||
	    (r = cs_store_restore(o->store, &env, e)) != CS_OK)
		return r;
	return open_and_put(t, o, CS_DB_READ, "restored", out, e);
}

#define STORE_ROW \
	{"store", 0, CS_OPT_STRING, offsetof(struct opts, store), "URI", \
	    "sqlite:PATH, or postgresql:...", 0, 0, CS_COMPLETE_FILE}
#define AUTHORITY_ROW(help) \
	{"authority", 0, CS_OPT_STRING, offsetof(struct opts, authority), \
	    "URI", help, 0, 0, CS_COMPLETE_NONE}
#define SPEC(v, s, r) \
	{ \
		.verb = "store " v, .synopsis = "", .summary = s, .rows = r, \
		.n = sizeof(r) / sizeof((r)[0]) \
	}

static const struct cs_opt init_rows[] = {
    STORE_ROW,
    AUTHORITY_ROW("the authority whose store it is, for ever"),
    CS_COMMON_ROWS(struct opts),
};
static const struct cs_opt_spec init_spec = SPEC("init",
    "make a store where none is", init_rows);
const struct cs_verb cs_cmd_store_init = {
    &init_spec, sizeof(struct opts), NULL, run_init};

static const struct cs_opt check_rows[] = {
    STORE_ROW,
    AUTHORITY_ROW("the authority whose store it has to be"),
    CS_COMMON_ROWS(struct opts),
};
static const struct cs_opt_spec check_spec = SPEC("check",
    "look whether a store can be used", check_rows);
const struct cs_verb cs_cmd_store_check = {
    &check_spec, sizeof(struct opts), NULL, run_check};

static const struct cs_opt backup_rows[] = {
    STORE_ROW,
    AUTHORITY_ROW("the authority whose store it has to be"),
    {"out", 'o', CS_OPT_STRING, offsetof(struct opts, output), "FILE",
	"the copy, a new file", 0, 0, CS_COMPLETE_FILE},
    CS_COMMON_ROWS(struct opts),
};
static const struct cs_opt_spec backup_spec = SPEC("backup",
    "copy a store while it is in use", backup_rows);
const struct cs_verb cs_cmd_store_backup = {
    &backup_spec, sizeof(struct opts), NULL, run_backup};

static const struct cs_opt restore_rows[] = {
    STORE_ROW,
    AUTHORITY_ROW("the authority whose store it has to be"),
    CS_COMMON_ROWS(struct opts),
};
static const struct cs_opt_spec restore_spec = SPEC("restore",
    "make a copy the store again", restore_rows);
const struct cs_verb cs_cmd_store_restore = {
    &restore_spec, sizeof(struct opts), NULL, run_restore};
