/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "net/sandboxp.h"

static const char where[] = "net/sandbox";

/* Both halves are of the thread that asks, and of those that it makes. */
static int
check_alone(cs_err *e)
{
	struct stat st;

	if (stat("/proc/self/task", &st) != 0)
		return cs_fail(e, CS_EIO, where, "/proc/self/task: %s",
		    strerror(errno));
	if (st.st_nlink != 3) /* itself, its parent, one thread */
		return cs_fail(e, CS_EBUG, where,
		    "there are threads, which would stay outside");
	return CS_OK;
}

int
cs_sandbox_enter(const cs_sandbox *s, char *had, size_t had_len, cs_err *e)
{
	const char *calls = s->log_only ? "seccomp for the log" : "seccomp";
	unsigned may = s->may;
	int rc, abi = 0;

	if (had_len > 0)
		had[0] = '\0';
	if ((may & CS_MAY_WRITE) != 0)
		may |= CS_MAY_READ;
	if ((rc = check_alone(e)) != CS_OK)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return cs_fail(e, CS_EIO, where, "no new privileges: %s",
		    strerror(errno));
	if ((rc = cs_sandbox_files(s, &abi, e)) != CS_OK ||
	    (rc = cs_sandbox_calls(may, s->log_only, e)) != CS_OK)
		return rc;
	(void)snprintf(had, had_len, abi > 0 ? "landlock %d, %s" :
	    "no landlock (%d), %s", abi, calls);
	return CS_OK;
}
