/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lines.h"

#include <stdlib.h>


static const uint8_t zeros[CS_ANCHOR_HASH_LEN];

static int
line_room(lines *l)
{
	cs_anchor *anchors;
	cs_buf **records;

	anchors = realloc(l->anchors, (l->n + 1) * sizeof(*anchors));
	if (anchors == NULL)
		return CS_EBUG;
	l->anchors = anchors;
	records = realloc(l->records, (l->n + 1) * sizeof(*records));
	if (records == NULL)
		return CS_EBUG;
	l->records = records;
	return CS_OK;
}

static int
line_add(void *arg, const cs_anchor *a, cs_err *e)
{
	cs_anchor_place at = {cs_span_of(zeros, sizeof(zeros)), 7}, back;
	cs_buf *b = cs_buf_new(CS_ANCHOR_RECORD_MAX);
	cs_span record = {0}, hash = {0};
	lines *l = arg;
	int r;

	if (b == NULL || line_room(l) != CS_OK) {
		cs_buf_free(&b);
		return cs_nomem(e, "test");
	}
	if ((r = cs_anchor_put(b, a, &at, e)) == CS_OK) {
		l->records[l->n] = cs_buf_dup(cs_buf_span(b));
		r = cs_anchor_record(cs_buf_span(l->records[l->n]), &record,
		    &hash, e);
		if (r == CS_OK)
			r = cs_anchor_get(record, &l->anchors[l->n], &back, e);
		if (r == CS_OK && (back.file != at.file ||
		    !cs_span_eq(back.hash, at.hash)))
			r = cs_fail(e, CS_EBUG, "test", "another place");
		l->anchors[l->n++].file = a->file;
		if (r != CS_OK) /* never a complaint of the format */
			r = cs_fail(e, CS_EBUG, "test", "no way back");
	}
	cs_buf_free(&b);
	return r;
}

int
lines_parse(const char *name, cs_span in, lines **out, cs_err *e)
{
	lines *l = calloc(1, sizeof(*l));
	int r;

	*out = NULL;
	if (l == NULL)
		return cs_nomem(e, "test");
	if ((r = cs_owners_parse(name, in, line_add, l, e)) == CS_OK) {
		*out = l;
		l = NULL; /* transferred */
	}
	lines_free(&l);
	return r;
}

void
lines_free(lines **lp)
{
	lines *l;

	if (lp == NULL || (l = *lp) == NULL)
		return;
	while (l->n != 0)
		cs_buf_free(&l->records[--l->n]);
	free(l->records);
	free(l->anchors);
	free(l);
	*lp = NULL;
}
