/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_CERTS_H
#define CS_TESTS_CERTS_H

#include <openssl/x509.h>

#include "crypt/chain.h"
#include "fmt/oid.h"

/* Certificates as OpenSSL makes them, and one small world of them: a root, an
 * intermediate, and a key that gets a certificate for each test. */

#define NOW 1800000000
#define DAY 86400
#define OURS CS_OID_ARC ".6.1"
#define MAIL "email:*@corp.example"
#define BINDINGS "owner bindings"

/* One certificate, as OpenSSL's configuration would say it; NULL: without. */
struct plan {
	const char *subject, *issuer;
	const char *bc, *usage, *eku, *san;
	const char *more; /* BINDINGS, or name constraints */
};

extern const struct plan plan_root, plan_middle, plan_alice;

struct world {
	EVP_PKEY *root_key, *middle_key, *key;
	X509 *root, *middle;
	cs_buf *root_der, *middle_der;
	cs_ca *ca;
	uint8_t hash[CS_SHA256_LEN]; /* of `key` */
};

bool world_start(struct world *w);
void world_finish(struct world *w);

void cert_name(X509_NAME *n, const char *cn);
/* Appends the DER; `issuer` NULL: self-signed. Gives the certificate. */
X509 *cert_make(const struct plan *p, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *by, const EVP_MD *md, cs_buf *out);
/* A leaf of the world's key and the intermediate above it (NULL: the world's),
 * one behind the other. */
cs_buf *cert_bundle(const struct world *w, const struct plan *leaf,
    const struct plan *mid);
/* Everything that a verifier asks of certificates of the world's key. */
int cert_ask(const struct world *w, cs_span certs, const cs_ca *ca,
    const char *san, int64_t now, cs_buf *owner, cs_err *e);

#endif
