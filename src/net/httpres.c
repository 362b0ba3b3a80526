/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpres.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "net/httpc";

struct head {
	int status;
	cs_span length, coding, type, retry; /* absent: not there */
};

static int
no_answer(cs_err *e, const char *why)
{
	return cs_fail(e, CS_EFORMAT, where,
	    "the server's answer is not HTTP: %s", why);
}

/* The line at `at`, without its CR LF, and where the next begins; false when it
 * has not come. */
static bool
line_at(cs_span in, size_t *at, cs_span *line)
{
	size_t i;

	for (i = *at; i + 1 < in.n; i++) {
		if (in.p[i] == '\r' && in.p[i + 1] == '\n') {
			*line = cs_span_cut(in, *at, i - *at);
			*at = i + 2;
			return true;
		}
	}
	return false;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_word(cs_span s, const char *word)
{
	size_t i;

	if (s.n != strlen(word))
		return false;
	for (i = 0; i < s.n; i++) {
		if (lower(s.p[i]) != (uint8_t)word[i])
			return false;
	}
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static cs_span
trimmed(cs_span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = cs_span_cut(s, 1, s.n - 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool
has_controls(cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

static bool
number(cs_span s, size_t digits, int64_t *out)
{
	size_t i;

	*out = 0;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
		if (i == digits)
			return false;
	}
	return s.n > 0;
}

/* HTTP/1.1 200 OK; the reason may be missing, its blank may not
 * (RFC 9112 4). */
static int
read_status(cs_span line, struct head *h, cs_err *e)
{
	int64_t n = 0;

	if (line.n < 12 || has_controls(line) ||
	    (!cs_span_is(cs_span_cut(line, 0, 9), "HTTP/1.1 ") &&
	    !cs_span_is(cs_span_cut(line, 0, 9), "HTTP/1.0 ")) ||
	    !number(cs_span_cut(line, 9, 3), 3, &n) || n < 100 ||
	    (line.n > 12 && line.p[12] != ' '))
		return no_answer(e, "its first line");
	h->status = (int)n;
	return CS_OK;
}

static int
read_field(cs_span line, struct head *h, cs_err *e)
{
	const struct {
		const char *name;
		cs_span *to;
	} known[] = {
		{"content-length", &h->length},
		{"transfer-encoding", &h->coding},
		{"content-type", &h->type},
		{"retry-after", &h->retry}
	};
	size_t colon = 0, i;
	cs_span name;

	while (colon < line.n && line.p[colon] != ':')
		colon++;
	name = cs_span_cut(line, 0, colon);
	if (colon == 0 || colon == line.n || is_blank(line.p[0]) ||
	    is_blank(line.p[colon - 1]) || has_controls(line))
		return no_answer(e, "a header field");
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!is_word(name, known[i].name))
			continue;
		if (known[i].to->p != NULL)
			return no_answer(e, "a header field that comes twice");
		*known[i].to = trimmed(cs_span_cut(line, colon + 1,
		    line.n - colon - 1));
	}
	return CS_OK;
}

/* *at is behind the header, or 0 when that is not there yet. */
static int
read_head(cs_span in, size_t *at, struct head *h, cs_err *e)
{
	size_t i = *at, begin = *at;
	cs_span line = {0};
	bool first = true;
	int rc = CS_OK;

	*h = (struct head){0};
	*at = 0;
	while (rc == CS_OK && line_at(in, &i, &line)) {
		if (i - begin > CS_HTTPRES_HEAD)
			break;
		if (line.n == 0 && !first) {
			*at = i;
			return CS_OK;
		}
		rc = first ? read_status(line, h, e) : read_field(line, h, e);
		first = false;
	}
	if (rc == CS_OK && in.n - begin > CS_HTTPRES_HEAD)
		rc = no_answer(e, "its header is too long");
	return rc;
}

static int
hex(uint8_t c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
chunk_size(cs_span line, size_t *out)
{
	size_t i;

	*out = 0;
	for (i = 0; i < line.n; i++) {
		if (hex(line.p[i]) < 0)
			return false;
		*out = *out * 16 + (size_t)hex(line.p[i]);
	}
	return line.n > 0 && line.n <= 7;
}

static int
too_long(cs_err *e)
{
	return cs_fail(e, CS_EFORMAT, where,
	    "the server's answer is too long");
}

static int
put_body(cs_buf *b, cs_span s, cs_err *e)
{
	return cs_buf_put(b, s) == CS_OK ? CS_OK : too_long(e);
}

static int
read_chunks(cs_span in, size_t at, cs_buf *body, bool *whole, cs_err *e)
{
	cs_span line = {0};
	size_t n = 0;
	int rc;

	while (line_at(in, &at, &line)) {
		if (!chunk_size(line, &n))
			return no_answer(e, "a chunk");
		if (n > cs_buf_room(body))
			return too_long(e);
		if (in.n - at < n + 2)
			return CS_OK;
		if (!cs_span_is(cs_span_cut(in, at + n, 2), "\r\n"))
			return no_answer(e, "the end of a chunk");
		if ((rc = put_body(body, cs_span_cut(in, at, n), e)) != CS_OK)
			return rc;
		at += n + 2;
		if (n == 0) {
			*whole = true;
			return at == in.n ? CS_OK :
			    no_answer(e, "octets behind it");
		}
	}
	return CS_OK;
}

static int
read_length(cs_span in, size_t at, cs_span length, cs_buf *body, bool *whole,
    cs_err *e)
{
	int64_t n = 0;

	if (!number(length, 15, &n))
		return no_answer(e, "its length");
	if ((uint64_t)n > cs_buf_room(body))
		return too_long(e);
	if (in.n - at < (size_t)n)
		return CS_OK;
	*whole = true;
	return in.n - at == (size_t)n ?
	    put_body(body, cs_span_cut(in, at, (size_t)n), e) :
	    no_answer(e, "octets behind it");
}

static int
read_body(cs_span in, size_t at, const struct head *h, bool ended,
    cs_buf *body, bool *whole, cs_err *e)
{
	cs_span rest = cs_span_cut(in, at, in.n - at);

	if (h->coding.p != NULL && h->length.p != NULL)
		return no_answer(e, "a length beside chunks");
	if (h->status == 204 || h->status == 304) {
		*whole = true;
		return rest.n == 0 ? CS_OK : no_answer(e, "octets behind it");
	}
	if (h->coding.p != NULL)
		return is_word(h->coding, "chunked") ? read_chunks(in, at,
		    body, whole, e) : no_answer(e, "its coding");
	if (h->length.p != NULL)
		return read_length(in, at, h->length, body, whole, e);
	*whole = ended;
	return put_body(body, rest, e);
}

static void
set_type(cs_httpc_answer *a, cs_span type)
{
	size_t i, n = 0;

	while (n < type.n && type.p[n] != ';')
		n++;
	type = trimmed(cs_span_cut(type, 0, n));
	if (type.n >= sizeof(a->type))
		return;
	for (i = 0; i < type.n; i++)
		a->type[i] = (char)lower(type.p[i]);
}

static void
set_fields(cs_httpc_answer *a, const struct head *h)
{
	a->status = h->status;
	if (h->type.p != NULL)
		set_type(a, h->type);
	/* Seconds; a date is none of ours. */
	if (!number(h->retry, 9, &a->retry_after))
		a->retry_after = 0;
}

int
cs_httpres_read(cs_span in, bool ended, size_t max_body,
    cs_httpc_answer **out, cs_err *e)
{
	cs_httpc_answer *a = NULL;
	struct head h = {0};
	bool whole = false;
	size_t at = 0;
	int rc;

	*out = NULL;
	do { /* 100 Continue and the like come before an answer */
		if ((rc = read_head(in, &at, &h, e)) != CS_OK || at == 0)
			return rc;
	} while (h.status < 200);
	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->body = cs_buf_new(max_body)) == NULL) {
		rc = cs_nomem(e, where);
		goto out;
	}
	set_fields(a, &h);
	rc = read_body(in, at, &h, ended, a->body, &whole, e);
	if (rc == CS_OK && whole) {
		*out = a;
		a = NULL; /* transferred */
	}
out:
	cs_httpc_answer_free(&a);
	return rc;
}

void
cs_httpc_answer_free(cs_httpc_answer **a)
{
	if (a == NULL || *a == NULL)
		return;
	cs_buf_free(&(*a)->body);
	free(*a);
	*a = NULL;
}
