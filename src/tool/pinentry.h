/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PINENTRY_H
#define CS_TOOL_PINENTRY_H

#include "base/buf.h"

/* The part of the Assuan protocol that asks pinentry(1) for one secret. Every
 * line from it is bounded and hostile. */

/* Appends `text` percent-escaped, as an argument of a command. */
CS_USE int cs_assuan_escape(cs_buf *out, cs_span text, cs_err *e);
/* Appends what a D line's data stands for. A % without two digits or more
 * than `out` has room for: CS_EAUTH. */
CS_USE int cs_assuan_unescape(cs_buf *out, cs_span data, cs_err *e);

/* Runs the program at `path`, shows `description` (lines split by \n, escaped
 * before) and gives *secret, never empty. CS_EAUTH when none was entered,
 * CS_ENEEDED when it does not start, CS_ETIMEOUT, CS_EINTR. */
CS_USE int cs_pinentry(const char *path, const char *description,
    int64_t deadline_ms, cs_buf **secret, cs_err *e);

#endif
