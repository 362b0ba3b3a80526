/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_OUTBOX_H
#define CS_NET_OUTBOX_H

#include "net/frame.h"

/*
 * What many threads send to one peer, who may not read: none of them waits for
 * him, or for another. What he does not take at once is kept, in order, and sent
 * by a thread of the outbox's own.
 */
typedef struct cs_outbox cs_outbox;

/* Lends the channel, on which nobody else sends from now on. A peer who has
 * something to read and reads nothing of it for `stuck_ms` is left: the channel
 * is shut down. */
CS_USE int cs_outbox_new(cs_channel *c, int stuck_ms, cs_outbox **out,
    cs_err *e);
/* Copies the frame, which has no descriptor. CS_ETIMEOUT when it would make
 * more than `max` octets wait; one alone is always taken. CS_EIO when the peer
 * was left or has gone; CS_EFORMAT for a frame that is too long. */
CS_USE int cs_outbox_put(cs_outbox *o, const cs_frame *f, size_t max,
    cs_err *e);
/* Waits while the peer does not read: for who would ask for more of what he does
 * not take. Back at once when he was left. */
void cs_outbox_settle(cs_outbox *o);
/* He was left, or has gone. */
bool cs_outbox_left(cs_outbox *o);
/* What waits is sent first, or the peer is left. */
void cs_outbox_free(cs_outbox **o);

#endif
