/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_SERVER_H
#define CS_TOOL_SERVER_H

#include <jansson.h>

#include "tool/tool.h"

/* countersign-server as a verb asks it, by the module net-http.so: /v1 over
 * TLS, or its admin socket. What it answers is outside text. */
typedef struct cs_server cs_server;

typedef struct cs_server_env { /* borrows, for the call */
	const char *module_dir;
	const char *url;       /* https://HOST[:PORT][/PATH] before /v1, or */
	const char *socket;    /* the path of the admin socket */
	const char *ca, *cert, *key; /* files, PEM; NULL: the system's, none */
} cs_server_env;

/* Before anything is asked: all that can be wrong on this side. CS_EUSAGE,
 * CS_EIO, CS_EFORMAT (files), CS_EDEVICE (the module). */
CS_USE int cs_server_open(const cs_server_env *env, cs_server **out,
    cs_err *e);
void cs_server_close(cs_server **s);
/* The URL or the path, as it was given; lends. */
const char *cs_server_name(const cs_server *s);

typedef struct cs_server_ask { /* borrows */
	const char *method, *path; /* with the query */
	const char *type;          /* of the body; NULL: none */
	cs_span body;
	bool once;                 /* may have been done when it fails: not
				    * tried again */
} cs_server_ask;

/* CS_OK for 200 with one JSON object alone, which it gives. A server that is
 * busy is asked again, within a minute. CS_EREFUSED with the server's reason,
 * CS_EIO (it cannot now), CS_ETIMEOUT, CS_EFORMAT (no such server's answer). */
CS_USE int cs_server_ask_json(cs_server *s, const cs_server_ask *ask,
    json_t **out, cs_err *e);

/* Did the server itself say something, the last time? */
bool cs_server_answered(const cs_server *s);

/* Members of an answer: CS_EFORMAT when one is not there or of another kind,
 * or a number below zero. */
CS_USE int cs_server_text(const json_t *o, const char *key, cs_span *out,
    cs_err *e);
CS_USE int cs_server_number(const json_t *o, const char *key, int64_t *out,
    cs_err *e);

#endif
