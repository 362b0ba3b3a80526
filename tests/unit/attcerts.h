/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_ATTCERTS_H
#define CS_TESTS_ATTCERTS_H

#include <openssl/x509.h>

#include "attest/roots.h"

/* Certificates of a manufacturer who is not there. */

#define NOW INT64_C(1800000000)
#define DAY 86400

#define YUBIKEY "1.3.6.1.4.1.41482.3."
#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4"

struct att_ext {
	const char *oid;   /* dotted; NULL: no more */
	const char *value; /* of extnValue, hexadecimal */
	bool critical;
};

struct att_plan {
	const char *c, *o, *ou, *cn; /* NULL: without */
	const char *bc, *usage;      /* likewise */
	struct att_ext ext[8];
	int version;                 /* 0: 3 */
	int64_t from, until;         /* 0: a day before and behind NOW */
	bool sha1;
};

/* A certificate and the key it is of. */
struct att_cert {
	EVP_PKEY *key;
	X509 *x;
	cs_buf *der;
};

/* By `issuer`, NULL: by itself. A new key of this kind ("P-256", "RSA",
 * "ED25519"), or the one that is there already. */
void att_make(struct att_cert *out, const char *kind,
    const struct att_plan *p, const struct att_cert *issuer);
void att_free(struct att_cert *c);
cs_span att_der(const struct att_cert *c);
/* Its SubjectPublicKeyInfo. */
cs_buf *att_spki(const struct att_cert *c);
/* Writes it as PEM into DIR/NAME, behind what is there. */
bool att_write(const struct att_cert *c, const char *dir, const char *name);
/* Loads `dir` with these alone in it; b may be NULL. */
cs_roots *att_roots(const char *dir, const struct att_cert *a,
    const struct att_cert *b);

#endif
