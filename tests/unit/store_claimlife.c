/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "claimbed.h"
#include "fmt/reason.h"
#include "store/handle.h"
#include "tap.h"

/* The same again: formats section 9, from claim to record and behind it. */

static cs_store *s;
static cs_err e;

#define STATE(c) bed_make(s, (c), &e)
#define REFUSED(c, reason) (bed_refused(s, (c)) == (reason))

static int64_t
number_of(const struct bed_claim *c)
{
	cs_claim *a = bed_get(s, c);
	int64_t n = a == NULL ? 0 : a->number;

	cs_claim_free(&a);
	return n;
}

static cs_claim *
record(int64_t number, cs_span serial, const char *credential)
{
	cs_claim *out = NULL;

	e = (cs_err){0};
	if (cs_claim_record(s, number, serial, cs_span_str(credential),
	    NOON + 1, bed_deadline(), &out, &e) != CS_OK)
		printf("# %s\n", e.text);
	return out;
}

static bool
recorded(int64_t number, cs_span serial, const char *credential,
    const char *answer)
{
	cs_claim *out = record(number, serial, credential);
	bool good = out != NULL && out->state == CS_CLAIM_STORED &&
	    out->number == number && cs_span_is(out->credential, answer);

	cs_claim_free(&out);
	return good;
}

/* The answer has what was claimed first, not what is asked for now. */
static bool
answers(const struct bed_claim *c, enum cs_claim_state state,
    const struct bed_claim *first, const char *credential)
{
	cs_claim *a = bed_get(s, c);
	bool good = a != NULL && a->state == state &&
	    cs_span_eq(a->serial, first->in.serial) &&
	    cs_span_eq(a->digest, first->in.body_digest) &&
	    cs_span_eq(a->fields, first->in.fields) &&
	    a->not_before == first->in.not_before &&
	    a->not_after == first->in.not_after &&
	    (credential == NULL ? a->credential.p == NULL :
	    cs_span_is(a->credential, credential));

	cs_claim_free(&a);
	return good;
}

/* The same claim with other terms, as a host makes them anew. */
static void
retry(struct bed_claim *c, const char *name, int64_t now)
{
	bed_next(c, name);
	c->in.now = now;
	c->in.not_before = now - 60;
	c->in.not_after = now + HOUR;
	c->in.fields = cs_span_str("other fields");
}

static void
test_stored(void)
{
	struct bed_claim c, d;
	int64_t n;

	bed_claim(&c, "stored");
	bed_claim(&d, "stored");
	c.in.not_before = NOON;
	c.in.not_after = NOON + 3000;
	ok(answers(&c, CS_CLAIM_NEW, &c, NULL), "a new claim has its terms");
	retry(&d, "stored retry", NOON + 1);
	ok(answers(&d, CS_CLAIM_AGAIN, &c, NULL), "again, the stored ones");
	n = number_of(&d);
	ok(recorded(n, c.in.serial, "credential", "credential"), "recorded");
	ok(answers(&d, CS_CLAIM_STORED, &c, "credential"), "its credential");
	bed_again(&s);
	ok(answers(&d, CS_CLAIM_STORED, &c, "credential"),
	    "and so after a restart");
	retry(&d, "stored late", NOON + 1999);
	ok(answers(&d, CS_CLAIM_STORED, &c, "credential"),
	    "a second before two thirds of its life");
	retry(&d, "stored too late", NOON + 2000);
	ok(REFUSED(&d, CS_R_EXHAUSTED), "at two thirds it is a new one");
	d.in.at[0].max_issuances = 2;
	ok(answers(&d, CS_CLAIM_NEW, &d, NULL), "which counts");
	ok(number_of(&d) > n, "and answers from then on");
}

static void
test_again(void)
{
	struct bed_claim c, d;

	bed_claim(&c, "again");
	bed_claim(&d, "again");
	c.in.fields = cs_span_of(NULL, 0);
	ok(STATE(&c) == CS_CLAIM_NEW, "claimed, never recorded");
	retry(&d, "again late", c.in.not_after);
	c.in.fields = cs_span_of("", 0);
	ok(answers(&d, CS_CLAIM_AGAIN, &c, NULL), "until its last second");
	retry(&d, "again too late", c.in.not_after + 1);
	ok(REFUSED(&d, CS_R_EXHAUSTED), "and no second longer");
}

static void
test_not_the_same(void)
{
	struct bed_claim c;

	bed_claim(&c, "same");
	ok(STATE(&c) == CS_CLAIM_NEW, "a claim");
	ok(STATE(&c) == CS_CLAIM_AGAIN, "the same");
	bed_request(&c, "not the same");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "another request digest");
	bed_request(&c, "same");
	c.in.kind = 2;
	ok(STATE(&c) == CS_CLAIM_NEW, "another kind");
	c.in.kind = 1;
	bed_more(&c, "same second");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "a larger set");
	c.in.n = 1;
	bed_other(&c, 0, "not the same");
	c.in.may_move_owner = true;
	ok(STATE(&c) == CS_CLAIM_NEW, "another TBS");
}

