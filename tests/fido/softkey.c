/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/fido/softkey.h"

/* From here on standard output is the log. */
static void
to_background(const struct softkey *k)
{
	const char *log = k->opt.log == NULL ? "/dev/null" : k->opt.log;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	if (fd < 0)
		die("%s: %s", log, strerror(errno));
	if ((pid = fork()) < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0) {
		(void)printf("%ld\n", (long)pid);
		(void)fflush(stdout);
		_exit(0);
	}
	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		die("%s: %s", log, strerror(errno));
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	static struct softkey k;

	options_parse(&k.opt, argc, argv);
	store_load(&k);
	attestation_load(&k);
	agreement_new(&k);
	if (k.opt.pin != NULL && !k.store.pin_set &&
	    pin_set(&k, k.opt.pin) != CTAP_OK)
		die("%s: too short a PIN", k.opt.pin);
	store_save(&k);
	hid_listen(&k);
	to_background(&k);
	hid_serve(&k);
}
