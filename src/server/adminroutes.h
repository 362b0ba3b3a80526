/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ADMINROUTES_H
#define CS_SERVER_ADMINROUTES_H

#include "server/web.h"

/*
 * HTTP of the admin socket, without the socket: from a request to a verb of the
 * issuer (server/issueradmin.c) and from what it says to an answer. The table is
 * in adminroutes.c.
 */
#define CS_ADMIN_BODY_MAX (64 * 1024)

typedef struct cs_admin_ask {
	const char *verb;    /* static; NULL: nothing is asked, it is answered */
	const char *path;    /* static: of the route */
	const char *type;    /* static: what a good answer is */
	cs_buf *body;        /* JSON */
} cs_admin_ask;
void cs_admin_ask_clear(cs_admin_ask *a);

/* Either ask->verb != NULL, or *ans is whole. Of the request method, path,
 * query, type and body are looked at. */
void cs_admin_hear(const cs_web_request *r, cs_admin_ask *ask,
    cs_web_answer *ans);
void cs_admin_tell(const cs_admin_ask *ask, const cs_frame *told,
    cs_web_answer *ans);

#endif
