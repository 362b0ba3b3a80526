/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/time.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "fmt/scan.h"
#include "tool/plan.h"
#include "tool/render.h"

#define CLOCK_SKEW 300 /* countersign-formats(5), section 4 */
#define ISSUANCES_MAX 1000000

#define WINDOW_DEFAULT (15 * 60)
#define LIFETIME_DEFAULT (60 * 60)
/* What a verifier takes without a max-window of its own: section 8. */
#define WINDOW_MOST (24 * 60 * 60)
#define GRANT_MOST (90 * 24 * 60 * 60)
#define DENY_DEFAULT WINDOW_MOST /* lasts, and is nowhere too long */
#define GRANT_DEFAULT (30 * 24 * 60 * 60)
#define GRANT_USES 100

/* The request is never who says which owner signs. Whoever signs beside him
 * whom it names has to say so: countersign-formats(5), section 9, a quorum. */
static int
check_asked(const cs_reqfile *f, cs_span owner, bool cosign, cs_err *e)
{
	cs_span asks = f->csr->intended_owner;

	if (asks.p == NULL || cosign || cs_span_eq(asks, owner))
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_OWNER, "sign",
	    "%s: the request asks %.*s, not %.*s; --cosign signs beside him",
	    f->path, (int)asks.n, asks.p, (int)owner.n, owner.p);
}

static int
check_all_asked(const cs_plan *p, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; r == CS_OK && i < p->n; i++)
		r = check_asked(p->req[i], p->terms.owner, p->o->cosign,
		    e);
	return r;
}

/* The name of an option, of a grant or of the configuration. */
static int
find_name(const char *option, const char *given, cs_span granted,
    const char *configured, cs_span *out, cs_err *e)
{
	*out = cs_span_str(given != NULL ? given : configured);
	if (granted.p == NULL)
		return CS_OK;
	*out = granted;
	if (given == NULL || cs_span_is(granted, given))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "sign", "--%s: the grant says %.*s, not "
	    "%s", option, CS_SHOW(granted), given);
}

static int
find_owner(cs_plan *p, cs_err *e)
{
	const cs_tbs *g = p->grant == NULL ? NULL : &p->grant->approval->tbs;
	const cs_span none = {0};
	cs_span granted = g == NULL ? none : g->owner;
	int r;

	if ((r = find_name("owner", p->o->owner, granted, p->settings->owner,
	    &p->terms.owner, e)) != CS_OK || p->terms.owner.p == NULL)
		return r;
	if (p->o->owner == NULL && g == NULL &&
	    cs_owner_check(p->terms.owner, e) != CS_OK)
		return cs_wrap(e, "owner in the configuration");
	return check_all_asked(p, e);
}

/* Of the trust domain of a grant's agents. */
static int
grant_authority(cs_plan *p, cs_err *e)
{
	cs_span domain = {0};
	int r;

	if ((r = cs_agent_id_check(p->prefix, &domain, e)) != CS_OK)
		return r;
	if ((p->authority = cs_buf_new(CS_AUTHORITY_MAX)) == NULL)
		return cs_nomem(e, "sign");
	r = cs_authority_default(domain, p->authority, e);
	p->terms.authority = cs_buf_span(p->authority);
	return r;
}

/* Absent: each request's own trust domain says. */
static int
find_authority(cs_plan *p, cs_err *e)
{
	const cs_tbs *g = p->grant == NULL ? NULL : &p->grant->approval->tbs;
	const cs_span none = {0};
	cs_span granted = g == NULL ? none : g->authority;
	int r;

	if ((r = find_name("authority", p->o->authority, granted,
	    p->settings->authority, &p->terms.authority, e)) != CS_OK)
		return r;
	if (p->terms.authority.p == NULL)
		return p->kind == CS_SUBJECT_GRANT ? grant_authority(p, e) :
		    CS_OK;
	if (p->o->authority == NULL && g == NULL &&
	    cs_authority_check(p->terms.authority, e) != CS_OK)
		return cs_wrap(e, "authority in the configuration");
	return CS_OK;
}

static int64_t
or_else(int64_t given, int64_t otherwise)
{
	return given != 0 ? given : otherwise;
}

/* What is given stays within the grant, a default gives way to it. */
static int
clamp(const char *option, int64_t given, int64_t most, const char *unit,
    int64_t *value, cs_err *e)
{
	if (*value <= most)
		return CS_OK;
	if (given != 0)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_GRANT_INVALID,
		    "sign", "--%s: %lld%s, the grant has %lld%s left", option,
		    (long long)*value, unit, (long long)most, unit);
	*value = most;
	return CS_OK;
}

