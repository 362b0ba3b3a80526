/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypt/ossl.h"
#include "server/warm.h"
#include "tap.h"

/* Twice in a child that can open nothing the second time. */
static int
child(void)
{
	const struct rlimit none = {0, 0};
	cs_err e = {0};

	if (cs_ossl_start(&e) != CS_OK || cs_server_warm(&e) != CS_OK)
		return 1;
	if (setrlimit(RLIMIT_NOFILE, &none) != 0)
		return 2;
	return cs_server_warm(&e) == CS_OK ? 0 : 3;
}

int
main(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child());
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0, "what is warm opens no file");
	return done_testing();
}
