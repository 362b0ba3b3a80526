/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "store/audit.h"
#include "storebed.h"
#include "tap.h"

/* Full, locked, damaged: no answer that could be taken for one. */

static struct storebed bed, other;

static bool
is_down(int rc, const cs_err *e, const char *words)
{
	if (rc == CS_EIO && e->detail == CS_R_STORE_UNAVAILABLE &&
	    strstr(e->text, words) != NULL)
		return true;
	printf("# %d, detail %d: %s\n", rc, e->detail, e->text);
	return false;
}

static int
append(cs_txn *t, void *arg, cs_err *e)
{
	static char why[256];
	cs_audit_record r = {.event = CS_AUDIT_FLOOR, .time = STOREBED_NOW,
	    .not_before = STOREBED_NOW};

	memset(why, 'x', sizeof(why));
	r.reason = cs_span_of(why, sizeof(why));
	return cs_audit_append(t, &r, arg, e);
}

static int
write_one(int64_t ms, int64_t *n, cs_err *e)
{
	return cs_store_write(bed.s, append, n, false, storebed_ms(ms), e);
}

static int64_t
head(void)
{
	cs_store_info info;
	cs_err e = {0};

	if (cs_store_look(bed.s, STOREBED_NOW, storebed_ms(2000), &info, &e) ==
	    CS_OK)
		return info.head.sequence;
	printf("# %s\n", e.text);
	return -1;
}

/* The log may not grow beyond what it has. */
static void
test_full(cs_err *e)
{
	struct rlimit had = {0, 0}, small;
	struct stat st;
	int64_t n, last = 0;
	char wal[80];
	int i, rc = CS_OK;

	(void)snprintf(wal, sizeof(wal), "%s-wal", bed.path);
	ok(write_one(5000, &last, e) == CS_OK && stat(wal, &st) == 0 &&
	    getrlimit(RLIMIT_FSIZE, &had) == 0, "written");
	small = had;
	small.rlim_cur = (rlim_t)st.st_size + 20000;
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &small);
	for (i = 0; i < 100 && rc == CS_OK; i++)
		if ((rc = write_one(5000, &n, e)) == CS_OK)
			last = n;
	ok(is_down(rc, e, "commit") || is_down(rc, e, "full"), "full");
	ok(last > 1 && head() == last, "what was answered is there, no more");
	(void)setrlimit(RLIMIT_FSIZE, &had);
	ok(write_one(5000, &n, e) == CS_OK && n == last + 1 &&
	    head() == n, "until there is room again");
}

/* Another process holds the lock until its input ends. */
static pid_t
hold_lock(int *end)
{
	char *const argv[] = {(char *)"sqlite3", bed.path, NULL};
	int in[2], out[2];
	char c;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	dprintf(in[1], "BEGIN EXCLUSIVE; SELECT 1;\n");
	if (read(out[0], &c, 1) != 1)
		pid = -1;
	(void)close(out[0]);
	*end = in[1];
	return pid;
}

static void
test_locked(cs_err *e)
{
	int64_t n, was, before;
	int end = -1, rc;
	pid_t pid;

	was = head();
	if (!ok((pid = hold_lock(&end)) > 0, "another one has it"))
		return;
	before = cs_time_mono_ms();
	rc = write_one(300, &n, e);
	ok(is_down(rc, e, "locked"), "locked until the deadline");
	ok(cs_time_mono_ms() - before >= 300 &&
	    cs_time_mono_ms() - before < 5000, "and not much longer");
	ok(head() == was, "readers look on");
	(void)close(end);
	(void)waitpid(pid, NULL, 0);
	ok(write_one(5000, &n, e) == CS_OK && n == was + 1, "until it let go");
}

static int
look_at(struct storebed *b, cs_err *e)
{
	cs_audit_check c = {0};
	cs_store_info info;
	int rc;

	if ((rc = storebed_open(b, CS_DB_WRITE, e)) == CS_OK &&
	    (rc = cs_store_look(b->s, STOREBED_NOW, storebed_ms(5000), &info,
	    e)) == CS_OK &&
	    (rc = cs_audit_verify(b->s, &c, storebed_ms(5000), NULL, NULL,
	    e)) == CS_OK && info.head.sequence != 12)
		rc = CS_EREFUSED;
	if (rc == CS_OK)
		rc = cs_store_write(b->s, append, NULL, false,
		    storebed_ms(5000), e);
	cs_store_close(&b->s);
	return rc;
}

/* Whatever is flipped: all is as it was, or it is said that it is not. */
static void
test_damaged(cs_err *e)
{
	cs_buf *whole = NULL;
	uint8_t *bytes;
	int rc, bad = 0, seen = 0;
	size_t at, n;

	if (cs_file_read(other.path, 1 << 24, &whole, e) != CS_OK)
		return;
	n = cs_buf_len(whole);
	bytes = malloc(n);
	for (at = 0; bytes != NULL && at < n; at += at < 110 ? 1 : 1009) {
		memcpy(bytes, cs_buf_span(whole).p, n);
		bytes[at] ^= (uint8_t)(1 + at % 255);
		if (cs_file_write(other.path, cs_span_of(bytes, n), 0600,
		    true, e) != CS_OK)
			break;
		rc = look_at(&other, e);
		seen += rc != CS_OK;
		if (rc != CS_OK && rc != CS_EIO && rc != CS_EREFUSED) {
			printf("# at %zu: %d %s\n", at, rc, e->text);
			bad++;
		}
	}
	ok(at >= n && bad == 0 && seen > 50, "octets flipped, %d seen", seen);
	for (at = 0; bytes != NULL && at < n; at += 1 + n / 40)
		if (cs_file_write(other.path, cs_span_of(bytes, at), 0600,
		    true, e) != CS_OK || look_at(&other, e) == CS_OK)
			bad++;
	ok(bad == 0, "cut off");
	free(bytes);
	cs_buf_free(&whole);
}

static void
make_small(cs_err *e)
{
	int64_t n = 0;

	storebed_beside(&bed, "small.db", &other);
	if (storebed_open(&other, CS_DB_CREATE, e) != CS_OK)
		return;
	while (n < 12 && cs_store_write(other.s, append, &n, false,
	    storebed_ms(5000), e) == CS_OK)
		;
	cs_store_close(&other.s);
}

/* Root writes everywhere by a capability, and without it as others do. What is
 * permitted but for these becomes effective. */
static void
capabilities(uint32_t without)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{0, 0, 0}, {0, 0, 0}};

	if (syscall(SYS_capget, &h, d) != 0)
		return;
	d[0].effective = d[0].permitted & ~without;
	(void)syscall(SYS_capset, &h, d);
}

static void
test_read_only(cs_err *e)
{
	(void)chmod(bed.path, 0400);
	capabilities(UINT32_C(1) << CAP_DAC_OVERRIDE);
	ok(is_down(storebed_open(&bed, CS_DB_WRITE, e), e,
	    "cannot be written to"), "a file that is only to be read");
	capabilities(0);
	(void)chmod(bed.path, 0600);
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(storebed_make(&bed, &e), "a store"))
		return done_testing();
	test_full(&e);
	test_locked(&e);
	test_read_only(&e);
	make_small(&e);
	test_damaged(&e);
	storebed_remove(&bed);
	return done_testing();
}
