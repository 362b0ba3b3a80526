/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_LOG_H
#define CS_SERVER_LOG_H

#include "base/buf.h"

/* The daemon's log: a line an event, on a descriptor or by syslog(3). Levels
 * are those of enum countersign_log_level; others count as errors. */
typedef struct cs_log cs_log;

typedef struct cs_log_env { /* borrows, for the call */
	int fd;             /* -1: syslog(3) */
	const char *journal; /* JOURNAL_STREAM: "DEVICE:INODE" of what journald
			      * reads; NULL: it does not. Lines to it begin with
			      * "<LEVEL>", others with the time */
} cs_log_env;

CS_USE int cs_log_new(const cs_log_env *env, cs_log **out, cs_err *e);
void cs_log_free(cs_log **l);
/* Escapes `text`, which may hold anything, into one line. What cannot be
 * written is lost: nobody waits for a reader who has stopped, or for one who is
 * slow longer than a tenth of each second, and he is told how many lines that
 * were. Gives how many octets it took; 0: no memory for them. */
size_t cs_log_line(cs_log *l, int level, const char *who, cs_span text);
void cs_log_printf(cs_log *l, int level, const char *who, const char *fmt, ...)
    CS_PRINTF(4, 5);

#endif
