/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_FRAMEP_H
#define CS_NET_FRAMEP_H

#include "net/frame.h"

/* Between frame.c and channel.c. */

#define CS_FRAME_HEAD 20 /* octets before the first part */

/* How many octets put writes; CS_EFORMAT when that is too much. */
CS_USE int cs_frame_size(const cs_frame *f, size_t *out, cs_err *e);
/* As parse, and takes *own when it is a frame. */
CS_USE int cs_frame_take(cs_buf **own, cs_frame **out, cs_err *e);

#endif
