/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "crypt/hash.h"
#include "fmt/tbs.h"
#include "store/audit.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"

#define BROKEN 1 /* no class: the operation broke its word */
#define AGENT "wimse://corp.example/agent/alice"
#define OWNER "mailto:alice@corp.example"

static char dir[] = "./fault-store.XXXXXX";
static char uri[64], modules[512];
static cs_store *store;
static uint32_t turn; /* each makes things of its own */
static cs_audit_approval approval;

static int64_t
soon(void)
{
	return cs_time_mono_ms() + 60000;
}

static int
open_as(enum cs_db_mode mode, cs_store **out, cs_err *e)
{
	const cs_store_env env = {.module_dir = modules, .now = FIXTURE_NOW,
	    .authority = cs_span_str(FIXTURE_AUTHORITY), .mode = mode,
	    .deadline_ms = soon()};

	return cs_store_open(uri, &env, out, e);
}

bool
store_start(bool *there)
{
	const char *build = getenv("BUILDDIR");
	char so[600];
	cs_err e = {0};

	(void)snprintf(modules, sizeof(modules), "%s/.libs",
	    build != NULL ? build : ".");
	(void)snprintf(so, sizeof(so), "%s/store-sqlite.so", modules);
	if (!(*there = access(so, R_OK) == 0))
		return true;
	if (mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(uri, sizeof(uri), "sqlite:%s/store", dir);
	if (open_as(CS_DB_CREATE, &store, &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

bool
store_of(const struct fixture *f)
{
	cs_err e = {0};

	approval = (cs_audit_approval){.owner = cs_span_str(OWNER),
	    .line = cs_span_str("owners:1"),
	    .approval = cs_buf_span(f->approval)};
	return cs_spki_parse(cs_buf_span(f->owner_spki), &approval.key,
	    &e) == CS_OK;
}

void
store_finish(void)
{
	static const char *const files[] = {"store", "store-wal",
	    "store-shm"};
	char path[64];
	size_t i;

	cs_store_close(&store);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

/* 32 octets that are this turn's. */
static cs_span
mine(uint8_t out[CS_SHA256_LEN], uint8_t what)
{
	memset(out, what, CS_SHA256_LEN);
	memcpy(out, &turn, sizeof(turn));
	return cs_span_of(out, CS_SHA256_LEN);
}

static void
fill(cs_claim_in *in, uint8_t octets[5][CS_SHA256_LEN], bool dry)
{
	const cs_span tbs = mine(octets[0], 1);

	turn++;
	*in = (cs_claim_in){.kind = 1, .now = FIXTURE_NOW,
	    .agent_id = cs_span_str(AGENT), .agent_key = approval.key,
	    .agent_key_hash = cs_span_of(octets[1], CS_SHA256_LEN),
	    .request_digest = mine(octets[2], 3),
	    .owner = approval.owner, .serial = {octets[3], 16},
	    .body_digest = mine(octets[3], 4), .fields = cs_span_of("", 0),
	    .not_before = FIXTURE_NOW - 60, .not_after = FIXTURE_NOW + 3600,
	    .n = 1, .dry = dry, .deadline_ms = soon()};
	memset(octets[1], 2, CS_SHA256_LEN);
	in->at[0] = (cs_claim_approval){.audit = &approval, .tbs_hash = tbs,
	    .key_hash = in->agent_key_hash, .approval_id = {tbs.p, 16},
	    .not_before = FIXTURE_NOW - 300, .not_after = FIXTURE_NOW + 3600,
	    .max_issuances = 1, .counter_given = true, .counter = turn};
}

int
store_opened(cs_err *e)
{
	cs_store *s = NULL;
	int rc = open_as(CS_DB_WRITE, &s, e);

	if ((rc == CS_OK) != (s != NULL))
		rc = BROKEN;
	cs_store_close(&s);
	return rc;
}

static int
record(const cs_claim *c, cs_err *e)
{
	cs_claim *done = NULL;
	int rc = cs_claim_record(store, c->number, c->serial,
	    cs_span_str("a credential"), FIXTURE_NOW, soon(), &done, e);

	if ((rc == CS_OK) != (done != NULL))
		rc = BROKEN;
	cs_claim_free(&done);
	return rc;
}

static int
claim(bool dry, cs_err *e)
{
	uint8_t octets[5][CS_SHA256_LEN];
	cs_claim *c = NULL, *again = NULL;
	cs_claim_in in;
	int rc;

	fill(&in, octets, dry);
	rc = cs_claim_make(store, &in, &c, e);
	if ((rc == CS_OK) != (c != NULL))
		rc = BROKEN;
	else if (rc == CS_OK && !dry && (rc = record(c, e)) == CS_OK)
		rc = cs_claim_make(store, &in, &again, e);
	if (rc == CS_OK && !dry && again->state != CS_CLAIM_STORED)
		rc = BROKEN;
	cs_claim_free(&c);
	cs_claim_free(&again);
	return rc;
}

int
store_claimed(cs_err *e)
{
	return claim(false, e);
}

int
store_tried(cs_err *e)
{
	return claim(true, e);
}

/* Of one key there is an end to them. */
int
store_denied(cs_err *e)
{
	uint8_t octets[3][CS_SHA256_LEN];
	cs_stored_denial d = {.agent_id = cs_span_str(AGENT),
	    .request_digest = mine(octets[0], 5), .approval = &approval,
	    .owner = approval.owner, .key_hash = mine(octets[1], 6),
	    .tbs_hash = mine(octets[2], 7), .time = FIXTURE_NOW,
	    .not_before = FIXTURE_NOW - 300, .not_after = FIXTURE_NOW + 300,
	    .counter_given = true, .counter = turn,
	    .der = approval.approval};
	int64_t until = 0;
	char owner[64];
	int rc;

	turn++;
	if ((rc = cs_denial_keep(store, &d, soon(), e)) == CS_OK)
		rc = cs_denial_find(store, d.request_digest, FIXTURE_NOW,
		    soon(), &until, owner, sizeof(owner), e);
	return rc == CS_OK && until == 0 ? BROKEN : rc;
}

int
store_revoked(cs_err *e)
{
	uint8_t octets[CS_SHA256_LEN];
	cs_revocation r = {.what = CS_REVOKE_KEY, .name = mine(octets, 8),
	    .reason = cs_span_str("lost"), .actor = cs_span_str("uid 0"),
	    .time = FIXTURE_NOW};
	const cs_revoked_ask ask = {.key_hash = r.name};
	bool found = false;
	char text[256];
	int64_t ended;
	int rc;

	turn++;
	if ((rc = cs_revoke(store, &r, soon(), &ended, e)) != CS_OK ||
	    (rc = cs_revoked(store, &ask, soon(), &found, text, sizeof(text),
	    e)) != CS_OK)
		return rc;
	return found ? cs_revoke_lift(store, &r, FIXTURE_NOW, soon(), e) :
	    BROKEN;
}

int
store_verified(cs_err *e)
{
	cs_audit_check c = {0};
	int rc = cs_audit_verify(store, &c, soon(), NULL, NULL, e);

	return rc == CS_OK && c.records == 0 ? BROKEN : rc;
}
