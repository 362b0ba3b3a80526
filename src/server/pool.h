/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_POOL_H
#define CS_SERVER_POOL_H

#include "base/buf.h"

/* Threads that take jobs from a queue of bounded length: lane by lane in turn,
 * and in order those of a lane. Who has many there waits for himself. */
typedef struct cs_pool cs_pool;
typedef struct cs_lane { /* all NULL: empty; the pool's own while it is not */
	struct cs_job *first, *last;
	struct cs_lane *next;
} cs_lane;

/* `late`: its deadline came before its turn. It is called once, and frees what
 * it was given. */
typedef void cs_job_fn(void *arg, bool late);

CS_USE int cs_pool_new(size_t threads, size_t queue, cs_pool **out,
    cs_err *e);
/* CS_EREFUSED when the queue is full, or the pool ends; then nothing is called.
 * Borrows the lane until all that was put there is called; NULL: that of who has
 * none. deadline_ms is of CLOCK_MONOTONIC; 0: it is never late. */
CS_USE int cs_pool_put(cs_pool *p, cs_lane *lane, cs_job_fn *fn, void *arg,
    int64_t deadline_ms, cs_err *e);
size_t cs_pool_queued(cs_pool *p);
/* Did a job end since this was asked last, or is there none? */
bool cs_pool_moves(cs_pool *p);
/* Takes no more; what is in the queue is done before it returns. */
void cs_pool_free(cs_pool **p);

#endif
