/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>

#include "net/httpp.h"
#include "net/tlsctx.h"

/* How long a refused client may go on talking, so that it gets to read why. */
#define LINGER_MS 2000
/* How many come at once that are looked at when all places are taken. */
#define FRESH_MAX 64

static void
wait_ms(struct http_conn *c, int64_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	(void)event_add(c->timer, &t);
}

static void
enter(struct http_conn *c, enum http_phase phase, int64_t ms)
{
	c->phase = phase;
	wait_ms(c, ms);
}

void
http_conn_drop(struct http_conn *c)
{
	evhttp_connection_free(c->evcon);
}

/* A refused client's words. The argument may be evhttp's: its own call of what
 * reads may be on its way. */
static void
discard(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);

	(void)arg;
	(void)evbuffer_drain(in, evbuffer_get_length(in));
}

/* All is said: close our half, and wait for the client's. */
static void
on_refused(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (c->ssl != NULL)
		cs_tls_bye(c->ssl);
	(void)shutdown(c->fd, SHUT_WR);
}

static void
on_refused_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		http_conn_drop(arg);
}

/* Answers what no handler sees. evhttp has the request that was begun in its
 * list, and frees it with the connection. */
static void
refuse(struct http_conn *c, int status, const char *why)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	enter(c, HTTP_REFUSING, LINGER_MS);
	bufferevent_setcb(c->bev, discard, on_refused, on_refused_end, c);
	(void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n"
	    "Content-Type: text/plain\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s\n", status, http_reason(status),
	    strlen(why) + 1, why);
	(void)bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Between two requests, or within the next. */
static void
begin_reading(struct http_conn *c)
{
	if (cs_gate_midway(&c->gate))
		enter(c, HTTP_READING, c->h->limits.read_ms);
	else
		enter(c, HTTP_IDLE, c->h->limits.idle_ms);
	http_conn_rests(c);
}

static void
gate_passed(struct http_conn *c, uint64_t begun)
{
	if (c->phase != HTTP_IDLE && c->phase != HTTP_READING &&
	    c->phase != HTTP_HANDSHAKE)
		return; /* it is one behind another */
	if (c->gate.whole > c->gate.taken)
		enter(c, HTTP_READING, c->h->limits.read_ms);
	else if (c->gate.status != 0)
		refuse(c, c->gate.status, c->gate.why);
	else if (c->gate.begun != begun)
		enter(c, HTTP_READING, c->h->limits.read_ms);
}

/* Octets have come, and nobody has read them yet. */
static void
on_octets(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_conn *c = arg;
	size_t left = info->n_added, len = evbuffer_get_length(in);
	uint64_t begun = c->gate.begun;
	struct evbuffer_iovec v;
	struct evbuffer_ptr at;

	if (left == 0 || left > len || c->phase == HTTP_REFUSING)
		return;
	while (left > 0) {
		if (evbuffer_ptr_set(in, &at, len - left,
		    EVBUFFER_PTR_SET) != 0 ||
		    evbuffer_peek(in, (ev_ssize_t)left, &at, &v, 1) < 1 ||
		    v.iov_len == 0)
			break;
		if (v.iov_len > left)
			v.iov_len = left;
		left -= v.iov_len;
		if (!cs_gate_pass(&c->gate, cs_span_of(v.iov_base,
		    v.iov_len)))
			break;
	}
	gate_passed(c, begun);
}

static void
note_fd(struct http_conn *c)
{
	struct cs_http *h = c->h;
	size_t n = h->n_fd, want = (size_t)c->fd + 1;
	struct http_conn **more;

	if (want > n) {
		n = want + 64;
		if ((more = realloc(h->by_fd, n * sizeof(*more))) == NULL) {
			c->over = true;
			return;
		}
		memset(more + h->n_fd, 0, (n - h->n_fd) * sizeof(*more));
		h->by_fd = more;
		h->n_fd = n;
	}
	h->by_fd[c->fd] = c;
}

struct http_conn *
http_conn_of(struct cs_http *h, struct evhttp_connection *e)
{
	int fd = e != NULL ?
	    bufferevent_getfd(evhttp_connection_get_bufferevent(e)) : -1;
	struct http_conn *c = fd >= 0 && (size_t)fd < h->n_fd ?
	    h->by_fd[fd] : NULL;

	return c != NULL && c->evcon == e ? c : NULL;
}