static int
clamp_all(cs_plan *p, const cs_tbs *g, int64_t *window, cs_err *e)
{
	cs_tbs *t = &p->terms;
	int r;

	if (p->now > g->not_after)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_EXPIRED, "sign",
		    "%s: the grant's window is over", p->o->under);
	if (p->now < g->not_before)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_NOT_YET_VALID,
		    "sign", "%s: the grant's window has not begun",
		    p->o->under);
	if (t->not_before < g->not_before)
		t->not_before = g->not_before;
	t->under_grant = cs_span_of(p->grant->hash, sizeof(p->grant->hash));
	if ((r = clamp("for", p->o->window, g->not_after - p->now, " s",
	    window, e)) != CS_OK ||
	    (r = clamp("max-lifetime", p->o->max_lifetime, g->max_lifetime,
	    " s", &t->max_lifetime, e)) != CS_OK)
		return r;
	return clamp("uses", p->o->uses, g->max_issuances, "",
	    &t->max_issuances, e);
}

static int64_t
default_window(const cs_plan *p)
{
	if (p->o->deny)
		return DENY_DEFAULT;
	return p->kind == CS_SUBJECT_GRANT ? GRANT_DEFAULT : WINDOW_DEFAULT;
}

/* A window that the five minutes before now alone would make longer than a
 * verifier takes ends those minutes earlier: --for 24h is a window of 24h. */
static int64_t
fit(const cs_plan *p, int64_t window)
{
	int64_t most = p->kind == CS_SUBJECT_GRANT ? GRANT_MOST : WINDOW_MOST;

	return window > most - CLOCK_SKEW && window <= most ?
	    most - CLOCK_SKEW : window;
}

static int64_t
default_uses(const cs_plan *p, int64_t window, int64_t lifetime)
{
	if (p->o->renewable != 0)
		return 1 + cs_renewals(window, lifetime);
	return p->kind == CS_SUBJECT_GRANT ? GRANT_USES : 1;
}

/* How long, and how often. */
static int
find_limits(cs_plan *p, cs_err *e)
{
	const struct cs_sign_opts *o = p->o;
	cs_tbs *t = &p->terms;
	int64_t window = fit(p, or_else(or_else(o->window, o->renewable),
	    default_window(p)));
	int r;

	t->not_before = p->now - CLOCK_SKEW;
	t->max_lifetime = o->deny ? 1 : or_else(o->max_lifetime,
	    LIFETIME_DEFAULT);
	t->max_issuances = or_else(o->uses, default_uses(p, window,
	    t->max_lifetime));
	if (p->grant != NULL && (r = clamp_all(p, &p->grant->approval->tbs,
	    &window, e)) != CS_OK)
		return r;
	t->not_after = p->now + window;
	if (t->max_issuances > ISSUANCES_MAX)
		return cs_fail(e, CS_EUSAGE, "sign", "--renewable: that would "
		    "take %lld credentials, at most %d: give a longer "
		    "--max-lifetime, or --uses", (long long)t->max_issuances,
		    ISSUANCES_MAX);
	return CS_OK;
}

int
cs_plan_terms(cs_plan *p, cs_err *e)
{
	int r;

	p->terms.decision = p->o->deny ? CS_DENY : CS_APPROVE;
	p->terms.purpose = cs_span_str(p->o->purpose);
	p->terms.nonce = cs_buf_span(p->nonce);
	if ((r = find_limits(p, e)) != CS_OK ||
	    (r = find_owner(p, e)) != CS_OK)
		return r;
	return find_authority(p, e);
}

static bool
is_owners(const cs_plan *p)
{
	cs_span owner = p->grant->approval->tbs.owner_key_hash;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (cs_span_eq(owner, cs_span_of(p->req[i]->agent_hash,
		    CS_SHA256_LEN)))
			return true;
	return false;
}

static int
find_certified(cs_plan *p, cs_err *e)
{
	int r;

	if ((r = cs_ownercert_match(p->cert, p->signer, p->owner_hash, p->now,
	    e)) != CS_OK ||
	    (r = cs_ownercert_owner(p->cert, p->terms.owner, &p->terms.owner,
	    e)) != CS_OK)
		return r;
	return check_all_asked(p, e);
}

/* A verifier takes a use that the holder's plain key signed. */
static bool
is_fido2(const cs_plan *p)
{
	return strncmp(cs_signer_describe(p->signer)->uri, "fido2:", 6) == 0;
}

int
cs_plan_key(cs_plan *p, cs_err *e)
{
	if (p->cert != NULL)
		return find_certified(p, e);
	if (p->grant == NULL)
		return CS_OK;
	if (!cs_span_eq(cs_span_of(p->owner_hash, CS_SHA256_LEN),
	    cs_span_of(p->grant->holder, CS_SHA256_LEN)))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_GRANT_INVALID,
		    "sign", "--key is not the key that %s was given to",
		    p->o->under);
	if (is_fido2(p))
		return cs_fail(e, CS_EUSAGE, "sign", "--under wants a plain "
		    "key; no verifier takes the use of a grant by a security "
		    "key");
	if (is_owners(p))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_KEY_REUSE, "sign",
		    "the agent's key is the one that gave the grant");
	return CS_OK;
}
