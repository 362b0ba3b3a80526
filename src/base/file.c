/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail_errno(cs_err *e, const char *what, const char *path)
{
	return cs_fail(e, CS_EIO, "file", "%s %s: %s", what, path,
	    strerror(errno));
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Up to the end of the file or until the buf is full. */
static int
fill(int fd, cs_buf *b, cs_err *e)
{
	ssize_t n;

	while (cs_buf_room(b) != 0) {
		n = read(fd, cs_buf_tail(b), cs_buf_room(b));
		if (n == 0)
			return CS_OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cs_fail(e, CS_EIO, "file", "read: %s",
			    strerror(errno));
		if (cs_buf_grew(b, (size_t)n) != CS_OK)
			return cs_nomem(e, "file");
	}
	return CS_OK;
}

/* A file's own size when that is less than `cap`: a buf is wiped whole. */
static size_t
room_for(int fd, size_t cap)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
	    (uintmax_t)st.st_size > cap)
		return cap;
	return (size_t)st.st_size;
}

int
cs_fd_read_all(int fd, size_t cap, bool secret, cs_buf **out, cs_err *e)
{
	cs_buf *b = NULL;
	size_t room;
	int r;

	*out = NULL;
	if (cap == SIZE_MAX)
		return cs_nomem(e, "file");
	/* One byte more than may be there shows that there is more. */
	room = room_for(fd, cap);
	b = secret ? cs_secret_new(room + 1) : cs_buf_new(room + 1);
	if (b == NULL)
		return cs_nomem(e, "file");
	if ((r = fill(fd, b, e)) != CS_OK)
		goto out;
	if (cs_buf_len(b) > room) {
		r = cs_fail(e, CS_EFORMAT, "file", room < cap ?
		    "grew while it was read, more than %zu bytes" :
		    "too large, more than %zu bytes", room);
		goto out;
	}
	*out = b;
	b = NULL; /* transferred */
out:
	cs_buf_free(&b);
	return r;
}

/* A FIFO or a terminal in a file's place would make its reader wait. */
static int
check_regular(int fd, const char *path, struct stat *st, cs_err *e)
{
	if (fstat(fd, st) != 0)
		return fail_errno(e, "stat", path);
	if (S_ISREG(st->st_mode))
		return CS_OK;
	return cs_fail(e, CS_EIO, "file", "%s: not a regular file", path);
}

