/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const variables[] = {"DISPLAY", "WAYLAND_DISPLAY",
    "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "HOME",
    "PATH", "LANG", "LC_ALL", "TERM"};

#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* Puts those of `variables` that are set into env[], which it lends from our
 * own environment: NAME=value stands there as it is wanted. */
static void
pick_environment(char *env[N_VARIABLES + 1])
{
	size_t i, k, n = 0, len;

	for (i = 0; i < N_VARIABLES; i++) {
		len = strlen(variables[i]);
		for (k = 0; environ != NULL && environ[k] != NULL; k++)
			if (strncmp(environ[k], variables[i], len) == 0 &&
			    environ[k][len] == '=')
				break;
		if (environ != NULL && environ[k] != NULL)
			env[n++] = environ[k];
	}
	env[n] = NULL;
}

/* Signals as a program expects them, a session of its own. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGKILL);
	(void)sigdelset(&all, SIGSTOP);
	if (posix_spawnattr_setsigmask(attr, &none) != 0 ||
	    posix_spawnattr_setsigdefault(attr, &all) != 0)
		return -1;
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

/* What it complains about goes nowhere: our standard error is a terminal. */
static int
set_files(posix_spawn_file_actions_t *files, int fd)
{
	if (posix_spawn_file_actions_adddup2(files, fd, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(files, fd, 1) != 0 ||
	    posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY,
	    0) != 0)
		return -1;
	return posix_spawn_file_actions_addclosefrom_np(files, 3);
}

/* 0 or an errno. */
static int
spawn(cs_helper *h, const char *path, const char *arg, int fd)
{
	char *env[N_VARIABLES + 1], *argv[3] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	pid_t pid = 0;
	int rc = ENOMEM;

	argv[0] = strdup(path);
	argv[1] = arg == NULL ? NULL : strdup(arg);
	if (argv[0] == NULL || (arg != NULL && argv[1] == NULL))
		goto out;
	pick_environment(env);
	if (posix_spawnattr_init(&attr) != 0)
		goto out;
	if (posix_spawn_file_actions_init(&files) != 0) {
		(void)posix_spawnattr_destroy(&attr);
		goto out;
	}
	if (set_attributes(&attr) == 0 && set_files(&files, fd) == 0)
		rc = posix_spawn(&pid, path, &files, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attr);
	if (rc == 0)
		h->pid = (int)pid;
out:
	free(argv[0]);
	free(argv[1]);
	return rc;
}

int
cs_helper_start(cs_helper *h, const char *path, const char *arg, cs_err *e)
{
	int s[2], rc;

	*h = (cs_helper){.fd = -1};
	if (path[0] != '/')
		return cs_fail(e, CS_ENEEDED, "helper",
		    "expected an absolute path, found %s", path);
	/* posix_spawn() cannot tell on every system (not under valgrind). */
	if (access(path, X_OK) != 0)
		return cs_fail(e, CS_ENEEDED, "helper", "%s: %s", path,
		    strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) != 0)
		return cs_fail(e, CS_ENEEDED, "helper", "socket: %s",
		    strerror(errno));
	rc = spawn(h, path, arg, s[1]);
	(void)close(s[1]);
	h->fd = s[0];
	/* Our end alone: the two are separate descriptions. */
	if (rc == 0 && fcntl(s[0], F_SETFL, O_NONBLOCK) != 0)
		rc = errno;
	if (rc == 0 && arg != NULL && shutdown(s[0], SHUT_WR) != 0)
		rc = errno;
	if (rc == 0)
		return CS_OK;
	cs_helper_kill(h);
	return cs_fail(e, CS_ENEEDED, "helper", "%s: %s", path, strerror(rc));
}

void
cs_helper_kill(cs_helper *h)
{
	if (h->fd >= 0)
		(void)close(h->fd);
	h->fd = -1;
	if (h->pid <= 0)
		return;
	/* Not reaped yet, so the number still means its group. */
	(void)kill(-h->pid, SIGKILL);
	(void)kill(h->pid, SIGKILL);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	h->pid = 0;
}

/* Looks without reaping: until then its number cannot be another's. */
static bool
has_ended(const cs_helper *h, int *status)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)h->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
	    0 || info.si_pid == 0)
		return false;
	*status = info.si_code == CLD_EXITED ? info.si_status : -1;
	return true;
}

int
cs_helper_wait(cs_helper *h, cs_wait *w, int *status, cs_err *e)
{
	int r = CS_OK;

	*status = -1;
	while (r == CS_OK && !has_ended(h, status))
		r = cs_wait_fd(w, -1, 0, e);
	return r;
}

int
cs_helper_put(cs_helper *h, cs_wait *w, cs_span text, cs_err *e)
{
	size_t at = 0;
	ssize_t n;
	int r;

	while (at < text.n) {
		if ((r = cs_wait_fd(w, h->fd, POLLOUT, e)) != CS_OK)
			return r;
		n = send(h->fd, text.p + at, text.n - at, MSG_NOSIGNAL);
		if (n >= 0)
			at += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return cs_fail(e, CS_EAUTH, "helper",
			    "it ended without an answer");
	}
	return CS_OK;
}

int
cs_helper_get(cs_helper *h, cs_wait *w, cs_buf *b, bool *end, cs_err *e)
{
	bool ended;
	ssize_t n;
	int r, status;

	*end = false;
	if (cs_buf_room(b) == 0)
		return cs_fail(e, CS_EAUTH, "helper", "its answer is too long");
	for (;;) {
		/* Asked first: what it wrote before its end is then there. */
		ended = has_ended(h, &status);
		n = recv(h->fd, cs_buf_tail(b), cs_buf_room(b), 0);
		if (n > 0)
			return cs_buf_grew(b, (size_t)n);
		if (n < 0 && errno == EAGAIN && !ended) {
			if ((r = cs_wait_fd(w, h->fd, POLLIN, e)) != CS_OK)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		*end = true; /* closed, or reset with words of ours unread */
		return CS_OK;
	}
}
