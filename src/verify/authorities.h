/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_AUTHORITIES_H
#define CS_VERIFY_AUTHORITIES_H

#include <sys/types.h>

#include "crypt/ca.h"
#include "fmt/owners.h"

/* The lines of type x509-ca, their certificates parsed and their revocation
 * lists read. Immutable once all are in. */

typedef struct cs_anchor_ca {
	cs_anchor line; /* its spans lend from who owns the record */
	cs_ca *ca;
	cs_buf *eku;    /* the purpose that a leaf needs, content octets */
	char *crl;      /* the file that its lists came from; NULL: none */
} cs_anchor_ca;

typedef struct cs_authorities {
	cs_anchor_ca *v;
	size_t n;
} cs_authorities;

/* Adds one line, whose spans and file the list borrows. Its lists are found
 * relative to the file that the line is in, and held to the same trust.
 * Complaints name file and line. */
CS_USE int cs_authorities_add(cs_authorities *l, const cs_anchor *line,
    uid_t reader, cs_err *e);
void cs_authorities_free(cs_authorities *l);

#endif
