/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tbs.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/ext.h"
#include "fmt/names.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "approval", __VA_ARGS__)

#define LIFETIME_MAX 31536000 /* formats section 4 */
#define ISSUANCES_MAX 1000000
#define HASH_LEN 32
#define ID_LEN 16
#define NONCE_MIN 16
#define NONCE_MAX 64

static int
agent_id(cs_span *in, cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, CS_DER_IA5, out, e)) != CS_OK)
		return r;
	return cs_agent_id_check(*out, NULL, e);
}

static int
read_grant(cs_span in, cs_subject *s, cs_err *e)
{
	cs_spki key;
	int r;

	s->kind = CS_SUBJECT_GRANT;
	if ((r = agent_id(&in, &s->agent_id, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &s->holder_key, e)) != CS_OK ||
	    (r = cs_spki_parse(s->holder_key, &key, e)) != CS_OK)
		return cs_wrap(e, "grant");
	return cs_der_end(in, "a grant", e);
}

/* request [0], key [1]: the second is the first without its digest. */
static int
read_bound(cs_span in, cs_subject *s, cs_err *e)
{
	int r;

	if ((r = agent_id(&in, &s->agent_id, e)) != CS_OK ||
	    (r = cs_der_sized(&in, CS_DER_OCTETS, HASH_LEN, HASH_LEN,
	    &s->agent_key_hash, "agentKeyHash", e)) != CS_OK)
		return r;
	if (s->kind == CS_SUBJECT_REQUEST &&
	    (r = cs_der_sized(&in, CS_DER_OCTETS, HASH_LEN, HASH_LEN,
	    &s->request_digest, "requestDigest", e)) != CS_OK)
		return r;
	return cs_der_end(in, "a subject", e);
}

static int
read_subject(cs_span *in, cs_subject *s, cs_err *e)
{
	cs_span body = {0};
	unsigned tag = 0;
	int r;

	if ((r = cs_der_any(in, &tag, &body, NULL, e)) != CS_OK)
		return r;
	switch (tag) {
	case CS_DER_CTXC(0):
		s->kind = CS_SUBJECT_REQUEST;
		return read_bound(body, s, e);
	case CS_DER_CTXC(1):
		s->kind = CS_SUBJECT_KEY;
		return read_bound(body, s, e);
	case CS_DER_CTXC(2):
		return read_grant(body, s, e);
	default:
		return BAD(e, CS_R_UNSUPPORTED, "a subject of tag 0x%02x",
		    tag);
	}
}

static bool
is_alike(const cs_subject *a, const cs_subject *b)
{
	if (a->kind != b->kind || !cs_span_eq(a->agent_id, b->agent_id) ||
	    !cs_span_eq(a->agent_key_hash, b->agent_key_hash))
		return false;
	return a->kind != CS_SUBJECT_REQUEST ||
	    cs_span_eq(a->request_digest, b->request_digest);
}

/* A batch is all request or all key, no two alike; a grant stands alone. */
static int
check_batch(const cs_tbs *t, cs_err *e)
{
	size_t i, j;

	for (i = 1; i < t->n_subjects; i++) {
		if (t->subjects[i].kind != t->subjects[0].kind)
			return BAD(e, CS_R_MALFORMED,
			    "subjects of several kinds");
		for (j = 0; j < i; j++)
			if (is_alike(&t->subjects[i], &t->subjects[j]))
				return BAD(e, CS_R_MALFORMED,
				    "subjects %zu and %zu are alike", j + 1,
				    i + 1);
	}
	if (t->n_subjects > 1 && t->subjects[0].kind == CS_SUBJECT_GRANT)
		return BAD(e, CS_R_GRANT_INVALID, "a grant stands alone");
	return CS_OK;
}

static int
read_subjects(cs_span *in, cs_tbs *t, cs_err *e)
{
	cs_span list = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &list, e)) != CS_OK)
		return cs_wrap(e, "subjects");
	while (list.n != 0) {
		if (t->n_subjects == CS_SUBJECTS_MAX)
			return BAD(e, CS_R_TOO_LARGE, "more than %d subjects",
			    CS_SUBJECTS_MAX);
		if ((r = read_subject(&list, &t->subjects[t->n_subjects],
		    e)) != CS_OK)
			return cs_wrap(e, "subject %zu", t->n_subjects + 1);
		t->n_subjects++;
	}
	if (t->n_subjects == 0)
		return BAD(e, CS_R_MALFORMED, "no subject");
	return check_batch(t, e);
}

/* Extensions, RFC 5280 4.1: none is known yet, so that a critical one will be
 * refused by the verdict. */
static int
read_extensions(cs_span list, cs_tbs *t, cs_err *e)
{
	cs_seen seen = {.n = 0};
	cs_ext one;
	int r;

	t->extensions = list;
	if (list.n == 0)
		return BAD(e, CS_R_MALFORMED, "extensions: empty");
	while (list.n != 0) {
		if ((r = cs_ext_next(&list, &seen, &one, e)) != CS_OK)
			return cs_wrap(e, "extensions");
		if (one.critical)
			t->critical_extension = true;
	}
	return CS_OK;
}

static int
read_nonce(cs_span *in, cs_tbs *t, cs_err *e)
{
	if (!cs_der_peek(*in, CS_DER_CTX(0)))
		return CS_OK;
	return cs_der_sized(in, CS_DER_CTX(0), NONCE_MIN, NONCE_MAX, &t->nonce,
	    "nonce", e);
}

