/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_PLAIN_H
#define CS_SIGNER_PLAIN_H

#include "crypt/alg.h"
#include "fmt/approval.h"
#include "signer/signer.h"

/* Signs bytes with a plain key; ECDSA as DER. Appends to sig. */
typedef int cs_raw_sign(void *arg, const cs_alg *alg, cs_span bytes,
    cs_buf *sig, cs_err *e);

typedef struct cs_plain { /* borrows */
	const cs_to_sign *what;
	cs_span spki;
	bool pss; /* an RSA key signs RSASSA-PSS */
	cs_raw_sign *sign;
	void *arg;
} cs_plain;

/* The one CMS builder of plain keys: checks that the TBS parses and names this
 * key, hashes it, writes signed attributes, has them signed once, checks the
 * signature with the public key, and appends the OwnerApproval. A signature
 * that does not verify, or a TBS of another key, is CS_EDEVICE. Certificates
 * of other keys alone, or two of this one, are as cs_chain_read() refuses
 * them. */
CS_USE int cs_plain_sign(const cs_plain *p, cs_buf *out, cs_err *e);

#endif
