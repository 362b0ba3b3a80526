/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/keycache.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "crypt/keycache";

struct kept {
	cs_buf *der; /* whole SubjectPublicKeyInfo */
	cs_pubkey *key;
	struct kept **chain;       /* of its bucket */
	struct kept *next;         /* in the bucket */
	struct kept *newer, *older;
};

struct cs_keycache {
	struct kept *kept; /* max of them, the first n in use */
	size_t n, max;
	struct kept *newest, *oldest;
	struct kept **buckets;
	size_t mask; /* buckets - 1, a power of two of them */
	cs_pubkey *place;
};

int
cs_keycache_new(size_t max, cs_keycache **out, cs_err *e)
{
	cs_keycache *c = NULL;
	size_t want = 1;

	*out = NULL;
	if (max == 0 || max > CS_KEYCACHE_MAX)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected room for 1 to %d keys, found %zu",
		    CS_KEYCACHE_MAX, max);
	while (want < max)
		want *= 2;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->kept = calloc(max, sizeof(*c->kept))) == NULL ||
	    (c->buckets = calloc(want, sizeof(*c->buckets))) == NULL) {
		cs_keycache_free(&c);
		return cs_nomem(e, where);
	}
	c->max = max;
	c->mask = want - 1;
	*out = c;
	return CS_OK;
}

void
cs_keycache_free(cs_keycache **cp)
{
	cs_keycache *c;
	size_t i;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		cs_pubkey_free(&c->kept[i].key);
		cs_buf_free(&c->kept[i].der);
	}
	cs_pubkey_free(&c->place);
	free(c->kept);
	free(c->buckets);
	free(c);
	*cp = NULL;
}

cs_pubkey **
cs_keycache_place(cs_keycache *c)
{
	return &c->place;
}

size_t
cs_keycache_count(const cs_keycache *c)
{
	return c->n;
}

/* Out of the order of use. */
static void
unlink_kept(cs_keycache *c, struct kept *k)
{
	if (k->newer != NULL)
		k->newer->older = k->older;
	else
		c->newest = k->older;
	if (k->older != NULL)
		k->older->newer = k->newer;
	else
		c->oldest = k->newer;
	k->newer = k->older = NULL;
}

static void
link_newest(cs_keycache *c, struct kept *k)
{
	k->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = k;
	else
		c->oldest = k;
	c->newest = k;
}

/* The one used longest ago leaves its place, or there is a free one. */
static struct kept *
take_place(cs_keycache *c)
{
	struct kept *k = c->oldest, **at;

	if (c->n < c->max)
		return &c->kept[c->n++];
	unlink_kept(c, k);
	for (at = k->chain; *at != k; at = &(*at)->next)
		continue;
	*at = k->next;
	cs_pubkey_free(&k->key);
	cs_buf_free(&k->der);
	return k;
}

static int
keep(cs_keycache *c, const cs_spki *spki, struct kept **bucket, cs_err *e)
{
	cs_buf *der = cs_buf_dup(spki->der);
	cs_pubkey *key = NULL;
	struct kept *k;
	int r;

	if (der == NULL)
		return cs_nomem(e, where);
	if ((r = cs_pubkey_new(spki, &key, e)) != CS_OK) {
		cs_buf_free(&der);
		return r;
	}
	k = take_place(c);
	*k = (struct kept){.der = der, .key = key, .chain = bucket,
	    .next = *bucket};
	*bucket = k;
	link_newest(c, k);
	return CS_OK;
}

int
cs_keycache_get(cs_keycache *c, const cs_spki *spki,
    const uint8_t hash[CS_SHA256_LEN], cs_pubkey **lent, cs_err *e)
{
	struct kept **bucket, *k;
	size_t at;
	int r;

	*lent = NULL;
	memcpy(&at, hash, sizeof(at));
	bucket = &c->buckets[at & c->mask];
	for (k = *bucket; k != NULL; k = k->next)
		if (cs_span_eq(cs_buf_span(k->der), spki->der))
			break;
	if (k != NULL) {
		unlink_kept(c, k);
		link_newest(c, k);
	} else if ((r = keep(c, spki, bucket, e)) != CS_OK) {
		return r;
	}
	*lent = c->newest->key;
	return CS_OK;
}
