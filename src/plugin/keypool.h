/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_KEYPOOL_H
#define CS_PLUGIN_KEYPOOL_H

#include <pthread.h>

#include "crypt/keycache.h"

/* Caches of owners' keys, which are for one thread each: whoever verifies takes
 * one and puts it back. */

#define CS_KEYPOOL_MAX 32  /* that wait for somebody */
#define CS_KEYPOOL_KEYS 512

typedef struct cs_keypool {
	pthread_mutex_t lock;
	cs_keycache *waiting[CS_KEYPOOL_MAX];
	size_t n;
} cs_keypool;

void cs_keypool_start(cs_keypool *p);
void cs_keypool_stop(cs_keypool *p);
/* Gives one, the one used last. */
CS_USE int cs_keypool_take(cs_keypool *p, cs_keycache **out, cs_err *e);
void cs_keypool_put(cs_keypool *p, cs_keycache **c); /* takes */

#endif
