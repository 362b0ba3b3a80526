/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_FRONTASK_H
#define CS_SERVER_FRONTASK_H

#include "net/outbox.h"
#include "server/fronts.h"

/* What one front asks, of fronts.c. Borrows all of it. */
typedef struct cs_front_ask {
	const cs_fronts_env *env;
	cs_outbox *out;      /* of the front */
	bool is_admin;       /* so is the front */
	const cs_frame *ask;
	int64_t deadline_ms;
	size_t waiting_max;  /* octets of answers that may wait for the front */
} cs_front_ask;

/* Asks the issuer, and answers. CS_EFORMAT: that is no question of this front,
 * and it has no answer. */
CS_USE int cs_front_ask_do(const cs_front_ask *q, cs_err *e);
/* Answers that nothing was done. */
void cs_front_ask_busy(const cs_front_ask *q, const char *why);

void cs_fronts_say(const cs_fronts_env *env, int level, const char *what,
    const cs_err *e);

#endif
