/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/file.h"
#include "net/listen.h"

/* This program starts itself: what its children find they say on descriptor 3,
 * a line each. */

extern char **environ;

#define SOMEBODY "65533"

static int
wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* Descriptors beside the standard ones, as "3 4 "; the one that looks is left
 * out. */
static void
say_fds(FILE *out)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *x;
	int fd;

	for (fd = 3; d != NULL && fd < 256; fd++) {
		rewinddir(d);
		while ((x = readdir(d)) != NULL) {
			if (strtol(x->d_name, NULL, 10) == fd &&
			    x->d_name[0] != '.' && fd != dirfd(d))
				fprintf(out, "%d ", fd);
		}
	}
	fprintf(out, "\n");
	if (d != NULL)
		(void)closedir(d);
}

static int
child_tells(void)
{
	FILE *out = fdopen(3, "w");
	sigset_t mask;
	struct sigaction sa;
	int signo = 0;
	size_t i;

	if (out == NULL)
		return 1;
	say_fds(out);
	for (i = 0; environ[i] != NULL; i++)
		fprintf(out, "%s ", environ[i]);
	fprintf(out, "\n");
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	(void)sigaction(SIGPIPE, NULL, &sa);
	(void)prctl(PR_GET_PDEATHSIG, &signo);
	fprintf(out, "blocked %d, default %d, death %d, group %d\n",
	    sigismember(&mask, SIGUSR1), sa.sa_handler == SIG_DFL,
	    signo == SIGKILL, getpgrp() == getpid());
	return fclose(out) == 0 ? 42 : 1;
}

/* Starts one that starts another, which waits; and dies. */
static int
child_dies(char *self)
{
	char *const argv[] = {self, (char *)(uintptr_t)"wait", NULL};
	const int fds[] = {3};
	cs_spawn s = {.argv = argv, .fds = fds, .n_fds = 1};
	cs_err e = {0};
	pid_t pid;
	char c;

	if (cs_process_spawn(&s, &pid, &e) != CS_OK)
		return 1;
	(void)dprintf(3, "%d\n", (int)pid);
	return read(0, &c, 1) == 0 ? 0 : 1; /* until we are told */
}

/* Tells the first who connects what systemd has passed. */
static int
child_serves(void)
{
	cs_buf *b = cs_buf_new(1000);
	char asked[1000];
	cs_err e = {0};
	size_t n = 0, i;
	int rc, fd;

	if (b == NULL)
		return 1;
	rc = cs_listen_passed(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), &n,
	    &e);
	if (cs_buf_printf(b, "HTTP/1.0 200 OK\r\n\r\n%d %zu\n", rc, n) != CS_OK)
		return 1;
	for (i = 0; i < n; i++) {
		if (cs_listen_name(3 + (int)i, b, &e) != CS_OK ||
		    cs_buf_put_str(b, "\n") != CS_OK)
			return 1;
	}
	if ((fd = accept(3, NULL, NULL)) < 0 ||
	    read(fd, asked, sizeof(asked)) <= 0)
		return 1;
	rc = cs_fd_write(fd, cs_buf_span(b)) == 0 ? 0 : 1;
	(void)close(fd);
	cs_buf_free(&b);
	return rc;
}

static const char *
is_null(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 &&
	    S_ISCHR(a.st_mode) && a.st_rdev == b.st_rdev ? "null" : "other";
}

static int
child_writes(void)
{
	return dprintf(2, "%s %s\n", is_null(0), is_null(1)) > 0 ? 42 : 1;
}

static int
as_child(int argc, char **argv)
{
	if (argc < 2)
		return -1;
	if (strcmp(argv[1], "tell") == 0)
		return child_tells();
	if (strcmp(argv[1], "standard") == 0)
		return child_writes();
	if (strcmp(argv[1], "die") == 0)
		return child_dies(argv[0]);
	if (strcmp(argv[1], "serve") == 0)
		return child_serves();
	for (;;)
		(void)pause();
}

static void
read_all(int fd, char *out, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < room && (got = read(fd, out + n, room - n - 1)) > 0)
		n += (size_t)got;
	out[n] = '\0';
}

