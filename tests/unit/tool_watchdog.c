/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/watchdog.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/unit/tap.h"

/* A child that hangs in a call that nothing ends, as a token's library may. */
static void
hang(int fd, bool json)
{
	cs_watchdog *w = NULL;
	cs_err e = {0};

	if (dup2(fd, STDOUT_FILENO) != STDOUT_FILENO ||
	    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) == -1 ||
	    cs_watchdog_start(cs_time_mono_ms() - 1400, "sign", json, &w,
		&e) != CS_OK)
		_exit(99);
	for (;;)
		(void)pause();
}

static void
test_hang(bool json)
{
	char text[512] = "";
	int fd[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (!ok(pipe(fd) == 0, "a pipe"))
		return;
	fflush(stdout);
	if ((pid = fork()) == 0)
		hang(fd[1], json);
	(void)close(fd[1]);
	n = read(fd[0], text, sizeof(text) - 1);
	(void)close(fd[0]);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 6, "it ends with 6");
	if (json)
		ok(n > 0 && strstr(text, "\"timeout\"") != NULL,
		    "and one object");
	else
		ok(n == 0, "and nothing on standard output");
}

int
main(void)
{
	cs_watchdog *w = NULL;
	cs_err e = {0};

	test_hang(false);
	test_hang(true);
	ok(cs_watchdog_start(cs_time_mono_ms() + 60000, "sign", false, &w,
	    &e) == CS_OK, "in time");
	cs_watchdog_stop(&w);
	ok(w == NULL, "it is called off");
	cs_watchdog_stop(&w);
	return done_testing();
}
