/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/issued.h"

#include "store/claimp.h"

int
cs_issued_find(cs_store *s, cs_span request_digest, int kind, int64_t now,
    int64_t deadline_ms, cs_claim_fn *each, void *arg, cs_err *e)
{
	const cs_db_value v[] = {cs_db_blob(request_digest), cs_db_int(kind),
	    cs_db_int(now)};

	return cs_claims_ask(s, CS_SQL_ISSUED, v, 3, deadline_ms, each, arg,
	    e);
}

struct of_key {
	cs_issued_fn *each;
	void *arg;
};

static int
show(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct of_key *k = arg;
	cs_claim_row row;
	int rc = cs_claim_row_get(col, n, &row, e);

	return rc != CS_OK ? rc : k->each(k->arg, &row.claim, row.digest,
	    row.fields, e);
}

int
cs_issued_of_key(cs_store *s, const cs_issued_ask *ask, cs_issued_fn *each,
    void *arg, cs_err *e)
{
	const cs_db_value v[] = {cs_db_text(ask->agent_id),
	    cs_db_blob(ask->key_hash), cs_db_int(ask->kind),
	    cs_db_int(ask->now)};
	struct of_key k = {each, arg};

	return cs_store_ask(s, CS_SQL_ISSUED_OF_KEY, v, 4, show, &k,
	    ask->deadline_ms, e);
}

int
cs_issued_ended(cs_store *s, int64_t after, int64_t deadline_ms,
    cs_claim_fn *each, void *arg, cs_err *e)
{
	const cs_db_value v = cs_db_int(after);

	return cs_claims_ask(s, CS_SQL_ISSUED_ENDED, &v, 1, deadline_ms, each,
	    arg, e);
}

static int
last(cs_txn *t, void *arg, cs_err *e)
{
	return cs_txn_int(t, CS_SQL_REVOKED_LAST, NULL, 0, arg, e);
}

int
cs_issued_revoked(cs_store *s, int64_t deadline_ms, int64_t *number,
    cs_err *e)
{
	*number = 0;
	return cs_store_read(s, last, number, deadline_ms, e);
}

struct numbering {
	const char *name;
	cs_span hash;
	int64_t now, number;
};

static int
give_number(cs_txn *t, void *arg, cs_err *e)
{
	struct numbering *n = arg;
	cs_buf *last = cs_buf_new(CS_HASH_LEN);
	int rc;

	n->number = 0;
	if (last == NULL)
		return cs_nomem(e, "store/issued");
	if ((rc = cs_meta_get(t, n->name, &n->number, last, e)) == CS_OK &&
	    n->number != INT64_MAX &&
	    !cs_span_eq(cs_buf_span(last), n->hash)) {
		n->number = n->number < n->now ? n->now : n->number + 1;
		rc = cs_meta_put(t, n->name, n->number, n->hash, e);
	}
	cs_buf_free(&last);
	return rc;
}

int
cs_issued_number(cs_store *s, const char *name, cs_span hash, int64_t now,
    int64_t deadline_ms, int64_t *number, cs_err *e)
{
	const cs_word word = {"hash", hash, CS_HASH_LEN, CS_HASH_LEN};
	struct numbering n = {.name = name, .hash = hash, .now = now};
	int rc;

	*number = 0;
	if ((rc = cs_words_check(&word, 1, "store/issued", e)) != CS_OK ||
	    (rc = cs_time_check("now", now, "store/issued", e)) != CS_OK)
		return rc;
	rc = cs_store_write(s, give_number, &n, false, deadline_ms, e);
	if (rc == CS_OK)
		*number = n.number;
	return rc;
}
