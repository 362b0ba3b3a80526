/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_PIV_H
#define CS_ATTEST_PIV_H

#include "attest/roots.h"

/* What a YubiKey says of a key in one of its PIV slots: a certificate by its
 * own attestation key, slot f9, with the extensions 1.3.6.1.4.1.41482.3.*. It
 * makes one only for a key that it has made itself. */

enum cs_piv_policy {
	CS_PIV_UNKNOWN = 0, /* proves nothing */
	CS_PIV_NEVER,
	CS_PIV_ONCE,   /* PIN only */
	CS_PIV_CACHED, /* touch only: for 15 seconds */
	CS_PIV_ALWAYS
};

typedef struct cs_piv_proof {
	char attested[80]; /* yubikey-piv:SERIAL,touch=...,pin=... */
	unsigned firmware[3];
	uint32_t serial;
	enum cs_piv_policy touch, pin;
	unsigned form;     /* the octet of .9; 0: none */
} cs_piv_proof;

/* `certs`: the statement first and what leads to the roots behind it, DER, `n`
 * of them; `spki`: the key that it must be about. CS_EREFUSED or CS_EFORMAT
 * when it proves nothing of this key. */
CS_USE int cs_piv_attest(const cs_span *certs, size_t n, cs_span spki,
    const cs_roots *roots, int64_t now, cs_piv_proof *out, cs_err *e);

#endif
