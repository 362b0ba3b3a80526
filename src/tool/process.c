/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/tool.h"

/* A file that we open must never become a standard descriptor. What stands in
 * for a closed one fails on use: reading from a write-only, writing to a
 * read-only descriptor. */
static void
fill_descriptor(int fd)
{
	int got;

	if (fcntl(fd, F_GETFD) != -1)
		return;
	got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	if (got != -1 && got != fd)
		(void)close(got);
}

mode_t
cs_process_harden(void)
{
	const struct rlimit none = {0, 0};
	struct sigaction ignore = {0};
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		fill_descriptor(fd);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* A reader that went away is a failed write, exit code 9. */
	ignore.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &ignore, NULL);
	/* So is a limit of size, in place of half a file. */
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	return 0666 & ~umask(077);
}
