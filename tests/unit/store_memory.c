/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "claimbed.h"
#include "fmt/reason.h"
#include "tap.h"

static cs_store *s;
static cs_err e;

static cs_stored_counter
counter(const struct bed_claim *c)
{
	cs_stored_counter n = {.value = 99};

	ok(cs_store_counter(s, c->in.at[0].key_hash, c->in.at[0].tbs_hash,
	    bed_deadline(), &n, &e) == CS_OK, "a counter is asked for");
	return n;
}

static cs_stored_denial
denial_of(const struct bed_claim *c, int64_t until)
{
	return (cs_stored_denial){.agent_id = c->in.agent_id,
	    .request_digest = c->in.request_digest,
	    .approval = &c->at[0].audit, .owner = c->in.owner,
	    .key_hash = c->in.at[0].key_hash,
	    .tbs_hash = c->in.at[0].tbs_hash, .time = NOON,
	    .not_before = NOON - 300, .not_after = until,
	    .der = c->at[0].audit.approval};
}

static bool
keep(const struct bed_claim *c, int64_t until)
{
	cs_stored_denial d = denial_of(c, until);

	e = (cs_err){0};
	return cs_denial_keep(s, &d, bed_deadline(), &e) == CS_OK;
}

static void
test_counter(void)
{
	cs_stored_counter n;
	struct bed_claim c;

	bed_claim(&c, "counter");
	n = counter(&c);
	ok(!n.known && !n.recorded && n.value == 0, "nothing is known");
	c.in.at[0].counter_given = true;
	c.in.at[0].counter = UINT32_MAX;
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "a claim");
	n = counter(&c);
	ok(n.known && n.recorded && n.value == UINT32_MAX, "is known");
	bed_hash(c.at[0].tbs, 32, "another TBS");
	n = counter(&c);
	ok(n.known && !n.recorded && n.value == UINT32_MAX, "another TBS");
	bed_claim(&c, "no counter");
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "a claim without");
	n = counter(&c);
	ok(!n.known && n.recorded, "the TBS alone is known");
	bed_claim(&c, "counter denied");
	ok(keep(&c, NOON) && counter(&c).recorded, "so is a denial's");
}

static int64_t
find(const struct bed_claim *c, int64_t now, char owner[64])
{
	int64_t until = -1;

	return cs_denial_find(s, c->in.request_digest, now, bed_deadline(),
	    &until, owner, 64, &e) == CS_OK ? until : -2;
}

struct list {
	cs_span digest;
	int n;
	int64_t last;
	bool good;
};

static int
list_denial(void *arg, const cs_stored_denial *d, cs_err *err)
{
	struct list *l = arg;

	(void)err;
	if (!cs_span_eq(d->request_digest, l->digest))
		return CS_OK;
	l->n++;
	l->good = d->der.n > 100 && d->not_before == NOON - 300 &&
	    d->time == NOON && cs_span_is(d->agent_id,
	    "wimse://corp.example/agent/deny") && d->tbs_hash.n == 32 &&
	    d->key_hash.n == 32;
	l->last = d->not_after;
	return CS_OK;
}

static void
test_denials(void)
{
	struct bed_claim c, d;
	char owner[64];
	struct list l = {0};

	bed_claim(&c, "deny");
	ok(find(&c, NOON, owner) == 0, "none");
	ok(keep(&c, NOON + 10) && keep(&c, NOON + 10), "one, twice the same");
	ok(find(&c, NOON + 10, owner) == NOON + 10 &&
	    strcmp(owner, "mailto:deny@corp.example") == 0, "%s", owner);
	ok(find(&c, NOON + 11, owner) == 0, "until then");
	ok(find(&c, NOON - 9999, owner) == NOON + 10,
	    "a clock that is behind changes nothing");
	bed_claim(&d, "deny");
	bed_other(&d, 0, "deny longer");
	ok(keep(&d, NOON + 20) && find(&d, NOON, owner) == NOON + 20,
	    "the longest");
	bed_other(&d, 0, "deny shorter");
	ok(keep(&d, NOON + 5) && find(&d, NOON, owner) == NOON + 20,
	    "stays the longest");
	bed_again(&s);
	ok(find(&d, NOON, owner) == NOON + 20, "after a restart");
	l.digest = c.in.request_digest;
	ok(cs_denials(s, bed_deadline(), list_denial, &l, &e) == CS_OK &&
	    l.n == 3 && l.good && l.last == NOON + 5, "three of them");
}

static int64_t
how_many(void)
{
	cs_store_info info;

	return cs_store_look(s, NOON, bed_deadline(), &info, &e) == CS_OK ?
	    info.denials : -1;
}

