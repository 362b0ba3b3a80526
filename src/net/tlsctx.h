/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_TLSCTX_H
#define CS_NET_TLSCTX_H

#include <openssl/types.h>

#include "net/tls.h"

/* For those of this room who speak TLS themselves. */

/* A server's end; it keeps what it needs of t. NULL: no memory. */
SSL *cs_tls_accept(cs_tls *t);
/* The client's certificate, which the handshake has checked; *out is NULL when
 * there is none. */
CS_USE int cs_tls_peer_cert(SSL *s, cs_buf **out, cs_err *e);
/* Says goodbye, as far as that can be done without waiting. */
void cs_tls_bye(SSL *s);

typedef struct cs_tls_ask { /* borrows, for the call */
	const char *host;   /* a name or an address, which the server's
			     * certificate has to have */
	cs_span ca;         /* PEM; absent: the system's */
	cs_span cert, key;  /* PEM; absent: none */
	bool *bye;          /* becomes true when the server says goodbye, for
			     * as long as the context lives */
} cs_tls_ask;
/* Makes a context that somebody else began a client's, of 1.2 or 1.3, which
 * shakes hands with nobody but that host. CS_EFORMAT, CS_EUSAGE. */
CS_USE int cs_tls_client(SSL_CTX *c, const cs_tls_ask *ask, cs_err *e);
/* CS_EREFUSED, with what OpenSSL found of the server's certificate. */
int cs_tls_refused(long verify_result, const char *host, cs_err *e);
/* Before anybody else's first use of OpenSSL: the configuration of the system's
 * has no say. */
void cs_tls_init(void);
/* What OpenSSL says went wrong, and forgets it. */
CS_USE int cs_tls_fail(cs_err *e, int cls, const char *what);

#endif
