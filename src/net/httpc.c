/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpc.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/time.h"
#include "net/httpres.h"
#include "net/httpurl.h"
#include "net/tlsctx.h"
#include "net/unixaddr.h"

static const char where[] = "net/httpc";

#define ANSWER_MAX (1024 * (size_t)1024)
#define TIMEOUT_MS 30000
#define REQUEST_HEAD 4096

/* A connection, whatever it is made of; nothing waits beyond the deadline. */
struct wire {
	int fd;
	SSL *ssl;
	int64_t deadline;
	const char *host;
};

static int
late(cs_err *e)
{
	return cs_fail(e, CS_ETIMEOUT, where, "the server took too long");
}

static int
wait_for(const struct wire *w, short events, cs_err *e)
{
	struct pollfd p = {.fd = w->fd, .events = events};
	int64_t left;
	int n;

	do {
		left = w->deadline - cs_time_mono_ms();
		if (left <= 0)
			return late(e);
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return cs_fail(e, CS_EIO, where, "poll: %s", strerror(errno));
	return n > 0 ? CS_OK : late(e);
}

/* What OpenSSL waits for; anything else has failed. */
static int
wait_tls(const struct wire *w, int rc, cs_err *e)
{
	switch (SSL_get_error(w->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(w, POLLIN, e);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(w, POLLOUT, e);
	default:
		return cs_tls_fail(e, CS_EIO, "TLS with the server");
	}
}

static int
shake_hands(struct wire *w, cs_err *e)
{
	int n, rc;

	while ((n = SSL_connect(w->ssl)) != 1) {
		if (cs_tls_is_refused(w->ssl, w->host, e))
			return CS_EREFUSED;
		if ((rc = wait_tls(w, n, e)) != CS_OK)
			return rc;
	}
	return CS_OK;
}

static int
connect_to(struct wire *w, const struct sockaddr *a, socklen_t len,
    const char *what, cs_err *e)
{
	int n = 0, rc;
	socklen_t size = sizeof(n);

	w->fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return cs_fail(e, CS_EIO, where, "socket: %s",
		    strerror(errno));
	/* A unix socket whose queue is full says so instead of waiting. */
	while ((n = connect(w->fd, a, len)) != 0 && errno == EAGAIN) {
		if (cs_time_mono_ms() >= w->deadline)
			return late(e);
		(void)poll(NULL, 0, 10);
	}
	if (n == 0)
		return CS_OK;
	if (errno != EINPROGRESS)
		return cs_fail(e, CS_EIO, where, "cannot connect to %s: %s",
		    what, strerror(errno));
	if ((rc = wait_for(w, POLLOUT, e)) != CS_OK)
		return cs_wrap(e, "connecting to %s", what);
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &n, &size) != 0 || n != 0)
		return cs_fail(e, CS_EIO, where, "cannot connect to %s: %s",
		    what, strerror(n));
	return CS_OK;
}

static int
connect_unix(struct wire *w, const char *path, cs_err *e)
{
	struct sockaddr_un a;
	socklen_t len = 0;
	int rc;

	if ((rc = cs_unix_address(path, false, &a, &len, e)) != CS_OK)
		return rc;
	return connect_to(w, (const struct sockaddr *)&a, len, path, e);
}

/* One address after another; each gets its share of the time. Names are found
 * by the system, and take what that takes. */
static int
connect_tcp(struct wire *w, const cs_httpurl *u, cs_err *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
	int64_t deadline = w->deadline, now;
	struct addrinfo *list = NULL, *a;
	int n, left = 0, rc = CS_EIO;

	if ((n = getaddrinfo(u->host, u->port, &hints, &list)) != 0)
		return cs_fail(e, CS_EIO, where, "cannot find %s: %s", u->host,
		    gai_strerror(n));
	for (a = list; a != NULL; a = a->ai_next)
		left++;
	for (a = list; a != NULL && rc != CS_OK; a = a->ai_next) {
		now = cs_time_mono_ms();
		w->deadline = now + (deadline - now) / left--;
		if (w->fd >= 0)
			(void)close(w->fd);
		rc = connect_to(w, a->ai_addr, a->ai_addrlen, u->host, e);
	}
	w->deadline = deadline;
	freeaddrinfo(list);
	return rc;
}

