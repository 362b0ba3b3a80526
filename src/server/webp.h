/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_WEBP_H
#define CS_SERVER_WEBP_H

#include "server/web.h"

/* What web*.c, est.c, v1.c and problem.c share. */

/* How an answer is wanted. */
enum cs_web_shape {
	CS_SHAPE_NONE = 0,
	CS_SHAPE_EST,    /* base64 of a CMS with the certificate alone */
	CS_SHAPE_PEM,    /* the chain */
	CS_SHAPE_JSON,   /* both kinds, or what there is */
	CS_SHAPE_WIT,
	CS_SHAPE_NOTED,  /* what became of an approval */
	CS_SHAPE_BUNDLE,
	CS_SHAPE_CRL
};

#define CS_WEB_PARAM "{}" /* a segment of a path that is any other */
#define CS_WEB_PARAM_MAX 64

struct cs_web_route;
typedef void cs_web_fn(const struct cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans);

/* One operation. What is here is what contrib/openapi says, and a test holds
 * the two together. */
typedef struct cs_web_route {
	const char *method;       /* GET: HEAD, too */
	const char *path;         /* "/v1/crl/{}"; of EST: what is behind the
				   * label's place */
	enum cs_web_family family;
	const char *takes[4];     /* media types of the body; none: no body */
	const char *gives[4];     /* of a 200, the one that is had by default
				   * first */
	int statuses[16];         /* that it may give */
	cs_web_fn *ask;
} cs_web_route;
extern const cs_web_route cs_web_routes[]; /* up to one without a method */
/* The path's, whatever the method is; NULL: none. *param is what is in the hole,
 * absent: there is none. */
const cs_web_route *cs_web_find(const cs_web_env *env, cs_span path,
    cs_span *param);

#define CS_EST_PREFIX "/.well-known/est/"
#define CS_TYPE_PKCS10 "application/pkcs10"
#define CS_TYPE_PEM "application/x-pem-file"
#define CS_TYPE_JSON "application/json"
#define CS_TYPE_CHAIN "application/pem-certificate-chain"
#define CS_TYPE_WIT "application/wit+jwt"
#define CS_TYPE_CRL "application/pkix-crl"
#define CS_TYPE_CMS "application/pkcs7-mime"
#define CS_TYPE_CSRATTRS "application/csrattrs"
#define CS_TYPE_PROBLEM "application/problem+json"

/* Why there is nothing of what was asked for. */
typedef struct cs_fault { /* borrows */
	int status;
	const char *reason;   /* of fmt/reason.h, or a word of problem.c */
	cs_span text;         /* may be from outside */
	cs_span digest;       /* the request's; absent: not known */
	int64_t retry_after;  /* seconds; 0: none */
} cs_fault;
void cs_web_refuse(enum cs_web_family family, const cs_fault *f,
    cs_web_answer *ans);
/* The same by what a reader of ours has found. */
void cs_web_refuse_err(enum cs_web_family family, const cs_err *e,
    cs_web_answer *ans);
/* Of what the issuer has not issued. */
void cs_web_refuse_told(enum cs_web_family family, const cs_told_issue *t,
    cs_web_answer *ans);
/* HTTP's status of an enum cs_reason. */
int cs_web_status(int reason);
/* RFC 9457: type urn:countersign:reason:REASON, title, status, detail, reason,
 * request (the digest in hex). */
void cs_problem_put(const cs_fault *f, cs_web_answer *ans);
/* RFC 7030 4.2.3: text/plain, the reason first. */
void cs_est_fail(const cs_fault *f, cs_web_answer *ans);
/* What this reason is in general; NULL: no such word. */
const char *cs_problem_title(const char *reason);
/* The n-th of all words, those of a verdict first; NULL: there is none. */
const char *cs_problem_reason(size_t n);

/* Of answers. A field that is too long is left out. */
void cs_answer_field(cs_web_answer *ans, const char *name, const char *fmt, ...)
    CS_PRINTF(3, 4);
/* Takes *body. */
void cs_answer_body(cs_web_answer *ans, int status, const char *type,
    cs_buf **body);
void cs_answer_outcome(cs_web_answer *ans, const char *word);

/* The question by this message, which `ask` has or borrows. */
void cs_web_issue(const cs_web_request *r, uint32_t type, uint32_t operation,
    unsigned kinds, cs_span message, cs_span evidence, cs_web_ask *ask);

/* Answers of est.c, v1.c and webgiven.c, by shape. */
void cs_est_tell(const cs_told_issue *t, cs_web_answer *ans);
void cs_v1_tell(const cs_web_ask *ask, const cs_told_issue *t,
    cs_web_answer *ans);
void cs_given_tell(const cs_web_env *env, const cs_web_ask *ask,
    const cs_told_given *t, cs_web_answer *ans);
/* Lowercase hex, at most `most` octets of it and at least one. */
bool cs_web_hex(cs_span in, uint8_t *out, size_t most, size_t *n);

cs_web_fn cs_est_cacerts, cs_est_csrattrs, cs_est_enroll, cs_est_reenroll;
cs_web_fn cs_v1_credentials, cs_v1_lookup, cs_v1_approvals;
cs_web_fn cs_given_bundle, cs_given_crl;

/* CS_OK: the URI SANs of a checked certificate hold `agent`. CS_EREFUSED; also
 * when there is none. */
CS_USE int cs_web_is_agent(cs_span client_cert, cs_span agent, cs_err *e);

#endif
