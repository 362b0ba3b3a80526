/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "claimbed.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "tap.h"

static cs_store *s;
static cs_err e;

#define STATE(c) bed_make(s, (c), &e)

/* Each is reached by one of its names, and only once. */
static void
reach(const char *name, enum cs_revoke_what what,
    cs_span (*of)(const struct bed_claim *), bool reaches)
{
	struct bed_claim c, other;
	char second[64];

	snprintf(second, sizeof(second), "%s-second", name);
	bed_claim(&c, name);
	bed_more(&c, second);
	c.at[1].audit.role = CS_AUDIT_OWN;
	snprintf(second, sizeof(second), "%s-other", name);
	bed_claim(&other, second);
	ok(STATE(&c) == CS_CLAIM_NEW && STATE(&other) == CS_CLAIM_NEW,
	    "two claims");
	ok(bed_revoke(s, what, of(&c)) == reaches, "%s ends %d", name,
	    reaches);
	ok(STATE(&other) == CS_CLAIM_AGAIN, "and not the other");
}

static cs_span owner(const struct bed_claim *c) { return c->in.owner; }
static cs_span second(const struct bed_claim *c)
{
	return c->at[1].audit.owner;
}
static cs_span key(const struct bed_claim *c) { return c->in.at[0].key_hash; }
static cs_span key2(const struct bed_claim *c) { return c->in.at[1].key_hash; }
static cs_span agent(const struct bed_claim *c) { return c->in.agent_id; }
static cs_span tbs(const struct bed_claim *c) { return c->in.at[0].tbs_hash; }
static cs_span tbs2(const struct bed_claim *c) { return c->in.at[1].tbs_hash; }
static cs_span id2(const struct bed_claim *c)
{
	return c->in.at[1].approval_id;
}

static void
test_reach(void)
{
	reach("r-owner", CS_REVOKE_OWNER, owner, true);
	reach("r-second", CS_REVOKE_OWNER, second, true);
	reach("r-key", CS_REVOKE_KEY, key, true);
	reach("r-key2", CS_REVOKE_KEY, key2, true);
	reach("r-agent", CS_REVOKE_AGENT, agent, true);
	reach("r-grant", CS_REVOKE_GRANT, tbs, true);
	reach("r-tbs", CS_REVOKE_APPROVAL, tbs2, true);
	reach("r-id", CS_REVOKE_APPROVAL, id2, true);
	reach("r-none", CS_REVOKE_KEY, tbs, false);
}

static int
count_claim(void *arg, const cs_stored_claim *c, cs_err *err)
{
	(void)c;
	(void)err;
	(*(int *)arg)++;
	return CS_OK;
}

/* A CA that vouched for two owners, and for one of them another above it. */
static void
test_above(void)
{
	uint8_t ca[32], top[32];
	struct bed_claim c, later;
	cs_claim_ask ask = {.now = NOON};
	int n = 0;

	bed_hash(ca, sizeof(ca), "a CA");
	bed_hash(top, sizeof(top), "one above it");
	bed_claim(&c, "above");
	bed_more(&c, "above second");
	c.in.at[0].path[0] = cs_span_of(ca, sizeof(ca));
	c.in.at[0].n_path = 1;
	c.in.at[1].path[0] = c.in.at[0].path[0];
	c.in.at[1].path[1] = cs_span_of(top, sizeof(top));
	c.in.at[1].n_path = 2;
	bed_claim(&later, "above later");
	later.in.at[0].path[0] = c.in.at[1].path[1];
	later.in.at[0].n_path = 1;
	ok(STATE(&c) == CS_CLAIM_NEW && STATE(&c) == CS_CLAIM_AGAIN,
	    "a claim under two CAs");
	ask.key_hash = c.in.at[1].path[1];
	ok(cs_claims(s, &ask, bed_deadline(), count_claim, &n, &e) == CS_OK &&
	    n == 1, "found by the key of a CA");
	ok(bed_revoke(s, CS_REVOKE_KEY, ask.key_hash) == 1, "and ended by it");
	ok(bed_refused(s, &later) == CS_R_REVOKED, "nor is there a new one");
	ok(bed_lift(s, CS_REVOKE_KEY, ask.key_hash) &&
	    STATE(&later) == CS_CLAIM_NEW, "before it is lifted");
	later.in.at[0].path[0].n = 31;
	ok(STATE(&later) == CS_CLAIM_NONE && e.cls == CS_EUSAGE,
	    "a hash of 31 octets above");
	later.in.at[0].n_path = CS_CLAIM_PATH_MAX + 1;
	ok(STATE(&later) == CS_CLAIM_NONE && e.cls == CS_EUSAGE,
	    "more above than there is room for");
}

