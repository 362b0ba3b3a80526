/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_WEB_H
#define CS_SERVER_WEB_H

#include "server/conf.h"
#include "server/msg.h"

/*
 * HTTP as a front speaks it, without its sockets: EST (RFC 7030, 8951) and /v1.
 * A request becomes an answer at once, or a question to the issuer whose answer
 * becomes one. What is here knows base64, PEM, JSON and routes, and decides
 * nothing about approvals: the message goes to the issuer as it came.
 */
typedef struct cs_web_request { /* borrows */
	const char *method;
	cs_span path;           /* raw, without "?..." */
	cs_span query;          /* absent: none */
	cs_span type, accept;   /* Content-Type, Accept; absent: none */
	cs_span if_none_match;  /* likewise */
	cs_span body;
	cs_span address;        /* "192.0.2.7"; "" over a unix socket */
	cs_span client_cert;    /* DER, as TLS has checked it; absent: none */
	cs_span id;             /* of this request, for logs and answers */
	int64_t deadline_ms;
} cs_web_request;

enum cs_web_family { CS_WEB_NONE = 0, CS_WEB_EST, CS_WEB_V1 };

/* What to ask, and how its answer is wanted. */
typedef struct cs_web_ask {
	uint32_t type;          /* CS_MSG_ISSUE, _APPROVE, _LOOKUP, _BUNDLE,
				 * _CRL; 0: nothing, it is answered */
	cs_ask_issue issue;     /* ISSUE, APPROVE */
	cs_ask_lookup lookup;
	uint8_t octets[32];     /* LOOKUP's digest; CRL's key id, first n_octets
				 * (0: the one that signs) */
	size_t n_octets;
	enum cs_web_family family; /* how failures look */
	unsigned shape;         /* enum cs_web_shape */
	cs_span match;          /* If-None-Match */
	cs_buf *own;            /* what issue, lookup and match borrow from,
				 * besides the request */
} cs_web_ask;
void cs_web_ask_clear(cs_web_ask *a);

#define CS_WEB_FIELDS 6
typedef struct cs_web_answer {
	int status;
	const char *type;       /* Content-Type; NULL: no body */
	cs_buf *body;           /* NULL: none */
	size_t n_fields;
	struct {
		const char *name;
		char value[128];
	} fields[CS_WEB_FIELDS];
	bool close;
	char outcome[32];       /* for the log: "issued", a reason */
} cs_web_answer;
void cs_web_answer_clear(cs_web_answer *a);

/* What a front knows without asking. The spans are lent. */
typedef struct cs_web_env {
	const cs_server_conf *conf;
	size_t n_ca;
	cs_span ca[CS_CONF_CAS_MAX]; /* certificates, DER; [0] signs */
} cs_web_env;

/* Either ask->type != 0, or *ans is whole. Never fails: what cannot be done is
 * an answer too. */
void cs_web_hear(const cs_web_env *env, const cs_web_request *r,
    cs_web_ask *ask, cs_web_answer *ans);
/* The issuer's answer, as the client wants it. A frame of another shape than
 * asked for is 500. */
void cs_web_tell(const cs_web_env *env, const cs_web_ask *ask,
    const cs_frame *told, cs_web_answer *ans);
/* No answer came: `reason` is a word of problems ("busy", "internal"). */
void cs_web_fail(enum cs_web_family family, int status, const char *reason,
    const char *text, int64_t retry_after, cs_web_answer *ans);
/* How failures of this path look. */
enum cs_web_family cs_web_family_of(cs_span path);

#endif
