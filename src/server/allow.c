/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include "base/enc.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "issue/wit.h"
#include "server/keyholder.h"

/* What may be signed. Nothing of a body is believed before it was parsed from
 * its own bytes, and no rule looks at who sent it. */

#define CLOCKS_MAX 300 /* seconds between our clock and the issuer's */

static int
refuse(cs_err *e, const char *rule)
{
	return cs_fail(e, CS_EREFUSED, "allow", "%s", rule);
}

static int
agent_check(const cs_allow *a, cs_span agent_id, cs_err *e)
{
	cs_span domain = {0};
	int ret;

	if ((ret = cs_agent_id_check(agent_id, &domain, e)) != CS_OK)
		return ret;
	if (!cs_span_eq(domain, a->trust_domain))
		return refuse(e, "the identifier is of another trust domain");
	return CS_OK;
}

static int
key_check(const cs_allow *a, const cs_spki *key, cs_err *e)
{
	size_t i;

	for (i = 0; i < a->n_keys; i++)
		if (cs_span_eq(key->der, a->keys[i].der))
			return refuse(e, "the agent's key is one of ours");
	return CS_OK;
}

/* A credential starts a moment ago, or when it was claimed for the first time:
 * never longer ago than it may live. */
static int
times_check(const cs_allow *a, int64_t start, int64_t end, cs_err *e)
{
	if (start > a->now + CLOCKS_MAX)
		return refuse(e, "it starts in the future");
	if (start < a->now - a->lifetime)
		return refuse(e, "it starts longer ago than it may live");
	if (end <= start)
		return refuse(e, "it ends before it starts");
	if (end - start > a->lifetime)
		return cs_fail(e, CS_EREFUSED, "allow",
		    "it lives for %" PRId64 " s, over the cap of %" PRId64 " s",
		    end - start, a->lifetime);
	return CS_OK;
}

/* The name, the key and the algorithm that a body says its issuer has */
static int
issuer_check(const cs_authority *ca, cs_span name, cs_span key_id,
    cs_span sig_alg, cs_err *e)
{
	const cs_alg *alg = cs_alg_for_key(ca->key.kind, CS_USE_PKCS10);

	if (!cs_span_eq(name, ca->name))
		return refuse(e, "the issuer's name is not this CA's");
	if (!cs_span_eq(key_id, ca->key_id))
		return refuse(e, "the issuer's key is not this CA's");
	if (alg == NULL || !cs_span_eq(sig_alg, alg->sig_alg))
		return refuse(e, "this CA signs with another algorithm");
	return CS_OK;
}

/* Where a CA's list is: crl_url, and behind it the CA's key identifier */
static int
url_check(const cs_allow *a, const cs_authority *ca, cs_span url, cs_err *e)
{
	cs_buf *want = NULL;
	bool same;

	if (a->crl_url.p == NULL)
		return url.p == NULL ? CS_OK :
		    refuse(e, "it names a revocation list, and we have none");
	want = cs_buf_new(a->crl_url.n + 1 + 2 * ca->key_id.n);
	if (want == NULL)
		return cs_nomem(e, "allow");
	same = cs_buf_put(want, a->crl_url) == CS_OK &&
	    cs_buf_put_byte(want, '/') == CS_OK &&
	    cs_hex_put(want, ca->key_id) == CS_OK &&
	    cs_span_eq(cs_buf_span(want), url);
	cs_buf_free(&want);
	return same ? CS_OK :
	    refuse(e, "its revocation list is not where ours is");
}

static int
leaf_check(const cs_allow *a, const cs_authority *ca, const cs_leaf *l,
    cs_err *e)
{
	int ret;

	if ((ret = issuer_check(ca, l->issuer, l->authority_key_id,
	    l->sig_alg, e)) != CS_OK ||
	    (ret = agent_check(a, l->agent_id, e)) != CS_OK ||
	    (ret = key_check(a, &l->key, e)) != CS_OK ||
	    (ret = times_check(a, l->not_before, l->not_after, e)) != CS_OK)
		return ret;
	if (l->not_before < ca->not_before || l->not_after > ca->not_after)
		return refuse(e, "it lives longer than this CA");
	return url_check(a, ca, l->crl_url, e);
}

