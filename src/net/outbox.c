/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/outbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "net/framep.h"

static const char where[] = "net/outbox";

STAILQ_HEAD(letters, letter);

struct letter {
	STAILQ_ENTRY(letter) next;
	cs_buf *data;
	size_t at;
};

/* Who sends has the first letter to himself; others put theirs behind it, and
 * he sends them, too. */
enum outbox_state {
	BOX_IDLE = 0,
	BOX_SENDS, /* one who put something */
	BOX_FULL   /* the thread, when the peer reads */
};

struct cs_outbox {
	cs_channel *channel;
	int stuck_ms;
	pthread_mutex_t lock;
	pthread_cond_t full, settled;
	pthread_t thread;
	struct letters letters;
	size_t waiting; /* octets */
	enum outbox_state state;
	bool left, ends;
};

static void
letter_free(struct letter *l)
{
	if (l != NULL)
		cs_buf_free(&l->data);
	free(l);
}

static void
drop_first(cs_outbox *o)
{
	struct letter *l = STAILQ_FIRST(&o->letters);

	o->waiting -= cs_buf_len(l->data) - l->at;
	STAILQ_REMOVE_HEAD(&o->letters, next);
	letter_free(l);
}

/* The peer gets nothing more, and is heard no more either. */
static void
leave(cs_outbox *o)
{
	o->left = true;
	while (!STAILQ_EMPTY(&o->letters))
		drop_first(o);
	(void)shutdown(cs_channel_fd(o->channel), SHUT_RDWR);
}

/* Of who sends, with the lock, which he has not while he does. False: the peer
 * takes no more now. */
static bool
send_some(cs_outbox *o)
{
	struct letter *l;
	size_t before;
	int rc;

	while ((l = STAILQ_FIRST(&o->letters)) != NULL) {
		before = l->at;
		(void)pthread_mutex_unlock(&o->lock);
		rc = cs_channel_push(o->channel, cs_buf_span(l->data), -1,
		    &l->at, NULL);
		(void)pthread_mutex_lock(&o->lock);
		o->waiting -= l->at - before;
		if (rc != CS_OK) {
			leave(o);
			return true;
		}
		if (l->at < cs_buf_len(l->data))
			return false;
		drop_first(o);
	}
	return true;
}

static bool
peer_reads(const cs_outbox *o)
{
	struct pollfd p = {.fd = cs_channel_fd(o->channel), .events = POLLOUT};
	int n;

	do {
		n = poll(&p, 1, o->stuck_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* The lock is held, and nobody else sends. */
static void
send_when_read(cs_outbox *o)
{
	bool reads, sent = false;

	while (!sent) {
		(void)pthread_mutex_unlock(&o->lock);
		reads = peer_reads(o);
		(void)pthread_mutex_lock(&o->lock);
		if (!reads)
			leave(o);
		sent = send_some(o);
	}
	o->state = BOX_IDLE;
	(void)pthread_cond_broadcast(&o->settled);
}

static void *
send_rest(void *arg)
{
	cs_outbox *o = arg;

	(void)pthread_mutex_lock(&o->lock);
	while (o->state == BOX_FULL || !o->ends) {
		if (o->state == BOX_FULL)
			send_when_read(o);
		else
			(void)pthread_cond_wait(&o->full, &o->lock);
	}
	(void)pthread_mutex_unlock(&o->lock);
	return NULL;
}

static void
destroy(cs_outbox *o)
{
	(void)pthread_cond_destroy(&o->settled);
	(void)pthread_cond_destroy(&o->full);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}

int
cs_outbox_new(cs_channel *c, int stuck_ms, cs_outbox **out, cs_err *e)
{
	cs_outbox *o = calloc(1, sizeof(*o));

	*out = NULL;
	if (o == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&o->lock, NULL);
	(void)pthread_cond_init(&o->full, NULL);
	(void)pthread_cond_init(&o->settled, NULL);
	STAILQ_INIT(&o->letters);
	o->channel = c;
	o->stuck_ms = stuck_ms;
	if (pthread_create(&o->thread, NULL, send_rest, o) != 0) {
		destroy(o);
		return cs_fail(e, CS_EBUG, where, "no thread for an outbox");
	}
	*out = o;
	return CS_OK;
}

static int
new_letter(const cs_frame *f, size_t n, struct letter **out, cs_err *e)
{
	struct letter *l = calloc(1, sizeof(*l));
	int rc = CS_OK;

	*out = NULL;
	if (l == NULL || (l->data = cs_buf_new(n)) == NULL)
		rc = cs_nomem(e, where);
	else
		rc = cs_frame_put(f, l->data, e);
	if (rc != CS_OK)
		letter_free(l);
	else
		*out = l;
	return rc;
}

/* With the lock; takes the letter when it returns CS_OK. */
static int
put(cs_outbox *o, struct letter *l, size_t max, cs_err *e)
{
	size_t n = cs_buf_len(l->data);

	if (o->left)
		return cs_fail(e, CS_EIO, where, "the peer is gone");
	if (o->waiting > 0 && (n > max || o->waiting > max - n))
		return cs_fail(e, CS_ETIMEOUT, where, "the peer does not "
		    "read: %zu octets wait for it", o->waiting);
	STAILQ_INSERT_TAIL(&o->letters, l, next);
	o->waiting += n;
	if (o->state != BOX_IDLE)
		return CS_OK;
	o->state = BOX_SENDS;
	o->state = send_some(o) ? BOX_IDLE : BOX_FULL;
	if (o->state == BOX_FULL)
		(void)pthread_cond_signal(&o->full);
	return CS_OK;
}

int
cs_outbox_put(cs_outbox *o, const cs_frame *f, size_t max, cs_err *e)
{
	struct letter *l = NULL;
	size_t n = 0;
	int rc;

	if ((rc = cs_frame_size(f, cs_channel_most(o->channel), &n, e)) !=
	    CS_OK || (rc = new_letter(f, n, &l, e)) != CS_OK)
		return rc;
	(void)pthread_mutex_lock(&o->lock);
	rc = put(o, l, max, e);
	(void)pthread_mutex_unlock(&o->lock);
	if (rc != CS_OK)
		letter_free(l);
	return rc;
}

void
cs_outbox_settle(cs_outbox *o)
{
	(void)pthread_mutex_lock(&o->lock);
	while (o->state == BOX_FULL)
		(void)pthread_cond_wait(&o->settled, &o->lock);
	(void)pthread_mutex_unlock(&o->lock);
}

bool
cs_outbox_left(cs_outbox *o)
{
	bool left;

	(void)pthread_mutex_lock(&o->lock);
	left = o->left;
	(void)pthread_mutex_unlock(&o->lock);
	return left;
}

void
cs_outbox_free(cs_outbox **op)
{
	cs_outbox *o;

	if (op == NULL || (o = *op) == NULL)
		return;
	(void)pthread_mutex_lock(&o->lock);
	o->ends = true;
	(void)pthread_cond_signal(&o->full);
	(void)pthread_mutex_unlock(&o->lock);
	(void)pthread_join(o->thread, NULL);
	destroy(o);
	*op = NULL;
}
