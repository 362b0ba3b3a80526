/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/ownersput.h"
#include "tool/ownersedit.h"
#include "tool/ownerswarn.h"
#include "tool/tool.h"
#include "verify/sources.h"

#define FINGERPRINT 52
#define CANDIDATES_MAX 16

/* Which line is meant: all of what is given fits. */
struct opts {
	struct cs_common common;
	const char *key_hash, *owner, *line;
	int64_t at;
};

static const struct opts defaults = {.at = -1};

static const struct cs_opt rows[] = {
    {"key-hash", 0, CS_OPT_STRING, offsetof(struct opts, key_hash), "HASH",
	"the key of this hash or OpenSSH fingerprint, SHA256:...", 0, 0, CS_COMPLETE_NONE},
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "OWNER",
	"the one key of this owner", 0, 0, CS_COMPLETE_NONE},
    {"line", 0, CS_OPT_STRING, offsetof(struct opts, line), "[FILE:]N",
	"the key in this line", 0, 0, CS_COMPLETE_NONE},
    {"at", 0, CS_OPT_TIME, offsetof(struct opts, at), "TIME",
	"from this time on, instead of now", 0, 0, CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "owners revoke",
    .synopsis = "PATH",
    .summary = "revoke a key in an owners file",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* A line, apart from the file's bytes. */
struct candidate {
	char *file, *owner;
	char hash[FINGERPRINT];
	unsigned line;
	const char *status;
	bool has_revoked;
	int64_t revoked;
};

struct search {
	const struct opts *o;
	int64_t now;
	size_t n; /* the first of them are kept */
	struct candidate v[CANDIDATES_MAX];
};

/* "12", "owners:12", and within a directory "a.owners:12", too. */
static bool
is_line(const cs_anchor *a, const char *want)
{
	const char *colon = strrchr(want, ':'), *slash = strrchr(a->file, '/');
	cs_span file = cs_span_of(want, colon == NULL ? 0 :
	    (size_t)(colon - want));
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", a->line);
	if (strcmp(colon == NULL ? want : colon + 1, number) != 0)
		return false;
	return colon == NULL || cs_span_is(file, a->file) ||
	    (slash != NULL && cs_span_is(file, slash + 1));
}

static int
keep(struct search *s, const cs_anchor *a, const char *hash, cs_err *e)
{
	struct candidate *c;

	if (s->n++ >= CANDIDATES_MAX)
		return CS_OK;
	c = &s->v[s->n - 1];
	*c = (struct candidate){.file = strdup(a->file),
	    .owner = strndup((const char *)a->owner.p, a->owner.n),
	    .line = a->line, .status = cs_owners_status(a, s->now),
	    .has_revoked = a->has_revoked, .revoked = a->revoked};
	(void)snprintf(c->hash, sizeof(c->hash), "%s", hash);
	return c->file == NULL || c->owner == NULL ? cs_nomem(e, "owners") :
	    CS_OK;
}

/* Its key hash, or what ssh-keygen -l prints of it. */
static int
is_hash(const cs_anchor *a, const char *print, const char *want, bool *is_it,
    cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	char ssh[FINGERPRINT] = "";
	int r;

	if (a->ssh.blob.p != NULL) {
		if ((r = cs_sha256(a->ssh.blob, hash, e)) != CS_OK)
			return r;
		cs_fingerprint(hash, ssh);
	}
	*is_it = strcmp(want, print) == 0 || strcmp(want, ssh) == 0;
	return CS_OK;
}

static int
each_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	struct search *s = arg;
	const struct opts *o = s->o;
	uint8_t hash[CS_SHA256_LEN];
	char print[FINGERPRINT];
	bool is_it = true;
	int r;

	if ((r = cs_sha256(a->key.der, hash, e)) != CS_OK)
		return r;
	cs_fingerprint(hash, print);
	if (o->key_hash != NULL &&
	    (r = is_hash(a, print, o->key_hash, &is_it, e)) != CS_OK)
		return r;
	if (!is_it ||
	    (o->owner != NULL && !cs_span_is(a->owner, o->owner)) ||
	    (o->line != NULL && !is_line(a, o->line)))
		return CS_OK;
	return keep(s, a, print, e);
}

