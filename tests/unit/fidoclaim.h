/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIDOCLAIM_H
#define CS_TESTS_FIDOCLAIM_H

#include <openssl/evp.h>

#include "attest/fido.h"

/* What an authenticator would answer, byte by byte. */

#define RP_ID "approve.corp.example"

enum { UP = 0x01, UV = 0x04, BE = 0x08, BS = 0x10, AT = 0x40 };

struct fc_answer {
	EVP_PKEY *key;      /* the credential's; NULL: a new one of `kind` */
	const char *kind;   /* "P-256" or "ED25519" */
	const char *rp_id;
	uint8_t flags;
	uint8_t aaguid[16];
	const char *id;     /* the credential's */
	/* the statement */
	const char *format;
	int alg;
	EVP_PKEY *by;       /* who signs; NULL: the credential's key */
	cs_span certs[4];
	size_t n;
	bool break_sig;
	/* what was made of it */
	cs_buf *auth, *stmt;
	cs_fido_claim claim;
};

/* Fills what was made; the rest is the caller's. */
void fc_make(struct fc_answer *a);
void fc_free(struct fc_answer *a); /* and the key */

#endif