static int
read_path(const char *path, size_t cap, bool secret, cs_buf **out, cs_err *e)
{
	struct stat st;
	int fd = -1, r;

	*out = NULL;
	if (strcmp(path, "-") == 0) {
		r = cs_fd_read_all(STDIN_FILENO, cap, secret, out, e);
		return r == CS_OK ? r : cs_wrap(e, "standard input");
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(e, "open", path);
	r = check_regular(fd, path, &st, e);
	if (r == CS_OK) {
		r = cs_fd_read_all(fd, cap, secret, out, e);
		if (r != CS_OK)
			(void)cs_wrap(e, "%s", path);
	}
	close_fd(&fd);
	return r;
}

int
cs_file_read(const char *path, size_t cap, cs_buf **out, cs_err *e)
{
	return read_path(path, cap, false, out, e);
}

int
cs_file_read_secret(const char *path, size_t cap, cs_buf **out, cs_err *e)
{
	return read_path(path, cap, true, out, e);
}

int
cs_fd_write(int fd, cs_span data)
{
	size_t at = 0;
	ssize_t n;

	while (at < data.n) {
		n = write(fd, data.p + at, data.n - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

char *
cs_path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup("./");
	return strndup(path, (size_t)(slash - path) + 1);
}

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* A rename would turn a device or somebody's symbolic link into a file. */
static int
check_target(const char *path, bool force, cs_err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return CS_OK;
	if (!S_ISREG(st.st_mode))
		return cs_fail(e, CS_EIO, "file",
		    "%s: exists and is not a regular file", path);
	if (!force)
		return cs_fail(e, CS_EIO, "file",
		    "%s: exists, -f replaces it", path);
	return CS_OK;
}

/* Gives the temporary file its name. File systems without hard links (a
 * stick's) know an exclusive rename. */
static int
appear(const char *tmp, const char *path, bool force)
{
	if (force)
		return rename(tmp, path);
	if (link(tmp, path) == 0) {
		(void)unlink(tmp);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	return renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE);
}

/* After a power cut the name is there as well; some file systems cannot. */
static void
sync_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
	close_fd(&fd);
}

static int
write_temporary(char *tmp, cs_span data, mode_t mode)
{
	int fd, saved;
	bool good;

	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return -1;
	good = fchmod(fd, mode) == 0 && cs_fd_write(fd, data) == 0 &&
	    fsync(fd) == 0;
	saved = errno;
	if (close(fd) != 0 && good) {
		good = false;
		saved = errno;
	}
	if (good)
		return 0;
	(void)unlink(tmp);
	errno = saved;
	return -1;
}

static int
write_path(const char *path, cs_span data, mode_t mode, bool force,
    cs_err *e)
{
	char *dir = NULL, *tmp = NULL;
	int r, saved;

	if ((r = check_target(path, force, e)) != CS_OK)
		return r;
	if ((dir = cs_path_directory(path)) == NULL ||
	    asprintf(&tmp, "%s.cs-XXXXXX", dir) < 0) {
		tmp = NULL;
		r = cs_nomem(e, "file");
		goto out;
	}
	if (write_temporary(tmp, data, mode) != 0) {
		r = fail_errno(e, "write", path);
		goto out;
	}
	if (appear(tmp, path, force) == 0) {
		sync_directory(dir);
		goto out;
	}
	saved = errno;
	(void)unlink(tmp);
	errno = saved;
	if (errno == EEXIST)
		r = cs_fail(e, CS_EIO, "file",
		    "%s: exists, -f replaces it", path);
	else
		r = fail_errno(e, "write", path);
out:
	free(tmp);
	free(dir);
	return r;
}

int
cs_file_write(const char *path, cs_span data, mode_t mode, bool force,
    cs_err *e)
{
	if (strcmp(path, "-") != 0)
		return write_path(path, data, mode, force, e);
	if (cs_fd_write(STDOUT_FILENO, data) != 0)
		return fail_errno(e, "write", "standard output");
	return CS_OK;
}

bool
cs_file_exists(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && lstat(path, &st) == 0;
}

bool
cs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
check_trusted(const struct stat *st, const char *path, uid_t reader,
    cs_err *e)
{
	if (st->st_uid != 0 && st->st_uid != reader)
		return cs_fail(e, CS_EIO, "file", "%s: expected owner root "
		    "or uid %lu, found uid %lu", path, (unsigned long)reader,
		    (unsigned long)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return cs_fail(e, CS_EIO, "file", "%s: mode %04o lets group "
		    "or others write to it", path,
		    (unsigned int)st->st_mode & 07777);
	return CS_OK;
}

int
cs_dir_open_trusted(const char *dir, uid_t reader, int *out, cs_err *e)
{
	struct stat st;
	int fd = -1, r;

	*out = -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(e, "open", dir);
	if (fstat(fd, &st) != 0)
		r = fail_errno(e, "stat", dir);
	else
		r = check_trusted(&st, dir, reader, e);
	if (r != CS_OK) {
		close_fd(&fd);
		return r;
	}
	*out = fd;
	return CS_OK;
}

/* Opens `path` inside its checked directory. A symbolic link is not followed:
 * *is_link tells, and the caller comes back with what it stands for. */
static int
open_trusted(const char *path, uid_t reader, int *out, bool *is_link,
    cs_err *e)
{
	char *dir = NULL;
	int dfd = -1, r;

	*out = -1;
	*is_link = false;
	if ((dir = cs_path_directory(path)) == NULL)
		return cs_nomem(e, "file");
	if ((r = cs_dir_open_trusted(dir, reader, &dfd, e)) != CS_OK)
		goto out;
	*out = openat(dfd, name_of(path), O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK | O_NOFOLLOW);
	if (*out < 0) {
		*is_link = errno == ELOOP;
		r = fail_errno(e, "open", path);
	}
out:
	close_fd(&dfd);
	free(dir);
	return r;
}

/* The directory of a link and that of its target must both be trusted: who
 * writes to one of them chooses the content. */
static int
open_trusted_followed(const char *path, uid_t reader, int *out, cs_err *e)
{
	char *real = NULL;
	bool is_link;
	int r;

	r = open_trusted(path, reader, out, &is_link, e);
	if (r == CS_OK || !is_link)
		return r;
	if ((real = realpath(path, NULL)) == NULL)
		return fail_errno(e, "open", path);
	r = open_trusted(real, reader, out, &is_link, e);
	free(real);
	return r;
}

int
cs_fd_check_trusted(int fd, const char *path, uid_t reader, struct stat *st,
    cs_err *e)
{
	int r;

	if ((r = check_regular(fd, path, st, e)) != CS_OK)
		return r;
	return check_trusted(st, path, reader, e);
}

int
cs_file_open_trusted(const char *path, uid_t reader, int *out, cs_err *e)
{
	struct stat st;
	int fd = -1, r;

	*out = -1;
	if ((r = open_trusted_followed(path, reader, &fd, e)) != CS_OK)
		return r;
	if ((r = cs_fd_check_trusted(fd, path, reader, &st, e)) == CS_OK) {
		*out = fd;
		fd = -1; /* transferred */
	}
	close_fd(&fd);
	return r;
}

int
cs_file_read_trusted(const char *path, uid_t reader, size_t cap, cs_buf **out,
    cs_err *e)
{
	int fd = -1, r;

	*out = NULL;
	if ((r = cs_file_open_trusted(path, reader, &fd, e)) != CS_OK)
		return r;
	if ((r = cs_fd_read_all(fd, cap, false, out, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	close_fd(&fd);
	return r;
}

struct names {
	char **v;
	size_t n;
};

static void
names_free(struct names *l)
{
	while (l->n != 0)
		free(l->v[--l->n]);
	free(l->v);
	l->v = NULL;
}

static int
names_add(struct names *l, const char *dir, const char *name, cs_err *e)
{
	char **v, *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return cs_nomem(e, "file");
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL) {
		free(path);
		return cs_nomem(e, "file");
	}
	l->v = v;
	l->v[l->n++] = path;
	return CS_OK;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As a shell reads `*.suffix`, or `*` without one: no hidden names. */
static bool
has_suffix(const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');

	if (name[0] == '.' || suffix == NULL)
		return name[0] != '.';
	return dot != NULL && strcmp(dot + 1, suffix) == 0;
}

static int
list(DIR *d, const char *dir, const char *suffix, struct names *l, cs_err *e)
{
	struct dirent *entry;
	struct stat st;
	int r;

	for (errno = 0; (entry = readdir(d)) != NULL; errno = 0) {
		if (!has_suffix(entry->d_name, suffix))
			continue;
		/* A name that leads nowhere may have held a revocation. */
		if (fstatat(dirfd(d), entry->d_name, &st, 0) != 0)
			return cs_fail(e, CS_EIO, "file", "stat %s/%s: %s",
			    dir, entry->d_name, strerror(errno));
		if (S_ISREG(st.st_mode) &&
		    (r = names_add(l, dir, entry->d_name, e)) != CS_OK)
			return r;
	}
	return errno == 0 ? CS_OK : fail_errno(e, "read", dir);
}

int
cs_dir_each_trusted(const char *dir, uid_t reader, const char *suffix,
    int (*each)(void *arg, const char *path, cs_err *e), void *arg, cs_err *e)
{
	struct names l = {0};
	DIR *d = NULL;
	int fd = -1, r;
	size_t i;

	if ((r = cs_dir_open_trusted(dir, reader, &fd, e)) != CS_OK)
		return r;
	if ((d = fdopendir(fd)) == NULL) {
		r = fail_errno(e, "open", dir);
		goto out;
	}
	fd = -1; /* transferred */
	if ((r = list(d, dir, suffix, &l, e)) != CS_OK)
		goto out;
	if (l.n != 0)
		qsort(l.v, l.n, sizeof(*l.v), by_bytes);
	for (i = 0; i < l.n && r == CS_OK; i++)
		r = each(arg, l.v[i], e);
out:
	names_free(&l);
	if (d != NULL)
		(void)closedir(d);
	close_fd(&fd);
	return r;
}
