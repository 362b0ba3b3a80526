/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/reason.h"
#include "storebed.h"
#include "store/handle.h"
#include "tap.h"

/* What is opened as a store, what is not, and what a store says of itself. */

static struct storebed bed;

static bool
is(int rc, const cs_err *e, int cls, const char *words)
{
	if (rc == cls && strstr(e->text, words) != NULL &&
	    (cls != CS_EIO || e->detail == CS_R_STORE_UNAVAILABLE ||
	    strcmp(e->where, "file") == 0))
		return true;
	printf("# %d, detail %d: %s\n", rc, e->detail, e->text);
	return false;
}

static int
open_uri(const char *uri, const char *authority, enum cs_db_mode mode,
    cs_err *e)
{
	const cs_store_env env = {
		.module_dir = ".libs",
		.authority = cs_span_str(authority),
		.now = STOREBED_NOW,
		.mode = mode,
	};
	cs_store *s = NULL;
	int rc = cs_store_open(uri, &env, &s, e);

	cs_store_close(&s);
	return rc;
}

static void
test_uris(cs_err *e)
{
	static const struct {
		const char *uri, *words;
		int cls;
	} bad[] = {
		{"", "expected a path", CS_EUSAGE},
		{"sqlite:", "expected the path", CS_EUSAGE},
		{"mysql:x", "found the scheme mysql:", CS_EUSAGE},
		{"file:x", "found the scheme file:", CS_EUSAGE},
		{"postgresql://me:secret@host/db", "password", CS_EUSAGE},
		{"postgresql:host=h password=secret", "password", CS_EUSAGE},
		{"postgresql://host/db?password=secret", "password",
		    CS_EUSAGE},
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(is(open_uri(bad[i].uri, NULL, CS_DB_READ, e), e,
		    bad[i].cls, bad[i].words) &&
		    strstr(e->text, "secret") == NULL, "%s", bad[i].uri);
}

static void
test_create(cs_err *e)
{
	struct stat st;
	cs_store_info info;

	ok(is(open_uri(bed.uri, STOREBED_AUTHORITY, CS_DB_WRITE, e), e, CS_EIO,
	    "no store is there") && access(bed.path, F_OK) != 0,
	    "a writer makes none");
	ok(is(open_uri(bed.uri, STOREBED_AUTHORITY, CS_DB_READ, e), e, CS_EIO,
	    "no store is there") && access(bed.path, F_OK) != 0,
	    "a reader makes none");
	ok(is(open_uri(bed.uri, NULL, CS_DB_CREATE, e), e, CS_EUSAGE,
	    "authority") && access(bed.path, F_OK) != 0,
	    "none without an authority");
	ok(storebed_open(&bed, CS_DB_CREATE, e) == CS_OK, "made");
	ok(stat(bed.path, &st) == 0 && (st.st_mode & 07777) == 0600,
	    "for its owner alone");
	ok(is(open_uri(bed.uri, STOREBED_AUTHORITY, CS_DB_CREATE, e), e,
	    CS_EREFUSED, "is there already"), "and not made again");
	ok(cs_store_look(bed.s, STOREBED_NOW, storebed_ms(5000), &info, e) ==
	    CS_OK && info.schema == CS_STORE_SCHEMA && info.floor == 0 &&
	    info.head.sequence == 0 && info.claims == 0 && !info.is_backup &&
	    strcmp(info.authority, STOREBED_AUTHORITY) == 0 &&
	    strcmp(info.engine, "sqlite") == 0, "what it says of itself");
}

static void
test_whose(cs_err *e)
{
	ok(open_uri(bed.uri, STOREBED_AUTHORITY, CS_DB_WRITE, e) == CS_OK,
	    "its authority opens it");
	ok(open_uri(bed.path, NULL, CS_DB_WRITE, e) == CS_OK,
	    "a plain path; whosever it is");
	ok(is(open_uri(bed.uri, "https://ca.corp.exampl", CS_DB_WRITE, e), e,
	    CS_EREFUSED, "the store is that of " STOREBED_AUTHORITY),
	    "another authority does not, to write");
	ok(is(open_uri(bed.uri, "https://other.example", CS_DB_READ, e), e,
	    CS_EREFUSED, "expected https://other.example"), "nor to read");
}

static bool
set_schema(int n)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql),
	    "UPDATE meta SET value_int = %d WHERE name = 'schema'", n);
	return storebed_sql(bed.path, sql);
}

static void
test_schema(cs_err *e)
{
	ok(set_schema(CS_STORE_SCHEMA + 1), "newer");
	ok(is(open_uri(bed.uri, NULL, CS_DB_WRITE, e), e, CS_EREFUSED,
	    "of a later release"), "is refused to a writer");
	ok(is(open_uri(bed.uri, NULL, CS_DB_READ, e), e, CS_EREFUSED,
	    "of a later release"), "and to a reader");
	(void)set_schema(0);
	ok(is(open_uri(bed.uri, NULL, CS_DB_READ, e), e, CS_EIO,
	    "damaged: schema 0"), "no schema is damage");
	(void)set_schema(CS_STORE_SCHEMA);
	ok(open_uri(bed.uri, NULL, CS_DB_WRITE, e) == CS_OK, "ours again");
}

