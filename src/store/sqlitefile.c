/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/sqlitefile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/reason.h"

static const char where[] = "store/sqlite";

static int
down(cs_err *e, const char *what, const char *path)
{
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "%s %s: %s", what, path, strerror(errno));
}

static int
taken(cs_err *e, const char *path)
{
	return cs_fail(e, CS_EREFUSED, where, "%s: is there already", path);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int
cs_sqlite_path(const char *name, char **out, cs_err *e)
{
	const char *slash = strrchr(name, '/');
	char *dir = NULL, *real = NULL;
	int rc = CS_OK;

	*out = NULL;
	if (name[0] == '\0')
		return cs_fail(e, CS_EUSAGE, where,
		    "expected the path of a store, found nothing");
	if ((dir = cs_path_directory(name)) == NULL)
		return cs_nomem(e, where);
	if ((real = realpath(dir, NULL)) == NULL)
		rc = down(e, "open", dir);
	else if (asprintf(out, "%s/%s", strcmp(real, "/") == 0 ? "" : real,
	    slash == NULL ? name : slash + 1) < 0) {
		*out = NULL;
		rc = cs_nomem(e, where);
	}
	free(real);
	free(dir);
	return rc;
}

static int
check_directory(const char *path, uid_t reader, int *fd, cs_err *e)
{
	char *dir = cs_path_directory(path);
	int rc;

	*fd = -1;
	if (dir == NULL)
		return cs_nomem(e, where);
	rc = cs_dir_open_trusted(dir, reader, fd, e);
	free(dir);
	return rc;
}

/* The directory is synced too: a store that a power cut takes away with all
 * that it remembers would be made again. */
int
cs_sqlite_make(const char *path, cs_err *e)
{
	int dfd = -1, fd = -1, rc;

	if ((rc = check_directory(path, geteuid(), &dfd, e)) != CS_OK)
		return rc;
	fd = openat(dfd, strrchr(path, '/') + 1,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		rc = taken(e, path);
	else if (fd < 0)
		rc = down(e, "create", path);
	else if (fchmod(fd, 0600) != 0 || fsync(dfd) != 0) {
		rc = down(e, "create", path);
		(void)unlink(path);
	}
	close_fd(&fd);
	close_fd(&dfd);
	return rc;
}

int
cs_sqlite_make_beside(const char *path, char **out, cs_err *e)
{
	int rc;

	*out = NULL;
	if (cs_file_exists(path))
		return taken(e, path);
	if (asprintf(out, "%s.cs-%ld-%08" PRIx64, path, (long)getpid(),
	    (uint64_t)cs_time_mono_ms() & 0xffffffff) < 0) {
		*out = NULL;
		return cs_nomem(e, where);
	}
	if ((rc = cs_sqlite_make(*out, e)) != CS_OK) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

int
cs_sqlite_appear(const char *beside, const char *path, cs_err *e)
{
	int dfd, rc = CS_OK;

	if (renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_NOREPLACE) !=
	    0)
		return errno == EEXIST ? taken(e, path) :
		    down(e, "create", path);
	if ((rc = check_directory(path, geteuid(), &dfd, e)) != CS_OK)
		return rc;
	if (fsync(dfd) != 0)
		rc = down(e, "create", path);
	close_fd(&dfd);
	return rc;
}

int
cs_sqlite_check(const char *path, cs_err *e)
{
	uid_t reader = geteuid();
	struct stat st = {0};
	int dfd = -1, fd, rc;

	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE,
		    where, "%s: no store is there", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		rc = down(e, "open", path);
	else {
		if (reader == 0)
			reader = st.st_uid;
		rc = cs_fd_check_trusted(fd, path, reader, &st, e);
	}
	if (rc == CS_OK)
		rc = check_directory(path, reader, &dfd, e);
	close_fd(&dfd);
	close_fd(&fd);
	return rc;
}

int
cs_sqlite_place(const char *path, cs_buf *out, cs_err *e)
{
	struct statx sx;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
	    STATX_INO | STATX_BTIME, &sx) != 0)
		return down(e, "stat", path);
	if ((sx.stx_mask & STATX_INO) == 0 || (sx.stx_mask & STATX_BTIME) == 0)
		return CS_OK;
	if (cs_buf_printf(out, "inode %" PRIu64 " born %lld.%09u",
	    (uint64_t)sx.stx_ino, (long long)sx.stx_btime.tv_sec,
	    (unsigned)sx.stx_btime.tv_nsec) != CS_OK)
		return cs_nomem(e, where);
	return CS_OK;
}

uint64_t
cs_sqlite_wal(const char *path)
{
	char *wal = NULL;
	struct stat st;
	bool there;

	if (asprintf(&wal, "%s-wal", path) < 0)
		return 0;
	there = lstat(wal, &st) == 0;
	free(wal);
	return there ? (uint64_t)st.st_ino : 0;
}

bool
cs_sqlite_is_frozen(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v) == 0 && (v.f_flag & ST_RDONLY) != 0 &&
	    cs_sqlite_wal(path) == 0;
}

void
cs_sqlite_remove(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char *name = NULL;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (asprintf(&name, "%s%s", path, ends[i]) < 0)
			return;
		(void)unlink(name);
		free(name);
	}
}