static int64_t
revoke_at(enum cs_revoke_what what, cs_span name, int64_t time)
{
	const cs_revocation r = {.what = what, .name = name, .time = time,
	    .actor = cs_span_str("uid 0")};
	int64_t ended = -1;

	return cs_revoke(s, &r, bed_deadline(), &ended, &e) == CS_OK ?
	    ended : -1;
}

static bool
set_clock(int64_t at)
{
	char text[80];

	(void)snprintf(text, sizeof(text),
	    "UPDATE meta SET value_int = %lld WHERE name = 'clock'",
	    (long long)at);
	return bed_sql(s, text);
}

/* What nobody can use any more is not ended; all that answers is. How late it
 * is nobody knows who has made no claim since. */
static void
test_live(void)
{
	struct bed_claim c;
	int64_t end;

	bed_claim(&c, "live");
	c.in.at[0].max_issuances = 9;
	ok(STATE(&c) == CS_CLAIM_NEW, "a claim");
	bed_request(&c, "live second");
	end = ++c.in.not_after;
	ok(STATE(&c) == CS_CLAIM_NEW, "one that lives a second longer");
	ok(set_clock(end + 1) && revoke_at(CS_REVOKE_OWNER, c.in.owner,
	    end + 1) == 0 && bed_lift(s, CS_REVOKE_OWNER, c.in.owner),
	    "none is live, and a claim was made since");
	ok(set_clock(end) && revoke_at(CS_REVOKE_OWNER, c.in.owner, end) ==
	    1 && bed_lift(s, CS_REVOKE_OWNER, c.in.owner),
	    "one in its last second");
	ok(set_clock(NOON) && revoke_at(CS_REVOKE_OWNER, c.in.owner,
	    NOON + 24 * HOUR) == 1 && bed_lift(s, CS_REVOKE_OWNER,
	    c.in.owner), "the other, by a clock that is a day ahead");
	ok(revoke_at(CS_REVOKE_OWNER, c.in.owner, NOON) == 0 &&
	    bed_lift(s, CS_REVOKE_OWNER, c.in.owner), "each is ended once");
}

static int
look(cs_revoked_ask ask, char *text, size_t n)
{
	bool found = false;

	return cs_revoked(s, &ask, bed_deadline(), &found, text, n, &e) ==
	    CS_OK ? found : -1;
}

static void
test_ask(void)
{
	const cs_span name = cs_span_str("mailto:asked@corp.example");
	uint8_t hash[32];
	cs_span h = cs_span_of(hash, sizeof(hash));
	char text[256];

	bed_hash(hash, sizeof(hash), "asked");
	ok(look((cs_revoked_ask){0}, text, sizeof(text)) == 0, "nothing");
	ok(look((cs_revoked_ask){.owner = name}, text, sizeof(text)) == 0,
	    "an owner who is not");
	ok(bed_revoke(s, CS_REVOKE_OWNER, name) == 0 &&
	    look((cs_revoked_ask){.owner = name}, text, sizeof(text)) == 1 &&
	    strcmp(text, "owner mailto:asked@corp.example revoked since "
	    "2026-11-21T12:00:00Z: lost") == 0, "%s", text);
	ok(look((cs_revoked_ask){.owner = name}, text, 10) == 1 &&
	    strcmp(text, "owner mai") == 0, "no more than there is room for");
	ok(look((cs_revoked_ask){.agent_id = name, .key_hash = h}, text,
	    sizeof(text)) == 0, "an agent of that name is not");
	ok(revoke_at(CS_REVOKE_APPROVAL, cs_span_cut(h, 0, 16), NOON) == 0 &&
	    look((cs_revoked_ask){.approval_id = cs_span_cut(h, 0, 16)}, text,
	    sizeof(text)) == 1 && strncmp(text, "approval ", 9) == 0 &&
	    strspn(text + 9, "0123456789abcdef") == 32 &&
	    strcmp(text + 41, " revoked since 2026-11-21T12:00:00Z") == 0,
	    "%s", text);
	bed_again(&s);
	ok(look((cs_revoked_ask){.owner = name}, text, sizeof(text)) == 1,
	    "after a restart");
}

