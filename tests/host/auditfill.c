/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/pubkey.h"
#include "store/audit.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"

/*
 * usage: auditfill MODULES URI RECORD...
 *
 * Makes a store in which came to pass what the records say, by the calls that a
 * plugin makes: claims and what is issued for them, denials, revocations. A
 * floor is put into the log as it is, and the last one is set at the end.
 */

static cs_store *store;
static int64_t last_floor;

static int64_t
deadline(void)
{
	return cs_time_mono_ms() + 10000;
}

static void
die(const char *what, const cs_err *e)
{
	fprintf(stderr, "auditfill: %s: %s\n", what, e->text);
	exit(1);
}

struct hashes {
	uint8_t tbs[32], key[32];
};

static void
fill_approval(const cs_audit_record *r, size_t i, cs_approval *a,
    struct hashes *h, cs_claim_approval *to)
{
	const cs_audit_approval *from = &r->at[i];
	cs_err e = {0};
	size_t n;

	if (cs_sha256(a->tbs.der, h->tbs, &e) != CS_OK ||
	    cs_key_hash(&from->key, h->key, &e) != CS_OK)
		die("hash", &e);
	*to = (cs_claim_approval){.audit = from,
	    .tbs_hash = cs_span_of(h->tbs, 32),
	    .key_hash = cs_span_of(h->key, 32),
	    .approval_id = a->tbs.approval_id,
	    .not_before = a->tbs.not_before, .not_after = a->tbs.not_after,
	    .max_issuances = a->tbs.max_issuances};
	for (n = 0; n < a->tbs.n_subjects; n++)
		if (cs_span_eq(a->tbs.subjects[n].request_digest,
		    r->request_digest))
			to->subject = n;
}

static void
issue(const cs_claim *c, int64_t now)
{
	cs_claim *back = NULL;
	cs_err e = {0};

	if (cs_claim_record(store, c->number, c->serial,
	    cs_span_str("credential"), now, deadline(), &back, &e) != CS_OK)
		die("record", &e);
	cs_claim_free(&back);
}

static void
claim(const cs_audit_record *r)
{
	cs_approval *a[CS_AUDIT_APPROVALS_MAX] = {NULL};
	struct hashes h[CS_AUDIT_APPROVALS_MAX];
	uint8_t key[32];
	cs_claim_in in = {.kind = r->kind, .now = r->time,
	    .agent_id = r->agent_id, .request_digest = r->request_digest,
	    .agent_key_hash = cs_span_of(key, 32), .agent_key = r->agent_key,
	    .owner = r->at[0].owner, .serial = r->serial,
	    .not_before = r->not_before, .not_after = r->not_after,
	    .body_digest = r->body_digest, .fields = cs_span_str("fields"),
	    .n = r->n, .may_move_owner = true, .may_move_key = true,
	    .deadline_ms = deadline()};
	cs_claim *c = NULL;
	cs_err e = {0};
	size_t i;

	if (cs_key_hash(&r->agent_key, key, &e) != CS_OK)
		die("hash", &e);
	for (i = 0; i < r->n; i++) {
		if (cs_approval_parse(r->at[i].approval, 0, &a[i], &e) !=
		    CS_OK)
			die("approval", &e);
		fill_approval(r, i, a[i], &h[i], &in.at[i]);
	}
	if (cs_claim_make(store, &in, &c, &e) != CS_OK)
		die("claim", &e);
	issue(c, r->time);
	cs_claim_free(&c);
	for (i = 0; i < r->n; i++)
		cs_approval_free(&a[i]);
}

static void
deny(const cs_audit_record *r)
{
	cs_approval *a = NULL;
	cs_claim_approval of;
	struct hashes h;
	cs_stored_denial d;
	cs_err e = {0};

	if (cs_approval_parse(r->at[0].approval, 0, &a, &e) != CS_OK)
		die("denial", &e);
	fill_approval(r, 0, a, &h, &of);
	d = (cs_stored_denial){.agent_id = r->agent_id,
	    .request_digest = r->request_digest, .approval = &r->at[0],
	    .owner = r->at[0].owner, .key_hash = of.key_hash,
	    .tbs_hash = of.tbs_hash, .time = r->time,
	    .not_before = of.not_before, .not_after = of.not_after,
	    .der = r->at[0].approval};
	if (cs_denial_keep(store, &d, deadline(), &e) != CS_OK)
		die("denial", &e);
	cs_approval_free(&a);
}

/* Names as text alone: owners and agents. */
static void
revoke(const cs_audit_record *r)
{
	cs_revocation v = {.what = (enum cs_revoke_what)r->what,
	    .name = r->name, .reason = r->reason, .actor = r->actor,
	    .time = r->time};
	cs_err e = {0};
	int64_t ended = 0;
	int rc = r->event == CS_AUDIT_REVOKED ?
	    cs_revoke(store, &v, deadline(), &ended, &e) :
	    cs_revoke_lift(store, &v, r->time, deadline(), &e);

	if (rc != CS_OK)
		die("revocation", &e);
}

static int
append(cs_txn *t, void *arg, cs_err *e)
{
	return cs_audit_append(t, arg, NULL, e);
}

/* Of the last one; before, it would refuse what comes behind. */
static int
set_floor(cs_txn *t, void *arg, cs_err *e)
{
	return cs_meta_put(t, "floor", *(int64_t *)arg, (cs_span){0}, e);
}

static void
put_floor(const cs_audit_record *r)
{
	cs_audit_record copy = *r;
	cs_err e = {0};

	if (cs_store_write(store, append, &copy, false, deadline(), &e) !=
	    CS_OK)
		die("floor", &e);
	last_floor = r->not_before;
}

static void
do_file(const char *path)
{
	cs_audit_record *r = NULL;
	cs_buf *b = NULL;
	cs_err e = {0};

	if (cs_file_read(path, CS_AUDIT_MAX, &b, &e) != CS_OK ||
	    cs_audit_parse(cs_buf_span(b), &r, &e) != CS_OK)
		die(path, &e);
	if (r->event == CS_AUDIT_CLAIMED)
		claim(r);
	else if (r->event == CS_AUDIT_DENIED)
		deny(r);
	else if (r->event == CS_AUDIT_FLOOR)
		put_floor(r);
	else
		revoke(r);
	cs_audit_free(&r);
	cs_buf_free(&b);
}

int
main(int argc, char **argv)
{
	cs_store_env env = {.authority = cs_span_str("https://corp.example"),
	    .now = 1795262000, .mode = CS_DB_CREATE};
	cs_err e = {0};
	int i;

	if (argc < 3)
		return 2;
	env.module_dir = argv[1];
	if (cs_store_open(argv[2], &env, &store, &e) != CS_OK)
		die(argv[2], &e);
	for (i = 3; i < argc; i++)
		do_file(argv[i]);
	if (last_floor != 0 && cs_store_write(store, set_floor, &last_floor,
	    false, deadline(), &e) != CS_OK)
		die("floor", &e);
	cs_store_close(&store);
	return 0;
}
