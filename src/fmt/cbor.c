/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cbor.h"

#include <string.h>

#include "base/text.h"
#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "cbor", __VA_ARGS__)

static const char *const names[] = {
	[CS_CBOR_UINT] = "an unsigned number",
	[CS_CBOR_NINT] = "a negative number",
	[CS_CBOR_BYTES] = "a byte string",
	[CS_CBOR_TEXT] = "a text string",
	[CS_CBOR_ARRAY] = "an array",
	[CS_CBOR_MAP] = "a map",
	[6] = "a tag",
	[CS_CBOR_SIMPLE] = "a simple value",
};

struct head {
	enum cs_cbor_type type;
	uint64_t arg;
};

static cs_span
rest(cs_span in, size_t n)
{
	return cs_span_of(in.p + n, in.n - n);
}

/* What stands behind an initial octet whose low bits are 24 to 27. */
static int
get_arg(cs_span *in, unsigned low, uint64_t *arg, cs_err *e)
{
	static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
	const size_t n = (size_t)1 << (low - 24);
	size_t i;

	if (in->n < n)
		return BAD(e, "%zu octets of a length or number are missing",
		    n - in->n);
	for (*arg = 0, i = 0; i < n; i++)
		*arg = *arg << 8 | in->p[i];
	*in = rest(*in, n);
	if (*arg < least[low - 24])
		return BAD(e, "a length or number is not in its shortest form");
	return CS_OK;
}

static int
check_type(const struct head *h, unsigned low, cs_err *e)
{
	if ((unsigned)h->type == 6)
		return BAD(e, "a tag");
	if (h->type == CS_CBOR_SIMPLE && (low < 20 || low > 22))
		return BAD(e, "a simple value other than false, true and null");
	return CS_OK;
}

/* RFC 8949 section 3; CTAP 2.1 section 8 takes the shortest head alone. */
static int
get_head(cs_span *in, struct head *h, cs_err *e)
{
	unsigned low;
	int r;

	if (in->n == 0)
		return BAD(e, "an item is missing");
	h->type = (enum cs_cbor_type)(in->p[0] >> 5);
	low = in->p[0] & 0x1f;
	h->arg = low;
	if ((r = check_type(h, low, e)) != CS_OK)
		return r;
	if (low > 27)
		return BAD(e, "%s of a reserved or indefinite length",
		    names[h->type]);
	*in = rest(*in, 1);
	return low < 24 ? CS_OK : get_arg(in, low, &h->arg, e);
}

/* Each item takes an octet at least, so that a count is held against what is
 * there before anybody acts on it. */
static int
check_count(cs_span in, const struct head *h, cs_err *e)
{
	const size_t each = h->type == CS_CBOR_MAP ? 2 : 1;

	if (h->arg > in.n / each)
		return BAD(e, "%s of %llu in %zu octets", names[h->type],
		    (unsigned long long)h->arg, in.n);
	return CS_OK;
}

static int
get_string(cs_span *in, const struct head *h, cs_span *out, cs_err *e)
{
	if (h->arg > in->n)
		return BAD(e, "%s of %llu octets, %zu are there",
		    names[h->type], (unsigned long long)h->arg, in->n);
	*out = cs_span_of(in->p, (size_t)h->arg);
	*in = rest(*in, (size_t)h->arg);
	if (h->type == CS_CBOR_TEXT && !cs_utf8_valid(*out))
		return BAD(e, "a text string is not UTF-8");
	return CS_OK;
}

static int skip_item(cs_span *in, unsigned depth, cs_err *e);

/* CTAP 2.1 section 8 sorts keys by type, length and octets, which in shortest
 * heads is the order of the octets. */
static bool
is_before(cs_span a, cs_span b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int c = memcmp(a.p, b.p, n);

	return c < 0 || (c == 0 && a.n < b.n);
}

static int
skip_key(cs_span *in, cs_span *last, cs_err *e)
{
	const int type = cs_cbor_peek(*in);
	cs_span key = *in;
	int r;

	if (type > CS_CBOR_TEXT)
		return BAD(e, "%s as a key", names[type]);
	if ((r = skip_item(in, 0, e)) != CS_OK)
		return r;
	key.n -= in->n;
	if (last->p != NULL && !is_before(*last, key))
		return BAD(e, "the keys of a map are not sorted, or one is "
		    "there twice");
	*last = key;
	return CS_OK;
}

