/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_POST_H
#define CS_NET_POST_H

#include "net/frame.h"
#include "net/loop.h"

/*
 * A channel in an event loop: frames are called back as they come, and what is
 * put goes out as the peer reads. Nothing waits.
 */
typedef struct cs_post cs_post;

typedef struct cs_post_env {
	/* Not to free the post from. It is freed behind the call, with its
	 * descriptor if that was not taken (-1). */
	void (*frame)(void *arg, cs_frame *f);
	/* Once: the peer has closed (`why` is NULL), or is none to be spoken
	 * with. Nothing comes behind it, and nothing goes out. */
	void (*end)(void *arg, const char *why);
	void *arg;
	size_t max; /* octets that wait to go out */
} cs_post_env;

/* Lends the channel, on which nobody else sends or receives from now on. */
CS_USE int cs_post_new(cs_loop *l, cs_channel *c, const cs_post_env *env,
    cs_post **out, cs_err *e);
void cs_post_free(cs_post **p);
/* Copies the frame; its descriptor has to go out at once. CS_ETIMEOUT when the
 * peer does not read: too much waits already. CS_EIO when it is gone, CS_EFORMAT
 * for a frame that is too long. Calls nobody back. */
CS_USE int cs_post_put(cs_post *p, const cs_frame *f, cs_err *e);
bool cs_post_ended(const cs_post *p);
size_t cs_post_waiting(const cs_post *p); /* octets */

#endif
