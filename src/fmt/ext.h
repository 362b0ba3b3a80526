/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_EXT_H
#define CS_FMT_EXT_H

#include "fmt/oid.h"

/* Extensions (RFC 5280 4.1.2.9 and 4.2), of requests, certificates and
 * approvals alike. */

#define CS_EXTENSIONS_MAX 32 /* and attributes of a request */

typedef struct cs_ext { /* borrows from the bytes that were read */
	cs_span oid;    /* content octets */
	bool critical;
	cs_span value;  /* content of extnValue: not walked */
} cs_ext;

/* Object identifiers seen so far: a repeated one is refused. */
typedef struct cs_seen {
	cs_span oid[CS_EXTENSIONS_MAX];
	size_t n;
} cs_seen;

/* Notes one more. CS_R_MALFORMED when it was there, CS_R_TOO_LARGE when it is
 * one too many; `what` names it, "an extension". */
CS_USE int cs_seen_add(cs_seen *s, cs_span oid, const char *what, cs_err *e);
/* The next Extension of a list, not yet in `seen`. CS_R_NOT_DER when critical
 * FALSE is written out. Advances *list. */
CS_USE int cs_ext_next(cs_span *list, cs_seen *seen, cs_ext *out, cs_err *e);

/* Writer, as in fmt/der.h: what is put in between is the extnValue. */
typedef struct cs_ext_open {
	size_t ext, value;
} cs_ext_open;
cs_ext_open cs_ext_begin(cs_buf *b, enum cs_oid id, bool critical);
void cs_ext_close(cs_buf *b, cs_ext_open o);

#endif
