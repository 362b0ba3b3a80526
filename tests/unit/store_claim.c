/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <time.h>

#include "claimbed.h"
#include "fmt/reason.h"
#include "tap.h"

/* What refuses a claim: countersign-formats(5), section 9. */

static cs_store *s;
static cs_err e;

#define STATE(c) bed_make(s, (c), &e)
#define REFUSED(c, reason) (bed_refused(s, (c)) == (reason))

static void
test_window(void)
{
	struct bed_claim c;

	bed_claim(&c, "window");
	c.in.dry = true;
	c.in.now = c.in.at[0].not_before - 1;
	ok(REFUSED(&c, CS_R_NOT_YET_VALID), "a second before its window");
	c.in.now = c.in.at[0].not_before;
	ok(STATE(&c) == CS_CLAIM_NEW, "the window's first second");
	c.in.not_after += 48 * HOUR;
	c.in.now = c.in.at[0].not_after;
	ok(STATE(&c) == CS_CLAIM_NEW, "the window's last second");
	c.in.now = c.in.at[0].not_after + 1;
	ok(REFUSED(&c, CS_R_EXPIRED), "a second behind its window");
	bed_more(&c, "window2");
	c.in.now = NOON;
	c.in.at[1].not_after = NOON - 1;
	ok(REFUSED(&c, CS_R_EXPIRED), "the second approval's window counts");
}

/* The first set differs from what it was by what `change` did. */
static void
usage(const char *what, void (*change)(struct bed_claim *))
{
	struct bed_claim c;

	bed_claim(&c, "usage");
	bed_more(&c, "usage2");
	c.in.dry = true;
	change(&c);
	ok(STATE(&c) == CS_CLAIM_NONE && e.cls == CS_EUSAGE, "%s: %s", what,
	    e.text);
}

static void no_kind(struct bed_claim *c) { c->in.kind = 0; }
static void third_kind(struct bed_claim *c) { c->in.kind = 3; }
static void nobody(struct bed_claim *c) { c->in.n = 0; }
static void crowd(struct bed_claim *c) { c->in.n = 17; }
static void no_serial(struct bed_claim *c) { c->in.serial.n = 0; }
static void no_digest(struct bed_claim *c) { c->in.body_digest.p = NULL; }
static void no_audit(struct bed_claim *c) { c->in.at[1].audit = NULL; }
static void short_tbs(struct bed_claim *c) { c->in.at[1].tbs_hash.n = 31; }
static void short_id(struct bed_claim *c) { c->in.at[1].approval_id.n = 15; }
static void no_uses(struct bed_claim *c) { c->in.at[0].max_issuances = 0; }
static void more_uses(struct bed_claim *c)
{
	c->in.at[0].max_issuances = 1000001;
}
static void subject(struct bed_claim *c) { c->in.at[0].subject = 64; }
static void no_life(struct bed_claim *c) { c->in.not_before = c->in.not_after; }
static void past(struct bed_claim *c) { c->in.not_after = c->in.now; }
static void year(struct bed_claim *c) { c->in.not_after = INT64_MAX; }
static void long_fields(struct bed_claim *c)
{
	static const uint8_t much[CS_FIELDS_MAX + 1];

	c->in.fields = cs_span_of(much, sizeof(much));
}
static void same_tbs(struct bed_claim *c)
{
	c->in.at[1].tbs_hash = c->in.at[0].tbs_hash;
}
static void second_owner(struct bed_claim *c)
{
	c->in.owner = c->at[1].audit.owner;
}

static void
test_usage(void)
{
	usage("no kind", no_kind);
	usage("a third kind", third_kind);
	usage("no approval", nobody);
	usage("17 approvals", crowd);
	usage("no serial", no_serial);
	usage("no digest", no_digest);
	usage("nothing for the log", no_audit);
	usage("a hash of 31 octets", short_tbs);
	usage("an id of 15 octets", short_id);
	usage("no issuance", no_uses);
	usage("too many issuances", more_uses);
	usage("subject 64", subject);
	usage("no life", no_life);
	usage("notAfter is now", past);
	usage("a time out of bounds", year);
	usage("one TBS twice", same_tbs);
	usage("a principal who is not the first", second_owner);
	usage("64 KiB and one octet of fields", long_fields);
}

