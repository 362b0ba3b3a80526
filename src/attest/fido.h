/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_FIDO_H
#define CS_ATTEST_FIDO_H

#include "attest/roots.h"
#include "fmt/owners.h"

/* What an enrolment's attestation proves: WebAuthn sections 7.1, 8.2, 8.6. */

typedef struct cs_fido_claim { /* borrows */
	cs_span authdata;
	cs_span format;    /* "packed", "fido-u2f", "none", ... */
	cs_span statement; /* CBOR; absent: none */
	uint8_t client_data_hash[CS_SHA256_LEN];
	cs_span rp_id;     /* what was asked for: for whom, */
	enum cs_key_kind kind; /* P-256 or Ed25519, */
	bool verify;       /* and that it sees who the owner is */
} cs_fido_claim;

typedef struct cs_fido_proof {
	enum cs_proof proof; /* CS_PROOF_NONE: unattested; `why` says why */
	char attested[80];   /* the value of attested= */
	char why[256];
} cs_fido_proof;

/* CS_OK: the credential is sound, and *out says what is proven of it; `roots`
 * NULL: nothing is. CS_EREFUSED or CS_EFORMAT: it is not what was asked for, or
 * the statement lies: nobody should trust the key. What is proven with "packed"
 * is the model that the manufacturer's certificate names and the device, too;
 * with "fido-u2f", which knows no models, the root, by the SHA-256 of its
 * SubjectPublicKeyInfo. */
CS_USE int cs_fido_attest(const cs_fido_claim *c, const cs_roots *roots,
    int64_t now, cs_fido_proof *out, cs_err *e);

#endif
