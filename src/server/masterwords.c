/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <countersign/verifier.h>

#include "base/time.h"
#include "server/masterp.h"
#include "server/msg.h"

/* A child is not believed more than it has to be: it may be in the hands of who
 * sent the last request. */

static void
note_line(cs_slot *s, const cs_frame *f)
{
	int64_t level = 0;

	if (f->n != 2 || cs_frame_get_number(f->part[0], &level, NULL) != CS_OK)
		return;
	if (level < COUNTERSIGN_LOG_ERROR || level > COUNTERSIGN_LOG_INFO)
		level = COUNTERSIGN_LOG_INFO;
	cs_slot_log(s, (int)level, f->part[1]);
}

static void
note_ready(cs_slot *s, const cs_frame *f)
{
	cs_span had = f->n == 1 ? f->part[0] : cs_span_str("");
	cs_err e = {0};

	if (s->state != CS_SLOT_STARTING)
		return;
	s->state = CS_SLOT_UP;
	cs_master_say(s->m, COUNTERSIGN_LOG_INFO, "%s is up, process %ld, "
	    "confined by %.*s", s->name, (long)s->pid,
	    (int)(had.n > 200 ? 200 : had.n), (const char *)had.p);
	if (s->behind && cs_slot_reload(s, &e) != CS_OK) {
		cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s: %s", s->name,
		    e.text);
		cs_slot_kill(s);
	}
	cs_master_look(s->m);
}

static void
note_reloaded(cs_slot *s, const cs_frame *f)
{
	if (f->n == 1 && f->part[0].n != 0) {
		s->m->bad_reload = true;
		cs_slot_log(s, COUNTERSIGN_LOG_ERROR, f->part[0]);
	}
	if (!s->reloading)
		return;
	s->reloading = false;
	cs_master_reloaded(s->m);
}

static void
note(cs_slot *s, const cs_frame *f)
{
	s->heard_ms = cs_time_mono_ms();
	if (f->type == CS_MSG_SAY)
		note_line(s, f);
	else if (f->type == CS_MSG_READY)
		note_ready(s, f);
	else if (f->type == CS_MSG_RELOADED)
		note_reloaded(s, f);
}

#define FRAMES_A_TURN 64 /* others want to be heard, too */
#define OCTETS_A_TURN (256 * 1024)

/* A start is not to wait for rests, but no child is without one for ever. */
static void
rest(cs_slot *s, bool more)
{
	if (s->watch != NULL && (more || s->state == CS_SLOT_UP))
		cs_watch_rest(s->watch, CS_SLOT_REST_MS);
}

void
cs_slot_listen(void *slot)
{
	cs_slot *s = slot;
	cs_frame *f = NULL;
	cs_err e = {0};
	bool end = false;
	size_t octets = 0;
	int i, rc = CS_OK;

	for (i = 0; i < FRAMES_A_TURN && octets < OCTETS_A_TURN; i++) {
		rc = cs_channel_try(s->control, &f, &end, &e);
		if (rc != CS_OK || f == NULL)
			break;
		octets += cs_buf_len(f->own);
		note(s, f);
		cs_frame_free(&f);
	}
	if (rc == CS_OK && !end) {
		rest(s, i == FRAMES_A_TURN || octets >= OCTETS_A_TURN);
		return;
	}
	if (rc != CS_OK)
		cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s said what is no "
		    "message: %s", s->name, e.text);
	/* Who has closed his end ends by himself; soon, or he is killed. */
	cs_watch_free(&s->watch);
	if (rc != CS_OK)
		cs_slot_kill(s);
}
