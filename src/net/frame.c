/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/frame.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/framep.h"

#define MAGIC 0x43534631U /* CSF1 */

static const char where[] = "net/frame";
static const uint8_t nothing[1];

static int
put_number(cs_buf *out, uint64_t v, size_t octets)
{
	uint8_t b[8];
	size_t i;

	for (i = 0; i < octets; i++)
		b[i] = (uint8_t)(v >> (8 * (octets - 1 - i)));
	return cs_buf_put(out, cs_span_of(b, octets));
}

static bool
get_number(cs_span *in, size_t octets, uint64_t *out)
{
	size_t i;

	if (in->n < octets)
		return false;
	for (*out = 0, i = 0; i < octets; i++)
		*out = *out << 8 | in->p[i];
	*in = cs_span_of(in->p + octets, in->n - octets);
	return true;
}

int
cs_frame_size(const cs_frame *f, size_t max, size_t *out, cs_err *e)
{
	size_t n = CS_FRAME_HEAD, i;

	if (f->n > CS_FRAME_PARTS)
		return cs_fail(e, CS_EFORMAT, where,
		    "%zu parts in a frame, at most %d", f->n, CS_FRAME_PARTS);
	for (i = 0; i < f->n; i++) {
		if (f->part[i].n > max || (n += 4 + f->part[i].n) > max)
			return cs_fail(e, CS_EFORMAT, where,
			    "a frame of more than %zu octets", max);
	}
	*out = n;
	return CS_OK;
}

int
cs_frame_put(const cs_frame *f, cs_buf *out, cs_err *e)
{
	size_t n, i;
	int rc;

	if ((rc = cs_frame_size(f, CS_FRAME_LONG, &n, e)) != CS_OK)
		return rc;
	if (put_number(out, MAGIC, 4) != CS_OK ||
	    put_number(out, f->type, 4) != CS_OK ||
	    put_number(out, f->id, 8) != CS_OK ||
	    put_number(out, f->n, 4) != CS_OK)
		return cs_nomem(e, where);
	for (i = 0; i < f->n; i++) {
		if (put_number(out, f->part[i].n, 4) != CS_OK ||
		    cs_buf_put(out, f->part[i]) != CS_OK)
			return cs_nomem(e, where);
	}
	return CS_OK;
}

static int
parse_head(cs_span *in, cs_frame *f, cs_err *e)
{
	uint64_t magic = 0, type = 0, parts = 0;

	if (in->n > CS_FRAME_LONG)
		return cs_fail(e, CS_EFORMAT, where,
		    "a frame of %zu octets, at most %d", in->n, CS_FRAME_LONG);
	if (!get_number(in, 4, &magic) || !get_number(in, 4, &type) ||
	    !get_number(in, 8, &f->id) || !get_number(in, 4, &parts))
		return cs_fail(e, CS_EFORMAT, where,
		    "a frame ends within its head");
	if (magic != MAGIC)
		return cs_fail(e, CS_EFORMAT, where,
		    "no frame: begins with %08x", (unsigned)magic);
	if (parts > CS_FRAME_PARTS)
		return cs_fail(e, CS_EFORMAT, where,
		    "%u parts in a frame, at most %d", (unsigned)parts,
		    CS_FRAME_PARTS);
	f->type = (uint32_t)type;
	f->n = (size_t)parts;
	return CS_OK;
}

static int
parse_parts(cs_span in, cs_frame *f, cs_err *e)
{
	uint64_t n;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!get_number(&in, 4, &n) || n > in.n)
			return cs_fail(e, CS_EFORMAT, where,
			    "part %zu ends behind the frame", i);
		f->part[i] = cs_span_of(n == 0 ? nothing : in.p, (size_t)n);
		in = cs_span_of(in.p + n, in.n - (size_t)n);
	}
	if (in.n != 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "%zu octets behind the last part", in.n);
	return CS_OK;
}

int
cs_frame_take(cs_buf **own, cs_frame **out, cs_err *e)
{
	cs_frame *f = NULL;
	cs_span in = cs_buf_span(*own);
	int rc;

	*out = NULL;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return cs_nomem(e, where);
	f->fd = -1;
	if ((rc = parse_head(&in, f, e)) != CS_OK ||
	    (rc = parse_parts(in, f, e)) != CS_OK)
		goto out;
	f->own = *own;
	*own = NULL; /* transferred */
	*out = f;
	f = NULL; /* transferred */
out:
	cs_frame_free(&f);
	return rc;
}

int
cs_frame_parse(cs_span in, cs_frame **out, cs_err *e)
{
	cs_buf *own;
	int rc;

	*out = NULL;
	if (in.n > CS_FRAME_LONG)
		return cs_fail(e, CS_EFORMAT, where,
		    "a frame of %zu octets, at most %d", in.n, CS_FRAME_LONG);
	if ((own = cs_buf_dup(in)) == NULL)
		return cs_nomem(e, where);
	rc = cs_frame_take(&own, out, e);
	cs_buf_free(&own);
	return rc;
}

void
cs_frame_free(cs_frame **fp)
{
	cs_frame *f;

	if (fp == NULL || (f = *fp) == NULL)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	cs_buf_free(&f->own);
	free(f);
	*fp = NULL;
}

cs_span
cs_frame_number(int64_t v, uint8_t room[8])
{
	uint64_t u = v < 0 ? 0 : (uint64_t)v;
	size_t i;

	for (i = 0; i < 8; i++)
		room[i] = (uint8_t)(u >> (56 - 8 * i));
	return cs_span_of(room, 8);
}

int
cs_frame_get_number(cs_span part, int64_t *out, cs_err *e)
{
	uint64_t v = 0;

	*out = 0;
	if (part.n != 8 || !get_number(&part, 8, &v) || v > INT64_MAX)
		return cs_fail(e, CS_EFORMAT, where,
		    "no number of 8 octets, not negative");
	*out = (int64_t)v;
	return CS_OK;
}
