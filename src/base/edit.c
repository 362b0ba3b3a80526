/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

#define NEW_MODE 0644
#define WAIT_NS 20000000
#define TEMPORARY_LEN 24 /* ".cs-" and 16 digits: hidden, *.owners of nobody */

struct cs_edit {
	char *path, *name; /* without symbolic links; name lends */
	int dir;           /* its directory, locked */
	bool is_new;
	struct stat st;
	cs_buf *text;
};

static int
fail_errno(cs_err *e, const char *what, const char *path)
{
	return cs_fail(e, CS_EIO, "edit", "%s %s: %s", what, path,
	    strerror(errno));
}

/* The directory of a link must be trusted as well as that of its target. */
static int
check_link(const char *path, uid_t reader, cs_err *e)
{
	char *dir = cs_path_directory(path);
	int fd = -1, r;

	if (dir == NULL)
		return cs_nomem(e, "edit");
	r = cs_dir_open_trusted(dir, reader, &fd, e);
	if (fd >= 0)
		(void)close(fd);
	free(dir);
	return r;
}

/* Where the file really is; a link that leads nowhere makes no file. */
static int
find_path(cs_edit *ed, const char *path, uid_t reader, cs_err *e)
{
	struct stat st;
	int r;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		if ((r = check_link(path, reader, e)) != CS_OK)
			return r;
		ed->path = realpath(path, NULL);
		if (ed->path == NULL)
			return fail_errno(e, "open", path);
	} else if ((ed->path = strdup(path)) == NULL)
		return cs_nomem(e, "edit");
	ed->name = strrchr(ed->path, '/');
	ed->name = ed->name == NULL ? ed->path : ed->name + 1;
	if (ed->name[0] == '\0' || strcmp(ed->name, ".") == 0 ||
	    strcmp(ed->name, "..") == 0)
		return cs_fail(e, CS_EIO, "edit", "%s: not a file's name",
		    path);
	return CS_OK;
}

/* The directory, since the file itself is another after each change. Whoever
 * may read it can hold its lock for ever, so that after a while we go on
 * without: an agent must not keep a revocation out of a file. Then check_same()
 * sees what another edit did. */
static int
lock(int fd, const char *path, int64_t wait_ms, cs_err *e)
{
	const struct timespec wait = {0, WAIT_NS};
	int64_t until = cs_time_mono_ms() + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return fail_errno(e, "lock the directory of", path);
		if (cs_time_mono_ms() >= until)
			return CS_OK;
		(void)nanosleep(&wait, NULL);
	}
	return CS_OK;
}

static int
open_dir(cs_edit *ed, uid_t reader, int64_t wait_ms, cs_err *e)
{
	char *dir = cs_path_directory(ed->path);
	int r;

	if (dir == NULL)
		return cs_nomem(e, "edit");
	if ((r = cs_dir_open_trusted(dir, reader, &ed->dir, e)) == CS_OK)
		r = lock(ed->dir, ed->path, wait_ms, e);
	free(dir);
	return r;
}

static int
read_fd(cs_edit *ed, int fd, uid_t reader, size_t cap, cs_err *e)
{
	int r;

	if ((r = cs_fd_check_trusted(fd, ed->path, reader, &ed->st, e)) !=
	    CS_OK)
		return r;
	if (ed->st.st_nlink > 1)
		return cs_fail(e, CS_EIO, "edit", "%s: a file of %lu names "
		    "(hard links), of which one alone would change", ed->path,
		    (unsigned long)ed->st.st_nlink);
	r = cs_fd_read_all(fd, cap, false, &ed->text, e);
	return r == CS_OK ? r : cs_wrap(e, "%s", ed->path);
}

static int
read_file(cs_edit *ed, uid_t reader, size_t cap, bool create, cs_err *e)
{
	int fd, r;

	fd = openat(ed->dir, ed->name, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0) {
		if (errno != ENOENT || !create)
			return fail_errno(e, "open", ed->path);
		ed->is_new = true;
		ed->text = cs_buf_new(0);
		return ed->text == NULL ? cs_nomem(e, "edit") : CS_OK;
	}
	r = read_fd(ed, fd, reader, cap, e);
	(void)close(fd);
	return r;
}

