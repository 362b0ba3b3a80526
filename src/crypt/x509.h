/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_X509_H
#define CS_CRYPT_X509_H

#include "crypt/hash.h"

/* Certificates, and requests that are not ours, for a person to read. Nothing
 * is checked: no signature, no path, no time. */

/* What a reader hears of, in order. Spans lend; text is unescaped. */
typedef struct cs_x509_each {
	void *arg;
	void (*name)(void *arg, const char *what, cs_span name_der);
	void (*text)(void *arg, const char *what, cs_span text);
	void (*time)(void *arg, const char *what, int64_t t);
	void (*oid)(void *arg, const char *what, cs_span oid_body);
} cs_x509_each;

/* CS_R_MALFORMED when OpenSSL does not take it, or not all of it. */
CS_USE int cs_cert_read(cs_span der, const cs_x509_each *each, cs_err *e);
CS_USE int cs_req_read(cs_span der, const cs_x509_each *each, cs_err *e);
/* Is this one of the certificate's DNS names (subjectAltName alone; no
 * wildcards)? */
CS_USE int cs_cert_named(cs_span der, const char *name, bool *is, cs_err *e);
/* Appends the SubjectPublicKeyInfo as it stands there. */
CS_USE int cs_cert_spki(cs_span der, cs_buf *out, cs_err *e);
CS_USE int cs_req_spki(cs_span der, cs_buf *out, cs_err *e);

#endif