static int
set_floor(cs_txn *t, void *arg, cs_err *err)
{
	return cs_meta_put(t, "floor", *(int64_t *)arg, cs_span_of(NULL, 0),
	    err);
}

static void
floor_at(int64_t at)
{
	ok(cs_store_write(s, set_floor, &at, false, bed_deadline(), &e) ==
	    CS_OK, "a floor");
}

static void
test_floor(void)
{
	struct bed_claim c, before;

	bed_claim(&before, "floor before");
	ok(STATE(&before) == CS_CLAIM_NEW, "a claim before the floor");
	bed_claim(&c, "floor");
	c.in.dry = true;
	floor_at(NOON - 300);
	ok(STATE(&c) == CS_CLAIM_NEW, "notBefore at the floor");
	floor_at(NOON - 299);
	ok(REFUSED(&c, CS_R_REPLAYED), "notBefore a second before the floor");
	ok(REFUSED(&before, CS_R_REPLAYED), "nor is there a stored answer");
	c.in.at[0].not_before = NOON;
	bed_more(&c, "floor2");
	ok(REFUSED(&c, CS_R_REPLAYED), "the second approval counts");
	floor_at(0);
}

static void
test_ids(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "ids");
	ok(STATE(&c) == CS_CLAIM_NEW, "an id is used");
	bed_claim(&d, "ids2");
	memcpy(d.at[0].id, c.at[0].id, 16);
	ok(STATE(&d) == CS_CLAIM_NEW, "another key may have the same id");
	bed_claim(&d, "ids3");
	memcpy(d.at[0].key, c.at[0].key, 32);
	ok(STATE(&d) == CS_CLAIM_NEW, "the key may have another id");
	bed_claim(&d, "ids4");
	memcpy(d.at[0].key, c.at[0].key, 32);
	memcpy(d.at[0].id, c.at[0].id, 16);
	ok(REFUSED(&d, CS_R_REPLAYED), "the same id with another TBS");
	bed_again(&s);
	ok(REFUSED(&d, CS_R_REPLAYED), "and so after a restart");
	bed_claim(&d, "ids5");
	bed_more(&d, "ids6");
	memcpy(d.at[1].key, d.at[0].key, 32);
	memcpy(d.at[1].id, d.at[0].id, 16);
	ok(REFUSED(&d, CS_R_REPLAYED), "two such TBS in one claim");
}

/* The reason that it was refused for; -1 when it was not. */
static int
counted(const char *name, const char *key, uint32_t value, bool strict)
{
	struct bed_claim c;

	bed_claim(&c, name);
	bed_hash(c.at[0].key, 32, "%s", key);
	c.in.at[0].counter_given = true;
	c.in.at[0].counter_strict = strict;
	c.in.at[0].counter = value;
	return STATE(&c) != CS_CLAIM_NONE ? -1 : e.detail;
}

static void
test_counters(void)
{
	const char *k = "counter key";

	ok(counted("c1", k, 7, true) == -1, "a first counter");
	ok(counted("c2", k, 7, true) == CS_R_COUNTER_REGRESSED,
	    "the same counter again");
	ok(counted("c3", k, 6, true) == CS_R_COUNTER_REGRESSED,
	    "a lower one");
	ok(counted("c1", k, 7, true) == -1, "the same TBS again");
	ok(counted("c4", k, 8, true) == -1, "a higher one");
	ok(counted("c1", k, 7, true) == -1, "the first TBS after that");
	ok(counted("c5", k, 8, true) == CS_R_COUNTER_REGRESSED,
	    "it did not bring the counter down");
	ok(counted("c6", k, 3, false) == -1, "not strict: a lower one");
	ok(counted("c7", k, 8, true) == CS_R_COUNTER_REGRESSED,
	    "nor did that");
	ok(counted("c8", k, 20, false) == -1, "not strict: a higher one");
	ok(counted("c9", k, 20, true) == CS_R_COUNTER_REGRESSED,
	    "is recorded");
	ok(counted("c10", k, UINT32_MAX, true) == -1, "the highest");
	ok(counted("c11", "other key", 1, true) == -1, "of another key");
	ok(counted("z1", "zero", 0, true) == -1 &&
	    counted("z2", "zero", 0, true) == -1,
	    "a counter that stays zero is none");
	ok(counted("z3", "zero", 1, true) == -1 &&
	    counted("z4", "zero", 0, true) == CS_R_COUNTER_REGRESSED,
	    "until it was not");
}

