/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_TPM_H
#define CS_ATTEST_TPM_H

#include "attest/roots.h"
#include "fmt/tpmevidence.h"

/*
 * Is this key in a TPM that a manufacturer vouches for? The server's side of
 * countersign-formats(5), section 10; no TPM library is linked. A TPM proves
 * where a key lives, never that somebody was there.
 */

#define CS_TPM_CHALLENGE_SECONDS 3600 /* by default */
#define CS_TPM_CHALLENGE_SECONDS_MAX 86400

typedef struct cs_tpm_proof {
	char attested[16];  /* tpm2:INTC, the value of attested= */
	char ek[16];        /* "RSA-2048" */
	uint8_t ek_hash[CS_SHA256_LEN]; /* of the EK's SubjectPublicKeyInfo */
	uint8_t root[CS_SHA256_LEN];    /* of the root's */
	cs_buf *spki;       /* the owner's key; gives */
	bool no_da;         /* wrong PINs are not counted */
} cs_tpm_proof;

void cs_tpm_proof_clear(cs_tpm_proof *p);

/* What can be told before the TPM is asked: the certificate of the EK leads to
 * a root, is an EK's (v3, no CA, tcg-kp-EKCertificate, critical or not,
 * keyUsage keyEncipherment or keyAgreement alone where there is one) and has
 * the offered key; the EK is a restricted decryption key and fixed to its TPM;
 * the AK a restricted signing key (sign, not decrypt), the owner's key a
 * signing key that is not restricted; both have fixedTPM, fixedParent,
 * sensitiveDataOrigin and userWithAuth, no adminWithPolicy, no policy: with one
 * no PIN is needed, and perhaps no private half. Three keys, none
 * twice, none that attest/weakrsa.h knows. Fills *out. CS_EFORMAT or CS_EREFUSED with CS_R_EVIDENCE_REFUSED. */
CS_USE int cs_tpm_offer_check(const cs_tpmoffer *o, const cs_roots *roots,
    int64_t now, cs_tpm_proof *out, cs_err *e);

/* Makes a challenge for an offer that was checked: appends TPMChallenge to
 * `challenge` and TPMChallengeSecret to `secret`, a secret buf. */
CS_USE int cs_tpm_challenge(const cs_tpmoffer *o, int64_t not_after,
    cs_buf *challenge, cs_buf *secret, cs_err *e);

/* CS_OK: the key of the evidence's offer lives in the TPM of its EK. Checks the
 * offer again, then: the challenge is the one of `kept` and in time, for this
 * offer; the AK's signature over the TPMS_ATTEST by an algorithm of the table;
 * extraData; the Name of the owner's key. Refuses as above. */
CS_USE int cs_tpm_evidence_check(const cs_tpmevidence *v,
    const cs_tpmsecret *kept, const cs_roots *roots, int64_t now,
    cs_tpm_proof *out, cs_err *e);

#endif
