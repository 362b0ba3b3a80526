/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/policyscan.h"

#include <string.h>

#define BLANK " \t\r"
#define WORD \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

const char *const cs_policy_names[CS_POLICY_NAMES] = {
    [CS_POLICY_GROUPS] = "groups",
    [CS_POLICY_QUORUM] = "quorum",
    [CS_POLICY_HARDWARE] = "hardware",
    [CS_POLICY_PRESENCE] = "presence",
    [CS_POLICY_VERIFICATION] = "verification",
    [CS_POLICY_MAX_LIFETIME] = "max-lifetime",
    [CS_POLICY_MAX_WINDOW] = "max-window",
    [CS_POLICY_GRANTS] = "grants",
    [CS_POLICY_BATCHES] = "batches",
    [CS_POLICY_EVIDENCE] = "evidence",
    [CS_POLICY_MOVE_OWNER] = "move-owner",
    [CS_POLICY_MOVE_KEY] = "move-key",
};

enum kind { NOTHING = 0, A_WORD, A_STRING, OPEN, CLOSE, EQUALS, COMMA };

struct token {
	enum kind kind;
	cs_span text;
};

struct scan {
	const char *name;
	unsigned line;
	cs_span rest;
	cs_buf *out;
	struct token last, before;
	unsigned depth;   /* blocks that are open */
	unsigned opened;  /* the line of the last one */
	bool in_list;
	cs_policy_place *places;
	size_t room, n;
};

static int
refuse(const struct scan *s, cs_err *e, const char *what)
{
	return cs_fail(e, CS_EFORMAT, "policy", "%s:%u: %s", s->name, s->line,
	    what);
}

/* Takes what is in `set`, or is not. */
static cs_span
take(struct scan *s, const char *set, bool in)
{
	cs_span all = s->rest;
	size_t n = 0;

	while (n < all.n && (strchr(set, all.p[n]) != NULL) == in)
		n++;
	s->rest = cs_span_cut(all, n, all.n - n);
	return cs_span_cut(all, 0, n);
}

/* Blanks, line ends and comments; blanks stand for the latter. */
static int
skip(struct scan *s)
{
	size_t n;
	int r = CS_OK;

	for (;;) {
		n = take(s, BLANK, true).n;
		if (s->rest.n != 0 && *s->rest.p == '#')
			n += take(s, "\n", false).n;
		for (; r == CS_OK && n > 0; n--)
			r = cs_buf_put_byte(s->out, ' ');
		if (r != CS_OK || s->rest.n == 0 || *s->rest.p != '\n')
			return r;
		r = cs_buf_put(s->out, cs_span_cut(s->rest, 0, 1));
		s->rest = cs_span_cut(s->rest, 1, s->rest.n - 1);
		s->line++;
	}
}

/* Stands in the file as it is meant: nothing to unescape or to expand. */
static int
read_string(struct scan *s, struct token *t, cs_err *e)
{
	char end[] = {(char)*s->rest.p, '\0'}, stop[] = {end[0], '\\', '\n', 0};
	cs_span all = s->rest;

	s->rest = cs_span_cut(all, 1, all.n - 1);
	t->text = take(s, stop, false);
	if (s->rest.n == 0 || *s->rest.p != (uint8_t)end[0])
		return refuse(s, e, "expected a string that ends on its line "
		    "and has no \\");
	if (memmem(t->text.p, t->text.n, "${", 2) != NULL)
		return refuse(s, e,
		    "${...}: the environment is not expanded here");
	s->rest = cs_span_cut(s->rest, 1, s->rest.n - 1);
	t->kind = A_STRING;
	return cs_buf_put(s->out, cs_span_cut(all, 0, t->text.n + 2));
}

