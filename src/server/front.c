/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include <countersign/verifier.h>

#include "crypt/hash.h"
#include "server/frontp.h"

/*
 * A front as a process: TLS and HTTP for whoever comes. It has no key but that
 * of its TLS certificate, no store, opens no file, and makes no connection; what
 * it is asked for it asks the issuer.
 */

/* Connections: more than requests, so that who is too fast hears 429. */
#define CONNECTIONS 4

static int
new_rate(const cs_conf_limits *l, int64_t times, cs_rate **out, cs_err *e)
{
	cs_rate_env env = {.per_second = (double)(times * l->per_second),
	    .burst = l->burst < 1 ? 1.0 : (double)(times * l->burst)};
	int rc = cs_random(env.secret, sizeof(env.secret), e);

	return rc == CS_OK ? cs_rate_new(&env, out, e) : rc;
}

static void
free_rates(cs_front *f)
{
	cs_rate_free(&f->by_address);
	cs_rate_free(&f->by_cert);
	cs_rate_free(&f->connections);
}

static int
set_rates(cs_front *f, const cs_conf_limits *l, cs_err *e)
{
	cs_front with = {.tls = NULL};
	int rc;

	if ((rc = new_rate(l, 1, &with.by_address, e)) == CS_OK &&
	    (rc = new_rate(l, 1, &with.by_cert, e)) == CS_OK &&
	    (rc = new_rate(l, CONNECTIONS, &with.connections, e)) ==
	    CS_OK) {
		free_rates(f);
		f->by_address = with.by_address;
		f->by_cert = with.by_cert;
		f->connections = with.connections;
	} else {
		free_rates(&with);
	}
	return rc;
}

static cs_http_limits
limits(const cs_server_conf *c)
{
	const cs_conf_limits *l = &c->limits;

	return (cs_http_limits){.max_body = (size_t)l->body,
	    .max_headers = (size_t)l->headers,
	    .max_connections = (size_t)l->connections,
	    .max_per_address = (size_t)l->per_address};
}

/* What of the configuration the pages look at, and may change. */
static void
take_conf(cs_server_conf *ours, cs_server_conf *conf)
{
	ours->clients = conf->clients;
	ours->tls12 = conf->tls12;
	free(ours->client_ca);
	ours->client_ca = conf->client_ca;
	conf->client_ca = NULL; /* transferred */
}

/* Where one file is bad, the ones before stay, all of them. */
static int
reload(void *arg, cs_server_conf *conf, cs_err *e)
{
	cs_front *f = arg;
	cs_tls *tls = NULL;
	int rc;

	if ((rc = cs_front_tls(f->s.child, conf, &tls, e)) != CS_OK)
		return rc;
	if (tls != NULL) {
		cs_http_set_tls(f->s.http, tls);
		cs_tls_free(&f->tls);
		f->tls = tls;
		take_conf(f->s.child->conf, conf);
	}
	return set_rates(f, &conf->limits, e);
}

static int
start(cs_front *f, cs_child *c, cs_err *e)
{
	const cs_serving_ops ops = {.told = cs_front_told, .reload = reload,
	    .limits = limits, .admit = cs_front_admit, .gone = cs_front_gone, .handle = cs_front_handle, .arg = f};
	int rc;

	f->web.conf = c->conf;
	if ((rc = cs_serving_begin(&f->s, c, &ops, e)) != CS_OK ||
	    (rc = cs_front_tls(c, c->conf, &f->tls, e)) != CS_OK ||
	    (rc = cs_front_cas(f, e)) != CS_OK ||
	    (rc = set_rates(f, &c->conf->limits, e)) != CS_OK)
		return rc;
	if (f->tls == NULL)
		return cs_fail(e, CS_EIO, "server/front",
		    "no TLS certificate was given");
	return cs_serving_open(&f->s, f->tls, e);
}

int
cs_front_run(cs_child *c)
{
	cs_front f = {.tls = NULL};
	cs_err e = {0};
	size_t i;
	int rc;

	if ((rc = start(&f, c, &e)) == CS_OK)
		rc = cs_serving_run(&f.s, &e);
	cs_serving_end(&f.s);
	if (rc != CS_OK)
		cs_say(c->control, COUNTERSIGN_LOG_ERROR, "%s", e.text);
	cs_tls_free(&f.tls);
	free_rates(&f);
	for (i = 0; i < CS_CONF_CAS_MAX; i++)
		cs_buf_free(&f.ca[i]);
	return -rc;
}
