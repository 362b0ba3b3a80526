/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_FILE_H
#define CS_BASE_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"

/* Reads a whole file, or standard input for "-", of at most `cap` bytes: a
 * longer one is CS_EFORMAT "too large", other failures CS_EIO with errno's
 * words. Gives *out. */
CS_USE int cs_file_read(const char *path, size_t cap, cs_buf **out, cs_err *e);
/* The same into a secret buf. */
CS_USE int cs_file_read_secret(const char *path, size_t cap, cs_buf **out,
    cs_err *e);
CS_USE int cs_fd_read_all(int fd, size_t cap, bool secret, cs_buf **out,
    cs_err *e);

/* Writes a whole file with `mode` as it is (no umask), or standard output for
 * "-". It appears at once and complete (temporary file, then link or rename);
 * one that is there is CS_EIO "exists, -f replaces it" unless `force`. */
CS_USE int cs_file_write(const char *path, cs_span data, mode_t mode,
    bool force, cs_err *e);
/* True when `path` names an existing file (never for "-"). */
bool cs_file_exists(const char *path);

/* Reads a file whose content is trusted: it and its directory must be owned by
 * root or `reader`, not writable for group or others; checked on the opened
 * file. Otherwise CS_EIO that says which and why. */
CS_USE int cs_file_read_trusted(const char *path, uid_t reader, size_t cap,
    cs_buf **out, cs_err *e);
/* Opens it alone, under the same rules: gives *fd. */
CS_USE int cs_file_open_trusted(const char *path, uid_t reader, int *fd,
    cs_err *e);
/* Calls `each` for every regular file `*.`suffix of a trusted directory (NULL:
 * whatever its name) in byte order of the names, hidden ones left out; stops at
 * the first that does not return CS_OK and returns that. */
CS_USE int cs_dir_each_trusted(const char *dir, uid_t reader,
    const char *suffix, int (*each)(void *arg, const char *path, cs_err *e),
    void *arg, cs_err *e);
bool cs_is_dir(const char *path);

/* For others who open files under these rules: a directory, and what they
 * opened in one (*st is filled). */
CS_USE int cs_dir_open_trusted(const char *dir, uid_t reader, int *fd,
    cs_err *e);
CS_USE int cs_fd_check_trusted(int fd, const char *path, uid_t reader,
    struct stat *st, cs_err *e);
/* All of it, whatever interrupts; -1 and errno. */
CS_USE int cs_fd_write(int fd, cs_span data);
/* The path up to and with its last slash, "./" when it has none; gives, for
 * free(), NULL when out of memory. */
char *cs_path_directory(const char *path);

#endif
