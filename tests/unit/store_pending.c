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
	const cs_pending_limits limits = {.all = all, .per_agent = per_agent};

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

/* One of `client`, `at` seconds behind noon. */
static int
keep_of(const char *client, const char *agent, const char *request, int at,
    const cs_pending_limits *limits)
{
	struct row r;

	row(&r, agent, request);
	r.p.client = cs_span_str(client);
	r.p.created += at;
	return cs_pending_keep(s, &r.p, limits, bed_deadline(), &e);
}

static bool
has(const char *agent, const char *request, enum cs_pending_state state)
{
	struct row r;
	cs_pending p;
	cs_buf *own = NULL;
	bool good;

	row(&r, agent, request);
	good = cs_pending_find(s, r.p.request_digest, NOON + 60,
	    bed_deadline(), &p, &own, &e) == CS_OK && p.state == state;
	cs_buf_free(&own);
	return good;
}

#define WAITS(agent, request) has(agent, request, CS_PENDING_WAITS)
#define GONE(agent, request) has(agent, request, CS_PENDING_NONE)

static int64_t
there(void)
{
	int64_t n = -1;

	return cs_pending_count(s, NOON, bed_deadline(), &n, &e) == CS_OK ? n :
	    -1;
}

static void
forget(void)
{
	ok(bed_sql(s, "DELETE FROM pending"), "none is there");
}

/* A client that asks too often is in nobody's way but its own. */
static void
test_clients(void)
{
	const cs_pending_limits two = {.per_agent = 2};
	const cs_pending_limits three = {.per_client = 3};

	forget();
	ok(keep_of("eve", "a", "1", 1, &two) == CS_OK &&
	    keep_of("eve", "a", "2", 2, &two) == CS_OK &&
	    keep_of("eve", "a", "3", 3, &two) == CS_OK && there() == 2 &&
	    GONE("a", "1") && WAITS("a", "2") && WAITS("a", "3"),
	    "its oldest of one agent makes room");
	ok(keep_of("bob", "a", "4", 4, &two) == CS_OK && there() == 3 &&
	    WAITS("a", "2"), "another client has a place of its own");
	ok(keep_of("eve", "b", "1", 5, &two) == CS_OK && there() == 4,
	    "and another agent");
	ok(keep_of("eve", "c", "1", 6, &three) == CS_OK && there() == 4 &&
	    GONE("a", "2") && WAITS("a", "3"), "its oldest of all agents");
	ok(keep_of("eve", "c", "1", 7, &three) == CS_OK && there() == 4 &&
	    WAITS("a", "3"), "the same one again is no more");
}

static void
test_shares(void)
{
	const cs_pending_limits six = {.all = 6};
	int i;
	char n[8];

	forget();
	for (i = 0; i < 6; i++) {
		(void)snprintf(n, sizeof(n), "%d", i);
		if (keep_of("eve", "a", n, i, &six) != CS_OK)
			break;
	}
	ok(i == 6 && there() == 6, "one client has all places");
	ok(keep_of("bob", "a", "bob", 10, &six) == CS_OK && there() == 6 &&
	    GONE("a", "0") && WAITS("a", "1"), "and gives one to another");
	ok(keep_of("eve", "a", "6", 11, &six) == CS_OK && GONE("a", "1") &&
	    WAITS("a", "bob") && there() == 6, "but takes none back");
	ok(keep_of("bob", "a", "bob2", 12, &six) == CS_OK &&
	    keep_of("bob", "a", "bob3", 13, &six) == CS_OK &&
	    WAITS("a", "bob") && there() == 6, "up to a half");
	ok(keep_of("bob", "a", "bob4", 14, &six) == CS_OK &&
	    GONE("a", "bob") && WAITS("a", "4") && there() == 6,
	    "then its own go");
	ok(keep_of("ann", "a", "ann", 15, &six) == CS_OK && there() == 6 &&
	    WAITS("a", "ann"), "a third has its part");
	ok(full(keep_of("new", "a", "n", 16, &(cs_pending_limits){.all = 1}),
	    "wait for") && there() == 6,
	    "who has as many as anybody waits, and nobody goes for that");
}

