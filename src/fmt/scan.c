/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/scan.h"

#include <string.h>

#define SHOWN_MAX 100

static bool
is_one_of(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

bool
cs_scan_all(cs_span s, const char *set)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!is_one_of(s.p[i], set))
			return false;
	}
	return true;
}

size_t
cs_scan_find(cs_span s, const char *set)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (is_one_of(s.p[i], set))
			break;
	}
	return i;
}

bool
cs_scan_starts(cs_span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

cs_span
cs_scan_from(cs_span s, size_t at)
{
	return cs_span_cut(s, at, s.n - at); /* absent beyond the end */
}

bool
cs_scan_word(cs_span *in, cs_span *word)
{
	size_t n;

	while (in->n > 0 && in->p[0] == ' ')
		*in = cs_scan_from(*in, 1);
	n = cs_scan_find(*in, " ");
	*word = cs_span_cut(*in, 0, n);
	*in = cs_scan_from(*in, n);
	return n > 0;
}

bool
cs_scan_cstr(cs_span s, char *out, size_t n)
{
	if (s.n >= n || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
		return false;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

int
cs_scan_shown(cs_span s)
{
	return (int)(s.n < SHOWN_MAX ? s.n : SHOWN_MAX);
}
