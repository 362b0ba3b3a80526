/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/unixaddr.h"

#include <stddef.h>
#include <string.h>

int
cs_unix_address(const char *path, bool abstract, struct sockaddr_un *out,
    socklen_t *len, cs_err *e)
{
	size_t n = strlen(path);
	bool at = abstract && path[0] == '@';

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	*len = 0;
	if (n == 0 || (at && n == 1))
		return cs_fail(e, CS_EUSAGE, "net/unix",
		    "a socket without a name");
	if (n >= sizeof(out->sun_path))
		return cs_fail(e, CS_EUSAGE, "net/unix",
		    "%s: %zu octets, a socket's name has at most %zu", path, n,
		    sizeof(out->sun_path) - 1);
	memcpy(out->sun_path, path, n);
	if (at)
		out->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
	    (at ? 0 : 1));
	return CS_OK;
}
