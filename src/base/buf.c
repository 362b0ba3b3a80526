/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct cs_buf {
	uint8_t *p; /* cap + 1 bytes: a NUL always fits behind */
	size_t n, cap;
	size_t dirty; /* from here to the end no byte was ever written */
	bool failed, locked;
};

static void
touch(cs_buf *b, size_t n)
{
	if (n > b->dirty)
		b->dirty = n;
}

/* What nobody wrote to is zero, and often no page stands behind it yet. */
static void
wipe(cs_buf *b)
{
	explicit_bzero(b->p, b->dirty);
	b->dirty = 0;
}

cs_span
cs_span_of(const void *p, size_t n)
{
	return (cs_span){p, n};
}

cs_span
cs_span_str(const char *s)
{
	return (cs_span){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

bool
cs_span_eq(cs_span a, cs_span b)
{
	if (a.p == NULL || b.p == NULL || a.n != b.n)
		return false;
	return a.n == 0 || memcmp(a.p, b.p, a.n) == 0;
}

bool
cs_secret_eq(cs_span a, cs_span b)
{
	volatile uint8_t differ = 0;
	size_t i;

	if (a.p == NULL || b.p == NULL || a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		differ = (uint8_t)(differ | (a.p[i] ^ b.p[i]));
	return differ == 0;
}

int
cs_span_order(cs_span a, cs_span b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

bool
cs_span_is(cs_span a, const char *s)
{
	return cs_span_eq(a, cs_span_str(s));
}

cs_span
cs_span_cut(cs_span a, size_t at, size_t n)
{
	if (a.p == NULL || at > a.n || n > a.n - at)
		return (cs_span){NULL, 0};
	return (cs_span){a.p + at, n};
}

cs_buf *
cs_buf_new(size_t cap)
{
	cs_buf *b;

	if (cap >= SIZE_MAX - 1 || (b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if ((b->p = calloc(1, cap + 1)) == NULL) {
		free(b);
		return NULL;
	}
	b->cap = cap;
	return b;
}

cs_buf *
cs_secret_new(size_t cap)
{
	cs_buf *b = cs_buf_new(cap);

	/* RLIMIT_MEMLOCK may be small: unlocked is worse, not wrong. */
	if (b != NULL && mlock(b->p, b->cap + 1) == 0)
		b->locked = true;
	return b;
}

cs_buf *
cs_buf_dup(cs_span s)
{
	cs_buf *b = cs_buf_new(s.n);

	if (b != NULL && s.n != 0) {
		touch(b, s.n);
		memcpy(b->p, s.p, s.n);
		b->n = s.n;
	}
	return b;
}

void
cs_buf_free(cs_buf **bp)
{
	cs_buf *b;

	if (bp == NULL || (b = *bp) == NULL)
		return;
	wipe(b);
	if (b->locked)
		(void)munlock(b->p, b->cap + 1);
	free(b->p);
	free(b);
	*bp = NULL;
}

int
cs_buf_put(cs_buf *b, cs_span s)
{
	return cs_buf_insert(b, b->n, s);
}

int
cs_buf_put_str(cs_buf *b, const char *s)
{
	return cs_buf_put(b, cs_span_str(s));
}

int
cs_buf_put_byte(cs_buf *b, uint8_t c)
{
	return cs_buf_put(b, cs_span_of(&c, 1));
}

int
cs_buf_printf(cs_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (b->failed)
		return CS_EBUG;
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->n, b->cap - b->n + 1, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n > b->cap - b->n) {
		touch(b, b->cap + 1);
		b->p[b->n] = '\0';
		b->failed = true;
		return CS_EBUG;
	}
	b->n += (size_t)n;
	touch(b, b->n);
	return CS_OK;
}

int
cs_buf_insert(cs_buf *b, size_t at, cs_span s)
{
	if (b->failed || at > b->n || s.n > b->cap - b->n) {
		b->failed = true;
		return CS_EBUG;
	}
	if (s.n == 0)
		return CS_OK;
	touch(b, b->n + s.n);
	memmove(b->p + at + s.n, b->p + at, b->n - at);
	memcpy(b->p + at, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
	return CS_OK;
}

cs_span
cs_buf_span(const cs_buf *b)
{
	if (b == NULL)
		return (cs_span){NULL, 0};
	return (cs_span){b->p, b->n};
}

size_t
cs_buf_len(const cs_buf *b)
{
	return b == NULL ? 0 : b->n;
}

size_t
cs_buf_room(const cs_buf *b)
{
	return b->cap - b->n;
}

bool
cs_buf_failed(const cs_buf *b)
{
	return b->failed;
}

void
cs_buf_fail(cs_buf *b)
{
	b->failed = true;
}

uint8_t *
cs_buf_tail(cs_buf *b)
{
	touch(b, b->cap + 1);
	return b->p + b->n;
}

int
cs_buf_grew(cs_buf *b, size_t n)
{
	if (b->failed || n > b->cap - b->n) {
		b->failed = true;
		return CS_EBUG;
	}
	b->n += n;
	b->p[b->n] = '\0';
	return CS_OK;
}

void
cs_buf_reset(cs_buf *b)
{
	wipe(b);
	b->n = 0;
	b->failed = false;
}

void
cs_buf_truncate(cs_buf *b, size_t n)
{
	if (n >= b->n)
		return;
	explicit_bzero(b->p + n, b->n - n);
	b->n = n;
}

const char *
cs_buf_cstr(const cs_buf *b)
{
	return (const char *)b->p;
}