static int
read_token(struct scan *s, struct token *t, cs_err *e)
{
	static const char marks[] = "{}=,";
	static const enum kind kinds[] = {OPEN, CLOSE, EQUALS, COMMA};
	const char *at;

	if (*s->rest.p == '"' || *s->rest.p == '\'')
		return read_string(s, t, e);
	t->text = take(s, WORD, true);
	t->kind = A_WORD;
	if (t->text.n == 0) {
		if ((at = strchr(marks, *s->rest.p)) == NULL)
			return cs_fail(e, CS_EFORMAT, "policy",
			    "%s:%u: what is not a letter, a digit, \"_\", "
			    "\".\" or \"-\" needs quotes, found 0x%02x",
			    s->name, s->line, *s->rest.p);
		t->text = cs_span_cut(s->rest, 0, 1);
		t->kind = kinds[at - marks];
		s->rest = cs_span_cut(s->rest, 1, s->rest.n - 1);
	}
	return cs_buf_put(s->out, t->text);
}

static int
open_block(struct scan *s, cs_err *e)
{
	if (s->before.kind != A_WORD ||
	    (s->last.kind != A_WORD && s->last.kind != A_STRING))
		return refuse(s, e, "expected domain \"...\" { or "
		    "path \"...\" {");
	if (s->depth == 2)
		return refuse(s, e, "a block within a path");
	s->opened = s->line;
	if (s->depth++ == 0)
		return CS_OK;
	if (s->n == s->room)
		return refuse(s, e, "too many paths");
	s->places[s->n++] = (cs_policy_place){.line = s->line};
	return CS_OK;
}

static int
close_block(struct scan *s, cs_err *e)
{
	if (s->in_list) {
		s->in_list = false;
		return CS_OK;
	}
	if (s->depth == 0)
		return refuse(s, e, "a } without its {");
	s->depth--;
	return CS_OK;
}

static int
set_name(struct scan *s, cs_err *e)
{
	unsigned *line;
	size_t i;

	if (s->last.kind != A_WORD)
		return refuse(s, e, "expected a name before =");
	for (i = 0; s->depth == 2 && i < CS_POLICY_NAMES; i++) {
		if (!cs_span_is(s->last.text, cs_policy_names[i]))
			continue;
		line = &s->places[s->n - 1].of[i];
		if (*line != 0)
			return cs_fail(e, CS_EFORMAT, "policy",
			    "%s:%u: %s is set twice, before in line %u",
			    s->name, s->line, cs_policy_names[i], *line);
		*line = s->line;
	}
	return CS_OK;
}

static int
note(struct scan *s, const struct token *t, cs_err *e)
{
	switch (t->kind) {
	case OPEN:
		if (s->last.kind != EQUALS)
			return open_block(s, e);
		s->in_list = true;
		return CS_OK;
	case CLOSE:
		return close_block(s, e);
	case EQUALS:
		return set_name(s, e);
	case COMMA:
	case A_WORD:
	case A_STRING:
	case NOTHING:
		break;
	}
	return CS_OK;
}

static int
check_end(const struct scan *s, cs_err *e)
{
	if (s->depth == 0 && !s->in_list)
		return CS_OK;
	return cs_fail(e, CS_EFORMAT, "policy",
	    "%s:%u: expected }, found the end of the file; the last { is in "
	    "line %u", s->name, s->line, s->opened);
}

int
cs_policy_scan(const char *name, cs_span in, cs_buf *out,
    cs_policy_place *places, size_t room, size_t *n, cs_err *e)
{
	struct scan s = {.name = name, .line = 1, .rest = in, .out = out,
	    .places = places, .room = room};
	struct token t = {0};
	int r;

	if (in.n != 0 && memchr(in.p, '\0', in.n) != NULL)
		return cs_fail(e, CS_EFORMAT, "policy", "%s: a NUL byte", name);
	for (;;) {
		if (skip(&s) != CS_OK)
			return cs_nomem(e, "policy");
		if (s.rest.n == 0)
			break;
		if ((r = read_token(&s, &t, e)) != CS_OK ||
		    (r = note(&s, &t, e)) != CS_OK)
			return r;
		s.before = s.last;
		s.last = t;
	}
	*n = s.n;
	return check_end(&s, e);
}
