/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "server/masterp.h"

/* A child may be in the hands of somebody who would fill the disk, or bury a
 * line of another under his own. */

static void
say_dropped(cs_slot *s)
{
	if (s->flow.dropped != 0)
		cs_master_say(s->m, COUNTERSIGN_LOG_WARNING, "%s: %" PRIu64
		    " lines were dropped: too much in too short a time",
		    s->name, s->flow.dropped);
	s->flow.dropped = 0;
}

void
cs_slot_log(cs_slot *s, int level, cs_span text)
{
	if (!cs_flow_line(&s->flow, cs_time_mono_ms()))
		return;
	say_dropped(s);
	cs_flow_wrote(&s->flow, cs_log_line(s->m->env->log, level, s->name,
	    text));
}

void
cs_slot_log_look(cs_slot *s, int64_t now_ms)
{
	if (s->flow.dropped != 0 && cs_flow_is_open(&s->flow, now_ms))
		say_dropped(s);
}

void
cs_slot_log_end(cs_slot *s)
{
	say_dropped(s);
}
