/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownerscheck.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "verify/anchors.h"
#include "verify/sources.h"

/* Where a key stands: all of them are kept, to find those that stand twice. */
struct place {
	uint8_t hash[CS_SHA256_LEN];
	uint32_t file;
	unsigned line;
};

struct finder {
	uid_t reader;
	char **files;
	size_t n_files;
	struct place *places;
	size_t n, room;
	cs_complaints *out;
};

static int
complain(struct finder *f, size_t file, unsigned line, const cs_err *why,
    cs_err *e)
{
	cs_complaints *l = f->out;
	cs_complaint *c;

	l->total++;
	if (l->n == CS_COMPLAINTS_MAX)
		return CS_OK;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->file = strdup(f->files[file])) == NULL) {
		free(c);
		return cs_nomem(e, "owners");
	}
	c->line = line;
	c->why = *why;
	l->v[l->n++] = c;
	return CS_OK;
}

static int
place_add(struct finder *f, const cs_anchor *a, cs_err *e)
{
	size_t room = f->room == 0 ? 64 : 2 * f->room;
	struct place *p;

	if (f->n == f->room) {
		p = reallocarray(f->places, room, sizeof(*p));
		if (p == NULL)
			return cs_nomem(e, "owners");
		f->places = p;
		f->room = room;
	}
	p = &f->places[f->n];
	*p = (struct place){.file = (uint32_t)(f->n_files - 1),
	    .line = a->line};
	f->n++;
	return cs_sha256(a->key.der, p->hash, e);
}

/* The reader's verdict on one good line, with what the line refers to. */
static int
each_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	struct finder *f = arg;
	cs_authorities l = {0};
	cs_err why = {0};
	int r;

	if ((r = place_add(f, a, e)) != CS_OK || a->type != CS_ANCHOR_X509)
		return r;
	r = cs_authorities_add(&l, a, f->reader, &why);
	cs_authorities_free(&l);
	if (r == CS_OK)
		return r;
	if (r != CS_EBUG)
		return complain(f, f->n_files - 1, a->line, &why, e);
	*e = why;
	return r;
}

static int
each_bad(void *arg, unsigned line, const cs_err *why, cs_err *e)
{
	struct finder *f = arg;

	return complain(f, f->n_files - 1, line, why, e);
}

static int
file_add(struct finder *f, const char *path, cs_err *e)
{
	char **v = reallocarray(f->files, f->n_files + 1, sizeof(*v));

	if (v == NULL)
		return cs_nomem(e, "owners");
	f->files = v;
	if ((v[f->n_files] = strdup(path)) == NULL)
		return cs_nomem(e, "owners");
	f->n_files++;
	return CS_OK;
}

static int
each_file(void *arg, const char *path, cs_err *e)
{
	struct finder *f = arg;
	cs_err why = {0};
	cs_buf *b = NULL;
	int r;

	if ((r = file_add(f, path, e)) != CS_OK)
		return r;
	r = cs_file_read_trusted(path, f->reader, CS_OWNERS_FILE_MAX, &b,
	    &why);
	if (r == CS_OK)
		r = cs_owners_check(path, cs_buf_span(b), each_anchor,
		    each_bad, f, e);
	else if (r != CS_EBUG)
		r = complain(f, f->n_files - 1, 0, &why, e);
	else
		*e = why;
	cs_buf_free(&b);
	return r;
}