/* Called from evhttp as it frees the connection, whoever ended it. */
static void
conn_closed(struct evhttp_connection *e, void *arg)
{
	struct http_conn *c = arg;
	cs_http_request *r = c->r;

	(void)e;
	if (r != NULL) {
		if (c->h->gone != NULL && c->phase == HTTP_HANDLING)
			c->h->gone(c->h->arg, r);
		/* evhttp frees what it still has. */
		if (evhttp_request_get_connection(r->req) == NULL)
			evhttp_request_free(r->req);
		free(r);
	}
	if (c->ssl != NULL && c->phase != HTTP_REFUSING)
		cs_tls_bye(c->ssl);
	http_conn_free(c);
}

void
http_conn_free(struct http_conn *c)
{
	struct cs_http *h = c->h;

	LIST_REMOVE(c, next);
	h->n--;
	if (c->seated)
		h->seated--;
	if (c->fd >= 0 && (size_t)c->fd < h->n_fd && h->by_fd[c->fd] == c)
		h->by_fd[c->fd] = NULL;
	if (c->timer != NULL)
		event_free(c->timer);
	if (c->bev != NULL) {
		(void)evbuffer_remove_cb(bufferevent_get_input(c->bev),
		    on_octets, c);
		(void)bufferevent_decref(c->bev);
	}
	cs_buf_free(&c->cert);
	free(c);
}

static void
name_v6(struct http_conn *c, const struct in6_addr *a)
{
	struct in_addr v4;

	memcpy(c->address, a, sizeof(c->address));
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		memcpy(&v4, c->address + 12, sizeof(v4));
		(void)inet_ntop(AF_INET, &v4, c->name, sizeof(c->name));
		return;
	}
	(void)inet_ntop(AF_INET6, a, c->name, sizeof(c->name));
	memset(c->address + 8, 0, 8); /* whoever has a /64 has all of it */
}

static void
name_v4(struct http_conn *c, const struct in_addr *a)
{
	c->address[10] = c->address[11] = 0xff;
	memcpy(c->address + 12, a, sizeof(*a));
	(void)inet_ntop(AF_INET, a, c->name, sizeof(c->name));
}

static bool
find_address(struct http_conn *c)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t n = sizeof(a);

	if (getpeername(c->fd, (struct sockaddr *)&a, &n) != 0)
		return false;
	c->is_unix = a.ss_family == AF_UNIX;
	c->has_address = !c->is_unix;
	if (a.ss_family == AF_INET) {
		memcpy(&v4, &a, sizeof(v4));
		name_v4(c, &v4.sin_addr);
	} else if (a.ss_family == AF_INET6) {
		memcpy(&v6, &a, sizeof(v6));
		name_v6(c, &v6.sin6_addr);
	}
	return true;
}

static bool
is_admitted(const struct http_conn *c)
{
	return c->h->admit == NULL ||
	    c->h->admit(c->h->arg, cs_span_str(c->name));
}

/* Right after it was accepted: evhttp has given the bufferevent its socket, and
 * itself as the argument of its callbacks. */
static void
look_at(struct http_conn *c)
{
	void *evcon = NULL;
	int one = 1;

	bufferevent_getcb(c->bev, NULL, NULL, NULL, &evcon);
	c->fd = bufferevent_getfd(c->bev);
	if (evcon == NULL || c->fd < 0) {
		http_conn_free(c); /* evhttp could not, and let it go */
		return;
	}
	c->evcon = evcon;
	evhttp_connection_set_closecb(c->evcon, conn_closed, c);
	note_fd(c);
	if (c->over || c->h->draining || !find_address(c) ||
	    http_conn_is_crowded(c) || !is_admitted(c) || !http_conn_seat(c)) {
		c->phase = HTTP_REFUSING;
		http_conn_drop(c);
		return;
	}
	/* An answer is one write, and nothing follows that it could wait for. */
	if (!c->is_unix)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	if (c->ssl != NULL)
		enter(c, HTTP_HANDSHAKE, c->h->limits.handshake_ms);
	else
		enter(c, HTTP_IDLE, c->h->limits.idle_ms);
}

static void
shake_or_drop(struct http_conn *c)
{
	int64_t spent = c->h->limits.handshake_ms;
	int64_t idle = c->h->limits.idle_ms;

	if (!SSL_is_init_finished(c->ssl))
		http_conn_drop(c);
	else
		enter(c, HTTP_IDLE, idle > spent ? idle - spent : 1);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)fd;
	(void)what;
	switch (c->phase) {
	case HTTP_FRESH:
		look_at(c);
		break;
	case HTTP_HANDSHAKE:
		shake_or_drop(c);
		break;
	case HTTP_READING:
		if (c->gate.status != 0)
			refuse(c, c->gate.status, c->gate.why);
		else
			refuse(c, 408, "the request took too long");
		break;
	case HTTP_WAITING:
		c->phase = HTTP_HANDLING;
		c->h->handle(c->h->arg, c->r);
		break;
	case HTTP_HANDLING:
		break;
	default:
		http_conn_drop(c);
	}
}

