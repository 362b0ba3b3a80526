/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_HELPER_H
#define CS_TOOL_HELPER_H

#include "tool/wait.h"

/*
 * A program that asks the person in our place (pinentry, ssh-askpass). It is
 * started without a shell, in a session of its own, with the few variables
 * that a desktop program needs and nothing open but one socket as its standard
 * input and output. What it writes is as hostile as any other input.
 */
typedef struct cs_helper {
	int pid; /* 0: none */
	int fd;  /* our end of the socket */
} cs_helper;

/* Starts `path`, which must be absolute, with one argument and no input, or
 * without one (NULL), to be talked to. CS_ENEEDED when it does not start:
 * nobody was asked. */
CS_USE int cs_helper_start(cs_helper *h, const char *path, const char *arg,
    cs_err *e);
/* Ends it and all that it started. */
void cs_helper_kill(cs_helper *h);
/* Waits for its end; *status as exit(3) takes it, -1 when a signal was it. */
CS_USE int cs_helper_wait(cs_helper *h, cs_wait *w, int *status, cs_err *e);
/* Sends all. */
CS_USE int cs_helper_put(cs_helper *h, cs_wait *w, cs_span text, cs_err *e);
/* Reads what is there into `b`; *end when there will be no more. */
CS_USE int cs_helper_get(cs_helper *h, cs_wait *w, cs_buf *b, bool *end,
    cs_err *e);

#endif
