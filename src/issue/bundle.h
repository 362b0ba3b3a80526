/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_BUNDLE_H
#define CS_ISSUE_BUNDLE_H

#include "fmt/spki.h"

/* What relying parties trust: a SPIFFE bundle (JWKS; x509-svid keys with x5c of
 * one certificate and no kid, wit-svid keys with kid and alg), and what EST
 * hands out. */
#define CS_BUNDLE_MAX 16
#define CS_BUNDLE_LEN_MAX (256 * 1024)
#define CS_BUNDLE_X509 "x509-svid" /* "use" of a key */
#define CS_BUNDLE_WIT "wit-svid"

typedef struct cs_bundle { /* borrows; parsed: from own */
	cs_buf *own;
	int64_t sequence;       /* grows with every change */
	int64_t refresh;        /* spiffe_refresh_hint, seconds; 0: none */
	size_t n_certs, n_keys;
	cs_span certs[CS_BUNDLE_MAX]; /* DER */
	cs_spki keys[CS_BUNDLE_MAX];  /* of WITs */
	char kids[CS_BUNDLE_MAX][44];
} cs_bundle;

/* Appends; the kids are made. */
CS_USE int cs_bundle_put(const cs_bundle *b, cs_buf *out, cs_err *e);
/* A SPIFFE bundle; members, uses and kinds of keys that are not known are
 * passed over, and keys of tokens that none of ours could name. Also plain PEM
 * certificates. Each is there once. No key at all is CS_EFORMAT. */
CS_USE int cs_bundle_parse(cs_span in, cs_bundle **out, cs_err *e);
void cs_bundle_free(cs_bundle **b);

/* CMS certs-only (RFC 7030 4.1.3, 4.2.3): SignedData without signers, DER, and
 * so the certificates sorted. Appends. */
CS_USE int cs_certs_only_put(const cs_span *certs, size_t n, cs_buf *out,
    cs_err *e);
/* CsrAttrs of RFC 7030 4.5.2, as RFC 9908 reads it: the attributes that we
 * like to see, by their OID alone; never challengePassword. Appends. */
CS_USE int cs_csrattrs_put(cs_buf *out, cs_err *e);

#endif
