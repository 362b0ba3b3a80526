/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_TERM_H
#define CS_TOOL_TERM_H

#include "base/buf.h"

/*
 * The person's terminal: /dev/tty, never standard input or output, so that a
 * pipe can neither answer nor swallow a question. All waits end at a deadline
 * (cs_time_mono_ms() milliseconds; 0: none), CS_ETIMEOUT, or with SIGINT or
 * SIGTERM, CS_EINTR; echo is restored on every path.
 */
typedef struct cs_term cs_term;

/* CS_ENEEDED when this process has no terminal. */
CS_USE int cs_term_open(int64_t deadline_ms, cs_term **out, cs_err *e);
void cs_term_close(cs_term **t);
/* Its character set is not UTF-8: escape all that is not ASCII. */
bool cs_term_ascii(const cs_term *t);
int cs_term_columns(const cs_term *t); /* 80 when unknown */
int cs_term_rows(const cs_term *t);    /* 24 when unknown */
/* Writes text that was escaped before, only as much as the terminal takes at
 * once: within a wait for something else. */
void cs_term_try(const cs_term *t, cs_span text);
/* Writes text that was escaped before. */
CS_USE int cs_term_put(cs_term *t, cs_span text, cs_err *e);
/* The same screen by screen, each but the last until the person presses Enter;
 * leaves `keep` lines free. Any other answer is CS_EREFUSED. */
CS_USE int cs_term_page(cs_term *t, cs_span text, int keep, cs_err *e);
/* Throws typed-ahead input away, asks, reads one line without its end into
 * *answer (gives, at most 255 bytes; longer or end of file: CS_EREFUSED). */
CS_USE int cs_term_ask(cs_term *t, const char *question, cs_buf **answer,
    cs_err *e);
/* The same with echo off into a secret buf. */
CS_USE int cs_term_secret(cs_term *t, const char *question, cs_buf **secret,
    cs_err *e);

#endif
