/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpgate.h"

#include <string.h>

enum state {
	START = 0, METHOD, TARGET, PROTO, PROTO_LF, LINE, NAME, BLANK,
	VALUE, VALUE_LF, HEAD_LF, BODY, SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF,
	LAST_CR, LAST_LF
};

enum field { OTHER = 0, LENGTH, CODING, HOST, EXPECT };
#define BIT(f) (1u << (f))

static const struct {
	const char *name;
	enum field field;
} names[] = {
	{"content-length", LENGTH},
	{"transfer-encoding", CODING},
	{"host", HOST},
	{"expect", EXPECT}
};

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH",
    "DELETE", "OPTIONS"};

static bool
refuse(cs_gate *g, int status, const char *why)
{
	g->status = status;
	g->why = why;
	return false;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tchar, RFC 9110 5.6.2 */
static bool
is_token(uint8_t c)
{
	return is_digit(c) || is_letter(c) ||
	    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Of a path and a query, RFC 3986 3.3 and 3.4 */
static bool
is_target(uint8_t c)
{
	return is_digit(c) || is_letter(c) ||
	    (c != 0 && strchr("-._~!$&'()*+,;=:@/?%", c) != NULL);
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* A word that is too long is like no word that is known. */
static void
word_put(cs_gate *g, uint8_t c)
{
	if (g->word_n < sizeof(g->word))
		g->word[g->word_n++] = (char)c;
}

static bool
word_is(const cs_gate *g, const char *s)
{
	return cs_span_is(cs_span_of(g->word, g->word_n), s);
}

static void
request_begins(cs_gate *g)
{
	g->begun++;
	g->state = METHOD;
	g->seen = 0;
	g->head = g->fields = g->word_n = 0;
	g->body = g->left = 0;
	g->http10 = g->chunked = g->is_head = false;
}

static bool
request_ends(cs_gate *g)
{
	if (g->whole - g->taken == CS_GATE_AHEAD)
		return refuse(g, 400, "too many requests at once");
	g->end[g->whole++ % CS_GATE_AHEAD] = g->at;
	g->state = START;
	return true;
}

static bool
method_ends(cs_gate *g)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (word_is(g, methods[i])) {
			g->is_head = i == 1;
			g->word_n = 0;
			g->state = TARGET;
			return true;
		}
	}
	return refuse(g, 501, "unknown method");
}

static bool
on_method(cs_gate *g, uint8_t c)
{
	if (c == ' ' && g->word_n > 0)
		return method_ends(g);
	if (!is_token(c))
		return refuse(g, 400, "not a request line of HTTP");
	word_put(g, c);
	return true;
}

/* "//" would be an authority to some (RFC 3986 4.2), and a target that begins
 * otherwise is for proxies. */
static bool
on_target(cs_gate *g, uint8_t c)
{
	if (c == ' ' && g->word_n > 0) {
		g->word_n = 0;
		g->state = PROTO;
		return true;
	}
	if (!is_target(c) || (g->word_n == 0 && c != '/') ||
	    (g->word_n == 1 && c == '/'))
		return refuse(g, 400, "the request target is no path");
	word_put(g, c);
	return true;
}

static bool
on_proto(cs_gate *g, uint8_t c)
{
	if (c != '\r') {
		word_put(g, c);
		if (g->word_n > 8)
			return refuse(g, 400, "not a request line of HTTP");
		return true;
	}
	g->http10 = word_is(g, "HTTP/1.0");
	if (!g->http10 && !word_is(g, "HTTP/1.1"))
		return g->word_n == 8 && strncmp(g->word, "HTTP/", 5) == 0 ?
		    refuse(g, 505, "not HTTP/1.1") :
		    refuse(g, 400, "not a request line of HTTP");
	g->state = PROTO_LF;
	return true;
}

static bool
on_line_lf(cs_gate *g, uint8_t c)
{
	if (c != '\n')
		return refuse(g, 400, "a line ends in CR LF alone");
	g->state = LINE;
	return true;
}

static bool
on_name(cs_gate *g, uint8_t c)
{
	size_t i;

	if (c != ':') {
		if (!is_token(c))
			return refuse(g, 400, "not a header field");
		word_put(g, lower(c));
		return true;
	}
	g->field = OTHER;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (word_is(g, names[i].name))
			g->field = names[i].field;
	}
	if (g->field != OTHER && (g->seen & BIT(g->field)) != 0)
		return refuse(g, 400, "a header field that comes twice");
	g->seen |= BIT(g->field);
	g->word_n = 0;
	g->state = BLANK;
	return true;
}

/* The first octet of a line. */
static bool
on_line(cs_gate *g, uint8_t c)
{
	if (c == '\r') {
		g->state = HEAD_LF;
		return true;
	}
	if (c == ' ' || c == '\t')
		return refuse(g, 400, "a header line that is folded");
	if (!is_token(c))
		return refuse(g, 400, "not a header field");
	if (++g->fields > CS_GATE_FIELDS)
		return refuse(g, 431, "too many header fields");
	g->word_n = 0;
	g->state = NAME;
	return on_name(g, c);
}

static bool
length_ends(cs_gate *g)
{
	size_t i;

	if (g->word_n == 0 || g->word_n > 15)
		return refuse(g, 400, "not a Content-Length");
	for (i = 0; i < g->word_n; i++) {
		if (!is_digit((uint8_t)g->word[i]))
			return refuse(g, 400, "not a Content-Length");
		g->left = g->left * 10 + (uint64_t)(g->word[i] - '0');
	}
	return true;
}

