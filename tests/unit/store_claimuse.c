/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/time.h"
#include "claimbed.h"
#include "fmt/reason.h"
#include "tap.h"

/* What is counted: formats section 9, by TBS, subject and kind. */

static cs_store *s;
static cs_err e;

#define STATE(c) bed_make(s, (c), &e)
#define REFUSED(c, reason) (bed_refused(s, (c)) == (reason))

/* Another request, so that no stored answer is in the way. */
static void
again(struct bed_claim *c, const char *name)
{
	bed_request(c, name);
	bed_next(c, name);
}

static void
test_count(void)
{
	struct bed_claim c;

	bed_claim(&c, "count");
	c.in.at[0].max_issuances = 2;
	ok(STATE(&c) == CS_CLAIM_NEW, "the first of two");
	again(&c, "count2");
	ok(STATE(&c) == CS_CLAIM_NEW, "the second of two");
	again(&c, "count3");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "a third");
	bed_again(&s);
	ok(REFUSED(&c, CS_R_EXHAUSTED), "a third after a restart");
	c.in.kind = 2;
	ok(STATE(&c) == CS_CLAIM_NEW, "the other kind is counted apart");
	again(&c, "count4");
	ok(STATE(&c) == CS_CLAIM_NEW, "twice");
	again(&c, "count5");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "and no more");
	again(&c, "count");
	c.in.kind = 1;
	ok(STATE(&c) == CS_CLAIM_AGAIN, "what was counted still answers");
}

static void
test_subjects(void)
{
	struct bed_claim c;

	bed_claim(&c, "batch");
	ok(STATE(&c) == CS_CLAIM_NEW, "a batch's first subject");
	again(&c, "batch2");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "which is used up");
	c.in.at[0].subject = 63;
	ok(STATE(&c) == CS_CLAIM_NEW, "its last one is not");
	again(&c, "batch3");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "and then is");
}

static void
pair(struct bed_claim *c, const char *agent, const char *use)
{
	bed_claim(c, agent);
	bed_other(c, 0, "granter");
	bed_more(c, use);
	c->at[0].audit.role = CS_AUDIT_GRANT;
	c->at[1].audit.role = CS_AUDIT_USE;
	c->at[1].audit.owner = c->at[0].audit.owner;
	c->in.at[0].max_issuances = 3;
}

static void
test_grant(void)
{
	struct bed_claim c;

	pair(&c, "granted", "use");
	ok(STATE(&c) == CS_CLAIM_NEW, "a grant and its use");
	again(&c, "granted2");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "a use is used up");
	pair(&c, "granted2", "use2");
	ok(STATE(&c) == CS_CLAIM_NEW, "a second use");
	pair(&c, "granted3", "use3");
	ok(STATE(&c) == CS_CLAIM_NEW, "a third use");
	pair(&c, "granted4", "use4");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "the grant counts them all");
	c.in.kind = 2;
	ok(STATE(&c) == CS_CLAIM_NEW, "by kind");
}

static void
test_quorum(void)
{
	struct bed_claim c, d;

	bed_claim(&d, "spent");
	ok(STATE(&d) == CS_CLAIM_NEW, "one of two is used up");
	bed_claim(&c, "quorum");
	bed_more(&c, "spent");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "both are refused");
	bed_claim(&d, "quorum");
	ok(STATE(&d) == CS_CLAIM_NEW, "and the other was not counted");
	bed_claim(&c, "sixteen");
	while (c.in.n < CS_AUDIT_APPROVALS_MAX) {
		char name[16];

		snprintf(name, sizeof(name), "one%zu", c.in.n);
		bed_more(&c, name);
	}
	ok(STATE(&c) == CS_CLAIM_NEW, "sixteen approvals");
	again(&c, "sixteen again");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "are used up together");
	bed_claim(&d, "alone");
	bed_other(&d, 0, "one15");
	ok(REFUSED(&d, CS_R_EXHAUSTED), "and each for itself");
}

static void
test_dry(void)
{
	cs_stored_counter n;
	struct bed_claim c;

	bed_claim(&c, "dry");
	c.in.at[0].counter_given = true;
	c.in.at[0].counter = 5;
	c.in.dry = true;
	ok(STATE(&c) == CS_CLAIM_NEW && STATE(&c) == CS_CLAIM_NEW,
	    "nothing is kept of a dry claim");
	ok(cs_store_counter(s, c.in.at[0].key_hash, c.in.at[0].tbs_hash,
	    bed_deadline(), &n, &e) == CS_OK && !n.known && !n.recorded,
	    "not its counter either");
	c.in.dry = false;
	ok(STATE(&c) == CS_CLAIM_NEW, "and then it is claimed");
	c.in.dry = true;
	ok(STATE(&c) == CS_CLAIM_AGAIN, "a dry one sees that");
	bed_other(&c, 0, "dry2");
	c.in.at[0].max_issuances = 1;
	c.in.may_move_owner = true;
	ok(STATE(&c) == CS_CLAIM_NEW, "as that of other approvals");
}

static int
dry_beside(cs_txn *t, void *arg, cs_err *err)
{
	const struct bed_claim *c = arg;

	(void)t;
	(void)err;
	return STATE(c) == CS_CLAIM_NEW ? CS_OK : CS_EREFUSED;
}

