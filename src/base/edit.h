/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_EDIT_H
#define CS_BASE_EDIT_H

#include <sys/types.h>

#include "base/buf.h"

/* One change of a trusted file: nobody sees it half done, and of two changes
 * at once neither is lost. */

typedef struct cs_edit cs_edit;

/* Locks the directory that the file is in against other edits, and reads the
 * file under the rules of cs_file_read_trusted(). Goes on without the lock when
 * that takes more than `wait_ms`: of two edits the later cs_edit_put() then
 * fails. One that is not there is empty when `create`. A symbolic link is
 * followed and stays: what it stands for is changed. CS_EIO too for a file of
 * several names, which would part. Gives. */
CS_USE int cs_edit_open(const char *path, uid_t reader, size_t cap, bool create,
    int64_t wait_ms, cs_edit **out, cs_err *e);
cs_span cs_edit_text(const cs_edit *ed); /* lends: what is in it */
bool cs_edit_is_new(const cs_edit *ed);
/* Replaces the file, or makes it with mode 0644: a new one is written beside it
 * with its mode and owner, synced, and renamed. On CS_EIO the file is as it was,
 * unless the text says that only the directory was not synced. Fails as well
 * when somebody changed it in another way since it was read. */
CS_USE int cs_edit_put(cs_edit *ed, cs_span data, cs_err *e);
void cs_edit_close(cs_edit **ed); /* and unlocks */

#endif
