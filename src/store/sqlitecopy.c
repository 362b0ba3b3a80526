/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include "store/sqlitefile.h"
#include "store/sqlitep.h"

#define PAGES 256 /* between two looks at the clock */

static const char where[] = "store/sqlite";

/* All steps within one read transaction of the source: a copy is of one moment,
 * and does not begin anew whenever somebody writes. */
static int
copy_pages(cs_db *from, cs_db *to, cs_err *e)
{
	sqlite3_backup *b;
	int code;

	b = sqlite3_backup_init(to->h, "main", from->h, "main");
	if (b == NULL)
		return cs_sqlite_down(to, e, "backup", sqlite3_extended_errcode(to->h));
	do {
		code = sqlite3_backup_step(b, PAGES);
		if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
			(void)sqlite3_sleep(1);
		if (cs_sqlite_is_late(from))
			break;
	} while (code == SQLITE_OK || code == SQLITE_BUSY ||
	    code == SQLITE_LOCKED);
	(void)sqlite3_backup_finish(b);
	if (code == SQLITE_DONE)
		return CS_OK;
	return cs_sqlite_down(to, e, "backup", code == SQLITE_OK ? SQLITE_INTERRUPT :
	    code);
}

static int
hold_moment(cs_db *db, cs_err *e)
{
	int64_t version;
	int rc;

	if ((rc = cs_sqlite_begin_read(db, e)) != CS_OK)
		return rc;
	return cs_sqlite_pragma(db, "PRAGMA schema_version", NULL, &version, e);
}

/* One file, without a log beside it. */
static int
finish_copy(cs_db *to, const char *script, cs_err *e)
{
	int64_t is_delete;
	int rc;

	if ((rc = cs_sqlite_pragma(to, "PRAGMA journal_mode = DELETE", "delete",
	    &is_delete, e)) != CS_OK)
		return rc;
	if (is_delete != 1)
		return cs_sqlite_broken(to, e, "its write-ahead log cannot be left");
	return cs_sqlite_exec(to, script, "mark", e);
}

static int
copy(cs_db *from, cs_db *to, const char *script, cs_err *e)
{
	int rc;

	if ((rc = cs_sqlite_connect(to, e)) != CS_OK ||
	    (rc = cs_sqlite_harden(to, e)) != CS_OK)
		return rc;
	if ((rc = hold_moment(from, e)) == CS_OK)
		rc = copy_pages(from, to, e);
	cs_sqlite_rollback(from);
	return rc == CS_OK ? finish_copy(to, script, e) : rc;
}

int
cs_sqlite_backup(cs_db *db, const char *path, const char *script, cs_err *e)
{
	char *final = NULL;
	cs_db *to;
	int rc;

	if ((to = calloc(1, sizeof(*to))) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_sqlite_path(path, &final, e)) != CS_OK ||
	    (rc = cs_sqlite_make_beside(final, &to->path, e)) != CS_OK)
		goto out;
	to->fresh = true;
	to->writes = true;
	if ((rc = copy(db, to, script, e)) != CS_OK)
		goto out;
	if (sqlite3_close(to->h) != SQLITE_OK)
		rc = cs_sqlite_broken(db, e, "the copy cannot be closed");
	to->h = NULL;
	if (rc == CS_OK)
		rc = cs_sqlite_appear(to->path, final, e);
out:
	cs_sqlite_close(to);
	free(final);
	return rc;
}
