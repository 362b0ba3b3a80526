/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TPMEVIDENCE_H
#define CS_FMT_TPMEVIDENCE_H

#include "base/buf.h"

/*
 * The messages of an attested enrolment, countersign-formats(5), section 10:
 * the owner offers a key and names the TPM that it lives in, the server
 * challenges that TPM, the owner answers with evidence.
 *
 *	TPMKeyOffer ::= SEQUENCE {
 *	    version    INTEGER (0),
 *	    key        OCTET STRING,   -- TPMT_PUBLIC of the owner's key
 *	    ak         OCTET STRING,   -- of the attestation key
 *	    ek         OCTET STRING,   -- of the endorsement key
 *	    ekCerts    SEQUENCE SIZE (1..9) OF Certificate } -- its own first
 *	TPMChallenge ::= SEQUENCE {
 *	    version    INTEGER (0),
 *	    offer      OCTET STRING (SIZE (32)), -- SHA-256 of TPMKeyOffer
 *	    nonce      OCTET STRING (SIZE (32)),
 *	    notAfter   GeneralizedTime,
 *	    blob       OCTET STRING,   -- TPMS_ID_OBJECT, of TPM2_MakeCredential
 *	    secret     OCTET STRING }  -- its encrypted seed
 *	TPMChallengeSecret ::= SEQUENCE { -- the server's own, kept until then
 *	    version    INTEGER (0),
 *	    challenge  TPMChallenge,
 *	    secret     OCTET STRING (SIZE (32)) }
 *	TPMEvidence ::= SEQUENCE {
 *	    version    INTEGER (0),
 *	    offer      TPMKeyOffer,
 *	    challenge  OCTET STRING (SIZE (32)), -- SHA-256 of TPMChallenge
 *	    attest     OCTET STRING,   -- TPMS_ATTEST
 *	    signature  OCTET STRING }  -- TPMT_SIGNATURE, by the AK
 *
 * extraData of the TPMS_ATTEST is the SHA-256 of the octets "countersign tpm
 * evidence v1", a zero octet, the whole TPMChallenge and the 32 octets of the
 * secret, which the TPM alone could decrypt for this AK.
 */

#define CS_PEM_TPM_OFFER "TPM KEY OFFER"
#define CS_PEM_TPM_CHALLENGE "TPM CHALLENGE"
#define CS_PEM_TPM_SECRET "TPM CHALLENGE SECRET"
#define CS_PEM_TPM_EVIDENCE "TPM EVIDENCE"

#define CS_TPM_CERTS_MAX 9
#define CS_TPM_CERT_MAX (8 * 1024)
#define CS_TPM_EVIDENCE_MAX (64 * 1024)
#define CS_TPM_NONCE_LEN 32
#define CS_TPM_SECRET_LEN 32

typedef struct cs_tpmoffer { /* borrows */
	cs_span whole;
	cs_span key, ak, ek; /* TPMT_PUBLIC, for fmt/tpmpub.h */
	cs_span certs[CS_TPM_CERTS_MAX];
	size_t n;
} cs_tpmoffer;

typedef struct cs_tpmchallenge { /* borrows */
	cs_span whole;
	cs_span offer, nonce;
	int64_t not_after;
	cs_span blob, secret;
} cs_tpmchallenge;

typedef struct cs_tpmsecret { /* borrows */
	cs_tpmchallenge challenge;
	cs_span secret;
} cs_tpmsecret;

typedef struct cs_tpmevidence { /* borrows */
	cs_tpmoffer offer;
	cs_span challenge;
	cs_span attest, signature;
} cs_tpmevidence;

/* Each takes one whole message, strictly DER, within the limits above (octet
 * strings never empty). CS_R_MALFORMED, CS_R_NOT_DER, CS_R_TOO_LARGE, and
 * CS_R_UNSUPPORTED for another version. */
CS_USE int cs_tpmoffer_parse(cs_span in, cs_tpmoffer *out, cs_err *e);
CS_USE int cs_tpmchallenge_parse(cs_span in, cs_tpmchallenge *out, cs_err *e);
CS_USE int cs_tpmsecret_parse(cs_span in, cs_tpmsecret *out, cs_err *e);
CS_USE int cs_tpmevidence_parse(cs_span in, cs_tpmevidence *out, cs_err *e);
/* Each appends DER. `whole` is not looked at, but where a message carries
 * another, whose whole it is. */
CS_USE int cs_tpmoffer_put(const cs_tpmoffer *o, cs_buf *out, cs_err *e);
CS_USE int cs_tpmchallenge_put(const cs_tpmchallenge *c, cs_buf *out,
    cs_err *e);
CS_USE int cs_tpmsecret_put(const cs_tpmsecret *s, cs_buf *out, cs_err *e);
CS_USE int cs_tpmevidence_put(const cs_tpmevidence *v, cs_buf *out,
    cs_err *e);

#endif
