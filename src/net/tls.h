/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_TLS_H
#define CS_NET_TLS_H

#include "base/buf.h"

/* TLS of a server: OpenSSL's, 1.3 alone unless told, no renegotiation, no
 * tickets with client certificates, no early data. */
typedef struct cs_tls cs_tls;

enum cs_tls_client { /* certificates of clients */
	CS_TLS_CLIENT_NONE = 0, /* are not asked for */
	CS_TLS_CLIENT_MAY,      /* one that comes has to be good */
	CS_TLS_CLIENT_MUST
};

typedef struct cs_tls_env { /* borrows, for the call */
	cs_span chain;      /* PEM: the server's certificate and those above */
	cs_span key;        /* PEM, secret; unencrypted */
	cs_span client_ca;  /* PEM; absent: no client certificates */
	enum cs_tls_client client;
	bool tls12;         /* 1.2 as well (ECDHE and AEAD alone) */
} cs_tls_env;

/* CS_EFORMAT when a part cannot be read, or the key is not the certificate's,
 * or the certificate has expired (`now`). */
CS_USE int cs_tls_new(const cs_tls_env *env, int64_t now, cs_tls **out,
    cs_err *e);
void cs_tls_free(cs_tls **t);

#endif
