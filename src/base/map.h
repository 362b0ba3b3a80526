/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_MAP_H
#define CS_BASE_MAP_H

#include <sys/types.h>

#include "base/buf.h"

/* Files that are used without being read whole. */

/* One state of a file. The kernel alone sets `changed`, to the clock, with
 * every write and every change of owner, mode or modification time: a file
 * with an equal stamp has the same bytes, unless it changed twice within one
 * tick of the clock; see cs_clock_pass. */
typedef struct cs_stamp {
	uint64_t inode, size;
	int64_t modified, changed; /* ns since 1970 */
	mode_t mode;               /* permissions */
} cs_stamp;

/* The stamp of a file that cs_file_read_trusted() would read; fails like it. */
CS_USE int cs_file_stamp_trusted(const char *path, uid_t reader,
    cs_stamp *out, cs_err *e);

/* Maps a file for reading, under the same rules. Gives *out and its stamp; an
 * empty file is an empty span. Who maps trusts the file's owner in one thing
 * more: to cut a mapped file short ends its readers (SIGBUS), so that it is
 * replaced by renaming. */
CS_USE int cs_map_trusted(const char *path, uid_t reader, cs_span *out,
    cs_stamp *stamp, cs_err *e);
void cs_map_free(cs_span *map); /* takes; an absent span is fine */

/* Waits until the clock of the file system that `path` is to be made on stands
 * behind `changed`: from then on every write changes a stamp that is not newer
 * than `changed`. Fails with CS_EIO when that takes longer than a moment. Tells
 * the mode that a new file of mode 0644 gets there, for the umask's sake. */
CS_USE int cs_clock_pass(const char *path, int64_t changed, mode_t *mode,
    cs_err *e);

#endif
