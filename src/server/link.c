/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/link.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/sem.h"
#include "base/time.h"

static const char where[] = "server/keyholder";

struct waiter { /* on the stack of who asked */
	struct waiter *next;
	uint64_t id;
	cs_frame *answer; /* NULL where told: the keyholder went */
	/* Whoever takes it off the list does both, in this order; only then may
	 * its stack frame end. */
	atomic_bool told;
	sem_t came;
};

struct end { /* one channel, and who reads it */
	cs_link *link;
	cs_channel *channel;
	pthread_t thread;
	struct end *next;
};

struct cs_link {
	pthread_mutex_t lock;
	struct waiter *waiters;
	struct end *now;   /* NULL: none, since */
	int64_t lost_ms;
	struct end *before; /* whose thread is to be joined */
	uint64_t last_id;
	size_t sending;
	pthread_cond_t sent;
};

/* Takes it off the list, with the lock. False: it was not there. */
static bool
take_off(cs_link *l, const struct waiter *w)
{
	struct waiter **at = &l->waiters;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = w->next;
	return true;
}

/* Of one that is off the list, without the lock: it goes on at once. */
static void
tell(struct waiter *w, cs_frame *answer)
{
	w->answer = answer;
	atomic_store(&w->told, true);
	(void)sem_post(&w->came);
}

static void
deliver(cs_link *l, cs_frame **f)
{
	struct waiter *w;

	(void)pthread_mutex_lock(&l->lock);
	for (w = l->waiters; w != NULL && w->id != (*f)->id; w = w->next)
		;
	if (w != NULL)
		(void)take_off(l, w);
	(void)pthread_mutex_unlock(&l->lock);
	if (w != NULL) {
		tell(w, *f);
		*f = NULL; /* transferred */
	}
	cs_frame_free(f);
}

/* Nothing that was asked over this channel will be answered. */
static void
lose(struct end *end)
{
	cs_link *l = end->link;
	struct waiter *w = NULL, *next;

	(void)pthread_mutex_lock(&l->lock);
	if (l->now == end) {
		end->next = l->before;
		l->before = end;
		l->now = NULL;
		l->lost_ms = cs_time_mono_ms();
		w = l->waiters;
		l->waiters = NULL;
	}
	(void)pthread_mutex_unlock(&l->lock);
	for (; w != NULL; w = next) {
		next = w->next;
		tell(w, NULL);
	}
}

static void *
read_answers(void *arg)
{
	struct end *end = arg;
	cs_frame *f = NULL;
	bool gone = false;

	while (!gone) {
		if (cs_channel_receive(end->channel, 0, &f, &gone, NULL) !=
		    CS_OK || gone)
			break;
		if (f != NULL)
			deliver(end->link, &f);
	}
	cs_frame_free(&f);
	lose(end);
	return NULL;
}

int
cs_link_new(cs_link **out, cs_err *e)
{
	cs_link *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (l == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->sent, NULL);
	l->lost_ms = cs_time_mono_ms();
	*out = l;
	return CS_OK;
}

static void
end_free(struct end *end)
{
	(void)pthread_join(end->thread, NULL);
	cs_channel_free(&end->channel);
	free(end);
}

/* Readers end when their channel does; nobody sends over it any more. */
static void
bury(cs_link *l)
{
	struct end *end, *next;

	(void)pthread_mutex_lock(&l->lock);
	while (l->sending != 0)
		(void)pthread_cond_wait(&l->sent, &l->lock);
	end = l->before;
	l->before = NULL;
	(void)pthread_mutex_unlock(&l->lock);
	for (; end != NULL; end = next) {
		next = end->next;
		end_free(end);
	}
}

static void
hang_up(cs_link *l)
{
	struct end *end;

	(void)pthread_mutex_lock(&l->lock);
	end = l->now;
	(void)pthread_mutex_unlock(&l->lock);
	if (end != NULL) {
		(void)shutdown(cs_channel_fd(end->channel), SHUT_RDWR);
		lose(end);
	}
	bury(l);
}

int
cs_link_set(cs_link *l, int fd, cs_err *e)
{
	struct end *end = calloc(1, sizeof(*end));
	cs_channel *c = NULL;
	int rc;

	hang_up(l);
	if ((rc = cs_channel_new(fd, &c, e)) != CS_OK || end == NULL) {
		cs_channel_free(&c);
		free(end);
		return rc != CS_OK ? rc : cs_nomem(e, where);
	}
	cs_channel_long(c, CS_LONG_IN | CS_LONG_OUT);
	end->link = l;
	end->channel = c;
	(void)pthread_mutex_lock(&l->lock);
	if (pthread_create(&end->thread, NULL, read_answers, end) == 0) {
		l->now = end;
		end = NULL; /* transferred */
	}
	(void)pthread_mutex_unlock(&l->lock);
	if (end == NULL)
		return CS_OK;
	cs_channel_free(&end->channel);
	free(end);
	return cs_fail(e, CS_EBUG, where, "no thread for the keyholder");
}

int64_t
cs_link_away(cs_link *l)
{
	int64_t away = 0;

	(void)pthread_mutex_lock(&l->lock);
	if (l->now == NULL)
		away = 1 + cs_time_mono_ms() - l->lost_ms;
	(void)pthread_mutex_unlock(&l->lock);
	return away;
}

