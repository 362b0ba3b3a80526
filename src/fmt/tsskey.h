/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TSSKEY_H
#define CS_FMT_TSSKEY_H

#include "fmt/tpmpub.h"

/* TSS2 PRIVATE KEY files, draft-bottomley-tpm2-keys: a key that only its TPM
 * can load. What is in it is no secret, but for who has the TPM. */

#define CS_PEM_TSSKEY "TSS2 PRIVATE KEY"
#define CS_TSSKEY_MAX 4096
#define CS_TSSKEY_DESCRIPTION_MAX 256

typedef struct cs_tsskey { /* borrows */
	bool empty_auth;     /* emptyAuth TRUE; absent is FALSE */
	uint32_t parent;     /* 0x81......, or a hierarchy's 0x40...... */
	cs_tpmpub pub;
	cs_span public_area; /* TPM2B_PUBLIC, whole */
	cs_span private_area; /* TPM2B_PRIVATE, whole */
	cs_span description; /* UTF-8; absent: none */
} cs_tsskey;

/* One whole TPMKey in DER, or in BER as far as tpm2-openssl and tpm2-tools
 * write it (BOOLEAN TRUE of another octet than ff). Loadable keys,
 * 2.23.133.10.1.3; importable and sealed ones, policies and secrets are
 * CS_R_UNSUPPORTED, with what they are. */
CS_USE int cs_tsskey_parse(cs_span in, cs_tsskey *out, cs_err *e);
/* Of PEM, with that one block in it. *der gives, what *out borrows from. */
CS_USE int cs_tsskey_read(cs_span pem, cs_tsskey *out, cs_buf **der,
    cs_err *e);
/* Appends DER; pub is not looked at. */
CS_USE int cs_tsskey_put(const cs_tsskey *k, cs_buf *out, cs_err *e);

#endif
