/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "claimbed.h"
#include "store/issued.h"
#include "tap.h"

static cs_store *s;
static cs_err e;

struct seen {
	int n;
	cs_span serial;
	bool has, credential;
	int64_t ended;
};

static int
see(void *arg, const cs_stored_claim *c, cs_err *err)
{
	struct seen *v = arg;

	(void)err;
	v->n++;
	v->credential = c->credential.p != NULL &&
	    cs_span_is(c->credential, "the credential");
	if (cs_span_eq(c->serial, v->serial)) {
		v->has = true;
		v->ended = c->ended;
	}
	return CS_OK;
}

static struct seen
find(const struct bed_claim *c, int kind, int64_t now)
{
	struct seen v = {.serial = c->in.serial};

	if (cs_issued_find(s, c->in.request_digest, kind, now, bed_deadline(),
	    see, &v, &e) != CS_OK)
		v.n = -1;
	return v;
}

static struct seen
ended(const struct bed_claim *c, int64_t after)
{
	struct seen v = {.serial = c->in.serial};

	if (cs_issued_ended(s, after, bed_deadline(), see, &v, &e) != CS_OK)
		v.n = -1;
	return v;
}

static bool
issue(struct bed_claim *c)
{
	cs_claim *made = bed_get(s, c), *done = NULL;
	bool good = made != NULL && cs_claim_record(s, made->number,
	    made->serial, cs_span_str("the credential"), NOON, bed_deadline(),
	    &done, &e) == CS_OK;

	cs_claim_free(&done);
	cs_claim_free(&made);
	return good;
}

static void
test_find(void)
{
	struct bed_claim c;
	cs_claim *made;

	bed_claim(&c, "find");
	ok(find(&c, 1, NOON).n == 0, "nothing yet");
	made = bed_get(s, &c);
	ok(made != NULL && find(&c, 1, NOON).n == 0, "claimed alone");
	cs_claim_free(&made);
	ok(issue(&c) && find(&c, 1, NOON).n == 1 && find(&c, 1, NOON).has &&
	    find(&c, 1, NOON).credential, "recorded");
	ok(find(&c, 2, NOON).n == 0, "no WIT");
	ok(find(&c, 1, c.in.not_after - 1).n == 1 &&
	    find(&c, 1, c.in.not_after).n == 0, "as long as it lives");
	ok(bed_revoke(s, CS_REVOKE_AGENT, c.in.agent_id) == 1 &&
	    find(&c, 1, NOON).n == 0, "or until it is ended");
}

struct keyed {
	int n;
	int64_t last, ended;
	bool fields;
};

static int
see_keyed(void *arg, const cs_stored_claim *c, cs_span digest,
    cs_span fields, cs_err *err)
{
	struct keyed *v = arg;

	(void)err;
	if (v->n++ == 0) {
		v->last = c->number;
		v->ended = c->ended;
	}
	v->fields = fields.p != NULL && digest.n == 32;
	return CS_OK;
}

static struct keyed
of_key(cs_span agent_id, cs_span key_hash, int kind, int64_t now)
{
	const cs_issued_ask ask = {agent_id, key_hash, kind, now,
	    bed_deadline()};
	struct keyed v = {.n = 0};

	if (cs_issued_of_key(s, &ask, see_keyed, &v, &e) != CS_OK)
		v.n = -1;
	return v;
}

static void
test_of_key(void)
{
	static const uint8_t other[32] = {1};
	struct bed_claim c;
	cs_claim *made;
	struct keyed v;

	bed_claim(&c, "keyed");
	ok(of_key(c.in.agent_id, c.in.agent_key_hash, 1, NOON).n == 0,
	    "nothing of this key");
	made = bed_get(s, &c);
	v = of_key(c.in.agent_id, c.in.agent_key_hash, 1, NOON);
	ok(made != NULL && v.n == 1 && v.last == made->number && v.fields &&
	    v.ended == 0, "a claim of this key");
	ok(of_key(c.in.agent_id, c.in.agent_key_hash, 2, NOON).n == 0 &&
	    of_key(c.in.agent_id, cs_span_of(other, 32), 1, NOON).n == 0 &&
	    of_key(cs_span_str("spiffe://x/y"), c.in.agent_key_hash, 1,
	    NOON).n == 0, "not of another kind, key or agent");
	ok(of_key(c.in.agent_id, c.in.agent_key_hash, 1,
	    c.in.not_after).n == 0, "as long as it lives");
	ok(bed_revoke(s, CS_REVOKE_AGENT, c.in.agent_id) == 1 &&
	    of_key(c.in.agent_id, c.in.agent_key_hash, 1, NOON).ended == NOON,
	    "and when it was ended");
	cs_claim_free(&made);
}

static void
test_ended(void)
{
	struct bed_claim c, live;
	int64_t before = -1, after = -1;
	struct seen v;

	bed_claim(&c, "ended");
	bed_claim(&live, "live");
	ok(issue(&c) && issue(&live), "two");
	ok(cs_issued_revoked(s, bed_deadline(), &before, &e) == CS_OK,
	    "the last revocation");
	ok(!ended(&c, NOON).has, "not ended");
	ok(bed_revoke(s, CS_REVOKE_AGENT, c.in.agent_id) == 1, "one is");
	v = ended(&c, c.in.not_after - 1);
	ok(v.has && v.ended == NOON && !v.credential, "since when");
	ok(!ended(&c, c.in.not_after).has, "as long as it would have lived");
	ok(!ended(&live, NOON).has, "the other lives");
	ok(cs_issued_revoked(s, bed_deadline(), &after, &e) == CS_OK &&
	    after > before, "another last revocation");
}

int
main(void)
{
	int64_t number = -1;

	if ((s = bed_open()) == NULL)
		return 0;
	ok(cs_issued_revoked(s, bed_deadline(), &number, &e) == CS_OK &&
	    number == 0, "nothing was revoked");
	test_find();
	test_of_key();
	test_ended();
	bed_close(&s);
	return done_testing();
}
