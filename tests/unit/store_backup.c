/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "store/audit.h"
#include "storebed.h"
#include "tap.h"

/* Copies: made while others write, restored with a floor; and those that
 * somebody made without asking, which get one by themselves. */

#define LATER (STOREBED_NOW + 1000)
#define WHOLE "SELECT integrity_check = 'ok' FROM pragma_integrity_check"

static struct storebed bed, other, away;

static bool
is(int rc, const cs_err *e, int cls, const char *words)
{
	if (rc == cls && strstr(e->text, words) != NULL)
		return true;
	printf("# %d: %s\n", rc, e->text);
	return false;
}

/* A record of the log, whatever it says. */
static int
put_row(cs_txn *t, void *arg, cs_err *e)
{
	cs_audit_record r = {.event = CS_AUDIT_FLOOR, .time = STOREBED_NOW,
	    .not_before = STOREBED_NOW, .reason = cs_span_str("a row")};

	return cs_audit_append(t, &r, arg, e);
}

static atomic_bool stop;
static atomic_int written;

static void *
writer(void *arg)
{
	int64_t n = 1000000;
	cs_err e = {0};

	for (; !stop; n++)
		if (cs_store_write(arg, put_row, &n, false,
		    storebed_ms(20000), &e) == CS_OK)
			written++;
	return NULL;
}

static int
restore_at(const struct storebed *b, const char *authority, int64_t now,
    cs_err *e)
{
	const cs_store_env env = {.module_dir = ".libs",
	    .authority = cs_span_str(authority), .now = now};

	return cs_store_restore(b->uri, &env, e);
}

static int64_t
floor_of(struct storebed *b, bool *is_backup)
{
	cs_store_info info;
	cs_err e = {0};

	if (cs_store_look(b->s, STOREBED_NOW, storebed_ms(5000), &info, &e) !=
	    CS_OK) {
		printf("# %s\n", e.text);
		return -1;
	}
	if (is_backup != NULL)
		*is_backup = info.is_backup;
	return info.floor;
}

static void
test_live(cs_err *e)
{
	struct stat st;
	pthread_t id;
	int64_t n;
	int rc;

	for (n = 1; n <= 300; n++)
		if (cs_store_write(bed.s, put_row, &n, false,
		    storebed_ms(5000), e) != CS_OK)
			break;
	ok(n == 301, "rows");
	if (pthread_create(&id, NULL, writer, bed.s) != 0)
		return;
	while (written < 10)
		(void)usleep(1000);
	rc = cs_store_backup(bed.s, other.path, LATER, storebed_ms(20000), e);
	stop = true;
	(void)pthread_join(id, NULL);
	ok(is(rc, e, CS_OK, ""), "a copy while others write");
	ok(stat(other.path, &st) == 0 && (st.st_mode & 07777) == 0600,
	    "for its owner alone");
	ok(storebed_is(other.path, "SELECT count(*) >= 300 AND"
	    " count(*) = max(sequence) FROM audit") &&
	    storebed_is(other.path, WHOLE) && storebed_is(other.path,
	    "SELECT journal_mode = 'delete' FROM pragma_journal_mode"),
	    "whole, of one moment, in one file");
	ok(is(cs_store_backup(bed.s, other.path, LATER, storebed_ms(5000), e), e,
	    CS_EREFUSED, "is there already"), "none over another");
	ok(is(cs_store_backup(bed.s, bed.path, LATER, storebed_ms(5000), e), e,
	    CS_EREFUSED, "is there already"), "nor over the store");
	ok(is(cs_store_backup(bed.s, "no/such/copy.db", LATER,
	    storebed_ms(5000), e), e, CS_EIO, "no/such"), "nor nowhere");
}