/* Two approvals of one key in one claim, the higher counter first. */
static void
test_counters_of_one(void)
{
	struct bed_claim c;
	int i;

	bed_claim(&c, "one key");
	bed_more(&c, "one key again");
	for (i = 0; i < 2; i++) {
		bed_hash(c.at[i].key, 32, "one key");
		c.in.at[i].counter_given = true;
		c.in.at[i].counter_strict = true;
		c.in.at[i].counter = 9;
	}
	ok(REFUSED(&c, CS_R_COUNTER_REGRESSED), "one counter twice");
	c.in.at[1].counter_given = false;
	c.in.dry = true;
	ok(STATE(&c) == CS_CLAIM_NEW, "one counter once");
	c.in.at[1].counter_given = true;
	bed_hash(c.at[1].key, 32, "one key more");
	ok(STATE(&c) == CS_CLAIM_NEW, "the same of two keys");
	bed_hash(c.at[1].key, 32, "one key");
	c.in.at[0].counter_strict = c.in.at[1].counter_strict = false;
	ok(STATE(&c) == CS_CLAIM_NEW, "where nobody is strict");
	c.in.at[0].counter_strict = c.in.at[1].counter_strict = true;
	c.in.at[0].counter = c.in.at[1].counter = 0;
	ok(STATE(&c) == CS_CLAIM_NEW, "a counter that stays zero twice");
	c.in.at[0].counter = 9;
	c.in.at[1].counter = 7;
	c.in.dry = false;
	ok(STATE(&c) == CS_CLAIM_NEW, "counters of one key");
	ok(counted("one key 8", "one key", 8, true) == CS_R_COUNTER_REGRESSED,
	    "the higher one is kept");
}

static void
deny_at(const struct bed_claim *c, const char *name, int64_t until,
    int64_t time)
{
	static struct bed_claim owner;
	cs_stored_denial d = {.agent_id = c->in.agent_id,
	    .request_digest = c->in.request_digest, .time = time,
	    .not_before = NOON - 300, .not_after = until};

	bed_claim(&owner, name);
	d.approval = &owner.at[0].audit;
	d.owner = owner.in.owner;
	d.key_hash = owner.in.at[0].key_hash;
	d.tbs_hash = owner.in.at[0].tbs_hash;
	d.der = owner.at[0].audit.approval;
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_OK,
	    "a denial is kept");
}

static void
deny(const struct bed_claim *c, const char *name, int64_t until)
{
	deny_at(c, name, until, NOON);
}

/* Between claim and signature the owner may say no. */
static void
test_denied_record(void)
{
	const cs_span credential = cs_span_str("a credential");
	struct bed_claim c;
	cs_claim *made, *out = NULL;

	bed_claim(&c, "denied record");
	made = bed_get(s, &c);
	if (!ok(made != NULL, "a claim"))
		return;
	deny(&c, "denied record denier", NOON + 10);
	ok(cs_claim_record(s, made->number, made->serial, credential,
	    NOON + 10, bed_deadline(), &out, &e) == CS_EREFUSED &&
	    e.detail == CS_R_NONE && out == NULL, "%s", e.text);
	ok(cs_claim_record(s, made->number, made->serial, credential,
	    NOON + 11, bed_deadline(), &out, &e) == CS_OK && out != NULL &&
	    out->state == CS_CLAIM_STORED, "behind the denial's end");
	cs_claim_free(&out);
	ok(cs_claim_record(s, made->number, made->serial, credential, NOON,
	    bed_deadline(), &out, &e) == CS_EREFUSED && out == NULL,
	    "nor is a stored one answered");
	cs_claim_free(&made);
}

