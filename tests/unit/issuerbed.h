/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_ISSUERBED_H
#define CS_TESTS_ISSUERBED_H

#include <stdatomic.h>

#include "crypt/privkey.h"
#include "issue/authority.h"
#include "plugbed.h"
#include "server/issuer.h"

/* An issuer over the built plugin and a fresh SQLite store, with CAs and a WIT
 * key of the test's own in the keyholder's place. Messages are the verdict's
 * vectors, at BED_NOON. */

#define ISSUERBED_CAS 2

struct issuerbed {
	struct bed plug;
	cs_server_conf conf;
	countersign_instance *instance;
	cs_store *store;
	cs_privkey *key[ISSUERBED_CAS], *wit_key;
	cs_authority *ca[ISSUERBED_CAS];
	cs_buf *wit_spki;
	size_t n_ca;
	cs_issuer *i;
	/* Of the signer. */
	atomic_int fail;      /* so many signatures are not given; -1: all */
	atomic_bool away;     /* it does not answer */
	atomic_int signatures;
	uint8_t asked[32];    /* SHA-256 of the last body; of one thread */
	bool threads;         /* many: asked is not kept */
	cs_sign_ops signer;   /* in place of the bed's own, where it has one */
	cs_buf *last;         /* the first CA's list, as a keyholder has kept
			       * it; NULL: none */
};

/* False, with a plan that skips all, where there is no SQLite. */
bool issuerbed_start(struct issuerbed *b);
/* The same, but nothing is open: for who runs an issuer elsewhere. */
bool issuerbed_start_closed(struct issuerbed *b);
/* Signs as the keyholder would: of cs_sign_ops, `arg` is the bed. */
int issuerbed_sign(void *arg, uint32_t type, cs_span key_id, cs_span body,
    int64_t deadline_ms, cs_buf *sig, cs_err *e);
void issuerbed_stop(struct issuerbed *b);
/* Another issuer over the same store, as after a restart; `first` signs. */
bool issuerbed_again(struct issuerbed *b, size_t first);
/* Replaces the policy and loads it. */
bool issuerbed_policy(struct issuerbed *b, const char *text);

/* Asks for `kinds` by this message. */
bool issuerbed_issue(struct issuerbed *b, cs_span message, unsigned kinds,
    int64_t now, cs_issued *out);
bool issuerbed_vector(struct issuerbed *b, const char *name, unsigned kinds,
    cs_issued *out);
bool issuerbed_approve(struct issuerbed *b, cs_span message, int64_t now,
    cs_issued *out);
/* What it says, as one line for a test's name. */
const char *issuerbed_say(const cs_issued *o);
/* The body of a certificate that this CA signed; absent when it did not. */
cs_span issuerbed_body(const struct issuerbed *b, size_t ca, cs_span cert);
/* The request of a vector, DER without its approvals, and they, as PEM. */
bool issuerbed_split(const char *vector, cs_buf **request,
    cs_buf **approvals);

#endif