static void
test_octets(void)
{
	const cs_pending_limits some = {.octets = 28};

	forget();
	ok(keep_of("eve", "a", "1", 1, &some) == CS_OK &&
	    keep_of("eve", "a", "2", 2, &some) == CS_OK &&
	    keep_of("eve", "a", "3", 3, &some) == CS_OK &&
	    keep_of("eve", "a", "4", 4, &some) == CS_OK && there() == 4,
	    "four of seven octets");
	ok(keep_of("bob", "a", "5", 5, &some) == CS_OK && there() == 4 &&
	    GONE("a", "1"), "a fifth takes one's place");
	ok(full(keep_of("bob", "a", "6", 6, &(cs_pending_limits){.octets = 6}),
	    "octets") && there() == 4, "what does not fit alone");
}

/* What an owner has approved is worth more than what anybody asks. */
static void
test_ready(void)
{
	const cs_pending_limits one = {.per_agent = 1}, none = {.all = 0};
	struct row r;

	forget();
	row(&r, "ready", "1");
	ok(keep_of("", "ready", "1", 0, &one) == CS_OK && change(&r.p, "whole",
	    CS_PENDING_READY, NOON + HOUR), "one that is approved");
	ok(full(keep_of("", "ready", "2", 1, &one), "of this agent") &&
	    has("ready", "1", CS_PENDING_READY), "stays");
	row(&r, "ready", "3");
	ok(keep_of("", "ready", "3", 2, &none) == CS_OK && change(&r.p,
	    "whole", CS_PENDING_READY, NOON + HOUR) &&
	    keep_of("eve", "a", "1", 3, &none) == CS_OK &&
	    keep_of("eve", "a", "2", 4, &none) == CS_OK && there() == 4,
	    "who has much that is approved");
	ok(keep_of("bob", "a", "3", 5, &(cs_pending_limits){.all = 4}) ==
	    CS_OK && GONE("a", "1") && there() == 4,
	    "does not stand before who has much that waits");
}

static void
test_expired(void)
{
	int64_t swept = -1;
	struct row r;

	forget();
	ok(keep(row(&r, "limit", "1"), 2, 2) == CS_OK &&
	    keep(row(&r, "limit", "2"), 2, 2) == CS_OK, "two");
	row(&r, "limit", "3");
	r.p.created = NOON + 9 * HOUR;
	r.p.expires = NOON + 10 * HOUR;
	ok(keep(&r.p, 1, 1) == CS_OK && there() == 3,
	    "what has expired does not count");
	ok(cs_pending_sweep(s, NOON + 9 * HOUR, bed_deadline(), &swept, &e) ==
	    CS_OK && swept == 2, "two are swept");
	ok(there() == 1, "one is left");
}

/* What waited before clients were told apart. */
static void
test_migrated(void)
{
	struct row r;

	forget();
	ok(keep(row(&r, "before", "1"), 0, 0) == CS_OK &&
	    bed_sql(s, "DROP INDEX pending_client;"
	    "DROP INDEX pending_expires;"
	    "ALTER TABLE pending DROP COLUMN client;"
	    "ALTER TABLE pending DROP COLUMN octets;"
	    "UPDATE meta SET value_int = 3 WHERE name = 'schema'"),
	    "a store of schema 3");
	bed_again(&s);
	ok(strcmp(find(&r.p, NOON, CS_PENDING_WAITS), "request") == 0,
	    "is brought up, and has it");
	ok(keep_of("eve", "a", "2", 2, &(cs_pending_limits){.octets = 14}) ==
	    CS_OK && there() == 2 && keep_of("eve", "a", "3", 3,
	    &(cs_pending_limits){.octets = 14}) == CS_OK && there() == 2,
	    "with its octets");
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
	r.p.client = cs_span_of(r.digest, CS_PENDING_CLIENT_MAX + 1);
	ok(keep(&r.p, 0, 0) == CS_EUSAGE, "a client of many octets");
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
	test_clients();
	test_shares();
	test_octets();
	test_ready();
	test_expired();
	test_migrated();
	test_usage();
	test_damage();
	bed_close(&s);
	return done_testing();
}
