/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/der.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fmt/reason.h"

/* Failures stick to the buf: cs_der_done() asks once. */
static void
put(cs_buf *b, cs_span s)
{
	int r = cs_buf_put(b, s);

	(void)r;
}

static size_t
encode_length(size_t n, uint8_t out[5])
{
	size_t k = 0, i;

	if (n < 0x80) {
		out[0] = (uint8_t)n;
		return 1;
	}
	for (i = n; i != 0; i >>= 8)
		k++;
	out[0] = (uint8_t)(0x80 | k);
	for (i = 0; i < k; i++)
		out[1 + i] = (uint8_t)(n >> (8 * (k - 1 - i)));
	return k + 1;
}

size_t
cs_der_begin(cs_buf *b, unsigned tag)
{
	uint8_t t = (uint8_t)tag;

	put(b, cs_span_of(&t, 1));
	return cs_buf_len(b);
}

void
cs_der_close(cs_buf *b, size_t mark)
{
	uint8_t len[5];
	int r;

	if (cs_buf_failed(b))
		return;
	r = cs_buf_insert(b, mark,
	    cs_span_of(len, encode_length(cs_buf_len(b) - mark, len)));
	(void)r;
}

void
cs_der_put(cs_buf *b, unsigned tag, cs_span body)
{
	size_t m = cs_der_begin(b, tag);

	put(b, body);
	cs_der_close(b, m);
}

void
cs_der_put_raw(cs_buf *b, cs_span whole)
{
	put(b, whole);
}

void
cs_der_put_uint(cs_buf *b, unsigned tag, uint64_t v)
{
	uint8_t raw[8];
	size_t m, i;

	for (i = 0; i < 8; i++)
		raw[i] = (uint8_t)(v >> (8 * (7 - i)));
	for (i = 0; i < 7 && raw[i] == 0; i++)
		;
	m = cs_der_begin(b, tag);
	if ((raw[i] & 0x80) != 0)
		put(b, cs_span_of("", 1));
	put(b, cs_span_of(raw + i, 8 - i));
	cs_der_close(b, m);
}

void
cs_der_put_bigint(cs_buf *b, cs_span big)
{
	size_t m;

	while (big.n > 1 && big.p[0] == 0) {
		big.p++;
		big.n--;
	}
	m = cs_der_begin(b, CS_DER_INTEGER);
	if (big.n == 0 || (big.p[0] & 0x80) != 0)
		put(b, cs_span_of("", 1));
	put(b, big);
	cs_der_close(b, m);
}

void
cs_der_put_bits(cs_buf *b, cs_span bytes)
{
	size_t m = cs_der_begin(b, CS_DER_BITSTRING);

	put(b, cs_span_of("", 1));
	put(b, bytes);
	cs_der_close(b, m);
}

void
cs_der_put_gentime(cs_buf *b, int64_t t)
{
	char text[16] = {0};

	if (!cs_gentime_put(t, text))
		text[0] = '\0'; /* reads back as malformed */
	cs_der_put(b, CS_DER_GENTIME, cs_span_str(text));
}

void
cs_der_put_time(cs_buf *b, int64_t t)
{
	char text[14] = {0};

	if (cs_utctime_put(t, text))
		cs_der_put(b, CS_DER_UTCTIME, cs_span_str(text));
	else
		cs_der_put_gentime(b, t);
}

static int
compare(const void *x, const void *y)
{
	const cs_span *a = x, *b = y;
	size_t n = a->n < b->n ? a->n : b->n;
	int d = memcmp(a->p, b->p, n);

	if (d != 0)
		return d;
	return a->n < b->n ? -1 : a->n > b->n;
}

/* More elements than any of our sets has. */
#define SET_MAX 64

void
cs_der_sort(cs_buf *b, size_t from)
{
	cs_span part[SET_MAX], in, all = cs_buf_span(b);
	cs_buf *copy = NULL;
	size_t n = 0, i;

	if (cs_buf_failed(b) || from > all.n)
		return;
	copy = cs_buf_dup(cs_span_cut(all, from, all.n - from));
	in = cs_buf_span(copy);
	while (copy != NULL && in.n != 0 && n < SET_MAX)
		if (cs_der_any(&in, NULL, NULL, &part[n++], NULL) != CS_OK)
			break;
	if (copy == NULL || in.n != 0) {
		cs_buf_fail(b);
		goto out;
	}
	qsort(part, n, sizeof(part[0]), compare);
	cs_buf_truncate(b, from);
	for (i = 0; i < n; i++)
		put(b, part[i]);
out:
	cs_buf_free(&copy);
}

int
cs_der_done(const cs_buf *b, cs_err *e)
{
	if (!cs_buf_failed(b))
		return CS_OK;
	return cs_fail_detail(e, CS_EBUG, CS_R_INTERNAL, "der",
	    "no room to write, or no memory");
}