static int
each_file(void *arg, const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	r = cs_file_read_trusted(path, geteuid(), CS_OWNERS_FILE_MAX, &b, e);
	if (r == CS_OK)
		r = cs_owners_parse(path, cs_buf_span(b), each_anchor, arg, e);
	cs_buf_free(&b);
	return r;
}

static void
clear(struct search *s)
{
	size_t i;

	for (i = 0; i < s->n && i < CANDIDATES_MAX; i++) {
		free(s->v[i].file);
		free(s->v[i].owner);
	}
	s->n = 0;
}

static void
put_candidate(const struct candidate *c, cs_out *out)
{
	cs_out_str(out, "file", NULL, c->file);
	cs_out_int(out, "line", NULL, c->line);
	cs_out_str(out, "owner", NULL, c->owner);
	cs_out_str(out, "key_hash", NULL, c->hash);
}

static int
ambiguous(const struct search *s, const char *path, cs_out *out, cs_err *e)
{
	const struct candidate *c;
	size_t i;

	cs_out_on_failure(out, CS_OUT_ADVICE);
	cs_out_list(out, "candidates", NULL);
	for (i = 0; i < s->n && i < CANDIDATES_MAX; i++) {
		c = &s->v[i];
		cs_out_object(out, NULL, NULL);
		put_candidate(c, out);
		cs_out_str(out, "status", NULL, c->status);
		cs_out_printf(out, NULL, "", "    --key-hash %s  (%s:%u, %s, "
		    "%s)", c->hash, c->file, c->line, c->owner, c->status);
		cs_out_close(out);
	}
	cs_out_close(out);
	return cs_fail(e, CS_EDEVICE, "owners", "%s: %zu keys fit, and nothing "
	    "was changed. Pick one:", path, s->n);
}

static int
find(struct search *s, const char *path, cs_out *out, cs_err *e)
{
	int r = cs_is_dir(path) ? cs_dir_each_trusted(path, geteuid(),
	    CS_OWNERS_SUFFIX, each_file, s, e) : each_file(s, path, e);

	if (r != CS_OK || s->n == 1)
		return r;
	if (s->n == 0)
		return cs_fail(e, CS_EDEVICE, "owners", "%s: no key fits; "
		    "countersign owners list shows them", path);
	return ambiguous(s, path, out, e);
}

