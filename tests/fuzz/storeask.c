/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "storeask.h"

#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "fuzz.h"
#include "store/audit.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"

/* What is asked of claims, revocations and denials, with words that are as
 * they have to be: those of a record of the log. */

static cs_audit_record *model;

static void
load_model(void)
{
	cs_buf *b = NULL;

	if (model != NULL)
		return;
	CHECK(cs_file_read(FUZZ_AUDIT, CS_AUDIT_MAX, &b, NULL) == CS_OK);
	CHECK(cs_audit_parse(cs_buf_span(b), &model, NULL) == CS_OK);
	CHECK(model->event == CS_AUDIT_CLAIMED);
	cs_buf_free(&b);
}

static int64_t
later(void)
{
	return cs_time_mono_ms() + 100000;
}

/* Reads all that is lent, where an octet beyond its end would be seen. */
static void
touch(cs_span s)
{
	static volatile uint8_t sum;
	size_t i;

	for (i = 0; i < s.n; i++)
		sum ^= s.p[i];
	(void)sum;
}

static int
take_claim(int rc, cs_claim *c)
{
	CHECK((rc == CS_OK) == (c != NULL));
	if (c == NULL)
		return rc;
	CHECK(c->state != CS_CLAIM_NONE && c->number > 0);
	CHECK((c->state == CS_CLAIM_STORED) == (c->credential.p != NULL));
	CHECK(c->digest.n == 32 && c->serial.n >= 1 && c->serial.n <= 20);
	touch(c->serial);
	touch(c->digest);
	touch(c->fields);
	touch(c->credential);
	cs_claim_free(&c);
	return rc;
}

static int
claim(cs_store *s, bool strict, cs_err *e)
{
	cs_claim_in in = {
		.kind = model->kind,
		.now = model->time,
		.agent_id = model->agent_id,
		.agent_key_hash = model->body_digest,
		.request_digest = model->request_digest,
		.agent_key = model->agent_key,
		.owner = model->at[0].owner,
		.serial = model->serial,
		.not_before = model->not_before,
		.not_after = model->not_after,
		.body_digest = model->body_digest,
		.n = 1,
		.dry = strict,
		.deadline_ms = later(),
	};
	cs_claim *c = NULL;
	int rc;

	in.at[0] = (cs_claim_approval){
		.audit = &model->at[0],
		.tbs_hash = model->request_digest,
		.key_hash = model->body_digest,
		.approval_id = cs_span_cut(model->body_digest, 0, 16),
		.not_before = model->time - 60,
		.not_after = model->time + 3600,
		.max_issuances = 2,
		.counter_given = strict,
		.counter_strict = strict,
		.counter = 77,
	};
	rc = cs_claim_make(s, &in, &c, e);
	return take_claim(rc, c);
}

static int
record(cs_store *s, cs_err *e)
{
	cs_claim *c = NULL;
	int rc = cs_claim_record(s, 7, model->serial, cs_span_str("made"),
	    model->time, later(), &c, e);

	return take_claim(rc, c);
}

static int
each_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	(void)arg;
	(void)e;
	CHECK(c->agent_key_hash.n == 32 && c->request_digest.n == 32);
	touch(c->agent_id);
	touch(c->owner);
	touch(c->serial);
	touch(c->end_reason);
	touch(c->credential);
	return CS_OK;
}

static int
each_denial(void *arg, const cs_stored_denial *d, cs_err *e)
{
	(void)arg;
	(void)e;
	touch(d->owner);
	touch(d->agent_id);
	touch(d->der);
	return CS_OK;
}

static int
each_revocation(void *arg, const cs_revocation *r, cs_err *e)
{
	(void)arg;
	(void)e;
	CHECK(cs_revoke_name(r->what) != NULL);
	touch(r->name);
	touch(r->reason);
	touch(r->actor);
	touch(r->lifted_reason);
	touch(r->lifted_actor);
	return CS_OK;
}

static int
revoke(cs_store *s, cs_err *e)
{
	const cs_revocation r = {.what = CS_REVOKE_OWNER,
	    .name = model->at[0].owner, .reason = cs_span_str("lost"),
	    .actor = cs_span_str("uid 0"), .time = model->time};
	int64_t ended;

	return cs_revoke(s, &r, later(), &ended, e);
}

static int
lift(cs_store *s, cs_err *e)
{
	const cs_revocation r = {.what = CS_REVOKE_KEY,
	    .name = model->body_digest, .reason = cs_span_str("found"),
	    .actor = cs_span_str("uid 0"), .time = model->time};

	return cs_revoke_lift(s, &r, model->time, later(), e);
}

static int
revoked(cs_store *s, cs_err *e)
{
	const cs_revoked_ask ask = {.owner = model->at[0].owner,
	    .key_hash = model->body_digest, .agent_id = model->agent_id,
	    .tbs_hash = model->request_digest};
	bool found;
	char text[200];

	return cs_revoked(s, &ask, later(), &found, text, sizeof(text), e);
}

static int
keep(cs_store *s, cs_err *e)
{
	const cs_stored_denial d = {.agent_id = model->agent_id,
	    .request_digest = model->request_digest,
	    .approval = &model->at[0], .owner = model->at[0].owner,
	    .key_hash = model->body_digest, .tbs_hash = model->request_digest,
	    .time = model->time, .not_before = model->time,
	    .not_after = model->time + 60, .der = model->at[0].approval};

	return cs_denial_keep(s, &d, later(), e);
}

static int
find(cs_store *s, cs_err *e)
{
	int64_t not_after;
	char owner[64];

	return cs_denial_find(s, model->request_digest, model->time, later(),
	    &not_after, owner, sizeof(owner), e);
}

int
store_ask(cs_store *s, unsigned what, cs_err *e)
{
	const cs_claim_ask all = {.with_credential = true};
	cs_stored_counter counter;

	load_model();
	switch (what) {
	case 0:
	case 1:
		return claim(s, what == 1, e);
	case 2:
		return record(s, e);
	case 3:
		return revoke(s, e);
	case 4:
		return lift(s, e);
	case 5:
		return revoked(s, e);
	case 6:
		return cs_revocations(s, later(), each_revocation, NULL, e);
	case 7:
		return keep(s, e);
	case 8:
		return find(s, e);
	case 9:
		return cs_denials(s, later(), each_denial, NULL, e);
	case 10:
		return cs_store_counter(s, model->body_digest,
		    model->request_digest, later(), &counter, e);
	default:
		return cs_claims(s, &all, later(), each_claim, NULL, e);
	}
}
