/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2CONN_H
#define CS_SIGNER_TPM2CONN_H

#include "signer/signer.h"
#include "signer/tpm2tcti.h"

#include <tss2/tss2_esys.h>

/*
 * A connection to a TPM, over ESAPI. While one is open the signals that end a
 * process wait, so that handles and sessions are flushed before they do; what
 * waits for a TPM ends by the deadline (CS_ETIMEOUT) or such a signal
 * (CS_EINTR). Ask for PINs before.
 */

#define CS_TPM2_TCTI "device:" CS_TPM_DEVICE

typedef struct cs_tpm2 cs_tpm2;

/* To env->tcti, or CS_TPM2_TCTI. Only device, swtpm, mssim and tabrmd, without
 * a path in the name: CS_EUSAGE. CS_EDEVICE when there is no TPM or this
 * process may not use it, with what to do about it. */
CS_USE int cs_tpm2_open(const cs_signer_env *env, cs_tpm2 **out, cs_err *e);
/* Flushes every transient object and session that this connection was given,
 * closes, lets signals through. */
void cs_tpm2_close(cs_tpm2 **t);
ESYS_CONTEXT *cs_tpm2_esys(cs_tpm2 *t);
cs_tpm2_wire *cs_tpm2_wire_of(cs_tpm2 *t);
/* Flushes one of them at once, to make room; ESYS_TR_NONE is fine. */
void cs_tpm2_flush(cs_tpm2 *t, ESYS_TR *handle);
/* CS_OK for TSS2_RC_SUCCESS; else says in words what `what` ("load the key")
 * failed for: CS_EAUTH (wrong PIN; locked out, and until when), CS_EDEVICE (no
 * room: the resource manager; not this TPM's key; gone), CS_EINTR, CS_ETIMEOUT,
 * CS_EBUG. */
int cs_tpm2_rc(cs_tpm2 *t, TSS2_RC rc, const char *what, cs_err *e);
/* The TPM's own code without the number of a parameter, handle or session:
 * TPM2_RC_BAD_AUTH for 0x9a2. 0: the code is not a TPM's. */
TSS2_RC cs_tpm2_code(TSS2_RC rc);

typedef struct cs_tpm2_tries { /* of all keys that count wrong PINs */
	uint32_t failed, max;
	uint32_t interval; /* seconds after which one is forgotten; 0: never */
} cs_tpm2_tries;
CS_USE int cs_tpm2_tries_read(cs_tpm2 *t, cs_tpm2_tries *out, cs_err *e);
/* CS_EAUTH that tells when the next one may be. */
int cs_tpm2_lockout(const cs_tpm2_tries *n, cs_err *e);

/* Sets the auth value of a loaded key; its copies are wiped when the
 * connection is closed. At most four of them. */
CS_USE int cs_tpm2_auth(cs_tpm2 *t, ESYS_TR key, cs_span auth, cs_err *e);
/* A primary key of a hierarchy (ESYS_TR_RH_OWNER) with an empty auth value.
 * `area` may be NULL. */
CS_USE int cs_tpm2_primary(cs_tpm2 *t, ESYS_TR hierarchy,
    const TPM2B_PUBLIC *in, ESYS_TR *out, TPM2B_PUBLIC *area, cs_err *e);
/* The storage key that files without a persistent parent have: ECC P-256, as
 * tpm2-openssl and tpm2-tools make it. `hierarchy` is TPM2_RH_OWNER or so. One
 * until the connection closes, whoever asks. */
CS_USE int cs_tpm2_srk(cs_tpm2 *t, uint32_t hierarchy, ESYS_TR *out,
    cs_err *e);
/* A salted HMAC session with AES-128-CFB encryption of the first parameter in
 * both directions, `salt` the storage key that it is salted with. */
CS_USE int cs_tpm2_session(cs_tpm2 *t, ESYS_TR salt, ESYS_TR *out, cs_err *e);

#endif
