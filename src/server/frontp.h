/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_FRONTP_H
#define CS_SERVER_FRONTP_H

#include "net/rate.h"
#include "net/tls.h"
#include "server/serving.h"
#include "server/web.h"

/* Of server/front*.c, for nobody else. */

typedef struct cs_front {
	cs_serving s;
	cs_tls *tls;
	cs_web_env web;
	cs_buf *ca[CS_CONF_CAS_MAX];
	cs_rate *by_address, *by_cert;
	cs_rate *connections; /* by address: a handshake costs, too */
} cs_front;

/* frontfiles.c */

/* Of the files that the master has opened, and closes them; *out stays NULL when
 * there are not both of certificate and key. */
CS_USE int cs_front_tls(cs_child *c, const cs_server_conf *conf, cs_tls **out,
    cs_err *e);
/* The certificates of the CAs; the one that signs is the first. */
CS_USE int cs_front_cas(cs_front *f, cs_err *e);

/* frontweb.c: a request and what comes of it. */
bool cs_front_admit(void *arg, cs_span address);
void cs_front_handle(void *arg, cs_http_request *r);
void cs_front_told(void *arg, void *about, const cs_frame *told,
    const char *why);
void cs_front_gone(void *arg, cs_http_request *r);

/* frontname.c: words for the log. */

/* A path without what its client has chosen of it. */
const char *cs_front_path_class(cs_span path);
/* The first URI of a certificate; "a certificate" when there is none, "-" for no
 * certificate. */
void cs_front_client_name(cs_span cert, char *out, size_t out_len);

#endif
