/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/reason.h"
#include "fuzz.h"
#include "server/msg.h"

/* A frame from another process, as every message that it may be. */

static void
same(const cs_frame *a, const cs_frame *b)
{
	size_t i;

	CHECK(a->type == b->type && a->n == b->n && b->fd < 0);
	for (i = 0; i < a->n; i++)
		CHECK(cs_span_eq(a->part[i], b->part[i]));
}

static void
asks(const cs_frame *f)
{
	cs_msg_room room;
	cs_frame again;
	cs_ask_issue a;
	cs_ask_lookup l;
	cs_ask_admin d;

	if (cs_ask_issue_get(f, &a, NULL) == CS_OK) {
		CHECK(a.kinds >= 1 && a.kinds <= 3 && a.deadline_ms >= 0);
		CHECK(cs_ask_issue_put(&a, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
	if (cs_ask_approve_get(f, &a, NULL) == CS_OK) {
		CHECK(cs_ask_approve_put(&a, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
	if (cs_ask_lookup_get(f, &l, NULL) == CS_OK) {
		CHECK(l.request_digest.n == 32);
		CHECK(cs_ask_lookup_put(&l, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
	if (cs_ask_admin_get(f, &d, NULL) == CS_OK) {
		CHECK(d.verb.n != 0 && d.uid >= 0);
		CHECK(cs_ask_admin_put(&d, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
}

static void
told(const cs_frame *f)
{
	cs_msg_room room;
	cs_frame again;
	cs_told_issue t;
	cs_told_given g;
	cs_told_admin d;

	if (cs_told_issue_get(f, &t, NULL) == CS_OK) {
		CHECK((t.cert.p != NULL || t.wit.p != NULL) ==
		    (t.outcome == CS_OUTCOME_ISSUED));
		CHECK(t.n_chain <= CS_CHAIN_MAX && t.reason < CS_R_END);
		CHECK(cs_told_issue_put(&t, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
	if (cs_told_given_get(f, &g, NULL) == CS_OK) {
		CHECK(cs_told_given_put(&g, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
	if (cs_told_admin_get(f, &d, NULL) == CS_OK) {
		CHECK(cs_told_admin_put(&d, &room, &again, NULL) == CS_OK);
		same(f, &again);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_frame *f = NULL;

	if (cs_frame_parse(cs_span_of(data, n), &f, NULL) != CS_OK)
		return 0;
	asks(f);
	told(f);
	cs_frame_free(&f);
	return 0;
}
