/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/anchors.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/reason.h"

#define SUFFIX "owners"

struct file {
	char *name; /* what its anchors call their file */
	cs_owners *owners;
};

struct entry {
	uint8_t hash[CS_SHA256_LEN];
	const cs_anchor *anchor;
};

struct cs_anchors {
	struct file *files;
	size_t n_files;
	struct entry *entries;
	size_t n, cap;
	/* Open addressing. The key hash is uniform: its first bytes say where
	 * to look. 0 is free, else the number of an entry plus one. */
	uint32_t *slots;
	size_t mask; /* slots - 1, slots a power of two, never full */
};

/* For cs_dir_each_trusted. */
struct loader {
	cs_anchors *a;
	uid_t reader;
};

static int
file_add(cs_anchors *a, const char *name, cs_span in, cs_err *e)
{
	struct file *files, *f;
	int r;

	files = realloc(a->files, (a->n_files + 1) * sizeof(*files));
	if (files == NULL)
		return cs_nomem(e, "anchors");
	a->files = files;
	f = &files[a->n_files];
	*f = (struct file){0};
	if ((f->name = strdup(name)) == NULL)
		return cs_nomem(e, "anchors");
	a->n_files++;
	if ((r = cs_owners_parse(f->name, in, &f->owners, e)) != CS_OK)
		return r;
	a->cap += cs_owners_count(f->owners);
	return CS_OK;
}

static int
file_load(void *arg, const char *path, cs_err *e)
{
	struct loader *l = arg;
	cs_buf *b = NULL;
	int r;

	r = cs_file_read_trusted(path, l->reader, CS_OWNERS_FILE_MAX, &b, e);
	if (r == CS_OK)
		r = file_add(l->a, path, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

/* Half of the slots stay free, so that a search is short. */
static int
index_new(cs_anchors *a, cs_err *e)
{
	size_t want = 2;

	if (a->cap >= UINT32_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "anchors",
		    "anchors: expected fewer than %lu, found %zu",
		    (unsigned long)UINT32_MAX, a->cap);
	while (want < a->cap * 2)
		want *= 2;
	a->entries = calloc(a->cap + 1, sizeof(*a->entries));
	a->slots = calloc(want, sizeof(*a->slots));
	if (a->entries == NULL || a->slots == NULL)
		return cs_nomem(e, "anchors");
	a->mask = want - 1;
	return CS_OK;
}

/* The slot that holds this key, or the free one where it belongs. */
static uint32_t *
slot_find(const cs_anchors *a, const uint8_t hash[CS_SHA256_LEN])
{
	cs_span wanted = cs_span_of(hash, CS_SHA256_LEN), found;
	size_t i;

	memcpy(&i, hash, sizeof(i));
	for (i &= a->mask; a->slots[i] != 0; i = (i + 1) & a->mask) {
		found = cs_span_of(a->entries[a->slots[i] - 1].hash,
		    CS_SHA256_LEN);
		if (cs_span_eq(found, wanted))
			break;
	}
	return &a->slots[i];
}

static int
anchor_add(cs_anchors *a, const cs_anchor *anchor, cs_err *e)
{
	struct entry *en = &a->entries[a->n];
	const cs_anchor *other;
	uint32_t *slot;
	int r;

	if ((r = cs_sha256(anchor->key.der, en->hash, e)) != CS_OK)
		return r;
	slot = slot_find(a, en->hash);
	if (*slot != 0) {
		other = a->entries[*slot - 1].anchor;
		return CS_BAD(e, CS_R_DUPLICATE, "anchors",
		    "%s:%u: key: expected each key once, found the key of "
		    "%s:%u", anchor->file, anchor->line, other->file,
		    other->line);
	}
	en->anchor = anchor;
	*slot = (uint32_t)++a->n;
	return CS_OK;
}

static int
index_build(cs_anchors *a, cs_err *e)
{
	const cs_owners *o;
	size_t f, i;
	int r;

	if ((r = index_new(a, e)) != CS_OK)
		return r;
	for (f = 0; f < a->n_files; f++) {
		o = a->files[f].owners;
		for (i = 0; i < cs_owners_count(o); i++) {
			r = anchor_add(a, cs_owners_at(o, i), e);
			if (r != CS_OK)
				return r;
		}
	}
	return CS_OK;
}

/* Builds the index behind a load that went well. Takes `a`; gives it on. */
static int
finish(int r, cs_anchors *a, cs_anchors **out, cs_err *e)
{
	if (r == CS_OK)
		r = index_build(a, e);
	if (r == CS_OK) {
		*out = a;
		a = NULL; /* transferred */
	}
	cs_anchors_free(&a);
	return r;
}

int
cs_anchors_load(const char *path, uid_t reader, cs_anchors **out, cs_err *e)
{
	cs_anchors *a = calloc(1, sizeof(*a));
	struct loader l = {a, reader};
	int r;

	*out = NULL;
	if (a == NULL)
		return cs_nomem(e, "anchors");
	if (cs_is_dir(path))
		r = cs_dir_each_trusted(path, reader, SUFFIX, file_load, &l,
		    e);
	else
		r = file_load(&l, path, e);
	return finish(r, a, out, e);
}

int
cs_anchors_parse(const char *name, cs_span in, cs_anchors **out, cs_err *e)
{
	cs_anchors *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (a == NULL)
		return cs_nomem(e, "anchors");
	return finish(file_add(a, name, in, e), a, out, e);
}

void
cs_anchors_free(cs_anchors **ap)
{
	cs_anchors *a;
	size_t i;

	if (ap == NULL || (a = *ap) == NULL)
		return;
	for (i = 0; i < a->n_files; i++) {
		cs_owners_free(&a->files[i].owners);
		free(a->files[i].name);
	}
	free(a->files);
	free(a->entries);
	free(a->slots);
	free(a);
	*ap = NULL;
}

size_t
cs_anchors_count(const cs_anchors *a)
{
	return a->n;
}

bool
cs_anchors_find(const cs_anchors *a, const uint8_t key_hash[CS_SHA256_LEN],
    cs_anchor *out)
{
	uint32_t slot = *slot_find(a, key_hash);

	*out = (cs_anchor){0};
	if (slot == 0)
		return false;
	*out = *a->entries[slot - 1].anchor;
	return true;
}
