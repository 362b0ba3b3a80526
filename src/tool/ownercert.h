/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERCERT_H
#define CS_TOOL_OWNERCERT_H

#include "base/opt.h"
#include "crypt/chain.h"
#include "signer/signer.h"

/* The certificates of an owner whose key a CA certifies: sign --certificate.
 * What is checked here saves a person a refusal later; who decides is the
 * verifier, who alone knows the CA. */
typedef struct cs_ownercert {
	cs_buf *certs;   /* DER, each once, one behind the other */
	size_t n;
	bool token;      /* the one beside the key is wanted, too */
	cs_chain *chain; /* once the key is known */
	cs_buf *email, *uri; /* owners that it names; empty: none */
} cs_ownercert;

/* Reads PEM files; the word "token" is no file. NULL for an empty list. */
CS_USE int cs_ownercert_read(const cs_opt_list *from, cs_ownercert **out,
    cs_err *e);
void cs_ownercert_free(cs_ownercert **c);
/* Finds the certificate of this key among them, and holds it to what every
 * verifier asks. CS_R_UNKNOWN_OWNER_KEY, CS_R_PATH_INVALID. */
CS_USE int cs_ownercert_match(cs_ownercert *c, cs_signer *s,
    const uint8_t key_hash[CS_SHA256_LEN], int64_t now, cs_err *e);
/* The owner whom it names, lent: `given`, or where that is absent the only
 * one. CS_R_WRONG_OWNER. */
CS_USE int cs_ownercert_owner(const cs_ownercert *c, cs_span given,
    cs_span *owner, cs_err *e);

#endif
