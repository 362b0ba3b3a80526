/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/anchors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "fmt/anchor.h"
#include "fmt/reason.h"
#include "verify/compiled.h"
#include "verify/sources.h"

#define ARENA_MIN 4096
#define ARENA_MAX ((size_t)UINT32_MAX * 4) /* what a slot can point into */

/* One record behind the other. */
struct arena {
	uint8_t *p;
	size_t used, room;
};

struct cs_anchors {
	char **files; /* what anchors call their files */
	size_t n_files;
	struct arena records; /* those of x509-ca first, each in its order */
	uint8_t *slots;
	cs_span map; /* a compiled index, in place of arena and slots */
	size_t n;
	cs_index index;
	cs_authorities cas;
};

/* For cs_dir_each_trusted and cs_owners_parse. */
struct loader {
	cs_anchors *a;
	uid_t reader;
	struct arena cas; /* apart until all lines are read */
	cs_buf *record;
	const char *other; /* not read: it has the text `instead`; NULL: none */
	cs_span instead;
	bool met;          /* it was among the files */
};

static int
damaged(cs_err *e, const char *what)
{
	return cs_fail(e, CS_EIO, "anchors", "damaged: %s", what);
}

static int
arena_add(struct arena *a, cs_span record, cs_err *e)
{
	size_t room = a->room < ARENA_MIN ? ARENA_MIN : a->room;
	uint8_t *p;

	while (room - a->used < record.n)
		room += room / 2;
	if (room > ARENA_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "anchors",
		    "anchors: expected fewer");
	if (room != a->room) {
		if ((p = realloc(a->p, room)) == NULL)
			return cs_nomem(e, "anchors");
		a->p = p;
		a->room = room;
	}
	memcpy(a->p + a->used, record.p, record.n);
	a->used += record.n;
	return CS_OK;
}

static int
anchor_add(void *arg, const cs_anchor *anchor, cs_err *e)
{
	struct loader *l = arg;
	uint8_t hash[CS_SHA256_LEN] = {0};
	cs_anchor_place at = {cs_span_of(hash, sizeof(hash)),
	    (uint32_t)(l->a->n_files - 1)};
	int r;

	cs_buf_truncate(l->record, 0);
	if ((r = cs_sha256(anchor->key.der, hash, e)) != CS_OK ||
	    (r = cs_anchor_put(l->record, anchor, &at, e)) != CS_OK)
		return r;
	l->a->n++;
	return arena_add(anchor->type == CS_ANCHOR_X509 ? &l->cas :
	    &l->a->records, cs_buf_span(l->record), e);
}

static int
file_add(cs_anchors *a, const char *name, cs_err *e)
{
	char **files, *copy;

	files = realloc(a->files, (a->n_files + 1) * sizeof(*files));
	if (files == NULL)
		return cs_nomem(e, "anchors");
	a->files = files;
	if ((copy = strdup(name)) == NULL)
		return cs_nomem(e, "anchors");
	files[a->n_files++] = copy;
	return CS_OK;
}

static int
text_add(struct loader *l, const char *name, cs_span in, cs_err *e)
{
	int r;

	if ((r = file_add(l->a, name, e)) != CS_OK)
		return r;
	return cs_owners_parse(l->a->files[l->a->n_files - 1], in, anchor_add,
	    l, e);
}

