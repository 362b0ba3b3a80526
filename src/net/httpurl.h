/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTPURL_H
#define CS_NET_HTTPURL_H

#include "base/buf.h"

/* SCHEME://HOST[:PORT][/PATH[?QUERY]] and nothing else: no user, no fragment,
 * no octet that would have to be escaped. */
typedef struct cs_httpurl {
	bool is_tls;       /* https, or else http */
	char host[256];    /* a name, or an address without its brackets */
	char port[6];      /* "443" or "80" when none is there */
	cs_span authority; /* of the text: what Host has */
	cs_span target;    /* of the text, or "/" */
} cs_httpurl;

/* CS_EUSAGE; out borrows from url. */
CS_USE int cs_httpurl_parse(const char *url, cs_httpurl *out, cs_err *e);

#endif