/* A thousand rows of the key that denied `c`, `from` to `from` + n. */
static bool
many(const char *digest, int from, int n)
{
	char sql[1024];

	snprintf(sql, sizeof(sql), "INSERT INTO audit (sequence, record)"
	    " WITH RECURSIVE n(i) AS (SELECT %d UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < %d)"
	    " SELECT n.i, a.record FROM n, audit a WHERE a.sequence = 1",
	    from, from + n - 1);
	if (!bed_sql(s, sql))
		return false;
	snprintf(sql, sizeof(sql), "INSERT INTO denial (number, tbs_hash,"
	    " agent_id, request_digest, owner, key_hash, time, not_before,"
	    " not_after, der) SELECT a.sequence,"
	    " CAST(CAST(a.sequence AS TEXT) AS BLOB), d.agent_id, %s,"
	    " d.owner, d.key_hash, d.time, d.not_before, d.not_after, d.der"
	    " FROM denial d, audit a WHERE a.sequence >= %d AND d.number ="
	    " (SELECT MIN(number) FROM denial WHERE agent_id ="
	    " 'wimse://corp.example/agent/fill')", digest, from);
	return bed_sql(s, sql);
}

static bool
fill(const char *tbs, const char *digest, int64_t time, int reason)
{
	struct bed_claim c;
	cs_stored_denial d;
	int rc;

	bed_claim(&c, "fill");
	bed_approval_id(&c, 0, tbs);
	bed_request(&c, digest);
	d = denial_of(&c, time + HOUR);
	d.time = time;
	e = (cs_err){0};
	rc = cs_denial_keep(s, &d, bed_deadline(), &e);
	return reason == 0 ? rc == CS_OK :
	    rc == CS_EREFUSED && e.detail == reason;
}

/* Whoever has a key does not fill the store with it. */
static void
test_denials_full(void)
{
	const int64_t late = NOON + HOUR + CS_DENIAL_SWEEP;
	struct bed_claim c;
	int64_t n;

	ok(fill("fill", "fill", NOON, 0) &&
	    many("CAST(CAST(a.sequence AS TEXT) AS BLOB)", 1000000, 998),
	    "999 denials of a key");
	n = how_many();
	ok(fill("fill2", "fill2", NOON, 0) && how_many() == n + 1,
	    "and one more");
	ok(fill("fill2", "fill2", NOON, 0) && how_many() == n + 1,
	    "which is there");
	ok(fill("fill3", "fill3", NOON, CS_R_EXHAUSTED) &&
	    how_many() == n + 1, "no further: %s", e.text);
	ok(fill("fill4", "fill", NOON, 0) && how_many() == n + 2,
	    "but of a request that is denied already");
	bed_claim(&c, "fill other key");
	ok(keep(&c, NOON + 5), "and by another key");
	ok(many("d.request_digest", 2000000, 999), "a thousand of these");
	n = how_many();
	ok(fill("fill5", "fill", NOON, CS_R_EXHAUSTED), "no further: %s",
	    e.text);
	ok(fill("fill3", "fill3", NOON + HOUR + 1, 0) && how_many() == n + 1,
	    "when they are over there is room");
	ok(fill("fill6", "fill6", late, 0) && how_many() == n + 2,
	    "a week later they are still there");
	ok(fill("fill7", "fill7", late + 1, 0) && how_many() == n + 3 - 2000,
	    "and then they are gone");
	bed_forget_clock(s);
}

static void
test_denial_counter(void)
{
	struct bed_claim c;
	cs_stored_denial d;
	cs_stored_counter n;

	bed_claim(&c, "deny counter");
	d = denial_of(&c, NOON + 5);
	d.counter_given = true;
	d.counter = 12;
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_OK, "a denial");
	n = counter(&c);
	ok(n.known && n.recorded && n.value == 12, "its counter is known");
	c.in.at[0].counter_given = c.in.at[0].counter_strict = true;
	c.in.at[0].counter = 12;
	bed_approval_id(&c, 0, "deny counter2");
	bed_request(&c, "deny counter2");
	ok(bed_refused(s, &c) == CS_R_COUNTER_REGRESSED,
	    "and used up by it");
	c.in.at[0].counter = 13;
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "the next one is not");
}

static void
test_denial_usage(void)
{
	struct bed_claim c;
	cs_stored_denial d;

	bed_claim(&c, "deny usage");
	d = denial_of(&c, NOON);
	d.approval = NULL;
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_EUSAGE,
	    "nothing for the log");
	d = denial_of(&c, NOON);
	d.request_digest.n = 31;
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_EUSAGE,
	    "a short digest");
	d = denial_of(&c, NOON);
	d.der.p = NULL;
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_EUSAGE,
	    "no approval");
	d = denial_of(&c, INT64_MAX);
	ok(cs_denial_keep(s, &d, bed_deadline(), &e) == CS_EUSAGE, "a time");
}