/* A TBS is a grant's, or any approval's. */
static void
test_ask_tbs(void)
{
	uint8_t grant[32] = {0}, approval[32] = {0};
	cs_span g = cs_span_of(grant, sizeof(grant));
	cs_span a = cs_span_of(approval, sizeof(approval));
	char text[256];

	bed_hash(grant, sizeof(grant), "asked grant");
	bed_hash(approval, sizeof(approval), "asked approval");
	ok(look((cs_revoked_ask){.tbs_hash = g}, text, sizeof(text)) == 0 &&
	    look((cs_revoked_ask){.tbs_hash = a}, text, sizeof(text)) == 0,
	    "neither a grant nor an approval");
	ok(revoke_at(CS_REVOKE_GRANT, g, NOON) == 0 &&
	    look((cs_revoked_ask){.tbs_hash = g}, text, sizeof(text)) == 1 &&
	    strncmp(text, "grant ", 6) == 0, "%s", text);
	ok(look((cs_revoked_ask){.tbs_hash = a}, text, sizeof(text)) == 0,
	    "and not the approval");
	ok(revoke_at(CS_REVOKE_APPROVAL, a, NOON) == 0 &&
	    look((cs_revoked_ask){.tbs_hash = a}, text, sizeof(text)) == 1 &&
	    strncmp(text, "approval ", 9) == 0, "%s", text);
}

/* Of several the first one is told, whatever it is of. */
static void
test_ask_first(void)
{
	const cs_span name = cs_span_str("mailto:several@corp.example");
	uint8_t key[32] = {0}, tbs[32] = {0};
	cs_revoked_ask ask = {.owner = name,
	    .key_hash = cs_span_of(key, sizeof(key)),
	    .tbs_hash = cs_span_of(tbs, sizeof(tbs))};
	char text[256];

	bed_hash(key, sizeof(key), "several key");
	bed_hash(tbs, sizeof(tbs), "several tbs");
	ok(revoke_at(CS_REVOKE_KEY, ask.key_hash, NOON) == 0 &&
	    revoke_at(CS_REVOKE_OWNER, name, NOON) == 0 &&
	    revoke_at(CS_REVOKE_APPROVAL, ask.tbs_hash, NOON) == 0 &&
	    look(ask, text, sizeof(text)) == 1 &&
	    strncmp(text, "key ", 4) == 0, "%s", text);
}

static void
test_twice(void)
{
	const cs_span name = cs_span_str("mailto:twice@corp.example");

	ok(bed_revoke(s, CS_REVOKE_OWNER, name) == 0, "revoked");
	ok(revoke_at(CS_REVOKE_OWNER, name, NOON) == -1 &&
	    e.cls == CS_EREFUSED && e.detail == CS_R_NONE, "%s", e.text);
	ok(bed_lift(s, CS_REVOKE_OWNER, name), "lifted");
	ok(!bed_lift(s, CS_REVOKE_OWNER, name), "and not twice");
	ok(bed_revoke(s, CS_REVOKE_OWNER, name) == 0, "revoked again");
}

struct tombs {
	cs_span name;
	int n, lifted;
	bool good;
};

static int
tomb(void *arg, const cs_revocation *r, cs_err *err)
{
	struct tombs *t = arg;

	(void)err;
	if (!cs_span_eq(r->name, t->name))
		return CS_OK;
	t->n++;
	t->good &= r->what == CS_REVOKE_OWNER && r->time == NOON &&
	    cs_span_is(r->reason, "lost") && cs_span_is(r->actor, "uid 0") &&
	    r->live == 0;
	if (r->lifted == 0)
		return CS_OK;
	t->lifted++;
	t->good &= t->n == 1 && r->lifted == NOON &&
	    cs_span_is(r->lifted_reason, "found") &&
	    cs_span_is(r->lifted_actor, "uid 0");
	return CS_OK;
}

static void
test_tombstones(void)
{
	struct tombs t = {cs_span_str("mailto:twice@corp.example"), 0, 0,
	    true};

	ok(cs_revocations(s, bed_deadline(), tomb, &t, &e) == CS_OK &&
	    t.n == 2 && t.lifted == 1 && t.good,
	    "a lifted one stays, before the one in force");
}

