/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/bench/loadconn.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char where[] = "load";

static int
tls_fail(cs_err *e, const char *what)
{
	char text[256] = "";

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return cs_fail(e, CS_EIO, where, "%s: %s", what, text);
}

int
target_tls(const char *ca, const char *cert, const char *key, SSL_CTX **out,
    cs_err *e)
{
	SSL_CTX *x = SSL_CTX_new(TLS_client_method());

	*out = NULL;
	if (x == NULL || SSL_CTX_load_verify_file(x, ca) != 1 ||
	    SSL_CTX_set_min_proto_version(x, TLS1_3_VERSION) != 1 ||
	    (cert != NULL && (SSL_CTX_use_certificate_chain_file(x, cert) !=
	    1 || SSL_CTX_use_PrivateKey_file(x, key, SSL_FILETYPE_PEM) !=
	    1))) {
		SSL_CTX_free(x);
		return tls_fail(e, "certificates");
	}
	SSL_CTX_set_verify(x, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	*out = x;
	return CS_OK;
}

static int
dial(const struct target *t, int *fd, cs_err *e)
{
	const struct addrinfo hint = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM};
	const struct timeval wait = {.tv_sec = CONN_SECONDS};
	const int on = 1;
	struct addrinfo *to = NULL;
	int r = CS_OK;

	if (getaddrinfo(t->host, t->port, &hint, &to) != 0)
		return cs_fail(e, CS_EUSAGE, where, "%s:%s is no address",
		    t->host, t->port);
	*fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 ||
	    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
	    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0 ||
	    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    connect(*fd, to->ai_addr, to->ai_addrlen) != 0)
		r = cs_fail(e, CS_EIO, where, "cannot connect to %s:%s",
		    t->host, t->port);
	freeaddrinfo(to);
	return r;
}

int
conn_open(struct conn *c, const struct target *t, cs_err *e)
{
	int r;

	c->ssl = NULL;
	c->fd = -1;
	if ((r = dial(t, &c->fd, e)) != CS_OK)
		return r;
	if ((c->ssl = SSL_new(t->tls)) == NULL ||
	    SSL_set_fd(c->ssl, c->fd) != 1 ||
	    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), t->host) !=
	    1 || SSL_connect(c->ssl) != 1)
		return tls_fail(e, "no handshake");
	return CS_OK;
}

void
conn_close(struct conn *c)
{
	if (c->ssl != NULL)
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	ERR_clear_error();
}

static int
send_request(struct conn *c, const struct target *t, const char *path,
    cs_span body, cs_err *e)
{
	cs_buf *b = cs_buf_new(1024 + body.n);
	cs_span s;
	int r;

	if (b == NULL)
		return cs_nomem(e, where);
	r = cs_buf_printf(b, "%s %s HTTP/1.1\r\nHost: %s\r\n",
	    body.p == NULL ? "GET" : "POST", path, t->host);
	if (r == CS_OK && body.p != NULL)
		r = cs_buf_printf(b, "Content-Type: application/pkcs10\r\n"
		    "Content-Length: %zu\r\n", body.n);
	if (r == CS_OK && (r = cs_buf_put_str(b, "\r\n")) == CS_OK &&
	    body.p != NULL)
		r = cs_buf_put(b, body);
	s = cs_buf_span(b);
	if (r != CS_OK)
		r = cs_fail(e, CS_EUSAGE, where, "the path is too long");
	else if (SSL_write(c->ssl, s.p, (int)s.n) != (int)s.n)
		r = tls_fail(e, "cannot send");
	cs_buf_free(&b);
	return r;
}

/* The value of a header in a head that ends with a NUL. */
static const char *
header(const char *head, const char *name)
{
	const char *at = strstr(head, name);

	return at == NULL ? NULL : at + strlen(name);
}

/* `head` ends with a NUL; gives the length of the body. */
static int
read_head(const char *head, struct answer *out, size_t *body, cs_err *e)
{
	const char *length = header(head, "\r\nContent-Length: ");
	const char *after = header(head, "\r\nConnection: ");
	char *end = NULL;
	long n = length == NULL ? -1 : strtol(length, &end, 10);

	if (strncmp(head, "HTTP/1.1 ", 9) != 0 || n < 0 || *end != '\r' ||
	    n >= CONN_ANSWER_MAX)
		return cs_fail(e, CS_EFORMAT, where, "what answer is this: %s",
		    head);
	out->status = (int)strtol(head + 9, NULL, 10);
	out->last = after != NULL && strncmp(after, "close", 5) == 0;
	*body = (size_t)n;
	return CS_OK;
}

static int
read_more(struct conn *c, size_t *have, cs_err *e)
{
	int n = SSL_read(c->ssl, c->in + *have,
	    (int)(sizeof(c->in) - 1 - *have));

	if (n <= 0)
		return tls_fail(e, "no answer");
	*have += (size_t)n;
	c->in[*have] = '\0';
	return CS_OK;
}

static int
read_answer(struct conn *c, struct answer *out, cs_err *e)
{
	size_t have = 0, head = 0, body = 0;
	char *end = NULL;
	int r;

	do {
		if ((r = read_more(c, &have, e)) != CS_OK)
			return r;
		end = strstr((char *)c->in, "\r\n\r\n");
	} while (end == NULL);
	end[2] = '\0';
	if ((r = read_head((char *)c->in, out, &body, e)) != CS_OK)
		return r;
	head = (size_t)((uint8_t *)end - c->in) + 4;
	while (r == CS_OK && have < head + body)
		r = read_more(c, &have, e);
	if (r == CS_OK && have != head + body)
		r = cs_fail(e, CS_EFORMAT, where, "more than an answer");
	out->body = cs_span_of(c->in + head, body);
	return r;
}

int
conn_ask(struct conn *c, const struct target *t, const char *path,
    cs_span body, struct answer *out, cs_err *e)
{
	int r = send_request(c, t, path, body, e);

	return r == CS_OK ? read_answer(c, out, e) : r;
}

bool
conn_is_idle(const struct conn *c)
{
	char octet;

	return recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}
