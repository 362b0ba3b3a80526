/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_LOOPP_H
#define CS_NET_LOOPP_H

#include "net/loop.h"

/* For those of this room who use libevent themselves; lends. */
struct event_base;
struct event_base *cs_loop_base(cs_loop *l);

#endif
