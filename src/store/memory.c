/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fmt/reason.h"
#include "store/audit.h"
#include "store/claimp.h"

static const char where[] = "store/memory";

static int
take_counter(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	return cs_col_int(col, n, 0, 0, UINT32_MAX, arg, e);
}

int
cs_txn_counter(cs_txn *t, cs_span key_hash, int64_t *value, cs_err *e)
{
	const cs_db_value v = cs_db_blob(key_hash);

	*value = -1;
	return cs_txn_run(t, CS_SQL_COUNTER_GET, &v, 1, take_counter, value,
	    NULL, e);
}

struct counting {
	cs_span key_hash, tbs_hash;
	cs_stored_counter *out;
};

static int
counter(cs_txn *t, void *arg, cs_err *e)
{
	const struct counting *c = arg;
	const cs_db_value tbs = cs_db_blob(c->tbs_hash);
	int64_t value = -1, recorded = 0;
	int rc;

	if ((rc = cs_txn_counter(t, c->key_hash, &value, e)) != CS_OK ||
	    (rc = cs_txn_int(t, CS_SQL_RECORDED, &tbs, 1, &recorded, e)) !=
	    CS_OK)
		return rc;
	c->out->known = value >= 0;
	c->out->recorded = recorded != 0;
	c->out->value = value >= 0 ? (uint32_t)value : 0;
	return CS_OK;
}

int
cs_store_counter(cs_store *s, cs_span key_hash, cs_span tbs_hash,
    int64_t deadline_ms, cs_stored_counter *out, cs_err *e)
{
	struct counting c = {key_hash, tbs_hash, out};

	*out = (cs_stored_counter){0};
	return cs_store_read(s, counter, &c, deadline_ms, e);
}

static int
check_denial(const cs_stored_denial *d, cs_err *e)
{
	const cs_word words[] = {
		{"agent identifier", d->agent_id, 1, CS_AGENT_ID_MAX},
		{"request digest", d->request_digest, CS_HASH_LEN,
		    CS_HASH_LEN},
		{"owner", d->owner, 1, CS_OWNER_MAX},
		{"key hash", d->key_hash, CS_HASH_LEN, CS_HASH_LEN},
		{"TBS hash", d->tbs_hash, CS_HASH_LEN, CS_HASH_LEN},
		{"denial", d->der, 1, CS_APPROVAL_MAX},
	};
	int rc;

	if ((rc = cs_words_check(words, sizeof(words) / sizeof(words[0]),
	    where, e)) != CS_OK ||
	    (rc = cs_time_check("time", d->time, where, e)) != CS_OK ||
	    (rc = cs_time_check("notBefore", d->not_before, where, e)) !=
	    CS_OK ||
	    (rc = cs_time_check("notAfter", d->not_after, where, e)) != CS_OK)
		return rc;
	return d->approval != NULL ? CS_OK : cs_fail(e, CS_EUSAGE, where,
	    "a denial without what the audit log wants");
}

static int
put_denial(cs_txn *t, const cs_stored_denial *d, int64_t number, cs_err *e)
{
	const cs_db_value v[] = {cs_db_int(number), cs_db_blob(d->tbs_hash),
	    cs_db_text(d->agent_id), cs_db_blob(d->request_digest),
	    cs_db_text(d->owner), cs_db_blob(d->key_hash), cs_db_int(d->time),
	    cs_db_int(d->not_before), cs_db_int(d->not_after),
	    cs_db_blob(d->der)};

	return cs_txn_run(t, CS_SQL_DENIAL_PUT, v, 10, NULL, NULL, NULL, e);
}

struct in_force {
	int64_t all, of_request;
};

static int
take_in_force(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct in_force *f = arg;
	int rc;

	if ((rc = cs_col_int(col, n, 0, 0, INT64_MAX, &f->all, e)) != CS_OK)
		return rc;
	return cs_col_int(col, n, 1, 0, INT64_MAX, &f->of_request, e);
}

/* Whoever has a key may deny what he likes, but not fill the disk. */
static int
make_room(cs_txn *t, const cs_stored_denial *d, cs_err *e)
{
	const cs_db_value old[] = {cs_db_blob(d->key_hash),
	    cs_db_int(d->time - CS_DENIAL_SWEEP)};
	const cs_db_value v[] = {cs_db_blob(d->key_hash), cs_db_int(d->time),
	    cs_db_blob(d->request_digest)};
	struct in_force f = {0};
	int rc;

	if ((rc = cs_txn_run(t, CS_SQL_DENIAL_SWEEP, old, 2, NULL, NULL, NULL,
	    e)) != CS_OK ||
	    (rc = cs_txn_run(t, CS_SQL_DENIALS_OF_KEY, v, 3, take_in_force,
	    &f, NULL, e)) != CS_OK)
		return rc;
	if (f.all < (f.of_request == 0 ? 1 : 2) * CS_DENIALS_MAX)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_EXHAUSTED, where, "the key "
	    "has %lld denials in force, of %.*s, and this one is not kept",
	    (long long)f.all, (int)d->owner.n, (const char *)d->owner.p);
}

static int
put_counter(cs_txn *t, const cs_stored_denial *d, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(d->key_hash),
	    cs_db_int((int64_t)d->counter)};

	return !d->counter_given ? CS_OK :
	    cs_txn_run(t, CS_SQL_COUNTER_PUT, v, 2, NULL, NULL, NULL, e);
}

