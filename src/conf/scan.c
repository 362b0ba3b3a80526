/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "conf/scan.h"

#include <string.h>

#include "base/text.h"

#define BLANK " \t\r"
#define WORD \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-:/@"

enum kind { END = 0, A_WORD, A_STRING, OPEN, CLOSE, EQUALS, COMMA };

struct scan {
	struct cs_conf *c;
	cs_span rest;
	unsigned line;
	cs_buf *out;
	const cs_conf_word *words; /* of the file */
	struct cs_conf_block *in;  /* the block that is open */
	enum kind kind;            /* the last token */
	cs_span text;
	cs_err *e;
};

static int
refuse(const struct scan *s, const char *what)
{
	return cs_fail(s->e, CS_EFORMAT, "conf", "%s:%u: %s", s->c->name,
	    s->line, what);
}

size_t
cs_conf_scan_room(size_t n)
{
	return 3 * n; /* a word of one character gets its quotes */
}

size_t
cs_conf_words(const cs_conf_word *words)
{
	size_t n = 0;

	while (words != NULL && words[n].name != NULL)
		n++;
	return n;
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
read_string(struct scan *s)
{
	char end[] = {(char)*s->rest.p, '\0'}, stop[] = {end[0], '\\', '\n', 0};
	cs_span all = s->rest;

	s->rest = cs_span_cut(all, 1, all.n - 1);
	s->text = take(s, stop, false);
	if (s->rest.n == 0 || *s->rest.p != (uint8_t)end[0])
		return refuse(s, "expected a string that ends on its line and "
		    "has no \\");
	if (memmem(s->text.p, s->text.n, "${", 2) != NULL)
		return refuse(s, "${...}: the environment is not expanded "
		    "here");
	s->rest = cs_span_cut(s->rest, 1, s->rest.n - 1);
	s->kind = A_STRING;
	return cs_buf_put(s->out, cs_span_cut(all, 0, s->text.n + 2));
}

static int
read_mark(struct scan *s)
{
	static const char marks[] = "{}=,";
	static const enum kind kinds[] = {OPEN, CLOSE, EQUALS, COMMA};
	const char *at = strchr(marks, *s->rest.p);

	if (at == NULL)
		return cs_fail(s->e, CS_EFORMAT, "conf",
		    "%s:%u: what is not a letter, a digit or one of _ . - : / "
		    "@ needs quotes, found 0x%02x", s->c->name, s->line,
		    *s->rest.p);
	s->text = cs_span_cut(s->rest, 0, 1);
	s->kind = kinds[at - marks];
	s->rest = cs_span_cut(s->rest, 1, s->rest.n - 1);
	return cs_buf_put(s->out, s->text);
}

/* The next token; where a word is a value it gets quotes, since libconfuse
 * takes some words for comments. */
static int
next(struct scan *s, bool value)
{
	int r = skip(s);

	s->kind = END;
	s->text = cs_span_str("the end of the file");
	if (r != CS_OK || s->rest.n == 0)
		return r;
	if (*s->rest.p == '"' || *s->rest.p == '\'')
		return read_string(s);
	if (strchr(WORD, *s->rest.p) == NULL)
		return read_mark(s);
	s->text = take(s, WORD, true);
	s->kind = A_WORD;
	if (!value)
		return cs_buf_put(s->out, s->text);
	return cs_buf_printf(s->out, "\"%.*s\"", (int)s->text.n,
	    (const char *)s->text.p);
}

static int
unexpected(const struct scan *s, const cs_conf_word *w, const char *want)
{
	return cs_fail(s->e, CS_EFORMAT, "conf", "%s:%u: %s%sexpected %s, "
	    "found %.*s", s->c->name, s->line, w == NULL ? "" : w->name,
	    w == NULL ? "" : ": ", want, (int)(s->text.n > 64 ? 64 :
	    s->text.n), (const char *)s->text.p);
}

/* Is the word at home in these tables? *home is the block's, NULL for the
 * file. */
static bool
find_home(const cs_conf_word *words, const cs_conf_word *of, cs_span word,
    const cs_conf_word **home)
{
	for (; words != NULL && words->name != NULL; words++) {
		if (cs_span_is(word, words->name)) {
			*home = of;
			return true;
		}
		if (find_home(words->inner, words, word, home))
			return true;
	}
	return false;
}

static const char *
nearest(const cs_conf_word *words, cs_span word)
{
	const char *names[CS_CONF_WORDS_MAX];
	char text[CS_CONF_WORDS_MAX] = "";
	size_t i, n = cs_conf_words(words);

	if (n > CS_CONF_WORDS_MAX || word.n >= sizeof(text))
		return NULL;
	for (i = 0; i < n; i++)
		names[i] = words[i].name;
	memcpy(text, word.p, word.n);
	return cs_text_nearest(text, names, n);
}

/* For someone who wrote a word that is not known here. */
static int
unknown(const struct scan *s)
{
	const cs_conf_word *words = s->in->words, *home = NULL;
	const char *how = "", *what = "", *end = "";

	if (find_home(s->words, NULL, s->text, &home)) {
		how = home == NULL ? " here: it stands outside of every block" :
		    " here: it belongs into ";
		what = home == NULL ? "" : home->name;
		end = home == NULL ? "" : " { }";
	} else if (cs_conf_words(words) == 1) {
		how = ", expected ";
		what = words->name;
	} else if ((what = nearest(words, s->text)) != NULL) {
		how = "; did you mean ";
		end = "?";
	} else {
		what = "";
	}
	return cs_fail(s->e, CS_EFORMAT, "conf", "%s:%u: no such option "
	    "'%.*s'%s%s%s", s->c->name, s->line,
	    (int)(s->text.n > 64 ? 64 : s->text.n), (const char *)s->text.p,
	    how, what, end);
}

/* The block that is opened here: of this word, behind this title. */
static int
open_block(struct scan *s, const cs_conf_word *w, cs_span title)
{
	struct cs_conf *c = s->c;
	struct cs_conf_block *b = &c->blocks[c->n];

	if (c->n == c->room)
		return cs_fail(s->e, CS_EFORMAT, "conf",
		    "%s:%u: more than %d blocks", c->name, s->line,
		    CS_CONF_BLOCKS_MAX);
	b->file = c;
	b->word = w;
	b->words = w == NULL ? s->words : w->inner;
	b->in = s->in;
	b->end = c->blocks + c->room;
	b->title = title;
	b->line = s->line;
	b->slots = c->slots + c->n * c->width;
	if (s->in != NULL)
		b->nth = s->in->slots[w - s->in->words].n++;
	c->n++;
	s->in = b;
	return CS_OK;
}

static int
close_block(struct scan *s)
{
	if (s->in->in == NULL)
		return refuse(s, "a } without its {");
	s->in->end = s->c->blocks + s->c->n;
	s->in = s->in->in;
	return CS_OK;
}

static int
read_title(struct scan *s, const cs_conf_word *w, cs_span *title)
{
	const cs_conf_block *b = NULL;
	int r;

	if ((r = next(s, true)) != CS_OK)
		return r;
	if (s->kind != A_WORD && s->kind != A_STRING)
		return unexpected(s, w, "a title");
	*title = s->text;
	while ((b = cs_conf_next(s->in, w->name, b)) != NULL)
		if (cs_span_eq(b->title, *title))
			return cs_fail(s->e, CS_EFORMAT, "conf",
			    "%s:%u: %s %.*s stands twice, before in line %u",
			    s->c->name, s->line, w->name,
			    (int)(title->n > 64 ? 64 : title->n),
			    (const char *)title->p, b->line);
	return CS_OK;
}

static int
read_block(struct scan *s, const cs_conf_word *w)
{
	cs_span title = {0};
	int r = CS_OK;

	if (w->kind == CS_CONF_TITLED)
		r = read_title(s, w, &title);
	if (r != CS_OK || (r = next(s, false)) != CS_OK)
		return r;
	if (s->kind != OPEN)
		return unexpected(s, w, "{");
	return open_block(s, w, title);
}

/* Behind the { of a list. */
static int
read_list(struct scan *s, const cs_conf_word *w)
{
	int r;

	for (;;) {
		if ((r = next(s, true)) != CS_OK || s->kind == CLOSE)
			return r;
		if (s->kind != A_WORD && s->kind != A_STRING)
			return unexpected(s, w, "a value or }");
		if ((r = next(s, true)) != CS_OK || s->kind == CLOSE)
			return r;
		if (s->kind != COMMA)
			return unexpected(s, w, ", or }");
	}
}

static int
read_value(struct scan *s, const cs_conf_word *w)
{
	int r;

	if ((r = next(s, true)) != CS_OK)
		return r;
	if (s->kind != EQUALS)
		return unexpected(s, w, "=");
	if ((r = next(s, true)) != CS_OK || s->kind == A_WORD ||
	    s->kind == A_STRING)
		return r;
	if (w->kind == CS_CONF_LIST && s->kind == OPEN)
		return read_list(s, w);
	return unexpected(s, w, "a value");
}

static int
read_statement(struct scan *s)
{
	const cs_conf_word *w = s->in->words;
	struct cs_conf_slot *slot;

	if (s->kind != A_WORD)
		return unexpected(s, NULL, "a name");
	while (w->name != NULL && !cs_span_is(s->text, w->name))
		w++;
	if (w->name == NULL)
		return unknown(s);
	slot = &s->in->slots[w - s->in->words];
	if (slot->line != 0 && w->kind != CS_CONF_TITLED &&
	    w->kind != CS_CONF_BLOCKS)
		return cs_fail(s->e, CS_EFORMAT, "conf",
		    "%s:%u: %s is set twice, before in line %u", s->c->name,
		    s->line, w->name, slot->line);
	if (slot->line == 0)
		slot->line = s->line;
	if (w->kind == CS_CONF_BLOCK || w->kind == CS_CONF_BLOCKS ||
	    w->kind == CS_CONF_TITLED)
		return read_block(s, w);
	return read_value(s, w);
}

static int
read_all(struct scan *s)
{
	int r;

	for (;;) {
		if ((r = next(s, false)) != CS_OK)
			return r;
		if (s->kind == END)
			break;
		r = s->kind == CLOSE ? close_block(s) : read_statement(s);
		if (r != CS_OK)
			return r;
	}
	if (s->in->in == NULL)
		return CS_OK;
	return cs_fail(s->e, CS_EFORMAT, "conf", "%s:%u: expected }, found the "
	    "end of the file; its { is in line %u", s->c->name, s->line,
	    s->in->line);
}

static int
refuse_nul(struct scan *s)
{
	const uint8_t *at = NULL, *p;

	if (s->rest.n != 0)
		at = memchr(s->rest.p, '\0', s->rest.n);
	if (at == NULL)
		return CS_OK;
	for (p = s->rest.p; p < at; p++)
		s->line += *p == '\n';
	return refuse(s, "a NUL byte");
}

int
cs_conf_scan(struct cs_conf *c, cs_span in, const cs_conf_word *words,
    cs_buf *out, cs_err *e)
{
	struct scan s = {.c = c, .rest = in, .line = 1, .out = out,
	    .words = words, .e = e};
	int r;

	if ((r = refuse_nul(&s)) != CS_OK ||
	    (r = open_block(&s, NULL, s.text)) != CS_OK)
		return r;
	r = read_all(&s);
	if (cs_buf_failed(out))
		return cs_fail(e, CS_EBUG, "conf", "%s: no room to read it",
		    c->name);
	return r;
}
