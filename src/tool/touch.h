/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_TOUCH_H
#define CS_TOOL_TOUCH_H

#include <stdint.h>

#include "base/ui.h"

/* Waits for a touch, until `fd` can be read. The person is told on the
 * terminal, with the seconds that are left; and once on standard error where
 * that is no terminal, where there is none, and with --json. Nothing is said
 * when the device answers at once. Errors as tool/wait.h has them. */
CS_USE int cs_touch_wait(const char *verb, bool json, int64_t deadline_ms,
    const struct cs_touch_ask *ask, int fd, cs_err *e);
/* The line, escaped and in ASCII, of at most `columns` characters, 0: as long
 * as it is; `left` in seconds, negative: for ever. */
CS_USE int cs_touch_line(const char *verb, const struct cs_touch_ask *ask,
    int64_t left, size_t columns, cs_buf **out, cs_err *e);

#endif