/* Of releases to come. */
static const char *
made_up_step(int n)
{
	static const char *const steps[] = {
	    "CREATE TABLE two (a BIGINT NOT NULL, b BLOB) STRICT",
	    "ALTER TABLE two ADD COLUMN c TEXT;"
	    "INSERT INTO two (a, c) VALUES (7, 'x')",
	    "CREATE TABLE two (a BIGINT)"};

	n -= CS_STORE_SCHEMA + 1;
	return n >= 0 && n < 3 ? steps[n] : NULL;
}

struct up {
	int to;
};

static int
bring_up(cs_txn *t, void *arg, cs_err *e)
{
	const struct up *u = arg;

	return cs_schema_bring_up(t, CS_STORE_SCHEMA, u->to, made_up_step, e);
}

static void
test_steps(cs_err *e)
{
	struct up u = {CS_STORE_SCHEMA + 2};
	char words[80];

	ok(cs_store_write(bed.s, bring_up, &u, true, storebed_ms(5000), e) ==
	    CS_OK, "steps of releases to come");
	u.to++;
	(void)snprintf(words, sizeof(words), "step to schema %d", u.to);
	ok(is(cs_store_write(bed.s, bring_up, &u, false, storebed_ms(5000),
	    e), e, CS_EIO, words), "one that fails");
	ok(open_uri(bed.uri, NULL, CS_DB_WRITE, e) == CS_OK,
	    "takes all back");
	u.to--;
	(void)snprintf(words, sizeof(words),
	    "SELECT value_int = %d FROM meta WHERE name = 'schema'", u.to);
	ok(cs_store_write(bed.s, bring_up, &u, false, storebed_ms(5000), e) ==
	    CS_OK && storebed_is(bed.path,
	    "SELECT a = 7 AND c = 'x' FROM two") &&
	    storebed_is(bed.path, words), "all of them");
	(void)snprintf(words, sizeof(words), "schema %d, of a later release",
	    u.to);
	ok(is(open_uri(bed.uri, NULL, CS_DB_WRITE, e), e, CS_EREFUSED,
	    words), "which then is newer");
	(void)set_schema(CS_STORE_SCHEMA);
}

static void
test_trust(cs_err *e)
{
	char link_path[96], link_uri[112];

	(void)snprintf(link_path, sizeof(link_path), "%s/link", bed.dir);
	(void)snprintf(link_uri, sizeof(link_uri), "sqlite:%s", link_path);
	ok(chmod(bed.path, 0620) == 0 && is(open_uri(bed.uri, NULL,
	    CS_DB_WRITE, e), e, CS_EIO, "lets group or others write"),
	    "others may write to the file");
	(void)chmod(bed.path, 0600);
	ok(chmod(bed.dir, 0777) == 0 && is(open_uri(bed.uri, NULL, CS_DB_READ,
	    e), e, CS_EIO, "lets group or others write"),
	    "others may write to its directory");
	(void)chmod(bed.dir, 0700);
	ok(symlink("store.db", link_path) == 0 && is(open_uri(link_uri, NULL,
	    CS_DB_WRITE, e), e, CS_EIO, "not a regular file"),
	    "a symbolic link");
	(void)unlink(link_path);
	ok(mkdir(link_path, 0700) == 0 && is(open_uri(link_uri, NULL,
	    CS_DB_WRITE, e), e, CS_EIO, "not a regular file"), "a directory");
	(void)rmdir(link_path);
	ok(mkfifo(link_path, 0600) == 0 && is(open_uri(link_uri, NULL,
	    CS_DB_READ, e), e, CS_EIO, "not a regular file"), "a pipe");
	(void)unlink(link_path);
	ok(storebed_sql(link_path, "CREATE TABLE meta (name)") &&
	    is(open_uri(link_uri, NULL, CS_DB_READ, e), e, CS_EIO,
	    "not a store of countersign's"), "somebody else's database");
	(void)unlink(link_path);
	ok(close(open(link_path, O_CREAT | O_WRONLY, 0600)) == 0 &&
	    is(open_uri(link_uri, NULL, CS_DB_WRITE, e), e, CS_EIO,
	    "not a store of countersign's"), "an empty file");
}

int
main(void)
{
	cs_err e = {0};

	if (!storebed_dir(&bed))
		return 1;
	test_uris(&e);
	test_create(&e);
	test_whose(&e);
	test_schema(&e);
	test_steps(&e);
	test_trust(&e);
	storebed_remove(&bed);
	return done_testing();
}
