/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_AUTHORITY_H
#define CS_TESTS_AUTHORITY_H

#include "base/buf.h"

/* A CA, an intermediate and their lists; two certificates of the owner's key,
 * one of which is on a list. */
struct authority {
	cs_buf *root;           /* DER */
	cs_buf *certs, *gone;   /* leaf and intermediate, one after the other */
	cs_buf *lists;          /* PEM */
	cs_buf *direct; /* an agent's by the root, for clients */
	cs_buf *forged; /* as if by it, for servers, too */
};

/* Certificates of this public key, valid around FIXTURE_NOW; `pss`: the lists
 * are signed RSASSA-PSS. */
bool authority_make(struct authority *a, cs_span spki, bool pss);
/* Is it the root's own, with no list? */
int authority_issued(const struct authority *a, const cs_buf *cert,
    cs_err *e);
/* Would the root sign it? */
int authority_would(const struct authority *a, const cs_buf *cert, cs_err *e);
void authority_free(struct authority *a);

#endif
