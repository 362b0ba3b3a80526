/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2EK_H
#define CS_SIGNER_TPM2EK_H

#include "fmt/tpmevidence.h"
#include "signer/tpm2conn.h"

/* The endorsement key that a TPM's manufacturer has certified: TCG EK
 * Credential Profile for TPM Family 2.0, Annex B. */

typedef struct cs_tpm2_ek {
	ESYS_TR handle;
	bool is_kept; /* by the TPM: there is nothing to flush */
	TPM2B_PUBLIC area;
	cs_span certs[CS_TPM_CERTS_MAX]; /* its own first; borrow */
	size_t n;
	cs_buf *own; /* certificates that the TPM holds */
} cs_tpm2_ek;

/*
 * The first of these keys that there is a certificate for: P-384, P-256,
 * RSA-2048; elliptic curves first, as a TPM may take a minute to make an RSA
 * key again. One of `given`, certificates in DER one behind the other, wins
 * over those that the TPM holds; those of authorities among them, and what the
 * TPM keeps to lead up to its manufacturer, go along. The key is the persistent
 * one with the certificate's public key, or the one that a template makes.
 *
 * CS_EDEVICE when there is no such certificate, or none of its keys. *out
 * borrows from `given`; for cs_tpm2_ek_clear().
 */
CS_USE int cs_tpm2_ek_find(cs_tpm2 *t, cs_span given, cs_tpm2_ek *out,
    cs_err *e);
/* Makes room: flushes the key where it was made. */
void cs_tpm2_ek_release(cs_tpm2 *t, cs_tpm2_ek *ek);
void cs_tpm2_ek_clear(cs_tpm2 *t, cs_tpm2_ek *ek);
/* Starts what gives the use of it: ESYS_TR_PASSWORD where the empty auth value
 * does, or a session with the policy of the endorsement hierarchy. */
CS_USE int cs_tpm2_ek_session(cs_tpm2 *t, const cs_tpm2_ek *ek, ESYS_TR *out,
    cs_err *e);

#endif
