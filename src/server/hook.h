/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_HOOK_H
#define CS_SERVER_HOOK_H

#include "server/conf.h"
#include "server/plug.h"
#include "store/store.h"

/*
 * Another CA asks, and issues: the webhooks of smallstep's step-ca, from 0.25
 * on, by countersign-webhook(7). ENRICHING brings the request, is decided and
 * claimed, and answers what the certificate is to have. AUTHORIZING brings what
 * the CA is about to sign, and holds it to what was claimed.
 */

/* What the CA is about to sign. */
typedef struct cs_hook_cert { /* borrows from its call */
	cs_span key;            /* SubjectPublicKeyInfo */
	size_t n_names;         /* of every kind */
	cs_span uri;            /* the last URI; absent: none */
	int64_t not_before, not_after;
	bool has_subject, is_ca, has_constraints;
	bool only_signs;        /* keyUsage: digitalSignature alone */
	bool both_uses;         /* extKeyUsage: serverAuth and clientAuth */
	cs_span bindings;       /* value of ownerBindings; absent: none */
	cs_span stray;          /* OID of an extension that is no binding */
	unsigned policies;      /* of enum cs_policy_bit */
	cs_span other_policy;   /* OID of one that is not ours */
} cs_hook_cert;

typedef struct cs_hook_call { /* gives */
	enum cs_conf_hook kind;
	cs_span request;        /* ENRICHING: the request, DER */
	cs_hook_cert cert;      /* AUTHORIZING */
	cs_buf *own;
} cs_hook_call;

/* Reads a body. Members that are not known here are passed over; one that comes
 * twice is refused, known or not. CS_EUSAGE: it is no such call. CS_EFORMAT: it
 * is one, and says too little or too much; with a detail of enum cs_reason. */
CS_USE int cs_hook_read(enum cs_conf_hook kind, cs_span body,
    cs_hook_call *out, cs_err *e);
void cs_hook_call_clear(cs_hook_call *c);

/* What was claimed. */
typedef struct cs_hook_terms { /* borrows */
	cs_span agent, key_hash, serial, request_digest;
	int64_t not_before, not_after;
	cs_span bindings;       /* value of ownerBindings */
	cs_span message;        /* the request */
} cs_hook_terms;

/* A claim's fields: bindings and message. CS_EFORMAT: they are another's. */
CS_USE int cs_hook_fields_put(cs_span bindings, cs_span message, cs_buf *out,
    cs_err *e);
CS_USE int cs_hook_fields_get(cs_span fields, cs_span *bindings,
    cs_span *message, cs_err *e);

/* Does the certificate keep to the terms, and to countersign-formats(5), section
 * 7, as far as a CA tells? CS_EREFUSED with a reason. */
CS_USE int cs_hook_hold(const cs_hook_cert *c, const cs_hook_terms *t,
    int64_t now, cs_err *e);

/* Bodies of answers. `t` NULL: a yes without data. */
CS_USE int cs_hook_allow_put(const cs_hook_terms *t, cs_buf *out, cs_err *e);
/* `code` is a reason, or "denied". */
CS_USE int cs_hook_deny_put(const char *code, cs_span text, cs_buf *out,
    cs_err *e);
#define CS_HOOK_ANSWER_MAX (256 * 1024)

/* The host of the plugin; any number of threads. */
typedef struct cs_hook {
	const cs_server_conf *conf;
	cs_plug plug;
	cs_store *store;
} cs_hook;

typedef struct cs_hook_told {
	int status;             /* HTTP's: 200 for a verdict, 5xx for trouble */
	bool allowed;
	cs_buf *body;           /* NULL: out of memory */
	cs_buf *agent;          /* for the log; NULL: not known */
	uint8_t digest[32];     /* the request's */
	bool has_digest;
	cs_err why;             /* unless allowed */
} cs_hook_told;

/* Answers one call, whatever it is. */
void cs_hook_answer(const cs_hook *h, enum cs_conf_hook kind, cs_span body,
    int64_t now, int64_t deadline_ms, cs_hook_told *out);
void cs_hook_told_clear(cs_hook_told *t);

/* Who may call: of the configuration's webhooks, with their secrets. One
 * thread. */
typedef struct cs_hook_gate cs_hook_gate;
CS_USE int cs_hook_gate_new(const cs_server_conf *conf, cs_hook_gate **out,
    cs_err *e);
void cs_hook_gate_free(cs_hook_gate **g);

typedef struct cs_hook_caller { /* borrows */
	enum cs_conf_hook kind; /* by the path */
	cs_span id, signature;  /* headers; absent: not there */
	cs_span client_cert;    /* DER, as TLS has checked it */
	cs_span body;
} cs_hook_caller;
/* CS_EAUTH: not he. */
CS_USE int cs_hook_gate_pass(const cs_hook_gate *g, const cs_hook_caller *c,
    cs_err *e);

/* By its path; CS_HOOK_NONE: there is no such thing here. */
enum cs_conf_hook cs_hook_kind(cs_span path);

#endif
