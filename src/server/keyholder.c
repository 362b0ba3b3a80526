/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include "crypt/hash.h"
#include "net/rate.h"
#include "server/holdkeys.h"
#include "server/msg.h"

#define KEYS_MAX (2 * CS_CONF_CAS_MAX)
#define SIG_MAX 1024
#define REOPEN_MS 5000 /* between tries to find a token again */

struct cs_keyholder {
	const cs_server_conf *conf;
	cs_keys_env env;
	int64_t reopened_ms; /* 0: never */
	bool locked;         /* a token took no PIN of ours: leave it */
	cs_held ca[CS_CONF_CAS_MAX], wit[CS_CONF_CAS_MAX];
	size_t n_ca, n_wit;
	cs_spki keys[KEYS_MAX];
	size_t n_keys;
	cs_rate *rate;
	cs_buf *sig;
	cs_err err;          /* of the last question */
	cs_msg_room room;
};

static int
open_rate(cs_keyholder *k, cs_err *e)
{
	cs_rate_env env = {
		.per_second = (double)k->conf->limits.signatures,
		.burst = 2 * (double)k->conf->limits.signatures,
		.entries = 1,
	};
	int ret;

	if (k->conf->limits.signatures < 1)
		return cs_fail(e, CS_EUSAGE, "keyholder",
		    "limits { signatures }: expected at least 1");
	if ((ret = cs_random(env.secret, sizeof(env.secret), e)) != CS_OK)
		return ret;
	return cs_rate_new(&env, &k->rate, e);
}

static int
open_cas(cs_keyholder *k, const cs_keys_env *env, cs_err *e)
{
	cs_held *h;
	int ret;

	for (k->n_ca = 0; k->n_ca < k->conf->n_ca; k->n_ca++) {
		h = &k->ca[k->n_ca];
		if ((ret = cs_held_ca(&k->conf->ca[k->n_ca],
			 cs_span_str(k->conf->trust_domain), env, h, e)) !=
			CS_OK ||
		    (ret = cs_list_load(k->conf->state, h, e)) != CS_OK)
			return ret;
		k->keys[k->n_keys++] = h->spki;
	}
	return CS_OK;
}

static int
open_wits(cs_keyholder *k, const cs_keys_env *env, cs_err *e)
{
	cs_held *h;
	int ret;

	for (k->n_wit = 0; k->n_wit < k->conf->n_wit; k->n_wit++) {
		h = &k->wit[k->n_wit];
		if ((ret = cs_held_wit(&k->conf->wit[k->n_wit], env, h, e)) !=
		    CS_OK)
			return ret;
		k->keys[k->n_keys++] = h->spki;
	}
	return CS_OK;
}

/* A key that serves two purposes could be made to sign one as the other; CAs of
 * one identifier would share a list. */
static int
keys_differ(const cs_keyholder *k, cs_err *e)
{
	size_t i, j;

	for (i = 0; i < k->n_keys; i++)
		for (j = 0; j < i; j++)
			if (cs_span_eq(k->keys[i].der, k->keys[j].der))
				return cs_fail(e, CS_EFORMAT, "keyholder",
				    "two of the configured keys are one");
	for (i = 0; i < k->n_ca; i++)
		for (j = 0; j < i; j++)
			if (cs_span_eq(k->ca[i].cert->key_id,
			    k->ca[j].cert->key_id))
				return cs_fail(e, CS_EFORMAT, "keyholder",
				    "two CAs have one key identifier");
	return CS_OK;
}

int
cs_keyholder_new(const cs_server_conf *conf, const cs_keys_env *env,
    cs_keyholder **out, cs_err *e)
{
	cs_keyholder *k = calloc(1, sizeof(*k));
	int ret;

	*out = NULL;
	if (k == NULL)
		return cs_nomem(e, "keyholder");
	k->conf = conf;
	k->env = *env;
	k->sig = cs_buf_new(SIG_MAX);
	ret = k->sig == NULL ? cs_nomem(e, "keyholder") : open_rate(k, e);
	if (ret == CS_OK)
		ret = open_cas(k, env, e);
	if (ret == CS_OK)
		ret = open_wits(k, env, e);
	if (ret == CS_OK)
		ret = keys_differ(k, e);
	if (ret != CS_OK)
		cs_keyholder_free(&k);
	*out = k;
	return ret;
}

