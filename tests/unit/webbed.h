/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_WEBBED_H
#define CS_TESTS_WEBBED_H

#include "server/webp.h"

/* A front without sockets, asked by hand. Whatever is asked and told, an answer
 * is one that its route may give, or says why there is none. */

#define WEB_EST "/.well-known/est/"
#define WEB_AGENT "wimse://corp.example/agent/alice"

extern cs_server_conf web_conf; /* corp.example, WITs, clients may */
extern cs_web_env web_env;
extern cs_web_ask web_q;        /* of the last one */
extern cs_web_answer web_a;

bool webbed_start(void);
void webbed_stop(void);

/* A request of nobody: method, path, Content-Type, Accept (both may be NULL). */
cs_web_request webbed_request(const char *method, const char *path,
    const char *type, const char *accept, cs_span body);
/* Was it answered with this status, or asked of the issuer (0)? Says what
 * else. */
bool webbed_hear(const cs_web_request *r, int status);
bool webbed_ask(const char *method, const char *path, const char *type,
    const char *accept, cs_span body, int status);
/* What the issuer said to the last question. */
bool webbed_told(const cs_told_issue *t, int status);
bool webbed_given(const cs_told_given *t, int status);

/* Of the last answer: a failure with this reason, whose text has this in it
 * (NULL: anything). */
bool webbed_why(const char *reason, const char *text);
bool webbed_type(const char *type);
/* A field's value; NULL: none. */
const char *webbed_field(const char *name);

/* The first PEM block of a verdict's vector, and the whole file. */
cs_buf *webbed_der(const char *vector);
cs_buf *webbed_file(const char *vector);
cs_buf *webbed_base64(cs_span in, size_t wrap);
/* A composite, DER, and credentials of alice and of nobody that we know. */
extern cs_buf *web_request, *web_cert, *web_other;

#endif
