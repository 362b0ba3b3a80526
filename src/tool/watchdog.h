/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_WATCHDOG_H
#define CS_TOOL_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Questions end at the deadline by themselves. A call into a token's library
 * may not: waiting for a touch, or for a reader that went away, it cannot be
 * interrupted. A little after the deadline the watchdog says so and ends the
 * process with exit code 6; the token drops the session with it.
 */
typedef struct cs_watchdog cs_watchdog;

/* `verb` is borrowed. */
CS_USE int cs_watchdog_start(int64_t deadline_ms, const char *verb, bool json,
    cs_watchdog **out, cs_err *e);
void cs_watchdog_stop(cs_watchdog **w); /* takes */

#endif
