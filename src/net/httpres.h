/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTPRES_H
#define CS_NET_HTTPRES_H

#include "net/httpc.h"

#define CS_HTTPRES_HEAD 16384 /* octets of a header */

/*
 * An answer of HTTP/1.1, from all that has come so far, to a request that asked
 * for the connection to be closed. CS_OK with *out NULL: it is not whole.
 * `ended`: nothing comes any more, and that was said (close_notify of TLS);
 * only then may an answer without a length end. CS_EFORMAT: it is none, or its
 * body is longer than max_body.
 */
CS_USE int cs_httpres_read(cs_span in, bool ended, size_t max_body,
    cs_httpc_answer **out, cs_err *e);

#endif
