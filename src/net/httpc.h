/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTPC_H
#define CS_NET_HTTPC_H

#include "base/buf.h"

/* One HTTP request, by a command that waits for the answer. */
typedef struct cs_httpc_call { /* borrows */
	const char *url;     /* https://HOST[:PORT]/PATH; over a unix socket
			      * http://localhost/PATH and */
	const char *socket;  /* its path; NULL: TCP, and TLS always */
	const char *method;  /* any but HEAD */
	const char *type, *accept; /* NULL: none */
	cs_span body;
	cs_span ca;          /* PEM: who may have issued the server's
			      * certificate; absent: the system's */
	cs_span cert, key;   /* PEM, the client's; absent: none */
	size_t max_answer;   /* 0: 1 MiB */
	int64_t timeout_ms;  /* 0: 30 s, of all of it */
} cs_httpc_call;

typedef struct cs_httpc_answer {
	int status;
	char type[128];      /* Content-Type without its parameters, lowercase */
	int64_t retry_after; /* seconds; 0: none */
	cs_buf *body;
} cs_httpc_answer;

/* Any status from 200 on is CS_OK. CS_EIO, CS_ETIMEOUT, CS_EREFUSED (the
 * server's certificate or name), CS_EUSAGE (the URL), CS_EFORMAT (no HTTP, or
 * too long an answer; ca, cert or key cannot be read). Redirections are not
 * followed, nothing is unpacked, and no proxy, cookie, password or CA comes
 * from anywhere but here.
 * An answer counts when it is whole: its length, its last chunk, or the end of
 * TLS tells. */
CS_USE int cs_httpc(const cs_httpc_call *c, cs_httpc_answer **out,
    cs_err *e);
void cs_httpc_answer_free(cs_httpc_answer **a);

/* Both are in the module net-http.so, by one symbol, for programs that do not
 * link TLS (base/module.h: "net", "http"). */
#define CS_HTTPC_ABI 1
#define CS_HTTPC_SYMBOL "countersign_http"
typedef struct cs_httpc_ops {
	unsigned abi;
	int (*call)(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e);
	void (*answer_free)(cs_httpc_answer **a);
} cs_httpc_ops;
/* NULL: another build's. */
typedef const cs_httpc_ops *cs_httpc_entry_fn(unsigned abi);

#endif
