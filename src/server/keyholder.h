/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_KEYHOLDER_H
#define CS_SERVER_KEYHOLDER_H

#include "issue/authority.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "keys/keys.h"
#include "net/frame.h"
#include "server/conf.h"

/*
 * What the CA's keys sign: this list and nothing else. Each body is parsed anew
 * from its bytes; the signature is verified before it leaves (an allocation
 * that failed within OpenSSL can spoil one).
 */
typedef struct cs_allow { /* borrows; what the keyholder itself knows */
	cs_span trust_domain;
	int64_t lifetime;       /* the cap, seconds; notAfter - notBefore */
	int64_t crl_life;       /* nextUpdate - thisUpdate at most */
	cs_span crl_url;        /* absent: certificates have none; of each CA it
				 * goes on with "/" and its key's identifier */
	const cs_spki *keys;    /* its own, of CAs and for WITs: no agent's */
	size_t n_keys;
	int64_t now;
} cs_allow;

/* All of these are CS_EREFUSED, or CS_EFORMAT of what does not parse. */
/* notBefore within [now - lifetime, now + five minutes], start and end within
 * the CA's own time, no longer than the cap; issuer = the CA's name, its key
 * identifier, its algorithm; identifier in the trust domain; none of our own
 * keys. */
CS_USE int cs_allow_cert(const cs_allow *a, const cs_authority *ca,
    cs_span body, cs_err *e);
/* kid = that key's; iat as notBefore above; sub in the trust domain. */
CS_USE int cs_allow_wit(const cs_allow *a, cs_span kid, cs_span signing_input,
    cs_err *e);
/* The CA's name, identifier and algorithm; the number grows, but not above what
 * a list of five minutes from now may have; thisUpdate not before the last
 * one's and within five minutes of now, nextUpdate within crl_life of it; no
 * entry later than five minutes from now; every entry of `last` (NULL: none)
 * that was revoked less than `lifetime` plus one crl_life ago is still there,
 * with its time or a later one that is not to come. */
CS_USE int cs_allow_crl(const cs_allow *a, const cs_authority *ca,
    const cs_crl *last, cs_span body, cs_err *e);

typedef struct cs_keyholder cs_keyholder;
/* Opens every key of the configuration; a certificate that is not its key's, a
 * WIT key that is not P-256, one key in two places, two CAs of one identifier,
 * and a rate of none are refused. The last CRL of each CA is read from
 * conf->state and kept there (written before its signature leaves). What `env`
 * points to has to outlive it: a token that went is opened again, when it is
 * asked for and at most every five seconds. */
CS_USE int cs_keyholder_new(const cs_server_conf *conf, const cs_keys_env *env,
    cs_keyholder **out, cs_err *e);
void cs_keyholder_free(cs_keyholder **k);
/* One question, one answer: whatever is none of its kinds, breaks a rule or the
 * rate, or goes wrong, is answered CS_MSG_NOT_SIGNED. `answer` borrows until
 * the next call. */
void cs_keyholder_answer(cs_keyholder *k, const cs_frame *ask, int64_t now,
    int64_t mono_ms, cs_frame *answer);

#endif