static int
start_tls(struct wire *w, const cs_httpc_call *c, const cs_httpurl *u,
    cs_err *e)
{
	const cs_tls_ask ask = {.host = u->host, .ca = c->ca, .cert = c->cert,
	    .key = c->key};
	int rc;

	if ((rc = cs_tls_connect(&ask, &w->ssl, e)) != CS_OK)
		return rc;
	if (SSL_set_fd(w->ssl, w->fd) != 1)
		return cs_tls_fail(e, CS_EBUG, "no TLS");
	return shake_hands(w, e);
}

static int
send_all(struct wire *w, cs_span s, cs_err *e)
{
	ssize_t n;
	int rc;

	while (s.n > 0) {
		if (w->ssl != NULL)
			n = SSL_write(w->ssl, s.p, s.n < 16384 ? (int)s.n :
			    16384);
		else
			n = send(w->fd, s.p, s.n, MSG_NOSIGNAL);
		if (n > 0) {
			s = cs_span_cut(s, (size_t)n, s.n - (size_t)n);
			continue;
		}
		if (w->ssl != NULL)
			rc = wait_tls(w, (int)n, e);
		else
			rc = errno == EAGAIN ? wait_for(w, POLLOUT, e) :
			    cs_fail(e, CS_EIO, where, "sending: %s",
			    strerror(errno));
		if (rc != CS_OK)
			return rc;
	}
	return CS_OK;
}

/* Some octets, or the end. TLS that ends without its goodbye may have been cut
 * off by anybody, and has failed. */
static int
receive_some(struct wire *w, cs_buf *to, bool *ended, cs_err *e)
{
	size_t room = cs_buf_room(to);
	ssize_t n;
	int rc;

	for (;;) {
		if (w->ssl != NULL)
			n = SSL_read(w->ssl, cs_buf_tail(to), room < 65536 ?
			    (int)room : 65536);
		else
			n = recv(w->fd, cs_buf_tail(to), room, 0);
		if (n > 0)
			return cs_buf_grew(to, (size_t)n);
		*ended = w->ssl != NULL ? SSL_get_error(w->ssl, (int)n) ==
		    SSL_ERROR_ZERO_RETURN : n == 0;
		if (*ended)
			return CS_OK;
		if (w->ssl != NULL)
			rc = wait_tls(w, (int)n, e);
		else
			rc = errno == EAGAIN ? wait_for(w, POLLIN, e) :
			    cs_fail(e, CS_EIO, where, "receiving: %s",
			    strerror(errno));
		if (rc != CS_OK)
			return rc;
	}
}

static int
receive_answer(struct wire *w, size_t max, cs_httpc_answer **out, cs_err *e)
{
	/* Chunks may take as much again; smaller ones are not worth reading. */
	cs_buf *in = cs_buf_new(CS_HTTPRES_HEAD * 4 + 2 * max);
	bool ended = false;
	int rc = in != NULL ? CS_OK : cs_nomem(e, where);

	while (rc == CS_OK && *out == NULL) {
		if (ended)
			rc = cs_fail(e, CS_EIO, where,
			    "the server's answer is cut short");
		else if (cs_buf_room(in) == 0)
			rc = cs_fail(e, CS_EFORMAT, where,
			    "the server's answer is too long");
		else if ((rc = receive_some(w, in, &ended, e)) == CS_OK)
			rc = cs_httpres_read(cs_buf_span(in), ended, max, out,
			    e);
	}
	cs_buf_free(&in);
	return rc;
}

static bool
is_clean(const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		if (*s < 0x20 || *s > 0x7e)
			return false;
	}
	return true;
}