int
cs_edit_open(const char *path, uid_t reader, size_t cap, bool create,
    int64_t wait_ms, cs_edit **out, cs_err *e)
{
	cs_edit *ed = NULL;
	int r;

	*out = NULL;
	if ((ed = calloc(1, sizeof(*ed))) == NULL)
		return cs_nomem(e, "edit");
	ed->dir = -1;
	if ((r = find_path(ed, path, reader, e)) == CS_OK &&
	    (r = open_dir(ed, reader, wait_ms, e)) == CS_OK &&
	    (r = read_file(ed, reader, cap, create, e)) == CS_OK) {
		*out = ed;
		ed = NULL; /* transferred */
	}
	cs_edit_close(&ed);
	return r;
}

cs_span
cs_edit_text(const cs_edit *ed)
{
	return cs_buf_span(ed->text);
}

bool
cs_edit_is_new(const cs_edit *ed)
{
	return ed->is_new;
}

/* A change of owner takes mode bits away, so the mode comes after it. */
static int
fill(const cs_edit *ed, int fd, cs_span data)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (!ed->is_new && (st.st_uid != ed->st.st_uid ||
	    st.st_gid != ed->st.st_gid) &&
	    fchown(fd, ed->st.st_uid, ed->st.st_gid) != 0)
		return -1;
	if (fchmod(fd, ed->is_new ? NEW_MODE : ed->st.st_mode & 07777) != 0 ||
	    cs_fd_write(fd, data) != 0)
		return -1;
	return fsync(fd);
}

static int
write_temporary(const cs_edit *ed, char tmp[TEMPORARY_LEN], cs_span data)
{
	unsigned long long random = 0;
	int fd, r, saved;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	(void)snprintf(tmp, TEMPORARY_LEN, ".cs-%016llx", random);
	fd = openat(ed->dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	r = fill(ed, fd, data);
	saved = errno;
	if (close(fd) != 0 && r == 0) {
		r = -1;
		saved = errno;
	}
	if (r != 0)
		(void)unlinkat(ed->dir, tmp, 0);
	errno = saved;
	return r;
}

/* An editor takes no lock of ours. */
static int
check_same(const cs_edit *ed, cs_err *e)
{
	struct stat st;
	bool same;

	if (fstatat(ed->dir, ed->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		same = errno == ENOENT && ed->is_new;
	else
		same = !ed->is_new && st.st_dev == ed->st.st_dev &&
		    st.st_ino == ed->st.st_ino &&
		    st.st_size == ed->st.st_size &&
		    st.st_ctim.tv_sec == ed->st.st_ctim.tv_sec &&
		    st.st_ctim.tv_nsec == ed->st.st_ctim.tv_nsec;
	return same ? CS_OK : cs_fail(e, CS_EIO, "edit",
	    "%s: somebody else changed it meanwhile; nothing was written",
	    ed->path);
}

/* A name that is new is not taken from who was faster. */
static int
appear(const cs_edit *ed, const char *tmp)
{
	if (!ed->is_new)
		return renameat(ed->dir, tmp, ed->dir, ed->name);
	if (renameat2(ed->dir, tmp, ed->dir, ed->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(ed->dir, tmp, ed->dir, ed->name, 0) != 0)
		return -1;
	return unlinkat(ed->dir, tmp, 0);
}

/* Some file systems have nothing to sync there. */
static int
sync_dir(const cs_edit *ed, cs_err *e)
{
	if (fsync(ed->dir) == 0 || errno == EINVAL || errno == ENOTSUP)
		return CS_OK;
	return cs_fail(e, CS_EIO, "edit", "%s is changed, but its directory "
	    "was not synced and a power cut may undo it: %s", ed->path,
	    strerror(errno));
}

int
cs_edit_put(cs_edit *ed, cs_span data, cs_err *e)
{
	char tmp[TEMPORARY_LEN] = "";
	int r;

	if (write_temporary(ed, tmp, data) != 0)
		return fail_errno(e, "write", ed->path);
	if ((r = check_same(ed, e)) == CS_OK && appear(ed, tmp) != 0)
		r = fail_errno(e, "write", ed->path);
	if (r != CS_OK) {
		(void)unlinkat(ed->dir, tmp, 0);
		return r;
	}
	return sync_dir(ed, e);
}

void
cs_edit_close(cs_edit **edp)
{
	cs_edit *ed;

	if (edp == NULL || (ed = *edp) == NULL)
		return;
	if (ed->dir >= 0)
		(void)close(ed->dir);
	cs_buf_free(&ed->text);
	free(ed->path);
	free(ed);
	*edp = NULL;
}