static int
keep_denial(cs_txn *t, void *arg, cs_err *e)
{
	const cs_stored_denial *d = arg;
	const cs_db_value tbs = cs_db_blob(d->tbs_hash);
	cs_audit_record r = {.event = CS_AUDIT_DENIED, .time = d->time,
	    .agent_id = d->agent_id, .request_digest = d->request_digest,
	    .n = 1};
	int64_t kept = 0, number = 0;
	int rc;

	if ((rc = cs_txn_int(t, CS_SQL_DENIAL_GET, &tbs, 1, &kept, e)) !=
	    CS_OK || kept != 0)
		return rc;
	r.at[0] = *d->approval;
	if ((rc = make_room(t, d, e)) != CS_OK ||
	    (rc = put_counter(t, d, e)) != CS_OK ||
	    (rc = cs_audit_append(t, &r, &number, e)) != CS_OK)
		return rc;
	return put_denial(t, d, number, e);
}

int
cs_denial_keep(cs_store *s, const cs_stored_denial *d, int64_t deadline_ms,
    cs_err *e)
{
	cs_stored_denial copy = *d;
	int rc;

	if ((rc = check_denial(d, e)) != CS_OK)
		return rc;
	return cs_store_write(s, keep_denial, &copy, false, deadline_ms, e);
}

struct finding {
	cs_span request_digest;
	int64_t now, not_after;
	char *owner;
	size_t owner_len;
};

static int
take_denial(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct finding *f = arg;
	cs_stored_denial d;
	int rc;

	if ((rc = cs_denial_row_get(col, n, &d, e)) != CS_OK)
		return rc;
	f->not_after = d.not_after;
	snprintf(f->owner, f->owner_len, "%.*s", (int)d.owner.n,
	    (const char *)d.owner.p);
	return CS_OK;
}

int
cs_txn_denied(cs_txn *t, cs_span request_digest, int64_t now,
    int64_t *not_after, char *owner, size_t owner_len, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(request_digest), cs_db_int(now)};
	struct finding f = {.owner = owner, .owner_len = owner_len};
	int rc;

	*not_after = 0;
	rc = cs_txn_run(t, CS_SQL_DENIED, v, 2, take_denial, &f, NULL, e);
	if (rc == CS_OK)
		*not_after = f.not_after;
	return rc;
}

static int
find_denial(cs_txn *t, void *arg, cs_err *e)
{
	struct finding *f = arg;

	return cs_txn_denied(t, f->request_digest, f->now, &f->not_after,
	    f->owner, f->owner_len, e);
}

int
cs_denial_find(cs_store *s, cs_span request_digest, int64_t now,
    int64_t deadline_ms, int64_t *not_after, char *owner, size_t owner_len,
    cs_err *e)
{
	struct finding f = {request_digest, now, 0, owner, owner_len};
	int rc;

	*not_after = 0;
	rc = cs_store_read(s, find_denial, &f, deadline_ms, e);
	if (rc == CS_OK)
		*not_after = f.not_after;
	return rc;
}

struct denials {
	cs_denial_fn *each;
	void *arg;
};

static int
denial_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct denials *l = arg;
	cs_stored_denial d;
	int rc = cs_denial_row_get(col, n, &d, e);

	return rc != CS_OK ? rc : l->each(l->arg, &d, e);
}

int
cs_denials(cs_store *s, int64_t deadline_ms, cs_denial_fn *each, void *arg,
    cs_err *e)
{
	struct denials l = {each, arg};

	return cs_store_ask(s, CS_SQL_DENIALS, NULL, 0, denial_row, &l,
	    deadline_ms, e);
}

/* Each begins at the index that leaves the fewest rows. */
static enum cs_sql
claims_by(const cs_claim_ask *ask)
{
	if (ask->serial.p != NULL)
		return CS_SQL_CLAIMS_SERIAL;
	if (ask->tbs_hash.p != NULL)
		return ask->tbs_hash.n == CS_APPROVAL_ID_LEN ?
		    CS_SQL_CLAIMS_ID : CS_SQL_CLAIMS_TBS;
	if (ask->agent_id.p != NULL)
		return CS_SQL_CLAIMS_AGENT;
	if (ask->key_hash.p != NULL)
		return CS_SQL_CLAIMS_KEY;
	if (ask->owner.p != NULL)
		return CS_SQL_CLAIMS_OWNER;
	return ask->live_only ? CS_SQL_CLAIMS_LIVE : CS_SQL_CLAIMS;
}

int
cs_claims(cs_store *s, const cs_claim_ask *ask, int64_t deadline_ms,
    cs_claim_fn *each, void *arg, cs_err *e)
{
	const cs_db_value v[] = {cs_db_text(ask->agent_id),
	    cs_db_text(ask->owner), cs_db_blob(ask->key_hash),
	    cs_db_blob(ask->tbs_hash), cs_db_blob(ask->serial),
	    cs_db_int(ask->live_only ? ask->now : -1),
	    cs_db_int(ask->with_credential)};

	return cs_claims_ask(s, claims_by(ask), v, 7, deadline_ms, each, arg,
	    e);
}