struct found {
	int n, recorded, ended;
	int64_t last;
	bool with, good;
};

static int
list_claim(void *arg, const cs_stored_claim *c, cs_err *err)
{
	struct found *f = arg;

	(void)err;
	f->good = f->n == 0 || c->number > f->last;
	f->n++;
	f->recorded += c->recorded;
	f->ended += c->ended == NOON && c->end_reason.n > 20;
	f->last = c->number;
	f->with |= c->credential.p != NULL;
	f->good &= c->kind == 1 && c->time == NOON && c->serial.n == 16 &&
	    c->not_before == NOON - 60 && c->request_digest.n == 32 &&
	    c->agent_key_hash.n == 32;
	return CS_OK;
}

static struct found
claims(cs_claim_ask ask)
{
	struct found f = {0};

	if (cs_claims(s, &ask, bed_deadline(), list_claim, &f, &e) != CS_OK)
		printf("# %s\n", e.text);
	return f;
}

static void
record(const struct bed_claim *c)
{
	cs_claim *a = bed_get(s, c), *out = NULL;

	ok(a != NULL && cs_claim_record(s, a->number, a->serial,
	    cs_span_str("credential"), NOON, bed_deadline(), &out, &e) ==
	    CS_OK, "recorded");
	cs_claim_free(&a);
	cs_claim_free(&out);
}

/* c: two issuances, one of them recorded and ended; d: one, by both owners. */
static void
test_claims(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "list");
	c.in.at[0].max_issuances = 3;
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "a claim");
	record(&c);
	ok(bed_revoke(s, CS_REVOKE_AGENT, c.in.agent_id) == 1 &&
	    bed_lift(s, CS_REVOKE_AGENT, c.in.agent_id), "is ended");
	bed_next(&c, "list next");
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "the next");
	bed_claim(&d, "list second");
	bed_more(&d, "list");
	d.in.at[1].max_issuances = 3;
	ok(bed_make(s, &d, &e) == CS_CLAIM_NEW, "and a quorum");

	ok(claims((cs_claim_ask){.agent_id = c.in.agent_id}).n == 2 &&
	    claims((cs_claim_ask){.agent_id = d.in.agent_id}).n == 1,
	    "by agent");
	ok(claims((cs_claim_ask){.owner = c.in.owner}).n == 3 &&
	    claims((cs_claim_ask){.owner = d.in.owner}).n == 1,
	    "by owner, principal or not");
	ok(claims((cs_claim_ask){.key_hash = c.in.at[0].key_hash}).n == 3 &&
	    claims((cs_claim_ask){.key_hash = d.in.at[0].key_hash}).n == 1,
	    "by key");
	ok(claims((cs_claim_ask){.tbs_hash = c.in.at[0].tbs_hash}).n == 3,
	    "by TBS");
	ok(claims((cs_claim_ask){.tbs_hash = c.in.at[0].approval_id}).n == 3,
	    "by an approval's id");
	ok(claims((cs_claim_ask){.serial = c.in.serial}).n == 1, "by serial");
	ok(claims((cs_claim_ask){.owner = c.in.owner,
	    .agent_id = d.in.agent_id}).n == 1 &&
	    claims((cs_claim_ask){.owner = d.in.owner,
	    .agent_id = c.in.agent_id}).n == 0 &&
	    claims((cs_claim_ask){.owner = c.in.owner,
	    .key_hash = d.in.at[0].key_hash, .tbs_hash =
	    c.in.at[0].tbs_hash}).n == 1, "by several");
	ok(claims((cs_claim_ask){.agent_id = c.in.agent_id, .live_only = true,
	    .now = c.in.not_after - 1}).n == 1 &&
	    claims((cs_claim_ask){.agent_id = c.in.agent_id,
	    .live_only = true, .now = c.in.not_after}).n == 0, "what is live");
	ok(claims((cs_claim_ask){.agent_id = c.in.agent_id}).recorded == 1 &&
	    claims((cs_claim_ask){.agent_id = c.in.agent_id}).ended == 1 &&
	    claims((cs_claim_ask){.agent_id = c.in.agent_id}).good,
	    "what they are");
	ok(!claims((cs_claim_ask){.agent_id = c.in.agent_id}).with &&
	    claims((cs_claim_ask){.agent_id = c.in.agent_id,
	    .with_credential = true}).with, "with a credential when asked");
	ok(claims((cs_claim_ask){0}).n >= 3 && claims((cs_claim_ask){
	    .live_only = true, .now = NOON}).n < claims((cs_claim_ask){0}).n,
	    "all of them");
}

