/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_LOOP_H
#define CS_NET_LOOP_H

#include "base/buf.h"

/* An event loop of one thread (libevent). All that is made for it is called
 * back in its thread. Nothing here waits. */
typedef struct cs_loop cs_loop;
typedef struct cs_watch cs_watch;

CS_USE int cs_loop_new(cs_loop **out, cs_err *e);
void cs_loop_free(cs_loop **l); /* after all that was made for it */
CS_USE int cs_loop_run(cs_loop *l, cs_err *e); /* until stopped */
void cs_loop_stop(cs_loop *l);  /* after the callback that runs now */

/* Calls when the descriptor can be read, for as long as the watch lives. */
CS_USE int cs_loop_readable(cs_loop *l, int fd, void (*fn)(void *arg),
    void *arg, cs_watch **out, cs_err *e);
/* Or can be written. */
CS_USE int cs_loop_writable(cs_loop *l, int fd, void (*fn)(void *arg),
    void *arg, cs_watch **out, cs_err *e);
/* Every `ms`, first after `ms`. */
CS_USE int cs_loop_every(cs_loop *l, int64_t ms, void (*fn)(void *arg),
    void *arg, cs_watch **out, cs_err *e);
CS_USE int cs_loop_signal(cs_loop *l, int signo, void (*fn)(void *arg),
    void *arg, cs_watch **out, cs_err *e);
/* One of a descriptor calls nothing for `ms`, and then of all that came: many
 * callbacks become one. Without effect when there is no memory for it, and
 * while it rests. */
void cs_watch_rest(cs_watch *w, int64_t ms);
void cs_watch_free(cs_watch **w);

#endif