static void
test_spawn(char *self, cs_err *e)
{
	char *const argv[] = {self, (char *)(uintptr_t)"tell", NULL};
	const char *const keep[] = {"KEPT=1", NULL};
	int p[2], q[2], fds[3], stray;
	cs_spawn s = {.argv = argv, .fds = fds, .n_fds = 3,
	    .env_keep = keep};
	char text[2048];
	sigset_t mask;
	pid_t pid = -1;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	stray = open("/dev/null", O_RDONLY); /* not close-on-exec */
	if (!ok(pipe2(p, O_CLOEXEC) == 0 && pipe2(q, O_CLOEXEC) == 0 &&
	    stray >= 0, "descriptors"))
		return;
	fds[0] = p[1];
	fds[1] = q[0];
	fds[2] = q[1];
	ok(cs_process_spawn(&s, &pid, e) == CS_OK && pid > 0, "started");
	(void)close(p[1]);
	read_all(p[0], text, sizeof(text));
	ok(WEXITSTATUS(wait_for(pid)) == 42, "and ended");
	ok(strncmp(text, "3 4 5 \n", 7) == 0,
	    "three descriptors, and no other one");
	ok(strstr(text, "\nLANG=C PATH=") != NULL && strstr(text,
	    "bin KEPT=1 \n") != NULL, "an environment of its own");
	ok(strstr(text, "blocked 0, default 1, death 1, group 1") !=
	    NULL, "signals as they are at first, and of a group of its own: %s", strrchr(text, '\n') == text ?
	    "" : "said");
	(void)close(stray);
	(void)close(p[0]);
	(void)close(q[0]);
	(void)close(q[1]);
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

/* Standard error is what it was given, and the rest is nothing. */
static void
test_standard(char *self, cs_err *e)
{
	char *const argv[] = {self, (char *)(uintptr_t)"standard", NULL};
	int p[2];
	cs_spawn s = {.argv = argv, .err = &p[1]};
	char text[256];
	pid_t pid = -1;

	if (!ok(pipe2(p, O_CLOEXEC) == 0, "a pipe"))
		return;
	ok(cs_process_spawn(&s, &pid, e) == CS_OK, "started");
	(void)close(p[1]);
	read_all(p[0], text, sizeof(text));
	ok(WEXITSTATUS(wait_for(pid)) == 42 && strcmp(text, "null null\n") == 0,
	    "standard input and output are /dev/null: %.*s",
	    (int)strcspn(text, "\n"), text);
	(void)close(p[0]);
}

/* Descriptors that already stand where others go. */
static void
test_crossed(char *self, cs_err *e)
{
	char *const argv[] = {self, (char *)(uintptr_t)"tell", NULL};
	int p[2], kept[3], fds[2] = {4, 3}, i, low;
	cs_spawn s = {.argv = argv, .fds = fds, .n_fds = 2};
	char text[2048];
	pid_t pid = -1;

	if (pipe2(p, O_CLOEXEC) != 0)
		return;
	for (i = 0; i < 2; i++) {
		low = p[i];
		p[i] = fcntl(low, F_DUPFD_CLOEXEC, 20);
		(void)close(low);
	}
	for (i = 0; i < 3; i++)
		kept[i] = fcntl(3 + i, F_DUPFD_CLOEXEC, 30);
	(void)dup3(p[0], 3, O_CLOEXEC);
	(void)dup3(p[1], 4, O_CLOEXEC);
	ok(cs_process_spawn(&s, &pid, e) == CS_OK, "3 and 4, crossed");
	(void)close(4);
	(void)close(p[1]);
	read_all(3, text, sizeof(text));
	ok(WEXITSTATUS(wait_for(pid)) == 42 &&
	    strncmp(text, "3 4 \n", 5) == 0, "each in its place");
	for (i = 0; i < 3; i++) {
		(void)close(3 + i);
		if (kept[i] >= 0)
			(void)dup2(kept[i], 3 + i);
		if (kept[i] >= 0)
			(void)close(kept[i]);
	}
	(void)close(p[0]);
}

static void
test_fails(char *self, cs_err *e)
{
	char *const argv[] = {self, (char *)(uintptr_t)"tell", NULL};
	int bad = 999, many[65];
	cs_spawn s = {.argv = argv, .fds = &bad, .n_fds = 1};
	pid_t pid = 7;

	ok(cs_process_spawn(&s, &pid, e) == CS_EIO && pid == -1, "%s",
	    e->text);
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	    "and no child is left");
	memset(many, 0, sizeof(many));
	s.fds = many;
	s.n_fds = 65;
	ok(cs_process_spawn(&s, &pid, e) == CS_EBUG, "%s", e->text);
}

/* Standard input of the child is a pipe that we close; the grandchild, which
 * would wait for ever, holds the other one. */
static void
test_death(char *self, cs_err *e)
{
	char *const argv[] = {self, (char *)(uintptr_t)"die", NULL};
	int p[2], q[2], in = dup(0), fds[1];
	cs_spawn s = {.argv = argv, .fds = fds, .n_fds = 1};
	pid_t pid = -1;
	char c = 0;

	if (!ok(pipe2(p, O_CLOEXEC) == 0 && pipe2(q, O_CLOEXEC) == 0, "pipes"))
		return;
	(void)dup2(q[0], 0);
	fds[0] = p[1];
	ok(cs_process_spawn(&s, &pid, e) == CS_OK, "a child with a child");
	(void)dup2(in, 0);
	(void)close(in);
	(void)close(q[0]);
	(void)close(p[1]);
	while (read(p[0], &c, 1) == 1 && c != '\n')
		continue;
	ok(c == '\n', "which runs");
	(void)close(q[1]);
	ok(WEXITSTATUS(wait_for(pid)) == 0 && read(p[0], &c, 1) == 0,
	    "and dies with its parent");
	(void)close(p[0]);
}