/* Columns that we did not write so. */
static void
test_damage(void)
{
	static const char *const damage[] = {
		"UPDATE claim SET not_before = 5",
		"UPDATE claim SET not_after = not_before",
		"UPDATE claim SET time = 5",
		"UPDATE claim SET ended = 1795262400",
		"UPDATE claim SET recorded = 1795262400",
		"UPDATE claim SET agent_id = ''",
		"UPDATE claim SET owner = ''",
		"UPDATE claim SET agent_id = 'wimse://corp.example/other'",
		"UPDATE claim SET credential = fields",
		"UPDATE claim SET agent_key_hash = request_digest",
		"UPDATE claim SET ended = 5, end_reason = 'x'",
		"UPDATE claim SET digest = serial",
	};
	struct bed_claim c;
	char sql[160];
	size_t i;

	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		char name[32];
		cs_claim *a;

		snprintf(name, sizeof(name), "damage%zu", i);
		bed_claim(&c, name);
		a = bed_get(s, &c);
		snprintf(sql, sizeof(sql), "%s WHERE number = %lld",
		    damage[i], (long long)(a == NULL ? 0 : a->number));
		ok(a != NULL && bed_sql(s, sql), "%s", damage[i]);
		cs_claim_free(&a);
		ok(bed_make(s, &c, &e) == CS_CLAIM_NONE &&
		    (strstr(damage[i], "SET ended") != NULL ?
		    e.detail == CS_R_EXHAUSTED : e.cls == CS_EIO), "%s",
		    e.text);
	}
}

/* An approval that has become another key's, or another one of its key. */
static void
test_damaged_approval(void)
{
	struct bed_claim c, other;

	bed_claim(&c, "damaged approval");
	bed_claim(&other, "damaged approval too");
	c.in.at[0].max_issuances = 5;
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "a claim");
	bed_request(&c, "damaged approval again");
	ok(bed_sql(s, "UPDATE approval SET key_hash = tbs_hash WHERE"
	    " owner = 'mailto:damaged-approval@corp.example'") &&
	    bed_make(s, &c, &e) == CS_CLAIM_NONE && e.cls == CS_EIO, "%s",
	    e.text);
	ok(bed_make(s, &other, &e) == CS_CLAIM_NEW, "another is as it was");
}

static void
test_damaged_memory(void)
{
	struct bed_claim c;

	bed_claim(&c, "damaged uses");
	c.in.at[0].max_issuances = 5;
	c.in.at[0].counter_given = true;
	c.in.at[0].counter = 5;
	ok(bed_make(s, &c, &e) == CS_CLAIM_NEW, "a claim");
	bed_request(&c, "damaged uses again");
	ok(bed_sql(s, "UPDATE uses SET n = -1") &&
	    bed_make(s, &c, &e) == CS_CLAIM_NONE && e.cls == CS_EIO, "%s",
	    e.text);
	ok(bed_sql(s, "UPDATE uses SET n = 1") &&
	    bed_sql(s, "UPDATE counter SET value = 4294967296") &&
	    bed_make(s, &c, &e) == CS_CLAIM_NONE && e.cls == CS_EIO, "%s",
	    e.text);
	ok(bed_sql(s, "UPDATE counter SET value = 1") &&
	    bed_make(s, &c, &e) == CS_CLAIM_NEW, "and when it is mended");
}

/* A table that was made without STRICT may hold anything. */
static void
test_types(void)
{
	const cs_db_value col[] = {{.type = CS_DB_NULL}, cs_db_int(1),
	    cs_db_blob(cs_span_str("x")), cs_db_text(cs_span_str("x"))};
	cs_span out;
	int64_t n;
	size_t i;

	for (i = 0; i < 5; i++) {
		ok((cs_col_int(col, 4, i, 0, 9, &n, &e) == CS_OK) == (i == 1),
		    "INTEGER %zu", i);
		ok((cs_col_blob(col, 4, i, 0, 9, &out, &e) == CS_OK) ==
		    (i == 2), "BLOB %zu", i);
		ok((cs_col_text(col, 4, i, 0, 9, &out, &e) == CS_OK) ==
		    (i == 3), "TEXT %zu", i);
	}
	ok(cs_col_int(col, 1, 1, 0, 9, &n, &e) == CS_EIO &&
	    cs_col_text(col, 4, 2, 0, 9, &out, &e) == CS_EIO &&
	    e.detail == CS_R_STORE_UNAVAILABLE, "damage: %s", e.text);
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_counter();
	test_denials();
	test_denial_usage();
	test_claims();
	test_denial_counter();
	test_damage();
	test_damaged_approval();
	test_damaged_memory();
	test_types();
	test_denials_full();
	bed_close(&s);
	return done_testing();
}
