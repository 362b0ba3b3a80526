/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/sources.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "plugin/policyfile.h"
#include "plugin/state.h"

#define LOOK_MS 1000
#define RETRY_MS 10000 /* of what did not load and looks as it did */

static const char where[] = "plugin/sources";

/* What is lent is `pub`, the first member. */
struct set {
	cs_set pub;
	size_t holders; /* under the holder's lock; the holder is one */
};

struct cs_set_holder {
	char *owners, *policy;
	uid_t reader;

	pthread_mutex_t lock; /* never while something is read */
	struct set *now;
	int64_t looked;       /* CLOCK_MONOTONIC, ms */

	pthread_mutex_t loading; /* one after another; of what follows */
	cs_state state;  /* of the sources, as the last load saw them */
	bool settled;    /* and as it left them */
	bool failed;
	int64_t tried;   /* when */
	cs_err told;     /* the last complaint */
};

static void
set_free(struct set **s)
{
	if (*s == NULL)
		return;
	cs_anchors_free(&(*s)->pub.anchors);
	cs_policy_free(&(*s)->pub.policy);
	free(*s);
	*s = NULL;
}

static int
set_load(const cs_set_holder *h, struct set **out, cs_err *e)
{
	struct set *s = calloc(1, sizeof(*s));
	int r;

	*out = NULL;
	if (s == NULL)
		return cs_nomem(e, where);
	s->holders = 1;
	r = cs_anchors_load(h->owners, h->reader, &s->pub.anchors, e);
	if (r == CS_OK)
		r = cs_policy_load(h->policy, h->reader, &s->pub.policy, e);
	if (r == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	set_free(&s);
	return r;
}

/* One holder less; who was the last one frees it, outside the lock. */
static void
let_go(cs_set_holder *h, struct set *s)
{
	bool last;

	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&h->lock);
	last = --s->holders == 0;
	(void)pthread_mutex_unlock(&h->lock);
	if (last)
		set_free(&s);
}

static void
put_in_place(cs_set_holder *h, struct set *s)
{
	struct set *old;

	(void)pthread_mutex_lock(&h->lock);
	old = h->now;
	h->now = s;
	(void)pthread_mutex_unlock(&h->lock);
	let_go(h, old);
}

/* Of what `s` was loaded from, or is going to be. */
static int
look(const cs_set_holder *h, const struct set *s, cs_state *out, cs_err *e)
{
	return cs_state_read(h->owners, h->policy, s == NULL ? NULL :
	    cs_anchors_authorities(s->pub.anchors), h->reader, out, e);
}

/* Between two looks that see the same, at files that have been so for a while:
 * else the next look loads once more. Under h->loading, as the next two. */
static int
load_between(cs_set_holder *h, const cs_state *before, cs_err *e)
{
	struct set *s = NULL;
	cs_state after = {0};
	int r;

	if ((r = set_load(h, &s, e)) != CS_OK)
		return r;
	if ((r = look(h, s, &after, e)) != CS_OK) {
		set_free(&s);
		return r;
	}
	h->settled = cs_state_eq(before, &after) &&
	    cs_state_is_old(&after, cs_time_now());
	cs_state_free(&h->state);
	h->state = after; /* transferred */
	put_in_place(h, s);
	return CS_OK;
}

static int
load(cs_set_holder *h, int64_t mono_ms, cs_err *e)
{
	cs_state before = {0};
	int r;

	h->tried = mono_ms;
	if ((r = look(h, h->now, &before, e)) != CS_OK)
		return r;
	r = load_between(h, &before, e);
	h->failed = r != CS_OK;
	if (r != CS_OK) {
		cs_state_free(&h->state);
		h->state = before; /* transferred */
		return r;
	}
	cs_state_free(&before);
	cs_err_clear(&h->told);
	return CS_OK;
}

int
cs_set_holder_new(const char *owners, const char *policy, cs_set_holder **out,
    cs_err *e)
{
	cs_set_holder *h = calloc(1, sizeof(*h));
	int r;

	*out = NULL;
	if (h == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&h->lock, NULL);
	(void)pthread_mutex_init(&h->loading, NULL);
	h->reader = geteuid();
	h->owners = strdup(owners);
	h->policy = strdup(policy);
	if (h->owners == NULL || h->policy == NULL)
		r = cs_nomem(e, where);
	else
		r = load(h, h->looked = cs_time_mono_ms(), e);
	if (r == CS_OK) {
		*out = h;
		h = NULL; /* transferred */
	}
	cs_set_holder_free(&h);
	return r;
}

void
cs_set_holder_free(cs_set_holder **hp)
{
	cs_set_holder *h;

	if (hp == NULL || (h = *hp) == NULL)
		return;
	set_free(&h->now);
	cs_state_free(&h->state);
	(void)pthread_mutex_destroy(&h->lock);
	(void)pthread_mutex_destroy(&h->loading);
	free(h->owners);
	free(h->policy);
	free(h);
	*hp = NULL;
}

const cs_set *
cs_set_hold(cs_set_holder *h)
{
	struct set *s;

	(void)pthread_mutex_lock(&h->lock);
	s = h->now;
	s->holders++;
	(void)pthread_mutex_unlock(&h->lock);
	return &s->pub;
}

void
cs_set_drop(cs_set_holder *h, const cs_set *s)
{
	let_go(h, (struct set *)(uintptr_t)s);
}

bool
cs_set_is_current(cs_set_holder *h, const cs_set *s)
{
	bool yes;

	(void)pthread_mutex_lock(&h->lock);
	yes = s == &h->now->pub;
	(void)pthread_mutex_unlock(&h->lock);
	return yes;
}

int
cs_set_reload(cs_set_holder *h, cs_err *e)
{
	cs_err why = {0};
	int r;

	(void)pthread_mutex_lock(&h->loading);
	r = load(h, cs_time_mono_ms(), &why);
	if (r != CS_OK)
		h->told = why;
	(void)pthread_mutex_unlock(&h->loading);
	if (r != CS_OK && e != NULL)
		*e = why;
	return r;
}

static bool
is_due(cs_set_holder *h, int64_t mono_ms)
{
	bool due;

	(void)pthread_mutex_lock(&h->lock);
	due = mono_ms - h->looked >= LOOK_MS;
	if (due)
		h->looked = mono_ms;
	(void)pthread_mutex_unlock(&h->lock);
	return due;
}

/* Under h->loading. A complaint that was told already is none. */
static int
look_and_load(cs_set_holder *h, int64_t mono_ms, bool *changed, cs_err *e)
{
	cs_state now = {0};
	cs_err why = {0};
	bool same, failed = h->failed;
	int r;

	if ((r = look(h, h->now, &now, e)) != CS_OK)
		return r;
	same = cs_state_eq(&now, &h->state);
	cs_state_free(&now);
	if (same && (failed ? mono_ms - h->tried < RETRY_MS : h->settled))
		return CS_OK;
	r = load(h, mono_ms, &why);
	*changed = r == CS_OK && (!same || failed);
	if (r == CS_OK || (same && strcmp(why.text, h->told.text) == 0))
		return CS_OK;
	h->told = why;
	if (e != NULL)
		*e = why;
	return r;
}

int
cs_set_watch(cs_set_holder *h, int64_t mono_ms, bool *changed, cs_err *e)
{
	int r;

	*changed = false;
	if (!is_due(h, mono_ms) || pthread_mutex_trylock(&h->loading) != 0)
		return CS_OK;
	r = look_and_load(h, mono_ms, changed, e);
	(void)pthread_mutex_unlock(&h->loading);
	return r;
}
