/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_FRONTS_H
#define CS_SERVER_FRONTS_H

#include "server/issuer.h"
#include "server/pool.h"

/* The issuer's ends of the channels to fronts. */
typedef struct cs_fronts cs_fronts;

typedef struct cs_fronts_env { /* borrows, until all jobs are done */
	cs_issuer *issuer;
	cs_pool *pool;
	size_t queue; /* so many wait in the pool: a part is kept for fronts
		       * that ask for little */
	void (*say)(void *arg, int level, const char *text);
	void *say_arg;
} cs_fronts_env;

CS_USE int cs_fronts_new(const cs_fronts_env *env, cs_fronts **out,
    cs_err *e);
/* Takes the descriptor. The admin's has questions of its own, and no others. One
 * thread at a time. */
CS_USE int cs_fronts_add(cs_fronts *f, int fd, bool is_admin, cs_err *e);
/* Whether a question could not be taken up for want of memory: its front got no
 * answer, and has no channel any more. */
bool cs_fronts_spent(const cs_fronts *f);
/* Reads no more: what was asked is in the pool. Then the pool ends, and these
 * are freed. */
void cs_fronts_stop(cs_fronts *f);
void cs_fronts_free(cs_fronts **f);

#endif
