/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_SUBMIT_H
#define CS_TOOL_SUBMIT_H

#include "tool/reqfile.h"
#include "tool/server.h"

/* What an owner signed, straight to the server: POST /v1/approvals. */

struct cs_submit_opts { /* NULL: not given */
	const char *url, *ca, *cert, *key;
};
#define CS_SUBMIT_ROWS(type) \
	{"submit", 0, CS_OPT_STRING, offsetof(type, submit.url), "URL", \
	    "hand it to this server, https://HOST[:PORT]", 0, 0, \
	    CS_COMPLETE_NONE}, \
	{"server-ca", 0, CS_OPT_STRING, offsetof(type, submit.ca), "FILE", \
	    "who certifies that server, PEM (the system's CAs)", 0, 0, \
	    CS_COMPLETE_FILE}, \
	{"client-cert", 0, CS_OPT_STRING, offsetof(type, submit.cert), \
	    "FILE", "a certificate to show to it, PEM", 0, 0, \
	    CS_COMPLETE_FILE}, \
	{ \
		"client-key", 0, CS_OPT_STRING, offsetof(type, submit.key), \
		    "FILE", "its key, PEM, not encrypted", 0, 0, \
		    CS_COMPLETE_FILE \
	}

/* CS_EUSAGE for what does not go together, and as cs_server_open(). *out is
 * NULL when nothing is to be submitted. */
CS_USE int cs_submit_open(const cs_tool *t, const struct cs_submit_opts *o,
    cs_server **out, cs_err *e);
/* One request with its approvals (PEM) or a denial, and in `out` what the server
 * says: an object of a list. */
CS_USE int cs_submit_put(cs_server *s, const cs_reqfile *r, cs_span approvals,
    bool denial, cs_out *out, cs_err *e);

#endif
