/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2CONN_H
#define CS_SIGNER_TPM2CONN_H

#include "signer/signer.h"

#include <tss2/tss2_esys.h>

/*
 * A connection to a TPM, over ESAPI. While one is open the signals that end a
 * process wait, so that handles and sessions are flushed before they do; what
 * waits for a TPM ends by the deadline (CS_ETIMEOUT) or such a signal
 * (CS_EINTR). Ask for PINs before.
 */

#define CS_TPM2_TCTI "device:/dev/tpmrm0"

typedef struct cs_tpm2 cs_tpm2;

/* To env->tcti, or CS_TPM2_TCTI. Only device, swtpm, mssim and tabrmd, without
 * a path in the name: CS_EUSAGE. CS_EDEVICE when there is no TPM or this
 * process may not use it, with what to do about it. */
CS_USE int cs_tpm2_open(const cs_signer_env *env, cs_tpm2 **out, cs_err *e);
/* Flushes what is left, closes, lets signals through. */
void cs_tpm2_close(cs_tpm2 **t);
ESYS_CONTEXT *cs_tpm2_esys(cs_tpm2 *t);
/* Registers a transient object or session to flush at cs_tpm2_close(), in the
 * reverse order; cs_tpm2_flush() does it at once. */
CS_USE int cs_tpm2_keep(cs_tpm2 *t, ESYS_TR handle, cs_err *e);
void cs_tpm2_flush(cs_tpm2 *t, ESYS_TR *handle);
/* CS_OK for TSS2_RC_SUCCESS; else says in words what `what` ("load the key")
 * failed for: CS_EAUTH (wrong PIN; locked out, and until when), CS_EDEVICE (no
 * room: the resource manager; not this TPM's key; gone), CS_EINTR, CS_ETIMEOUT,
 * CS_EBUG. */
int cs_tpm2_rc(cs_tpm2 *t, TSS2_RC rc, const char *what, cs_err *e);

/* A primary key: the SRK of a hierarchy, or a deterministic one of `in`. */
CS_USE int cs_tpm2_primary(cs_tpm2 *t, ESYS_TR hierarchy,
    const TPM2B_PUBLIC *in, ESYS_TR *out, TPM2B_PUBLIC *area, cs_err *e);
/* The storage key that files without a persistent parent have: ECC P-256, as
 * tpm2-openssl and tpm2-tools make it. Kept until the connection closes. */
CS_USE int cs_tpm2_srk(cs_tpm2 *t, uint32_t hierarchy, ESYS_TR *out,
    cs_err *e);
/* A salted HMAC session with AES-128-CFB encryption of the first parameter in
 * both directions, `salt` the storage key that it is salted with. */
CS_USE int cs_tpm2_session(cs_tpm2 *t, ESYS_TR salt, ESYS_TR *out, cs_err *e);

#endif
