/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "claimbed.h"
#include "fmt/reason.h"
#include "store/pending.h"
#include "tap.h"

static cs_store *s;
static cs_err e;

/* What borrows and what it borrows from. */
struct row {
	cs_pending p;
	uint8_t digest[32];
	char agent[64];
};

static const cs_pending *
row(struct row *r, const char *agent, const char *request)
{
	bed_hash(r->digest, 32, "%s %s", agent, request);
	(void)snprintf(r->agent, sizeof(r->agent),
	    "wimse://corp.example/pending/%s", agent);
	r->p = (cs_pending){.request_digest = cs_span_of(r->digest, 32),
	    .agent_id = cs_span_str(r->agent),
	    .owner = cs_span_str("mailto:alice@corp.example"),
	    .message = cs_span_str("request"), .created = NOON,
	    .expires = NOON + HOUR};
	return &r->p;
}

static int
keep(const cs_pending *p, int64_t all, int64_t per_agent)
{
	const cs_pending_limits limits = {all, per_agent};

	return cs_pending_keep(s, p, &limits, bed_deadline(), &e);
}

/* Its message, as long as it has the rest. */
static const char *
find(const cs_pending *want, int64_t now, enum cs_pending_state state)
{
	static char text[64];
	cs_pending p;
	cs_buf *own = NULL;

	text[0] = '\0';
	if (cs_pending_find(s, want->request_digest, now, bed_deadline(), &p,
	    &own, &e) != CS_OK)
		return e.text;
	if (p.state != state)
		(void)snprintf(text, sizeof(text), "state %d", (int)p.state);
	else if (state != CS_PENDING_NONE &&
	    cs_span_eq(p.agent_id, want->agent_id) &&
	    cs_span_eq(p.request_digest, want->request_digest) &&
	    cs_span_eq(p.owner, want->owner) && p.created == want->created &&
	    (p.evidence.p == NULL) == (want->evidence.p == NULL) &&
	    (p.evidence.p == NULL || cs_span_eq(p.evidence, want->evidence)))
		(void)snprintf(text, sizeof(text), "%.*s", (int)p.message.n,
		    (const char *)p.message.p);
	cs_buf_free(&own);
	return text;
}

static void
test_life(void)
{
	struct row r;
	cs_pending other;

	row(&r, "life", "one");
	ok(strcmp(find(&r.p, NOON, CS_PENDING_NONE), "") == 0, "there is none");
	ok(keep(&r.p, 0, 0) == CS_OK, "kept");
	ok(strcmp(find(&r.p, NOON, CS_PENDING_WAITS), "request") == 0,
	    "waits");
	ok(strcmp(find(&r.p, NOON + HOUR - 1, CS_PENDING_WAITS), "request") ==
	    0, "to the last second");
	ok(strcmp(find(&r.p, NOON + HOUR, CS_PENDING_NONE), "") == 0,
	    "and no longer");
	other = r.p;
	other.message = cs_span_str("other");
	other.expires += 5;
	ok(keep(&other, 0, 0) == CS_OK && strcmp(find(&r.p, NOON,
	    CS_PENDING_WAITS), "request") == 0, "again: nothing changes");
	bed_again(&s);
	ok(strcmp(find(&r.p, NOON, CS_PENDING_WAITS), "request") == 0,
	    "after a restart");
	other.created = NOON + HOUR;
	other.expires = NOON + 2 * HOUR;
	other.evidence = cs_span_of("", 0);
	ok(keep(&other, 0, 0) == CS_OK && strcmp(find(&other, NOON + HOUR,
	    CS_PENDING_WAITS), "other") == 0, "anew when it has expired");
}

static bool
change(const cs_pending *p, const char *message, enum cs_pending_state state,
    int64_t expires)
{
	bool changed = false;

	return cs_pending_change(s, p, cs_span_str(message), state, expires,
	    bed_deadline(), &changed, &e) == CS_OK && changed;
}

