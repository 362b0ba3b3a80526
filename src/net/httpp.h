/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTPP_H
#define CS_NET_HTTPP_H

#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/types.h>

#include "net/http.h"
#include "net/httpgate.h"

/*
 * How evhttp is kept. It accepts, reads, calls and writes; it has no word in
 * whom it accepts, how long a request may take, or what a request looks like.
 * So each connection has a struct http_conn from the moment evhttp asks for its
 * bufferevent:
 *
 *  - the bufferevent's input has a callback of ours, which sees octets before
 *    evhttp does and passes them by a gate. What the gate refuses is answered
 *    by us, with evhttp's callbacks taken away, and the connection closed;
 *  - one timer, which is also how things are done a little later: the
 *    connection is looked at (address, limits) right after it was accepted and
 *    before anything of it is read.
 *
 * A connection ends in one place, conn_closed(), which evhttp calls.
 */
enum http_phase {
	HTTP_FRESH = 0,  /* accepted, not looked at */
	HTTP_HANDSHAKE,
	HTTP_IDLE,       /* nothing of a request */
	HTTP_READING,
	HTTP_WAITING,    /* the request is whole, its handler is next */
	HTTP_HANDLING,   /* somebody thinks of an answer */
	HTTP_WRITING,
	HTTP_REFUSING    /* evhttp is out of it */
};

LIST_HEAD(http_conns, http_conn);

struct http_conn {
	LIST_ENTRY(http_conn) next;
	struct cs_http *h;
	enum http_phase phase;
	struct bufferevent *bev;         /* a reference of our own */
	struct evhttp_connection *evcon; /* NULL while fresh */
	struct event *timer;
	struct ssl_st *ssl;              /* bev's; NULL: none */
	cs_http_request *r;              /* that is to be answered */
	cs_gate gate;
	int fd;
	unsigned requests;
	bool over;       /* too many as it came */
	bool seated;     /* was looked at, and let in */
	uint64_t since;  /* when its claim to stay began; counts, no clock */
	bool last;       /* closed behind the answer */
	bool is_unix, has_address;
	uint8_t address[16];             /* what is counted: IPv6, of a /64 */
	char name[48];
	cs_buf *cert;
};

struct cs_http_request {
	struct http_conn *c;
	struct evhttp_request *req;
	void *data;
	bool answered;
};

struct cs_http {
	struct event_base *base;
	struct evhttp *evhttp;
	struct event *sweep;
	cs_http_limits limits;
	cs_tls *tls;
	bool draining, ending;
	bool (*admit)(void *arg, cs_span address);
	void (*handle)(void *arg, cs_http_request *r);
	void (*gone)(void *arg, cs_http_request *r);
	void *arg;
	struct http_conns conns;
	size_t n, seated;
	uint64_t rests;
	struct http_conn **by_fd; /* n_fd */
	size_t n_fd;
};

/* NULL: no memory. */
struct http_conn *http_conn_new(struct cs_http *h);
/* Those that evhttp never closes, or never had. */
void http_conn_free(struct http_conn *c);
void http_conn_drop(struct http_conn *c);
/* For evhttp: a request is whole. */
void http_conn_request(struct http_conn *c, struct evhttp_request *req);
/* The answer is with evhttp. */
void http_conn_answering(struct http_conn *c);
/* A look at those that think of an answer: is the client there? */
void http_conn_sweep(struct http_conn *c);
/* httproom.c: a place for one that was looked at, which another may have to give
 * up for it. False: there is none, for all have a request on its way. */
bool http_conn_seat(struct http_conn *c);
/* From now on nothing is wanted of it. */
void http_conn_rests(struct http_conn *c);
/* Are there more of its address than may be? */
bool http_conn_is_crowded(const struct http_conn *c);

/* NULL: not known. */
struct http_conn *http_conn_of(struct cs_http *h, struct evhttp_connection *e);

/* Text of a status; never NULL. */
const char *http_reason(int status);

#endif
