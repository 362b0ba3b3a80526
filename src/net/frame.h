/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_FRAME_H
#define CS_NET_FRAME_H

#include "base/buf.h"

/*
 * Messages between processes of one daemon, over a SOCK_SEQPACKET pair. A
 * frame has at most CS_FRAME_MAX octets, or CS_FRAME_LONG where both ends say
 * so:
 *
 *	u32 magic | u32 type | u64 id | u32 parts | parts x (u32 len, octets)
 *
 * all big-endian. It travels as a run of packets of at most CS_PACKET_MAX of
 * its octets; before these each has an octet of flags: CS_PACKET_FIRST,
 * CS_PACKET_LAST. A first one in the middle of a frame begins another: the
 * sender's deadline has come. A descriptor comes with the first.
 *
 * Whoever reads trusts nothing of it: a frame that is too long, has bytes
 * behind its last part, or more parts than CS_FRAME_PARTS, a packet that is too
 * long or out of place, and more than one descriptor end the channel.
 */
#define CS_FRAME_MAX (1024 * 1024)
#define CS_FRAME_LONG (9 * 1024 * 1024)
#define CS_FRAME_PARTS 24
#define CS_PACKET_MAX (64 * 1024)
enum { CS_PACKET_FIRST = 1, CS_PACKET_LAST = 2 };

typedef struct cs_frame { /* spans borrow: from the maker, or from own */
	uint32_t type;
	uint64_t id;      /* pairs an answer with its question */
	size_t n;
	cs_span part[CS_FRAME_PARTS]; /* never absent: empty instead */
	int fd;           /* -1: none travels with it; the reader owns it,
			   * the sender keeps his own */
	cs_buf *own;
} cs_frame;

typedef struct cs_channel cs_channel;

/* Two connected ends, close-on-exec. */
CS_USE int cs_channel_pair(int out[2], cs_err *e);
/* Takes the descriptor, also when it fails. */
CS_USE int cs_channel_new(int fd, cs_channel **out, cs_err *e);
void cs_channel_free(cs_channel **c);
int cs_channel_fd(const cs_channel *c);
/* Before anything goes over it: frames up to CS_FRAME_LONG are received, or
 * sent. */
enum { CS_LONG_IN = 1, CS_LONG_OUT = 2 };
void cs_channel_long(cs_channel *c, unsigned ways);

/* Sends one, waiting while the peer does not read, until the deadline
 * (CLOCK_MONOTONIC, 0: for ever). Threads may send on one channel at once, and
 * while another receives. CS_EIO when the peer is gone, CS_ETIMEOUT, CS_EFORMAT
 * for a frame that is too long. */
CS_USE int cs_channel_send(cs_channel *c, const cs_frame *f,
    int64_t deadline_ms, cs_err *e);
/* Receives one; *end is set when the peer has closed, which may be in the
 * middle of a frame. One thread at a time. CS_EFORMAT for what is no frame, with
 * *end set, too: the channel is shut down; CS_ETIMEOUT. */
CS_USE int cs_channel_receive(cs_channel *c, int64_t deadline_ms,
    cs_frame **out, bool *end, cs_err *e);
/* For an event loop: CS_OK with *out NULL when nothing whole is there yet.
 * There may be more when it has given one: the descriptor then still reads as
 * readable. */
CS_USE int cs_channel_try(cs_channel *c, cs_frame **out, bool *end,
    cs_err *e);
void cs_frame_free(cs_frame **f); /* closes an fd that nobody took */

/* The bytes of a frame, for tests and fuzzing: what put writes parse takes. */
CS_USE int cs_frame_put(const cs_frame *f, cs_buf *out, cs_err *e);
CS_USE int cs_frame_parse(cs_span in, cs_frame **out, cs_err *e);

/* Numbers in parts: exactly 8 octets, big-endian, not negative. */
cs_span cs_frame_number(int64_t v, uint8_t room[8]);
CS_USE int cs_frame_get_number(cs_span part, int64_t *out, cs_err *e);

#endif
