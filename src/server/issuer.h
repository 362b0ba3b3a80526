/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ISSUER_H
#define CS_SERVER_ISSUER_H

#include <countersign/verifier.h>
#include "issue/authority.h"
#include "server/msg.h"
#include "server/conf.h"
#include "store/store.h"

/* The issuer's part that knows no socket: questions in, answers out; any of
 * them from many threads at once. */

/* How a body gets signed: the keyholder's end. Tests have one of their own. */
typedef struct cs_sign_ops {
	int (*sign)(void *arg, uint32_t type, cs_span key_id, cs_span body,
	    int64_t deadline_ms, cs_buf *sig, cs_err *e);
	/* The last revocation list that was signed by this CA, a
	 * CertificateList; *der NULL: none. Gives. */
	int (*last)(void *arg, cs_span key_id, int64_t deadline_ms,
	    cs_buf **der, cs_err *e);
	void *arg;
} cs_sign_ops;

typedef struct cs_issuer cs_issuer;

/* Until when a question is worked on: 0 is ten seconds from now, and no front
 * holds a thread for longer than a minute. */
#define CS_ISSUER_LONGEST_MS 60000
int64_t cs_issuer_deadline(int64_t deadline_ms);

typedef struct cs_issuer_env { /* borrows, for the issuer's life */
	const cs_server_conf *conf;
	const countersign_verifier *plugin;
	countersign_instance *instance;
	cs_store *store;        /* pending requests, revocations, CRL */
	cs_sign_ops signer;
	/* Does who signs answer, with these keys? May be NULL. */
	int (*there)(void *arg, int64_t deadline_ms, cs_err *e);
	void *there_arg;
	cs_authority *const *ca; /* [0] signs; the rest are retired */
	size_t n_ca;
	cs_spki wit[4];         /* [0] signs; n_wit 0: no WITs */
	size_t n_wit;
	void (*log)(void *arg, int level, const char *text);
	void *log_arg;
	int64_t (*queued)(void *arg); /* questions that wait; may be NULL */
	void *queued_arg;
	int64_t workers;
} cs_issuer_env;

CS_USE int cs_issuer_new(const cs_issuer_env *env, int64_t now,
    cs_issuer **out, cs_err *e);
void cs_issuer_free(cs_issuer **i);

/* An answer owns what its spans show, but the chain, which the issuer has. */
typedef struct cs_issued {
	cs_told_issue told;
	cs_buf *own;
} cs_issued;
/* Verify, claim, sign, record. Whatever fails is an outcome of `told`, never a
 * credential. Of two kinds both are issued or neither is answered. `now` is
 * the clock of this act. */
CS_USE int cs_issuer_issue(cs_issuer *i, const cs_ask_issue *a, int64_t now,
    cs_issued *out, cs_err *e);
CS_USE int cs_issuer_approve(cs_issuer *i, const cs_ask_issue *a,
    int64_t now, cs_issued *out, cs_err *e);
/* What was issued for a request, or is by what its owner has handed in. */
CS_USE int cs_issuer_lookup(cs_issuer *i, const cs_ask_lookup *a,
    int64_t now, cs_issued *out, cs_err *e);
void cs_issued_clear(cs_issued *o);

/* The bundle and the CRL as they are handed out now; *number is the sequence
 * or cRLNumber. Gives. */
CS_USE int cs_issuer_bundle(cs_issuer *i, cs_buf **out, int64_t *number,
    cs_err *e);
/* Makes a new one when the last is older than crl_every or something was
 * revoked since; else the last. */
CS_USE int cs_issuer_crl(cs_issuer *i, cs_span key_id, int64_t now,
    int64_t deadline_ms, cs_buf **out, int64_t *number, cs_err *e);
/* Other limits of what waits from now on. */
void cs_issuer_limits(cs_issuer *i, const cs_conf_limits *limits);
/* How long a question took, for metrics. */
void cs_issuer_took(cs_issuer *i, int64_t micros);
/* Timed work: CRLs, pending requests that ran out. */
CS_USE int cs_issuer_tick(cs_issuer *i, int64_t now, cs_err *e);
/* One act of the admin socket: *status is HTTP's, *out JSON (or, of metrics,
 * text). Revocations and lifts stand in the audit log with `uid N`. */
CS_USE int cs_issuer_admin(cs_issuer *i, const cs_ask_admin *a, int64_t now,
    int64_t deadline_ms, int *status, cs_buf **out, cs_err *e);

#endif
