/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "tool/ownerspub.h"

#define HOLDER_MAX (64 * 1024)

static int
too_many(cs_err *e)
{
	return cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, "sign",
	    "more than %d requests", CS_SUBJECTS_MAX);
}

static int
read_one(cs_plan *p, const char *path, cs_err *e)
{
	int r;

	if (p->n == CS_SUBJECTS_MAX)
		return too_many(e);
	if ((r = cs_reqfile_read(path, &p->req[p->n], e)) != CS_OK)
		return r;
	p->req[p->n]->number = p->n + 1;
	p->n++;
	return CS_OK;
}

/* The names of a folder that are requests; a folder may hold any number of
 * others. */
struct names {
	size_t n;
	char *v[CS_SUBJECTS_MAX];
};

static void
names_clear(struct names *s)
{
	while (s->n > 0)
		free(s->v[--s->n]);
}

static bool
is_request(int dir, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct stat st;

	if (name[0] == '.' || dot == NULL ||
	    (strcmp(dot, ".csr") != 0 && strcmp(dot, ".req") != 0))
		return false;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode);
}

static int
list_dir(const char *path, DIR *d, struct names *s, cs_err *e)
{
	const struct dirent *f;

	for (errno = 0; (f = readdir(d)) != NULL; errno = 0) {
		if (!is_request(dirfd(d), f->d_name))
			continue;
		if (s->n == CS_SUBJECTS_MAX)
			return too_many(e);
		if (asprintf(&s->v[s->n], "%s/%s", path, f->d_name) < 0)
			return cs_nomem(e, "sign");
		s->n++;
	}
	if (errno != 0)
		return cs_fail(e, CS_EIO, "sign", "%s: %s", path,
		    strerror(errno));
	return s->n != 0 ? CS_OK : cs_fail(e, CS_EIO, "sign",
	    "%s: expected files *.csr or *.req, found none", path);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_dir(cs_plan *p, const char *path, cs_err *e)
{
	struct names s = {0};
	DIR *d = opendir(path);
	size_t i;
	int r;

	if (d == NULL)
		return cs_fail(e, CS_EIO, "sign", "%s: %s", path,
		    strerror(errno));
	if ((r = list_dir(path, d, &s, e)) == CS_OK)
		qsort(s.v, s.n, sizeof(s.v[0]), by_name);
	for (i = 0; r == CS_OK && i < s.n; i++)
		r = read_one(p, s.v[i], e);
	names_clear(&s);
	(void)closedir(d);
	return r;
}

static bool
is_alike(const cs_reqfile *a, const cs_reqfile *b, enum cs_subject_kind kind)
{
	cs_subject x = cs_reqfile_subject(a, kind);
	cs_subject y = cs_reqfile_subject(b, kind);

	if (kind == CS_SUBJECT_REQUEST)
		return cs_span_eq(x.request_digest, y.request_digest);
	return cs_span_eq(x.agent_key_hash, y.agent_key_hash) &&
	    cs_span_eq(x.agent_id, y.agent_id);
}

static int
check_distinct(const cs_plan *p, cs_err *e)
{
	size_t i, j;

	for (i = 1; i < p->n; i++)
		for (j = 0; j < i; j++)
			if (is_alike(p->req[i], p->req[j], p->kind))
				return cs_fail_detail(e, CS_EREFUSED,
				    CS_R_DUPLICATE, "sign",
				    "%s and %s are the same %s",
				    p->req[j]->path, p->req[i]->path,
				    p->kind == CS_SUBJECT_KEY ?
				    "agent and key" : "request");
	return CS_OK;
}

char *
cs_plan_path(const cs_plan *p, const cs_reqfile *r)
{
	const char *dir = p->o->document.path, *name = strrchr(r->path, '/');
	char *path = NULL;
	int n;

	if (dir == NULL)
		n = asprintf(&path, "%s.approval", r->path);
	else
		n = asprintf(&path, "%s/%s.approval", dir,
		    name == NULL ? r->path : name + 1);
	return n < 0 ? NULL : path;
}

static int
check_path(const cs_plan *p, size_t i, cs_err *e)
{
	char *path = cs_plan_path(p, p->req[i]), *other = NULL;
	size_t j;
	int r;

	if (path == NULL)
		return cs_nomem(e, "sign");
	r = cs_document_apart(path, p->o->key, e);
	if (r == CS_OK)
		r = cs_document_check(path, p->o->document.force, e);
	for (j = 0; r == CS_OK && j < i; j++) {
		if ((other = cs_plan_path(p, p->req[j])) == NULL)
			r = cs_nomem(e, "sign");
		else if (strcmp(path, other) == 0)
			r = cs_fail(e, CS_EUSAGE, "sign", "the approvals of "
			    "%s and %s would both be %s", p->req[j]->path,
			    p->req[i]->path, path);
		free(other);
	}
	free(path);
	return r;
}

static int
check_paths(const cs_plan *p, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; r == CS_OK && i < p->n; i++)
		r = check_path(p, i, e);
	return r;
}

int
cs_plan_read(cs_plan *p, const cs_words *w, cs_err *e)
{
	int i, r;

	if ((r = cs_ownercert_read(&p->o->certificates, &p->cert, e)) != CS_OK)
		return r;
	if (p->kind == CS_SUBJECT_GRANT) {
		if ((p->holder = cs_buf_new(HOLDER_MAX)) == NULL)
			return cs_nomem(e, "sign");
		return cs_holder_read(p->o->holder, p->holder, e);
	}
	if (p->o->under != NULL &&
	    (r = cs_grant_read(p->o->under, &p->grant, e)) != CS_OK)
		return r;
	p->list = p->o->batch != NULL || w->n > 1;
	if (p->o->batch != NULL)
		r = read_dir(p, p->o->batch, e);
	for (i = 0; r == CS_OK && i < w->n; i++)
		r = read_one(p, w->v[i], e);
	if (r == CS_OK)
		r = check_distinct(p, e);
	return r == CS_OK && p->o->each ? check_paths(p, e) : r;
}

bool
cs_plan_drop(cs_plan *p, size_t number)
{
	size_t i = 0;

	while (i < p->n && p->req[i]->number != number)
		i++;
	if (i == p->n)
		return false;
	cs_reqfile_free(&p->req[i]);
	for (p->n--; i < p->n; i++)
		p->req[i] = p->req[i + 1];
	p->req[p->n] = NULL;
	return true;
}
