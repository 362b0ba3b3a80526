/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/hosts.h"

#include <string.h>

#define HOST_MAX 512

static bool
begins(cs_span s, const char *with)
{
	return cs_span_is(cs_span_cut(s, 0, strlen(with)), with);
}

static cs_span
behind(cs_span s, const char *mark)
{
	const uint8_t *p = memmem(s.p, s.n, mark, strlen(mark));
	size_t at;

	if (p == NULL)
		return cs_span_of(NULL, 0);
	at = (size_t)(p - s.p) + strlen(mark);
	return cs_span_cut(s, at, s.n - at);
}

/* Bytes in front of the first of `marks`. */
static size_t
span_before(cs_span s, const char *marks)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (strchr(marks, s.p[i]) != NULL)
			break;
	return i;
}

cs_span
cs_host_of(cs_span uri)
{
	cs_span host = {NULL, 0};

	if (uri.p == NULL)
		return host;
	if (begins(uri, "mailto:"))
		host = behind(uri, "@");
	else
		host = behind(uri, "://");
	host = cs_span_cut(host, 0, span_before(host, "/?"));
	/* ssh://corp.example@evil.test/: the name in front is no host. */
	while (host.n != 0 && memchr(host.p, '@', host.n) != NULL)
		host = behind(host, "@");
	return cs_span_cut(host, 0, span_before(host, ":"));
}

static bool
has_punycode(cs_span host)
{
	size_t i;

	for (i = 0; i < host.n; i++)
		if ((i == 0 || host.p[i - 1] == '.') &&
		    begins(cs_span_cut(host, i, host.n - i), "xn--"))
			return true;
	return false;
}

struct look {
	const char *seen, *as;
};

/* What the eye makes of one letter, then of two that stand together. */
static const struct look letters[] = {{"0", "o"}, {"1", "l"}, {"i", "l"},
    {"j", "l"}, {"5", "s"}, {"8", "b"}, {"2", "z"}, {"9", "g"}, {"q", "g"},
    {"u", "v"}, {"_", ""}, {"-", ""}, {NULL, NULL}};
static const struct look pairs[] = {
    {"rn", "m"}, {"nn", "m"}, {"vv", "w"}, {"cl", "d"}, {NULL, NULL}};

static const struct look *
find_look(const struct look *map, cs_span at)
{
	for (; map->seen != NULL; map++)
		if (begins(at, map->seen))
			return map;
	return NULL;
}

/* Replaces what the map knows; the result is never longer. */
static cs_span
replace(const struct look *map, cs_span in, uint8_t out[HOST_MAX])
{
	const struct look *m;
	size_t at = 0, n = 0;

	while (at < in.n) {
		m = find_look(map, cs_span_cut(in, at, in.n - at));
		if (m == NULL) {
			out[n++] = in.p[at++];
			continue;
		}
		memcpy(out + n, m->as, strlen(m->as));
		n += strlen(m->as);
		at += strlen(m->seen);
	}
	return cs_span_of(out, n);
}

static cs_span
skeleton(cs_span host, uint8_t out[HOST_MAX])
{
	uint8_t half[HOST_MAX];

	return replace(pairs, replace(letters, host, half), out);
}

static bool
is_confusable(cs_span a, cs_span b)
{
	uint8_t sa[HOST_MAX], sb[HOST_MAX];

	if (a.n > HOST_MAX || b.n > HOST_MAX)
		return false;
	return cs_span_eq(skeleton(a, sa), skeleton(b, sb));
}

/* corp.example.evil.test and corp.example-evil.test for corp.example */
static bool
is_prefix(cs_span host, cs_span known)
{
	return host.n > known.n &&
	    (host.p[known.n] == '.' || host.p[known.n] == '-') &&
	    cs_span_eq(cs_span_cut(host, 0, known.n), known);
}

enum cs_lookalike
cs_host_compare(cs_span host, cs_span known)
{
	if (has_punycode(host))
		return CS_HOST_PUNYCODE;
	if (host.n == 0 || known.n == 0 || cs_span_eq(host, known))
		return CS_HOST_PLAIN;
	if (is_confusable(host, known))
		return CS_HOST_CONFUSABLE;
	return is_prefix(host, known) ? CS_HOST_PREFIX : CS_HOST_PLAIN;
}
