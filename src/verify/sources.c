/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/sources.h"

#include <string.h>

#include "base/file.h"
#include "base/map.h"

#define ROOM_MIN 512

/* For cs_dir_each_trusted. */
struct lister {
	cs_sources *s;
	uid_t reader;
};

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
room_make(cs_sources *s, size_t n)
{
	cs_buf *more;

	if (s->list != NULL && cs_buf_room(s->list) >= n)
		return CS_OK;
	more = cs_buf_new((s->list == NULL ? ROOM_MIN :
	    2 * cs_buf_len(s->list)) + n);
	if (more == NULL)
		return CS_EBUG;
	if (s->list != NULL && cs_buf_put(more, cs_buf_span(s->list)) !=
	    CS_OK) {
		cs_buf_free(&more);
		return CS_EBUG;
	}
	cs_buf_free(&s->list);
	s->list = more;
	return CS_OK;
}

static int
entry_put(cs_sources *s, const cs_stamp *stamp, cs_span name, cs_err *e)
{
	size_t pad = (4 - name.n % 4) % 4;

	if (room_make(s, 40 + name.n) != CS_OK ||
	    le_put(s->list, stamp->inode, 8) != CS_OK ||
	    le_put(s->list, stamp->size, 8) != CS_OK ||
	    le_put(s->list, (uint64_t)stamp->modified, 8) != CS_OK ||
	    le_put(s->list, (uint64_t)stamp->changed, 8) != CS_OK ||
	    le_put(s->list, name.n, 4) != CS_OK ||
	    (name.n != 0 && cs_buf_put(s->list, name) != CS_OK) ||
	    (pad != 0 && le_put(s->list, 0, pad) != CS_OK))
		return cs_nomem(e, "anchors");
	if (s->n == 0 || stamp->changed > s->changed)
		s->changed = stamp->changed;
	s->n++;
	s->mode &= stamp->mode;
	return CS_OK;
}

static int
file_put(const struct lister *l, const char *path, cs_span name, cs_err *e)
{
	cs_stamp stamp = {0};
	int r;

	if ((r = cs_file_stamp_trusted(path, l->reader, &stamp, e)) != CS_OK)
		return r;
	return entry_put(l->s, &stamp, name, e);
}

static int
member_put(void *arg, const char *path, cs_err *e)
{
	const char *slash = strrchr(path, '/');

	return file_put(arg, path, cs_span_str(slash == NULL ? path :
	    slash + 1), e);
}

int
cs_sources_read(const char *path, uid_t reader, cs_sources *out, cs_err *e)
{
	struct lister l = {out, reader};
	int r;

	*out = (cs_sources){.mode = 0777};
	if (room_make(out, 0) != CS_OK)
		return cs_nomem(e, "anchors");
	if (cs_is_dir(path))
		r = cs_dir_each_trusted(path, reader, CS_OWNERS_SUFFIX,
		    member_put, &l, e);
	else
		r = file_put(&l, path, cs_span_str(""), e);
	if (r != CS_OK)
		cs_sources_free(out);
	return r;
}

void
cs_sources_free(cs_sources *s)
{
	cs_buf_free(&s->list);
	*s = (cs_sources){0};
}