static void
test_denied(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "denied");
	ok(STATE(&c) == CS_CLAIM_NEW, "before a denial");
	deny(&c, "denier", NOON + 10);
	ok(STATE(&c) == CS_CLAIM_NONE && e.cls == CS_EREFUSED &&
	    e.detail == CS_R_NONE &&
	    strcmp(e.text, "denied by mailto:denier@corp.example until "
	    "2026-11-21T12:00:10Z") == 0, "%s", e.text);
	c.in.now = NOON + 10;
	ok(STATE(&c) == CS_CLAIM_NONE && e.detail == CS_R_NONE,
	    "in its last second");
	c.in.now = NOON + 11;
	ok(STATE(&c) == CS_CLAIM_AGAIN, "a second behind it");
	bed_claim(&d, "denied");
	bed_request(&d, "denied2");
	bed_other(&d, 0, "denied2");
	d.in.dry = d.in.may_move_owner = true;
	ok(STATE(&d) == CS_CLAIM_NEW, "another request was not denied");
	deny(&c, "denier2", NOON + 5);
	deny(&c, "denier3", NOON + 30);
	c.in.now = NOON;
	ok(STATE(&c) == CS_CLAIM_NONE && strstr(e.text, "denier3") != NULL,
	    "the one that lasts longest: %s", e.text);
}

/* Of this process, which is all there is of SQLite, however busy the host. */
static int64_t
cpu_us(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
test_move(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "move");
	ok(STATE(&c) == CS_CLAIM_NEW, "an identifier is taken");
	bed_claim(&d, "move");
	bed_other(&d, 0, "mover");
	bed_request(&d, "mover");
	d.in.dry = true;
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "by another owner");
	d.in.may_move_key = true;
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "though its key may change");
	d.in.may_move_owner = true;
	d.in.may_move_key = false;
	ok(STATE(&d) == CS_CLAIM_NEW, "where its owner may change");
	bed_hash(d.agent_key, 32, "another key");
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "with another key");
	d.in.may_move_key = true;
	ok(STATE(&d) == CS_CLAIM_NEW, "where both may change");
	d.in.may_move_owner = d.in.may_move_key = false;
	d.in.now = c.in.not_after - 1;
	d.in.not_after = d.in.now + HOUR;
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "in its last second");
	d.in.now++;
	ok(STATE(&d) == CS_CLAIM_NEW, "when it is over");
	d.in.now = NOON;
	snprintf(d.agent, sizeof(d.agent), "wimse://corp.example/agent/movE");
	ok(STATE(&d) == CS_CLAIM_NEW, "another identifier");
	bed_claim(&d, "move");
	bed_other(&d, 0, "mover");
	bed_request(&d, "mover");
	ok(bed_revoke(s, CS_REVOKE_APPROVAL, c.in.at[0].tbs_hash) == 1 &&
	    STATE(&d) == CS_CLAIM_NEW, "when it was ended");
}

/* Of two claims of one identifier, allowed once: each still answers while that
 * is allowed, and neither when it is not any more. */
static void
test_moved(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "moved");
	ok(STATE(&c) == CS_CLAIM_NEW, "an identifier");
	bed_claim(&d, "moved");
	bed_other(&d, 0, "moved2");
	bed_request(&d, "moved2");
	c.in.may_move_owner = d.in.may_move_owner = true;
	ok(STATE(&d) == CS_CLAIM_NEW && STATE(&c) == CS_CLAIM_AGAIN &&
	    STATE(&d) == CS_CLAIM_AGAIN, "that moved, and both answer");
	c.in.may_move_owner = d.in.may_move_owner = false;
	ok(REFUSED(&c, CS_R_POLICY_REFUSED) && REFUSED(&d,
	    CS_R_POLICY_REFUSED), "policy stands before a stored answer");
	bed_claim(&c, "order");
	bed_more(&c, "order2");
	ok(STATE(&c) == CS_CLAIM_NEW, "a quorum");
	bed_other(&c, 0, "order2");
	bed_other(&c, 1, "order");
	ok(STATE(&c) == CS_CLAIM_AGAIN, "the set has no order, and the "
	    "stored claim's principal is asked for");
}

