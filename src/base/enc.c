/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/enc.h"

static const char std_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int
cs_hex_put(cs_buf *out, cs_span in)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < in.n; i++) {
		char two[2] = {digits[in.p[i] >> 4], digits[in.p[i] & 15]};

		if (cs_buf_put(out, cs_span_of(two, 2)) != CS_OK)
			return CS_EBUG;
	}
	return CS_OK;
}

/* Writes the 2 to 4 characters of up to three octets; returns how many. */
static size_t
quad(const char *digits, const uint8_t *p, size_t n, char four[4])
{
	uint32_t v = (uint32_t)p[0] << 16;

	if (n > 1)
		v |= (uint32_t)p[1] << 8;
	if (n > 2)
		v |= p[2];
	four[0] = digits[v >> 18];
	four[1] = digits[v >> 12 & 63];
	four[2] = digits[v >> 6 & 63];
	four[3] = digits[v & 63];
	return n > 2 ? 4 : n + 1;
}

/* Many characters at a time go to the buf. */
struct encoder {
	cs_buf *out;
	size_t wrap, column;
	size_t n;
	char block[252];
};

static int
flush(struct encoder *x)
{
	int r = cs_buf_put(x->out, cs_span_of(x->block, x->n));

	x->n = 0;
	return r;
}

static int
put_char(struct encoder *x, char c)
{
	if (x->n == sizeof(x->block) && flush(x) != CS_OK)
		return CS_EBUG;
	x->block[x->n++] = c;
	return CS_OK;
}

/* One character, behind a line end when the line is full. */
static int
put_wrapped(struct encoder *x, char c)
{
	if (x->wrap != 0 && x->column == x->wrap) {
		if (put_char(x, '\n') != CS_OK)
			return CS_EBUG;
		x->column = 0;
	}
	x->column++;
	return put_char(x, c);
}

static int
encode(cs_buf *out, cs_span in, const char *digits, bool pad, size_t wrap)
{
	struct encoder x = {.out = out, .wrap = wrap};
	size_t i, k, n, left;
	char four[4];

	for (i = 0; i < in.n; i += 3) {
		left = in.n - i < 3 ? in.n - i : 3;
		n = quad(digits, in.p + i, left, four);
		for (; pad && n < 4; n++)
			four[n] = '=';
		for (k = 0; k < n; k++)
			if (put_wrapped(&x, four[k]) != CS_OK)
				return CS_EBUG;
	}
	if (wrap != 0 && x.column != 0 && put_char(&x, '\n') != CS_OK)
		return CS_EBUG;
	return flush(&x);
}

int
cs_base64_put(cs_buf *out, cs_span in, size_t wrap)
{
	return encode(out, in, std_digits, true, wrap);
}

int
cs_base64url_put(cs_buf *out, cs_span in)
{
	return encode(out, in, url_digits, false, 0);
}

static int
digit_value(uint8_t c, const char *digits)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (uint8_t)digits[62])
		return 62;
	return c == (uint8_t)digits[63] ? 63 : -1;
}

struct decoder {
	cs_buf *out;
	const char *digits;
	uint32_t bits;
	unsigned int nbits;
	size_t count, pads;
};

static int
decode_digit(struct decoder *d, uint8_t c, cs_err *e)
{
	int v = digit_value(c, d->digits);

	if (v < 0 || d->pads != 0)
		return cs_fail(e, CS_EFORMAT, "base64",
		    "byte 0x%02x is not base64", c);
	d->count++;
	d->bits = d->bits << 6 | (uint32_t)v;
	d->nbits += 6;
	if (d->nbits < 8)
		return CS_OK;
	if (cs_buf_failed(d->out) || cs_buf_room(d->out) == 0)
		return cs_fail(e, CS_EFORMAT, "base64", "too large");
	d->nbits -= 8;
	if (cs_buf_put_byte(d->out, (uint8_t)(d->bits >> d->nbits)) != CS_OK)
		return cs_nomem(e, "base64");
	d->bits &= (1u << d->nbits) - 1;
	return CS_OK;
}

/* RFC 4648 3.5: the bits that no octet uses are zero. */
static int
decode_end(const struct decoder *d, bool pad, cs_err *e)
{
	size_t want = pad ? (4 - d->count % 4) % 4 : 0;

	if (d->count % 4 == 1)
		return cs_fail(e, CS_EFORMAT, "base64", "cut short");
	if (d->pads != want)
		return cs_fail(e, CS_EFORMAT, "base64",
		    "expected %zu padding characters, found %zu", want,
		    d->pads);
	if (d->bits != 0)
		return cs_fail(e, CS_EFORMAT, "base64",
		    "the last character has bits that encode nothing");
	return CS_OK;
}

/* How many bytes of line end or blank stand at `at`. */
static size_t
blank_at(cs_span in, size_t at)
{
	uint8_t c = in.p[at];

	if (c == '\r')
		return at + 1 < in.n && in.p[at + 1] == '\n' ? 2 : 0;
	return c == '\n' || c == ' ' || c == '\t' ? 1 : 0;
}

static int
decode(struct decoder *d, cs_span in, bool lines, bool pad, cs_err *e)
{
	size_t i = 0, skip;
	int r;

	while (i < in.n) {
		if (lines && (skip = blank_at(in, i)) != 0) {
			i += skip;
			continue;
		}
		if (pad && in.p[i] == '=')
			d->pads++;
		else if ((r = decode_digit(d, in.p[i], e)) != CS_OK)
			return r;
		i++;
	}
	return decode_end(d, pad, e);
}

int
cs_base64_get(cs_buf *out, cs_span in, bool lines, cs_err *e)
{
	struct decoder d = {.out = out, .digits = std_digits};
	size_t start = cs_buf_len(out);
	int r = decode(&d, in, lines, true, e);

	if (r != CS_OK)
		cs_buf_truncate(out, start);
	return r;
}

int
cs_base64url_get(cs_buf *out, cs_span in, cs_err *e)
{
	struct decoder d = {.out = out, .digits = url_digits};
	size_t start = cs_buf_len(out);
	int r = decode(&d, in, false, false, e);

	if (r != CS_OK)
		cs_buf_truncate(out, start);
	return r;
}

void
cs_code(cs_span in, char out[8])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint32_t v = 0;
	size_t i;
	int shift = 27;

	for (i = 0; i < 4 && i < in.n; i++)
		v |= (uint32_t)in.p[i] << (24 - 8 * i);
	for (i = 0; i < 7; i++) {
		if (i == 4) {
			out[i] = '-';
			continue;
		}
		out[i] = digits[v >> shift & 31];
		shift -= 5;
	}
	out[7] = '\0';
}
