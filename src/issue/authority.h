/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_AUTHORITY_H
#define CS_ISSUE_AUTHORITY_H

#include "crypt/alg.h"

/* Does a CA sign with this AlgorithmIdentifier? ECDSA and RSA PKCS #1 v1.5, as
 * the table prefers them: X509-SVID readers know no Ed25519. */
bool cs_authority_signs(cs_span sig_alg);
/* RFC 7093, method 1: the leftmost 160 bits of the SHA-256 of what is in the
 * key's BIT STRING. */
#define CS_KEY_ID_LEN 20
CS_USE int cs_key_id(const cs_spki *k, uint8_t out[CS_KEY_ID_LEN], cs_err *e);

/* P-256, P-384, or RSA of 3072 bits and more. CS_R_UNSUPPORTED. */
CS_USE int cs_authority_key_check(const cs_spki *k, cs_err *e);

/* Certificates that `countersign-server init` makes. */
typedef struct cs_authority_new { /* borrows */
	cs_span trust_domain;   /* its spiffe://TRUST-DOMAIN is the CA's URI */
	cs_span name;           /* commonName, UTF-8, 1..64 */
	cs_spki key;
	cs_span serial;         /* 16 octets */
	int64_t not_before, not_after;
} cs_authority_new;
/* Appends a self-signed CA's body: keyCertSign and cRLSign, CA=true with path length
 * 0, critical; our four policies; URI spiffe://TRUST-DOMAIN; key identifier. */
CS_USE int cs_ca_body_put(const cs_authority_new *a, const cs_alg *alg,
    cs_buf *out, cs_err *e);
/* Appends a TLS server's body under that CA's name: serverAuth, dNSNames or
 * iPAddresses. */
CS_USE int cs_tls_body_put(const cs_authority_new *a, cs_span ca_name,
    cs_span ca_key_id, const char *const *hosts, size_t n_hosts,
    const cs_alg *alg, cs_buf *out, cs_err *e);

/* A CA's certificate, as a keyholder and a relying party need it. */
typedef struct cs_authority {
	cs_buf *own;
	cs_span der, name;      /* Name, whole */
	cs_spki key;
	cs_span key_id;         /* its subjectKeyIdentifier */
	cs_span policies;       /* value of certificatePolicies; absent: none */
	int64_t not_before, not_after;
} cs_authority;
/* CA=true, keyCertSign and cRLSign, a key identifier, a key that may be a CA's,
 * an extKeyUsage only with clientAuth and serverAuth, no critical extension that
 * is not known, version 3. CS_EFORMAT. */
CS_USE int cs_authority_parse(cs_span der, cs_authority **out, cs_err *e);
void cs_authority_free(cs_authority **a);
/* Would what it issues in this trust domain hold? A certificate is made that
 * nobody signs, and OpenSSL and the CA's policies are asked about it, at the
 * CA's first moment: its key is not needed, and its time not looked at.
 * CS_EREFUSED with CS_R_PATH_INVALID. */
CS_USE int cs_authority_try(const cs_authority *a, cs_span trust_domain,
    cs_err *e);

#endif