void
cs_keyholder_free(cs_keyholder **kp)
{
	cs_keyholder *k = *kp;
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < CS_CONF_CAS_MAX; i++) {
		cs_held_close(&k->ca[i]);
		cs_held_close(&k->wit[i]);
	}
	cs_rate_free(&k->rate);
	cs_buf_free(&k->sig);
	free(k);
	*kp = NULL;
}

static cs_allow
allow_of(const cs_keyholder *k, int64_t now)
{
	cs_allow a = {
		.trust_domain = cs_span_str(k->conf->trust_domain),
		.lifetime = k->conf->lifetime,
		.crl_life = k->conf->crl_life,
		.crl_url = cs_span_str(k->conf->crl_url),
		.keys = k->keys,
		.n_keys = k->n_keys,
		.now = now,
	};

	return a;
}

static int
find_ca(cs_keyholder *k, cs_span key_id, cs_held **out, cs_err *e)
{
	size_t i;

	for (i = 0; i < k->n_ca; i++)
		if (cs_span_eq(k->ca[i].cert->key_id, key_id)) {
			*out = &k->ca[i];
			return CS_OK;
		}
	return cs_fail(e, CS_EREFUSED, "keyholder", "no CA has this key");
}

static int
find_wit(cs_keyholder *k, cs_span kid, cs_held **out, cs_err *e)
{
	size_t i;

	for (i = 0; i < k->n_wit; i++)
		if (cs_span_is(kid, k->wit[i].kid)) {
			*out = &k->wit[i];
			return CS_OK;
		}
	return cs_fail(e, CS_EREFUSED, "keyholder",
	    "no key for WITs has this kid");
}

static int
not_retired(const cs_held *h, cs_err *e)
{
	return h->retired ? cs_fail(e, CS_EREFUSED, "keyholder",
	    "this key has retired") : CS_OK;
}

static int
sign_cert(cs_keyholder *k, const cs_allow *a, cs_span key_id, cs_span body,
    cs_err *e)
{
	cs_held *h = NULL;
	int ret;

	if ((ret = find_ca(k, key_id, &h, e)) != CS_OK ||
	    (ret = not_retired(h, e)) != CS_OK ||
	    (ret = cs_allow_cert(a, h->cert, body, e)) != CS_OK)
		return ret;
	return cs_held_sign(h, body, k->sig, e);
}

static int
sign_wit(cs_keyholder *k, const cs_allow *a, cs_span kid, cs_span input,
    cs_err *e)
{
	cs_held *h = NULL;
	int ret;

	if ((ret = find_wit(k, kid, &h, e)) != CS_OK ||
	    (ret = not_retired(h, e)) != CS_OK ||
	    (ret = cs_allow_wit(a, kid, input, e)) != CS_OK)
		return ret;
	return cs_held_sign(h, input, k->sig, e);
}

static int
sign_crl(cs_keyholder *k, const cs_allow *a, cs_span key_id, cs_span body,
    cs_err *e)
{
	cs_held *h = NULL;
	int ret;

	if ((ret = find_ca(k, key_id, &h, e)) != CS_OK ||
	    (ret = cs_allow_crl(a, h->cert, h->last, body, e)) != CS_OK ||
	    (ret = cs_held_sign(h, body, k->sig, e)) != CS_OK)
		return ret;
	return cs_list_keep(k->conf->state, h, body, cs_buf_span(k->sig), e);
}

static void
close_tokens(cs_held *h, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cs_held_is_token(&h[i]))
			cs_key_close(&h[i].key);
}

static int
open_tokens(cs_keyholder *k, cs_held *h, size_t n, cs_err *e)
{
	size_t i;
	int ret;

	for (i = 0; i < n; i++)
		if (cs_held_is_token(&h[i]) &&
		    (ret = cs_held_reopen(&h[i], &k->env, e)) != CS_OK)
			return ret;
	return CS_OK;
}

/* A token that was taken out, or whose module lost it, may be there again. A
 * PIN that was refused is not tried twice: it would lock the token. */
