/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/notify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/unixaddr.h"

static const char where[] = "net/notify";

int
cs_notify(const char *socket_name, const char *state, cs_err *e)
{
	struct sockaddr_un a;
	socklen_t len;
	ssize_t n;
	int fd, rc;

	if (socket_name == NULL)
		return CS_OK;
	if ((rc = cs_unix_address(socket_name, true, &a, &len, e)) != CS_OK)
		return rc;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cs_fail(e, CS_EIO, where, "socket: %s",
		    strerror(errno));
	do {
		n = sendto(fd, state, strlen(state),
		    MSG_NOSIGNAL | MSG_DONTWAIT,
		    (const struct sockaddr *)&a, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		rc = cs_fail(e, errno == EAGAIN ? CS_ETIMEOUT : CS_EIO, where,
		    "%s: %s", socket_name, strerror(errno));
	(void)close(fd);
	return rc;
}