static void
test_record(void)
{
	struct bed_claim c;
	cs_claim *a;
	static uint8_t much[CS_CREDENTIAL_MAX + 1];
	cs_claim *out = NULL;

	bed_claim(&c, "record");
	a = bed_get(s, &c);
	ok(a != NULL && a->state == CS_CLAIM_NEW, "a claim");
	ok(recorded(a->number, a->serial, "winner", "winner"), "the first");
	ok(recorded(a->number, a->serial, "loser", "winner"),
	    "the second gets the first's");
	ok((out = record(a->number + 1000, a->serial, "x")) == NULL &&
	    e.cls == CS_EREFUSED && e.detail == CS_R_REPLAYED,
	    "an unknown number");
	ok((out = record(a->number, cs_span_str("other"), "x")) == NULL &&
	    e.cls == CS_EREFUSED && e.detail == CS_R_REPLAYED,
	    "another serial");
	ok((out = record(a->number, a->serial, "")) == NULL &&
	    e.cls == CS_EUSAGE, "an empty credential");
	ok(cs_claim_record(s, a->number, a->serial, cs_span_of(much,
	    sizeof(much)), NOON, bed_deadline(), &out, &e) == CS_EUSAGE &&
	    out == NULL, "one that is too large");
	cs_claim_free(&a);
	bed_claim(&c, "record large");
	a = bed_get(s, &c);
	ok(a != NULL && cs_claim_record(s, a->number, a->serial,
	    cs_span_of(much, CS_CREDENTIAL_MAX), NOON, bed_deadline(), &out,
	    &e) == CS_OK && out->credential.n == CS_CREDENTIAL_MAX,
	    "one as large as may be");
	cs_claim_free(&out);
	cs_claim_free(&a);
}

struct events {
	int64_t claim, head;
	int n[CS_AUDIT_FLOOR + 1];
	bool good;
};

static int
event(void *arg, int64_t sequence, cs_span der, cs_err *err)
{
	struct events *l = arg;
	cs_audit_record *r = NULL;
	int rc;

	l->head = sequence;
	if ((rc = cs_audit_parse(der, &r, err)) != CS_OK)
		return rc;
	l->n[r->event]++;
	if (r->event == CS_AUDIT_CLAIMED)
		l->claim = sequence;
	if (r->event == CS_AUDIT_ISSUED)
		l->good = r->claim == l->claim;
	cs_audit_free(&r);
	return CS_OK;
}

static struct events
events_since(int64_t from)
{
	struct events l = {0};

	ok(cs_audit_walk(s, from, 0, bed_deadline(), event, &l, &e) == CS_OK,
	    "the log from %lld", (long long)from);
	return l;
}

/* What happened stands in the log once, whoever asked how often. */
static void
test_log(void)
{
	int64_t from = events_since(1).head + 1, n;
	struct bed_claim c;
	struct events l;

	bed_claim(&c, "log");
	c.in.dry = true;
	ok(STATE(&c) == CS_CLAIM_NEW, "a dry claim");
	c.in.dry = false;
	n = number_of(&c);
	ok(n == from, "a claim's number is that of its record");
	ok(number_of(&c) == n, "and stays so");
	ok(recorded(n, c.in.serial, "a", "a") &&
	    recorded(n, c.in.serial, "b", "a"), "recorded twice");
	ok(bed_revoke(s, CS_REVOKE_AGENT, c.in.agent_id) == 1 &&
	    REFUSED(&c, CS_R_REVOKED) &&
	    bed_lift(s, CS_REVOKE_AGENT, c.in.agent_id), "revoked, lifted");
	l = events_since(from);
	ok(l.n[CS_AUDIT_CLAIMED] == 1 && l.n[CS_AUDIT_ISSUED] == 1 &&
	    l.n[CS_AUDIT_REVOKED] == 1 && l.n[CS_AUDIT_LIFTED] == 1 &&
	    l.good && l.head == from + 3, "four records");
}

/* After a refusal it is as good as before; after a failure nobody knows. */
static void
test_connection(void)
{
	struct bed_claim c;
	cs_db *writer;

	bed_claim(&c, "connection");
	ok(STATE(&c) == CS_CLAIM_NEW && (writer = s->writer) != NULL,
	    "a connection is kept");
	bed_request(&c, "connection2");
	ok(REFUSED(&c, CS_R_EXHAUSTED) && s->writer == writer,
	    "behind a refusal");
	ok(!bed_sql(s, "INSERT INTO nowhere VALUES (1)") && s->writer == NULL,
	    "and is closed behind a failure");
	bed_claim(&c, "connection3");
	ok(STATE(&c) == CS_CLAIM_NEW && s->writer != NULL,
	    "where the next claim opens its own");
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_stored();
	bed_forget_clock(s);
	test_again();
	bed_forget_clock(s);
	test_not_the_same();
	test_record();
	test_log();
	test_connection();
	bed_close(&s);
	return done_testing();
}