int
cs_allow_cert(const cs_allow *a, const cs_authority *ca, cs_span body,
    cs_err *e)
{
	cs_leaf *l = NULL;
	int ret = cs_leaf_parse(body, &l, e);

	if (ret == CS_OK)
		ret = leaf_check(a, ca, l, e);
	cs_leaf_free(&l);
	return ret;
}

int
cs_allow_wit(const cs_allow *a, cs_span kid, cs_span signing_input, cs_err *e)
{
	cs_wit *w = NULL;
	int ret = cs_wit_parse(signing_input, &w, e);

	if (ret == CS_OK && !cs_span_eq(w->kid, kid))
		ret = refuse(e, "kid names another key");
	if (ret == CS_OK)
		ret = agent_check(a, w->sub, e);
	if (ret == CS_OK)
		ret = key_check(a, &w->key, e);
	if (ret == CS_OK)
		ret = times_check(a, w->iat, w->exp, e);
	cs_wit_free(&w);
	return ret;
}

/* An entry goes when no certificate that was valid then can be now, and one
 * list more has had it (RFC 5280 3.3). It may be said to be later than it was
 * said, which keeps it for longer: what a restored store forgot is revoked
 * again. */
static int
entries_check(const cs_allow *a, const cs_crl *last, const cs_crl *c,
    cs_err *e)
{
	const cs_crl_entry *old, *now;
	size_t i;

	for (i = 0; i < last->n; i++) {
		old = &last->at[i];
		now = cs_crl_find(c, old->serial);
		if (now != NULL && now->revoked != old->revoked &&
		    (now->revoked < old->revoked || now->revoked > a->now))
			return refuse(e, "an entry has another time");
		if (now == NULL &&
		    old->revoked + a->lifetime + a->crl_life > a->now)
			return refuse(e, "an entry is gone");
	}
	return CS_OK;
}

static int
dates_check(const cs_allow *a, const cs_crl *c, cs_err *e)
{
	size_t i;

	if (c->this_update > a->now + CLOCKS_MAX ||
	    c->this_update < a->now - CLOCKS_MAX)
		return refuse(e, "thisUpdate is not now");
	if (c->next_update <= c->this_update ||
	    c->next_update - c->this_update > a->crl_life)
		return refuse(e, "nextUpdate is not within the list's life");
	for (i = 0; i < c->n; i++)
		if (c->at[i].revoked > a->now + CLOCKS_MAX)
			return refuse(e, "an entry is of the future");
	return CS_OK;
}

/* A number that no clock comes to would be the last one for ever. */
static int
number_check(const cs_allow *a, const cs_crl *last, const cs_crl *c, cs_err *e)
{
	if (last != NULL && c->number <= last->number)
		return refuse(e, "the number does not grow");
	if (c->number / CS_CRL_NUMBERS > a->now + CLOCKS_MAX)
		return refuse(e, "the number is of the future");
	return CS_OK;
}

int
cs_allow_crl(const cs_allow *a, const cs_authority *ca, const cs_crl *last,
    cs_span body, cs_err *e)
{
	cs_crl *c = NULL;
	int ret = cs_crl_parse(body, false, &c, e);

	if (ret == CS_OK)
		ret = issuer_check(ca, c->issuer, c->authority_key_id,
		    c->sig_alg, e);
	if (ret == CS_OK)
		ret = dates_check(a, c, e);
	if (ret == CS_OK)
		ret = number_check(a, last, c, e);
	if (ret == CS_OK && last != NULL &&
	    c->this_update < last->this_update)
		ret = refuse(e, "it is older than the last one");
	if (ret == CS_OK && last != NULL)
		ret = entries_check(a, last, c, e);
	cs_crl_free(&c);
	return ret;
}
