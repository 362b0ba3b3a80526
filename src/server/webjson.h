/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_WEBJSON_H
#define CS_SERVER_WEBJSON_H

#include "base/buf.h"

/*
 * What /v1 takes as JSON: an object with
 *
 *	request    a request: base64 of its DER, or PEM
 *	approvals  a list of approvals, each base64 of its DER, or PEM
 *	evidence   base64
 *
 * and nothing else, each at most once.
 */
typedef struct cs_webjson { /* borrows from own */
	cs_buf *own;
	cs_span message;        /* as fmt/message.h reads it */
	cs_span evidence;       /* absent: none */
} cs_webjson;

enum cs_webjson_form {
	CS_WEBJSON_REQUEST,     /* request, perhaps the others */
	CS_WEBJSON_APPROVALS    /* approvals, perhaps their request */
};

/* CS_EFORMAT, with a reason. */
CS_USE int cs_webjson_get(cs_span body, enum cs_webjson_form form,
    cs_webjson *out, cs_err *e);
void cs_webjson_clear(cs_webjson *j);

/* A SEQUENCE of more than 127 octets, as everything is that is sent as DER. */
bool cs_webjson_is_der(cs_span in);

#endif
