/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define NS INT64_C(1000000000)
#define WAIT_NS 2000000 /* a tick of the clock takes 1 to 10 ms */
#define WAITS 1500

static const uint8_t nothing[1];

static int64_t
ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static int
stamp_of(int fd, cs_stamp *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	out->inode = st.st_ino;
	out->size = (uint64_t)st.st_size;
	out->modified = ns_of(st.st_mtim);
	out->changed = ns_of(st.st_ctim);
	out->mode = st.st_mode & 07777;
	return 0;
}

static int
fail_errno(cs_err *e, const char *what, const char *path)
{
	return cs_fail(e, CS_EIO, "map", "%s %s: %s", what, path,
	    strerror(errno));
}

int
cs_file_stamp_trusted(const char *path, uid_t reader, cs_stamp *out, cs_err *e)
{
	int fd = -1, r;

	*out = (cs_stamp){0};
	if ((r = cs_file_open_trusted(path, reader, &fd, e)) != CS_OK)
		return r;
	if (stamp_of(fd, out) != 0)
		r = fail_errno(e, "stat", path);
	(void)close(fd);
	return r;
}

static int
map_fd(int fd, const char *path, size_t n, cs_span *out, cs_err *e)
{
	void *p = NULL;

	if (n == 0) {
		*out = cs_span_of(nothing, 0);
		return CS_OK;
	}
	p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return fail_errno(e, "map", path);
	*out = cs_span_of(p, n);
	return CS_OK;
}

int
cs_map_trusted(const char *path, uid_t reader, cs_span *out, cs_stamp *stamp,
    cs_err *e)
{
	int fd = -1, r;

	*out = (cs_span){0};
	*stamp = (cs_stamp){0};
	if ((r = cs_file_open_trusted(path, reader, &fd, e)) != CS_OK)
		return r;
	if (stamp_of(fd, stamp) != 0)
		r = fail_errno(e, "stat", path);
	else if (stamp->size > SIZE_MAX / 2)
		r = cs_fail(e, CS_EFORMAT, "map", "%s: too large", path);
	else
		r = map_fd(fd, path, (size_t)stamp->size, out, e);
	(void)close(fd);
	return r;
}

void
cs_map_free(cs_span *map)
{
	union {
		const void *in;
		void *out;
	} p = {map->p};

	if (map->p != NULL && map->n != 0)
		(void)munmap(p.out, map->n);
	*map = (cs_span){0};
}

/* A new file, made as any other is, for its time and its mode. */
static int
probe(const char *path, struct stat *st, cs_err *e)
{
	char *name = NULL;
	int fd = -1, r = CS_OK;

	if (asprintf(&name, "%s.cs-XXXXXX", path) < 0)
		return cs_nomem(e, "map");
	if ((fd = mkostemp(name, O_CLOEXEC)) >= 0) {
		/* mkostemp() takes no mode: its name again, by the umask. */
		(void)close(fd);
		(void)unlink(name);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
	if (fd < 0 || fstat(fd, st) != 0)
		r = fail_errno(e, "write", path);
	if (fd >= 0) {
		(void)unlink(name);
		(void)close(fd);
	}
	free(name);
	return r;
}

int
cs_clock_pass(const char *path, int64_t changed, mode_t *mode, cs_err *e)
{
	const struct timespec wait = {0, WAIT_NS};
	struct stat st = {0};
	int r, i;

	for (i = 0; i < WAITS; i++) {
		if ((r = probe(path, &st, e)) != CS_OK)
			return r;
		*mode = st.st_mode & 0777;
		if (ns_of(st.st_ctim) > changed)
			return CS_OK;
		(void)nanosleep(&wait, NULL);
	}
	return cs_fail(e, CS_EIO, "map", "%s: the files it is made from "
	    "changed in the future, by this clock", path);
}
