/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webmedia.h"

#include <string.h>

#define QUALITY_ONE 1000

typedef struct range { /* "type/sub; q=0.5"; "*" for any */
	cs_span type, sub;
	int quality;       /* thousandths */
} range;

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool
is_word(cs_span s, const char *word, size_t n)
{
	size_t i;

	if (s.n != n)
		return false;
	for (i = 0; i < n; i++)
		if (fold(s.p[i]) != fold((uint8_t)word[i]))
			return false;
	return true;
}

static bool
is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c != 0 && c < 0x80 &&
	    strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void
skip(cs_span *in, size_t n)
{
	*in = cs_span_of(in->p + n, in->n - n);
}

static void
blanks(cs_span *in)
{
	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		skip(in, 1);
}

static bool
take(cs_span *in, uint8_t c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	skip(in, 1);
	return true;
}

static bool
token(cs_span *in, cs_span *out)
{
	size_t n = 0;

	while (n < in->n && is_tchar(in->p[n]))
		n++;
	*out = cs_span_of(in->p, n);
	skip(in, n);
	return n > 0;
}

/* What is between the quotes; nobody here wants it unescaped. */
static bool
quoted(cs_span *in, cs_span *out)
{
	size_t n = 1;

	if (in->n == 0 || in->p[0] != '"')
		return false;
	while (n < in->n && in->p[n] != '"')
		n += in->p[n] == '\\' ? 2 : 1;
	if (n >= in->n)
		return false;
	*out = cs_span_of(in->p + 1, n - 1);
	skip(in, n + 1);
	return true;
}

/* "0.25"; clients have been writing ".2" for decades. */
static bool
quality(cs_span s, int *out)
{
	int q = 0, unit = QUALITY_ONE;

	if (s.n > 0 && (s.p[0] == '0' || s.p[0] == '1')) {
		q = (s.p[0] - '0') * unit;
		skip(&s, 1);
	} else if (s.n < 2) {
		return false;
	}
	if (s.n > 0 && (!take(&s, '.') || s.n > 3))
		return false;
	for (; s.n > 0; skip(&s, 1)) {
		if (s.p[0] < '0' || s.p[0] > '9')
			return false;
		unit /= 10;
		q += (s.p[0] - '0') * unit;
	}
	*out = q;
	return q <= QUALITY_ONE;
}

static bool
parameter(cs_span *in, range *out)
{
	cs_span name = {0}, value = {0};

	blanks(in);
	if (in->n == 0 || in->p[0] == ';' || in->p[0] == ',')
		return true; /* RFC 9110 5.6.6: it may be empty */
	if (!token(in, &name) || !take(in, '=') ||
	    !(in->n > 0 && in->p[0] == '"' ? quoted(in, &value) :
	    token(in, &value)))
		return false;
	return !is_word(name, "q", 1) || quality(value, &out->quality);
}

static bool
get_range(cs_span *in, range *out)
{
	out->quality = QUALITY_ONE;
	blanks(in);
	if (!token(in, &out->type) || !take(in, '/') || !token(in, &out->sub))
		return false;
	for (;;) {
		blanks(in);
		if (!take(in, ';'))
			return true;
		if (!parameter(in, out))
			return false;
	}
}

/* Behind the next comma that is not quoted, if there is one. */
static void
next(cs_span *in)
{
	cs_span gone = {0};

	while (in->n > 0 && in->p[0] != ',')
		if (!quoted(in, &gone))
			skip(in, 1);
	(void)take(in, ',');
}

/* How closely: 0 not at all, 3 by its name. */
static int
fits(const range *r, const char *type)
{
	const char *sub = strchr(type, '/') + 1;

	if (is_word(r->type, "*", 1))
		return is_word(r->sub, "*", 1) ? 1 : 0;
	if (!is_word(r->type, type, (size_t)(sub - 1 - type)))
		return 0;
	if (is_word(r->sub, "*", 1))
		return 2;
	return is_word(r->sub, sub, strlen(sub)) ? 3 : 0;
}

int
cs_media_type(cs_span value, const char *const *types, size_t n)
{
	range r = {{0}, {0}, 0};
	size_t i;

	if (value.p == NULL || !get_range(&value, &r) || value.n != 0)
		return -1;
	for (i = 0; i < n; i++)
		if (fits(&r, types[i]) == 3)
			return (int)i;
	return -1;
}

/* By the closest of the ranges that fit, the first of those alike. */
static int
liking(cs_span accept, const char *type)
{
	range r = {{0}, {0}, 0};
	int f, best = 0, q = 0;

	for (; accept.n > 0; next(&accept)) {
		if (!get_range(&accept, &r) || (accept.n > 0 &&
		    accept.p[0] != ','))
			continue;
		if ((f = fits(&r, type)) > best) {
			best = f;
			q = r.quality;
		}
	}
	return q;
}

int
cs_media_accept(cs_span accept, const char *const *types, size_t n)
{
	int q, most = 0, best = -1;
	size_t i;

	if (accept.n == 0)
		return n > 0 ? 0 : -1;
	for (i = 0; i < n; i++)
		if ((q = liking(accept, types[i])) > most) {
			most = q;
			best = (int)i;
		}
	return best;
}