/* Never NULL to evhttp for want of TLS: it would go on without. */
static struct bufferevent *
new_bev(struct http_conn *c)
{
	struct bufferevent *bev;

	if (c->h->tls != NULL && !c->over) {
		c->ssl = cs_tls_accept(c->h->tls);
		if (c->ssl != NULL && (bev = bufferevent_openssl_socket_new(
		    c->h->base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
		    BEV_OPT_CLOSE_ON_FREE)) != NULL)
			return bev;
		c->ssl = NULL; /* was freed */
		c->over = true;
	}
	return bufferevent_socket_new(c->h->base, -1, BEV_OPT_CLOSE_ON_FREE);
}

struct http_conn *
http_conn_new(struct cs_http *h)
{
	const cs_http_limits *l = &h->limits;
	struct http_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->h = h;
	c->fd = -1;
	LIST_INSERT_HEAD(&h->conns, c, next);
	h->n++;
	c->over = h->n > l->max_connections + FRESH_MAX;
	cs_gate_init(&c->gate, l->max_headers, l->max_body);
	c->timer = event_new(h->base, -1, 0, on_timer, c);
	if (c->timer == NULL || (c->bev = new_bev(c)) == NULL) {
		http_conn_free(c);
		return NULL;
	}
	bufferevent_incref(c->bev);
	if (evbuffer_add_cb(bufferevent_get_input(c->bev), on_octets, c) ==
	    NULL)
		c->over = true;
	/* What a request may have, and one begun behind it: evhttp reads on
	 * while it writes. */
	bufferevent_setwatermark(c->bev, EV_READ, 0, l->max_body +
	    2 * l->max_headers + 16384);
	event_active(c->timer, EV_TIMEOUT, 0);
	return c;
}

/* evhttp and the gate have to agree on where a request ends. */
static bool
agree(struct http_conn *c)
{
	size_t ahead = evbuffer_get_length(bufferevent_get_input(c->bev));
	uint64_t end = 0;

	return cs_gate_take(&c->gate, &end) && c->gate.at >= end &&
	    (c->gate.status != 0 || c->gate.at - end == ahead);
}

void
http_conn_request(struct http_conn *c, struct evhttp_request *req)
{
	cs_http_request *r = NULL;

	if (!agree(c) || (r = calloc(1, sizeof(*r))) == NULL) {
		evhttp_send_error(req, 500, NULL);
		enter(c, HTTP_WRITING, c->h->limits.idle_ms);
		return;
	}
	r->c = c;
	r->req = req;
	c->r = r;
	c->requests++;
	c->last |= c->h->draining ||
	    c->requests >= c->h->limits.max_requests;
	/* A "100 Continue" that is still being written would be taken for the
	 * answer; it is through at the loop's next turn. */
	enter(c, HTTP_WAITING, 0);
	if (c->gate.expects)
		return;
	(void)event_del(c->timer);
	c->phase = HTTP_HANDLING;
	c->h->handle(c->h->arg, r);
}

/* Behind an answer, as evhttp lets go of the request. What came behind it and
 * is no request is refused before evhttp gets to read it: our call was queued
 * before its own. */
static void
on_answered(struct evhttp_request *req, void *arg)
{
	struct http_conn *c = arg;

	begin_reading(c);
	if (c->last) /* evhttp looks at this now */
		(void)evhttp_add_header(evhttp_request_get_output_headers(req),
		    "Connection", "close");
	else if (c->gate.status != 0 && c->gate.whole == c->gate.taken)
		event_active(c->timer, EV_TIMEOUT, 0);
}

void
http_conn_answering(struct http_conn *c)
{
	evhttp_request_set_on_complete_cb(c->r->req, on_answered, c);
	c->r = NULL;
	/* evhttp would take the end of what the client says for the end of the
	 * connection, with the answer half written. */
	(void)bufferevent_disable(c->bev, EV_READ);
	enter(c, HTTP_WRITING, c->h->limits.idle_ms);
}

/* A client over TCP that has closed and one that has said all look the same;
 * over TLS nobody does the latter. */
void
http_conn_sweep(struct http_conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};
	short gone = POLLHUP | POLLERR | POLLNVAL;

	if (c->ssl != NULL)
		gone |= POLLRDHUP;
	if (poll(&p, 1, 0) == 1 && (p.revents & gone) != 0)
		http_conn_drop(c);
}
