/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/renderpart.h"

#include <stdio.h>

#include "base/enc.h"
#include "base/time.h"
#include "tool/lookout.h"

int64_t
cs_renewals(int64_t window, int64_t lifetime)
{
	return (3 * window + 2 * lifetime - 1) / (2 * lifetime);
}

/* What the signature covers and nobody here reads. */
static void
put_unread(cs_page *p, const cs_csr *csr)
{
	if (csr->evidence.p != NULL)
		cs_page_rowf(p, "", "with evidence for the server, %zu bytes",
		    csr->evidence.n);
	if (csr->n_ignored != 0)
		cs_page_rowf(p, "", "with other attributes or extensions "
		    "(%zu) that nobody reads", csr->n_ignored);
}

void
cs_part_asker(cs_page *p, const char *label, const cs_subject *s,
    const cs_csr *csr)
{
	char name[16], key[52];

	cs_spki_name(&csr->key, name);
	cs_fingerprint(s->agent_key_hash.p, key);
	cs_page_row(p, label, s->agent_id);
	cs_page_rowf(p, "", "%s key %s", name, key);
	put_unread(p, csr);
}

bool
cs_part_arithmetic(const cs_review *r, char text[256])
{
	const cs_tbs *t = &r->job[0]->tbs;
	int64_t window = t->not_after - r->now, step = t->max_lifetime * 2 / 3;
	int64_t renewals = cs_renewals(window, t->max_lifetime);
	char each[24], life[24], all[24];

	if (t->subjects[0].kind != CS_SUBJECT_KEY || window <= 0)
		return false;
	cs_duration_put(step == 0 ? 1 : step, each);
	cs_duration_put(t->max_lifetime, life);
	cs_duration_put(window, all);
	(void)snprintf(text, 256, "1 at once and %lld renewals, one each %s "
	    "(two thirds of %s) for %s, make %lld; this allows %lld",
	    (long long)renewals, each, life, all, (long long)renewals + 1,
	    (long long)t->max_issuances);
	return true;
}

static void
put_what(cs_page *p, const cs_review *r)
{
	const cs_tbs *t = &r->job[0]->tbs;
	bool key = t->subjects[0].kind == CS_SUBJECT_KEY;
	char life[24], text[256];

	cs_duration_put(t->max_lifetime, life);
	if (key)
		cs_page_rowf(p, "WHAT", "credentials for %s as this agent, "
		    "renewed without asking, for at most %s each", r->list ?
		    "each key" : "this key", life);
	else if (r->list)
		cs_page_rowf(p, "WHAT", "a credential for each of these "
		    "requests, for at most %s", life);
	else
		cs_page_rowf(p, "WHAT", "a credential for this one request, "
		    "for at most %s", life);
	cs_page_rowf(p, "", "%lld %s for each kind of credential (X.509, "
	    "WIT)%s", (long long)t->max_issuances,
	    t->max_issuances == 1 ? "time" : "times",
	    !r->list ? "" : key ? " and key" : " and request");
	if (cs_part_arithmetic(r, text))
		cs_page_row(p, "", cs_span_str(text));
}

static void
put_refusal(cs_page *p)
{
	cs_page_rowf(p, "WHAT", "NOTHING: while this denial counts, no "
	    "credential is issued for this request, whoever approves it");
}

static void
put_nonce(cs_page *p, cs_span nonce)
{
	cs_buf *b = cs_buf_new(2 * nonce.n);

	if (b == NULL || cs_hex_put(b, nonce) != CS_OK)
		cs_buf_fail(p->b);
	else
		cs_page_rowf(p, "", "for its challenge %s", cs_buf_cstr(b));
	cs_buf_free(&b);
}

static void
put_until(cs_page *p, const cs_tbs *t)
{
	char from[24] = "", to[24] = "", end[24] = "";

	if (!cs_rfc3339_put(t->not_before, from) ||
	    !cs_rfc3339_put(t->not_after, to) ||
	    !cs_rfc3339_put(t->not_after + t->max_lifetime, end))
		cs_buf_fail(p->b);
	if (t->decision == CS_DENY) {
		cs_page_rowf(p, "UNTIL", "%s the denial counts (from %s)", to,
		    from);
		return;
	}
	cs_page_rowf(p, "UNTIL", "%s it can be used (from %s)", to, from);
	cs_page_rowf(p, "", "%s its last credential ends", end);
}

bool
cs_part_one_place(const cs_review *r)
{
	size_t i;

	for (i = 1; i < r->n; i++)
		if (!cs_span_eq(r->job[i]->tbs.authority,
		    r->job[0]->tbs.authority))
			return false;
	return true;
}

void
cs_part_limits(cs_page *p, const cs_review *r)
{
	const cs_tbs *t = &r->job[0]->tbs;

	if (t->decision == CS_DENY)
		put_refusal(p);
	else
		put_what(p, r);
	if (t->purpose.p != NULL)
		cs_page_row(p, "  you say", t->purpose);
	if (cs_part_one_place(r))
		cs_page_row(p, "WHERE", t->authority);
	else
		cs_page_rowf(p, "WHERE", "as it stands at each request");
	if (t->nonce.p != NULL)
		put_nonce(p, t->nonce);
	put_until(p, t);
}

static void
put_grant(cs_page *p, const cs_tbs *g)
{
	char key[52], to[24] = "";

	cs_fingerprint(g->owner_key_hash.p, key);
	if (!cs_rfc3339_put(g->not_after, to))
		cs_buf_fail(p->b);
	cs_page_rowf(p, "UNDER", "a grant by the key %s, until %s, for %lld "
	    "credentials of each kind in all, to agents below", key, to,
	    (long long)g->max_issuances);
	cs_page_row(p, "", g->subjects[0].agent_id);
}

/* The hash is what openssl x509 -fingerprint -sha256 has in hexadecimal. */
static void
put_certificates(cs_page *p, const cs_ownercert *c)
{
	uint8_t hash[CS_SHA256_LEN];
	char print[52];

	if (cs_sha256(cs_chain_leaf(c->chain), hash, NULL) != CS_OK) {
		cs_buf_fail(p->b);
		return;
	}
	cs_fingerprint(hash, print);
	cs_page_rowf(p, "", "certificate %s", print);
	if (c->n > 1)
		cs_page_rowf(p, "", "and %zu more that may lead to its CA",
		    c->n - 1);
}

/* What the verifier will know of it: formats section 8. */
static void
put_tpm(cs_page *p, const cs_signer_info *k)
{
	cs_page_rowf(p, "", "a TPM's key: it proves %s, never that somebody "
	    "is there", k->login_needed ? "this device and its PIN" :
	    "this device, without a PIN");
}

void
cs_part_owner(cs_page *p, const cs_review *r)
{
	char key[52];

	cs_fingerprint(r->job[0]->tbs.owner_key_hash.p, key);
	cs_page_row(p, "WITH", r->job[0]->tbs.owner);
	cs_page_rowf(p, "", "%s key %s", r->signer->key, key);
	cs_page_row(p, "", cs_span_str(r->signer->where));
	if (r->signer->is_tpm)
		put_tpm(p, r->signer);
	if (r->cert != NULL)
		put_certificates(p, r->cert);
	if (r->grant != NULL)
		put_grant(p, r->grant);
}

static void
put_warning(void *arg, const char *text)
{
	cs_page_row(arg, "LOOK OUT", cs_span_str(text));
}

void
cs_part_lookout(cs_page *p, const cs_subject *s, const cs_tbs *t)
{
	cs_lookout(s->agent_id, t->owner, t->authority, put_warning, p);
}
