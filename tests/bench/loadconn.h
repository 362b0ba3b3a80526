/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_LOADCONN_H
#define CS_TESTS_LOADCONN_H

#include <openssl/ssl.h>

#include "base/buf.h"

/* A client's connection: HTTP/1.1 over TLS 1.3, one request at a time, each
 * read and write for so many seconds at most. */

#define CONN_SECONDS 10
#define CONN_ANSWER_MAX (64 * 1024)

struct target { /* borrows */
	SSL_CTX *tls;
	const char *host, *port; /* an address in numbers */
};

struct answer { /* borrows from the connection, until its next request */
	int status;
	cs_span body;
	bool last; /* the server closes behind it */
};

struct conn {
	SSL *ssl;
	int fd;
	uint8_t in[CONN_ANSWER_MAX];
};

/* Trusts `ca`; cert and key may be NULL. */
CS_USE int target_tls(const char *ca, const char *cert, const char *key,
    SSL_CTX **out, cs_err *e);
/* *c is for conn_close() in any case. */
CS_USE int conn_open(struct conn *c, const struct target *t, cs_err *e);
void conn_close(struct conn *c);
/* With a body of application/pkcs10: POST; without: GET. */
CS_USE int conn_ask(struct conn *c, const struct target *t, const char *path,
    cs_span body, struct answer *out, cs_err *e);
/* Nothing came, and nobody closed it. */
bool conn_is_idle(const struct conn *c);

#endif
