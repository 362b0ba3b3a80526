/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_SQLITEFILE_H
#define CS_STORE_SQLITEFILE_H

#include "base/buf.h"

/* The file of a SQLite store. It is looked at by descriptors that do not open
 * it: closing one that did would drop every lock that this process has on it.
 * Trusted as base/file.h has it, and root trusts the file's owner. */

/* The path with its directory resolved; gives, for free(). */
CS_USE int cs_sqlite_path(const char *where, char **out, cs_err *e);
/* Makes an empty file of mode 0600, for its owner is the reader; CS_EREFUSED
 * where something is. */
CS_USE int cs_sqlite_make(const char *path, cs_err *e);
/* The same, with a name beside that of `path`; gives it, for free(). */
CS_USE int cs_sqlite_make_beside(const char *path, char **out, cs_err *e);
/* Gives it its name, durably; CS_EREFUSED where something is. */
CS_USE int cs_sqlite_appear(const char *beside, const char *path, cs_err *e);
CS_USE int cs_sqlite_check(const char *path, cs_err *e);
/* Appends inode and birth; nothing where the file system does not tell. */
CS_USE int cs_sqlite_place(const char *path, cs_buf *out, cs_err *e);
/* The inode of PATH-wal, 0: not there. */
uint64_t cs_sqlite_wal(const char *path);
/* On a file system that cannot be written to, and no log beside it. */
bool cs_sqlite_is_frozen(const char *path);
/* PATH, PATH-wal and PATH-shm. */
void cs_sqlite_remove(const char *path);

#endif