/* Its bytes without their end; the count of lines is the reader's. */
static cs_span
line_at(cs_span text, unsigned number)
{
	const uint8_t *nl;
	cs_span line = text;

	for (;;) {
		nl = line.n == 0 ? NULL : memchr(line.p, '\n', line.n);
		if (--number == 0 || nl == NULL)
			break;
		line = cs_span_cut(line, (size_t)(nl - line.p) + 1,
		    line.n - (size_t)(nl - line.p) - 1);
	}
	if (nl != NULL)
		line.n = (size_t)(nl - line.p);
	if (nl != NULL && line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static int
change(cs_owners_edit *x, const struct candidate *c, int64_t at, cs_err *e)
{
	cs_span text = cs_edit_text(x->edit), line = line_at(text, c->line);
	size_t from = (size_t)(line.p - text.p), to = from + line.n;
	cs_buf *b = cs_buf_new(text.n + CS_OWNERS_LINE_MAX);
	cs_anchors *all = NULL;
	int r;

	if (b == NULL || cs_buf_put(b, cs_span_cut(text, 0, from)) != CS_OK)
		r = cs_nomem(e, "owners");
	else if ((r = cs_owners_revoke(line, at, b, e)) != CS_OK)
		(void)cs_wrap(e, "%s:%u", c->file, c->line);
	else if (cs_buf_put(b, cs_span_cut(text, to, text.n - to)) != CS_OK)
		r = cs_nomem(e, "owners");
	else
		r = cs_owners_edit_put(x, cs_buf_span(b), &all, e);
	cs_anchors_free(&all);
	cs_buf_free(&b);
	return r;
}

static void
tell(const struct candidate *c, const char *path, int64_t from, bool changed,
    cs_out *out)
{
	char when[24] = "";

	(void)!cs_rfc3339_put(from, when);
	cs_out_str(out, "path", NULL, path);
	put_candidate(c, out);
	cs_out_bool(out, "changed", NULL, changed);
	cs_out_time(out, "revoked", NULL, from);
	cs_out_printf(out, NULL, changed ? "revoked" : "already revoked",
	    "%s:%u: %s %s from %s on", c->file, c->line, c->owner, c->hash,
	    when);
}

/* Again under the lock: the same key, where it now stands. */
static int
revoke_key(struct search *s, const char *path, cs_out *out, cs_err *e)
{
	struct opts same = {.key_hash = s->v[0].hash};
	struct search now = {.o = &same, .now = s->now};
	const struct candidate *c = &now.v[0];
	int64_t at = s->o->at >= 0 ? s->o->at : s->now;
	cs_owners_edit x = {0};
	bool changed;
	int r;

	if ((r = cs_owners_edit_open(path, s->v[0].file, false, &x, e)) !=
	    CS_OK)
		return r;
	r = cs_owners_parse(x.file, cs_edit_text(x.edit), each_anchor, &now,
	    e);
	if (r == CS_OK && now.n != 1)
		r = cs_fail(e, CS_EIO, "owners", "%s: somebody else changed it "
		    "meanwhile; nothing was written", x.file);
	if (r != CS_OK)
		goto out;
	changed = !c->has_revoked || at < c->revoked;
	if (changed && (r = change(&x, c, at, e)) != CS_OK)
		goto out;
	tell(c, path, changed ? at : c->revoked, changed, out);
	if (changed)
		r = cs_owners_edit_index(&x, out, e);
out:
	clear(&now);
	cs_owners_edit_close(&x);
	return r;
}

static int
check(const struct opts *o, cs_err *e)
{
	const char *colon;

	if (o->key_hash == NULL && o->owner == NULL && o->line == NULL)
		return cs_fail(e, CS_EUSAGE, "owners", "expected --key-hash, "
		    "--owner or --line, found none");
	if (o->key_hash != NULL && (strncmp(o->key_hash, "SHA256:", 7) != 0 ||
	    strlen(o->key_hash) != FINGERPRINT - 2))
		return cs_fail(e, CS_EUSAGE, "owners", "--key-hash: expected "
		    "SHA256: and 43 characters, found %s", o->key_hash);
	if (o->line == NULL)
		return CS_OK;
	colon = strrchr(o->line, ':');
	colon = colon == NULL ? o->line : colon + 1;
	if (colon[0] < '1' || colon[0] > '9' ||
	    colon[strspn(colon, "0123456789")] != '\0')
		return cs_fail(e, CS_EUSAGE, "owners", "--line: expected a "
		    "number, or FILE:NUMBER, found %s", o->line);
	return CS_OK;
}

static int
run(const cs_tool *t, const void *options, const cs_words *words, cs_out *out,
    cs_err *e)
{
	const struct opts *o = options;
	struct search s = {.o = o, .now = cs_time_now()};
	int r;

	(void)t;
	if ((r = check(o, e)) == CS_OK &&
	    (r = find(&s, words->v[0], out, e)) == CS_OK)
		r = revoke_key(&s, words->v[0], out, e);
	clear(&s);
	return r;
}

const struct cs_verb cs_cmd_owners_revoke = {
    &spec, sizeof(struct opts), &defaults, run};
