/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PINENTRY_H
#define CS_TOOL_PINENTRY_H

#include "base/buf.h"

/* Runs the program at `path`, shows `description` (lines split by \n, escaped
 * before) and gives *secret, which may be empty. CS_EAUTH when it was
 * cancelled, CS_ENEEDED when it does not start, CS_ETIMEOUT, CS_EINTR. */
CS_USE int cs_pinentry(const char *path, const char *description,
    int64_t deadline_ms, cs_buf **secret, cs_err *e);

#endif