static void
test_copy(cs_err *e)
{
	bool is_backup = false;

	ok(is(storebed_open_at(&other, LATER, CS_DB_WRITE, e), e, CS_EREFUSED,
	    "countersign store restore"), "a backup is no store");
	ok(storebed_open_at(&other, LATER, CS_DB_READ, e) == CS_OK &&
	    floor_of(&other, &is_backup) == 0 && is_backup,
	    "but can be looked at");
	cs_store_close(&other.s);
	ok(is(restore_at(&other, "https://other.example", LATER, e), e,
	    CS_EREFUSED, "the store is that of"), "restored by another");
	ok(restore_at(&other, STOREBED_AUTHORITY, LATER, e) == CS_OK,
	    "restored");
	ok(storebed_open_at(&other, LATER + 50, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&other, &is_backup) == LATER && !is_backup,
	    "with a floor at that time");
	cs_store_close(&other.s);
}

static bool
copy_file(const char *from, const char *to)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	bool good = cs_file_read(from, 1 << 26, &b, &e) == CS_OK &&
	    cs_file_write(to, cs_buf_span(b), 0600, true, &e) == CS_OK;

	cs_buf_free(&b);
	return good;
}

static void
test_clock_behind(cs_err *e)
{
	struct storebed b;
	char sql[128];

	storebed_beside(&bed, "behind.db", &b);
	ok(cs_store_backup(bed.s, b.path, LATER, storebed_ms(20000), e) ==
	    CS_OK && restore_at(&b, STOREBED_AUTHORITY, LATER - 500, e) ==
	    CS_OK && storebed_open_at(&b, LATER, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&b, NULL) == LATER,
	    "a clock behind the copy: no floor before it");
	cs_store_close(&b.s);
	ok(restore_at(&b, STOREBED_AUTHORITY, LATER - 500, e) == CS_OK &&
	    storebed_open_at(&b, LATER, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&b, NULL) == LATER, "nor one before the last");
	cs_store_close(&b.s);
	(void)snprintf(sql, sizeof(sql), "UPDATE meta SET value_int = %d"
	    " WHERE name = 'clock'", LATER + 70);
	ok(storebed_sql(b.path, sql) && restore_at(&b, STOREBED_AUTHORITY,
	    LATER, e) == CS_OK && storebed_open_at(&b, LATER, CS_DB_WRITE,
	    e) == CS_OK && floor_of(&b, NULL) == LATER + 70,
	    "nor one before what was last claimed in it");
	cs_store_close(&b.s);
	(void)snprintf(sql, sizeof(sql), "UPDATE meta SET value_int = %d"
	    " WHERE name = 'clock'", LATER + 90);
	ok(storebed_sql(b.path, sql) && copy_file(b.path, away.path) &&
	    rename(away.path, b.path) == 0 && storebed_open_at(&b, LATER - 900,
	    CS_DB_WRITE, e) == CS_OK && floor_of(&b, NULL) == LATER + 90,
	    "nor in a copy that is put in its place");
	cs_store_close(&b.s);
}

static void
test_moved(cs_err *e)
{
	cs_store_close(&bed.s);
	ok(storebed_open_at(&bed, LATER, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&bed, NULL) == 0, "no floor where it was");
	cs_store_close(&bed.s);
	ok(rename(bed.path, away.path) == 0 && rename(away.path, bed.path) == 0 &&
	    storebed_open_at(&bed, LATER, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&bed, NULL) == 0, "nor when its name changed");
	cs_store_close(&bed.s);
	ok(copy_file(bed.path, away.path) && storebed_open_at(&bed, LATER, CS_DB_WRITE, e) ==
	    CS_OK && floor_of(&bed, NULL) == 0, "nor when it was copied");
	cs_store_close(&bed.s);
	ok(rename(away.path, bed.path) == 0 && storebed_open_at(&bed, LATER, CS_DB_READ,
	    e) == CS_OK && floor_of(&bed, NULL) == 0,
	    "a copy in its place: a reader changes nothing");
	ok(storebed_open_at(&bed, LATER, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&bed, NULL) == LATER, "its first writer gives it one");
	ok(storebed_open_at(&bed, LATER + 99, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&bed, NULL) == LATER, "and no later one does again");
	cs_store_close(&bed.s);
	ok(copy_file(bed.path, away.path) && rename(away.path, bed.path) == 0 &&
	    storebed_open_at(&bed, LATER - 900, CS_DB_WRITE, e) == CS_OK &&
	    floor_of(&bed, NULL) == LATER,
	    "another copy, by a clock that is behind: no lower one");
}

