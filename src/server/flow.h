/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_FLOW_H
#define CS_SERVER_FLOW_H

#include "base/buf.h"

/* How much one child may write into the log: a bucket of octets that runs out by
 * CS_FLOW_RATE a second. When CS_FLOW_BURST are in it, it takes nothing until
 * half of it is gone, so that of a flood there are stretches, and one number for
 * what was left out between them. 3,000 lines a second of a thousand octets each
 * leave out nothing. */
#define CS_FLOW_RATE (4 * 1024 * 1024)
#define CS_FLOW_BURST (8 * 1024 * 1024)
#define CS_FLOW_LINE 256 /* octets that a line counts for at least */

typedef struct cs_flow { /* all 0: nothing was written yet */
	int64_t octets, at_ms;
	bool shut;
	uint64_t dropped; /* lines, of which nobody was told yet */
} cs_flow;

/* May a line be written at `now_ms` (CLOCK_MONOTONIC)? If not, it is counted. */
CS_USE bool cs_flow_line(cs_flow *f, int64_t now_ms);
/* How long it was. */
void cs_flow_wrote(cs_flow *f, size_t octets);
/* Would one be taken now? */
CS_USE bool cs_flow_is_open(cs_flow *f, int64_t now_ms);

#endif