static void
usage(enum cs_revoke_what what, cs_span name, cs_span reason, cs_span actor,
    const char *why)
{
	const cs_revocation r = {.what = what, .name = name, .time = NOON,
	    .reason = reason, .actor = actor};
	int64_t ended;

	ok(cs_revoke(s, &r, bed_deadline(), &ended, &e) == CS_EUSAGE &&
	    cs_revoke_lift(s, &r, NOON, bed_deadline(), &e) == CS_EUSAGE,
	    "%s: %s", why, e.text);
}

static void
test_usage(void)
{
	static const uint8_t much[CS_AGENT_ID_MAX];
	const cs_span who = cs_span_str("uid 0"), why = cs_span_str("why");
	const cs_span name = cs_span_str("mailto:a@corp.example");
	const cs_span hash = cs_span_of(much, 32);
	cs_buf *text = cs_buf_new(1100);
	size_t i;

	for (i = 0; i < 1025 && cs_buf_put_byte(text, 'a') == CS_OK; i++)
		;
	usage((enum cs_revoke_what)0, name, why, who, "nothing");
	usage((enum cs_revoke_what)6, name, why, who, "what there is not");
	usage(CS_REVOKE_OWNER, cs_span_str("alice"), why, who, "no owner");
	usage(CS_REVOKE_OWNER, cs_span_of(NULL, 0), why, who, "no name");
	usage(CS_REVOKE_AGENT, name, why, who, "no agent");
	usage(CS_REVOKE_KEY, cs_span_of(much, 31), why, who, "a short hash");
	usage(CS_REVOKE_KEY, cs_span_of(much, 16), why, who, "an id as a key");
	usage(CS_REVOKE_GRANT, cs_span_of(much, 16), why, who, "a grant's id");
	usage(CS_REVOKE_APPROVAL, cs_span_of(much, 17), why, who, "no id");
	usage(CS_REVOKE_KEY, hash, cs_span_str("a\nb"), who, "two lines");
	usage(CS_REVOKE_KEY, hash, cs_span_str("\xff"), who, "no UTF-8");
	usage(CS_REVOKE_KEY, hash, cs_buf_span(text), who, "a long reason");
	usage(CS_REVOKE_KEY, hash, why, cs_span_of(NULL, 0), "no actor");
	usage(CS_REVOKE_KEY, hash, why, cs_span_str("\033[0m"), "an escape");
	usage(CS_REVOKE_KEY, hash, why, cs_span_cut(cs_buf_span(text), 0, 257),
	    "a long actor");
	cs_buf_free(&text);
}

/* As long as may be, in the log and at the end of a claim, too. */
static void
test_longest(void)
{
	struct bed_claim c;
	cs_buf *name = cs_buf_new(CS_AGENT_ID_MAX), *why = cs_buf_new(1024);
	int rc = cs_buf_put_str(name, "wimse://corp.example/");
	cs_revocation r = {.what = CS_REVOKE_AGENT, .time = NOON};
	int64_t ended = 0;

	while (rc == CS_OK && cs_buf_room(name) != 0)
		rc = cs_buf_put_byte(name, 'a');
	while (rc == CS_OK && cs_buf_room(why) != 0)
		rc = cs_buf_put_byte(why, 'b');
	bed_claim(&c, "longest");
	c.in.agent_id = r.name = cs_buf_span(name);
	r.reason = cs_buf_span(why);
	r.actor = cs_span_cut(r.reason, 0, 256);
	ok(rc == CS_OK && STATE(&c) == CS_CLAIM_NEW &&
	    cs_revoke(s, &r, bed_deadline(), &ended, &e) == CS_OK &&
	    ended == 1 && bed_refused(s, &c) == CS_R_REVOKED,
	    "an identifier of 2048 octets, a reason of 1024");
	cs_buf_free(&name);
	cs_buf_free(&why);
}

/* What was ended and lifted by all of these, the log accounts for. */
static void
test_log(void)
{
	cs_audit_check c = {0};

	ok(cs_audit_verify(s, &c, bed_deadline(), NULL, NULL, &e) == CS_OK &&
	    c.records > 20, "the log agrees");
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_reach();
	test_above();
	test_live();
	test_ask();
	test_ask_tbs();
	test_ask_first();
	test_twice();
	test_tombstones();
	test_usage();
	test_longest();
	test_log();
	bed_close(&s);
	return done_testing();
}