/* NULL: there is no channel, and nobody waits. */
static struct end *
begin(cs_link *l, struct waiter *w)
{
	struct end *end;

	(void)pthread_mutex_lock(&l->lock);
	w->id = ++l->last_id;
	if ((end = l->now) != NULL) {
		w->next = l->waiters;
		l->waiters = w;
		l->sending++;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return end;
}

static void
was_sent(cs_link *l)
{
	(void)pthread_mutex_lock(&l->lock);
	if (--l->sending == 0)
		(void)pthread_cond_broadcast(&l->sent);
	(void)pthread_mutex_unlock(&l->lock);
}

/* Until it is told, or is late and off the list. */
static void
wait_for(cs_link *l, struct waiter *w, int64_t deadline_ms)
{
	bool late = !cs_sem_wait(&w->came, deadline_ms);

	if (late) {
		(void)pthread_mutex_lock(&l->lock);
		late = take_off(l, w);
		(void)pthread_mutex_unlock(&l->lock);
		/* Or somebody is just telling it. */
		while (!late && sem_wait(&w->came) != 0)
			continue;
	}
}

static int
ask_over(cs_link *l, struct end *end, struct waiter *w, const cs_frame *f,
    int64_t deadline_ms, cs_err *e)
{
	int rc = cs_channel_send(end->channel, f, deadline_ms, e);

	was_sent(l);
	wait_for(l, w, rc == CS_OK ? deadline_ms : 0);
	if (atomic_load(&w->told) && w->answer != NULL)
		return CS_OK;
	return cs_fail(e, CS_ETIMEOUT, where, rc != CS_OK ||
	    atomic_load(&w->told) ? "the keyholder went" :
	    "the keyholder has not answered in time");
}

static int
ask(cs_link *l, cs_frame *f, int64_t deadline_ms, cs_frame **out, cs_err *e)
{
	struct waiter w = {.id = 0};
	struct end *end;
	int rc;

	*out = NULL;
	atomic_init(&w.told, false);
	(void)sem_init(&w.came, 0, 0);
	end = begin(l, &w);
	f->id = w.id;
	rc = end != NULL ? ask_over(l, end, &w, f, deadline_ms, e) :
	    cs_fail(e, CS_ETIMEOUT, where, "the keyholder went");
	(void)sem_destroy(&w.came);
	*out = w.answer;
	return rc;
}

static int
not_signed(const cs_frame *f, cs_err *e)
{
	int64_t cls = 0;

	if (f->n != 2 || cs_frame_get_number(f->part[0], &cls, e) != CS_OK)
		return cs_fail(e, CS_EBUG, where,
		    "the keyholder answers in another shape");
	/* Too many at once, or a token that is away: it may be there soon. */
	return cs_fail(e, cls == -(int64_t)CS_ETIMEOUT ||
	    cls == -(int64_t)CS_EDEVICE ? CS_ETIMEOUT : CS_EBUG, where,
	    "the keyholder does not sign: %.*s", (int)f->part[1].n,
	    (const char *)f->part[1].p);
}

static int
sign(void *arg, uint32_t type, cs_span key_id, cs_span body,
    int64_t deadline_ms, cs_buf *sig, cs_err *e)
{
	cs_frame f = {.type = type, .n = 2, .part = {key_id, body}, .fd = -1};
	cs_frame *a = NULL;
	int rc;

	if ((rc = ask(arg, &f, deadline_ms, &a, e)) != CS_OK)
		return rc;
	if (a->type != CS_MSG_SIGNED || a->n != 1 || a->part[0].n == 0)
		rc = not_signed(a, e);
	else if (cs_buf_put(sig, a->part[0]) != CS_OK)
		rc = cs_fail(e, CS_EBUG, where, "a signature of %zu octets",
		    a->part[0].n);
	cs_frame_free(&a);
	return rc;
}

static int
last(void *arg, cs_span key_id, int64_t deadline_ms, cs_buf **der, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_LAST_CRL, .n = 1, .part = {key_id},
	    .fd = -1};
	cs_frame *a = NULL;
	int rc;

	*der = NULL;
	if ((rc = ask(arg, &f, deadline_ms, &a, e)) != CS_OK)
		return rc;
	if (a->type != CS_MSG_LAST_CRL_IS || a->n != 1)
		rc = not_signed(a, e);
	else if (a->part[0].n != 0 &&
	    (*der = cs_buf_dup(a->part[0])) == NULL)
		rc = cs_nomem(e, where);
	cs_frame_free(&a);
	return rc;
}

cs_sign_ops
cs_link_signer(cs_link *l)
{
	return (cs_sign_ops){.sign = sign, .last = last, .arg = l};
}

void
cs_link_free(cs_link **lp)
{
	cs_link *l;

	if (lp == NULL || (l = *lp) == NULL)
		return;
	hang_up(l);
	(void)pthread_cond_destroy(&l->sent);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
	*lp = NULL;
}

int
cs_link_keys(cs_link *l, int64_t deadline_ms, cs_keys_told *out, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_KEYS, .fd = -1}, *a = NULL;
	int rc;

	*out = (cs_keys_told){.n_ca = 0};
	if ((rc = ask(l, &f, deadline_ms, &a, e)) != CS_OK)
		return rc;
	rc = cs_keys_told_get(a, out, e);
	cs_frame_free(&a);
	return rc;
}
