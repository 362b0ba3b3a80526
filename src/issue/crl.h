/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_CRL_H
#define CS_ISSUE_CRL_H

#include "base/buf.h"

/* TBSCertList of RFC 5280, version 2, with cRLNumber and
 * authorityKeyIdentifier, entries without extensions, sorted by serial. */
#define CS_CRL_MAX (8 * 1024 * 1024) /* about 230,000 entries */

typedef struct cs_crl_entry {
	cs_span serial;     /* 1..20 octets, content of a positive INTEGER */
	int64_t revoked;
} cs_crl_entry;

/* A list's number begins with its time: so many come in one second. */
#define CS_CRL_NUMBERS 1000

typedef struct cs_crl { /* borrows; parsed: from own */
	cs_buf *own;
	cs_span sig_alg, issuer, authority_key_id;
	int64_t this_update, next_update;
	int64_t number;     /* 1.. */
	size_t n;
	cs_crl_entry *at;   /* put: borrowed; parsed: own's */
	cs_span body;       /* parsed from a CertificateList: its body, */
	cs_span sig;        /* and its signature */
} cs_crl;

/* Appends a body, its entries sorted; the same serial twice is CS_EUSAGE. */
CS_USE int cs_crl_put(const cs_crl *c, cs_buf *out, cs_err *e);
/* A body; or with `whole` a CertificateList of one. Strict, as put writes. */
CS_USE int cs_crl_parse(cs_span in, bool whole, cs_crl **out, cs_err *e);
void cs_crl_free(cs_crl **c);
/* Of a parsed list, by binary search; NULL when it is not there. */
const cs_crl_entry *cs_crl_find(const cs_crl *c, cs_span serial);
bool cs_crl_has(const cs_crl *c, cs_span serial);

#endif