static bool
revive(cs_keyholder *k, int64_t mono_ms, cs_err *e)
{
	int ret;

	if (k->locked || (k->reopened_ms != 0 &&
	    mono_ms - k->reopened_ms < REOPEN_MS))
		return false;
	k->reopened_ms = mono_ms;
	close_tokens(k->ca, k->n_ca);
	close_tokens(k->wit, k->n_wit);
	if ((ret = open_tokens(k, k->ca, k->n_ca, e)) == CS_OK)
		ret = open_tokens(k, k->wit, k->n_wit, e);
	k->locked = ret == CS_EAUTH;
	return ret == CS_OK;
}

static int
sign_as_asked(cs_keyholder *k, const cs_frame *ask, int64_t now, cs_err *e)
{
	cs_allow a = allow_of(k, now);

	switch (ask->type) {
	case CS_MSG_SIGN_CERT:
		return sign_cert(k, &a, ask->part[0], ask->part[1], e);
	case CS_MSG_SIGN_WIT:
		return sign_wit(k, &a, ask->part[0], ask->part[1], e);
	case CS_MSG_SIGN_CRL:
		return sign_crl(k, &a, ask->part[0], ask->part[1], e);
	default:
		return cs_fail(e, CS_EFORMAT, "keyholder",
		    "a question of another kind");
	}
}

static int
sign(cs_keyholder *k, const cs_frame *ask, int64_t now, int64_t mono_ms,
    cs_err *e)
{
	int64_t wait = 0;
	int ret;

	if (ask->n != 2)
		return cs_fail(e, CS_EFORMAT, "keyholder",
		    "a question has a key and a body");
	if (!cs_rate_take(k->rate, cs_span_str("all"), mono_ms, &wait))
		return cs_fail(e, CS_ETIMEOUT, "keyholder",
		    "more signatures a second than limits { signatures }");
	ret = sign_as_asked(k, ask, now, e);
	if (ret != CS_EDEVICE || !revive(k, mono_ms, e))
		return ret;
	cs_buf_reset(k->sig);
	cs_err_clear(e);
	return sign_as_asked(k, ask, now, e);
}

static void
tell_keys(const cs_keyholder *k, cs_frame *answer)
{
	const cs_held *h;
	size_t i, n = 0;

	answer->type = CS_MSG_KEYS_ARE;
	for (i = 0; i < k->n_ca; i++) {
		h = &k->ca[i];
		answer->part[n++] = cs_span_str(h->retired ? "retired" : "ca");
		answer->part[n++] = h->cert->der;
	}
	for (i = 0; i < k->n_wit; i++) {
		h = &k->wit[i];
		answer->part[n++] = cs_span_str(h->retired ? "retired-wit" :
		    "wit");
		answer->part[n++] = h->spki.der;
	}
	answer->n = n;
}

/* What a store that was restored has forgotten stands here. */
static int
tell_last(cs_keyholder *k, cs_span key_id, cs_frame *answer)
{
	cs_held *h = NULL;
	int ret = find_ca(k, key_id, &h, &k->err);

	if (ret != CS_OK)
		return ret;
	answer->type = CS_MSG_LAST_CRL_IS;
	answer->n = 1;
	answer->part[0] = h->last == NULL ? cs_span_of("", 0) :
	    cs_buf_span(h->last->own);
	return CS_OK;
}

static void
tell_refusal(cs_keyholder *k, int cls, cs_frame *answer)
{
	answer->type = CS_MSG_NOT_SIGNED;
	answer->n = 2;
	answer->part[0] = cs_frame_number(-cls, k->room.number[0]);
	answer->part[1] = cs_span_str(k->err.text);
}

void
cs_keyholder_answer(cs_keyholder *k, const cs_frame *ask, int64_t now,
    int64_t mono_ms, cs_frame *answer)
{
	int ret;

	*answer = (cs_frame){.id = ask->id, .fd = -1};
	cs_buf_reset(k->sig);
	cs_err_clear(&k->err);
	if (ask->type == CS_MSG_KEYS && ask->n == 0) {
		tell_keys(k, answer);
		return;
	}
	ret = ask->type == CS_MSG_LAST_CRL && ask->n == 1 ?
	    tell_last(k, ask->part[0], answer) :
	    sign(k, ask, now, mono_ms, &k->err);
	if (ret != CS_OK)
		tell_refusal(k, ret, answer);
	if (ret != CS_OK || ask->type == CS_MSG_LAST_CRL)
		return;
	answer->type = CS_MSG_SIGNED;
	answer->n = 1;
	answer->part[0] = cs_buf_span(k->sig);
}