static int
read_options(cs_span *in, cs_tbs *t, cs_err *e)
{
	cs_span body = {0};
	int r;

	if ((r = read_nonce(in, t, e)) != CS_OK ||
	    (r = cs_der_opt(in, CS_DER_CTX(1), &t->purpose, e)) != CS_OK)
		return r;
	if (t->purpose.p != NULL &&
	    (r = cs_purpose_check(t->purpose, true, e)) != CS_OK)
		return cs_wrap(e, "purpose");
	if ((r = cs_der_opt(in, CS_DER_CTXC(2), &body, e)) != CS_OK ||
	    (body.p != NULL && (r = read_extensions(body, t, e)) != CS_OK))
		return r;
	if (cs_der_peek(*in, CS_DER_CTX(3)) &&
	    (r = cs_der_sized(in, CS_DER_CTX(3), HASH_LEN, HASH_LEN,
	    &t->under_grant, "underGrant", e)) != CS_OK)
		return r;
	return cs_der_end(*in, "the approval", e);
}

static int
read_names(cs_span *in, cs_tbs *t, cs_err *e)
{
	int64_t version = 0, decision = 0;
	int r;

	if ((r = cs_der_uint(in, CS_DER_INTEGER, 0, INT32_MAX, &version, e)) !=
	    CS_OK)
		return cs_wrap(e, "version");
	if (version != 1)
		return BAD(e, CS_R_UNSUPPORTED, "version %lld, expected 1",
		    (long long)version);
	if ((r = cs_der_sized(in, CS_DER_OCTETS, ID_LEN, ID_LEN,
	    &t->approval_id, "approvalId", e)) != CS_OK)
		return r;
	if ((r = cs_der_uint(in, CS_DER_ENUM, CS_DENY, CS_APPROVE, &decision,
	    e)) != CS_OK)
		return cs_wrap(e, "decision");
	t->decision = decision == CS_APPROVE ? CS_APPROVE : CS_DENY;
	if ((r = cs_der_get(in, CS_DER_IA5, &t->owner, e)) != CS_OK ||
	    (r = cs_owner_check(t->owner, e)) != CS_OK)
		return cs_wrap(e, "owner");
	if ((r = cs_der_sized(in, CS_DER_OCTETS, HASH_LEN, HASH_LEN,
	    &t->owner_key_hash, "ownerKeyHash", e)) != CS_OK)
		return r;
	if ((r = cs_der_get(in, CS_DER_IA5, &t->authority, e)) != CS_OK ||
	    (r = cs_authority_check(t->authority, e)) != CS_OK)
		return cs_wrap(e, "authority");
	return CS_OK;
}

static int
read_limits(cs_span *in, cs_tbs *t, cs_err *e)
{
	int r;

	if ((r = cs_der_uint(in, CS_DER_INTEGER, 1, LIFETIME_MAX,
	    &t->max_lifetime, e)) != CS_OK)
		return cs_wrap(e, "maxLifetime");
	if ((r = cs_der_uint(in, CS_DER_INTEGER, 1, ISSUANCES_MAX,
	    &t->max_issuances, e)) != CS_OK)
		return cs_wrap(e, "maxIssuances");
	return CS_OK;
}

/* Section 4, what holds between fields. */
static int
check_fields(const cs_tbs *t, cs_err *e)
{
	enum cs_subject_kind kind = t->subjects[0].kind;

	if (t->not_before > t->not_after)
		return BAD(e, CS_R_MALFORMED, "notBefore is behind notAfter");
	if (t->nonce.p != NULL && t->n_subjects != 1)
		return BAD(e, CS_R_MALFORMED, "a nonce with several subjects");
	if (t->under_grant.p != NULL && (t->decision == CS_DENY ||
	    kind != CS_SUBJECT_REQUEST || t->n_subjects != 1))
		return BAD(e, CS_R_GRANT_INVALID,
		    "underGrant: expected an approval of one request");
	if (t->decision == CS_DENY && (kind != CS_SUBJECT_REQUEST ||
	    t->n_subjects != 1 || t->max_lifetime != 1 ||
	    t->max_issuances != 1))
		return BAD(e, CS_R_MALFORMED,
		    "deny: expected one request and limits of 1");
	return CS_OK;
}

int
cs_tbs_parse(cs_span der, unsigned depth, cs_tbs *t, cs_err *e)
{
	cs_span whole = der, in = {0};
	int r;

	memset(t, 0, sizeof(*t));
	if (der.n > CS_TBS_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", der.n,
		    CS_TBS_MAX);
	if ((r = cs_der_walk(der, depth, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = read_names(&in, t, e)) != CS_OK ||
	    (r = cs_der_gentime(&in, &t->not_before, e)) != CS_OK ||
	    (r = cs_der_gentime(&in, &t->not_after, e)) != CS_OK ||
	    (r = read_subjects(&in, t, e)) != CS_OK ||
	    (r = read_limits(&in, t, e)) != CS_OK ||
	    (r = read_options(&in, t, e)) != CS_OK ||
	    (r = check_fields(t, e)) != CS_OK)
		return r;
	t->der = der;
	return CS_OK;
}
