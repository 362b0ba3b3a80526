/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fido/bed.h"

/*
 * Runs a command that finds security keys plugged in: nodes in /dev and /sys
 * that umockdev shows to it alone. See usage().
 */

static void
usage(void)
{
	(void)fputs("usage: plug [-m MODE] [-n NAME] NODE[=SOCKET]... -- "
	    "COMMAND...\n"
	    "NODE, say /dev/hidraw7, is a security key that softkey plays at\n"
	    "SOCKET; without a SOCKET, a mouse. -m: the nodes' permissions,\n"
	    "which bind root, too; -n: of which product they are.\n", stderr);
	exit(2);
}

static void
block_signals(struct bed *b)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, &b->mask) != 0 ||
	    (b->signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		bed_die("signalfd: %s", strerror(errno));
}

/* Behind what stands there: the runtime of ASan wants to be first. */
static void
append_env(const char *name, const char *sep, const char *value)
{
	const char *old = getenv(name);
	char b[4096];

	if (old == NULL || *old == 0)
		old = sep = "";
	(void)snprintf(b, sizeof(b), "%s%s%s", old, sep, value);
	if (setenv(name, b, 1) != 0)
		bed_die("%s: %s", name, strerror(errno));
}

/* So that a mode of 0 keeps root out as well. */
static void
drop_override(void)
{
	(void)prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
	(void)prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
}

static void
run(struct bed *b, char **argv)
{
	if ((b->child = fork()) < 0)
		bed_die("fork: %s", strerror(errno));
	if (b->child > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigprocmask(SIG_SETMASK, &b->mask, NULL);
	append_env("LD_PRELOAD", ":", "libumockdev-preload.so.0");
	append_env("ASAN_OPTIONS", ":", "verify_asan_link_order=0");
	if (b->mode >= 0)
		drop_override();
	(void)execvp(argv[0], argv);
	(void)fprintf(stderr, "plug: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* What a person sends goes on to the command; the terminal's own signals have
 * reached it already. */
static void
signalled(struct bed *b)
{
	struct signalfd_siginfo s;

	if (read(b->signals, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo != SIGCHLD && s.ssi_code == SI_USER)
		(void)kill(b->child, (int)s.ssi_signo);
}

static int
status_of(int st)
{
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static int
serve(struct bed *b)
{
	struct epoll_event ev[8];
	int i, n, st;

	for (;;) {
		if (waitpid(b->child, &st, WNOHANG) == b->child)
			return status_of(st);
		n = epoll_wait(b->epoll, ev, 8, -1);
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL)
				signalled(b);
			else
				port_ready(b, ev[i].data.ptr);
		}
	}
}

/* hidraw7: it has one name everywhere. */
static int
number(const char *node)
{
	return (int)strtol(node + strcspn(node, "0123456789"), NULL, 10);
}

static void
parse(struct bed *b, int argc, char **argv)
{
	char *equals;
	int c;

	b->mode = -1;
	while ((c = getopt(argc, argv, "+m:n:")) != -1) {
		if (c == 'm')
			b->mode = (int)strtol(optarg, NULL, 8);
		else if (c == 'n')
			b->product = optarg;
		else
			usage();
	}
	for (; optind < argc && argv[optind][0] == '/' &&
	    b->n < MAX_PORTS; optind++, b->n++) {
		if ((equals = strchr(argv[optind], '=')) != NULL)
			*equals++ = 0;
		b->port[b->n].node = argv[optind];
		b->port[b->n].socket = equals;
		b->port[b->n].number = number(argv[optind]);
	}
}

int
main(int argc, char **argv)
{
	static struct bed b;
	size_t i;
	int r;

	parse(&b, argc, argv);
	/* getopt has taken "--" where no node stands before it */
	if (optind < argc && strcmp(argv[optind], "--") == 0)
		optind++;
	if (optind >= argc)
		usage();
	block_signals(&b); /* before umockdev's threads */
	bed_open(&b);
	for (i = 0; i < b.n; i++)
		port_add(&b, &b.port[i]);
	run(&b, argv + optind);
	r = serve(&b);
	bed_close(&b);
	return r;
}
