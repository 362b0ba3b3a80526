/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_ISSUED_H
#define CS_TESTS_ISSUED_H

#include "crypt/alg.h"
#include "crypt/privkey.h"
#include "fmt/bindings.h"
#include "fmt/message.h"
#include "issue/authority.h"

/* An authority in memory, and what it issues for the vector approved.pem at
 * the vectors' time. A failure ends the test. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define ISSUED_SERIAL 16

struct issued_key {
	cs_privkey *key;
	cs_buf *der;
	cs_spki spki;
	const cs_alg *alg;
};

struct issued_ca {
	struct issued_key key;
	cs_authority *its;
};

struct issued {
	cs_message *message;
	cs_bindings *full, *digest;
};

/* What is issued; what is zero is as a server would have it. */
struct issued_how {
	bool digest;
	int64_t not_before, not_after;
	const char *agent;        /* another identifier */
	struct issued_key *signer; /* another key, under the CA's name */
	uint8_t serial;           /* its last octet */
	bool turned;              /* a certificate's last extension is first */
};

struct issued_key issued_key_new(const char *kind);
void issued_key_free(struct issued_key *k);
/* Of this trust domain. */
struct issued_ca issued_ca_new(const char *kind, const char *name,
    const char *trust_domain, int64_t from, int64_t until);
void issued_ca_free(struct issued_ca *c);
/* Another certificate of a key that is another CA's already, and stays so: what
 * is freed is its alone. */
struct issued_ca issued_ca_of(struct issued_key key, const char *name,
    const char *trust_domain, int64_t from, int64_t until);
struct issued issued_new(void);
void issued_free(struct issued *w);

/* All give. */
cs_buf *issued_cert(const struct issued *w, struct issued_ca *ca,
    const struct issued_how *how);
cs_buf *issued_token(const struct issued *w, struct issued_key *k,
    const struct issued_how *how);
/* A list that has the serial of `ended`, and another. */
cs_buf *issued_list(struct issued_ca *ca, uint8_t ended, int64_t from,
    int64_t until, struct issued_key *signer);
cs_buf *issued_bundle(struct issued_ca *const *cas, size_t n,
    const struct issued_key *wit);
cs_buf *issued_read(const char *path); /* below tests/vectors */

#endif
