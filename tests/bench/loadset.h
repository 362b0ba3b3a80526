/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_LOADSET_H
#define CS_TESTS_LOADSET_H

#include <openssl/x509.h>

#include "base/buf.h"

/* What is asked, as tests/bench/requests.c wrote it, and whether what came is a
 * credential for it. */

struct set {
	cs_buf *all;
	size_t n;
	cs_span *request; /* borrows from `all` */
};

/* `n` requests, from the `from`-th on. *s is for set_free() in any case. */
CS_USE int set_read(struct set *s, const char *path, size_t from, size_t n,
    cs_err *e);
void set_free(struct set *s);

/* Who signs credentials, PEM. Gives. */
CS_USE int set_issuer(const char *path, X509_STORE **out, cs_err *e);
/* Is `chain`, PEM, of a certificate with this request's key that the issuer
 * signed? By OpenSSL alone. */
CS_USE int set_check(X509_STORE *issuer, cs_span request, cs_span chain,
    cs_err *e);

#endif
