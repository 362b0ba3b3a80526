/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/text.h"

#include <string.h>

#define WORD_MAX 64

struct range {
	uint32_t first, last;
};

/* Sorted. Letters that stand alone and run left to right, and the marks that
 * their writers need; none that pass for an ASCII mark (U+01C0 is a bar,
 * U+037E a semicolon, U+30A0 an equals sign). */
static const struct range shown[] = {
    {0x0020, 0x007e},
    {0x00a1, 0x00a7}, {0x00a9, 0x00ac}, {0x00ae, 0x00ae}, {0x00b0, 0x00b3},
    {0x00b5, 0x00b7}, {0x00b9, 0x01bf}, {0x01c4, 0x024f}, /* Latin */
    {0x0370, 0x0373}, {0x0376, 0x0377}, {0x037b, 0x037d}, {0x037f, 0x037f},
    {0x0386, 0x0386}, {0x0388, 0x038a}, {0x038c, 0x038c}, {0x038e, 0x03a1},
    {0x03a3, 0x03f5}, {0x03f7, 0x03ff}, /* Greek */
    {0x0400, 0x0481}, {0x048a, 0x052f}, /* Cyrillic */
    {0x1e00, 0x1eff}, /* Latin, additional */
    {0x2013, 0x2014}, {0x2018, 0x201a}, {0x201c, 0x201e}, {0x2022, 0x2022},
    {0x2026, 0x2026}, {0x20ac, 0x20ac}, /* dashes, quotes, dots, euro */
    {0x3001, 0x3002}, {0x3005, 0x3005}, {0x3007, 0x3007}, {0x300c, 0x300f},
    {0x3041, 0x3096}, {0x309d, 0x309f}, /* Hiragana */
    {0x30a1, 0x30fa}, {0x30fc, 0x30ff}, /* Katakana */
    {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, /* CJK ideographs */
    {0xac00, 0xd7a3}, /* Hangul syllables */
};

/* Sorted. What leaves no mark of its own, or moves the marks of others:
 * controls, format characters, fillers, private use, non-characters. */
static const struct range unseen[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f},
    {0x0600, 0x0605}, {0x061c, 0x061c}, {0x06dd, 0x06dd}, {0x070f, 0x070f},
    {0x0890, 0x0891}, {0x08e2, 0x08e2}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0x2800, 0x2800}, {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
    {0xfffe, 0xffff}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff}, {0x3fffe, 0x3ffff},
    {0x4fffe, 0x4ffff}, {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff},
    {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff}, {0x9fffe, 0x9ffff},
    {0xafffe, 0xaffff}, {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff},
    {0xdfffe, 0x10ffff},
};

static bool
is_in(const struct range *r, size_t n, uint32_t cp)
{
	size_t low = 0, high = n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (cp > r[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && cp >= r[low].first;
}

bool
cs_text_shown(uint32_t cp)
{
	return is_in(shown, sizeof(shown) / sizeof(shown[0]), cp);
}

/* The octets of a sequence by its first one, and that one's own bits; 0 when
 * none begins so. C0 and C1 begin overlong forms only, F5 and up nothing. */
static size_t
sequence(uint8_t c, uint32_t *bits)
{
	if (c < 0x80) {
		*bits = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		*bits = c & 0x1f;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*bits = c & 0x0f;
		return 3;
	}
	*bits = c & 0x07;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

bool
cs_utf8_next(cs_span *in, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t v;
	size_t i, n;

	if (in->n == 0 || (n = sequence(in->p[0], &v)) == 0 || n > in->n)
		return false;
	for (i = 1; i < n; i++) {
		if ((in->p[i] & 0xc0) != 0x80)
			return false;
		v = v << 6 | (in->p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return false;
	*cp = v;
	*in = cs_span_cut(*in, n, in->n - n);
	return true;
}

bool
cs_utf8_valid(cs_span in)
{
	uint32_t cp;

	while (in.n != 0)
		if (!cs_utf8_next(&in, &cp))
			return false;
	return true;
}

bool
cs_text_plain(cs_span in)
{
	uint32_t cp;

	while (in.n != 0)
		if (!cs_utf8_next(&in, &cp) ||
		    is_in(unseen, sizeof(unseen) / sizeof(unseen[0]), cp))
			return false;
	return true;
}

/* Takes those in front that stand for themselves: ASCII but the backslash. */
static cs_span
take_plain(cs_span *in)
{
	size_t n = 0;
	cs_span out;

	while (n < in->n && in->p[n] >= ' ' && in->p[n] <= '~' &&
	    in->p[n] != '\\')
		n++;
	out = cs_span_of(in->p, n);
	*in = cs_span_of(in->p + n, in->n - n);
	return out;
}

int
cs_text_escape(cs_buf *out, cs_span in, bool ascii)
{
	cs_span was;
	uint32_t cp;
	int r = CS_OK;

	while (in.n != 0 && r == CS_OK) {
		if ((was = take_plain(&in)).n != 0) {
			r = cs_buf_put(out, was);
			continue;
		}
		was = in;
		if (!cs_utf8_next(&in, &cp)) {
			r = cs_buf_printf(out, "\\x{%02X}", in.p[0]);
			in = cs_span_cut(in, 1, in.n - 1);
		} else if (cp == '\\')
			r = cs_buf_put_str(out, "\\\\");
		else if (cs_text_shown(cp) && (cp < 0x80 || !ascii))
			r = cs_buf_put(out, cs_span_cut(was, 0, was.n - in.n));
		else
			r = cs_buf_printf(out, "\\u{%X}", (unsigned int)cp);
	}
	return r;
}

size_t
cs_text_escape_max(size_t n)
{
	const size_t one = strlen("\\x{FF}");

	return n > SIZE_MAX / one ? SIZE_MAX : n * one;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, of words below WORD_MAX. */
static size_t
distance(const char *a, size_t an, const char *b, size_t bn)
{
	size_t row[WORD_MAX + 1], i, k, corner, up;

	for (k = 0; k <= bn; k++)
		row[k] = k;
	for (i = 1; i <= an; i++) {
		corner = row[0];
		row[0] = i;
		for (k = 1; k <= bn; k++) {
			up = row[k];
			row[k] = least(up + 1, row[k - 1] + 1,
			    corner + (a[i - 1] != b[k - 1]));
			corner = up;
		}
	}
	return row[bn];
}

const char *
cs_text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t i, d, len = strlen(word), name_len, best = 3;
	const char *near = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (i = 0; i < n; i++) {
		if ((name_len = strlen(names[i])) > WORD_MAX)
			continue;
		d = distance(word, len, names[i], name_len);
		if (d < best && 2 * d < len) {
			best = d;
			near = names[i];
		}
	}
	return near;
}