static int64_t
head_of(struct storebed *b)
{
	cs_store_info info;
	cs_err e = {0};

	return cs_store_look(b->s, LATER, storebed_ms(5000), &info, &e) ==
	    CS_OK ? info.head.sequence : -1;
}

/* What was written since the last checkpoint is in it alone. */
static void
test_log_gone(cs_err *e)
{
	struct storebed wal, beside;
	int64_t n, again;

	storebed_beside(&bed, "store.db-wal", &wal);
	ok(cs_store_write(bed.s, put_row, &n, false, storebed_ms(5000), e) ==
	    CS_OK && floor_of(&bed, NULL) == LATER && unlink(wal.path) == 0,
	    "its log is taken away, under a writer and a reader");
	ok(cs_store_write(bed.s, put_row, &again, false, storebed_ms(5000),
	    e) == CS_OK && again == n + 1, "what it held is there");
	storebed_beside(&bed, "store.db", &beside);
	ok(storebed_open_at(&beside, LATER, CS_DB_READ, e) == CS_OK &&
	    head_of(&beside) == again, "for everybody, at once");
	cs_store_close(&beside.s);
	ok(storebed_open_at(&bed, LATER + 900, CS_DB_WRITE, e) == CS_OK &&
	    cs_store_write(bed.s, put_row, &n, true, storebed_ms(5000), e) ==
	    CS_OK && n == again + 1 && storebed_is(bed.path, WHOLE), "and stays");
}

/* By SQLite's own means, under an open handle: its place stays. */
static void
test_overwritten(cs_err *e)
{
	struct storebed old;
	char sql[80];
	int64_t n = 0, again = 0;

	storebed_beside(&bed, "old.db", &old);
	(void)snprintf(sql, sizeof(sql), ".backup %s", old.path);
	ok(storebed_open_at(&bed, LATER + 2000, CS_DB_WRITE, e) == CS_OK &&
	    storebed_sql(bed.path, sql) && cs_store_write(bed.s, put_row, &n,
	    false, storebed_ms(5000), e) == CS_OK &&
	    floor_of(&bed, NULL) == LATER, "a copy, and a row behind it");
	(void)snprintf(sql, sizeof(sql), ".restore %s", old.path);
	ok(storebed_sql(bed.path, sql) && cs_store_write(bed.s, put_row,
	    &again, false, storebed_ms(5000), e) == CS_OK && again == n + 1 &&
	    floor_of(&bed, NULL) >= LATER + 2000,
	    "written back: the next writer gives it a floor");
}

static void
test_pulled_away(cs_err *e)
{
	int64_t n;

	ok(cs_store_write(bed.s, put_row, &n, false, storebed_ms(5000), e) ==
	    CS_OK, "written");
	ok(rename(bed.path, away.path) == 0 && is(cs_store_write(bed.s, put_row,
	    &n, false, storebed_ms(2000), e), e, CS_EIO,
	    "no store is there"), "a file that is gone: nothing is written");
	ok(floor_of(&bed, NULL) == -1, "and nothing is read");
	ok(rename(away.path, bed.path) == 0 && cs_store_write(bed.s, put_row, &n,
	    false, storebed_ms(2000), e) == CS_OK, "until it is back");
	test_log_gone(e);
	test_overwritten(e);
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(storebed_make(&bed, &e), "a store"))
		return done_testing();
	storebed_beside(&bed, "copy.db", &other);
	storebed_beside(&bed, "away.db", &away);
	test_live(&e);
	test_copy(&e);
	test_clock_behind(&e);
	test_moved(&e);
	test_pulled_away(&e);
	storebed_remove(&bed);
	return done_testing();
}
