/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3
#define FDS_MAX 64

static const char where[] = "net/process";

/* What the child does between fork and exec: system calls alone. */
typedef struct start {
	const cs_spawn *s;
	char **env;
	int report; /* where errno goes when it cannot be started */
	pid_t parent;
	int moved[FDS_MAX];
} start;

static int
place_standard(int err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		return -1;
	return dup2(err, STDERR_FILENO);
}

/* Above all that will be taken first, then into their places. */
static int
place_fds(start *p)
{
	int top = FIRST_FD + (int)p->s->n_fds, err = -1;
	size_t i;

	if ((p->report = fcntl(p->report, F_DUPFD_CLOEXEC, top)) < 0)
		return -1;
	for (i = 0; i < p->s->n_fds; i++) {
		p->moved[i] = fcntl(p->s->fds[i], F_DUPFD_CLOEXEC, top);
		if (p->moved[i] < 0)
			return -1;
	}
	if (p->s->err != NULL &&
	    ((err = fcntl(*p->s->err, F_DUPFD_CLOEXEC, top)) < 0 ||
		place_standard(err) < 0))
		return -1;
	for (i = 0; i < p->s->n_fds; i++) {
		if (dup2(p->moved[i], FIRST_FD + (int)i) < 0)
			return -1;
	}
	return close_range((unsigned)top, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

static int
reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL); /* not of all: fine */
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH;
	return -1;
}

/* Does not return: no other caller's process ends here. */
static void
be_child(start *p)
{
	int err;

	/* A Ctrl-C goes to a whole group: it is for who started us to say what
	 * ends when. */
	if (place_fds(p) == 0 && reset_signals() == 0 && setpgid(0, 0) == 0 &&
	    die_with(p->parent) == 0)
		(void)execve("/proc/self/exe", p->s->argv, p->env);
	err = errno;
	while (write(p->report, &err, sizeof(err)) < 0 && errno == EINTR)
		continue;
	_exit(127);
}

/* 0: it runs; else errno, and the child has been waited for. */
static int
outcome(pid_t pid, int report)
{
	ssize_t n;
	int err = 0;

	do {
		n = read(report, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return n == (ssize_t)sizeof(err) && err != 0 ? err : EIO;
}

/* No handler of ours may run in the child. */
static pid_t
fork_quietly(start *p)
{
	sigset_t all, before;
	pid_t pid;
	int err;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	if ((pid = fork()) == 0)
		be_child(p);
	err = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return pid;
}

static char **
make_env(const char *const *keep)
{
	static const char *const ours[] = {"LANG=C",
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	};
	size_t n = 0, i;
	char **env;

	while (keep != NULL && keep[n] != NULL)
		n++;
	if ((env = calloc(n + 3, sizeof(*env))) == NULL)
		return NULL;
	for (i = 0; i < 2 + n; i++)
		env[i] = (char *)(uintptr_t)(i < 2 ? ours[i] : keep[i - 2]);
	return env;
}

int
cs_process_spawn(const cs_spawn *s, pid_t *out, cs_err *e)
{
	start p = {.s = s, .parent = getpid()};
	int report[2] = {-1, -1}, rc = CS_OK, err;
	pid_t pid = -1;

	*out = -1;
	if (s->n_fds > FDS_MAX)
		return cs_fail(e, CS_EBUG, where, "%zu descriptors", s->n_fds);
	if (pipe2(report, O_CLOEXEC) != 0)
		return cs_fail(e, CS_EIO, where, "pipe: %s", strerror(errno));
	p.report = report[1];
	if ((p.env = make_env(s->env_keep)) == NULL) {
		rc = cs_nomem(e, where);
		goto out;
	}
	pid = fork_quietly(&p);
	err = pid < 0 ? errno : 0;
	(void)close(report[1]);
	report[1] = -1;
	if (pid >= 0)
		err = outcome(pid, report[0]);
	if (err != 0)
		rc = cs_fail(e, CS_EIO, where, "cannot start a process: %s",
		    strerror(err));
	else
		*out = pid;
out:
	free(p.env);
	(void)close(report[0]);
	if (report[1] >= 0)
		(void)close(report[1]);
	return rc;
}

/* Otherwise the next file that is opened would get what errors go to. */
static int
open_standard(cs_err *e)
{
	int fd, made;

	for (fd = 0; fd < FIRST_FD; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		made = open("/dev/null", O_RDWR);
		if (made != fd)
			return cs_fail(e, CS_EIO, where,
			    "cannot open /dev/null as descriptor %d: %s", fd,
			    made < 0 ? strerror(errno) : "it is another");
	}
	return CS_OK;
}

int
cs_process_harden(cs_err *e)
{
	struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return cs_fail(e, CS_EIO, where,
		    "no dumps, no new privileges: %s", strerror(errno));
	return open_standard(e);
}

typedef struct found {
	int rc;
	cs_err e;
} found;

/* Does not return. */
static void
find_as(const char *user, const char *group,
    int (*fn)(void *arg, cs_err *e), void *arg, int report)
{
	found f = {0};

	f.rc = cs_process_become(user, group, &f.e);
	if (f.rc == CS_OK)
		f.rc = fn(arg, &f.e);
	_exit(write(report, &f, sizeof(f)) != (ssize_t)sizeof(f));
}

int
cs_process_as(const char *user, const char *group,
    int (*fn)(void *arg, cs_err *e), void *arg, cs_err *e)
{
	found f = {0};
	int report[2] = {-1, -1};
	ssize_t n;
	pid_t pid;

	if (user == NULL || geteuid() != 0)
		return fn(arg, e);
	if (pipe2(report, O_CLOEXEC) != 0)
		return cs_fail(e, CS_EIO, where, "pipe: %s", strerror(errno));
	if ((pid = fork()) == 0)
		find_as(user, group, fn, arg, report[1]);
	(void)close(report[1]);
	do {
		n = pid < 0 ? 0 : read(report[0], &f, sizeof(f));
	} while (n < 0 && errno == EINTR);
	(void)close(report[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(f))
		return cs_fail(e, CS_EIO, where, "as user %s nothing could be "
		    "found out", user);
	if (f.rc != CS_OK && e != NULL)
		*e = f.e;
	return f.rc == CS_OK ? CS_OK : cs_wrap(e, "as user %s", user);
}
