/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2KEY_H
#define CS_SIGNER_TPM2KEY_H

#include "crypt/alg.h"
#include "fmt/tsskey.h"
#include "signer/tpm2conn.h"

/* An owner's key of tpm2:FILE or tpm2:handle=0x81......[;no-pin]. */

typedef struct cs_tpm2_key {
	char uri[1024];     /* whole, as it came */
	char where[128];
	uint32_t handle;    /* 0: in a file */
	bool no_pin;        /* its auth value is empty */
	cs_buf *der;        /* of the file */
	cs_tsskey file;     /* borrows from der */
	cs_buf *object;     /* of a handle: what ESYS keeps of it */
	cs_buf *public_area; /* TPMT_PUBLIC, of either */
	cs_tpmpub pub;      /* borrows from public_area */
	cs_buf *spki;
} cs_tpm2_key;

/* Reads the file without a TPM, or the persistent key's public area with one
 * (opened and closed here). Refuses a key that cannot sign an approval:
 * restricted, no sign, a policy instead of an auth value, a scheme that is not
 * in the table. Fills *out, for cs_tpm2_key_clear(). */
CS_USE int cs_tpm2_key_open(const char *uri, const cs_signer_env *env,
    cs_tpm2_key *out, cs_err *e);
/* The same, of whatever key there is, and what makes it one to approve with:
 * CS_EDEVICE, and CS_EUSAGE where env asks for what this key has not. */
CS_USE int cs_tpm2_key_fetch(const char *uri, const cs_signer_env *env,
    cs_tpm2_key *out, cs_err *e);
CS_USE int cs_tpm2_key_check(const cs_tpm2_key *k, const cs_signer_env *env,
    cs_err *e);
/* Of a key that has but handle and where: reads what the TPM tells of it. */
CS_USE int cs_tpm2_key_read(cs_tpm2_key *k, cs_tpm2 *t, cs_err *e);
void cs_tpm2_key_clear(cs_tpm2_key *k);
/* What the TPM is to sign by. */
TPMT_SIG_SCHEME cs_tpm2_scheme(const cs_alg *alg);
/* Asks for the PIN where the key has one; *pin NULL: it has none. The TPM's
 * count of tries is told, and its last is used with allow_last_try only. */
CS_USE int cs_tpm2_key_pin(const cs_tpm2_key *k, const cs_signer_env *env,
    cs_buf **pin, cs_err *e);
/* Loads it, sets its auth value, and starts the session that uses it: without
 * a PIN that is ESYS_TR_PASSWORD. */
CS_USE int cs_tpm2_key_load(const cs_tpm2_key *k, cs_tpm2 *t, cs_span pin,
    ESYS_TR *key, ESYS_TR *session, cs_err *e);

/* tpm2evid.c: ops.offer and ops.respond of an opened key. */
CS_USE int cs_tpm2_offer(const cs_tpm2_key *k, const cs_signer_env *env,
    cs_span certs, cs_buf *out, cs_err *e);
CS_USE int cs_tpm2_respond(const cs_tpm2_key *k, const cs_signer_env *env,
    const cs_to_respond *what, cs_buf *out, cs_err *e);
/* tpm2make.c: ops.make. */
CS_USE int cs_tpm2_make(const char *uri, const cs_to_make *what,
    const cs_signer_env *env, cs_made *out, cs_err *e);

#endif