static int
file_load(void *arg, const char *path, cs_err *e)
{
	struct loader *l = arg;
	cs_buf *b = NULL;
	int r;

	if (l->other != NULL && strcmp(path, l->other) == 0) {
		l->met = true;
		return text_add(l, path, l->instead, e);
	}
	r = cs_file_read_trusted(path, l->reader, CS_OWNERS_FILE_MAX, &b, e);
	if (r == CS_OK)
		r = text_add(l, path, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

static int
duplicate(const cs_anchors *a, const cs_span twice[2], cs_err *e)
{
	cs_anchor first, second;
	cs_anchor_place at[2];
	int r;

	if ((r = cs_anchor_get(twice[0], &first, &at[0], e)) != CS_OK ||
	    (r = cs_anchor_get(twice[1], &second, &at[1], e)) != CS_OK)
		return r;
	return CS_BAD(e, CS_R_DUPLICATE, "anchors",
	    "%s:%u: key: expected each key once, found the key of %s:%u",
	    a->files[at[1].file], second.line, a->files[at[0].file],
	    first.line);
}

/* All records in one arena of the right size, those of `first` in front. */
static int
arena_join(struct arena *a, const struct arena *first, cs_err *e)
{
	size_t room = a->used + first->used;
	uint8_t *p;

	if (room == 0)
		return CS_OK;
	if (room > ARENA_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "anchors",
		    "anchors: expected fewer");
	if ((p = realloc(a->p, room)) == NULL)
		return cs_nomem(e, "anchors");
	if (first->used != 0) {
		memmove(p + first->used, p, a->used);
		memcpy(p, first->p, first->used);
	}
	*a = (struct arena){p, room, room};
	return CS_OK;
}

static int
index_new(cs_anchors *a, cs_err *e)
{
	size_t room = cs_index_room(a->n);
	cs_span twice[2] = {{0}};
	int r;

	if (room == 0)
		return CS_BAD(e, CS_R_TOO_LARGE, "anchors",
		    "anchors: expected fewer than %zu", a->n);
	if ((a->slots = malloc(room)) == NULL)
		return cs_nomem(e, "anchors");
	a->index.records = cs_span_of(a->records.p, a->records.used);
	a->index.slots = cs_span_of(a->slots, room);
	r = cs_index_build(&a->index, a->slots, twice, e);
	return twice[0].p == NULL ? r : duplicate(a, twice, e);
}

static int
loader_new(struct loader *l, cs_err *e)
{
	l->a = calloc(1, sizeof(*l->a));
	l->record = cs_buf_new(CS_ANCHOR_RECORD_MAX);
	return l->a == NULL || l->record == NULL ? cs_nomem(e, "anchors") :
	    CS_OK;
}

/* Records that were read, or mapped: the authorities stand in front. */
static int
authorities_load(cs_anchors *a, uid_t reader, cs_err *e)
{
	cs_span in = a->index.records, record = {0}, hash = {0};
	cs_anchor_place at = {0};
	cs_anchor line;
	int r;

	while (in.n != 0) {
		if (cs_anchor_record(in, &record, &hash, e) != CS_OK ||
		    cs_anchor_get(record, &line, &at, e) != CS_OK ||
		    at.file >= a->n_files)
			return damaged(e, "no record where one should be");
		if (line.type != CS_ANCHOR_X509)
			break;
		line.file = a->files[at.file];
		r = cs_authorities_add(&a->cas, &line, reader, e);
		if (r != CS_OK)
			return r;
		in = cs_span_cut(in, record.n, in.n - record.n);
	}
	return CS_OK;
}

/* Builds the index behind a load that went well; gives the anchors. */
static int
finish(struct loader *l, int r, cs_anchors **out, cs_err *e)
{
	if (r == CS_OK)
		r = arena_join(&l->a->records, &l->cas, e);
	if (r == CS_OK)
		r = index_new(l->a, e);
	if (r == CS_OK)
		r = authorities_load(l->a, l->reader, e);
	if (r == CS_OK) {
		*out = l->a;
		l->a = NULL; /* transferred */
	}
	cs_anchors_free(&l->a);
	free(l->cas.p);
	cs_buf_free(&l->record);
	return r;
}

static int
path_load(struct loader *l, const char *path, cs_anchors **out, cs_err *e)
{
	int r;

	*out = NULL;
	if ((r = loader_new(l, e)) != CS_OK)
		return finish(l, r, out, e);
	if (cs_is_dir(path))
		r = cs_dir_each_trusted(path, l->reader, CS_OWNERS_SUFFIX,
		    file_load, l, e);
	else
		r = file_load(l, path, e);
	if (r == CS_OK && l->other != NULL && !l->met)
		r = file_load(l, l->other, e);
	return finish(l, r, out, e);
}

static int
text_load(const char *path, uid_t reader, cs_anchors **out, cs_err *e)
{
	struct loader l = {.reader = reader};

	return path_load(&l, path, out, e);
}

int
cs_anchors_try(const char *path, uid_t reader, const char *file, cs_span in,
    cs_anchors **out, cs_err *e)
{
	struct loader l = {.reader = reader, .other = file, .instead = in};

	return path_load(&l, path, out, e);
}

int
cs_anchors_index(const char *path, char **out, cs_err *e)
{
	if (asprintf(out, cs_is_dir(path) ? "%s/owners.idx" : "%s.idx",
	    path) >= 0)
		return CS_OK;
	*out = NULL;
	return cs_nomem(e, "anchors");
}

static int
names_add(cs_anchors *a, const char *path, const cs_compiled *c, cs_err *e)
{
	cs_span list = c->files, name = {0};
	char *full = NULL;
	size_t i;
	int r = CS_OK;

	for (i = 0; i < c->n_files && r == CS_OK; i++) {
		if ((r = cs_compiled_name(&list, &name, e)) != CS_OK)
			return r;
		if (asprintf(&full, "%s%s%.*s", path, name.n == 0 ? "" : "/",
		    (int)name.n, (const char *)name.p) < 0)
			return cs_nomem(e, "anchors");
		r = file_add(a, full, e);
		free(full);
	}
	return r;
}

/* Was it made from the files as they are? Files that cannot be read are for
 * the reading of the text to complain of. */
static bool
is_current(const char *path, uid_t reader, const cs_compiled *c,
    const cs_stamp *stamp)
{
	cs_sources s = {0};
	bool yes;

	if (cs_sources_read(path, reader, &s, NULL) != CS_OK)
		return false;
	yes = s.n == c->n_files && cs_span_eq(cs_buf_span(s.list), c->files) &&
	    (s.n == 0 || stamp->modified > s.changed);
	cs_sources_free(&s);
	return yes;
}

/* Fills `a`, which has its map. *use is false for an index that is not ours or
 * not of these files. */
static int
map_use(cs_anchors *a, const char *path, uid_t reader, const cs_stamp *stamp,
    bool *use, cs_err *e)
{
	cs_compiled c = {0};
	int r;

	if ((r = cs_compiled_head(a->map, &c, use, e)) != CS_OK || !*use ||
	    !(*use = is_current(path, reader, &c, stamp)))
		return r;
	if ((r = cs_compiled_bounds(a->map, &c, e)) != CS_OK)
		return r;
	a->index = c.index;
	a->n = c.n;
	if ((r = names_add(a, path, &c, e)) != CS_OK)
		return r;
	return authorities_load(a, reader, e);
}

/* *out stays NULL, with CS_OK, when there is no index that counts. A damaged
 * one is a failure: where its bits rot the text's may, and no one would look.
 */
static int
map_load(const char *path, uid_t reader, cs_anchors **out, cs_err *e)
{
	cs_anchors *a = calloc(1, sizeof(*a));
	cs_stamp stamp = {0};
	char *name = NULL;
	bool use = false;
	int r;

	if (a == NULL)
		return cs_nomem(e, "anchors");
	if ((r = cs_anchors_index(path, &name, e)) != CS_OK ||
	    cs_map_trusted(name, reader, &a->map, &stamp, NULL) != CS_OK)
		goto out;
	r = map_use(a, path, reader, &stamp, &use, e);
	if (r == CS_EIO)
		(void)cs_wrap(e, "%s: remove or compile it anew", name);
	if (r == CS_OK && use) {
		*out = a;
		a = NULL; /* transferred */
	}
out:
	free(name);
	cs_anchors_free(&a);
	return r;
}

int
cs_anchors_load(const char *path, uid_t reader, cs_anchors **out, cs_err *e)
{
	int r;

	*out = NULL;
	r = map_load(path, reader, out, e);
	return r != CS_OK || *out != NULL ? r :
	    text_load(path, reader, out, e);
}

static int
index_write(const cs_anchors *a, const cs_sources *s, const char *path,
    mode_t mode, cs_err *e)
{
	cs_compiled c = {a->index, a->n, s->n, cs_buf_span(s->list)};
	size_t room = cs_compiled_room(&c);
	cs_buf *b = NULL;
	int r;

	if (room == 0)
		return CS_BAD(e, CS_R_TOO_LARGE, "anchors",
		    "anchors: expected fewer than %zu", a->n);
	if ((b = cs_buf_new(room)) == NULL)
		return cs_nomem(e, "anchors");
	if ((r = cs_compiled_put(&c, b, e)) == CS_OK)
		r = cs_file_write(path, cs_buf_span(b), mode, true, e);
	cs_buf_free(&b);
	return r;
}

/* Reads the text between two looks at its state that see the same, behind the
 * tick of its last change: nobody changes it later and unseen. */
static int
still_load(const char *path, uid_t reader, const cs_sources *before,
    cs_anchors **out, cs_err *e)
{
	cs_sources after = {0};
	int r;

	if ((r = text_load(path, reader, out, e)) != CS_OK ||
	    (r = cs_sources_read(path, reader, &after, e)) != CS_OK)
		return r;
	if (!cs_span_eq(cs_buf_span(before->list), cs_buf_span(after.list)))
		r = cs_fail(e, CS_EIO, "anchors",
		    "%s: changed while it was read", path);
	cs_sources_free(&after);
	return r;
}

int
cs_anchors_compile(const char *path, uid_t reader, cs_err *e)
{
	cs_sources s = {0};
	cs_anchors *a = NULL;
	char *name = NULL;
	mode_t mode = 0;
	int r;

	if ((r = cs_anchors_index(path, &name, e)) != CS_OK ||
	    (r = cs_sources_read(path, reader, &s, e)) != CS_OK ||
	    (r = cs_clock_pass(name, s.changed, &mode, e)) != CS_OK ||
	    (r = still_load(path, reader, &s, &a, e)) != CS_OK)
		goto out;
	/* Who may not read the text reads it nowhere else. */
	r = index_write(a, &s, name, mode & s.mode, e);
out:
	cs_anchors_free(&a);
	cs_sources_free(&s);
	free(name);
	return r;
}

int
cs_anchors_parse_as(const char *name, cs_span in, uid_t reader,
    cs_anchors **out, cs_err *e)
{
	struct loader l = {.reader = reader};
	int r;

	*out = NULL;
	if ((r = loader_new(&l, e)) == CS_OK)
		r = text_add(&l, name, in, e);
	return finish(&l, r, out, e);
}

int
cs_anchors_parse(const char *name, cs_span in, cs_anchors **out, cs_err *e)
{
	return cs_anchors_parse_as(name, in, 0, out, e);
}

void
cs_anchors_free(cs_anchors **ap)
{
	cs_anchors *a;

	if (ap == NULL || (a = *ap) == NULL)
		return;
	while (a->n_files != 0)
		free(a->files[--a->n_files]);
	free(a->files);
	cs_authorities_free(&a->cas);
	free(a->records.p);
	free(a->slots);
	cs_map_free(&a->map);
	free(a);
	*ap = NULL;
}

const cs_authorities *
cs_anchors_authorities(const cs_anchors *a)
{
	return &a->cas;
}

size_t
cs_anchors_count(const cs_anchors *a)
{
	return a->n;
}

int
cs_anchors_find(const cs_anchors *a, const uint8_t key_hash[CS_SHA256_LEN],
    cs_anchor *out, bool *found, cs_err *e)
{
	cs_anchor_place at = {0};
	int r;

	r = cs_index_find(&a->index, key_hash, out, &at, found, e);
	if (r != CS_OK || !*found)
		return r;
	if (at.file >= a->n_files) {
		*found = false;
		*out = (cs_anchor){0};
		return damaged(e, "a line of no file");
	}
	out->file = a->files[at.file];
	return CS_OK;
}

static int
hand_out(const cs_anchors *a, cs_span record, cs_span owner,
    cs_anchors_each *each, void *arg, cs_err *e)
{
	cs_span whole = {0}, hash = {0};
	cs_anchor_place at = {0};
	cs_anchor line;

	if (cs_anchor_record(record, &whole, &hash, NULL) != CS_OK ||
	    cs_anchor_get(whole, &line, &at, NULL) != CS_OK ||
	    at.file >= a->n_files)
		return damaged(e, "no record where one should be");
	line.file = a->files[at.file];
	return line.type == CS_ANCHOR_X509 || !cs_span_eq(line.owner, owner) ?
	    CS_OK : each(arg, &line, e);
}

/* Who is nobody's owner costs one search; else only records that have the name
 * in them are read. */
int
cs_anchors_of(const cs_anchors *a, cs_span owner, cs_anchors_each *each,
    void *arg, cs_err *e)
{
	cs_span in = a->index.records;
	size_t n;
	int r = CS_OK;

	if (owner.n == 0 || in.n == 0 ||
	    memmem(in.p, in.n, owner.p, owner.n) == NULL)
		return CS_OK;
	for (; r == CS_OK && in.n != 0; in = cs_span_cut(in, n, in.n - n)) {
		if ((n = cs_anchor_size(in)) == 0)
			return damaged(e, "no record where one should be");
		if (memmem(in.p, n, owner.p, owner.n) != NULL)
			r = hand_out(a, in, owner, each, arg, e);
	}
	return r;
}