/* It is a reader's: it waits for nobody, and nobody for it. */
static void
test_dry_reads(void)
{
	cs_store *writer = bed_second(), *own = s;
	struct bed_claim c;

	bed_claim(&c, "dry reader");
	c.in.dry = true;
	c.in.deadline_ms = cs_time_mono_ms() + 3000;
	ok(cs_store_write(writer, dry_beside, &c, true, bed_deadline(), &e) ==
	    CS_OK, "a dry claim while another writes");
	cs_store_close(&writer);
	c.in.deadline_ms = bed_deadline();
	s = bed_reader();
	ok(STATE(&c) == CS_CLAIM_NEW, "of a store that is only read");
	c.in.dry = false;
	ok(STATE(&c) == CS_CLAIM_NONE && e.cls == CS_EBUG,
	    "where nothing is claimed");
	cs_store_close(&s);
	s = own;
	c.in.dry = true;
	ok(bed_sql(s, "UPDATE meta SET name = 'was' WHERE name = 'place'") &&
	    REFUSED(&c, CS_R_REPLAYED), "where the store is not where it was, "
	    "what a writer's floor would refuse");
	ok(bed_sql(s, "UPDATE meta SET name = 'place' WHERE name = 'was'") &&
	    STATE(&c) == CS_CLAIM_NEW, "and where it is");
}

/* A revocation, what it is called by, and whether it reaches the claim. */
static void
revoked(const struct bed_claim *c, enum cs_revoke_what what, cs_span name,
    bool reaches, const char *why)
{
	ok(bed_revoke(s, what, name) == 0, "%s is revoked", why);
	ok(reaches ? REFUSED(c, CS_R_REVOKED) : STATE(c) == CS_CLAIM_NEW,
	    "%s: %s", why, e.text);
	ok(bed_lift(s, what, name) && STATE(c) == CS_CLAIM_NEW,
	    "%s is lifted", why);
}

static void
test_revoked(void)
{
	struct bed_claim c;
	size_t i;

	pair(&c, "reach", "reach use");
	bed_other(&c, 0, "reach grant");
	c.at[0].audit.role = CS_AUDIT_GRANT;
	c.at[1].audit.owner = c.at[0].audit.owner;
	bed_more(&c, "reach second");
	c.in.dry = true;
	for (i = 0; i < 3; i++) {
		revoked(&c, CS_REVOKE_KEY, c.in.at[i].key_hash, true, "a key");
		revoked(&c, CS_REVOKE_GRANT, c.in.at[i].tbs_hash, true,
		    "a TBS as a grant");
		revoked(&c, CS_REVOKE_APPROVAL, c.in.at[i].tbs_hash, true,
		    "a TBS");
		revoked(&c, CS_REVOKE_APPROVAL, c.in.at[i].approval_id, true,
		    "an id");
		revoked(&c, CS_REVOKE_KEY, c.in.at[i].tbs_hash, false,
		    "a TBS as a key");
		revoked(&c, CS_REVOKE_APPROVAL, c.in.at[i].key_hash, false,
		    "a key as an approval");
	}
	revoked(&c, CS_REVOKE_OWNER, c.at[0].audit.owner, true, "the owner");
	revoked(&c, CS_REVOKE_OWNER, c.at[2].audit.owner, true,
	    "the second owner");
	revoked(&c, CS_REVOKE_AGENT, c.in.agent_id, true, "the agent");
	revoked(&c, CS_REVOKE_AGENT,
	    cs_span_str("wimse://corp.example/agent/reac"), false,
	    "what the agent begins with");
	revoked(&c, CS_REVOKE_AGENT,
	    cs_span_str("wimse://corp.example/agent/reach/below"), false,
	    "an agent below");
}

static int64_t
record(int64_t number, cs_span serial)
{
	cs_claim *out = NULL;
	int rc;

	e = (cs_err){0};
	rc = cs_claim_record(s, number, serial, cs_span_str("credential"),
	    NOON + 1, bed_deadline(), &out, &e);
	cs_claim_free(&out);
	return rc;
}

/* An ended claim answers nobody again; behind a lift there is a new issuance,
 * which counts. */
static void
test_ended(void)
{
	struct bed_claim c;
	cs_claim *first;

	bed_claim(&c, "ended");
	c.in.at[0].max_issuances = 2;
	first = bed_get(s, &c);
	ok(first != NULL && first->state == CS_CLAIM_NEW, "a claim");
	ok(bed_revoke(s, CS_REVOKE_OWNER, c.in.owner) == 1, "its owner");
	ok(REFUSED(&c, CS_R_REVOKED) && strcmp((bed_make(s, &c, &e), e.text),
	    "owner mailto:ended@corp.example revoked since "
	    "2026-11-21T12:00:00Z: lost") == 0, "%s", e.text);
	ok(record(first->number, first->serial) == CS_EREFUSED &&
	    e.detail == CS_R_REVOKED && strcmp(e.text,
	    "owner mailto:ended@corp.example revoked: lost") == 0, "%s",
	    e.text);
	ok(bed_lift(s, CS_REVOKE_OWNER, c.in.owner), "is lifted");
	ok(record(first->number, first->serial) == CS_EREFUSED &&
	    e.detail == CS_R_REVOKED, "what was ended stays ended");
	ok(STATE(&c) == CS_CLAIM_NEW, "a new issuance");
	ok(STATE(&c) == CS_CLAIM_AGAIN, "that answers");
	again(&c, "ended again");
	ok(REFUSED(&c, CS_R_EXHAUSTED), "and was counted");
	cs_claim_free(&first);
}

int
main(void)
{
	if ((s = bed_open()) == NULL)
		return 0;
	test_count();
	test_subjects();
	test_grant();
	test_quorum();
	test_dry();
	test_dry_reads();
	test_revoked();
	test_ended();
	bed_close(&s);
	return done_testing();
}
