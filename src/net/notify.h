/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_NOTIFY_H
#define CS_NET_NOTIFY_H

#include "base/buf.h"

/* sd_notify(3) by its protocol: one datagram to `socket` (NOTIFY_SOCKET; a
 * path, or @name in the abstract space). NULL: nobody listens, CS_OK. It does
 * not wait: CS_ETIMEOUT when there is no room for it now. */
CS_USE int cs_notify(const char *socket, const char *state, cs_err *e);

#endif
