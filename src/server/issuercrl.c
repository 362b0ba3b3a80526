/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "server/issuerp.h"
#include "store/issued.h"

/*
 * Revocation lists. Each CA's has every X.509 claim that was ended, until its
 * credential would have ended by itself and one list more has said so; and what
 * the CA's last one had that is not as old, for the store may have been restored
 * since. The keyholder signs none that forgets one earlier. A list that has no
 * room for all is not made.
 */

static const char where[] = "server/crl";

#define SIG_MAX 1024
#define LAG 60
#define RETRY_MS 5000    /* between tries to make one that cannot be made */
#define SERIALS_MAX CS_CRL_MAX
#define ENTRY_LEN 19     /* octets beside its serial number */
#define ENTRIES_MAX (CS_CRL_MAX - 4096) /* octets: the rest is for the head */
#define FEW (CS_CRL_MAX / 5) /* octets left: time to say so */

struct entries {
	int64_t now;
	cs_crl_entry *at;
	size_t n, room;
	size_t octets; /* that they take in a list */
	cs_buf *serials;
	int64_t number; /* of the last list; 0: there was none */
};

static int
grow(struct entries *s, cs_err *e)
{
	size_t room = s->room == 0 ? 64 : 2 * s->room;
	cs_crl_entry *at = realloc(s->at, room * sizeof(*at));

	if (at == NULL)
		return cs_nomem(e, where);
	s->at = at;
	s->room = room;
	return CS_OK;
}

static int
add(struct entries *s, cs_span serial, int64_t revoked, cs_err *e)
{
	size_t at = cs_buf_len(s->serials);
	int rc;

	if (s->n == s->room && (rc = grow(s, e)) != CS_OK)
		return rc;
	s->octets += ENTRY_LEN + serial.n;
	if (s->octets > ENTRIES_MAX ||
	    cs_buf_put(s->serials, serial) != CS_OK)
		return cs_fail_detail(e, CS_EBUG, CS_R_TOO_LARGE, where,
		    "more than %zu certificates were revoked, for which a "
		    "list has no room", s->n);
	s->at[s->n++] = (cs_crl_entry){
	    .serial = cs_span_of(cs_buf_span(s->serials).p + at, serial.n),
	    .revoked = revoked};
	return CS_OK;
}

/* Whoever revoked has a clock that may be ahead: that puts nothing off. */
static int
add_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	struct entries *s = arg;

	return c->kind != COUNTERSIGN_KIND_X509 ? CS_OK : add(s, c->serial,
	    c->ended < s->now ? c->ended : s->now, e);
}

static int
compare(const void *x, const void *y)
{
	const cs_crl_entry *a = x, *b = y;

	return cs_span_order(a->serial, b->serial);
}

/* Of what the list before had, what the store does not tell of any more. */
static int
carry(const cs_issuer *i, struct entries *s, const cs_crl *last,
    size_t *carried, cs_err *e)
{
	int64_t forgets = s->now - i->env.conf->lifetime -
	    i->env.conf->crl_life - LAG;
	size_t n, of_store = s->n;
	cs_crl_entry *here;
	int rc = CS_OK;

	*carried = 0;
	if (of_store != 0)
		qsort(s->at, of_store, sizeof(*s->at), compare);
	for (n = 0; n < last->n && rc == CS_OK; n++) {
		here = of_store == 0 ? NULL : bsearch(&last->at[n], s->at,
		    of_store, sizeof(*s->at), compare);
		if (here != NULL && here->revoked < last->at[n].revoked)
			here->revoked = last->at[n].revoked;
		if (here != NULL || last->at[n].revoked < forgets)
			continue;
		rc = add(s, last->at[n].serial, last->at[n].revoked, e);
		(*carried)++;
	}
	return rc;
}

/* Ours, or after a start the one that the keyholder has kept. */
static int
carry_last(cs_issuer *i, size_t n, int64_t deadline_ms, struct entries *s,
    cs_err *e)
{
	const cs_sign_ops *o = &i->env.signer;
	cs_buf *der = NULL;
	cs_crl *last = NULL;
	bool first = i->crl[n].der == NULL;
	size_t carried = 0;
	int rc = CS_OK;

	if (first && o->last != NULL)
		rc = o->last(o->arg, i->env.ca[n]->key_id, deadline_ms, &der,
		    e);
	else if (!first && (der = cs_buf_dup(cs_buf_span(i->crl[n].der))) ==
	    NULL)
		rc = cs_nomem(e, where);
	if (rc == CS_OK && der != NULL &&
	    (rc = cs_crl_parse(cs_buf_span(der), true, &last, e)) == CS_OK) {
		s->number = last->number;
		rc = carry(i, s, last, &carried, e);
	}
	if (rc == CS_OK && first && carried != 0)
		cs_issuer_log(i, COUNTERSIGN_LOG_WARNING, "the last "
		    "revocation list has %zu certificates that the store does "
		    "not know as revoked: where it was restored, revoke again "
		    "what was revoked since its backup", carried);
	cs_crl_free(&last);
	cs_buf_free(&der);
	return rc;
}

