/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/tpmfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/pem.h"

#define KEPT_MODE 0600
/* Text around the block is fine, as in every PEM file. */
#define FILE_CAP (3 * CS_TPM_EVIDENCE_MAX)

static const char where[] = "tpm";

int
cs_tpmfile_read(const char *path, const char *label, cs_buf **der, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	*der = NULL;
	if ((r = cs_file_read(path, FILE_CAP, &b, e)) != CS_OK)
		return r;
	if ((r = cs_pem_one(cs_buf_span(b), label, false, der, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

/* The name is still that of the opened file, which was not removed while this
 * process waited for nothing. */
static int
check_place(const cs_tpmkept *k, const struct stat *st, cs_err *e)
{
	struct stat now;

	if (lstat(k->path, &now) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", k->path,
		    strerror(errno));
	if (S_ISLNK(now.st_mode))
		return cs_fail(e, CS_EIO, where, "%s: expected a file, found "
		    "a symbolic link, which would stay when it is removed",
		    k->path);
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
		return cs_fail(e, CS_EIO, where, "%s: another file has taken "
		    "its place", k->path);
	return CS_OK;
}

static int
claim(const cs_tpmkept *k, cs_err *e)
{
	struct stat st;

	if (flock(k->fd, LOCK_EX | LOCK_NB) != 0)
		return cs_fail(e, CS_EIO, where, errno == EWOULDBLOCK ?
		    "%s: another countersign uses it just now" :
		    "%s: cannot be locked", k->path);
	if (fstat(k->fd, &st) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", k->path,
		    strerror(errno));
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return cs_fail(e, CS_EIO, where, "%s: mode %04o lets others "
		    "read it: expected 0600", k->path,
		    (unsigned int)st.st_mode & 07777);
	return check_place(k, &st, e);
}

int
cs_tpmkept_open(const char *path, cs_tpmkept *out, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	*out = (cs_tpmkept){.path = path, .fd = -1};
	if ((r = cs_file_open_trusted(path, geteuid(), &out->fd, e)) !=
	    CS_OK || (r = claim(out, e)) != CS_OK)
		return r;
	if ((r = cs_fd_read_all(out->fd, FILE_CAP, true, &b, e)) != CS_OK ||
	    (r = cs_pem_one(cs_buf_span(b), CS_PEM_TPM_SECRET, true,
	    &out->der, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

int
cs_tpmkept_end(const cs_tpmkept *k, cs_err *e)
{
	if (unlink(k->path) != 0)
		return cs_fail(e, CS_EIO, where, "%s was used and has to go: "
		    "%s", k->path, strerror(errno));
	return CS_OK;
}

void
cs_tpmkept_close(cs_tpmkept *k)
{
	if (k->path != NULL && k->fd >= 0)
		(void)close(k->fd);
	cs_buf_free(&k->der);
	*k = (cs_tpmkept){.fd = -1};
}

/* Where cs_tpmkept_open() would read it. */
static int
check_folder(const char *path, cs_err *e)
{
	char *folder = cs_path_directory(path);
	int fd = -1, r;

	if (folder == NULL)
		return cs_nomem(e, where);
	if ((r = cs_dir_open_trusted(folder, geteuid(), &fd, e)) == CS_OK)
		(void)close(fd);
	free(folder);
	return r;
}

int
cs_tpmkept_write(const char *path, cs_span der, bool force, cs_err *e)
{
	cs_buf *pem = NULL;
	int r;

	if ((r = check_folder(path, e)) != CS_OK)
		return r;
	if ((pem = cs_secret_new(cs_pem_max(der.n))) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_pem_put(pem, CS_PEM_TPM_SECRET, der, e)) == CS_OK)
		r = cs_file_write(path, cs_buf_span(pem), KEPT_MODE, force,
		    e);
	cs_buf_free(&pem);
	return r;
}
