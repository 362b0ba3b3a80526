/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/reason.h"
#include "store/audit.h"
#include "store/claimp.h"

static const char where[] = "store/claim";

void
cs_claim_free(cs_claim **c)
{
	if (c == NULL || *c == NULL)
		return;
	cs_buf_free(&(*c)->own);
	free(*c);
	*c = NULL;
}

/* Room was made for all of it. An absent span stays one. */
static cs_span
keep(cs_buf *own, cs_span s)
{
	size_t at = cs_buf_len(own);

	if (s.p == NULL || cs_buf_put(own, s) != CS_OK)
		return cs_span_of(NULL, 0);
	return s.n == 0 ? cs_span_of("", 0) :
	    cs_span_cut(cs_buf_span(own), at, s.n);
}

int
cs_claim_new(enum cs_claim_state state, const cs_claim_row *row,
    cs_claim **out, cs_err *e)
{
	const cs_stored_claim *from = &row->claim;
	cs_claim *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (c == NULL)
		return cs_nomem(e, where);
	c->own = cs_buf_new(from->serial.n + row->digest.n + row->fields.n +
	    from->credential.n + 1);
	if (c->own == NULL) {
		cs_claim_free(&c);
		return cs_nomem(e, where);
	}
	c->state = state;
	c->number = from->number;
	c->not_before = from->not_before;
	c->not_after = from->not_after;
	c->serial = keep(c->own, from->serial);
	c->digest = keep(c->own, row->digest);
	c->fields = keep(c->own, row->fields);
	c->credential = keep(c->own, from->credential);
	*out = c;
	return CS_OK;
}

static int
work(cs_txn *t, void *arg, cs_err *e)
{
	cs_claiming *c = arg;
	int rc;

	cs_claim_free(&c->out); /* of a transaction that was taken back */
	if ((rc = cs_claim_check(t, c, e)) != CS_OK ||
	    (rc = cs_claim_find(t, c, e)) != CS_OK ||
	    (rc = cs_claim_check_move(t, c, e)) != CS_OK)
		return rc;
	if (c->out != NULL)
		return CS_OK;
	return c->in->dry ? cs_claim_try(t, c, e) : cs_claim_put(t, c, e);
}

int
cs_claim_make(cs_store *s, const cs_claim_in *in, cs_claim **out, cs_err *e)
{
	cs_claiming c = {.in = in};
	int rc;

	*out = NULL;
	if ((rc = cs_claim_in_check(in, e)) == CS_OK &&
	    (rc = cs_claim_set(in, c.set, e)) == CS_OK)
		rc = in->dry ?
		    cs_store_read(s, work, &c, in->deadline_ms, e) :
		    cs_store_write(s, work, &c, false, in->deadline_ms, e);
	if (rc == CS_OK) {
		*out = c.out;
		c.out = NULL; /* transferred */
	}
	cs_claim_free(&c.out);
	return rc;
}

/* A credential that its host signed, against the claim's number. */
struct recording {
	int64_t number, now;
	cs_span serial, credential;
	bool known; /* the claim; else nothing was to be recorded */
	uint8_t request_digest[CS_HASH_LEN]; /* the claim's */
	cs_claim *out;
};

static int
found(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct recording *g = arg;
	cs_claim_row row;
	int rc;

	if ((rc = cs_claim_row_get(col, n, &row, e)) != CS_OK)
		return rc;
	if (!cs_span_eq(row.claim.serial, g->serial))
		return CS_OK;
	g->known = true;
	memcpy(g->request_digest, row.claim.request_digest.p, CS_HASH_LEN);
	if (row.claim.ended != 0)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_REVOKED, where,
		    "%.*s", (int)row.claim.end_reason.n,
		    (const char *)row.claim.end_reason.p);
	if (!row.claim.recorded)
		row.claim.credential = g->credential;
	if ((rc = cs_claim_new(CS_CLAIM_STORED, &row, &g->out, e)) != CS_OK)
		return rc;
	if (!row.claim.recorded)
		g->out->state = CS_CLAIM_NEW; /* until it is put */
	return CS_OK;
}

static int
put_credential(cs_txn *t, const struct recording *g, cs_err *e)
{
	const cs_db_value v[] = {cs_db_int(g->number),
	    cs_db_blob(g->credential), cs_db_int(g->now)};
	cs_audit_record r = {.event = CS_AUDIT_ISSUED, .time = g->now,
	    .claim = g->number, .serial = g->serial};
	uint8_t hash[CS_SHA256_LEN];
	int64_t changed = 0;
	int rc;

	if ((rc = cs_txn_run(t, CS_SQL_CLAIM_RECORD, v, 3, NULL, NULL,
	    &changed, e)) != CS_OK)
		return rc;
	if (changed != 1)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "claim %lld changed under our hands",
		    (long long)g->number);
	if ((rc = cs_sha256(g->credential, hash, e)) != CS_OK)
		return rc;
	r.credential = cs_span_of(hash, sizeof(hash));
	return cs_audit_append(t, &r, NULL, e);
}

static int
record(cs_txn *t, void *arg, cs_err *e)
{
	struct recording *g = arg;
	const cs_db_value number = cs_db_int(g->number);
	int rc;

	cs_claim_free(&g->out);
	g->known = false;
	if ((rc = cs_txn_run(t, CS_SQL_CLAIM_GET, &number, 1, found, g, NULL,
	    e)) != CS_OK)
		return rc;
	if (!g->known)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_REPLAYED, where,
		    "no claim %lld with this serial",
		    (long long)g->number);
	if ((rc = cs_claim_check_denied(t, cs_span_of(g->request_digest,
	    CS_HASH_LEN), g->now, e)) != CS_OK)
		return rc;
	if (g->out->state == CS_CLAIM_STORED)
		return CS_OK;
	g->out->state = CS_CLAIM_STORED;
	return put_credential(t, g, e);
}

int
cs_claim_record(cs_store *s, int64_t number, cs_span serial,
    cs_span credential, int64_t now, int64_t deadline_ms, cs_claim **out,
    cs_err *e)
{
	struct recording g = {.number = number, .now = now, .serial = serial,
	    .credential = credential};
	const cs_word words[] = {
		{"serial", serial, 1, CS_SERIAL_MAX},
		{"credential", credential, 1, CS_CREDENTIAL_MAX},
	};
	int rc;

	*out = NULL;
	if ((rc = cs_words_check(words, 2, where, e)) != CS_OK ||
	    (rc = cs_time_check("now", now, where, e)) != CS_OK)
		return rc;
	rc = cs_store_write(s, record, &g, false, deadline_ms, e);
	if (rc == CS_OK) {
		*out = g.out;
		g.out = NULL; /* transferred */
	}
	cs_claim_free(&g.out);
	return rc;
}