static int
skip_items(cs_span *in, const struct head *h, unsigned depth, cs_err *e)
{
	cs_span last = {0};
	uint64_t i;
	int r;

	if (depth == 0)
		return BAD(e, "more than %d levels", CS_CBOR_DEPTH);
	if ((r = check_count(*in, h, e)) != CS_OK)
		return r;
	for (i = 0; i < h->arg; i++) {
		if (h->type == CS_CBOR_MAP &&
		    (r = skip_key(in, &last, e)) != CS_OK)
			return r;
		if ((r = skip_item(in, depth - 1, e)) != CS_OK)
			return r;
	}
	return CS_OK;
}

static int
skip_item(cs_span *in, unsigned depth, cs_err *e)
{
	struct head h = {0};
	cs_span s = {0};
	int r;

	if ((r = get_head(in, &h, e)) != CS_OK)
		return r;
	switch (h.type) {
	case CS_CBOR_BYTES:
	case CS_CBOR_TEXT:
		return get_string(in, &h, &s, e);
	case CS_CBOR_ARRAY:
	case CS_CBOR_MAP:
		return skip_items(in, &h, depth, e);
	case CS_CBOR_UINT:
	case CS_CBOR_NINT:
	case CS_CBOR_SIMPLE:
		break;
	}
	return CS_OK;
}

int
cs_cbor_any(cs_span *in, cs_span *whole, cs_err *e)
{
	cs_span left = *in;
	int r;

	if (whole != NULL)
		*whole = cs_span_of(NULL, 0);
	if ((r = skip_item(&left, CS_CBOR_DEPTH, e)) != CS_OK)
		return r;
	if (whole != NULL)
		*whole = cs_span_of(in->p, in->n - left.n);
	*in = left;
	return CS_OK;
}

static int
get_typed(cs_span *in, enum cs_cbor_type type, struct head *h, cs_err *e)
{
	const int found = cs_cbor_peek(*in);

	if (found >= 0 && found != (int)type)
		return BAD(e, "expected %s, found %s", names[type],
		    names[found]);
	return get_head(in, h, e);
}

int
cs_cbor_begin(cs_span *in, enum cs_cbor_type type, size_t *n, cs_err *e)
{
	struct head h = {0};
	cs_span left = *in;
	int r;

	*n = 0;
	if ((r = get_typed(&left, type, &h, e)) != CS_OK ||
	    (r = check_count(left, &h, e)) != CS_OK)
		return r;
	*n = (size_t)h.arg;
	*in = left;
	return CS_OK;
}

static int
typed_string(cs_span *in, enum cs_cbor_type type, cs_span *out, cs_err *e)
{
	struct head h = {0};
	cs_span left = *in, s = {0};
	int r;

	*out = s;
	if ((r = get_typed(&left, type, &h, e)) != CS_OK ||
	    (r = get_string(&left, &h, &s, e)) != CS_OK)
		return r;
	*out = s;
	*in = left;
	return CS_OK;
}

int
cs_cbor_bytes(cs_span *in, cs_span *out, cs_err *e)
{
	return typed_string(in, CS_CBOR_BYTES, out, e);
}

int
cs_cbor_text(cs_span *in, cs_span *out, cs_err *e)
{
	return typed_string(in, CS_CBOR_TEXT, out, e);
}

int
cs_cbor_int(cs_span *in, int64_t *out, cs_err *e)
{
	const bool negative = cs_cbor_peek(*in) == CS_CBOR_NINT;
	struct head h = {0};
	cs_span left = *in;
	int r;

	*out = 0;
	if ((r = get_typed(&left, negative ? CS_CBOR_NINT : CS_CBOR_UINT, &h,
	    e)) != CS_OK)
		return r;
	if (h.arg > INT64_MAX)
		return BAD(e, "a number beyond 64 bits with its sign");
	*out = negative ? -1 - (int64_t)h.arg : (int64_t)h.arg;
	*in = left;
	return CS_OK;
}

int
cs_cbor_peek(cs_span in)
{
	return in.n == 0 ? -1 : in.p[0] >> 5;
}

int
cs_cbor_end(cs_span in, const char *what, cs_err *e)
{
	if (in.n != 0)
		return BAD(e, "%zu octets behind %s", in.n, what);
	return CS_OK;
}
