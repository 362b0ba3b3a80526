/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ISSUERP_H
#define CS_SERVER_ISSUERP_H

#include <pthread.h>

#include "fmt/csr.h"
#include "server/issuer.h"
#include "server/plug.h"
#include "server/stats.h"
#include "store/pending.h"

/* What the files of the issuer share. */

#define CS_ISSUER_WAIT 10 /* seconds after which who waits asks again */
#define CS_ISSUER_SOON 2  /* the same of what goes by itself */

struct cs_crl_kept { /* the last CRL of one CA */
	cs_buf *der;     /* NULL: none yet */
	int64_t number, made, next;
	int64_t revoked; /* the last revocation that it knows */
	size_t n;        /* entries */
	int64_t failed_ms; /* when no new one could be made; 0: it could */
	cs_err why;
};

struct cs_issuer {
	cs_issuer_env env;
	cs_plug plug;
	const cs_alg *alg[CS_CONF_CAS_MAX]; /* of each CA's key */
	char kid[CS_CONF_CAS_MAX][44];
	cs_buf *crl_url;       /* of the CA that signs; NULL: none */
	cs_buf *bundle;
	int64_t sequence;
	pthread_mutex_t crl_lock; /* held while one is made */
	struct cs_crl_kept crl[CS_CONF_CAS_MAX];
	cs_stats *stats;
	pthread_mutex_t limits_lock;
	cs_conf_limits limits;
};

cs_conf_limits cs_issuer_limits_now(cs_issuer *i);
void cs_issuer_log(const cs_issuer *i, int level, const char *fmt, ...)
    CS_PRINTF(3, 4);

/* A credential before its signature: what the claim is about. */
typedef struct cs_draft {
	int kind;
	uint8_t serial[16], digest[32];
	int64_t not_before, not_after;
	cs_buf *fields; /* of the claim: key and body */
} cs_draft;
CS_USE int cs_draft_make(cs_issuer *i, int kind, const cs_judged *j,
    int64_t now, cs_draft *out, cs_err *e);
void cs_draft_clear(cs_draft *d);
/* Are these a claim's fields of ours? */
bool cs_draft_is(cs_span fields);
/* Signs what a claim's fields say, which have to have its digest. Gives. */
CS_USE int cs_draft_sign(cs_issuer *i, int kind, cs_span fields,
    cs_span digest, int64_t deadline_ms, cs_buf **credential, cs_err *e);

/* What is going to be told, in pieces. */
typedef struct cs_telling {
	enum cs_outcome outcome;
	cs_err why;             /* unless issued */
	int64_t retry_after;
	uint8_t digest[32];
	bool has_digest;
	bool later;             /* refused now, but not for ever */
	bool denied;            /* why has no reason: an owner has denied */
	cs_buf *agent, *cert, *wit;
	int64_t not_after;
} cs_telling;
void cs_telling_clear(cs_telling *t);
/* Whom and what it is about; t->why. */
CS_USE int cs_telling_about(cs_telling *t, cs_span agent, cs_span digest);
/* An answer that is no yes, as t->why. */
CS_USE int cs_telling_refusal(cs_telling *t, const cs_judged *j);
/* What `rc` and t->why are as an outcome. */
void cs_telling_fail(cs_telling *t, int rc);
/* Takes the pieces together, counts and logs. */
CS_USE int cs_issuer_tell(cs_issuer *i, const char *what, cs_span request_id,
    cs_span address, const cs_telling *t, cs_issued *out, cs_err *e);

/* From an approved answer to credentials of these kinds. */
CS_USE int cs_issuer_make(cs_issuer *i, const cs_judged *j, unsigned kinds,
    int64_t now, int64_t deadline_ms, cs_telling *t, cs_err *e);
/* Lives, and was issued for this request: as `make` does. */
CS_USE int cs_issuer_find(cs_issuer *i, const cs_ask_lookup *a, int64_t now,
    int64_t deadline_ms, cs_telling *t);
/* One question with approvals, to its end; t->why says why not. */
CS_USE int cs_issuer_settle(cs_issuer *i, const cs_question *q,
    unsigned kinds, cs_telling *t);
/* Keeps a request that names its owner, until he has answered. */
CS_USE int cs_issuer_keep(cs_issuer *i, const cs_csr *c, cs_span digest,
    const cs_question *q, cs_telling *t);
/* Of the CA that signs, number and time: 0 before there is a list; of all, the
 * most entries and how many cannot be made anew, with why of one. */
typedef struct cs_crl_state {
	int64_t made, number, entries, failing;
	cs_err why;
} cs_crl_state;
void cs_issuer_crl_state(cs_issuer *i, cs_crl_state *out);
/* Can a credential be issued now? Its text says why not. */
CS_USE int cs_issuer_ready(cs_issuer *i, int64_t now, int64_t deadline_ms,
    cs_err *e);
/* Whose certificates a certificate wants beside it: its CA; NULL: none. */
const cs_authority *cs_issuer_of(const cs_issuer *i, cs_span cert);

#endif