static int
put_body(const cs_issuer *i, size_t n, int64_t number, int64_t now,
    const struct entries *s, cs_buf *out, cs_err *e)
{
	const cs_authority *ca = i->env.ca[n];
	cs_crl c = {.sig_alg = i->alg[n]->sig_alg, .issuer = ca->name,
	    .authority_key_id = ca->key_id, .this_update = now,
	    .next_update = now + i->env.conf->crl_life, .number = number,
	    .n = s->n, .at = s->at};

	return cs_crl_put(&c, out, e);
}

static int
sign(cs_issuer *i, size_t n, cs_span body, int64_t deadline_ms, cs_buf *out,
    cs_err *e)
{
	const cs_sign_ops *o = &i->env.signer;
	cs_buf *sig = cs_buf_new(SIG_MAX);
	int rc;

	if (sig == NULL)
		return cs_nomem(e, where);
	rc = o->sign(o->arg, CS_MSG_SIGN_CRL, i->env.ca[n]->key_id, body,
	    deadline_ms, sig, e);
	cs_stats_signed(i->stats, rc == CS_OK);
	if (rc == CS_OK)
		rc = cs_signed_put(body, i->alg[n]->sig_alg, cs_buf_span(sig),
		    out, e);
	cs_buf_free(&sig);
	return rc;
}

static int
gather(cs_issuer *i, int64_t now, int64_t deadline_ms, struct entries *s,
    cs_err *e)
{
	const cs_server_conf *c = i->env.conf;

	if ((s->serials = cs_buf_new(SERIALS_MAX)) == NULL)
		return cs_nomem(e, where);
	return cs_issued_ended(i->env.store, now - c->lifetime - c->crl_life,
	    deadline_ms, add_claim, s, e);
}

static void
warn_room(const cs_issuer *i, size_t n, size_t octets)
{
	if (CS_CRL_MAX - octets < FEW)
		cs_issuer_log(i, COUNTERSIGN_LOG_ERROR, "a revocation list has "
		    "%zu entries in %zu octets, and %d is the most: beyond it "
		    "none is made", n, octets, CS_CRL_MAX);
}

/* By the clock, but always another: an issuer that starts anew may do so in the
 * second of the last list. */
static int64_t
number_of(const struct entries *s)
{
	int64_t by_clock = s->now * CS_CRL_NUMBERS;

	return s->number >= by_clock && s->number < INT64_MAX ?
	    s->number + 1 : by_clock;
}

static int
make_with(cs_issuer *i, size_t n, int64_t revoked, int64_t now,
    int64_t deadline_ms, const struct entries *s, cs_err *e)
{
	struct cs_crl_kept *k = &i->crl[n];
	int64_t number = number_of(s);
	cs_buf *body = cs_buf_new(CS_CRL_MAX), *out = NULL;
	int rc;

	if ((out = cs_buf_new(CS_CRL_MAX + SIG_MAX)) == NULL || body == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = put_body(i, n, number, now, s, body, e)) == CS_OK)
		rc = sign(i, n, cs_buf_span(body), deadline_ms, out, e);
	if (rc == CS_OK) {
		warn_room(i, s->n, cs_buf_len(body));
		cs_buf_free(&k->der);
		*k = (struct cs_crl_kept){.der = out, .number = number,
		    .made = now, .next = now + i->env.conf->crl_life,
		    .revoked = revoked, .n = s->n};
		out = NULL; /* transferred */
	}
	cs_buf_free(&body);
	cs_buf_free(&out);
	return rc;
}

static int
make(cs_issuer *i, size_t n, int64_t revoked, int64_t now,
    int64_t deadline_ms, cs_err *e)
{
	struct entries s = {.now = now};
	int rc = gather(i, now, deadline_ms, &s, e);

	if (rc == CS_OK)
		rc = carry_last(i, n, deadline_ms, &s, e);
	if (rc == CS_OK)
		rc = make_with(i, n, revoked, now, deadline_ms, &s, e);
	free(s.at);
	cs_buf_free(&s.serials);
	return rc;
}

