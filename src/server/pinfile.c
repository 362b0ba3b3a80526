/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/pinfile.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const char where[] = "server/pinfile";

#define PIN_MAX 1024

static int
check_file(int fd, const char *path, cs_err *e)
{
	struct stat st = {0};
	int rc;

	if ((rc = cs_fd_check_trusted(fd, path, geteuid(), &st, e)) != CS_OK)
		return rc;
	if ((st.st_mode & 077) != 0)
		return cs_fail(e, CS_EREFUSED, where, "%s: mode %04o: others "
		    "may read the PIN", path, (unsigned)st.st_mode & 07777);
	return CS_OK;
}

static int
read_pin(const char *path, cs_buf **pin, cs_err *e)
{
	const uint8_t *p;
	int fd = -1, rc;

	if ((rc = cs_file_open_trusted(path, geteuid(), &fd, e)) != CS_OK)
		return rc;
	if ((rc = check_file(fd, path, e)) == CS_OK)
		rc = cs_fd_read_all(fd, PIN_MAX, true, pin, e);
	(void)close(fd);
	if (rc != CS_OK)
		return rc;
	p = cs_buf_span(*pin).p;
	if (cs_buf_len(*pin) != 0 && p[cs_buf_len(*pin) - 1] == '\n')
		cs_buf_truncate(*pin, cs_buf_len(*pin) - 1);
	if (cs_buf_len(*pin) != 0)
		return CS_OK;
	cs_buf_free(pin);
	return cs_fail(e, CS_EAUTH, where, "%s: there is no PIN in it", path);
}

static int
give_pin(void *arg, const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	const cs_pinfile *p = arg;

	*pin = NULL;
	if (p->path == NULL || ask->fresh)
		return cs_fail(e, CS_EAUTH, where, "%s: nobody is here to type "
		    "it; pin-file names a file that has it", ask->what);
	return read_pin(p->path, pin, e);
}

static void
no_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

void
cs_pinfile_set(cs_pinfile *p, const char *path)
{
	p->path = path;
	p->ui = (cs_ui){.arg = p, .pin = give_pin, .notice = no_notice};
}
