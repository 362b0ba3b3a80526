/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/approval.h"
#include "fuzz.h"
#include "store/claimp.h"

/* Rows of a store, with whatever columns somebody put there. The first octet
 * says of what; then columns: a type, and eight octets of a number or two of a
 * length and so many. */

static bool
get_number(cs_span *in, size_t octets, uint64_t *out)
{
	size_t i;

	if (in->n < octets)
		return false;
	for (*out = 0, i = 0; i < octets; i++)
		*out = *out << 8 | in->p[i];
	*in = cs_span_of(in->p + octets, in->n - octets);
	return true;
}

static bool
get_column(cs_span *in, cs_db_value *out)
{
	uint64_t type, v;

	if (!get_number(in, 1, &type))
		return false;
	*out = (cs_db_value){.type = (enum cs_db_type)(type % 5)};
	if (out->type == CS_DB_INT && get_number(in, 8, &v))
		out->i = (int64_t)v;
	if (out->type != CS_DB_BLOB && out->type != CS_DB_TEXT)
		return true;
	if (!get_number(in, 2, &v) || v > in->n)
		return false;
	out->s = cs_span_of(in->p, (size_t)v);
	*in = cs_span_of(in->p + v, in->n - (size_t)v);
	return true;
}

static bool
has(cs_span s, size_t min, size_t max)
{
	return s.p != NULL && s.n >= min && s.n <= max;
}

static bool
is_time(int64_t t)
{
	return t >= CS_TIME_FIRST && t <= CS_TIME_LAST;
}

static void
check_claim(const cs_claim_row *r, size_t n)
{
	const cs_stored_claim *c = &r->claim;

	CHECK(c->number > 0 && (c->kind == 1 || c->kind == 2));
	CHECK(has(c->agent_id, 1, CS_AGENT_ID_MAX));
	CHECK(has(c->owner, 1, CS_OWNER_MAX));
	CHECK(has(c->agent_key_hash, 32, 32) && has(c->request_digest, 32, 32));
	CHECK(has(c->serial, 1, CS_SERIAL_MAX));
	CHECK(is_time(c->time) && is_time(c->not_before) &&
	    is_time(c->not_after) && c->not_before < c->not_after);
	CHECK(c->ended == 0 ? c->end_reason.p == NULL :
	    is_time(c->ended) && has(c->end_reason, 1, CS_END_MAX));
	CHECK(c->credential.p == NULL || (c->recorded &&
	    has(c->credential, 1, CS_CREDENTIAL_MAX)));
	CHECK(n == 14 || (has(r->digest, 32, 32) && r->fields.p != NULL &&
	    c->recorded == (c->credential.p != NULL)));
}

static void
check_revocation(const cs_revocation *r)
{
	CHECK(r->what >= CS_REVOKE_OWNER && r->what <= CS_REVOKE_APPROVAL);
	CHECK(has(r->name, 1, CS_AGENT_ID_MAX) && is_time(r->time));
	CHECK(has(r->reason, 0, CS_REASON_MAX));
	CHECK(has(r->actor, 1, CS_ACTOR_MAX) && r->live >= 0);
	CHECK(r->lifted == 0 ? r->lifted_reason.p == NULL &&
	    r->lifted_actor.p == NULL : is_time(r->lifted) &&
	    has(r->lifted_reason, 0, CS_REASON_MAX) &&
	    has(r->lifted_actor, 1, CS_ACTOR_MAX));
}

static void
check_denial(const cs_stored_denial *d)
{
	CHECK(has(d->agent_id, 1, CS_AGENT_ID_MAX));
	CHECK(has(d->owner, 1, CS_OWNER_MAX));
	CHECK(has(d->request_digest, 32, 32) && has(d->key_hash, 32, 32) &&
	    has(d->tbs_hash, 32, 32));
	CHECK(is_time(d->time) && is_time(d->not_before) &&
	    is_time(d->not_after));
	CHECK(has(d->der, 1, CS_APPROVAL_MAX));
}

static int
read_row(uint64_t what, const cs_db_value *col, size_t n, cs_err *e)
{
	cs_revocation revocation;
	cs_stored_denial denial;
	cs_claim_row claim;
	int rc;

	if (what % 3 == 0) {
		if ((rc = cs_claim_row_get(col, n, &claim, e)) == CS_OK)
			check_claim(&claim, n);
	} else if (what % 3 == 1) {
		if ((rc = cs_revocation_row_get(col, n, &revocation, e)) ==
		    CS_OK)
			check_revocation(&revocation);
	} else if ((rc = cs_denial_row_get(col, n, &denial, e)) == CS_OK)
		check_denial(&denial);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cs_span in = cs_span_of(data, size);
	cs_db_value col[CS_DB_VALUES_MAX];
	uint64_t what;
	cs_err e = {0};
	size_t n = 0;
	int rc;

	if (!get_number(&in, 1, &what))
		return 0;
	while (n < CS_DB_VALUES_MAX && get_column(&in, &col[n]))
		n++;
	rc = read_row(what, col, n, &e);
	CHECK(rc == CS_OK || (rc == CS_EIO && e.text[0] != '\0'));
	return 0;
}
