/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_LEAF_H
#define CS_ISSUE_LEAF_H

#include "crypt/alg.h"
#include "fmt/bindings.h"

/* The dual-identity certificate's body (TBSCertificate), written and read back
 * under the one profile: countersign-formats(5), section 7. What put writes
 * parse takes, and nothing else: same extensions, same order, same bits.
 * cs_leaf_put() appends; CS_R_TOO_LARGE when bindings do not fit. */
#define CS_SERIAL_LEN 16
#define CS_CRL_URL_MAX 512
#define CS_LEAF_MAX (63 * 1024) /* a certificate has the signature, too */

enum cs_policy_bit { /* certificatePolicies: every one that holds */
	CS_CP_APPROVED = 1 << 0, /* always */
	CS_CP_HARDWARE = 1 << 1,
	CS_CP_PRESENCE = 1 << 2,
	CS_CP_VERIFIED = 1 << 3
};

typedef struct cs_leaf { /* borrows; parsed: from own */
	cs_buf *own;
	cs_span serial;     /* 16 octets, the first 0x01..0x7f */
	cs_span sig_alg;    /* AlgorithmIdentifier of the CA's signature, whole */
	cs_span issuer;     /* Name, whole, not empty */
	int64_t not_before, not_after;
	cs_spki key;        /* the agent's */
	cs_span agent_id;
	cs_span authority_key_id; /* the CA's subject key identifier, 1..32 */
	cs_span key_id;     /* parsed: ours are 20 octets, SHA-256 of the key's
			     * BIT STRING cut (RFC 7093, method 1), put makes
			     * it */
	cs_span crl_url;    /* absent: none */
	unsigned policies;  /* of enum cs_policy_bit */
	cs_span bindings;   /* value of id-pe-ownerBindings, whole DER */
} cs_leaf;

/* Which policies hold for bindings with these assurances, and whether a grant
 * is among them: a credential under a grant carries CS_CP_APPROVED alone. */
unsigned cs_leaf_policies(const cs_bindings *b);
CS_USE int cs_leaf_put(const cs_leaf *l, cs_buf *out, cs_err *e);
/* The whole profile: EKU exactly clientAuth and serverAuth, critical SAN with
 * one URI that is an agent identifier, keyUsage critical digitalSignature,
 * CA=false, empty subject, identifiers of both keys right, policies that fit
 * the bindings, bindings that parse, times of RFC 5280 4.1.2.5. CS_EFORMAT
 * with a detail of enum cs_reason. */
CS_USE int cs_leaf_parse(cs_span tbs, cs_leaf **out, cs_err *e);
/* The same of whoever has made it from what an owner's server said
 * (countersign-webhook(7)): extensions, uses and policies in any order, and the
 * agent's key identifier of any make, 1..32 octets. */
CS_USE int cs_leaf_parse_any(cs_span tbs, cs_leaf **out, cs_err *e);
void cs_leaf_free(cs_leaf **l);
/* authority_key_id alone, of a body that was parsed before it was signed: the
 * other extensions are passed over. Borrows. */
CS_USE int cs_leaf_signer(cs_span tbs, cs_span *key_id, cs_err *e);

/* Appends Certificate, or CertificateList: the body, the algorithm, the
 * signature. */
CS_USE int cs_signed_put(cs_span body, cs_span sig_alg, cs_span sig,
    cs_buf *out, cs_err *e);

#endif
