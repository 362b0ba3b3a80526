/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/state.h"

#include <string.h>

#include "base/map.h"
#include "verify/sources.h"

#define NS_PER_S INT64_C(1000000000)
#define OLD_S 2    /* more than a tick of any file system's clock */
#define AHEAD_S 60 /* whose clock is that far ahead will not be waited for */

static const char where[] = "plugin/state";

/* A stamp in bytes, or why there is none; a mark between them. */
#define ENTRY_MAX (sizeof(((cs_err *)NULL)->text) + sizeof(cs_stamp) + 1)

static void
changed_at(cs_state *s, int64_t ns)
{
	if (ns > s->changed)
		s->changed = ns;
}

static int
complaint_put(cs_state *s, const cs_err *why, cs_err *e)
{
	return cs_buf_put_byte(s->bytes, '!') == CS_OK &&
	    cs_buf_put_str(s->bytes, why->text) == CS_OK ? CS_OK :
	    cs_nomem(e, where);
}

static int
file_put(cs_state *s, const char *path, uid_t reader, cs_err *e)
{
	cs_stamp stamp = {0};
	cs_err why = {0};

	if (cs_file_stamp_trusted(path, reader, &stamp, &why) != CS_OK)
		return complaint_put(s, &why, e);
	changed_at(s, stamp.changed);
	return cs_buf_put_byte(s->bytes, '.') == CS_OK &&
	    cs_buf_put(s->bytes, cs_span_of(&stamp.inode,
		sizeof(stamp.inode))) == CS_OK &&
	    cs_buf_put(s->bytes, cs_span_of(&stamp.size,
		sizeof(stamp.size))) == CS_OK &&
	    cs_buf_put(s->bytes, cs_span_of(&stamp.changed,
		sizeof(stamp.changed))) == CS_OK ? CS_OK : cs_nomem(e, where);
}

static int
owners_put(cs_state *s, const cs_sources *list, const cs_err *why, cs_err *e)
{
	if (list->list == NULL)
		return complaint_put(s, why, e);
	if (list->n != 0)
		changed_at(s, list->changed);
	return cs_buf_put(s->bytes, cs_buf_span(list->list)) == CS_OK ?
	    CS_OK : cs_nomem(e, where);
}

int
cs_state_read(const char *owners, const char *policy,
    const cs_authorities *cas, uid_t reader, cs_state *out, cs_err *e)
{
	cs_sources list = {0};
	cs_err why = {0};
	size_t i, n = cas == NULL ? 0 : cas->n;
	int r;

	*out = (cs_state){0};
	if (cs_sources_read(owners, reader, &list, &why) == CS_EBUG)
		return cs_nomem(e, where);
	out->bytes = cs_buf_new(cs_buf_len(list.list) + (n + 2) * ENTRY_MAX);
	if (out->bytes == NULL)
		r = cs_nomem(e, where);
	else
		r = owners_put(out, &list, &why, e);
	if (r == CS_OK)
		r = file_put(out, policy, reader, e);
	for (i = 0; r == CS_OK && i < n; i++)
		if (cas->v[i].crl != NULL)
			r = file_put(out, cas->v[i].crl, reader, e);
	cs_sources_free(&list);
	if (r != CS_OK)
		cs_state_free(out);
	return r;
}

void
cs_state_free(cs_state *s)
{
	cs_buf_free(&s->bytes);
	*s = (cs_state){0};
}

bool
cs_state_eq(const cs_state *a, const cs_state *b)
{
	return cs_span_eq(cs_buf_span(a->bytes), cs_buf_span(b->bytes));
}

bool
cs_state_is_old(const cs_state *s, int64_t now)
{
	int64_t at = s->changed / NS_PER_S;

	return at < now - OLD_S || at > now + AHEAD_S;
}