static int
by_place(const struct place *a, const struct place *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static int
by_hash(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	size_t i;

	for (i = 0; i < sizeof(a->hash); i++)
		if (a->hash[i] != b->hash[i])
			return a->hash[i] < b->hash[i] ? -1 : 1;
	return by_place(a, b);
}

static int
twice(struct finder *f, const struct place *first, const struct place *again,
    cs_err *e)
{
	cs_err why = {0};

	(void)CS_BAD(&why, CS_R_DUPLICATE, "owners", "%s:%u: key: expected "
	    "each key once, found the key of %s:%u", f->files[again->file],
	    again->line, f->files[first->file], first->line);
	return complain(f, again->file, again->line, &why, e);
}

static int
find_twice(struct finder *f, cs_err *e)
{
	size_t i, first = 0;
	int r = CS_OK;

	if (f->n != 0)
		qsort(f->places, f->n, sizeof(*f->places), by_hash);
	for (i = 1; i < f->n && r == CS_OK; i++) {
		if (!cs_span_eq(cs_span_of(f->places[i].hash, CS_SHA256_LEN),
		    cs_span_of(f->places[first].hash, CS_SHA256_LEN)))
			first = i;
		else
			r = twice(f, &f->places[first], &f->places[i], e);
	}
	return r;
}

static int
by_line(const void *va, const void *vb)
{
	const cs_complaint *a = *(cs_complaint *const *)va;
	const cs_complaint *b = *(cs_complaint *const *)vb;
	int r = strcmp(a->file, b->file); /* the order of the walk */

	if (r != 0)
		return r;
	return a->line < b->line ? -1 : a->line > b->line;
}

static int
find(struct finder *f, const char *path, cs_err *e)
{
	int r = cs_is_dir(path) ? cs_dir_each_trusted(path, f->reader,
	    CS_OWNERS_SUFFIX, each_file, f, e) : each_file(f, path, e);

	if (r == CS_OK && (r = find_twice(f, e)) == CS_OK && f->out->n != 0)
		qsort(f->out->v, f->out->n, sizeof(f->out->v[0]), by_line);
	return r;
}

int
cs_complaints_find(const char *path, uid_t reader, cs_complaints **out,
    cs_err *e)
{
	struct finder f = {.reader = reader};
	int r;

	*out = NULL;
	if ((f.out = calloc(1, sizeof(*f.out))) == NULL)
		return cs_nomem(e, "owners");
	if ((r = find(&f, path, e)) == CS_OK) {
		*out = f.out;
		f.out = NULL; /* transferred */
	}
	cs_complaints_free(&f.out);
	while (f.n_files != 0)
		free(f.files[--f.n_files]);
	free(f.files);
	free(f.places);
	return r;
}

void
cs_complaints_free(cs_complaints **c)
{
	size_t i;

	if (c == NULL || *c == NULL)
		return;
	for (i = 0; i < (*c)->n; i++) {
		free((*c)->v[i]->file);
		free((*c)->v[i]);
	}
	free(*c);
	*c = NULL;
}

void
cs_complaints_put(const cs_complaints *c, cs_out *out)
{
	const char *label = c->total > 1 ? "error" : NULL;
	const cs_complaint *one;
	size_t i;

	cs_out_list(out, "errors", NULL);
	for (i = 0; i < c->n; i++) {
		one = c->v[i];
		cs_out_object(out, NULL, NULL);
		cs_out_str(out, "file", NULL, one->file);
		if (one->line != 0)
			cs_out_int(out, "line", NULL, one->line);
		if (one->why.cls == CS_EFORMAT)
			cs_out_str(out, "reason", NULL,
			    cs_reason_name(one->why.detail));
		cs_out_str(out, "text", label, one->why.text);
		cs_out_close(out);
	}
	cs_out_close(out);
}

/* A bad line is worse than a file that nobody can read: it is there. */
int
cs_complaints_fail(const cs_complaints *c, const char *path, cs_err *e)
{
	size_t i, first = 0;

	if (c->n == 0)
		return CS_OK;
	for (i = c->n; i-- != 0;)
		if (c->v[i]->why.cls == CS_EFORMAT)
			first = i;
	if (c->total == 1) {
		*e = c->v[0]->why;
		return e->cls;
	}
	return cs_fail_detail(e, c->v[first]->why.cls,
	    c->v[first]->why.detail, "owners", "%s: %zu errors%s", path,
	    c->total, c->total == c->n ? "" : ", not all of which are listed");
}
