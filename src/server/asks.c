/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/asks.h"

#include <stdlib.h>

static const char where[] = "server/asks";

struct slot {
	uint64_t id; /* 0: free */
	void *about;
	int64_t deadline_ms;
	size_t next; /* of the free ones; max: none */
};

struct cs_asks {
	size_t max, n, free;
	uint64_t turn;
	struct slot *slot;
};

int
cs_asks_new(size_t max, cs_asks **out, cs_err *e)
{
	cs_asks *a = calloc(1, sizeof(*a));
	size_t i;

	*out = NULL;
	if (max == 0)
		max = 1;
	if (a == NULL || (a->slot = calloc(max, sizeof(*a->slot))) == NULL) {
		free(a);
		return cs_nomem(e, where);
	}
	a->max = max;
	for (i = 0; i < max; i++)
		a->slot[i].next = i + 1;
	*out = a;
	return CS_OK;
}

void
cs_asks_free(cs_asks **a)
{
	if (a == NULL || *a == NULL)
		return;
	free((*a)->slot);
	free(*a);
	*a = NULL;
}

bool
cs_asks_add(cs_asks *a, void *about, int64_t deadline_ms, uint64_t *id)
{
	size_t i = a->free;

	if (i == a->max)
		return false;
	a->free = a->slot[i].next;
	a->n++;
	/* The place is the rest of its division. */
	a->slot[i] = (struct slot){.id = ++a->turn * a->max + i,
	    .about = about, .deadline_ms = deadline_ms};
	*id = a->slot[i].id;
	return true;
}

static void *
take(cs_asks *a, size_t i)
{
	void *about = a->slot[i].about;

	a->slot[i] = (struct slot){.next = a->free};
	a->free = i;
	a->n--;
	return about;
}

void *
cs_asks_take(cs_asks *a, uint64_t id)
{
	size_t i = (size_t)(id % a->max);

	return id != 0 && a->slot[i].id == id ? take(a, i) : NULL;
}

void *
cs_asks_take_late(cs_asks *a, int64_t now_ms)
{
	size_t i;

	for (i = 0; a->n > 0 && i < a->max; i++)
		if (a->slot[i].id != 0 && a->slot[i].deadline_ms <= now_ms)
			return take(a, i);
	return NULL;
}

void *
cs_asks_take_any(cs_asks *a)
{
	return cs_asks_take_late(a, INT64_MAX);
}

size_t
cs_asks_count(const cs_asks *a)
{
	return a->n;
}
