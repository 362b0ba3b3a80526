/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_SERVING_H
#define CS_SERVER_SERVING_H

#include "net/http.h"
#include "net/post.h"
#include "server/asks.h"
#include "server/role.h"

/*
 * What the front and the admin's front have in common: one thread and its loop,
 * with HTTP on one side and the issuer on the other. The loop never waits: who
 * asks too much, or something of an issuer that is not there, hears so.
 */
#define CS_SERVING_ASK_MS 15000   /* an answer later than this comes too late */
#define CS_SERVING_DRAIN_MS 6500  /* less than the master waits */

typedef struct cs_serving_ops {
	/* `told` answers what was asked `about`; or it is NULL, and `why` tells
	 * why no answer comes. Takes `about`. */
	void (*told)(void *arg, void *about, const cs_frame *told,
	    const char *why);
	/* Another configuration, lent; may be NULL. */
	int (*reload)(void *arg, cs_server_conf *conf, cs_err *e);
	/* Limits of HTTP, as this configuration has them. */
	cs_http_limits (*limits)(const cs_server_conf *c);
	/* As of cs_http_env; admit may be NULL. */
	bool (*admit)(void *arg, cs_span address);
	void (*gone)(void *arg, cs_http_request *r);
	void (*handle)(void *arg, cs_http_request *r);
	void *arg;
} cs_serving_ops;

typedef struct cs_serving {
	cs_child *child;
	cs_serving_ops ops;
	cs_loop *loop;
	cs_post *control;
	cs_channel *issuer_channel;
	cs_post *issuer;     /* NULL: there is none now */
	cs_http *http;
	cs_asks *asks;
	cs_watch *ticks, *drains;
	int64_t next_alive, stop_ms; /* stop_ms: 0: it was not told to */
	int64_t lost_ms;     /* since when there is no issuer; 0: there is one,
			      * or never was */
	unsigned lost;       /* lines of log */
	int rc;
	cs_err e;
} cs_serving;

/* In this order; the first before anything is opened. */
CS_USE int cs_serving_begin(cs_serving *s, cs_child *c,
    const cs_serving_ops *ops, cs_err *e);
/* To its user, into the sandbox, and up: HTTP on the child's sockets, over this
 * TLS (NULL: none, borrowed). */
CS_USE int cs_serving_open(cs_serving *s, cs_tls *tls, cs_err *e);
/* Until it is told to end, and is done. */
CS_USE int cs_serving_run(cs_serving *s, cs_err *e);
void cs_serving_end(cs_serving *s);

/* Takes `about` when it returns CS_OK: ops.told() gets it then, later and once.
 * Otherwise CS_ETIMEOUT: too much is asked already, or CS_EIO: there is no
 * issuer now. */
CS_USE int cs_serving_ask(cs_serving *s, const cs_frame *f, void *about,
    int64_t deadline_ms, cs_err *e);
/* A line of log, when the master reads; `level` as of cs_say(). */
void cs_serving_say(cs_serving *s, int level, const char *fmt, ...)
    CS_PRINTF(3, 4);

#endif
