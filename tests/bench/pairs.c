/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/median.h"

/*
 * The CPU time of two commands, whole processes, turn by turn:
 *
 *	pairs ROUNDS [-i FILE] COMMAND... -- [-i FILE] COMMAND...
 *
 * FILE is standard input; what they print is dropped. One line: microseconds
 * of the first, of the second, and the median of the rounds' ratios.
 */

#define RUNS 4 /* of each command in a round */

struct command {
	const char *in;
	char **argv;
};

static void
run_child(const struct command *c)
{
	int in = open(c->in, O_RDONLY), out = open("/dev/null", O_WRONLY);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(out, 2) < 0)
		_exit(126);
	(void)execvp(c->argv[0], c->argv);
	_exit(127);
}

static double
micro(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

/* User and system time of one run; a command that fails measures nothing. */
static double
run(const struct command *c)
{
	struct rusage u;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		run_child(c);
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0) {
		fprintf(stderr, "%s: wait status 0x%x\n", c->argv[0],
		    (unsigned)status);
		exit(1);
	}
	return micro(u.ru_utime) + micro(u.ru_stime);
}

static void
take_input(struct command *c)
{
	c->in = "/dev/null";
	if (c->argv[0] != NULL && strcmp(c->argv[0], "-i") == 0 &&
	    c->argv[1] != NULL) {
		c->in = c->argv[1];
		c->argv += 2;
	}
}

static void
one_round(const struct command c[2], double us[2])
{
	int i;

	us[0] = us[1] = 0;
	for (i = 0; i < RUNS; i++) {
		us[0] += run(&c[0]) / RUNS;
		us[1] += run(&c[1]) / RUNS;
	}
}

int
main(int argc, char **argv)
{
	static double a[ROUNDS_MAX], b[ROUNDS_MAX], ratio[ROUNDS_MAX];
	struct command c[2] = {{NULL, argv + 2}, {NULL, NULL}};
	double us[2];
	int i, n = argc > 2 ? rounds_of(argv[1]) : 0;

	for (i = 2; i < argc && c[1].argv == NULL; i++)
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			c[1].argv = argv + i + 1;
		}
	if (n == 0 || c[1].argv == NULL) {
		fprintf(stderr, "usage: pairs ROUNDS COMMAND -- COMMAND\n");
		return 2;
	}
	take_input(&c[0]);
	take_input(&c[1]);
	one_round(c, us); /* warms the caches */
	for (i = 0; i < n; i++) {
		one_round(c, us);
		a[i] = us[0];
		b[i] = us[1];
		ratio[i] = us[0] / us[1];
	}
	printf("%.1f\t%.1f\t%.3f\n", median(a, n), median(b, n),
	    median(ratio, n));
	return 0;
}
