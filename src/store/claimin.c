/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/tbs.h"
#include "store/claimp.h"

/* What a caller says of a claim, before the store is asked. */

static const char where[] = "store/claim";

int
cs_words_check(const cs_word *w, size_t n, const char *who, cs_err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (w[i].s.p == NULL || w[i].s.n < w[i].min ||
		    w[i].s.n > w[i].max)
			return cs_fail(e, CS_EUSAGE, who,
			    "%s: expected %zu to %zu octets, found %zu",
			    w[i].name, w[i].min, w[i].max, w[i].s.n);
	return CS_OK;
}

int
cs_time_check(const char *name, int64_t t, const char *who, cs_err *e)
{
	return t >= CS_TIME_FIRST && t <= CS_TIME_LAST ? CS_OK :
	    cs_fail(e, CS_EUSAGE, who,
	    "%s: expected a time of the years 2000 to 9999, found %lld", name,
	    (long long)t);
}

static int
check_number(const char *name, int64_t v, int64_t min, int64_t max, cs_err *e)
{
	return v >= min && v <= max ? CS_OK : cs_fail(e, CS_EUSAGE, where,
	    "%s: expected %lld to %lld, found %lld", name, (long long)min,
	    (long long)max, (long long)v);
}

static int
check_approval(const cs_claim_approval *a, cs_err *e)
{
	const cs_word words[] = {
		{"TBS hash", a->tbs_hash, CS_HASH_LEN, CS_HASH_LEN},
		{"key hash", a->key_hash, CS_HASH_LEN, CS_HASH_LEN},
		{"approval id", a->approval_id, CS_APPROVAL_ID_LEN,
		    CS_APPROVAL_ID_LEN},
	};
	cs_word owner = {"owner", {NULL, 0}, 1, CS_OWNER_MAX};
	cs_word above = {"hash of a key above", {NULL, 0}, CS_HASH_LEN,
	    CS_HASH_LEN};
	size_t i;
	int rc;

	if (a->audit != NULL)
		owner.s = a->audit->owner;
	if ((rc = cs_words_check(words, sizeof(words) / sizeof(words[0]),
	    where, e)) != CS_OK ||
	    (rc = cs_words_check(&owner, 1, where, e)) != CS_OK ||
	    (rc = cs_time_check("notBefore", a->not_before, where, e)) !=
	    CS_OK ||
	    (rc = cs_time_check("notAfter", a->not_after, where, e)) != CS_OK)
		return rc;
	if ((rc = check_number("keys above", (int64_t)a->n_path, 0,
	    CS_CLAIM_PATH_MAX, e)) != CS_OK)
		return rc;
	for (i = 0; i < a->n_path; i++) {
		above.s = a->path[i];
		if ((rc = cs_words_check(&above, 1, where, e)) != CS_OK)
			return rc;
	}
	if ((rc = check_number("subject", (int64_t)a->subject, 0,
	    CS_SUBJECTS_MAX - 1, e)) != CS_OK)
		return rc;
	return check_number("maxIssuances", a->max_issuances, 1,
	    CS_ISSUANCES_MAX, e);
}

static int
check_approvals(const cs_claim_in *in, cs_err *e)
{
	size_t i, j;
	int rc;

	if ((rc = check_number("approvals", (int64_t)in->n, 1,
	    CS_AUDIT_APPROVALS_MAX, e)) != CS_OK)
		return rc;
	for (i = 0; i < in->n; i++)
		if ((rc = check_approval(&in->at[i], e)) != CS_OK)
			return cs_wrap(e, "approval %zu", i + 1);
	for (i = 0; i < in->n; i++)
		for (j = 0; j < i; j++)
			if (cs_span_eq(in->at[i].tbs_hash,
			    in->at[j].tbs_hash))
				return cs_fail(e, CS_EUSAGE, where,
				    "approvals %zu and %zu are one TBS",
				    j + 1, i + 1);
	return cs_span_eq(in->owner, in->at[0].audit->owner) ? CS_OK :
	    cs_fail(e, CS_EUSAGE, where,
	    "the first approval is not the principal owner's");
}

static int
check_terms(const cs_claim_in *in, cs_err *e)
{
	int rc;

	if ((rc = check_number("kind", in->kind, 1, 2, e)) != CS_OK ||
	    (rc = cs_time_check("now", in->now, where, e)) != CS_OK ||
	    (rc = cs_time_check("notBefore", in->not_before, where, e)) !=
	    CS_OK ||
	    (rc = cs_time_check("notAfter", in->not_after, where, e)) != CS_OK)
		return rc;
	if (in->not_before >= in->not_after)
		return cs_fail(e, CS_EUSAGE, where, "the credential's "
		    "notBefore is not before its notAfter");
	return in->now < in->not_after ? CS_OK : cs_fail(e, CS_EUSAGE, where,
	    "the credential's notAfter has passed");
}

int
cs_claim_in_check(const cs_claim_in *in, cs_err *e)
{
	const cs_word words[] = {
		{"agent identifier", in->agent_id, 1, CS_AGENT_ID_MAX},
		{"agent key hash", in->agent_key_hash, CS_HASH_LEN,
		    CS_HASH_LEN},
		{"request digest", in->request_digest, CS_HASH_LEN,
		    CS_HASH_LEN},
		{"owner", in->owner, 1, CS_OWNER_MAX},
		{"serial", in->serial, 1, CS_SERIAL_MAX},
		{"digest of the credential", in->body_digest, CS_HASH_LEN,
		    CS_HASH_LEN},
	};
	int rc;

	if ((rc = cs_words_check(words, sizeof(words) / sizeof(words[0]),
	    where, e)) != CS_OK ||
	    (rc = check_number("octets of fields", (int64_t)in->fields.n, 0,
	    CS_FIELDS_MAX, e)) != CS_OK ||
	    (rc = check_terms(in, e)) != CS_OK)
		return rc;
	return check_approvals(in, e);
}

static int
by_octets(const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;
	size_t i = 0;

	while (i < CS_HASH_LEN - 1 && x[i] == y[i])
		i++;
	return x[i] - y[i];
}

int
cs_claim_set(const cs_claim_in *in, uint8_t out[CS_HASH_LEN], cs_err *e)
{
	uint8_t all[CS_AUDIT_APPROVALS_MAX][CS_HASH_LEN] = {{0}};
	size_t i;

	for (i = 0; i < in->n; i++)
		memcpy(all[i], in->at[i].tbs_hash.p, CS_HASH_LEN);
	qsort(all, in->n, CS_HASH_LEN, by_octets);
	return cs_sha256(cs_span_of(all, in->n * CS_HASH_LEN), out, e);
}