static int
put_head(const cs_httpc_call *c, const cs_httpurl *u, cs_buf *b, cs_err *e)
{
	int rc = CS_OK;

	if (!is_clean(c->method) || !is_clean(c->type) || !is_clean(c->accept)
	    || strcmp(c->method, "HEAD") == 0)
		return cs_fail(e, CS_EUSAGE, where, "no such request");
	rc |= cs_buf_printf(b, "%s ", c->method);
	rc |= cs_buf_put(b, u->target);
	rc |= cs_buf_put_str(b, " HTTP/1.1\r\nHost: ");
	rc |= cs_buf_put(b, u->authority);
	rc |= cs_buf_put_str(b, "\r\nConnection: close\r\n");
	if (c->accept != NULL)
		rc |= cs_buf_printf(b, "Accept: %s\r\n", c->accept);
	if (c->type != NULL)
		rc |= cs_buf_printf(b, "Content-Type: %s\r\n", c->type);
	if (c->body.p != NULL || strcmp(c->method, "GET") != 0)
		rc |= cs_buf_printf(b, "Content-Length: %zu\r\n", c->body.n);
	rc |= cs_buf_put_str(b, "\r\n");
	return rc == CS_OK ? CS_OK : cs_fail(e, CS_EUSAGE, where,
	    "the request is too long");
}

/* A server that refuses may answer and close before it has read all. */
static int
exchange(struct wire *w, const cs_httpc_call *c, cs_span head,
    cs_httpc_answer **out, cs_err *e)
{
	size_t max = c->max_answer != 0 ? c->max_answer : ANSWER_MAX;
	cs_err sent = {0}, *s = &sent;
	int rc;

	if ((rc = send_all(w, head, s)) == CS_OK)
		rc = send_all(w, c->body, s);
	if (rc != CS_OK && rc != CS_EIO) {
		if (e != NULL)
			*e = sent;
		return rc;
	}
	if (receive_answer(w, max, out, e) == CS_OK)
		return CS_OK;
	if (rc != CS_OK && e != NULL)
		*e = sent; /* which came first */
	return e != NULL ? e->cls : rc != CS_OK ? rc : CS_EIO;
}

static int
call(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e)
{
	int64_t ms = c->timeout_ms != 0 ? c->timeout_ms : TIMEOUT_MS;
	struct wire w = {.fd = -1, .deadline = cs_time_mono_ms() + ms};
	cs_buf *head = cs_buf_new(REQUEST_HEAD);
	cs_httpurl u;
	int rc;

	if (head == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_httpurl_parse(c->url, &u, e)) != CS_OK ||
	    (rc = put_head(c, &u, head, e)) != CS_OK)
		goto out;
	if (u.is_tls == (c->socket != NULL)) {
		rc = cs_fail(e, CS_EUSAGE, where, "%s", u.is_tls ?
		    "https over a unix socket" : "http without a unix socket");
		goto out;
	}
	w.host = u.host;
	rc = c->socket != NULL ? connect_unix(&w, c->socket, e) :
	    connect_tcp(&w, &u, e);
	if (rc == CS_OK && c->socket == NULL)
		rc = start_tls(&w, c, &u, e);
	if (rc == CS_OK)
		rc = exchange(&w, c, cs_buf_span(head), out, e);
	if (rc == CS_OK && w.ssl != NULL)
		cs_tls_bye(w.ssl);
out:
	SSL_free(w.ssl);
	if (w.fd >= 0)
		(void)close(w.fd);
	cs_buf_free(&head);
	return rc;
}

/* OpenSSL writes as if nobody ever closed: what that raises is ours. */
int
cs_httpc(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e)
{
	const struct timespec now = {0};
	sigset_t pipes, old, pending;
	bool was;
	int rc;

	*out = NULL;
	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE);
	(void)sigpending(&pending);
	was = sigismember(&pending, SIGPIPE) == 1;
	(void)pthread_sigmask(SIG_BLOCK, &pipes, &old);
	rc = call(c, out, e);
	if (!was) {
		while (sigtimedwait(&pipes, NULL, &now) < 0 && errno == EINTR)
			continue;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static const cs_httpc_ops ops = {
	.abi = CS_HTTPC_ABI,
	.call = cs_httpc,
	.answer_free = cs_httpc_answer_free
};

cs_httpc_entry_fn countersign_http;

const cs_httpc_ops *
countersign_http(unsigned abi)
{
	return abi == CS_HTTPC_ABI ? &ops : NULL;
}
