/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpp.h"

/* Who may stay when there are too many: somebody new comes before one of whom
 * nothing is wanted now. Else those who were there first, and say nothing, would
 * have all of it. */

enum claim { /* who has the least of it gives way first */
	REFUSED = 0, /* was told so */
	UNKNOWN,     /* has never sent a whole request, or not shaken hands */
	IDLE,
	BUSY         /* a request of his is on its way, or its answer */
};

static enum claim
claim_of(const struct http_conn *c)
{
	if (!c->seated)
		return BUSY; /* who comes just now: it has no place to give */
	if (c->phase == HTTP_REFUSING)
		return REFUSED;
	if (c->phase != HTTP_HANDSHAKE && c->phase != HTTP_IDLE &&
	    c->phase != HTTP_READING)
		return BUSY;
	if (c->gate.whole == 0)
		return UNKNOWN;
	return c->phase == HTTP_IDLE ? IDLE : BUSY;
}

/* Of two alike the one that has been so for longer. NULL: all are busy. */
static struct http_conn *
who_gives_way(const struct cs_http *h)
{
	struct http_conn *o = NULL, *least = NULL;
	enum claim claim = BUSY, its;

	LIST_FOREACH(o, &h->conns, next) {
		its = claim_of(o);
		if (its < claim || (its == claim && its != BUSY &&
		    o->since < least->since)) {
			claim = its;
			least = o;
		}
	}
	return least;
}

bool
http_conn_seat(struct http_conn *c)
{
	struct cs_http *h = c->h;
	struct http_conn *o;

	while (h->seated >= h->limits.max_connections) {
		if ((o = who_gives_way(h)) == NULL)
			return false;
		http_conn_drop(o);
	}
	h->seated++;
	c->seated = true;
	http_conn_rests(c);
	return true;
}

void
http_conn_rests(struct http_conn *c)
{
	c->since = ++c->h->rests;
}

static bool
is_of(const struct http_conn *c, const uint8_t address[16])
{
	return c->has_address && cs_span_eq(cs_span_of(c->address, 16),
	    cs_span_of(address, 16));
}

bool
http_conn_is_crowded(const struct http_conn *c)
{
	const struct http_conn *o = NULL;
	size_t n = 0;

	if (!c->has_address)
		return false;
	LIST_FOREACH(o, &c->h->conns, next)
		n += is_of(o, c->address);
	return n > c->h->limits.max_per_address;
}
