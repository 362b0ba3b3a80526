/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_FRAMEP_H
#define CS_NET_FRAMEP_H

#include "net/frame.h"

/* Between frame.c, channel.c, outbox.c and post.c. */

#define CS_FRAME_HEAD 20 /* octets before the first part */

/* How many octets put writes; CS_EFORMAT when that is more than `max`. */
CS_USE int cs_frame_size(const cs_frame *f, size_t max, size_t *out,
    cs_err *e);
/* The most that this channel sends. */
size_t cs_channel_most(const cs_channel *c);
/* As parse, and takes *own when it is a frame. */
CS_USE int cs_frame_take(cs_buf **own, cs_frame **out, cs_err *e);
/* Sends what can be sent now of the octets of a frame, from *at on, which moves
 * behind them. Others must not send on the channel until it is at the end. */
CS_USE int cs_channel_push(cs_channel *c, cs_span data, int fd, size_t *at,
    cs_err *e);

#endif
