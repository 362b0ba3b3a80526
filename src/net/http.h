/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTP_H
#define CS_NET_HTTP_H

#include "net/listen.h"
#include "net/loop.h"
#include "net/tls.h"

/*
 * An HTTP/1.1 server on sockets that listen (libevent's evhttp, over TCP or
 * unix sockets, with or without TLS). A handler is called in the loop's thread
 * with the whole request; it answers now or later, once. What breaks a limit is
 * answered here, with a text, and never reaches a handler; so is what is no
 * HTTP/1.1 in its one strict form (net/httpgate.h). The limits are this
 * process's own.
 */
typedef struct cs_http cs_http;
typedef struct cs_http_request cs_http_request;

typedef struct cs_http_limits { /* 0: the default in parentheses */
	size_t max_body;        /* (256 KiB) 413 */
	size_t max_headers;     /* (16 KiB) 431 */
	int64_t idle_ms;        /* (60 s) between requests */
	int64_t read_ms;        /* (10 s) for a request, from its first byte */
	int64_t handshake_ms;   /* (5 s) TLS */
	/* (1024) For one more the one that has rested longest is closed, first
	 * those that never sent a whole request; or, where each has a request
	 * on its way, the one that came. */
	size_t max_connections;
	size_t max_per_address; /* (64) of one address; IPv6: of one /64 */
	size_t max_requests;    /* (1000) of one connection */
} cs_http_limits;

typedef struct cs_http_env {
	const cs_http_limits *limits; /* NULL: all defaults */
	cs_tls *tls;        /* NULL: none; borrowed for the server's life */
	/* Before anything is read of a connection, or spent on its TLS; false
	 * closes it. "" over a unix socket. May be NULL. */
	bool (*admit)(void *arg, cs_span address);
	void (*handle)(void *arg, cs_http_request *r);
	/* The connection went before the answer: forget r; may be NULL. It is
	 * noticed within a second or so; over TCP without TLS, when it was
	 * reset. */
	void (*gone)(void *arg, cs_http_request *r);
	void *arg;
} cs_http_env;

/* Takes the sockets, also when it fails. SIGPIPE is ignored from now on. */
CS_USE int cs_http_new(cs_loop *l, const cs_http_env *env, const int *fds,
    size_t n, cs_http **out, cs_err *e);
/* Other certificates from now on, for new connections; t is borrowed. */
void cs_http_set_tls(cs_http *h, cs_tls *t);
/* Other limits from now on; for requests of new connections those of size. */
void cs_http_set_limits(cs_http *h, const cs_http_limits *limits);
/* No new connections; those that are open get their answers, with
 * "Connection: close". */
void cs_http_drain(cs_http *h);
size_t cs_http_connections(const cs_http *h);
/* Closes all; who waits for an answer is gone(). Not from a handler. */
void cs_http_free(cs_http **h);

/* Of a request; all lent until it was answered. */
const char *cs_http_method(const cs_http_request *r);   /* "POST" */
cs_span cs_http_path(const cs_http_request *r);  /* raw, without "?..." */
cs_span cs_http_query(const cs_http_request *r); /* absent: none */
/* The one value of a header; absent: not there. CS_EFORMAT: there twice. */
CS_USE int cs_http_header(const cs_http_request *r, const char *name,
    cs_span *out, cs_err *e);
cs_span cs_http_body(const cs_http_request *r);
cs_span cs_http_address(const cs_http_request *r); /* "192.0.2.7", "" unix */
bool cs_http_is_unix(const cs_http_request *r, cs_peer *out);
/* Its peer was in this group, too; false for who came otherwise. */
bool cs_http_peer_is_in(const cs_http_request *r, gid_t group);
/* The client's certificate as TLS has checked it, DER; absent: none. */
cs_span cs_http_client_cert(const cs_http_request *r);

typedef struct cs_http_field {
	const char *name;
	const char *value; /* no control characters: such a header is dropped */
} cs_http_field;
typedef struct cs_http_answer { /* borrows, for the call */
	int status;
	const char *type;  /* Content-Type; NULL: no body */
	cs_span body;
	const cs_http_field *fields;
	size_t n_fields;
	bool close;
} cs_http_answer;
/* Exactly once a request, unless it is gone. Out of memory: 500, closed. */
void cs_http_answer_send(cs_http_request *r, const cs_http_answer *a);
/* For the handler's own use. */
void cs_http_set_data(cs_http_request *r, void *data);
void *cs_http_data(const cs_http_request *r);

#endif
