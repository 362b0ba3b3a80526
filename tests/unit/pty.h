/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_PTY_H
#define CS_TESTS_PTY_H

/* A person at a terminal: a scenario runs in a child whose controlling
 * terminal is a pty (or that has none), the test types and reads. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"

#define PTY_PATIENCE_MS 20000

struct outcome {
	int r;
	char answer[300]; /* what was given, as a string */
	cs_err err;
};

typedef void scenario(void *arg, struct outcome *o);

struct pty {
	pid_t pid;
	int master, slave; /* -1: no terminal */
	int go, result;    /* to and from the child */
	char seen[8192];   /* everything that the person saw */
	size_t n;
};

__attribute__((unused)) static void
pty_answer(struct outcome *o, cs_buf **b)
{
	(void)snprintf(o->answer, sizeof(o->answer), "%s",
	    *b == NULL ? "" : cs_buf_cstr(*b));
	cs_buf_free(b);
}

/* In the child: a new session, the terminal, the word to begin. */
static void
pty_child(const struct pty *p, int go, int result, scenario *f, void *arg)
{
	struct outcome o = {0};
	char c;
	int fd = -1;

	if (setsid() < 0)
		_exit(90);
	if (p->slave >= 0 && (fd = open(ptsname(p->master), O_RDWR)) < 0)
		_exit(91);
	if (p->master >= 0)
		(void)close(p->master);
	if (read(go, &c, 1) != 1)
		_exit(92);
	f(arg, &o);
	if (write(result, &o, sizeof(o)) != (ssize_t)sizeof(o))
		_exit(93);
	_exit(0);
}

__attribute__((unused)) static void
pty_open(struct pty *p, bool terminal)
{
	memset(p, 0, sizeof(*p));
	p->master = p->slave = -1;
	if (!terminal)
		return;
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->master < 0 || grantpt(p->master) != 0 ||
	    unlockpt(p->master) != 0)
		exit(99);
	p->slave = open(ptsname(p->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave < 0)
		exit(99);
}

/* Starts the child; the scenario waits for pty_go(). */
__attribute__((unused)) static void
pty_start(struct pty *p, scenario *f, void *arg)
{
	int go[2], result[2];

	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(result, O_CLOEXEC) != 0 ||
	    (p->pid = fork()) < 0)
		exit(99);
	if (p->pid == 0)
		pty_child(p, go[0], result[1], f, arg);
	(void)close(go[0]);
	(void)close(result[1]);
	p->go = go[1];
	p->result = result[0];
}

__attribute__((unused)) static void
pty_go(struct pty *p)
{
	if (write(p->go, "g", 1) != 1)
		exit(99);
}

__attribute__((unused)) static void
pty_type(struct pty *p, const char *text)
{
	if (write(p->master, text, strlen(text)) != (ssize_t)strlen(text))
		exit(99);
}

static bool
pty_ready(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, PTY_PATIENCE_MS) == 1;
}

/* Waits until the person has seen `text`. */
__attribute__((unused)) static bool
pty_expect(struct pty *p, const char *text)
{
	ssize_t n;

	while (strstr(p->seen, text) == NULL) {
		if (!pty_ready(p->master) ||
		    (n = read(p->master, p->seen + p->n,
		    sizeof(p->seen) - 1 - p->n)) <= 0) {
			printf("# expected %s, saw %s\n", text, p->seen);
			return false;
		}
		p->n += (size_t)n;
	}
	return true;
}

__attribute__((unused)) static bool
pty_has_echo(const struct pty *p)
{
	struct termios t;

	return tcgetattr(p->slave, &t) == 0 && (t.c_lflag & ECHO) != 0;
}

/* What a reader of the terminal would get after a person's Return: nothing
 * but that when the input was thrown away. */
__attribute__((unused)) static bool
pty_is_drained(struct pty *p)
{
	char line[600];
	ssize_t n;

	pty_type(p, "\n");
	n = pty_ready(p->slave) ? read(p->slave, line, sizeof(line)) : -1;
	return n == 1 && line[0] == '\n';
}

/* The scenario's outcome; a child that hangs is killed. */
__attribute__((unused)) static struct outcome
pty_wait(struct pty *p)
{
	struct outcome o = {.r = 99};
	int status;

	if (!pty_ready(p->result) ||
	    read(p->result, &o, sizeof(o)) != (ssize_t)sizeof(o)) {
		o.r = 99;
		(void)kill(p->pid, SIGKILL);
	}
	(void)waitpid(p->pid, &status, 0);
	(void)close(p->go);
	(void)close(p->result);
	if (o.r == 99)
		printf("# the scenario hangs or ended with status %x\n",
		    (unsigned int)status);
	return o;
}

__attribute__((unused)) static void
pty_close(struct pty *p)
{
	if (p->master >= 0)
		(void)close(p->master);
	if (p->slave >= 0)
		(void)close(p->slave);
}

#endif
