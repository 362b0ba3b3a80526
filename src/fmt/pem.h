/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_PEM_H
#define CS_FMT_PEM_H

#include "base/buf.h"

/* PEM, RFC 7468: text before, between and behind the blocks is passed over,
 * CRLF accepted, headers and encrypted blocks refused. */

#define CS_PEM_REQUEST "CERTIFICATE REQUEST"
#define CS_PEM_NEW_REQUEST "NEW CERTIFICATE REQUEST"
#define CS_PEM_APPROVAL "OWNER APPROVAL"
#define CS_PEM_CMS "CMS"
#define CS_PEM_CERTIFICATE "CERTIFICATE"
#define CS_PEM_CRL "X509 CRL"
#define CS_PEM_PUBLIC_KEY "PUBLIC KEY"

/* The next block of *in, advanced behind it. *label borrows, *der gives; at
 * the end both are absent/NULL and the call is CS_OK. CS_R_MALFORMED for a
 * block that is broken or does not end. */
CS_USE int cs_pem_next(cs_span *in, cs_span *label, cs_buf **der, cs_err *e);
/* All blocks, of this label and no other, at least one; stops at the first that
 * does not return CS_OK and returns that. CS_R_MALFORMED. */
CS_USE int cs_pem_each(cs_span in, const char *label,
    int (*each)(void *arg, cs_span der, cs_err *e), void *arg, cs_err *e);
/* The one block of a file that has no other, and it of this label. *der gives,
 * a secret buf where it is to be. CS_R_MALFORMED. */
CS_USE int cs_pem_one(cs_span in, const char *label, bool secret, cs_buf **der,
    cs_err *e);
CS_USE int cs_pem_put(cs_buf *out, const char *label, cs_span der, cs_err *e);
/* Bytes that cs_pem_put needs at most for `n` bytes of DER. */
size_t cs_pem_max(size_t n);

#endif
