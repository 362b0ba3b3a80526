/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/enc.h"
#include "crypt/hash.h"
#include "issue/bundle.h"
#include "issue/wit.h"
#include "server/issuerp.h"
#include "store/issued.h"

static const char where[] = "server/issuer";

#define LOG_MAX 4096
#define REFRESH 3600 /* seconds after which readers of the bundle come again */

void
cs_issuer_log(const cs_issuer *i, int level, const char *fmt, ...)
{
	char text[LOG_MAX];
	va_list ap;

	if (i->env.log == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	i->env.log(i->env.log_arg, level, text);
}

static int
take_cas(cs_issuer *i, cs_err *e)
{
	size_t n;

	if (i->env.n_ca == 0 || i->env.n_ca > CS_CONF_CAS_MAX ||
	    i->env.n_wit > CS_CONF_CAS_MAX)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected 1 to %d CAs and at most as many WIT keys, found "
		    "%zu and %zu", CS_CONF_CAS_MAX, i->env.n_ca,
		    i->env.n_wit);
	for (n = 0; n < i->env.n_ca; n++) {
		i->alg[n] = cs_alg_for_key(i->env.ca[n]->key.kind,
		    CS_USE_PKCS10);
		if (i->alg[n] == NULL ||
		    i->env.ca[n]->key.kind == CS_KEY_ED25519)
			return cs_fail(e, CS_EUSAGE, where,
			    "a CA's key of another kind");
	}
	return CS_OK;
}

static int
take_wits(cs_issuer *i, cs_err *e)
{
	size_t n;
	int rc;

	for (n = 0; n < i->env.n_wit; n++)
		if ((rc = cs_jwk_thumbprint(&i->env.wit[n], i->kid[n], e)) !=
		    CS_OK)
			return rc;
	return CS_OK;
}

/* Each CA has a list of its own, by its key identifier. */
static int
take_crl_url(cs_issuer *i, cs_err *e)
{
	const char *url = i->env.conf->crl_url;
	cs_span id = i->env.ca[0]->key_id;

	if (url == NULL)
		return CS_OK;
	i->crl_url = cs_buf_new(cs_span_str(url).n + 2 * id.n + 1);
	if (i->crl_url == NULL || cs_buf_put_str(i->crl_url, url) != CS_OK ||
	    cs_buf_put_byte(i->crl_url, '/') != CS_OK ||
	    cs_hex_put(i->crl_url, id) != CS_OK)
		return cs_nomem(e, where);
	return CS_OK;
}

static int
put_bundle(const cs_bundle *b, cs_buf **out, cs_err *e)
{
	int rc;

	if ((*out = cs_buf_new(CS_BUNDLE_LEN_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_bundle_put(b, *out, e)) != CS_OK)
		cs_buf_free(out);
	return rc;
}

/* The store knows what the last one was, and its number. */
static int
number_bundle(const cs_issuer *i, cs_bundle *b, int64_t now, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_buf *first = NULL;
	int rc;

	b->sequence = 1;
	if ((rc = put_bundle(b, &first, e)) == CS_OK &&
	    (rc = cs_sha256(cs_buf_span(first), hash, e)) == CS_OK)
		rc = cs_issued_number(i->env.store, "bundle",
		    cs_span_of(hash, sizeof(hash)), now,
		    cs_issuer_deadline(0), &b->sequence, e);
	cs_buf_free(&first);
	return rc;
}

static int
make_bundle(cs_issuer *i, int64_t now, cs_err *e)
{
	cs_bundle b = {.refresh = REFRESH, .n_certs = i->env.n_ca,
	    .n_keys = i->env.n_wit};
	size_t n;
	int rc;

	for (n = 0; n < b.n_certs; n++)
		b.certs[n] = i->env.ca[n]->der;
	for (n = 0; n < b.n_keys; n++) {
		b.keys[n] = i->env.wit[n];
		(void)snprintf(b.kids[n], sizeof(b.kids[n]), "%s",
		    i->kid[n]);
	}
	if ((rc = number_bundle(i, &b, now, e)) != CS_OK)
		return cs_wrap(e, "the bundle's number");
	i->sequence = b.sequence;
	return put_bundle(&b, &i->bundle, e);
}

int
cs_issuer_new(const cs_issuer_env *env, int64_t now, cs_issuer **out,
    cs_err *e)
{
	cs_issuer *i = calloc(1, sizeof(*i));
	int rc;

	*out = NULL;
	if (i == NULL)
		return cs_nomem(e, where);
	(void)pthread_mutex_init(&i->crl_lock, NULL);
	(void)pthread_mutex_init(&i->limits_lock, NULL);
	i->env = *env;
	i->plug = (cs_plug){env->plugin, env->instance};
	i->limits = env->conf->limits;
	if ((rc = cs_stats_new(&i->stats, e)) == CS_OK &&
	    (rc = take_cas(i, e)) == CS_OK &&
	    (rc = take_wits(i, e)) == CS_OK &&
	    (rc = take_crl_url(i, e)) == CS_OK &&
	    (rc = make_bundle(i, now, e)) == CS_OK) {
		*out = i;
		i = NULL; /* transferred */
	}
	cs_issuer_free(&i);
	return rc;
}

void
cs_issuer_free(cs_issuer **ip)
{
	cs_issuer *i;
	size_t n;

	if (ip == NULL || (i = *ip) == NULL)
		return;
	for (n = 0; n < CS_CONF_CAS_MAX; n++)
		cs_buf_free(&i->crl[n].der);
	cs_buf_free(&i->crl_url);
	cs_buf_free(&i->bundle);
	cs_stats_free(&i->stats);
	(void)pthread_mutex_destroy(&i->crl_lock);
	(void)pthread_mutex_destroy(&i->limits_lock);
	free(i);
	*ip = NULL;
}

int
cs_issuer_bundle(cs_issuer *i, cs_buf **out, int64_t *number, cs_err *e)
{
	*number = i->sequence;
	if ((*out = cs_buf_dup(cs_buf_span(i->bundle))) == NULL)
		return cs_nomem(e, where);
	return CS_OK;
}

void
cs_issuer_limits(cs_issuer *i, const cs_conf_limits *limits)
{
	(void)pthread_mutex_lock(&i->limits_lock);
	i->limits = *limits;
	(void)pthread_mutex_unlock(&i->limits_lock);
}

cs_conf_limits
cs_issuer_limits_now(cs_issuer *i)
{
	cs_conf_limits l;

	(void)pthread_mutex_lock(&i->limits_lock);
	l = i->limits;
	(void)pthread_mutex_unlock(&i->limits_lock);
	return l;
}

void
cs_issuer_took(cs_issuer *i, int64_t micros)
{
	cs_stats_took(i->stats, micros);
}