static bool
value_ends(cs_gate *g)
{
	while (g->word_n > 0 && (g->word[g->word_n - 1] == ' ' ||
	    g->word[g->word_n - 1] == '\t'))
		g->word_n--;
	g->state = VALUE_LF;
	if (g->field == LENGTH)
		return length_ends(g);
	if (g->field == CODING && !word_is(g, "chunked"))
		return refuse(g, 501, "unknown Transfer-Encoding");
	if (g->field == EXPECT && !word_is(g, "100-continue"))
		return refuse(g, 417, "unknown expectation");
	g->expects |= g->field == EXPECT;
	g->chunked |= g->field == CODING;
	return true;
}

static bool
on_value(cs_gate *g, uint8_t c)
{
	if (c == '\r')
		return value_ends(g);
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return refuse(g, 400, "a control character in a header field");
	if (g->state == BLANK && (c == ' ' || c == '\t'))
		return true;
	g->state = VALUE;
	word_put(g, lower(c));
	return true;
}

static bool
on_head_lf(cs_gate *g, uint8_t c)
{
	bool length = (g->seen & BIT(LENGTH)) != 0;

	if (c != '\n')
		return refuse(g, 400, "a line ends in CR LF alone");
	if (g->chunked && length)
		return refuse(g, 400, "Content-Length beside chunks");
	if (g->chunked && g->http10)
		return refuse(g, 400, "chunks in HTTP/1.0");
	if (!g->http10 && (g->seen & BIT(HOST)) == 0)
		return refuse(g, 400, "no Host");
	if (g->is_head && (g->chunked || g->left > 0))
		return refuse(g, 400, "HEAD with a body");
	if (g->left > g->max_body)
		return refuse(g, 413, "the body is too long");
	g->word_n = 0;
	g->state = g->chunked ? SIZE : BODY;
	return g->state == SIZE || g->left > 0 || request_ends(g);
}

static int
hex(uint8_t c)
{
	c = lower(c);
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits and nothing else: what may stand behind them
 * (RFC 9112 7.1.1) nobody needs. */
static bool
on_size(cs_gate *g, uint8_t c)
{
	if (c == '\r' && g->word_n > 0) {
		g->state = SIZE_LF;
		return true;
	}
	if (hex(c) < 0 || g->word_n == 8)
		return refuse(g, 400, "not a chunk");
	word_put(g, c);
	g->left = g->left * 16 + (uint64_t)hex(c);
	return true;
}

static bool
on_size_lf(cs_gate *g, uint8_t c)
{
	if (c != '\n')
		return refuse(g, 400, "a line ends in CR LF alone");
	g->body += g->left;
	if (g->body > g->max_body)
		return refuse(g, 413, "the body is too long");
	g->word_n = 0;
	g->state = g->left > 0 ? DATA : LAST_CR;
	return true;
}

static bool
on_data_cr(cs_gate *g, uint8_t c)
{
	g->state = DATA_LF;
	return c == '\r' || refuse(g, 400, "a chunk is longer than it says");
}

static bool
on_data_lf(cs_gate *g, uint8_t c)
{
	g->state = SIZE;
	return c == '\n' || refuse(g, 400, "a line ends in CR LF alone");
}

static bool
on_last_cr(cs_gate *g, uint8_t c)
{
	g->state = LAST_LF;
	return c == '\r' || refuse(g, 400, "fields behind the last chunk");
}

static bool
on_last_lf(cs_gate *g, uint8_t c)
{
	return c == '\n' ? request_ends(g) :
	    refuse(g, 400, "a line ends in CR LF alone");
}

static bool
on_start(cs_gate *g, uint8_t c)
{
	request_begins(g);
	return on_method(g, c);
}

static bool (*const steps[])(cs_gate *g, uint8_t c) = {
	[START] = on_start, [METHOD] = on_method, [TARGET] = on_target,
	[PROTO] = on_proto, [PROTO_LF] = on_line_lf, [LINE] = on_line,
	[NAME] = on_name, [BLANK] = on_value, [VALUE] = on_value,
	[VALUE_LF] = on_line_lf, [HEAD_LF] = on_head_lf, [SIZE] = on_size,
	[SIZE_LF] = on_size_lf, [DATA_CR] = on_data_cr,
	[DATA_LF] = on_data_lf, [LAST_CR] = on_last_cr, [LAST_LF] = on_last_lf
};

static bool
step(cs_gate *g, uint8_t c)
{
	if (g->state < BODY && g->state != START &&
	    ++g->head >= g->max_headers)
		return refuse(g, 431, "the header is too long");
	g->at++;
	return steps[g->state](g, c);
}

/* Octets of a body, as many as are there. */
static bool
pass_body(cs_gate *g, size_t *n)
{
	if (*n > g->left)
		*n = (size_t)g->left;
	g->left -= *n;
	g->at += *n;
	if (g->left > 0)
		return true;
	if (g->state == BODY)
		return request_ends(g);
	g->state = DATA_CR;
	return true;
}

void
cs_gate_init(cs_gate *g, size_t max_headers, size_t max_body)
{
	*g = (cs_gate){.max_headers = max_headers, .max_body = max_body};
}

bool
cs_gate_pass(cs_gate *g, cs_span in)
{
	size_t i = 0, n;

	while (g->status == 0 && i < in.n) {
		n = 1;
		if (g->state == BODY || g->state == DATA) {
			n = in.n - i;
			(void)pass_body(g, &n);
		} else {
			(void)step(g, in.p[i]);
		}
		i += n;
	}
	return g->status == 0;
}

bool
cs_gate_take(cs_gate *g, uint64_t *end)
{
	*end = 0;
	if (g->taken == g->whole)
		return false;
	*end = g->end[g->taken++ % CS_GATE_AHEAD];
	return true;
}

bool
cs_gate_midway(const cs_gate *g)
{
	return g->begun > g->whole;
}