/* What a claim says of those beside it is believed where it may be. */
static void
test_alone(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "alone");
	c.in.not_after = NOON + 10 * HOUR;
	ok(STATE(&c) == CS_CLAIM_NEW, "an identifier");
	bed_claim(&d, "alone");
	bed_other(&d, 0, "alone2");
	bed_request(&d, "alone2");
	d.in.may_move_owner = true;
	ok(STATE(&d) == CS_CLAIM_NEW, "that moved while it lived");
	bed_claim(&d, "alone");
	bed_other(&d, 0, "alone2");
	bed_approval_id(&d, 0, "alone3");
	bed_request(&d, "alone3");
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "the last one says nothing of "
	    "the owners beside it");
	d.in.now = NOON + 2 * HOUR;
	d.in.not_after = NOON + 3 * HOUR;
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "nor when it is over");
	d.in.now = c.in.not_after;
	d.in.not_after = d.in.now + HOUR;
	ok(STATE(&d) == CS_CLAIM_NEW, "which the last other one is");
	bed_claim(&c, "alone");
	bed_other(&c, 0, "alone4");
	bed_request(&c, "alone4");
	bed_forget_clock(s);
	c.in.now = NOON + 2 * HOUR;
	c.in.not_after = c.in.now + HOUR;
	ok(REFUSED(&c, CS_R_POLICY_REFUSED), "another owner, by a clock that "
	    "is behind");
	bed_other(&c, 0, "alone2");
	bed_approval_id(&c, 0, "alone4");
	ok(REFUSED(&c, CS_R_POLICY_REFUSED), "and the same owner: by that "
	    "clock, another is live");
}

/* A clock that was set back does not make what has expired valid again. */
static void
test_clock(void)
{
	cs_revocation r = {.what = CS_REVOKE_KEY, .time = NOON + 10 * HOUR,
	    .actor = cs_span_str("uid 0")};
	struct bed_claim c, d;
	int64_t ended;

	bed_claim(&c, "clock");
	c.in.now = NOON + 1200;
	ok(STATE(&c) == CS_CLAIM_NEW, "a claim");
	bed_claim(&d, "clock2");
	d.in.dry = true;
	d.in.now = NOON + 1200 - 300;
	ok(STATE(&d) == CS_CLAIM_NEW, "another, five minutes behind it");
	d.in.at[0].not_after = NOON + 1199;
	ok(REFUSED(&d, CS_R_EXPIRED), "of what expired a second before it");
	d.in.at[0].not_after = NOON + 1200;
	ok(STATE(&d) == CS_CLAIM_NEW, "of what did not");
	d.in.at[0].not_before = NOON + 1000;
	ok(REFUSED(&d, CS_R_NOT_YET_VALID), "of what is not valid yet by the "
	    "clock");
	bed_claim(&d, "clock2");
	d.in.now = NOON + 1200 - 301;
	ok(STATE(&d) == CS_CLAIM_NONE && e.cls == CS_EIO &&
	    e.detail == CS_R_STORE_UNAVAILABLE &&
	    strstr(e.text, "this clock is behind") != NULL,
	    "further behind nothing is claimed: %s", e.text);
	c.in.now = d.in.now;
	ok(STATE(&c) == CS_CLAIM_NONE && e.cls == CS_EIO, "nor answered");
	d.in.now = NOON + 1200;
	r.name = d.in.at[0].key_hash;
	ok(cs_revoke(s, &r, bed_deadline(), &ended, &e) == CS_OK &&
	    bed_lift(s, CS_REVOKE_KEY, r.name) && STATE(&d) == CS_CLAIM_NEW,
	    "a revocation by a clock that is ahead says nothing of the time");
	deny_at(&c, "clock3", NOON + 10 * HOUR, NOON + 9 * HOUR);
	ok(STATE(&d) == CS_CLAIM_NONE && e.cls == CS_EIO, "a denial counts");
	ok(bed_sql(s, "UPDATE meta SET value_int = 7 WHERE name = 'clock'") &&
	    STATE(&d) == CS_CLAIM_NONE && e.cls == CS_EIO &&
	    strstr(e.text, "damaged") != NULL, "a time of no year: %s",
	    e.text);
	bed_forget_clock(s);
}