/* Runs in a child, whose exit status is what it returns. */
static int
in_child(int (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	return WEXITSTATUS(wait_for(pid));
}

static int
harden(void)
{
	struct rlimit l;
	cs_err e = {0};

	(void)close(0);
	(void)close(2);
	return cs_process_harden(&e) == CS_OK && prctl(PR_GET_DUMPABLE) == 0 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	    getrlimit(RLIMIT_CORE, &l) == 0 && l.rlim_max == 0 &&
	    fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0 ? 0 : 1;
}

/* As root: without what makes root more than the owner of its files. */
static bool
has_none(void)
{
	static const char *const lines[] = {"\nCapInh:\t0000000000000000\n",
	    "\nCapPrm:\t0000000000000000\n",
	    "\nCapEff:\t0000000000000000\n",
	    "\nCapBnd:\t0000000000000000\n"};
	size_t i, n = geteuid() == 0 ? 4 : 3;
	char text[4096] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	read_all(fd, text, sizeof(text));
	(void)close(fd);
	for (i = 0; i < n; i++)
		if (strstr(text, lines[i]) == NULL)
			return false;
	return true;
}

static int
become_nothing(void)
{
	uid_t uid = geteuid();
	cs_err e = {0};

	return cs_process_become(NULL, NULL, &e) == CS_OK && has_none() &&
	    geteuid() == uid ? 0 : 1;
}

static int
become_unknown(void)
{
	cs_err e = {0};

	return cs_process_become("no-such-user", NULL, &e) == CS_EUSAGE &&
	    cs_process_become("", NULL, &e) == CS_EUSAGE &&
	    cs_process_become("4294967295", NULL, &e) == CS_EUSAGE &&
	    cs_process_become("3999999999", NULL, &e) == CS_EUSAGE &&
	    cs_process_become(NULL, "no-such-group", &e) == CS_EUSAGE ? 0 : 1;
}

/* As root: for good. Otherwise: not at all. */
static int
become_somebody(void)
{
	bool root = geteuid() == 0;
	int signo = 0, rc;
	cs_err e = {0};
	gid_t g[2];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = cs_process_become(SOMEBODY, SOMEBODY, &e);
	if (!root)
		return rc == CS_EREFUSED ? 0 : 1;
	(void)prctl(PR_GET_PDEATHSIG, &signo);
	return rc == CS_OK && has_none() && getuid() == 65533 && geteuid() == 65533 &&
	    getegid() == 65533 && getgroups(2, g) == 1 && g[0] == 65533 &&
	    setuid(0) != 0 && setgid(0) != 0 && seteuid(0) != 0 &&
	    prctl(PR_GET_DUMPABLE) == 0 && signo == SIGKILL &&
	    access("/proc/1/fd", R_OK) != 0 ? 0 : 1;
}

static int
become_ourselves(void)
{
	char uid[16];
	cs_err e = {0};

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	return cs_process_become(uid, NULL, &e) == CS_OK && has_none() ? 0 : 1;
}

static int
become_by_name(void)
{
	bool root = geteuid() == 0;
	uid_t uid = 0;
	gid_t gid = 0;
	cs_err e = {0};
	int rc;

	if (cs_process_uid("nobody", &uid, &gid, &e) != CS_OK || uid == 0)
		return 1;
	rc = cs_process_become("nobody", NULL, &e);
	return getuid() == uid ? !(rc == CS_OK && getgid() == gid) :
	    root || rc != CS_EREFUSED;
}

int
main(int argc, char **argv)
{
	int status = as_child(argc, argv);
	uid_t uid = 7;
	gid_t gid = 7;
	cs_err e = {0};

	if (status >= 0)
		return status;
	test_spawn(argv[0], &e);
	test_standard(argv[0], &e);
	test_crossed(argv[0], &e);
	test_fails(argv[0], &e);
	test_death(argv[0], &e);
	ok(in_child(harden) == 0, "no dumps, no core, standard descriptors");
	ok(in_child(become_nothing) == 0, "nobody named: the same, without capabilities");
	ok(in_child(become_unknown) == 0, "nobody of that name");
	ok(in_child(become_somebody) == 0, "another user, as root, for good");
	ok(in_child(become_ourselves) == 0, "ourselves");
	ok(in_child(become_by_name) == 0, "by name");
	ok(cs_process_uid("root", &uid, &gid, &e) == CS_OK && uid == 0 &&
	    gid == 0, "root is 0");
	ok(cs_process_uid("3999999999", &uid, &gid, &e) == CS_OK &&
	    uid == 3999999999 && gid == (gid_t)-1, "a number without a name");
	return done_testing();
}
