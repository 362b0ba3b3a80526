/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_WAIT_H
#define CS_TOOL_WAIT_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Waiting for a person that always ends: with an answer, at a deadline, or by
 * a signal. While a wait is open the signals that would end or stop the
 * process only wake it, so that whoever waits can put the terminal right; on
 * the way out they get back what they did before. One wait at a time.
 */
typedef struct cs_wait cs_wait;

/* `deadline_ms` is of cs_time_mono_ms(); 0: none. Gives *out. */
CS_USE int cs_wait_begin(int64_t deadline_ms, cs_wait **out, cs_err *e);
void cs_wait_end(cs_wait **w); /* takes; NULL and *w == NULL are fine */
/* Another deadline from now on, for who has something to do meanwhile. */
void cs_wait_move(cs_wait *w, int64_t deadline_ms);
/* Waits until `fd` (-1: none) has one of `events`, or a child changed its
 * state since the last call. CS_ETIMEOUT at the deadline, CS_EINTR by SIGINT,
 * SIGTERM, SIGHUP or SIGQUIT. */
CS_USE int cs_wait_fd(cs_wait *w, int fd, short events, cs_err *e);

#endif