/* Takes back what came after schema 1. */
static const char to_first[] = "DROP INDEX claim_last;"
    "DROP INDEX denial_key;"
    "DROP INDEX claim_ended;"
    "DROP TABLE pending;"
    "DELETE FROM meta WHERE name = 'clock';"
    "ALTER TABLE claim DROP COLUMN alone;"
    "UPDATE meta SET value_int = 1 WHERE name = 'schema'";

static void
test_migrated(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "before");
	ok(STATE(&c) == CS_CLAIM_NEW && bed_sql(s, to_first),
	    "a store of schema 1");
	bed_again(&s);
	bed_claim(&d, "before");
	d.in.now = NOON - 301;
	d.in.at[0].not_before = NOON - HOUR;
	ok(STATE(&d) == CS_CLAIM_NONE && e.cls == CS_EIO,
	    "which knows how late it was");
	bed_forget_clock(s);
	bed_claim(&d, "before");
	bed_other(&d, 0, "before2");
	bed_request(&d, "before2");
	d.in.dry = true;
	ok(REFUSED(&d, CS_R_POLICY_REFUSED) && STATE(&c) == CS_CLAIM_AGAIN,
	    "whose claims say nothing, and are asked");
	bed_other(&d, 0, "before");
	bed_approval_id(&d, 0, "before3");
	d.in.dry = false;
	ok(STATE(&d) == CS_CLAIM_NEW, "one of the same owner and key");
}

static int64_t
quickest(struct bed_claim *c)
{
	int64_t best = INT64_MAX, from;
	int i;

	c->in.dry = true;
	for (i = 0; i < 9; i++) {
		from = cpu_us();
		if (STATE(c) != CS_CLAIM_NEW)
			return INT64_MAX;
		from = cpu_us() - from;
		best = from < best ? from : best;
	}
	return best;
}

/* A claim takes as long beside very many as beside one. */
static void
test_many(void)
{
	struct bed_claim c, d;
	int64_t few, many;

	bed_claim(&c, "many");
	ok(STATE(&c) == CS_CLAIM_NEW, "one claim");
	bed_claim(&d, "many");
	bed_approval_id(&d, 0, "many2");
	bed_request(&d, "many2");
	few = quickest(&d);
	ok(bed_sql(s, "INSERT INTO audit (sequence, record)"
	    " WITH RECURSIVE n(i) AS (SELECT 1000001 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 1030000)"
	    " SELECT n.i, a.record FROM n, audit a WHERE a.sequence = 1") &&
	    bed_sql(s, "INSERT INTO claim (number, set_hash, request_digest,"
	    " kind, agent_id, agent_key_hash, owner, serial, time,"
	    " not_before, not_after, digest, fields, alone)"
	    " SELECT a.sequence, c.set_hash, c.request_digest, c.kind,"
	    " c.agent_id, c.agent_key_hash, c.owner, c.serial, c.time,"
	    " c.not_before, c.not_after, c.digest, c.fields, c.alone"
	    " FROM claim c, audit a WHERE a.sequence > 1000000 AND"
	    " c.agent_id = 'wimse://corp.example/agent/many'") &&
	    bed_sql(s, "ANALYZE"), "30,001 that live");
	many = quickest(&d);
	ok(many < 8 * few, "%lld us beside one, %lld us beside them all",
	    (long long)few, (long long)many);
	bed_other(&d, 0, "many3");
	ok(REFUSED(&d, CS_R_POLICY_REFUSED), "another owner");
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_denied_record();
	bed_forget_clock(s);
	test_window();
	bed_forget_clock(s);
	test_usage();
	test_floor();
	test_ids();
	test_counters();
	test_counters_of_one();
	test_denied();
	test_move();
	test_moved();
	test_clock();
	test_alone();
	bed_forget_clock(s);
	test_migrated();
	bed_forget_clock(s);
	test_many();
	bed_close(&s);
	return done_testing();
}
