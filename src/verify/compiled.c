/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/compiled.h"

#define FORMAT 2
#define MAGIC_LEN 16
#define DIGEST_AT 24
#define DIGESTED_FROM 56
#define HEAD_LEN 112
#define ENTRY_LEN 36 /* of the list, before the name */

static const uint8_t magic[MAGIC_LEN] = "countersign-idx";

static uint64_t
le_get(cs_span in, size_t at, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)in.p[at + i] << (8 * i);
	return v;
}

static int
le_put(cs_buf *out, uint64_t v, size_t n)
{
	uint8_t b[8];
	size_t i;

	for (i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	return cs_buf_put(out, cs_span_of(b, n));
}

static int
damaged(cs_err *e, const char *what)
{
	return cs_fail(e, CS_EIO, "anchors", "damaged: %s", what);
}

static bool
is_ours(cs_span in)
{
	return in.n >= MAGIC_LEN + 4 &&
	    cs_span_eq(cs_span_cut(in, 0, MAGIC_LEN),
	    cs_span_of(magic, MAGIC_LEN)) &&
	    le_get(in, MAGIC_LEN, 4) == FORMAT;
}

int
cs_compiled_name(cs_span *list, cs_span *name, cs_err *e)
{
	size_t n, whole;

	if (list->n < ENTRY_LEN)
		return damaged(e, "its list of files ends early");
	n = (size_t)le_get(*list, ENTRY_LEN - 4, 4);
	if (n > list->n - ENTRY_LEN)
		return damaged(e, "a file's name is too long");
	whole = ENTRY_LEN + (n + 3) / 4 * 4;
	if (whole > list->n)
		return damaged(e, "a file's name is too long");
	*name = cs_span_cut(*list, ENTRY_LEN, n);
	*list = cs_span_cut(*list, whole, list->n - whole);
	return CS_OK;
}

int
cs_compiled_head(cs_span in, cs_compiled *out, bool *ours, cs_err *e)
{
	uint8_t found[CS_SHA256_LEN];
	size_t n;
	int r;

	*out = (cs_compiled){0};
	if (!(*ours = is_ours(in)))
		return CS_OK;
	if (in.n < HEAD_LEN)
		return damaged(e, "its head is cut short");
	n = (size_t)le_get(in, 108, 4);
	if (n > in.n - HEAD_LEN || le_get(in, 20, 4) != 0)
		return damaged(e, "its list of files is cut short");
	if ((r = cs_sha256(cs_span_cut(in, DIGESTED_FROM, HEAD_LEN -
	    DIGESTED_FROM + n), found, e)) != CS_OK)
		return r;
	if (!cs_span_eq(cs_span_of(found, sizeof(found)),
	    cs_span_cut(in, DIGEST_AT, CS_SHA256_LEN)))
		return damaged(e, "its head is not what was written");
	out->n_files = (size_t)le_get(in, 104, 4);
	out->files = cs_span_cut(in, HEAD_LEN, n);
	return CS_OK;
}

/* The part whose offset and length stand at `at`. */
static bool
part_get(cs_span in, size_t at, cs_span *out)
{
	uint64_t from = le_get(in, at, 8), n = le_get(in, at + 8, 8);

	if (from > in.n || n > in.n - from)
		return false;
	*out = cs_span_cut(in, (size_t)from, (size_t)n);
	return true;
}

int
cs_compiled_bounds(cs_span in, cs_compiled *out, cs_err *e)
{
	uint64_t n = le_get(in, 64, 8);

	if (le_get(in, 56, 8) != in.n)
		return damaged(e, "it has another length than was written");
	if (!part_get(in, 72, &out->index.records) ||
	    !part_get(in, 88, &out->index.slots))
		return damaged(e, "a part lies outside of it");
	if (n >= UINT32_MAX ||
	    cs_index_room((size_t)n) != out->index.slots.n)
		return damaged(e, "its table has not the size of its anchors");
	out->n = (size_t)n;
	return CS_OK;
}

static size_t
padded(size_t n)
{
	return (n + 7) / 8 * 8;
}

static size_t
records_at(const cs_compiled *c)
{
	return padded(HEAD_LEN + c->files.n);
}

static size_t
slots_at(const cs_compiled *c)
{
	return padded(records_at(c) + c->index.records.n);
}

size_t
cs_compiled_room(const cs_compiled *c)
{
	if (c->index.records.n > SIZE_MAX / 4 || c->files.n > UINT32_MAX / 2 ||
	    c->index.slots.n > SIZE_MAX / 4)
		return 0;
	return slots_at(c) + c->index.slots.n;
}

static int
digested_put(const cs_compiled *c, cs_buf *out)
{
	const uint64_t numbers[] = {cs_compiled_room(c), c->n, records_at(c),
	    c->index.records.n, slots_at(c), c->index.slots.n};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (le_put(out, numbers[i], 8) != CS_OK)
			return CS_EBUG;
	}
	if (le_put(out, c->n_files, 4) != CS_OK ||
	    le_put(out, c->files.n, 4) != CS_OK)
		return CS_EBUG;
	return c->files.n == 0 ? CS_OK : cs_buf_put(out, c->files);
}

static int
pad_to(cs_buf *out, size_t at)
{
	while (cs_buf_len(out) < at) {
		if (cs_buf_put_byte(out, 0) != CS_OK)
			return CS_EBUG;
	}
	return CS_OK;
}

static int
parts_put(const cs_compiled *c, const uint8_t digest[CS_SHA256_LEN],
    cs_span head, cs_buf *out)
{
	if (cs_buf_put(out, cs_span_of(magic, MAGIC_LEN)) != CS_OK ||
	    le_put(out, FORMAT, 8) != CS_OK ||
	    cs_buf_put(out, cs_span_of(digest, CS_SHA256_LEN)) != CS_OK ||
	    cs_buf_put(out, head) != CS_OK ||
	    pad_to(out, records_at(c)) != CS_OK ||
	    (c->index.records.n != 0 &&
	    cs_buf_put(out, c->index.records) != CS_OK) ||
	    pad_to(out, slots_at(c)) != CS_OK)
		return CS_EBUG;
	return cs_buf_put(out, c->index.slots);
}

int
cs_compiled_put(const cs_compiled *c, cs_buf *out, cs_err *e)
{
	cs_buf *head = cs_buf_new(HEAD_LEN + c->files.n);
	uint8_t digest[CS_SHA256_LEN] = {0};
	int r;

	if (head == NULL)
		return cs_nomem(e, "anchors");
	if (digested_put(c, head) != CS_OK)
		r = cs_nomem(e, "anchors");
	else if ((r = cs_sha256(cs_buf_span(head), digest, e)) == CS_OK &&
	    parts_put(c, digest, cs_buf_span(head), out) != CS_OK)
		r = cs_nomem(e, "anchors");
	cs_buf_free(&head);
	return r;
}
