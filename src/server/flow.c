/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/flow.h"

#define EMPTY_MS (1000 * (CS_FLOW_BURST / CS_FLOW_RATE) + 1000)

static void
run_out(cs_flow *f, int64_t now_ms)
{
	int64_t ms = now_ms - f->at_ms;

	if (ms <= 0)
		return;
	f->at_ms = now_ms;
	if (ms > EMPTY_MS)
		ms = EMPTY_MS;
	f->octets -= ms * CS_FLOW_RATE / 1000;
	if (f->octets < 0)
		f->octets = 0;
}

bool
cs_flow_is_open(cs_flow *f, int64_t now_ms)
{
	run_out(f, now_ms);
	if (f->shut)
		f->shut = f->octets > CS_FLOW_BURST / 2;
	else
		f->shut = f->octets >= CS_FLOW_BURST;
	return !f->shut;
}

bool
cs_flow_line(cs_flow *f, int64_t now_ms)
{
	if (cs_flow_is_open(f, now_ms))
		return true;
	f->dropped++;
	return false;
}

void
cs_flow_wrote(cs_flow *f, size_t octets)
{
	f->octets += octets < CS_FLOW_LINE ? CS_FLOW_LINE :
	    octets > CS_FLOW_BURST ? CS_FLOW_BURST : (int64_t)octets;
}