static void
test_change(void)
{
	struct row r, none;

	row(&r, "change", "one");
	r.p.evidence = cs_span_str("evidence");
	ok(keep(&r.p, 0, 0) == CS_OK, "kept, with evidence");
	ok(change(&r.p, "half", CS_PENDING_WAITS, NOON + 10) && strcmp(find(
	    &r.p, NOON + HOUR - 1, CS_PENDING_WAITS), "half") == 0,
	    "an approval of two, and expiry does not shrink");
	ok(!change(&r.p, "late", CS_PENDING_READY, NOON + 10) && strcmp(find(
	    &r.p, NOON, CS_PENDING_WAITS), "half") == 0,
	    "who looked before that comes too late");
	r.p.message = cs_span_str("half");
	ok(change(&r.p, "whole", CS_PENDING_READY, NOON + 2 * HOUR) && strcmp(
	    find(&r.p, NOON + HOUR, CS_PENDING_READY), "whole") == 0,
	    "ready, and lives longer");
	row(&none, "change", "none");
	ok(!change(&none.p, "x", CS_PENDING_READY, NOON + 10) && strcmp(find(
	    &none.p, NOON, CS_PENDING_NONE), "") == 0, "none is made");
}

static bool
full(int rc, const char *words)
{
	if (rc == CS_EREFUSED && e.detail == CS_R_EXHAUSTED &&
	    strstr(e.text, words) != NULL)
		return true;
	printf("# %d, %d: %s\n", rc, e.detail, e.text);
	return false;
}

static void
test_limits(void)
{
	int64_t n = -1, swept = -1, after = -1;
	struct row r;

	ok(cs_pending_count(s, NOON, bed_deadline(), &n, &e) == CS_OK &&
	    n > 0, "%d are there", (int)n);
	ok(keep(row(&r, "limit", "1"), n + 2, 2) == CS_OK &&
	    keep(row(&r, "limit", "2"), n + 2, 2) == CS_OK, "two more");
	ok(full(keep(row(&r, "limit", "3"), n + 2, 2), "of this agent"),
	    "a third of one agent");
	ok(full(keep(row(&r, "other", "1"), n + 2, 2), "wait for"),
	    "one more of all");
	ok(keep(row(&r, "limit", "2"), n + 2, 2) == CS_OK,
	    "the same one again is no more");
	row(&r, "limit", "3");
	r.p.created = NOON + 9 * HOUR;
	r.p.expires = NOON + 10 * HOUR;
	ok(keep(&r.p, 1, 1) == CS_OK, "what has expired does not count");
	ok(cs_pending_sweep(s, NOON + 9 * HOUR, bed_deadline(), &swept, &e) ==
	    CS_OK && swept == n + 2, "%d are swept", (int)swept);
	ok(cs_pending_count(s, NOON, bed_deadline(), &after, &e) == CS_OK &&
	    after == 1, "one is left");
}

static void
test_usage(void)
{
	struct row r;
	bool changed;

	row(&r, "usage", "1");
	r.p.request_digest = cs_span_of(r.digest, 31);
	ok(keep(&r.p, 0, 0) == CS_EUSAGE, "a short digest");
	row(&r, "usage", "1");
	r.p.message = cs_span_of("", 0);
	ok(keep(&r.p, 0, 0) == CS_EUSAGE, "no message");
	row(&r, "usage", "1");
	r.p.expires = -1;
	ok(keep(&r.p, 0, 0) == CS_EUSAGE, "no time");
	row(&r, "usage", "1");
	r.p.message = cs_span_of(r.digest, CS_PENDING_MESSAGE_MAX + 1);
	ok(keep(&r.p, 0, 0) == CS_EUSAGE, "too much");
	row(&r, "usage", "1");
	ok(cs_pending_change(s, &r.p, r.p.message, CS_PENDING_NONE, NOON,
	    bed_deadline(), &changed, &e) == CS_EUSAGE, "no state");
}

static void
test_damage(void)
{
	struct row r;

	ok(keep(row(&r, "damage", "1"), 0, 0) == CS_OK, "one");
	ok(bed_sql(s, "UPDATE pending SET state = 3") && strstr(find(&r.p,
	    NOON, CS_PENDING_WAITS), "damaged row") != NULL,
	    "a state that is none");
	ok(bed_sql(s, "UPDATE pending SET state = 2, owner = ''") &&
	    strstr(find(&r.p, NOON, CS_PENDING_READY), "damaged row") != NULL,
	    "no owner");
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_life();
	test_change();
	test_limits();
	test_usage();
	test_damage();
	bed_close(&s);
	return done_testing();
}
