/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_CERTFILE_H
#define CS_TOOL_CERTFILE_H

#include "base/buf.h"

/* A file of certificates: PEM of nothing else, or one in DER. What they say is
 * for others to read. */

/* Gives *out, DER one behind the other, and *n, how many, at least one. A file
 * of more than `cap` octets, and one with anything else in it, is
 * CS_EFORMAT. */
CS_USE int cs_certfile_read(const char *path, size_t cap, cs_buf **out,
    size_t *n, cs_err *e);

#endif
