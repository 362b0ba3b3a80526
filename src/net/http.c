/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/http.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/listener.h>

#include "net/httpp.h"
#include "net/loopp.h"

static const char where[] = "net/http";

#define SWEEP_MS 1000

static size_t
size_or(size_t v, size_t otherwise)
{
	return v != 0 ? v : otherwise;
}

static int64_t
ms_or(int64_t v, int64_t otherwise)
{
	return v != 0 ? v : otherwise;
}

static void
set_limits(cs_http_limits *l, const cs_http_limits *given)
{
	static const cs_http_limits none = {0};
	const cs_http_limits *g = given != NULL ? given : &none;

	l->max_body = size_or(g->max_body, 256 * (size_t)1024);
	l->max_headers = size_or(g->max_headers, 16 * (size_t)1024);
	l->idle_ms = ms_or(g->idle_ms, 60000);
	l->read_ms = ms_or(g->read_ms, 10000);
	l->handshake_ms = ms_or(g->handshake_ms, 5000);
	l->max_connections = size_or(g->max_connections, 1024);
	l->max_per_address = size_or(g->max_per_address, 64);
	l->max_requests = size_or(g->max_requests, 1000);
}

/* evhttp asks for the bufferevent of a connection that it has accepted. With
 * NULL it would make one itself, without TLS: what comes over such a
 * connection is refused by on_request. */
static struct bufferevent *
on_accepted(struct event_base *base, void *arg)
{
	struct http_conn *c = http_conn_new(arg);

	(void)base;
	return c != NULL ? c->bev : NULL;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct evhttp_connection *e = evhttp_request_get_connection(req);
	struct http_conn *c = http_conn_of(arg, e);

	if (c == NULL)
		evhttp_send_error(req, 503, NULL);
	else
		http_conn_request(c, req);
}

static void
listening(struct evhttp_bound_socket *b, void *arg)
{
	(void)arg;
	(void)evconnlistener_enable(evhttp_bound_socket_get_listener(b));
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct cs_http *h = arg;
	struct http_conn *c, *next;

	(void)fd;
	(void)what;
	for (c = LIST_FIRST(&h->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		if (c->phase == HTTP_HANDLING)
			http_conn_sweep(c);
	}
	if (!h->draining)
		evhttp_foreach_bound_socket(h->evhttp, listening, NULL);
}

/* No descriptors left, or no memory: until the next sweep, for the queue would
 * wake us again and again. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
	(void)arg;
	(void)evconnlistener_disable(l);
}

/* evhttp ends the process when it is given a family that it cannot name. */
static bool
is_ours(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t n = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
	    (a.ss_family == AF_INET || a.ss_family == AF_INET6 ||
	    a.ss_family == AF_UNIX);
}

static int
listen_on(struct cs_http *h, int fd, cs_err *e)
{
	struct evhttp_bound_socket *b = NULL;

	if (!is_ours(fd)) {
		(void)close(fd);
		return cs_fail(e, CS_EUSAGE, where,
		    "neither a TCP nor a unix socket");
	}
	if ((b = evhttp_accept_socket_with_handle(h->evhttp, fd)) == NULL) {
		(void)close(fd);
		return cs_fail(e, CS_EIO, where, "cannot listen");
	}
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(b),
	    on_accept_error);
	return CS_OK;
}

static int
set_up(struct cs_http *h, cs_err *e)
{
	const struct timeval every = {SWEEP_MS / 1000, SWEEP_MS % 1000 * 1000};

	h->evhttp = evhttp_new(h->base);
	h->sweep = event_new(h->base, -1, EV_PERSIST, on_sweep, h);
	if (h->evhttp == NULL || h->sweep == NULL ||
	    event_add(h->sweep, &every) != 0)
		return cs_nomem(e, where);
	evhttp_set_default_content_type(h->evhttp, NULL);
	/* The gate knows the methods; whose they are, the handler. */
	evhttp_set_allowed_methods(h->evhttp, EVHTTP_REQ_GET |
	    EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
	    EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS);
	evhttp_set_bevcb(h->evhttp, on_accepted, h);
	evhttp_set_gencb(h->evhttp, on_request, h);
	return CS_OK;
}

int
cs_http_new(cs_loop *l, const cs_http_env *env, const int *fds, size_t n,
    cs_http **out, cs_err *e)
{
	struct cs_http *h = calloc(1, sizeof(*h));
	size_t i = 0;
	int rc;

	*out = NULL;
	if (h == NULL) {
		rc = cs_nomem(e, where);
		goto out;
	}
	LIST_INIT(&h->conns);
	h->base = cs_loop_base(l);
	set_limits(&h->limits, env->limits);
	h->tls = env->tls;
	h->admit = env->admit;
	h->handle = env->handle;
	h->gone = env->gone;
	h->arg = env->arg;
	/* Who closes early is no reason to die. */
	(void)signal(SIGPIPE, SIG_IGN);
	rc = set_up(h, e);
	while (rc == CS_OK && i < n)
		rc = listen_on(h, fds[i++], e);
	if (rc == CS_OK) {
		*out = h;
		h = NULL; /* transferred */
	}
out:
	for (; i < n; i++)
		(void)close(fds[i]);
	cs_http_free(&h);
	return rc;
}

void
cs_http_set_tls(cs_http *h, cs_tls *t)
{
	h->tls = t;
}

void
cs_http_set_limits(cs_http *h, const cs_http_limits *limits)
{
	set_limits(&h->limits, limits);
}

struct sockets {
	struct evhttp_bound_socket *last;
};

static void
note_socket(struct evhttp_bound_socket *b, void *arg)
{
	struct sockets *s = arg;

	s->last = b;
}

static void
stop_listening(struct cs_http *h)
{
	struct sockets s;

	for (;;) {
		s.last = NULL;
		evhttp_foreach_bound_socket(h->evhttp, note_socket, &s);
		if (s.last == NULL)
			return;
		evhttp_del_accept_socket(h->evhttp, s.last);
	}
}

void
cs_http_drain(cs_http *h)
{
	struct http_conn *c, *next;

	h->draining = true;
	stop_listening(h);
	for (c = LIST_FIRST(&h->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		c->last = true;
		if (c->phase == HTTP_IDLE || c->phase == HTTP_HANDSHAKE)
			http_conn_drop(c);
	}
}

size_t
cs_http_connections(const cs_http *h)
{
	return h->n;
}

void
cs_http_free(cs_http **hp)
{
	struct cs_http *h = hp != NULL ? *hp : NULL;
	struct http_conn *c, *next;

	if (h == NULL)
		return;
	h->ending = true;
	for (c = LIST_FIRST(&h->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, next);
		if (c->evcon != NULL)
			http_conn_drop(c);
	}
	if (h->evhttp != NULL)
		evhttp_free(h->evhttp);
	while ((c = LIST_FIRST(&h->conns)) != NULL)
		http_conn_free(c);
	if (h->sweep != NULL)
		event_free(h->sweep);
	free(h->by_fd);
	free(h);
	*hp = NULL;
}