static bool
is_current(const cs_issuer *i, const struct cs_crl_kept *k, int64_t revoked,
    int64_t now)
{
	return k->der != NULL && revoked == k->revoked && now >= k->made &&
	    now < k->made + i->env.conf->crl_every;
}

static void
note_failure(cs_issuer *i, struct cs_crl_kept *k, const cs_err *why)
{
	k->failed_ms = cs_time_mono_ms();
	k->why = *why;
	cs_issuer_log(i, COUNTERSIGN_LOG_ERROR, "no new revocation list: %s",
	    why->text);
}

/* Whatever is wrong: the last one says what it says until its end. */
static int
bring_up(cs_issuer *i, size_t n, int64_t now, int64_t deadline_ms, cs_err *e)
{
	struct cs_crl_kept *k = &i->crl[n];
	int64_t revoked = 0;
	cs_err why = {0};
	int rc;

	/* Who waited for the lock has looked at the clock before. */
	if (now < k->made && k->made - now < LAG)
		now = k->made;
	if (k->der != NULL && now < k->next && k->failed_ms != 0 &&
	    cs_time_mono_ms() - k->failed_ms < RETRY_MS)
		return CS_OK;
	rc = cs_issued_revoked(i->env.store, deadline_ms, &revoked, &why);
	if (rc == CS_OK && is_current(i, k, revoked, now)) {
		k->failed_ms = 0;
		return CS_OK;
	}
	if (rc == CS_OK && (rc = make(i, n, revoked, now, deadline_ms,
	    &why)) == CS_OK)
		return CS_OK;
	note_failure(i, k, &why);
	if (k->der != NULL && now < k->next)
		return CS_OK;
	*e = why;
	return rc;
}

static int
find(const cs_issuer *i, cs_span key_id, size_t *n, cs_err *e)
{
	*n = 0;
	if (key_id.n == 0)
		return CS_OK;
	for (; *n < i->env.n_ca; (*n)++)
		if (cs_span_eq(i->env.ca[*n]->key_id, key_id))
			return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_BAD_IDENTIFIER, where,
	    "no CA has this key identifier");
}

int
cs_issuer_crl(cs_issuer *i, cs_span key_id, int64_t now, int64_t deadline_ms,
    cs_buf **out, int64_t *number, cs_err *e)
{
	size_t n = 0;
	int rc;

	*out = NULL;
	*number = 0;
	if ((rc = find(i, key_id, &n, e)) != CS_OK)
		return rc;
	(void)pthread_mutex_lock(&i->crl_lock);
	rc = bring_up(i, n, now, cs_issuer_deadline(deadline_ms), e);
	if (rc == CS_OK) {
		*out = cs_buf_dup(cs_buf_span(i->crl[n].der));
		*number = i->crl[n].number;
	}
	(void)pthread_mutex_unlock(&i->crl_lock);
	return rc != CS_OK || *out != NULL ? rc : cs_nomem(e, where);
}

void
cs_issuer_crl_state(cs_issuer *i, cs_crl_state *out)
{
	const struct cs_crl_kept *k;
	size_t n;

	*out = (cs_crl_state){0};
	(void)pthread_mutex_lock(&i->crl_lock);
	out->made = i->crl[0].made;
	out->number = i->crl[0].number;
	for (n = 0; n < i->env.n_ca; n++) {
		k = &i->crl[n];
		if ((int64_t)k->n > out->entries)
			out->entries = (int64_t)k->n;
		if (k->failed_ms == 0)
			continue;
		out->failing++;
		out->why = k->why;
	}
	(void)pthread_mutex_unlock(&i->crl_lock);
}

int
cs_issuer_tick(cs_issuer *i, int64_t now, cs_err *e)
{
	int64_t deadline_ms = cs_issuer_deadline(0), number, swept = 0;
	cs_buf *crl = NULL;
	cs_err why = {0};
	size_t n;
	int rc, first;

	first = cs_pending_sweep(i->env.store, now, deadline_ms, &swept, e);
	for (n = 0; n < i->env.n_ca; n++) {
		rc = cs_issuer_crl(i, i->env.ca[n]->key_id, now, deadline_ms,
		    &crl, &number, &why);
		cs_buf_free(&crl);
		if (rc == CS_OK)
			continue;
		*e = why;
		first = cs_wrap(e, "no revocation list");
	}
	return first;
}
