/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/assuan.h"

#define LINE_MAX_BYTES 1000 /* Assuan's, without the line end */
#define LINES_MAX 100       /* comments and status lines before an answer */

struct session {
	const cs_assuan_peer *peer;
	cs_buf *in;     /* secret: a D line holds the PIN */
	size_t line;    /* bytes of `in` that were the last line, to drop */
	cs_buf *secret; /* where D lines go; NULL while none may come */
};

int
cs_assuan_escape(cs_buf *out, cs_span text, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; i < text.n && r == CS_OK; i++)
		if (text.p[i] < ' ' || text.p[i] == '%')
			r = cs_buf_printf(out, "%%%02X", text.p[i]);
		else
			r = cs_buf_put_byte(out, text.p[i]);
	return r == CS_OK ? r : cs_fail(e, CS_EFORMAT, "pinentry",
	    "the question is too long");
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
cs_assuan_unescape(cs_buf *out, cs_span data, cs_err *e)
{
	size_t i;
	int high, low, c;

	for (i = 0; i < data.n; i++) {
		c = data.p[i];
		if (c == '%') {
			high = i + 1 < data.n ? hex_value(data.p[i + 1]) : -1;
			low = i + 2 < data.n ? hex_value(data.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return cs_fail(e, CS_EAUTH, "pinentry",
				    "malformed answer");
			c = high << 4 | low;
			i += 2;
		}
		if (cs_buf_room(out) == 0)
			return cs_fail(e, CS_EAUTH, "pinentry",
			    "the answer is too long");
		if (cs_buf_put_byte(out, (uint8_t)c) != CS_OK)
			return cs_nomem(e, "pinentry");
	}
	return CS_OK;
}

/* Drops the line before, and everything of it that lies in memory. */
static int
drop_line(struct session *s)
{
	cs_buf *rest;
	int r;

	if (s->line == 0)
		return CS_OK;
	rest = cs_secret_new(LINE_MAX_BYTES + 1);
	if (rest == NULL)
		return CS_EBUG;
	r = cs_buf_put(rest, cs_span_cut(cs_buf_span(s->in), s->line,
	    cs_buf_len(s->in) - s->line));
	cs_buf_free(&s->in);
	s->in = rest;
	s->line = 0;
	return r;
}

/* Lends the next line without its end. */
static int
next_line(struct session *s, cs_span *line, cs_err *e)
{
	size_t i = 0;
	bool end;
	int r;

	if (drop_line(s) != CS_OK)
		return cs_nomem(e, "pinentry");
	for (;;) {
		cs_span have = cs_buf_span(s->in);

		for (; i < have.n; i++)
			if (have.p[i] == '\n') {
				s->line = i + 1;
				*line = cs_span_cut(have, 0, i);
				return CS_OK;
			}
		r = s->peer->get(s->peer->arg, s->in, &end, e);
		if (r != CS_OK)
			return r;
		if (end)
			return cs_fail(e, CS_EAUTH, "pinentry",
			    "it ended without an answer");
	}
}

/* The word, alone or before a blank. */
static bool
begins(cs_span line, const char *word)
{
	cs_span w = cs_span_str(word);

	return cs_span_eq(cs_span_cut(line, 0, w.n), w) &&
	    (line.n == w.n || line.p[w.n] == ' ');
}

static int
take_data(struct session *s, cs_span line, cs_err *e)
{
	if (s->secret == NULL)
		return cs_fail(e, CS_EAUTH, "pinentry",
		    "data that nobody asked for");
	return cs_assuan_unescape(s->secret, cs_span_cut(line, 2, line.n - 2),
	    e);
}

/* Reads up to OK or ERR. */
static int
answer(struct session *s, cs_err *e)
{
	cs_span line;
	int r, n;

	for (n = 0; n < LINES_MAX; n++) {
		if ((r = next_line(s, &line, e)) != CS_OK)
			return r;
		if (begins(line, "OK"))
			return CS_OK;
		if (begins(line, "ERR"))
			return cs_fail(e, CS_EAUTH, "pinentry",
			    "nothing was entered (%.*s)",
			    (int)(line.n < 200 ? line.n : 200),
			    (const char *)line.p);
		if (begins(line, "D") && line.n >= 2)
			r = take_data(s, line, e);
		else if (!begins(line, "S") && (line.n == 0 ||
		    line.p[0] != '#'))
			r = cs_fail(e, CS_EAUTH, "pinentry",
			    "unexpected answer");
		if (r != CS_OK)
			return r;
	}
	return cs_fail(e, CS_EAUTH, "pinentry", "it only talks");
}

/* `arg` is NULL for none. */
static int
command(struct session *s, const char *word, const char *arg, cs_err *e)
{
	cs_buf *b = cs_buf_new(LINE_MAX_BYTES);
	int r = CS_OK;

	if (b == NULL)
		return cs_nomem(e, "pinentry");
	if (cs_buf_printf(b, "%s%s", word, arg == NULL ? "" : " ") != CS_OK)
		r = cs_nomem(e, "pinentry");
	if (r == CS_OK && arg != NULL)
		r = cs_assuan_escape(b, cs_span_str(arg), e);
	if (r == CS_OK && cs_buf_put_byte(b, '\n') != CS_OK)
		r = cs_fail(e, CS_EFORMAT, "pinentry",
		    "the question is too long");
	if (r == CS_OK)
		r = s->peer->put(s->peer->arg, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r == CS_OK ? answer(s, e) : r;
}

static int
talk(struct session *s, const char *description, cs_buf *secret, cs_err *e)
{
	int r;

	if ((r = answer(s, e)) != CS_OK || /* its greeting */
	    (r = command(s, "SETDESC", description, e)) != CS_OK ||
	    (r = command(s, "SETPROMPT", "PIN:", e)) != CS_OK)
		return r;
	s->secret = secret;
	r = command(s, "GETPIN", NULL, e);
	s->secret = NULL;
	return r;
}

int
cs_assuan_getpin(const cs_assuan_peer *peer, const char *description,
    cs_buf **secret, cs_err *e)
{
	struct session s = {.peer = peer,
	    .in = cs_secret_new(LINE_MAX_BYTES + 1)};
	cs_buf *b = cs_secret_new(CS_ASSUAN_SECRET_MAX);
	int r;

	*secret = NULL;
	if (s.in == NULL || b == NULL)
		r = cs_nomem(e, "pinentry");
	else
		r = talk(&s, description, b, e);
	if (r == CS_OK) {
		*secret = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&s.in);
	cs_buf_free(&b);
	return r;
}
