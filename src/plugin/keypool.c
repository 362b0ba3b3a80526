/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/keypool.h"

void
cs_keypool_start(cs_keypool *p)
{
	(void)pthread_mutex_init(&p->lock, NULL);
	p->n = 0;
}

void
cs_keypool_stop(cs_keypool *p)
{
	while (p->n != 0)
		cs_keycache_free(&p->waiting[--p->n]);
	(void)pthread_mutex_destroy(&p->lock);
}

int
cs_keypool_take(cs_keypool *p, cs_keycache **out, cs_err *e)
{
	*out = NULL;
	(void)pthread_mutex_lock(&p->lock);
	if (p->n != 0)
		*out = p->waiting[--p->n];
	(void)pthread_mutex_unlock(&p->lock);
	return *out != NULL ? CS_OK :
	    cs_keycache_new(CS_KEYPOOL_KEYS, out, e);
}

void
cs_keypool_put(cs_keypool *p, cs_keycache **c)
{
	if (*c == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	if (p->n < CS_KEYPOOL_MAX) {
		p->waiting[p->n++] = *c;
		*c = NULL; /* transferred */
	}
	(void)pthread_mutex_unlock(&p->lock);
	cs_keycache_free(c);
}
