/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_UNIXADDR_H
#define CS_NET_UNIXADDR_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"

/* A path as a socket's address; with `abstract` also @NAME, which no file
 * system has. CS_EUSAGE when it is empty or does not fit. */
CS_USE int cs_unix_address(const char *path, bool abstract,
    struct sockaddr_un *out, socklen_t *len, cs_err *e);

#endif
